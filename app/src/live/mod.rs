//! The model behind the views: what the client engine knows, as signals, and what a person wants, as its inputs.
//!
//! Invariants: a step moves the signals of what changed and no others; a row keeps its signal, and so its DOM node,
//! from the optimistic message to the confirmed one. The same inputs make the same model on the server and in the
//! browser.
//! Deliberately absent: clocks, randomness, I/O; the driver performs what comes back.

pub mod chat;
pub mod emoji;
pub mod sessions;

use crate::backend::{Errand, Form, Intent, Kept, Messenger};
use crate::preferences::{SendKey, Theme};
use crate::words::Words;
use crate::words::time::Clock;
use chat::Chat;
use emoji::{EmojiData, Recents};
use leptos::prelude::{ArcRwSignal, GetUntracked, RwSignal, Set, WithUntracked};
use protocol::{ClientId, ConversationId, ErrorCode, Millis, User, path};
use sessions::{SessionEntry, SessionRow, hold};
use std::collections::{BTreeMap, BTreeSet};
use sync::{Changes, Client, Effect, Failure, Input, Request, RequestId, Window};

/// The signals that views read. Made under the reactive owner of the page, so it may be copied anywhere.
#[derive(Clone, Copy)]
pub struct Model {
    pub words: &'static Words,
    pub send_key: SendKey,
    pub account: RwSignal<User>,
    pub theme: RwSignal<Theme>,
    pub clock: RwSignal<Clock>,
    pub sessions: RwSignal<Vec<SessionEntry>>,
    pub open: RwSignal<Option<Chat>>,
    /// The connection has been gone long enough to say so.
    pub interrupted: RwSignal<bool>,
    /// Unread messages of all conversations (R004-B7.18).
    pub total: RwSignal<u64>,
    pub toast: RwSignal<Option<Toast>>,
    pub people: RwSignal<People>,
    pub emoji: RwSignal<EmojiData>,
    pub recent_emoji: RwSignal<Vec<String>>,
    /// The skin tone of emoji that take one: 0 none, 1 light to 5 dark.
    pub skin_tone: RwSignal<usize>,
    /// What the composer's plain form starts from.
    pub client_id: ClientId,
    pub form: RwSignal<Form>,
}

/// Something to be told for about two seconds (R004-I9). Each has a number, so that the same one can be told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Toast {
    pub number: u64,
    pub what: Complaint,
}

/// Why something a person asked for did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// R004-I7
    NoNetwork,
    Refused(ErrorCode),
}

/// The people found for a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct People {
    pub query: String,
    /// Absent while the answer is on its way, or nothing was asked.
    pub found: Option<Vec<User>>,
}

/// The model and the engine under it.
pub struct Live {
    client: Client,
    model: Model,
    rows: BTreeMap<ConversationId, ArcRwSignal<SessionRow>>,
    drafts: BTreeMap<ConversationId, String>,
    hovered: Option<ConversationId>,
    /// Which rows of the open conversation are mounted.
    window: Window,
    /// The page shows older messages without scripts.
    cut_off: bool,
    /// A person looks at the end of the open conversation.
    watching: bool,
    /// Posts under way.
    posts: BTreeMap<RequestId, ClientId>,
    /// Messages whose failure a person was told of.
    told: BTreeSet<ClientId>,
    recents: Recents,
    toasts: u64,
}

impl Live {
    /// Builds the model that the page shows first. Call it under the page's reactive owner.
    pub fn new(messenger: &Messenger) -> Self {
        let preferences = messenger.preferences;
        let client = Client::new(messenger.start());
        let model = Model {
            words: Words::of(preferences.language),
            send_key: preferences.send_key,
            account: RwSignal::new(messenger.account.user()),
            theme: RwSignal::new(preferences.theme),
            clock: RwSignal::new(Clock { now: preferences.now, utc_offset: preferences.utc_offset }),
            sessions: RwSignal::new(Vec::new()),
            open: RwSignal::new(None),
            interrupted: RwSignal::new(client.interrupted()),
            total: RwSignal::new(client.total_unread()),
            toast: RwSignal::new(None),
            people: RwSignal::new(People::default()),
            emoji: RwSignal::new(EmojiData::default()),
            recent_emoji: RwSignal::new(Vec::new()),
            skin_tone: RwSignal::new(0),
            client_id: messenger.client_id,
            form: RwSignal::new(messenger.form.clone()),
        };
        let mut live = Self {
            client,
            model,
            rows: BTreeMap::new(),
            drafts: BTreeMap::new(),
            hovered: None,
            window: Window::default(),
            watching: false,
            cut_off: !messenger.newest(),
            posts: BTreeMap::new(),
            told: BTreeSet::new(),
            recents: Recents::default(),
            toasts: 0,
        };
        live.client.take_changes();
        for id in live.client.sessions() {
            live.refresh_session(id);
        }
        live.refresh_order();
        live.refresh_open(false);
        live
    }

    /// The signals, for the views.
    pub fn model(&self) -> Model {
        self.model
    }

    /// Runs the engine and moves the signals of what changed. `now` is this device's clock.
    pub fn step(&mut self, now: Millis, random: u64, input: Input) -> Vec<Effect> {
        self.complain_of(&input);
        let mut effects = self.client.step(now, random, input);
        if let Some(seen) = self.seen_at_once() {
            effects.extend(self.client.step(now, random.wrapping_add(1), seen));
        }
        for effect in &effects {
            if let Effect::Request { id, request: Request::Post { client_id, .. } } = effect {
                self.posts.insert(*id, *client_id);
            }
        }
        let clock = self.model.clock.get_untracked();
        if clock.now / 60_000 != now / 60_000 {
            self.set_clock(Clock { now, ..clock });
        }
        let changes = self.client.take_changes();
        self.redraw(&changes);
        effects
    }

    /// Turns what a person wants into a step of the engine and work for the driver. `fresh` is a new key, used if the
    /// intent is a message.
    pub fn intend(
        &mut self,
        now: Millis,
        random: u64,
        fresh: ClientId,
        intent: Intent,
    ) -> (Vec<Effect>, Option<Errand>) {
        let mut errand = None;
        let input = match intent {
            Intent::Open(id) => {
                errand = Some(Errand::Visit(path::page(id)));
                Some(Input::Open(id))
            }
            Intent::Back => {
                errand = Some(Errand::Visit("/".to_owned()));
                Some(Input::Close)
            }
            Intent::Send { conversation, body } => {
                self.drafts.remove(&conversation);
                self.window = Window::default();
                errand = Some(Errand::KeepDraft { conversation, text: String::new() });
                Some(Input::Send { conversation, client_id: fresh, body })
            }
            Intent::Retry(client_id) => {
                self.told.remove(&client_id);
                Some(Input::Retry(client_id))
            }
            Intent::Discard(client_id) => Some(Input::Discard(client_id)),
            Intent::LoadOlder(conversation) => {
                let window = self.client.older(conversation, self.window);
                (!self.mount(window)).then_some(Input::LoadOlder(conversation))
            }
            Intent::ShowNewer(conversation) => {
                self.mount(self.client.newer(conversation, self.window));
                None
            }
            Intent::ShowNewest => {
                self.mount(Window::default());
                None
            }
            Intent::LoadGap { conversation, before } => Some(Input::LoadGap { conversation, before }),
            Intent::Seen { conversation, seq } => Some(Input::Seen { conversation, seq }),
            Intent::Watching(watching) => {
                self.watching = watching;
                None
            }
            Intent::Reconnect => Some(Input::Woke),
            Intent::Hover(id) => {
                self.hovered = id;
                self.refresh_order();
                None
            }
            Intent::Draft { conversation, text } => {
                self.set_draft(conversation, text.clone());
                errand = Some(Errand::KeepDraft { conversation, text });
                None
            }
            Intent::Search(query) => {
                errand = self.search(query);
                None
            }
            Intent::Start(user) => {
                errand = Some(Errand::Start(user));
                None
            }
            Intent::Emoji => {
                errand = self.want_emoji();
                None
            }
            Intent::UsedEmoji(emoji) => {
                self.model.recent_emoji.set(self.recents.used(emoji));
                errand = Some(self.keep_emoji());
                None
            }
            Intent::SkinTone(tone) => {
                self.model.skin_tone.set(tone);
                errand = Some(self.keep_emoji());
                None
            }
            Intent::SetTheme(theme) => {
                self.model.theme.set(theme);
                errand = Some(Errand::KeepTheme(theme));
                None
            }
        };
        (input.map(|input| self.step(now, random, input)).unwrap_or_default(), errand)
    }

    /// Corrects the time zone, and the time, by this device's own. Call it once the page is hydrated.
    pub fn set_clock(&mut self, clock: Clock) {
        if self.model.clock.get_untracked() == clock {
            return;
        }
        let moved = self.model.clock.get_untracked().utc_offset != clock.utc_offset;
        self.model.clock.set(clock);
        if moved {
            self.refresh_open_rows();
        }
    }

    /// Takes in what this device kept across reloads. Call it once the page is hydrated.
    pub fn restore(&mut self, kept: Kept) {
        for (conversation, text) in kept.drafts {
            // What was typed before the drafts were read is newer.
            if !self.drafts.contains_key(&conversation) {
                self.bring_draft(conversation, text);
            }
        }
        self.recents = Recents::new(kept.recent_emoji);
        self.model.skin_tone.set(kept.skin_tone);
        self.model.recent_emoji.set(self.recents.list());
    }

    /// Takes in a draft that another tab wrote.
    pub fn bring_draft(&mut self, conversation: ConversationId, text: String) {
        if let Some(chat) = self.model.open.get_untracked()
            && chat.id == conversation
        {
            chat.draft.set(text.clone());
        }
        self.set_draft(conversation, text);
    }

    /// The answer to [`Errand::Search`]; one to an earlier query is dropped.
    pub fn found(&mut self, query: &str, answer: Result<Vec<User>, Failure>) {
        if self.model.people.get_untracked().query != query {
            return;
        }
        match answer {
            Ok(users) => self.model.people.set(People { query: query.to_owned(), found: Some(users) }),
            Err(failure) => self.refused(&failure),
        }
    }

    /// Tells a person that what they asked for failed.
    pub fn refused(&mut self, failure: &Failure) {
        self.toasts += 1;
        let what = match failure {
            Failure::Network => Complaint::NoNetwork,
            Failure::Refused(error) => Complaint::Refused(error.code),
        };
        self.model.toast.set(Some(Toast { number: self.toasts, what }));
    }

    /// The answer to [`Errand::FetchEmoji`]: the JSON text, or nothing if it could not be had.
    pub fn emoji_loaded(&mut self, json: Option<&str>) {
        self.model.emoji.set(json.map_or(EmojiData::Failed, EmojiData::parse));
    }

    fn want_emoji(&mut self) -> Option<Errand> {
        match self.model.emoji.get_untracked() {
            EmojiData::Absent | EmojiData::Failed => {
                self.model.emoji.set(EmojiData::Loading);
                Some(Errand::FetchEmoji)
            }
            EmojiData::Loading | EmojiData::Loaded(_) => None,
        }
    }

    fn keep_emoji(&self) -> Errand {
        Errand::KeepEmoji { recent: self.recents.list(), skin_tone: self.model.skin_tone.get_untracked() }
    }

    fn search(&mut self, query: String) -> Option<Errand> {
        let query = query.trim().to_owned();
        self.model.people.set(People { query: query.clone(), found: None });
        (!query.is_empty()).then_some(Errand::Search(query))
    }

    /// A post that failed is told once a message (R004-I7, I8), however often it is tried again.
    fn complain_of(&mut self, input: &Input) {
        let Input::Answered { request, answer } = input else { return };
        let Some(client_id) = self.posts.remove(request) else { return };
        match answer {
            Ok(_) => {
                self.told.remove(&client_id);
            }
            Err(failure) => {
                if self.told.insert(client_id) {
                    self.refused(failure);
                }
            }
        }
    }

    /// What came into a watched window counts as seen before it is drawn, so that no badge flashes (R004-B7.2).
    fn seen_at_once(&self) -> Option<Input> {
        let shown = self.model.open.with_untracked(|chat| chat.as_ref().map(|chat| chat.id))?;
        let watched = self.watching && self.window.follows() && self.client.open() == Some(shown);
        let conversation = watched.then_some(shown)?;
        let seq = self.client.session(conversation).filter(|session| session.unread > 0)?.last?.seq?;
        Some(Input::Seen { conversation, seq })
    }

    fn redraw(&mut self, changes: &Changes) {
        for &id in &changes.sessions {
            self.refresh_session(id);
        }
        if changes.order {
            self.refresh_order();
        }
        let shown = self.model.open.get_untracked().map(|chat| chat.id);
        if self.client.open() != shown {
            self.refresh_open(true);
        } else if shown.is_some_and(|id| changes.timelines.contains(&id)) {
            self.refresh_open_rows();
        }
        if changes.link {
            self.model.interrupted.set(self.client.interrupted());
        }
        if changes.total {
            self.model.total.set(self.client.total_unread());
        }
    }

    fn refresh_session(&mut self, id: ConversationId) {
        let Some(session) = self.client.session(id) else { return };
        let draft = if self.client.open() == Some(id) { None } else { self.drafts.get(&id).cloned() };
        let row = SessionRow::new(&self.client, session, draft.unwrap_or_default());
        match self.rows.get(&id) {
            Some(signal) => {
                if signal.get_untracked() != row {
                    signal.set(row);
                }
            }
            None => {
                self.rows.insert(id, ArcRwSignal::new(row));
            }
        }
    }

    fn refresh_order(&mut self) {
        let old: Vec<ConversationId> = self.model.sessions.get_untracked().iter().map(|entry| entry.id).collect();
        let held: Vec<ConversationId> = self.client.open().into_iter().chain(self.hovered).collect();
        let new = hold(&old, self.client.sessions(), &held);
        if new == old {
            return;
        }
        for id in &new {
            if !self.rows.contains_key(id) {
                self.refresh_session(*id);
            }
        }
        let entry = |id: &ConversationId| self.rows.get(id).map(|row| SessionEntry { id: *id, row: row.clone() });
        let entries = new.iter().filter_map(entry).collect();
        self.model.sessions.set(entries);
    }

    /// Shows the conversation that is open in the engine now.
    fn refresh_open(&mut self, entered: bool) {
        let left = self.model.open.get_untracked().map(|chat| chat.id);
        let id = self.client.open();
        for id in left.into_iter().chain(id) {
            self.refresh_session(id);
        }
        self.window = Window::default();
        self.watching = false;
        let chat = id.and_then(|id| {
            let draft = self.drafts.get(&id).cloned().unwrap_or_default();
            self.rows.get(&id).map(|row| Chat::new(id, row.clone(), draft, entered))
        });
        if let Some(chat) = &chat {
            self.fill(chat);
        }
        self.model.open.set(chat);
        self.refresh_order();
    }

    /// Mounts other rows of the open conversation. Tells whether they are others.
    fn mount(&mut self, window: Window) -> bool {
        let moved = window != self.window;
        if moved {
            self.window = window;
            self.refresh_open_rows();
        }
        moved
    }

    fn refresh_open_rows(&self) {
        if let Some(chat) = self.model.open.get_untracked() {
            self.fill(&chat);
        }
    }

    fn fill(&self, chat: &Chat) {
        chat.refresh(&self.client, self.model.clock.get_untracked(), &self.window, self.cut_off);
    }

    fn set_draft(&mut self, conversation: ConversationId, text: String) {
        if text.is_empty() {
            self.drafts.remove(&conversation);
        } else {
            self.drafts.insert(conversation, text);
        }
        self.refresh_session(conversation);
    }
}
