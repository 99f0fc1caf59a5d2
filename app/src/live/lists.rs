//! Lists that are asked for once and shown in a panel: what makes a badge, and who has read a message.

use super::chat::author;
use super::{Live, People};
use leptos::prelude::{GetUntracked, Set, Update};
use protocol::messaging::{MessageReaders, UnreadPage};
use protocol::{ConversationId, Message, Millis, Seq, User};
use sync::Failure;

/// The messages that make a conversation's badge (R002-23), newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    pub conversation: ConversationId,
    /// How many there are by the server, loaded or not.
    pub unread: u64,
    pub messages: Vec<Unread>,
    /// There are older ones.
    pub more: bool,
    pub state: Asked,
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
    pub digest: String,
    pub at: Millis,
}

/// Who has read one of one's own messages in a group.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadBy {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub count: u64,
    /// Empty in a group of more than 200.
    pub users: Vec<User>,
    pub state: Asked,
}

impl Live {
    /// Shows the panel as asked. `before`: go on after the oldest one shown.
    pub(super) fn ask_why(&self, conversation: ConversationId, before: Option<Seq>) {
        self.model.why.update(|why| match why {
            Some(why) if why.conversation == conversation && before.is_some() => why.state = Asked::Waiting,
            _ => {
                let messages = Vec::new();
                *why = Some(Why { conversation, unread: 0, messages, more: false, state: Asked::Waiting });
            }
        });
    }

    /// The answer to [`crate::backend::Errand::Unread`]; one that nobody waits for any more is dropped.
    pub fn unread_found(
        &mut self,
        conversation: ConversationId,
        before: Option<Seq>,
        answer: Result<UnreadPage, Failure>,
    ) {
        let Some(mut why) = self.model.why.get_untracked().filter(|why| why.conversation == conversation) else {
            return;
        };
        if why.state != Asked::Waiting || before != why.messages.last().map(|message| message.seq) {
            return;
        }
        match answer {
            Ok(page) => {
                let author = |message: &Message| {
                    let known = page.users.iter().find(|user| user.id == message.sender);
                    known.map_or_else(|| author(&self.client, message.sender), |user| user.display_name.to_string())
                };
                why.messages.extend(page.messages.iter().map(|message| Unread {
                    seq: message.seq,
                    author: author(message),
                    digest: message.body.digest(),
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
        let asked = ReadBy { conversation, seq, count: 0, users: Vec::new(), state: Asked::Waiting };
        self.model.read_by.set(Some(asked));
    }

    /// The answer to [`crate::backend::Errand::Readers`].
    pub fn readers_found(&mut self, conversation: ConversationId, seq: Seq, answer: Result<MessageReaders, Failure>) {
        let asked = self.model.read_by.get_untracked();
        let Some(mut read_by) = asked.filter(|asked| (asked.conversation, asked.seq) == (conversation, seq)) else {
            return;
        };
        match answer {
            Ok(found) => (read_by.count, read_by.users, read_by.state) = (found.count, found.readers, Asked::Answered),
            Err(failure) => {
                read_by.state = Asked::Failed;
                self.refused(&failure);
            }
        }
        self.model.read_by.set(Some(read_by));
    }

    /// The answer to [`crate::backend::Errand::Search`]; one to an earlier query is dropped.
    pub fn found(&mut self, query: &str, answer: Result<Vec<User>, Failure>) {
        if self.model.people.get_untracked().query != query {
            return;
        }
        match answer {
            Ok(users) => self.model.people.set(People { query: query.to_owned(), found: Some(users) }),
            Err(failure) => self.refused(&failure),
        }
    }
}
