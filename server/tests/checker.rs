//! The checker of histories, checked.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on panics")]

mod history;
mod support;

use history::{Answer, Op, Process, Recorder, judge};
use protocol::{ConversationKind, ErrorCode, Seq};

/// A history says in which call an acknowledged message was lost, and reads back as it was written.
#[test]
fn a_saved_history_reads_back() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let recorder = Recorder::new(file.path());
    let process = Process { account: 1u64.try_into().unwrap(), device: 1u64.try_into().unwrap() };
    let conversation = 1u64.try_into().unwrap();
    recorder.known(conversation, ConversationKind::Group, Vec::new(), Seq::ZERO);
    recorder.invoke(process, Op::text(conversation, support::fresh_client_id())).info();
    recorder.invoke(process, Op::ReadAll).ok(Answer::Done);
    recorder.invoke(process, Op::Sync { since: None }).fail(429, ErrorCode::RateLimited);
    let (kept, read) = (recorder.history(), history::History::load(file.path()).unwrap());
    assert_eq!(format!("{:?}", kept.events), format!("{:?}", read.events));
    assert_eq!(judge(&read), []);
}
