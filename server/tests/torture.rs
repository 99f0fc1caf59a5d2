//! `kill -9` during sends: after each, every acknowledged message is present exactly once.
//!
//! Fifty cycles by default; `SIXIN_TORTURE` sets another number.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use protocol::{ClientId, ConversationId, Message, Seq, path};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use support::{Answer, Person, TestServer, fresh_client_id, text_message};

const SENDERS: usize = 8;

/// What the senders know: every attempt's text, and the address of every acknowledged one.
#[derive(Default)]
struct Ledger {
    attempts: HashMap<ClientId, String>,
    acknowledged: HashMap<ClientId, Seq>,
}

/// R003-12, R001-15, invariants 1 and 2: 0 lost, 0 doubled, 0 invented, whenever the server dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_messages_survive_kill_9() {
    let cycles: usize = std::env::var("SIXIN_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    let mut server = TestServer::start();
    let (mut a, b) = (server.person("aa").await, server.person("bb").await);
    let id = a.open(&b).await;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    for cycle in 0..cycles {
        let done = Arc::new(AtomicUsize::new(0));
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| tokio::spawn(send_until_it_dies(a.clone(), id, ledger.clone(), done.clone())))
            .collect();
        // Die at another point of the batches' life in every cycle.
        let wanted = 1 + cycle * 7 % 97;
        while done.load(Ordering::Relaxed) < wanted {
            tokio::task::yield_now().await;
        }
        server.kill();
        for sender in senders {
            sender.await.unwrap();
        }
        server.restart();
        a = a.at(&server.address);
        let found = read_all(&a, id, cycle).await;
        check(&ledger.lock().unwrap(), &found, cycle);
    }
    let ledger = ledger.lock().unwrap();
    println!(
        "{cycles} kills: {} acknowledged of {} attempts, all present once",
        ledger.acknowledged.len(),
        ledger.attempts.len()
    );
}

async fn send_until_it_dies(a: Person, id: ConversationId, ledger: Arc<Mutex<Ledger>>, done: Arc<AtomicUsize>) {
    loop {
        let client_id = fresh_client_id();
        let text = format!("message {client_id}");
        ledger.lock().unwrap().attempts.insert(client_id, text.clone());
        let request = a.request("POST", &path::messages(id)).json(&text_message(client_id, &text));
        match Answer::try_of(request).await {
            Some(answer) if answer.status == 201 => {
                let message: Message = answer.read();
                ledger.lock().unwrap().acknowledged.insert(client_id, message.seq);
                done.fetch_add(1, Ordering::Relaxed);
            }
            _ => return,
        }
    }
}

/// Everything that the conversation holds, each once and without a hole.
async fn read_all(a: &Person, id: ConversationId, cycle: usize) -> HashMap<ClientId, (Seq, String)> {
    let mut found = HashMap::new();
    let mut last = Seq::ZERO;
    loop {
        let page = a.history(id, last, 100).await;
        for message in page.messages {
            assert_eq!(message.seq, last.next(), "cycle {cycle}: the order has no hole");
            last = message.seq;
            let protocol::MessageBody::Text { text } = &message.body else { panic!("nobody recalled it") };
            let text = text.as_str().to_owned();
            assert_eq!(found.insert(message.client_id, (message.seq, text)), None, "cycle {cycle}: doubled");
        }
        if page.through >= page.head_seq {
            return found;
        }
    }
}

fn check(ledger: &Ledger, found: &HashMap<ClientId, (Seq, String)>, cycle: usize) {
    for (client_id, (_, text)) in found {
        assert_eq!(ledger.attempts.get(client_id), Some(text), "cycle {cycle}: nobody sent it");
    }
    for (client_id, seq) in &ledger.acknowledged {
        let present = found.get(client_id).map(|(seq, _)| seq);
        assert_eq!(present, Some(seq), "cycle {cycle}: an acknowledged message is gone");
    }
}
