//! What must hold at every step of a page.

use super::Device;
use protocol::{Cursors, Millis, Seq};
use std::rc::Rc;
use sync::{Item, ReadMark, Request, RequestId};

impl Device {
    pub(super) fn check_request(&mut self, clock: Millis, request: &Request) {
        if let Request::Post { client_id, .. } = request {
            assert!(!self.given_up.contains(client_id), "{client_id} is tried again after it was given up");
        }
        match request {
            // Another tab may know already that the message has arrived.
            Request::Post { conversation, client_id, .. } if Rc::strong_count(&self.kept) == 1 => {
                let outbox = &self.kept.borrow().outbox;
                assert!(outbox.contains_key(client_id), "posted before it was kept");
                // A frame may confirm a message before its answer comes; then the next one may go.
                let unconfirmed = |(_, other): &(RequestId, Request)| {
                    matches!(other, Request::Post { conversation: id, client_id, .. }
                        if id == conversation && outbox.contains_key(client_id))
                };
                assert!(!self.requests.iter().any(unconfirmed), "two posts at once in a conversation");
            }
            Request::Report { reports, .. } => {
                for report in reports {
                    let cursors = Cursors { delivered: report.delivered, read: report.read };
                    assert!(cursors.read <= cursors.delivered, "R000-06: read but not delivered");
                    if let Some((before, _)) = self.reported.insert(report.conversation, (cursors, clock)) {
                        let forward = before.read <= cursors.read && before.delivered <= cursors.delivered;
                        assert!(forward, "a report went back from {before:?} to {cursors:?}");
                    }
                }
            }
            _ => {}
        }
    }

    /// R000-20: what a person has seen of a mark never goes back, across reloads neither. T17: the order is by seq, and
    /// no message is shown twice.
    pub(super) fn check_rows(&mut self) {
        let Some(open) = self.client.open() else { return };
        let mut keys = Vec::new();
        let mut last = Seq::ZERO;
        for item in self.client.items(open) {
            let row = match item {
                Item::Row(row) => row,
                Item::Gap { after, before } => {
                    assert!(last <= after && after.next() < before, "a gap from {after} to {before} after {last}");
                    last = before.prev();
                    continue;
                }
            };
            if let Some(seq) = row.seq {
                assert!(seq > last, "{seq} is shown after {last}");
                last = seq;
            }
            keys.push(row.key);
            if !row.body.countable() {
                continue;
            }
            let Some(mark) = row.mark.filter(|mark| *mark >= ReadMark::Sent) else {
                // Another tab may not know yet that a message of its own has arrived, and keeps it as unsent.
                let alone = Rc::strong_count(&self.kept) == 1;
                assert!(!alone || !self.marks.contains_key(&row.key), "a sent message looks unsent");
                continue;
            };
            let before = self.marks.insert(row.key, (open, mark)).map(|(_, before)| before);
            assert!(before.is_none_or(|before| before <= mark), "{:?} went back from {before:?} to {mark:?}", row.key);
        }
        let rows = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), rows, "a message is shown twice");
    }
}
