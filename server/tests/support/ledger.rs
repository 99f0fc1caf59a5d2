//! What senders know of their sends while the server dies under them, and whether its log agrees.

use super::{Answer, Person, fresh_client_id, text_message};
use protocol::{ClientId, ConversationId, Message, MessageBody, Seq, path};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Every attempt's text, and the address of every acknowledged one. Clones share it.
#[derive(Clone, Default)]
pub struct Ledger {
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    attempts: HashMap<ClientId, String>,
    acknowledged: HashMap<ClientId, Seq>,
}

impl Ledger {
    pub fn attempts(&self) -> usize {
        self.known.lock().unwrap().attempts.len()
    }

    pub fn acknowledged(&self) -> usize {
        self.known.lock().unwrap().acknowledged.len()
    }

    /// Sends one message. `None`: whether the server has it is unknown.
    pub async fn send(&self, sender: &Person, id: ConversationId) -> Option<Answer> {
        let client_id = fresh_client_id();
        let text = format!("message {client_id}");
        self.known.lock().unwrap().attempts.insert(client_id, text.clone());
        let request = sender.request("POST", &path::messages(id)).json(&text_message(client_id, &text));
        let answer = Answer::try_of(request).await?;
        if answer.status == 201 {
            let message: Message = answer.read();
            self.known.lock().unwrap().acknowledged.insert(client_id, message.seq);
        }
        Some(answer)
    }

    /// Sends until the server does not acknowledge any more.
    pub async fn send_until_it_dies(self, sender: Person, id: ConversationId) {
        while self.send(&sender, id).await.is_some_and(|answer| answer.status == 201) {}
    }

    /// Invariants 1 to 3 and 6: the conversation's log has no hole, holds everything acknowledged once and in its
    /// place, and nothing that nobody sent.
    pub async fn check(&self, reader: &Person, id: ConversationId, about: &str) {
        let found = read_all(reader, id, about).await;
        let known = self.known.lock().unwrap();
        for (client_id, (_, text)) in &found {
            assert_eq!(known.attempts.get(client_id), Some(text), "{about}: nobody sent it");
        }
        for (client_id, seq) in &known.acknowledged {
            let present = found.get(client_id).map(|(seq, _)| seq);
            assert_eq!(present, Some(seq), "{about}: an acknowledged message is gone");
        }
    }
}

async fn read_all(reader: &Person, id: ConversationId, about: &str) -> HashMap<ClientId, (Seq, String)> {
    let mut found = HashMap::new();
    let mut last = Seq::ZERO;
    loop {
        let page = reader.history(id, last, 100).await;
        for message in page.messages {
            assert_eq!(message.seq, last.next(), "{about}: the order has a hole");
            last = message.seq;
            let MessageBody::Text { text, .. } = &message.body else { panic!("nobody recalled it") };
            let text = text.as_str().to_owned();
            assert_eq!(found.insert(message.client_id, (message.seq, text)), None, "{about}: doubled");
        }
        if page.through >= page.head_seq {
            return found;
        }
    }
}
