//! Reports of messages: tickets that keep their evidence, whatever becomes of the messages (R004-H6).

use super::hidden::{REPORTED, hide};
use super::history;
use super::positions::json;
use super::{Store, StoreError, Tx};
use protocol::messaging::{ReportMessage, ReportReason};
use protocol::{ConversationId, Seq, UserId};

/// Messages before the reported one that belong to the evidence.
const CONTEXT: u32 = 5;

const FIND: &str = "select 1 from report where reporter = $1 and conversation = $2 and seq = $3";
const INSERT: &str = "insert into report (reporter, conversation, seq, reason, note, evidence, at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (reporter, conversation, seq) do nothing";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[FIND, INSERT];

impl Store {
    /// Reports a message; of several reports by one account the first stays. `NotFound` when the account does not see
    /// the message, `NotAllowed` when it is its own.
    pub async fn report(
        &self,
        reporter: UserId,
        id: ConversationId,
        seq: Seq,
        report: ReportMessage,
    ) -> Result<(), StoreError> {
        self.writer().run(move |tx| Box::pin(async move { run(tx, reporter, id, seq, report).await })).await
    }
}

async fn run(
    tx: &mut Tx<'_>,
    reporter: UserId,
    id: ConversationId,
    seq: Seq,
    report: ReportMessage,
) -> Result<(), StoreError> {
    let evidence = history::through(tx.conn, reporter, id, seq, CONTEXT + 1).await?;
    let Some(message) = evidence.last().filter(|message| message.seq == seq) else {
        // Reporting hides the message from the reporter, who may report it again all the same.
        let found = sqlx::query(FIND).bind(reporter.as_i64()).bind(id.as_i64()).bind(seq.as_i64());
        found.fetch_one(&mut *tx.conn).await?;
        return Ok(());
    };
    if message.sender == reporter {
        return Err(StoreError::NotAllowed);
    }
    sqlx::query(INSERT)
        .bind(reporter.as_i64())
        .bind(id.as_i64())
        .bind(seq.as_i64())
        .bind(word(report.reason))
        .bind(report.note.as_ref().map(|note| note.as_str()))
        .bind(json(&evidence)?)
        .bind(super::now().cast_signed())
        .execute(&mut *tx.conn)
        .await?;
    if report.hide {
        hide(tx, reporter, id, &[seq], REPORTED).await?;
    }
    Ok(())
}

fn word(reason: ReportReason) -> &'static str {
    match reason {
        ReportReason::Spam => "spam",
        ReportReason::Fraud => "fraud",
        ReportReason::Harassment => "harassment",
        ReportReason::Indecent => "indecent",
        ReportReason::Other => "other",
    }
}
