//! What happens in a run: chosen by the seed alone, before it begins, so that any part of it can be left out.

use crate::dice::Dice;
use crate::oracle::Approach;
use protocol::{MessagesFrom, ReadReportPolicy};
use std::fmt;

/// Something that happens to one device, its person, or the network between it and the server. Numbers choose among what
/// there is at that moment.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// In a room.
    Send(usize),
    /// The same of a picture.
    SendPicture(usize),
    /// Three pictures or files at once.
    SendTogether(usize),
    /// A day passes on the server alone, which looks for pictures that nobody has sent.
    Sweep,
    Open(usize),
    Close,
    See,
    LoadOlder,
    LoadGap,
    Retry(usize),
    Discard(usize),
    /// A person deletes a message of the open conversation for themselves, and perhaps the one after it.
    Hide(usize),
    /// A person takes a deletion back.
    Show(usize),
    Recall(usize),
    /// A person reports a message, and perhaps does not want to see it any more.
    Report(usize, bool),
    /// Off this device's list, or off those of all devices of the account.
    Delete(usize, bool),
    ReadAll,
    /// A person pins, mutes, labels, archives or marks a conversation, or takes that back.
    Prefer(usize, usize),
    /// Something else stands in a composer.
    Type(usize, usize),
    ShowReceipts(bool),
    /// More is sent than a device pulls one by one.
    Flood,
    /// Somebody sends a message that one member of the room does not see.
    Withhold(usize),
    /// The page is about to be hidden.
    Leave,
    /// Somebody sees the page again, or nobody does any more.
    Visible(bool),
    Wake,
    /// The newest frames on their way arrive.
    Deliver(usize),
    Duplicate,
    Drop,
    Swap,
    Accept,
    Disconnect,
    /// The connection looks open, but nothing comes through any more.
    Die,
    Serve(usize),
    /// A request reaches the server twice.
    Twice(usize),
    /// A request that the server has answered long ago reaches it once more.
    Late(usize),
    Receive(usize),
    LoseRequest(usize),
    LoseAnswer(usize),
    Busy(usize),
    /// The network behaves for a moment.
    Flow,
    /// The page is loaded anew, perhaps in a room.
    Reload(Option<usize>),
    /// The same, but the page that the server makes now comes only with the next time that it is loaded anew.
    Render(Option<usize>),
    /// The page is begun anew from what is stored, without a network.
    Revive,
    /// What is not stored yet is stored.
    Keep,
    /// What the browser kept is gone, and the page is loaded anew.
    Wipe,
    LogOut,
    LogIn,
    /// The device's clock is set forward by so many minutes.
    Jump(i64),
    ServerJump(i64),
    /// The one or the other of two opens their conversation, in which nobody has written at first.
    Create(usize),
    /// A person asks another to be friends, or what comes after that.
    Approach(usize, Approach),
    Follow(usize, bool),
    /// A person follows another for the sake of a message that was refused.
    FollowToWrite(usize),
    Block(usize, bool),
    /// A person chooses from whom they accept messages.
    AcceptFrom(MessagesFrom),
    /// A person makes a group of the others, or of all but one of them.
    Found(usize),
    /// A person does something in a group, perhaps about somebody.
    Deed(usize, usize, usize),
    /// A person comes by a group's link, which may be one of before, after somebody saw to the link and who may come.
    JoinByLink(usize, usize, usize),
    /// A person names somebody of a group, or everybody.
    Mention(usize, Option<usize>),
    /// A person takes back what somebody else wrote.
    RecallOther(usize),
    Restart,
    /// So many milliseconds.
    Pass(u64),
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

#[derive(Clone)]
pub struct Plan {
    pub seed: u64,
    pub policy: ReadReportPolicy,
    /// Whether strangers wait for an answer.
    pub strangers_wait: bool,
    /// Whether a page of a sync comes in several answers.
    pub segmented: bool,
    /// Whether the devices keep their data across reloads.
    pub keeping: bool,
    /// How many of the cast's devices take part.
    pub devices: usize,
    /// Whether the first device has two tabs.
    pub tab: bool,
    pub steps: Vec<(usize, Op)>,
    pub ending: Ending,
    /// Whether what was refused is tried again in the end, when nobody refuses anything any more; otherwise it is given up.
    pub lifted: bool,
}

/// A direct conversation of the first two people, most of all; a group of three; notes to oneself; one of the other two;
/// one that is opened later; a group that somebody makes.
pub const DIRECT: usize = 0;
pub const GROUP: usize = 1;
pub const SELF: usize = 2;
pub const OTHER: usize = 3;
pub const LATE: usize = 4;
pub const CLUB: usize = 5;

/// What [`crate::world`] makes of a number.
const DEEDS: usize = 30;

/// Which person has each device: two each of the first two people, one of the third.
pub const OWNERS: [usize; 5] = [0, 1, 0, 2, 1];

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let policy = if dice.chance(75) { ReadReportPolicy::Viewport } else { ReadReportPolicy::OnLeave };
        let keeping = dice.chance(70);
        let tab = dice.chance(25);
        let devices = dice.between(2, OWNERS.len() as u64) as usize;
        let len = dice.between(20, 160);
        let mut steps: Vec<_> =
            (0..len).map(|_| (device(&mut dice, devices + usize::from(tab)), op(&mut dice))).collect();
        if dice.chance(1) {
            steps.insert(dice.index(steps.len()), (dice.index(devices), Op::Flood));
        }
        let ending = [Ending::Quiet, Ending::Poked, Ending::Reconnected][dice.index(3)];
        let lifted = dice.chance(60);
        let strangers_wait = dice.chance(50);
        let segmented = dice.chance(50);
        Self { seed, policy, strangers_wait, segmented, keeping, devices, tab, steps, ending, lifted }
    }
}

fn device(dice: &mut Dice, devices: usize) -> usize {
    // One device has more to do than the others: depth needs more steps in one place than breadth does.
    if dice.chance(40) { 0 } else { dice.index(devices) }
}

fn room(dice: &mut Dice) -> usize {
    pick(dice, &[(12, DIRECT), (4, GROUP), (1, SELF), (2, OTHER), (4, LATE), (3, CLUB)])
}

fn pick<T: Copy>(dice: &mut Dice, weighed: &[(u64, T)]) -> T {
    let mut at = dice.below(weighed.iter().map(|(weight, _)| weight).sum());
    for &(weight, what) in weighed {
        match at.checked_sub(weight) {
            Some(rest) => at = rest,
            None => return what,
        }
    }
    unreachable!("the weights were summed")
}

fn op(dice: &mut Dice) -> Op {
    let n = dice.index(8);
    let room = room(dice);
    let hide = dice.chance(50);
    let open = dice.chance(70).then_some(room);
    let millis = if dice.chance(50) { dice.between(10, 600) } else { dice.between(600, 40_000) };
    let minutes = pick(dice, &[(2, 24 * 60), (2, -24 * 60), (1, 61), (1, -61), (1, 1), (1, -1)]);
    let frames = dice.between(1, 5) as usize;
    let group = pick(dice, &[(2, GROUP), (1, CLUB)]);
    let person = dice.index(3);
    let approach = pick(dice, &[(5, Approach::Befriend), (3, Approach::Refuse), (2, Approach::Unfriend)]);
    let from = pick(
        dice,
        &[
            (6, MessagesFrom::Everyone),
            (2, MessagesFrom::Followed),
            (2, MessagesFrom::Followers),
            (1, MessagesFrom::Nobody),
        ],
    );
    let deed = dice.index(DEEDS);
    let named = dice.chance(70).then_some(person);
    pick(
        dice,
        &[
            (110, Op::Send(room)),
            (12, Op::SendPicture(room)),
            (5, Op::SendTogether(room)),
            (4, Op::Sweep),
            (55, Op::Open(room)),
            (10, Op::Close),
            (35, Op::See),
            (15, Op::LoadOlder),
            (6, Op::LoadGap),
            (8, Op::Retry(n)),
            (4, Op::Discard(n)),
            (40, Op::Hide(n)),
            (25, Op::Show(n)),
            (30, Op::Recall(n)),
            (14, Op::Report(n, hide)),
            (14, Op::Delete(room, hide)),
            (4, Op::ReadAll),
            (20, Op::Prefer(room, n)),
            (20, Op::Type(room, n)),
            (5, Op::ShowReceipts(hide)),
            (14, Op::Withhold(room)),
            (10, Op::Leave),
            (12, Op::Visible(hide)),
            (10, Op::Wake),
            (80, Op::Deliver(frames)),
            (20, Op::Duplicate),
            (20, Op::Drop),
            (20, Op::Swap),
            (45, Op::Accept),
            (18, Op::Disconnect),
            (8, Op::Die),
            (95, Op::Serve(n)),
            (10, Op::Twice(n)),
            (12, Op::Late(n)),
            (95, Op::Receive(n)),
            (18, Op::LoseRequest(n)),
            (18, Op::LoseAnswer(n)),
            (10, Op::Busy(n)),
            (110, Op::Flow),
            (24, Op::Reload(open)),
            (40, Op::Render(open)),
            (8, Op::Revive),
            (25, Op::Keep),
            (3, Op::Wipe),
            (2, Op::LogOut),
            (4, Op::LogIn),
            (8, Op::Jump(minutes)),
            (4, Op::ServerJump(minutes)),
            (8, Op::Create(n % 2)),
            (30, Op::Approach(person, approach)),
            (14, Op::Follow(person, hide)),
            (6, Op::FollowToWrite(n)),
            (10, Op::Block(person, hide)),
            (14, Op::AcceptFrom(from)),
            (8, Op::Found(person)),
            (90, Op::Deed(group, person, deed)),
            (35, Op::JoinByLink(group, person, n)),
            (16, Op::Mention(group, named)),
            (8, Op::RecallOther(n)),
            (1, Op::Restart),
            (60, Op::Pass(millis)),
        ],
    )
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} devices{}", self.devices, if self.tab { " and a tab" } else { "" })?;
        write!(f, "{}, {:?}", if self.keeping { " that keep" } else { "" }, self.policy)?;
        write!(f, "{}", if self.strangers_wait { ", strangers wait" } else { "" })?;
        write!(f, "{}: ", if self.segmented { ", in segments" } else { "" })?;
        self.steps.iter().try_for_each(|(device, op)| write!(f, "{device}:{op:?}; "))?;
        write!(f, "{:?}{}", self.ending, if self.lifted { ", lifted" } else { "" })
    }
}
