//! The write-ahead log is emptied beside readers and writers.

use super::*;
use std::time::{Duration, Instant};

/// R001-18: while a snapshot stays open the log cannot be emptied of what was erased, but trying does not keep the
/// writer waiting for longer than it waits.
#[tokio::test]
async fn a_reader_that_takes_its_time_stops_no_send() {
    let mut fixture = Fixture::new().await;
    let (a, b) = (fixture.user("aa").await, fixture.user("bb").await);
    let id = fixture.direct(&a, &b).await.id;
    let mut reading = fixture.store.reader.begin().await.unwrap();
    conversations::one(&mut reading, reader(&a), id).await.unwrap();
    fixture.send(id, &a, 0, "something that will be erased").await.unwrap();
    fixture.store.traces.left();
    let begun = Instant::now();
    let mut key = 1;
    while begun.elapsed() < Duration::from_secs(4) {
        let asked = Instant::now();
        assert!(fixture.send(id, &a, key, "text").await.is_ok(), "refused after {:?}", asked.elapsed());
        assert!(asked.elapsed() < Duration::from_secs(3), "it waited for {:?}", asked.elapsed());
        key += 1;
        while fixture.committed.try_recv().is_ok() {}
    }
    reading.rollback().await.unwrap();
}
