//! Invariant 3, exactly once: a key yields one message, every acknowledgement names it, another body is refused.

use super::super::event::{Answer, Op};
use super::super::facts::{Facts, Key, Outcome};
use super::Findings;
use protocol::{ErrorCode, MessageBody};
use std::collections::HashMap;

pub fn check(facts: &Facts<'_>, findings: &mut Findings) {
    for ((_, client_id), sent) in &facts.sends {
        let (mut address, mut made, mut bodies, mut accepted) = (None, 0, Vec::new(), None);
        for call in sent.calls.iter().map(|it| &facts.calls[*it]) {
            let Op::Send { body, .. } = call.op else { continue };
            if !bodies.contains(&body) {
                bodies.push(body);
            }
            let Some(Answer::Sent { message, replay }) = call.ok() else { continue };
            made += u32::from(!replay);
            if *address.get_or_insert(message.seq) != message.seq {
                findings.add(3, &call.events, format!("two acknowledgements of {client_id} name two addresses"));
            }
            // Of a recalled message nobody knows the text any more.
            let recalled = matches!(message.body, MessageBody::Recalled { .. });
            if !recalled && (message.body != *body || *accepted.get_or_insert(body) != body) {
                let sentence = format!("another body under the key {client_id} was acknowledged");
                findings.add(3, &call.events, sentence);
            }
        }
        let events = facts.calls[sent.calls[0]].events;
        if made > 1 {
            findings.add(3, &events, format!("{client_id} was acknowledged as new {made} times"));
        }
        let taken = |call: &usize| matches!(facts.calls[*call].outcome, Outcome::Fail(_, ErrorCode::ClientIdReused));
        if bodies.len() == 1 && sent.calls.iter().any(taken) {
            findings.add(3, &events, format!("a replay of {client_id} was refused as another body"));
        }
    }
    for log in facts.logs.values() {
        let mut seen: HashMap<Key, protocol::Seq> = HashMap::new();
        for (seq, message) in log {
            if let Some(first) = seen.insert((message.sender, message.client_id), *seq) {
                findings.add(3, &[], format!("message {} stands at seq {first} and {seq}", message.client_id));
            }
        }
    }
}
