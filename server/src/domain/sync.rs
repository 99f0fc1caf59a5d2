//! What changed while a device was away.

use super::conversations;
use crate::error::Refusal;
use crate::state::AppState;
use crate::store::conversations::{Described, Place};
use crate::store::sync::{Segment, SyncCursor};
use crate::store::{Reader, now};
use protocol::sync::{CheckCounts, CheckedCounts, Count, PageSize, SyncPage, WaitingRequest};
use protocol::{ConversationId, Millis, Upd};
use std::sync::atomic::Ordering;

const DAY: Millis = 86_400_000;

/// One segment, of a page where one is asked for, of what moved in the account's logs since the token. Without a token:
/// what was active in the last `sync_full_days`, or is unread (R004-G1).
pub async fn page(
    state: &AppState,
    reader: Reader,
    since: Option<&str>,
    page: Option<PageSize>,
) -> Result<SyncPage, Refusal> {
    let cursor = match since {
        None => SyncCursor::NOTHING,
        Some(text) => read_token(text).ok_or_else(|| Refusal::field("since", "not a token of this server"))?,
    };
    let active_since = now().saturating_sub(state.config.sync_full_days * DAY);
    let segment = Segment { size: state.config.sync_segment_size, page, active_since };
    let moved = state.store.moved(reader, cursor, segment).await?;
    // Read after the page, whose position they may be ahead of: the log then tells the same again.
    let requests = match since {
        None => state.store.friend_requests(reader.account).await?.incoming,
        Some(_) => Vec::new(),
    };
    Ok(SyncPage {
        token: write_token(moved.cursor),
        more: moved.more,
        left: moved.cursor.left,
        upd: moved.upd,
        changes: moved.changes,
        conversations: moved.described.conversations,
        users: moved.described.users,
        older: moved.left_out.map(conversations::place_before),
        requests: requests
            .into_iter()
            .map(|request| WaitingRequest { user: request.user.id, at: request.at })
            .collect(),
    })
}

/// Counts anew what a device counts, and keeps what it told (R004-B2). What it gets wrong is a fault of ours: it is logged, with
/// what the device told of it last time, mended, and counted in `unread_drift_total`.
pub async fn check(state: &AppState, reader: Reader, request: CheckCounts) -> Result<CheckedCounts, Refusal> {
    if request.counts.len() > CheckCounts::MAX {
        return Err(Refusal::field("counts", "at most 100 conversations in one request"));
    }
    if request.counts.iter().any(|count| count.unread > Count::UNREAD_MAX) {
        return Err(Refusal::field("counts", "an unread count is below 2^53"));
    }
    let ids: Vec<ConversationId> = request.counts.iter().map(|count| count.conversation).collect();
    let Described { mut conversations, users } = state.store.conversations_of(reader, &ids).await?;
    conversations.retain(|about| {
        let right = Count::of(about);
        request.counts.iter().any(|count| count.compares_with(&right) && *count != right)
    });
    if !conversations.is_empty() {
        let wrong = conversations.len() as u64;
        let unread_drift_total = state.unread_drift.fetch_add(wrong, Ordering::Relaxed) + wrong;
        let ids: Vec<ConversationId> = conversations.iter().map(|about| about.id).collect();
        let told: Vec<_> = request.counts.iter().filter(|count| ids.contains(&count.conversation)).collect();
        let right: Vec<_> = conversations.iter().map(Count::of).collect();
        let before = state.store.counted(reader.device, &ids).await;
        let Reader { account, device } = reader;
        tracing::error!(%account, %device, ?told, ?right, ?before, unread_drift_total, "a device counted wrongly");
    }
    // What is kept explains such an error, and no more: the answer does not depend on it.
    if let Err(error) = state.store.keep_counts(reader, request.counts).await {
        tracing::warn!(%error, "what a device counts was not kept");
    }
    Ok(CheckedCounts { wrong: conversations, users })
}

// version "." upd ["." began "." active_at "." id] ["." left], each in hexadecimal: 10 + 3 × 14 + 4 characters at the very
// most of what a server ever hands out.
fn write_token(cursor: SyncCursor) -> String {
    let version = cursor.version + 1;
    let upd = cursor.upd.map_or(0, Upd::get);
    let mut token = match cursor.listing {
        None => format!("{version:x}.{upd:x}"),
        Some((began, Place { active_at, id })) => format!("{version:x}.{upd:x}.{began:x}.{active_at:x}.{:x}", id.get()),
    };
    if cursor.left > 0 {
        token.push_str(&format!(".{:x}", cursor.left));
    }
    token
}

fn read_token(text: &str) -> Option<SyncCursor> {
    let numbers = text.split('.').map(|part| i64::from_str_radix(part, 16).ok().filter(|number| *number >= 0));
    let numbers = numbers.collect::<Option<Vec<i64>>>()?;
    // One number more than a place takes is what is left of a page.
    let (left, numbers) = match numbers.as_slice() {
        [numbers @ .., left] if matches!(numbers.len(), 2 | 5) => {
            (PageSize::try_from(u32::try_from(*left).ok()?).ok()?.get(), numbers)
        }
        numbers => (0, numbers),
    };
    let cursor = |version: i64, upd: i64, listing| {
        Some(SyncCursor { version: version.checked_sub(1)?, upd: Some(upd.try_into().ok()?), listing, left })
    };
    match *numbers {
        [version, upd] => cursor(version, upd, None),
        [version, upd, began, active_at, id] => {
            let place = Place { active_at: active_at.unsigned_abs(), id: id.try_into().ok()? };
            cursor(version, upd, Some((began, place)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_does() {
        let listing = Some((7, Place { active_at: 1_700_000_000_000, id: 12u64.try_into().unwrap() }));
        for cursor in [
            SyncCursor { version: 0, upd: Some(Upd::ZERO), listing: None, left: 0 },
            SyncCursor { version: 7, upd: Some(Upd::ZERO), listing: None, left: 1 },
            SyncCursor { version: -1, upd: Some(Upd::ZERO.plus(99)), listing, left: 0 },
            SyncCursor { version: -1, upd: Some(Upd::ZERO.plus(99)), listing, left: 500 },
        ] {
            let token = write_token(cursor);
            assert!(token.len() <= 64);
            assert_eq!(read_token(&token), Some(cursor));
        }
        for refused in [
            "",
            ".",
            "1",
            "1.2.0",
            "1.2.1f5",
            "1.2.3.4",
            "1.2.3.4.5.0",
            "-1.2",
            "x.y",
            "1.2.3.4.0",
            "ffffffffffffffffff.1",
            "0.20000000000000",
        ] {
            assert_eq!(read_token(refused), None, "{refused}");
        }
    }
}
