//! The pages of one browser profile that show the same account: one of them leads (R004-G11).
//!
//! The leader owns the push connection and stores what the engine keeps. It hands every frame on as it came; the others take
//! it as if the connection were theirs. What a person does in one page is told to the others. Deliberately absent: how a
//! browser settles who leads, and how pages hear each other.

use crate::{Effect, Input, Unsent, UntoldDraft};
use protocol::{ClientFrame, ClientId, ConversationId, Millis, Seq, ServerFrame};
use serde::{Deserialize, Serialize};

/// What pages tell each other.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Word {
    /// A page wants to hear the connection.
    Join {
        page: u64,
    },
    /// A frame of the server as it came. `to`: only this page has not heard it yet, which may be long ago; `time`: what
    /// time it is on the server now.
    Frame {
        text: String,
        to: Option<u64>,
        #[serde(default)]
        time: Option<Millis>,
    },
    /// The connection ended, or there is none to hear.
    Closed {
        code: u16,
        to: Option<u64>,
    },
    /// A frame for the server.
    Send {
        text: String,
    },
    /// The connection watches for this page from now on, and for no other.
    Watch,
    Read {
        conversation: ConversationId,
        seq: Seq,
    },
    /// A message was written, or its state in the outbox is another one.
    Written(Unsent),
    Discarded(ClientId),
    /// A message's picture or file is on its way.
    Uploading(ClientId),
    Draft(UntoldDraft),
    /// The server knows this draft, and the page where it was typed has nothing more to tell of it.
    DraftKnown {
        conversation: ConversationId,
        text: String,
    },
}

impl Word {
    /// What the other pages are to be told of an effect. Of what was typed they are told when it is kept, and of what was given
    /// up by whoever gave it up.
    pub fn of(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::Persist(unsent) => Some(Self::Written(unsent.clone())),
            Effect::KeepRead { conversation, seq } => Some(Self::Read { conversation: *conversation, seq: *seq }),
            Effect::DraftKnown { conversation, text } => {
                Some(Self::DraftKnown { conversation: *conversation, text: text.clone() })
            }
            Effect::Frame(ClientFrame::Watch { .. }) => Some(Self::Watch),
            _ => None,
        }
    }
}

/// How a page stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Leader,
    Follower,
    /// The browser cannot tell who leads: this page has a connection of its own.
    Alone,
}

/// What a page does about what it hears.
#[expect(clippy::large_enum_variant, reason = "two at most, and for a moment")]
#[derive(Clone, Debug)]
pub enum Heard {
    Tell(Input),
    Say(Word),
    /// Over the connection.
    Send(String),
}

/// The push connection as this page has it beside the others.
#[derive(Clone, Debug)]
pub struct Share {
    page: u64,
    role: Role,
    /// The server's greeting on the open connection, for pages that join later.
    greeting: Option<String>,
    /// The engine wants to hear the connection.
    wanted: bool,
}

impl Share {
    pub fn new(page: u64, role: Role) -> Self {
        Self { page, role, greeting: None, wanted: false }
    }

    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether it is for this page to say, or to hear: one with a connection of its own shares what a person does, and no
    /// frames.
    pub fn concerns(&self, word: &Word) -> bool {
        let frames = matches!(
            word,
            Word::Join { .. } | Word::Frame { .. } | Word::Closed { .. } | Word::Send { .. } | Word::Watch
        );
        self.role != Role::Alone || !frames
    }

    /// Whether the server has greeted on the connection.
    pub fn greeted(&self) -> bool {
        self.greeting.is_some()
    }

    /// The engine wants a connection. Another page is asked for it, unless this one is to make it itself.
    pub fn connect(&mut self) -> Option<Word> {
        self.wanted = true;
        (self.role == Role::Follower).then_some(Word::Join { page: self.page })
    }

    pub fn disconnect(&mut self) {
        self.wanted = false;
        self.greeting = None;
    }

    /// The leader is gone and this page leads now: whoever heard that one must hear this one.
    pub fn lead(&mut self) -> Word {
        self.role = Role::Leader;
        Word::Closed { code: Self::ABNORMAL, to: None }
    }

    /// What a browser says of a connection that ended without a word.
    pub const ABNORMAL: u16 = 1006;

    /// A frame came over this page's own connection, which may be the server's greeting: the others hear it.
    pub fn pass_on(&mut self, text: String, greets: bool) -> Word {
        if greets {
            self.greeting = Some(text.clone());
        }
        Word::Frame { text, to: None, time: None }
    }

    /// Takes what another page says. `carried`: whether this page has a connection, or one is on its way; `time`: what
    /// time it is on the server, as far as this page knows; `read` makes a frame out of its text.
    pub fn hear(
        &mut self,
        word: Word,
        carried: bool,
        time: Millis,
        read: impl Fn(&str) -> Option<ServerFrame>,
    ) -> Vec<Heard> {
        if !self.concerns(&word) {
            return Vec::new();
        }
        let leads = self.role == Role::Leader;
        let mine = |to: Option<u64>| !leads && to.is_none_or(|to| to == self.page);
        let one = |heard| vec![heard];
        match word {
            Word::Join { page } if leads => match &self.greeting {
                // It may have heard nothing any more on a connection that only looks open, which is found out then (R004-G9).
                Some(text) => {
                    let greeting = Word::Frame { text: text.clone(), to: Some(page), time: Some(time) };
                    vec![Heard::Say(greeting), Heard::Tell(Input::Woke)]
                }
                // Somebody waits for it, and a timer of a page that nobody sees may ring late.
                None if !carried => {
                    let none = Word::Closed { code: Self::ABNORMAL, to: Some(page) };
                    vec![Heard::Say(none), Heard::Tell(Input::Woke)]
                }
                // The greeting goes to all.
                None => Vec::new(),
            },
            Word::Send { text } if leads => one(Heard::Send(text)),
            Word::Frame { text, to, time } if mine(to) => match read(&text).map(|frame| at(frame, time)) {
                Some(frame) if self.wanted => one(Heard::Tell(Input::SocketFrame(frame))),
                // The leader is connected again: no need to wait any longer.
                Some(ServerFrame::Hello { .. }) => one(Heard::Tell(Input::Woke)),
                None if self.wanted => one(Heard::Tell(Input::SocketHeard)),
                _ => Vec::new(),
            },
            Word::Closed { code, to } if mine(to) && std::mem::take(&mut self.wanted) => {
                one(Heard::Tell(Input::SocketClosed { code }))
            }
            Word::Watch => one(Heard::Tell(Input::WatchedElsewhere)),
            Word::Read { conversation, seq } => one(Heard::Tell(Input::ReadElsewhere(vec![(conversation, seq)]))),
            Word::Written(unsent) => one(Heard::Tell(Input::OutboxElsewhere(vec![unsent]))),
            Word::Discarded(id) => one(Heard::Tell(Input::DiscardedElsewhere(id))),
            Word::Uploading(id) => one(Heard::Tell(Input::UploadingElsewhere(id))),
            Word::Draft(draft) => one(Heard::Tell(Input::TypedElsewhere(draft))),
            Word::DraftKnown { conversation, text } => {
                one(Heard::Tell(Input::DraftKnownElsewhere { conversation, text }))
            }
            Word::Join { .. } | Word::Send { .. } | Word::Frame { .. } | Word::Closed { .. } => Vec::new(),
        }
    }
}

/// A greeting as if it were given now.
fn at(frame: ServerFrame, time: Option<Millis>) -> ServerFrame {
    match (frame, time) {
        (ServerFrame::Hello { device, heartbeat_s, rules, .. }, Some(server_time)) => {
            ServerFrame::Hello { device, server_time, heartbeat_s, rules }
        }
        (frame, _) => frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{DeviceId, Rules};

    /// What time it is on the server, as everybody here knows.
    const NOW: Millis = 1_000_000;

    fn hear(share: &mut Share, word: Word, carried: bool) -> Vec<Heard> {
        let hello = |server_time| ServerFrame::Hello {
            device: DeviceId::try_from(1_u64).unwrap(),
            server_time,
            heartbeat_s: 25,
            rules: Rules::default(),
        };
        share.hear(word, carried, NOW, |text| match text {
            "pong" => Some(ServerFrame::Pong { server_time: NOW }),
            "hello" => Some(hello(1)),
            _ => None,
        })
    }

    /// R004-G11: a greeting that is as old as the connection tells a page that joins what time it is now.
    #[test]
    fn a_late_page_is_greeted_as_of_now() {
        let (mut leader, mut late) = (Share::new(1, Role::Leader), Share::new(2, Role::Follower));
        leader.pass_on("hello".to_owned(), true);
        let greeting = hear(&mut leader, late.connect().unwrap(), true);
        let [Heard::Say(word), _] = &greeting[..] else { panic!("{greeting:?}") };
        let greeted = hear(&mut late, word.clone(), false);
        assert!(
            matches!(greeted[..], [Heard::Tell(Input::SocketFrame(ServerFrame::Hello { server_time: NOW, .. }))]),
            "{greeted:?}"
        );
    }

    /// R004-G11, R004-G9: who joins late is greeted and has the connection tried, frames reach the others alone, and one whom
    /// nobody leads any more leads.
    #[test]
    fn the_others_hear_the_connection_of_the_one_that_leads() {
        let (mut leader, mut other) = (Share::new(1, Role::Leader), Share::new(2, Role::Follower));
        assert!(leader.connect().is_none());
        let join = other.connect().unwrap();
        let none = hear(&mut leader, join.clone(), false);
        // A timer of a page that nobody sees rings late: it tries again for who asks.
        assert!(matches!(none[..], [Heard::Say(Word::Closed { to: Some(2), .. }), Heard::Tell(Input::Woke)]));
        assert!(hear(&mut leader, join.clone(), true).is_empty(), "the greeting goes to all");
        leader.pass_on("hello".to_owned(), true);
        let greeting = hear(&mut leader, join, true);
        let [Heard::Say(Word::Frame { text, to: Some(2), .. }), probe] = &greeting[..] else { panic!("{greeting:?}") };
        assert_eq!(text, "hello");
        assert!(matches!(probe, Heard::Tell(Input::Woke)), "who asks again may have heard nothing on it: {probe:?}");

        let frame = leader.pass_on("pong".to_owned(), false);
        let told = hear(&mut other, frame.clone(), false);
        assert!(matches!(told[..], [Heard::Tell(Input::SocketFrame(ServerFrame::Pong { .. }))]));
        assert!(hear(&mut leader, frame.clone(), true).is_empty());
        let to_another = Word::Frame { text: "pong".to_owned(), to: Some(3), time: None };
        assert!(hear(&mut other, to_another, false).is_empty());

        let closed = Word::Closed { code: Share::ABNORMAL, to: None };
        assert!(matches!(hear(&mut other, closed.clone(), false)[..], [Heard::Tell(Input::SocketClosed { .. })]));
        assert!(hear(&mut other, closed, false).is_empty(), "it has not asked again");
        assert!(hear(&mut other, frame, false).is_empty());
        other.lead();
        assert!(other.connect().is_none());
    }

    /// R004-A1, R004-G11: a page whose browser cannot tell who leads shares what a person does in it, and no connection.
    #[test]
    fn a_page_that_stands_alone_shares_what_a_person_does() {
        let mut alone = Share::new(1, Role::Alone);
        assert!(alone.connect().is_none());
        let id = ClientId::from_bytes([1; 16]);
        let told = hear(&mut alone, Word::Discarded(id), true);
        assert!(matches!(told[..], [Heard::Tell(Input::DiscardedElsewhere(_))]));
        let closed = Word::Closed { code: Share::ABNORMAL, to: None };
        for word in [Word::Watch, Word::Join { page: 2 }, closed, alone.pass_on("pong".to_owned(), false)] {
            assert!(!alone.concerns(&word), "{word:?}");
            assert!(hear(&mut alone, word, true).is_empty());
        }
    }
}
