//! What is answered when there are more who read than can be served.

use super::*;
use crate::error::Refusal;
use protocol::ErrorCode;

/// R004-I8: whoever gets no turn to read in time is told to come again, not that the server failed: for a client that would
/// be an end.
#[tokio::test]
async fn who_gets_no_turn_to_read_may_come_again() {
    let mut fixture = Fixture::new().await;
    let a = fixture.user("aa").await;
    fixture.one_reader().await;
    let held = fixture.store.reader.acquire().await.unwrap();
    let refused = async |what| {
        let error = fixture.store.receipts(a.id, Upd::ZERO, 1).await.expect_err(what);
        let refusal = Refusal::from(error);
        assert_eq!((refusal.code, refusal.retryable(), refusal.cause.is_none()), (ErrorCode::Unavailable, true, true));
    };
    refused("the reader is taken").await;
    drop(held);
    assert!(fixture.store.receipts(a.id, Upd::ZERO, 1).await.is_ok());
    fixture.store.close().await;
    refused("the server stops").await;
}
