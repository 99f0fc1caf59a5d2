//! Lists that are asked for once and shown in a panel: what makes a badge, and who has read a message.

use super::chat::author;
use super::picture::Digest;
use super::{Live, People};
use crate::backend::Errand;
use leptos::prelude::{GetUntracked, Set, Update, WithUntracked};
use protocol::messaging::{MessageReaders, UnreadPage};
use protocol::{ConversationId, DisplayName, ErrorCode, Message, Millis, Nickname, Seq, User, UserId};
use sync::Failure;

/// The messages that make a conversation's badge (R002-23), newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    pub conversation: ConversationId,
    /// Only those that name the reader: they make the badge of what is muted.
    pub naming: bool,
    /// How many there are by the server, loaded or not.
    pub unread: u64,
    pub messages: Vec<Unread>,
    /// There are older ones.
    pub more: bool,
    /// Before which message was asked last; absent for the newest.
    pub before: Option<Seq>,
    pub state: Asked,
    /// How many of the conversation's messages made no badge when the newest were asked for.
    uncounted: Option<u64>,
    /// A message has left the badge since then, or come back to it: what is shown may be gone.
    outdated: bool,
}

impl Why {
    /// Whether it is to be asked for anew (R001-18).
    pub fn stale(&self) -> bool {
        self.outdated && self.state != Asked::Waiting
    }
}

/// How far a question to the server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Waiting,
    Answered,
    Failed,
}

/// One of the messages that make a badge.
#[derive(Clone, Debug, PartialEq)]
pub struct Unread {
    pub seq: Seq,
    pub author: String,
    pub digest: Digest,
    pub at: Millis,
}

/// Who has read one of one's own messages in a group.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadBy {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub count: u64,
    /// By what they are called in the group. Empty in one of more than 200, and of an old message.
    pub users: Vec<User>,
    /// The message is so old that the number alone is told.
    pub old: bool,
    pub state: Asked,
}

/// Who waits to be let into a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub conversation: ConversationId,
    pub users: Vec<User>,
    pub state: Asked,
}

/// What somebody is called in a group, by a page that names them.
fn named<'a>(users: &'a [User], nicknames: &'a [Nickname], id: UserId) -> Option<&'a DisplayName> {
    let nickname = nicknames.iter().find(|nickname| nickname.user == id).and_then(|nickname| nickname.name.as_ref());
    nickname.or_else(|| users.iter().find(|user| user.id == id).map(|user| &user.display_name))
}

impl Live {
    /// Shows the panel as asked. `before`: go on after the oldest one shown.
    pub(super) fn ask_why(&self, conversation: ConversationId, naming: bool, before: Option<Seq>) {
        let uncounted = self.uncounted(conversation);
        self.model.why.update(|why| match why {
            Some(why) if why.conversation == conversation && before.is_some() => {
                (why.before, why.state) = (before, Asked::Waiting);
            }
            _ => {
                *why = Some(Why {
                    conversation,
                    naming,
                    unread: 0,
                    messages: Vec::new(),
                    more: false,
                    before,
                    state: Asked::Waiting,
                    uncounted,
                    outdated: false,
                });
            }
        });
    }

    /// Asks for the newest anew; what is shown stays until the answer.
    pub(super) fn ask_why_anew(&self) -> Option<Errand> {
        let mut why = self.model.why.get_untracked()?;
        let (conversation, naming) = (why.conversation, why.naming);
        (why.before, why.state) = (None, Asked::Waiting);
        (why.uncounted, why.outdated) = (self.uncounted(conversation), false);
        self.model.why.set(Some(why));
        Some(Errand::Unread { conversation, naming, before: None })
    }

    /// The conversation has changed: what makes its badge may be other messages.
    pub(super) fn doubt_why(&self, conversation: ConversationId) {
        let asked = self.model.why.with_untracked(|why| why.as_ref().map(|why| (why.conversation, why.uncounted)));
        let Some((_, before)) = asked.filter(|(id, _)| *id == conversation) else { return };
        let now = self.uncounted(conversation);
        if now.is_some() && now != before {
            self.model.why.update(|why| why.iter_mut().for_each(|why| why.outdated = true));
        }
    }

    /// How many messages of a conversation are read or count for nothing. One that comes and counts changes nothing in it.
    fn uncounted(&self, conversation: ConversationId) -> Option<u64> {
        let session = self.client.session(conversation)?;
        Some(session.head_seq.get().saturating_sub(session.unread))
    }

    /// The answer to [`crate::backend::Errand::Unread`]; one that nobody waits for any more is dropped.
    pub fn unread_found(
        &mut self,
        conversation: ConversationId,
        naming: bool,
        before: Option<Seq>,
        answer: Result<UnreadPage, Failure>,
    ) {
        let asked = |why: &Why| (why.conversation, why.naming) == (conversation, naming);
        let Some(mut why) = self.model.why.get_untracked().filter(asked) else { return };
        if why.state != Asked::Waiting || before != why.before {
            return;
        }
        if before.is_none() && !why.outdated {
            why.messages.clear();
        }
        match answer {
            // It may be of before the change, and is asked for anew.
            Ok(_) if why.outdated => why.state = Asked::Answered,
            Ok(page) => {
                let author = |message: &Message| match named(&page.users, &page.nicknames, message.sender) {
                    Some(name) => name.to_string(),
                    None => author(&self.client, conversation, message.sender),
                };
                why.messages.extend(page.messages.iter().map(|message| Unread {
                    seq: message.seq,
                    author: author(message),
                    digest: Digest::of(&message.body, false),
                    at: message.at,
                }));
                (why.unread, why.more, why.state) = (page.unread, page.more, Asked::Answered);
            }
            Err(failure) => {
                why.state = Asked::Failed;
                self.refused(&failure);
            }
        }
        self.model.why.set(Some(why));
    }

    /// Shows the panel as asked.
    pub(super) fn ask_readers(&self, conversation: ConversationId, seq: Seq) {
        let asked = ReadBy { conversation, seq, count: 0, users: Vec::new(), old: false, state: Asked::Waiting };
        self.model.read_by.set(Some(asked));
    }

    /// The answer to [`crate::backend::Errand::Readers`].
    pub fn readers_found(&mut self, conversation: ConversationId, seq: Seq, answer: Result<MessageReaders, Failure>) {
        let asked = self.model.read_by.get_untracked();
        let Some(mut read_by) = asked.filter(|asked| (asked.conversation, asked.seq) == (conversation, seq)) else {
            return;
        };
        match answer {
            Ok(found) => {
                let called = |user: &User| match named(&found.readers, &found.nicknames, user.id) {
                    Some(name) => User { display_name: name.clone(), ..user.clone() },
                    None => user.clone(),
                };
                read_by.users = found.readers.iter().map(called).collect();
                (read_by.count, read_by.old, read_by.state) = (found.count, found.old, Asked::Answered);
            }
            Err(failure) => {
                read_by.state = Asked::Failed;
                self.refused(&failure);
            }
        }
        self.model.read_by.set(Some(read_by));
    }

    /// Shows the panel as asked.
    pub(super) fn ask_waiting(&self, conversation: ConversationId) {
        self.model.waiting.set(Some(Waiting { conversation, users: Vec::new(), state: Asked::Waiting }));
    }

    /// The answer to [`crate::backend::Errand::Waiting`].
    pub fn waiting_found(&mut self, conversation: ConversationId, answer: Result<Vec<User>, Failure>) {
        let asked = self.model.waiting.get_untracked().filter(|asked| asked.conversation == conversation);
        let Some(mut waiting) = asked else { return };
        match answer {
            Ok(users) => (waiting.users, waiting.state) = (users, Asked::Answered),
            Err(failure) => {
                waiting.state = Asked::Failed;
                self.refused(&failure);
            }
        }
        self.model.waiting.set(Some(waiting));
    }

    /// The answer to [`crate::backend::Errand::AnswerWaiting`]. Whom somebody else has answered waits no more either.
    pub fn waiting_answered(&mut self, conversation: ConversationId, user: UserId, answer: Result<(), Failure>) {
        let gone = match &answer {
            Ok(()) => true,
            Err(Failure::Refused(error)) => error.code == ErrorCode::NotFound,
            Err(Failure::Network) => false,
        };
        if gone {
            self.model.waiting.update(|waiting| {
                let asked = waiting.as_mut().filter(|asked| asked.conversation == conversation);
                asked.into_iter().for_each(|asked| asked.users.retain(|other| other.id != user));
            });
        } else if let Err(failure) = answer {
            self.refused(&failure);
        }
    }

    /// People are looked for, among the members of a group or among everybody.
    pub(super) fn look_for(&self, conversation: Option<ConversationId>, query: &str) {
        self.model.people.set(People { conversation, query: query.to_owned(), ..People::default() });
    }

    /// The answer to [`crate::backend::Errand::Search`] or [`crate::backend::Errand::Members`]; one to an earlier question is
    /// dropped.
    pub fn found(&mut self, conversation: Option<ConversationId>, query: &str, answer: Result<Vec<User>, Failure>) {
        let mut people = self.model.people.get_untracked();
        if people.conversation != conversation || people.query != query {
            return;
        }
        match answer {
            Ok(users) => people.found = Some(users),
            Err(failure) => {
                people.failed = true;
                self.refused(&failure);
            }
        }
        self.model.people.set(people);
    }
}
