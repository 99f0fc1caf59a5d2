//! Delivered and read reports, and who has read what.

use crate::error::Refusal;
use crate::state::AppState;
use crate::store::{NewReport, now};
use protocol::messaging::{MessageReaders, Readers};
use protocol::receipts::{Cursors, ReceiptsPage, ReportReceipts};
use protocol::{ConversationId, ErrorCode, Seq, Upd, UserId};

/// A page of the inbox when the reader names no length, and at most.
pub const LIMIT: u32 = 100;
pub const LIMIT_MAX: u32 = 500;
/// In milliseconds.
const DAY: u64 = 86_400_000;
/// Conversations that one commit reads when all are read.
const READ_AT_ONCE: u32 = 500;

/// Takes a device's reports. One about a conversation of others refuses them all, and nothing moves.
pub async fn report(state: &AppState, account: UserId, request: ReportReceipts) -> Result<(), Refusal> {
    if request.reports.len() > ReportReceipts::MAX {
        return Err(Refusal::field("reports", "at most 100 reports in one request"));
    }
    let mut reports = Vec::with_capacity(request.reports.len());
    for report in request.reports {
        state.rosters.of_member(account, report.conversation).await?;
        let cursors = Cursors { delivered: report.delivered.max(report.read), read: report.read };
        reports.push(NewReport { account, conversation: report.conversation, cursors });
    }
    if !reports.is_empty() {
        state.store.writer().report(reports).await?;
    }
    Ok(())
}

/// Reads every conversation of the account through its newest message as of now, and takes its marks off (R001-20).
pub async fn read_all(state: &AppState, account: UserId) -> Result<(), Refusal> {
    let mut after = None;
    loop {
        let behind = state.store.behind(account, after, READ_AT_ONCE).await?;
        let Some((last, _)) = behind.last() else { break };
        after = Some(*last);
        let report = |(conversation, head)| NewReport { account, conversation, cursors: Cursors::at(head) };
        state.store.writer().report(behind.into_iter().map(report).collect()).await?;
    }
    Ok(state.store.clear_marks(account).await?)
}

/// The receipts about the account's own messages that changed after a position of its log (R000-13).
pub async fn inbox(state: &AppState, account: UserId, after: Upd, limit: u32) -> Result<ReceiptsPage, Refusal> {
    Ok(state.store.receipts(account, after, limit).await?)
}

/// How far the others have read the conversation; in a group too large for that, how many have read what one wrote last.
pub async fn readers(state: &AppState, account: UserId, id: ConversationId) -> Result<Readers, Refusal> {
    let roster = state.rosters.of_member(account, id).await?;
    let listed = roster.members.len() <= Readers::LISTED_MAX;
    if !listed {
        let counts = state.store.read_counts(account, id).await?;
        return Ok(Readers { readers: Vec::new(), listed, withheld: Vec::new(), counts });
    }
    let (readers, withheld) = (state.store.readers(account, id).await?, state.store.withheld(account, id).await?);
    Ok(Readers { readers, listed, withheld, counts: Vec::new() })
}

/// Who has read one's own message; `not_allowed` about another's. Of one that is older than readers are told apart
/// (R000-10), how many.
pub async fn message_readers(
    state: &AppState,
    account: UserId,
    id: ConversationId,
    seq: Seq,
) -> Result<MessageReaders, Refusal> {
    let roster = state.rosters.of_member(account, id).await?;
    let sent = state.store.sent(account, id, seq).await?;
    if sent.sender != account {
        return Err(Refusal::new(ErrorCode::NotAllowed, "only its sender learns who has read a message"));
    }
    let old = sent.at + state.config.reader_days * DAY < now();
    let number = |count| MessageReaders { count, readers: Vec::new(), nicknames: Vec::new(), old };
    if !sent.countable {
        return Ok(number(0));
    }
    if roster.members.len() > Readers::LISTED_MAX {
        return Ok(number(state.store.count_message_readers(account, id, seq).await?));
    }
    let (readers, nicknames) = state.store.message_readers(account, id, seq).await?;
    let count = readers.len() as u64;
    Ok(if old { number(count) } else { MessageReaders { count, readers, nicknames, old } })
}
