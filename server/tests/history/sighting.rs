//! Every place in a history at which a message, a description or somebody's cursors showed up.

use super::event::{Answer, Op, Process, What};
use super::facts::{Call, Facts};
use protocol::sync::AccountChange;
use protocol::{
    Conversation, ConversationId, Cursors, LogChange, Message, Relation, Rev, Seq, ServerFrame, Upd, UserId,
};

/// Something that the server told a device.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'h> {
    pub process: Process,
    /// The earliest time at which the server can have said it; 0 for a frame, which may have waited. When it arrived.
    pub since: u64,
    /// The same, with what can be inferred of a frame.
    pub made: u64,
    pub at: u64,
    pub event: usize,
    pub said: Said<'h>,
    /// It was read in the final state.
    pub last: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Said<'h> {
    Answer(&'h Op, &'h Answer),
    /// By a push connection.
    Frame(u64, &'h ServerFrame),
}

/// Where a message stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// The answer to a send or a recall.
    Ack,
    Page,
    /// The newest message in a description.
    Preview,
    Frame,
}

/// A message that a device was told.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'h> {
    pub conversation: ConversationId,
    pub message: &'h Message,
    pub surface: Surface,
    /// The log position at which it was read; absent where the answer names none.
    pub rev: Option<Rev>,
}

/// Somebody's cursors that a device was told.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub conversation: ConversationId,
    pub subject: UserId,
    pub cursors: Cursors,
    /// The position of the observer's log that it was told at.
    pub upd: Upd,
    /// It came as a receipt, not within a description.
    pub receipt: bool,
}

/// How far a conversation's log was when something was read from it.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub conversation: ConversationId,
    pub rev: Rev,
    pub head: Seq,
    /// It was the log's end, not only a place in it.
    pub end: bool,
}

/// Everything that the server told anybody, in the order of arrival.
pub fn tellings<'f, 'h>(facts: &'f Facts<'h>) -> impl Iterator<Item = Telling<'h>> + use<'f, 'h> {
    facts.events.iter().enumerate().filter_map(|(event, it)| match &it.what {
        What::Ok { call, answer } => {
            let call: &Call<'h> = facts.calls.get(*facts.numbers.get(call)?)?;
            let said = Said::Answer(call.op, answer);
            Some(Telling {
                process: call.process,
                since: call.from,
                made: call.from,
                at: it.at,
                event,
                said,
                last: facts.is_final(call),
            })
        }
        What::Frame { link, frame } => {
            let found = facts.links.get(link)?;
            let said = Said::Frame(*link, frame);
            let (process, made) = (found.process, facts.made(event));
            Some(Telling { process, since: 0, made, at: it.at, event, said, last: false })
        }
        _ => None,
    })
}

impl<'h> Telling<'h> {
    /// The messages in it.
    pub fn messages(&self, mut saw: impl FnMut(Sighting<'h>)) {
        let mut saw = |conversation, message, surface, rev| saw(Sighting { conversation, message, surface, rev });
        match self.said {
            Said::Answer(op, answer) => {
                let Some(id) = op.conversation() else {
                    self.descriptions(|told| preview(told, &mut saw));
                    return self.changes(|_, change| shown(change, &mut saw));
                };
                match answer {
                    Answer::Sent { message, .. } | Answer::Recalled { message } => saw(id, message, Surface::Ack, None),
                    Answer::History(page) => {
                        page.messages.iter().for_each(|it| saw(id, it, Surface::Page, Some(page.rev)));
                    }
                    Answer::Changes(page) => {
                        let rev = Some(page.conversation.rev);
                        page.messages.iter().for_each(|it| saw(id, it, Surface::Page, rev));
                    }
                    Answer::Unread(page) => page.messages.iter().for_each(|it| saw(id, it, Surface::Page, None)),
                    _ => {}
                }
            }
            Said::Frame(_, ServerFrame::Conversation { conversation, pos, change, .. }) => {
                if let LogChange::Message { message, .. } = change {
                    saw(*conversation, message, Surface::Frame, Some(*pos));
                }
            }
            Said::Frame(..) => self.changes(|_, change| shown(change, &mut saw)),
        }
        self.descriptions(|told| preview(told, &mut saw));
    }

    /// The descriptions in it.
    pub fn descriptions(&self, mut saw: impl FnMut(&'h Conversation)) {
        match self.said {
            Said::Answer(_, Answer::Conversation(told)) => saw(told),
            Said::Answer(_, Answer::Changes(page)) => saw(&page.conversation),
            Said::Answer(_, Answer::Sync(page)) => page.conversations.iter().for_each(&mut saw),
            _ => {}
        }
        self.changes(|_, change| {
            if let AccountChange::Joined { conversation } = change {
                saw(conversation);
            }
        });
    }

    /// The changes of the account's log in it, each with the position that it is known to be told at.
    pub fn changes(&self, mut saw: impl FnMut(Upd, &'h AccountChange)) {
        match self.said {
            Said::Answer(_, Answer::Sync(page)) => page.changes.iter().for_each(|change| saw(page.upd, change)),
            Said::Frame(_, ServerFrame::Account { prev, changes, .. }) => {
                let mut upd = *prev;
                for change in changes {
                    upd = upd.next();
                    saw(upd, change);
                }
            }
            _ => {}
        }
    }

    /// What it says that the device's account and another are to each other.
    pub fn relations(&self, mut saw: impl FnMut(UserId, Relation)) {
        self.descriptions(|told| {
            if let Some(peer) = &told.peer {
                saw(peer.id, told.relation);
            }
        });
        if let Said::Answer(_, Answer::Contact(told)) = self.said {
            saw(told.user.id, told.relation);
        }
        self.changes(|_, change| {
            if let AccountChange::Relation { user, relation } = change {
                saw(user.id, *relation);
            }
        });
    }

    /// The readers that it names.
    pub fn readers(&self, mut saw: impl FnMut(ConversationId, UserId, Seq)) {
        if let Said::Answer(Op::Readers { conversation }, Answer::Readers(told)) = self.said {
            told.readers.iter().for_each(|reader| saw(*conversation, reader.user.id, reader.read));
        }
    }

    /// The log positions that it names.
    pub fn positions(&self, mut saw: impl FnMut(Position)) {
        self.descriptions(|told| {
            let Conversation { id: conversation, rev, head_seq: head, .. } = *told;
            saw(Position { conversation, rev, head, end: true });
        });
        match self.said {
            Said::Answer(Op::History { conversation, .. }, Answer::History(page)) => {
                saw(Position { conversation: *conversation, rev: page.rev, head: page.head_seq, end: true });
            }
            Said::Answer(
                Op::Send { conversation, .. } | Op::Recall { conversation, .. },
                Answer::Sent { message, .. } | Answer::Recalled { message },
            ) => saw(Position { conversation: *conversation, rev: message.rev, head: message.seq, end: false }),
            Said::Frame(_, ServerFrame::Conversation { conversation, pos, head_seq, .. }) => {
                saw(Position { conversation: *conversation, rev: *pos, head: *head_seq, end: false });
            }
            _ => {}
        }
    }

    /// The cursors in it.
    pub fn cursors(&self, mut saw: impl FnMut(Told)) {
        let me = self.process.account;
        self.descriptions(|told| {
            let Conversation { id: conversation, upd, .. } = *told;
            saw(Told { conversation, subject: me, cursors: told.own, upd, receipt: false });
            if let (Some(peer), Some(cursors)) = (&told.peer, told.peer_cursors) {
                saw(Told { conversation, subject: peer.id, cursors, upd, receipt: false });
            }
        });
        let mut receipt = |upd, it: &protocol::Receipt| {
            let conversation = it.conversation;
            saw(Told { conversation, subject: it.reader, cursors: it.cursors, upd, receipt: true });
        };
        self.changes(|upd, change| {
            if let AccountChange::Receipt(it) = change {
                receipt(upd, it);
            }
        });
        if let Said::Answer(_, Answer::Receipts(page)) = self.said {
            page.receipts.iter().for_each(|it| receipt(page.through, it));
        }
        self.changes(|upd, change| {
            if let AccountChange::Own { conversation, cursors } = change {
                saw(Told { conversation: *conversation, subject: me, cursors: *cursors, upd, receipt: false });
            }
        });
    }
}

type Saw<'s, 'h> = dyn FnMut(ConversationId, &'h Message, Surface, Option<Rev>) + 's;

fn preview<'h>(told: &'h Conversation, saw: &mut Saw<'_, 'h>) {
    told.last.iter().for_each(|it| saw(told.id, it, Surface::Preview, Some(told.rev)));
}

fn shown<'h>(change: &'h AccountChange, saw: &mut Saw<'_, 'h>) {
    if let AccountChange::Shown { conversation, message, .. } = change {
        saw(*conversation, message, Surface::Frame, None);
    }
}
