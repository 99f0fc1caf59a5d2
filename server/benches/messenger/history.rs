//! What the archive says of a run.

use crate::generate::Sent;
use crate::http::Http;
use anyhow::{Context, ensure};
use protocol::messaging::HistoryPage;
use protocol::{ConversationId, path};

const PAGE: u64 = 100;

/// The history ends with what was acknowledged: every message once, at its seq, unchanged.
pub async fn check(http: &mut Http, conversation: ConversationId, sent: &[Sent]) -> anyhow::Result<()> {
    let Some(first) = sent.first() else { return Ok(()) };
    let mut after = first.seq.prev();
    let mut expected = sent.iter();
    while expected.len() > 0 {
        let page: HistoryPage = http.get(&path::messages_after(conversation, after, PAGE)).await?;
        ensure!(!page.messages.is_empty(), "the history of {conversation} ends at {after}");
        for message in page.messages {
            let sent = expected.next().context("the history holds more than was sent")?;
            ensure!(
                message.seq == sent.seq && message.client_id == sent.client_id && message.body == sent.body,
                "the history of {conversation} holds another message at {}",
                message.seq
            );
            after = message.seq;
        }
    }
    Ok(())
}
