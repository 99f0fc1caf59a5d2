//! `kill -9` during sends: after each, every acknowledged message is present exactly once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod support;

use support::{Ledger, TestServer, cycles};

const SENDERS: usize = 8;
/// So many kills hit one data folder; then a new one begins, because each kill reads it all.
const KILLS: u64 = 50;

/// R003-12, R001-15, invariants 1 and 2: 0 lost, 0 doubled, 0 invented, whenever the server dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_messages_survive_kill_9() {
    let mut numbers = cycles(50).peekable();
    let (mut kills, mut attempts, mut acknowledged) = (0, 0, 0);
    while numbers.peek().is_some() {
        let mut server = TestServer::start();
        let (mut a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        let ledger = Ledger::default();
        for cycle in numbers.by_ref().take(KILLS as usize) {
            let before = ledger.acknowledged();
            let senders: Vec<_> =
                (0..SENDERS).map(|_| tokio::spawn(ledger.clone().send_until_it_dies(a.clone(), id))).collect();
            // Die at another point of the batches' life in every cycle.
            let wanted = 1 + (cycle * 7 % 97) as usize;
            while ledger.acknowledged() < before + wanted {
                tokio::task::yield_now().await;
            }
            server.kill();
            for sender in senders {
                sender.await.unwrap();
            }
            server.restart();
            a = a.at(&server.address);
            ledger.check(&a, id, &format!("kill {cycle}")).await;
            kills += 1;
        }
        attempts += ledger.attempts();
        acknowledged += ledger.acknowledged();
    }
    println!("{kills} kills: {acknowledged} acknowledged of {attempts} attempts, all present once");
}
