//! Whether a device agrees with the server: with a fresh snapshot of it, and with its log.

use super::{Device, start};
use crate::support::Person;
use protocol::{ConversationId, Message, MessageBody, Seq};
use sync::{Client, Item, Row, Session};

/// The whole log of a conversation, as this reader may see it.
pub async fn log(person: &Person, id: ConversationId) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut last = Seq::ZERO;
    loop {
        let page = person.history(id, last, 100).await;
        last = last.max(page.through);
        let end = page.messages.is_empty() || page.through >= page.head_seq;
        messages.extend(page.messages);
        if end {
            assert!(messages.is_sorted_by(|a, b| a.seq < b.seq), "a log has one order");
            return messages;
        }
    }
}

/// The texts of one's messages that still have one.
pub fn texts(log: &[Message]) -> Vec<&str> {
    let text = |message: &'_ Message| match &message.body {
        MessageBody::Text { .. } | MessageBody::Image(_) | MessageBody::File(_) => true,
        MessageBody::Withdrawn { .. }
        | MessageBody::Recalled { .. }
        | MessageBody::Removed
        | MessageBody::Notice { .. } => false,
    };
    let with_text = log.iter().filter(|message| text(message));
    with_text
        .filter_map(
            |message| if let MessageBody::Text { text, .. } = &message.body { Some(text.as_str()) } else { None },
        )
        .collect()
}

/// The first thing in which the device differs from a fresh snapshot, if there is one. `server`: the device's login,
/// straight at the server.
pub async fn difference(device: &Device, server: &Person) -> Option<String> {
    let open = device.look(Client::open);
    let fresh = Client::new(start(server, open).await);
    let log = match open {
        Some(id) => log(server, id).await,
        None => Vec::new(),
    };
    device.look(|client| {
        if device.unsent() > 0 {
            return Some(format!("{} messages are in the outbox", device.unsent()));
        }
        let mut listed = (client.sessions(), fresh.sessions());
        if open.is_some() {
            // The open conversation stands where it stood when it was opened.
            listed.0.sort_unstable();
            listed.1.sort_unstable();
        }
        if listed.0 != listed.1 {
            return Some(format!("the list is {:?}, not {:?}", listed.0, listed.1));
        }
        for id in listed.1 {
            let row = |client: &Client| {
                let row = client.session(id)?;
                Some(Session { last: row.last.map(shared), ..row })
            };
            let (held, told) = (row(client), row(&fresh));
            if held != told {
                return Some(format!("the row of {id} is\n{held:?}, not\n{told:?}"));
            }
        }
        if client.total_unread() != fresh.total_unread() {
            return Some(format!("the total is {}, not {}", client.total_unread(), fresh.total_unread()));
        }
        timeline(client, &fresh, &log, open?)
    })
}

/// Every row as in the log, and nothing left out but what a gap says.
fn timeline(client: &Client, fresh: &Client, log: &[Message], id: ConversationId) -> Option<String> {
    let items = client.items(id);
    let first = items.iter().find_map(|item| match item {
        Item::Row(row) => row.seq,
        Item::Gap { after, .. } => Some(after.next()),
    });
    let in_gap = |seq: Seq| {
        items.iter().any(|item| matches!(item, Item::Gap { after, before } if *after < seq && seq < *before))
    };
    let due: Vec<_> = log
        .iter()
        .filter(|message| first.is_some_and(|first| message.seq >= first) && !in_gap(message.seq))
        .map(|message| (Some(message.seq), message.sender, message.client_id, message.at, &message.body))
        .collect();
    let rows: Vec<Row> = items
        .iter()
        .filter_map(|item| if let Item::Row(row) = item { Some(shared(row.clone())) } else { None })
        .collect();
    let shown: Vec<_> = rows.iter().map(|row| (row.seq, row.sender, row.key.client_id, row.at, &row.body)).collect();
    if shown != due {
        return Some(format!("the rows are\n{shown:?}, not\n{due:?}"));
    }
    for item in fresh.items(id) {
        let Item::Row(told) = item else { continue };
        // A page reaches further back when something in it was deleted since the device took its own.
        let further = client.can_load_older(id) && told.seq.zip(first).is_some_and(|(told, first)| told < first);
        if !further && !rows.contains(&told) {
            let held = rows.iter().find(|row| row.seq == told.seq);
            return Some(format!("a row is\n{held:?}, not\n{told:?}"));
        }
    }
    None
}

/// A row without what only this device knows: the text that it recalled itself.
fn shared(row: Row) -> Row {
    Row { former: None, ..row }
}
