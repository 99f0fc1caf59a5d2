//! Invariant 1, durable acknowledgement: an acknowledged message is in the final log, once, at its address, unaltered.

use super::super::event::Op;
use super::super::facts::Facts;
use super::Findings;
use protocol::MessageBody;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for ((sender, client_id), sent) in &facts.sends {
        let Some((_, message)) = sent.acknowledged else { continue };
        let events = facts.calls[sent.calls[0]].events;
        if message.client_id != *client_id || message.sender != *sender {
            findings.add(1, &events, format!("the send {client_id} was acknowledged with another message"));
        }
        let Some(log) = facts.logs.get(&sent.conversation) else { continue };
        let recalled = facts.recalls.contains_key(&(sent.conversation, message.seq));
        match log.get(&message.seq) {
            Some(found) if (found.sender, found.client_id) != (*sender, *client_id) => findings.add(
                1,
                &events,
                format!("message {client_id} was acknowledged at seq {}, where another one stands", message.seq),
            ),
            Some(found) => {
                let bodies = sent.calls.iter().map(|call| &facts.calls[*call]).filter(|call| call.may_have_happened());
                let mut bodies = bodies.filter_map(|call| match call.op {
                    Op::Send { body, .. } => Some(body),
                    _ => None,
                });
                let whole = bodies.any(|body| found.body == *body)
                    || recalled && matches!(found.body, MessageBody::Recalled { .. });
                if !whole {
                    findings.add(1, &events, format!("the acknowledged message {client_id} was altered"));
                }
            }
            None if unseen(facts, sent.conversation, message.seq, (*sender, *client_id)) => {}
            None => findings.add(
                1,
                &events,
                format!("the acknowledged message {client_id} (seq {}) is not in the log", message.seq),
            ),
        }
    }
}

/// Whether nobody who read the final log need have seen the message.
pub fn unseen(
    facts: &Facts<'_>,
    conversation: protocol::ConversationId,
    seq: protocol::Seq,
    key: super::super::facts::Key,
) -> bool {
    facts.dumps.iter().filter(|((_, id), _)| *id == conversation).all(|((process, _), dump)| {
        seq < dump.from.max(dump.vis_from)
            || seq > dump.through
            || facts.is_withheld(process.account, key)
            || facts.hiding(process.account, conversation, seq).hidden
    })
}
