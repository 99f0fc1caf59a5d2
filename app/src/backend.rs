//! The port between the views and the world: what a page starts from, and what a person wants.
//!
//! The server loads a [`Snapshot`], renders it with [`crate::shell::render`] and embeds the [`Messenger`] in the page;
//! the browser reads it back, builds the same [`crate::live::Live`], and hydrates. From then on views tell an
//! [`Intent`], the driver hands it to [`crate::live::Live::intend`] and performs the effects and the [`Errand`] that
//! come back. Everything that must be drawn moves through `Live`; nothing answers a view directly.
//!
//! Deliberately absent: HTTP, storage, clocks and randomness.

use crate::preferences::{ListOrder, Preferences, Theme};
use leptos::prelude::{GetValue, LocalStorage, StoredValue, use_context};
use protocol::group::{GroupRules, Invitation, Members};
use protocol::messaging::{HistoryPage, Readers};
use protocol::profile::{Card, OwnAccount};
use protocol::sync::SyncPage;
use protocol::{
    Account, ClientId, Contact, Conversation, ConversationId, Device, ErrorCode, FriendRequest, MessageBody, Millis,
    Relation, Rules, Seq, User, UserId,
};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use sync::{Action, Presence, RowKey, Shelf, Start};

/// What the reader is to somebody else, and the friend request that waits between them.
pub type Bond = (Relation, Option<FriendRequest>);

/// Everything one page is rendered from.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub preferences: Preferences,
    pub page: Page,
}

/// The pages. Only the messenger is hydrated; the others are plain forms with WASM or without.
#[derive(Clone, Debug)]
pub enum Page {
    /// `GET /?before=PLACE`, `GET /c/{id}?before=SEQ`, `POST /c/{id}` when it refuses.
    Messenger(Box<Messenger>),
    /// `GET`, `POST /login`: `handle`, `password`, and `to`, the path to go on to.
    Login { ways: LoginWays, form: Form },
    /// On the way to the provider.
    ToProvider { provider: String, url: String },
    /// Back from the provider in vain; `again` leads to where it began.
    NotNamed { provider: String, why: NotNamed, again: &'static str },
    /// `GET`, `POST /register`: `handle`, `display_name`, `password`.
    Register(Form),
    /// `GET /new?query=`; `POST /new`: `peer`, a user's id; answers 303 to the conversation.
    New { me: UserId, query: String, found: Option<Vec<User>>, form: Form },
    /// `GET /contacts?query=`; `POST /contacts`: `user`, an id; `act`, one of `befriend` (with a `greeting`), `unfriend`,
    /// `refuse`, `follow`, `unfollow`, `block`, `unblock`.
    Contacts { content: Box<Contacts>, form: Form },
    /// `GET /devices`; `POST /devices`: `device`, the id of the one to revoke.
    Devices { devices: Vec<Device>, form: Form },
    /// `GET /settings`; `POST /settings`: any of `language`, `theme`, `send_key`, `list_order`, set as cookies, and
    /// `receipts`, a setting of the account; `POST /logout`. `POST /settings/identities`: `act`, which is `link`, or `unlink`,
    /// the subject that shall lead here no more.
    Settings { account: Account, linking: Option<Linking>, form: Form },
    /// `GET /company?department=&after=&query=`.
    Company(Box<Company>),
    /// `GET`, `POST /welcome/{link}`: `handle`, `password`. Without a name the link lets nobody in.
    Welcome { name: Option<String>, form: Form },
    /// `GET /u/{id}`: what the reader sees of somebody, with their title and departments in the company, and what the two are
    /// to each other; nothing of that to oneself.
    Card { card: Box<Card>, post: Option<(Option<String>, String)>, bond: Option<Box<Bond>> },
    /// `GET`, `POST /settings/profile`: `display_name`, `bio`, `gender`, `birthday`, `phone`, and who sees each, as
    /// `bio_for`. `POST /settings/avatar`, with a file: `picture`, `x`, `y`, `size`, and `act`, `upload` or `remove`.
    Profile { own: Box<OwnAccount>, form: Form },
    /// `GET`, `POST /c/{id}/group`: `do` says what, with the fields that it needs. `POST /c/{id}/avatar`, with a file,
    /// as `POST /settings/avatar`.
    Group(Box<GroupPage>),
    /// `GET`, `POST /new/group`: `with` each person chosen, `to` the group that they come into, `title`.
    NewGroup(Box<NewGroup>),
    /// `GET`, `POST /join/{link}`; without an invitation where the link leads to no group.
    Join { invitation: Option<Invitation>, form: Form },
    /// Any path that failed, with the status that belongs to the code.
    Error(ErrorCode),
}

/// How one logs in here.
#[derive(Clone, Debug, Default)]
pub struct LoginWays {
    /// With a handle and a password.
    pub own: bool,
    /// With a provider: what it is called, and the path that leads to it.
    pub provider: Option<(String, String)>,
    /// The path to go on to.
    pub to: Option<String>,
}

/// Whom the provider may vouch for, so that the account's owner is logged in.
#[derive(Clone, Debug)]
pub struct Linking {
    pub provider: String,
    pub linked: Vec<LinkedIdentity>,
    /// Whether one may be taken away: another way in remains.
    pub removable: bool,
}

/// Somebody at the provider.
#[derive(Clone, Debug)]
pub struct LinkedIdentity {
    pub subject: String,
    /// What they are called there, or else the subject.
    pub label: String,
}

/// Why the provider's word let nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNamed {
    /// It did not begin in this browser, or too long ago, or is over.
    Stale,
    /// The person, or the provider, said no.
    Denied,
    /// The provider does not answer.
    Unreachable,
    /// What the provider answered is not believed.
    Untrusted,
    /// The account was deactivated.
    Deactivated,
    /// Whom the provider names leads into another account.
    Elsewhere,
    /// Who wanted to be linked is not logged in any more.
    LoggedOut,
}

/// Everybody whom an account has to do with, or those whom a query means.
#[derive(Clone, Debug, Default)]
pub struct Contacts {
    pub query: String,
    /// Whether the account belongs to a company, and may look at it.
    pub company: bool,
    pub incoming: Vec<FriendRequest>,
    pub outgoing: Vec<FriendRequest>,
    /// The newest conversations, without those of strangers.
    pub recent: Vec<Conversation>,
    /// Conversations with people who were never answered (R001-04).
    pub strangers: Vec<Conversation>,
    /// Friends and whom the account follows, by the initial of their pinyin.
    pub book: Vec<(char, Vec<Contact>)>,
    /// Who only follows the account.
    pub fans: Vec<Contact>,
    pub blocked: Vec<Contact>,
    /// People who are no contacts, found for the query.
    pub others: Vec<User>,
}

/// The company as one of its people sees it.
#[derive(Clone, Debug)]
pub struct Company {
    /// The departments at the top.
    pub tree: Vec<Branch>,
    /// The open one.
    pub department: Option<i64>,
    /// The people of the open one; at the top, those of none.
    pub people: Vec<Colleague>,
    /// After whom the next page begins.
    pub next: Option<UserId>,
    /// The page does not begin with the first.
    pub paged: bool,
    pub query: String,
    pub found: Option<Vec<Colleague>>,
    pub form: Form,
}

/// A department in the tree.
#[derive(Clone, Debug)]
pub struct Branch {
    pub id: i64,
    pub name: String,
    /// In it and below.
    pub people: u64,
    /// Those below it, where it is opened.
    pub below: Option<Vec<Branch>>,
}

/// Somebody whom the company knows.
#[derive(Clone, Debug)]
pub struct Colleague {
    pub user: User,
    pub title: Option<String>,
    pub internal: bool,
    /// The names of their departments.
    pub departments: String,
}

/// What the settings of a group show.
#[derive(Clone, Debug)]
pub struct GroupPage {
    pub conversation: Conversation,
    pub rules: GroupRules,
    /// One page of them, or those that the query finds.
    pub members: Members,
    /// The page does not begin with the first member.
    pub paged: bool,
    pub query: String,
    /// Where browsers reach the server, for the link.
    pub origin: String,
    pub me: UserId,
    pub now: Millis,
    /// The idempotency key of the message that tells everybody of an announcement.
    pub client_id: ClientId,
    pub nickname: String,
    pub announced_by: Option<String>,
    /// Who did not let themselves be invited just now, by name.
    pub refused: Vec<String>,
    pub form: Form,
}

/// Choosing people for a group.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// The group that they come into; absent where they make one.
    pub to: Option<ConversationId>,
    pub chosen: Vec<User>,
    pub query: String,
    pub found: Option<Vec<User>>,
    pub form: Form,
}

/// What a form page shows again after a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub error: Option<FormError>,
    /// What was filled in, by field name. Passwords are never among them.
    pub values: Vec<(String, String)>,
}

/// Why a form was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormError {
    pub code: ErrorCode,
    /// The field to point at.
    pub field: Option<String>,
}

impl Form {
    pub fn value(&self, field: &str) -> &str {
        self.kept(field, "")
    }

    /// What was filled in, or else what is so far.
    pub fn kept<'a>(&'a self, field: &str, so_far: &'a str) -> &'a str {
        self.values.iter().find(|(name, _)| name == field).map_or(so_far, |(_, value)| value)
    }
}

/// What the messenger starts from: embedded in the page as JSON, so that both sides render the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Messenger {
    pub preferences: Preferences,
    pub account: Account,
    pub rules: Rules,
    /// The first page of a sync from nothing.
    pub sync: SyncPage,
    /// Where the session list goes on, for a link without scripts.
    #[serde(default)]
    pub older: Option<String>,
    /// A page of the list that is further down shows these conversations and no others.
    #[serde(default)]
    pub shown: Option<Vec<ConversationId>>,
    /// The conversation that the page shows.
    pub open: Option<Opened>,
    /// The idempotency key of the composer's plain form.
    pub client_id: ClientId,
    /// The composer's plain form (`POST /c/{id}`: `text`, `client_id`).
    #[serde(default)]
    pub form: Form,
}

/// The conversation that a page shows, with one page of its history: the newest, or that before `?before=`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Opened {
    pub conversation: Conversation,
    pub history: HistoryPage,
    /// Whether the peer is there, where that is told.
    #[serde(default)]
    pub presence: Option<Presence>,
    /// Who has read its messages, where it is a group whose readers are told.
    #[serde(default)]
    pub readers: Option<Readers>,
}

impl Messenger {
    /// Whether the page shows the newest messages, and the head of the list. Only such a page is hydrated: an older one
    /// is for reading without scripts.
    pub fn newest(&self) -> bool {
        self.shown.is_none() && self.open.as_ref().is_none_or(|open| open.history.through >= open.history.head_seq)
    }

    /// What the client engine starts from: the same on the server and in the browser.
    pub fn start(&self) -> Start {
        let mut sync = self.sync.clone();
        let open = self.open.as_ref().map(|open| {
            // It may be older than the first page of the list, or have moved since that was read.
            if !sync.conversations.contains(&open.conversation) {
                sync.conversations.push(open.conversation.clone());
            }
            let mut history = open.history.clone();
            if !self.newest() {
                history.head_seq = history.through;
            }
            (open.conversation.id, history)
        });
        Start {
            account: self.account.clone(),
            rules: self.rules,
            now: self.preferences.now,
            unread_first: self.preferences.list_order == ListOrder::UnreadFirst,
            sync,
            open,
            presence: self.open.as_ref().and_then(|open| open.presence),
            readers: self.open.as_ref().and_then(|open| open.readers.clone()),
        }
    }
}

/// What a person wants, as views tell it. [`crate::live::Live::intend`] turns each into a step of the client engine,
/// an [`Errand`] for the driver, or both.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Show a conversation.
    Open(ConversationId),
    /// Leave the open conversation for the list.
    Back,
    Send {
        conversation: ConversationId,
        body: MessageBody,
    },
    /// Try a failed message again.
    Retry(ClientId),
    /// Give a failed message up.
    Discard(ClientId),
    /// Mount older rows, or load them.
    LoadOlder(ConversationId),
    /// Mount newer rows, where older ones took their place.
    ShowNewer(ConversationId),
    /// Mount the newest rows.
    ShowNewest,
    LoadGap {
        conversation: ConversationId,
        before: Seq,
    },
    /// Load what follows at the end of the session list.
    LoadOlderSessions,
    /// Rows through `seq` are on screen in a visible, focused page (R000-08, T15).
    Seen {
        conversation: ConversationId,
        seq: Seq,
    },
    /// Whether a person looks at the end of the open conversation: what comes is seen as it comes (R004-B7.2).
    Watching(bool),
    /// The pointer rests on a row of the session list, which must not move meanwhile.
    Hover(Option<ConversationId>),
    /// Connect now instead of waiting.
    Reconnect,
    /// The composer's text changed.
    /// This was typed before the page was live, or after a draft that it knew of then.
    Early {
        conversation: ConversationId,
        text: String,
    },
    Draft {
        conversation: ConversationId,
        text: String,
    },
    /// A change that the server makes first: delete, recall, report.
    Act(Action),
    /// Read a conversation through, without looking at it (R001-20).
    MarkRead(ConversationId),
    /// Keep a conversation out of the total for so many milliseconds, or always (R004-B7.9).
    Mute {
        conversation: ConversationId,
        wait: Option<Millis>,
    },
    /// Show a part of the session list.
    Show(Shelf),
    /// Delete a conversation, on this device or on all (R001-05, X7).
    DeleteConversation {
        conversation: ConversationId,
        /// On all devices of the account.
        everywhere: bool,
    },
    /// The menu of a message is about to open: what can be done about it?
    AskAbout {
        conversation: ConversationId,
        seq: Seq,
    },
    /// Put what a message says on the clipboard, while it says so (R001-18).
    Copy(RowKey),
    /// Show the messages that make a badge, from the newest, or those before a seq; or all of them that name the reader.
    Unread {
        conversation: ConversationId,
        naming: bool,
        before: Option<Seq>,
    },
    /// What makes the badge that is shown so has changed: show the newest of it anew.
    UnreadAnew,
    /// Show who has read one's own message in a group.
    Readers {
        conversation: ConversationId,
        seq: Seq,
    },
    /// Show who waits to be let into a group.
    Waiting(ConversationId),
    /// Let somebody in who waits, or not.
    AnswerWaiting {
        conversation: ConversationId,
        user: UserId,
        accept: bool,
    },
    /// Show a message in its place.
    Jump {
        conversation: ConversationId,
        seq: Seq,
    },
    /// Find users by handle or display name; an empty query clears the result.
    Search(String),
    /// Find members of a group by name, or the first of them.
    Members {
        conversation: ConversationId,
        query: String,
    },
    /// Open the direct conversation with a user.
    Start(UserId),
    /// The emoji panel was opened: its data is needed.
    Emoji,
    /// An emoji was chosen.
    UsedEmoji(String),
    /// 0 none, 1 light to 5 dark.
    SkinTone(usize),
    SetTheme(Theme),
}

/// What the driver does for an intent, beside the engine's effects.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// Show this path in the address bar, as a new entry of the history (unless it is shown already).
    Visit(String),
    /// Go back to the list.
    Back,
    /// Name the conversation no longer in the address bar: it is not there any more.
    Leave(ConversationId),
    /// `GET /users?query=`, then [`crate::live::Live::found`] with the same query.
    Search(String),
    /// `GET …/members?query=`, then [`crate::live::Live::found`] with the same query.
    Members { conversation: ConversationId, query: String },
    /// `GET …/unread`, then [`crate::live::Live::unread_found`] with the same arguments.
    Unread { conversation: ConversationId, naming: bool, before: Option<Seq> },
    /// `GET …/messages/{seq}/readers`, then [`crate::live::Live::readers_found`] with the same arguments.
    Readers { conversation: ConversationId, seq: Seq },
    /// `GET …/group`, then [`crate::live::Live::waiting_found`] with who waits.
    Waiting(ConversationId),
    /// `PUT …/waiting/{user}`, then [`crate::live::Live::waiting_answered`].
    AnswerWaiting { conversation: ConversationId, user: UserId, accept: bool },
    /// Put a text on the clipboard.
    Copy(String),
    /// `POST /conversations`, then a step with `Input::Joined` and [`Intent::Open`], or
    /// [`crate::live::Live::refused`].
    Start(UserId),
    /// Fetch the emoji data (its address stands in `<meta name="emoji">`), then
    /// [`crate::live::Live::emoji_loaded`].
    FetchEmoji,
    /// Keep the emoji used last, newest first, and the skin tone.
    KeepEmoji { recent: Vec<String>, skin_tone: usize },
    /// Keep the cookie [`Preferences::THEME`] for a year, for the whole site, `SameSite=Lax`.
    KeepTheme(Theme),
}

/// What this device kept across reloads for the views.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// The emoji used last, newest first.
    pub recent_emoji: Vec<String>,
    /// 0 none, 1 light to 5 dark.
    pub skin_tone: usize,
}

type Hear = Rc<dyn Fn(Intent)>;

/// Where views send their intents. On the server there is nobody to hear them.
#[derive(Clone, Copy, Default)]
pub struct Backend(Option<StoredValue<Hear, LocalStorage>>);

impl Backend {
    /// `hear` is never called from within [`crate::live::Live`].
    pub fn new(hear: impl Fn(Intent) + 'static) -> Self {
        Self(Some(StoredValue::new_local(Rc::new(hear))))
    }

    /// The backend that the page was mounted with.
    pub fn here() -> Self {
        use_context().unwrap_or_default()
    }

    pub fn tell(self, intent: Intent) {
        if let Some(hear) = self.0.and_then(|hear| hear.try_get_value()) {
            hear(intent);
        }
    }
}
