//! Invariant 17, no silent skip: along one connection each log's frames follow each other without a hole.

use super::super::facts::Facts;
use super::super::sighting::{Said, tellings};
use super::Findings;
use protocol::sync::AccountChange;
use protocol::{ConversationId, ServerFrame};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    // `None` is the account's own log.
    let mut cursors: HashMap<(u64, Option<ConversationId>), u64> = HashMap::new();
    for telling in tellings(facts) {
        let Said::Frame(link, frame) = telling.said else { continue };
        let (log, prev, pos, changes) = match frame {
            ServerFrame::Conversation { conversation, prev, pos, .. } => {
                (Some(*conversation), prev.get(), pos.get(), 1)
            }
            ServerFrame::Account { prev, pos, changes } => (None, prev.get(), pos.get(), changes.len() as u64),
            ServerFrame::Hello { .. }
            | ServerFrame::Deleted { .. }
            | ServerFrame::Person { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Presence { .. }
            | ServerFrame::Pong { .. } => continue,
        };
        if let ServerFrame::Account { changes, .. } = frame {
            for change in changes {
                // What happens while the account is no member it is not told.
                if let AccountChange::Left { conversation, .. } = change {
                    cursors.remove(&(link, Some(*conversation)));
                }
            }
        }
        let name = log.map_or_else(|| "the account".to_owned(), |id| format!("conversation {id}"));
        if pos != prev + changes {
            let sentence = format!("a frame of {name} moves from {prev} to {pos} with {changes} changes");
            findings.add(17, &[telling.event], sentence);
        }
        if let Some(cursor) = cursors.insert((link, log), pos)
            && cursor != prev
        {
            let sentence = format!("a connection skips from {cursor} to {prev} in {name}");
            findings.add(17, &[telling.event], sentence);
        }
    }
}
