//! Delivered and read reports.

use crate::error::Refusal;
use crate::state::AppState;
use crate::store::NewReport;
use protocol::receipts::{Cursors, ReportReceipts};
use protocol::{ConversationKind, UserId};

/// Takes a device's reports. One about a conversation of others refuses them all, and nothing moves.
pub async fn report(state: &AppState, account: UserId, request: ReportReceipts) -> Result<(), Refusal> {
    if request.reports.len() > ReportReceipts::MAX {
        return Err(Refusal::field("reports", "at most 100 reports in one request"));
    }
    let mut reports = Vec::with_capacity(request.reports.len());
    for report in request.reports {
        let roster = state.rosters.of_member(account, report.conversation).await?;
        // Groups have no delivery receipts (R000-01); there the delivered cursor only follows the read one.
        let delivered = if roster.kind == ConversationKind::Direct { report.delivered } else { report.read };
        let cursors = Cursors { delivered: delivered.max(report.read), read: report.read };
        reports.push(NewReport { account, conversation: report.conversation, cursors });
    }
    if !reports.is_empty() {
        state.store.writer().report(reports).await?;
    }
    Ok(())
}
