//! What happens, chosen before it begins.

use super::{DIRECT, GROUP, LATE, OTHER, SELF};
use proptest::prelude::*;
use protocol::ReadReportPolicy;
use std::fmt;

#[derive(Clone, Debug)]
pub enum Op {
    Send {
        conversation: u64,
    },
    /// A picture.
    Show {
        conversation: u64,
    },
    Open {
        conversation: u64,
    },
    Close,
    See,
    LoadOlder,
    Deliver(usize),
    Duplicate,
    Drop,
    Swap,
    Accept,
    Disconnect,
    Die,
    Serve(usize),
    Receive(usize),
    LoseRequest(usize),
    LoseAnswer(usize),
    Busy(usize),
    Crash {
        open: u64,
    },
    /// The page is loaded anew without a server.
    Revive,
    /// What the device stores is cleared, but for what was written and read.
    Wipe,
    /// What is not stored yet is stored.
    Keep,
    Leave,
    Wake,
    Change {
        conversation: u64,
        seq: u64,
    },
    /// Somebody else's message, which one member of the group does not see.
    Withhold {
        member: u64,
    },
    Hide {
        nth: usize,
        hidden: bool,
    },
    Report {
        nth: usize,
    },
    Recall {
        nth: usize,
    },
    Delete {
        conversation: u64,
    },
    ReadAll,
    /// Pin, label, mute, archive, mark, or take that back.
    Prefer {
        conversation: u64,
        which: usize,
    },
    /// What stands in a composer now.
    Type {
        conversation: u64,
        text: usize,
    },
    ShowReceipts(bool),
    /// The device's clock is set to be hours ahead, or behind.
    Jump {
        hours: i64,
    },
    /// The server no longer takes the tokens that it gave.
    Expire,
    Create,
    Pass {
        millis: u64,
    },
    /// The network behaves for a moment.
    Flow,
}

/// How the devices get to know what they have missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By nothing but time.
    Quiet,
    /// By one more thing in every log.
    Poked,
    /// By a new connection.
    Reconnected,
}

fn op() -> impl Strategy<Value = Op> {
    let conversation =
        prop_oneof![12 => Just(DIRECT), 3 => Just(GROUP), 1 => Just(SELF), 2 => Just(LATE), 1 => Just(OTHER)];
    let n = 0..8_usize;
    prop_oneof![
        8 => conversation.clone().prop_map(|conversation| Op::Send { conversation }),
        3 => conversation.clone().prop_map(|conversation| Op::Show { conversation }),
        5 => conversation.clone().prop_map(|conversation| Op::Open { conversation }),
        1 => Just(Op::Close),
        3 => Just(Op::See),
        2 => Just(Op::LoadOlder),
        8 => (1..6_usize).prop_map(Op::Deliver),
        2 => Just(Op::Duplicate),
        2 => Just(Op::Drop),
        2 => Just(Op::Swap),
        5 => Just(Op::Accept),
        2 => Just(Op::Disconnect),
        1 => Just(Op::Die),
        10 => n.clone().prop_map(Op::Serve),
        10 => n.clone().prop_map(Op::Receive),
        2 => n.clone().prop_map(Op::LoseRequest),
        2 => n.clone().prop_map(Op::LoseAnswer),
        1 => n.clone().prop_map(Op::Busy),
        2 => conversation.clone().prop_map(|open| Op::Crash { open }),
        1 => Just(Op::Revive),
        1 => Just(Op::Wipe),
        4 => Just(Op::Keep),
        1 => Just(Op::Leave),
        1 => Just(Op::Wake),
        2 => (conversation.clone(), 1..12_u64).prop_map(|(conversation, seq)| Op::Change { conversation, seq }),
        2 => (1..4_u64).prop_map(|member| Op::Withhold { member }),
        4 => (n.clone(), any::<bool>()).prop_map(|(nth, hidden)| Op::Hide { nth, hidden }),
        1 => n.clone().prop_map(|nth| Op::Report { nth }),
        4 => n.clone().prop_map(|nth| Op::Recall { nth }),
        2 => conversation.clone().prop_map(|conversation| Op::Delete { conversation }),
        1 => Just(Op::ReadAll),
        4 => (conversation.clone(), n.clone()).prop_map(|(conversation, which)| Op::Prefer { conversation, which }),
        4 => (conversation.clone(), 0..4_usize).prop_map(|(conversation, text)| Op::Type { conversation, text }),
        1 => any::<bool>().prop_map(Op::ShowReceipts),
        1 => (-24..25_i64).prop_map(|hours| Op::Jump { hours }),
        1 => Just(Op::Expire),
        1 => Just(Op::Create),
        6 => Just(Op::Flow),
        6 => prop_oneof![10..600_u64, 600..40_000_u64].prop_map(|millis| Op::Pass { millis }),
    ]
}

/// What happens on which device, printed in one line.
#[derive(Clone)]
pub struct Plan {
    pub policy: ReadReportPolicy,
    pub steps: Vec<(usize, Op)>,
    pub ending: Ending,
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|(device, op)| write!(f, "{device}:{op:?}; "))?;
        write!(f, "{:?}, {:?}", self.ending, self.policy)
    }
}

pub fn plan() -> impl Strategy<Value = Plan> {
    let device = prop_oneof![5 => Just(0_usize), 2 => Just(1), 4 => Just(2), 1 => Just(3), 2 => Just(4)];
    let ending = prop_oneof![Just(Ending::Quiet), Just(Ending::Poked), Just(Ending::Reconnected)];
    let policy = prop_oneof![Just(ReadReportPolicy::Viewport), Just(ReadReportPolicy::OnLeave)];
    let steps = prop::collection::vec((device, op()), 1..200);
    (policy, steps, ending).prop_map(|(policy, steps, ending)| Plan { policy, steps, ending })
}
