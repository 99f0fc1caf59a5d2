//! The power is cut during sends: what was acknowledged is on the disk.
//!
//! Skipped where this process may not mount, or lacks the programs of the rig.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]
#![allow(clippy::print_stdout, reason = "a skipped test says why")]

mod rig;
#[path = "../support/mod.rs"]
mod support;

use rig::Rig;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::path::Path;
use std::process::Command;
use support::{BINARY, Ledger, TestServer, cycles};

const SENDERS: usize = 4;

/// F2, invariants 1 to 3 and 6: whatever the server acknowledged before the power went is there after the disk's
/// journal is replayed, each once and in its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_messages_survive_a_power_cut() {
    let (mut cuts, mut acknowledged) = (0, 0);
    for cycle in cycles(1) {
        let Some(mut rig) = Rig::set_up() else { return };
        let data = tempfile::tempdir_in(rig.disk()).unwrap();
        let mut server = TestServer::start_on(data, Command::new(BINARY), &[("SIXIN_LOG", "off")]);
        let (a, b) = (server.person("aa").await, server.person("bb").await);
        let id = a.open(&b).await;
        let ledger = Ledger::default();
        let senders: Vec<_> =
            (0..SENDERS).map(|_| tokio::spawn(ledger.clone().send_until_it_dies(a.clone(), id))).collect();
        let wanted = 1 + (cycle * 13 % 199) as usize;
        while ledger.acknowledged() < wanted {
            tokio::task::yield_now().await;
        }
        rig.cut();
        server.kill();
        for sender in senders {
            sender.await.unwrap();
        }
        rig.reboot();
        server.restart();
        ledger.check(&a.at(&server.address), id, &format!("cut {cycle}")).await;
        server.kill();
        cuts += 1;
        acknowledged += ledger.acknowledged();
    }
    println!("{cuts} cuts: {acknowledged} acknowledged, all present once");
}

/// The control of F2: with `synchronous=NORMAL`, which does not flush at a commit, the same cut must lose rows. Else the
/// rig cuts nothing, and the test above proves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_loses_what_was_not_flushed() {
    let (mut cuts, mut lost, mut written) = (0, 0, 0);
    for cycle in cycles(1) {
        let Some(mut rig) = Rig::set_up() else { return };
        let file = rig.disk().join("control.db");
        let mut writer = open(&file).await;
        let rows = 50 + (cycle * 13 % 199) as i64;
        for row in 0..rows {
            sqlx::query("insert into written (row) values ($1)").bind(row).execute(&mut writer).await.unwrap();
        }
        rig.cut();
        // On a dead disk it cannot tidy up; it need not.
        let _ = writer.close_hard().await;
        rig.reboot();
        let survived: i64 = match file.exists() {
            true => sqlx::query_scalar("select count(*) from written").fetch_one(&mut open(&file).await).await.unwrap(),
            false => 0,
        };
        assert!(survived < rows, "control {cycle}: nothing was lost");
        cuts += 1;
        lost += rows - survived;
        written += rows;
    }
    println!("{cuts} control cuts: {lost} lost of {written} committed with synchronous=NORMAL");
}

async fn open(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let mut conn = options.connect().await.unwrap();
    sqlx::query("create table if not exists written (row integer primary key)").execute(&mut conn).await.unwrap();
    conn
}
