//! The model behind the views: what the client engine knows, as signals, and what a person wants, as its inputs.
//!
//! Invariants: a step moves the signals of what changed and no others; a row keeps its signal, and so its DOM node,
//! from the optimistic message to the confirmed one. The same inputs make the same model on the server and in the
//! browser.
//! Deliberately absent: clocks, randomness, I/O; the driver performs what comes back.

pub mod attachment;
pub mod chat;
pub mod emoji;
mod intend;
pub mod lists;
mod model;
pub mod picture;
pub mod sessions;
pub mod tip;

pub(crate) use intend::continued;
pub use model::{Model, Named, Notice, People, Toast};

use crate::backend::{Kept, Messenger};
use crate::words::Words;
use crate::words::time::Clock;
use attachment::Attachment;
use chat::Chat;
use emoji::{EmojiData, Recents};
use leptos::prelude::{ArcRwSignal, GetUntracked, RwSignal, Set, Update, WithUntracked};
use protocol::{ClientId, ConversationId, ErrorCode, Millis, UserId};
use sessions::{SessionEntry, SessionRow, hold};
use std::collections::BTreeSet;
use sync::{Acted, Action, Changes, Client, Effect, Failure, Input, Map, Request, RequestId, Shelf, Unstored, Window};

/// The model and the engine under it.
pub struct Live {
    client: Client,
    model: Model,
    rows: Map<ConversationId, ArcRwSignal<SessionRow>>,
    hovered: Option<ConversationId>,
    /// The page shows these conversations alone, without scripts.
    shown: Option<Vec<ConversationId>>,
    /// Which rows of the open conversation are mounted.
    window: Window,
    /// The page shows older messages without scripts.
    cut_off: bool,
    /// A person looks at the end of the open conversation.
    watching: bool,
    /// The conversation that is shown is not there any more: it stays as it was until somebody goes on.
    ended: bool,
    /// Posts and uploads under way, and what they carry.
    posts: Map<RequestId, (ClientId, Option<Attachment>)>,
    /// Messages whose failure a person was told of.
    told: BTreeSet<ClientId>,
    /// With whom somebody is about to write, and what was open when they said so.
    starting: Option<(UserId, Option<ConversationId>)>,
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
            older: RwSignal::new(messenger.older.clone()),
            shelf: RwSignal::new(Shelf::All),
            labels: RwSignal::new(Vec::new()),
            archived: RwSignal::new(false),
            open: RwSignal::new(None),
            interrupted: RwSignal::new(client.interrupted()),
            total: RwSignal::new(client.total_unread()),
            awaiting: RwSignal::new(client.awaiting()),
            toast: RwSignal::new(None),
            people: RwSignal::new(People::default()),
            why: RwSignal::new(None),
            read_by: RwSignal::new(None),
            requests: RwSignal::new(client.requests()),
            waiting: RwSignal::new(None),
            recallable: RwSignal::new(None),
            jumps: RwSignal::new(0),
            emoji: RwSignal::new(EmojiData::default()),
            recent_emoji: RwSignal::new(Vec::new()),
            skin_tone: RwSignal::new(0),
            client_id: messenger.client_id,
            form: RwSignal::new(messenger.form.clone()),
            went: RwSignal::new(0),
            dropping: RwSignal::new(false),
            pictures: RwSignal::new(Map::new()),
            preparing: RwSignal::new(0),
            uploads: RwSignal::new(Map::new()),
            named: RwSignal::new(Vec::new()),
            announced: RwSignal::new(Map::new()),
        };
        let mut live = Self {
            client,
            model,
            rows: Map::new(),
            hovered: None,
            shown: messenger.shown.clone(),
            window: Window::default(),
            watching: false,
            ended: false,
            cut_off: !messenger.newest(),
            posts: Map::new(),
            told: BTreeSet::new(),
            starting: None,
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

    /// The conversation that is open in the engine.
    pub fn open(&self) -> Option<ConversationId> {
        self.client.open()
    }

    /// What time it is on the server, as far as this device knows, whose clock says `now`.
    pub fn server_time(&self, now: Millis) -> Millis {
        self.client.server_time(now)
    }

    /// Runs the engine and moves the signals of what changed. `now` is this device's clock.
    pub fn step(&mut self, now: Millis, random: u64, input: Input) -> Vec<Effect> {
        self.complain_of(&input);
        self.ended &= !matches!(input, Input::Open(_) | Input::Close);
        let mut effects = self.client.step(now, random, input);
        if let Some(seen) = self.seen_at_once() {
            effects.extend(self.client.step(now, random.wrapping_add(1), seen));
        }
        for effect in &effects {
            let Effect::Request { id, request } = effect else { continue };
            match request {
                Request::Post { client_id, body, .. } => {
                    self.posts.insert(*id, (*client_id, Attachment::of(body)));
                }
                Request::Upload { client_id, body } => {
                    self.posts.insert(*id, (*client_id, Attachment::of(body)));
                }
                _ => {}
            }
        }
        let clock = self.model.clock.get_untracked();
        if clock.now / 60_000 != now / 60_000 {
            self.set_clock(Clock { now, ..clock });
        }
        let changes = self.client.take_changes();
        self.redraw(&changes);
        changes.acted.iter().for_each(|acted| self.acted(acted));
        effects
    }

    /// Corrects the time zone, and the time, by this device's own. Call it once the page is hydrated. Tells whether the time zone
    /// is another.
    pub fn set_clock(&mut self, clock: Clock) -> bool {
        let before = self.model.clock.get_untracked();
        let moved = before.utc_offset != clock.utc_offset;
        if before != clock {
            self.model.clock.set(clock);
        }
        if moved {
            self.refresh_open_rows();
        }
        moved
    }

    /// Takes in what this device kept across reloads. Call it once the page is hydrated.
    pub fn restore(&mut self, kept: Kept) {
        self.recents = Recents::new(kept.recent_emoji);
        self.model.skin_tone.set(kept.skin_tone);
        self.model.recent_emoji.set(self.recents.list());
    }

    /// This device has a picture that it sends, under an address of its own.
    pub fn has_picture(&mut self, id: ClientId, source: Option<String>) {
        self.model.pictures.update(|pictures| match source {
            Some(source) => drop(pictures.insert(id, source)),
            None => drop(pictures.remove(&id)),
        });
    }

    /// So many per cent of a picture or a file are on the server; nothing when its upload has ended.
    pub fn uploading(&mut self, id: ClientId, percent: Option<u8>) {
        self.model.uploads.update(|uploads| match percent {
            Some(percent) => drop(uploads.insert(id, percent)),
            None => drop(uploads.remove(&id)),
        });
    }

    /// Files are dragged to where they can be dropped, or not any more.
    pub fn dropping(&mut self, dropping: bool) {
        self.model.dropping.set(dropping);
    }

    /// So many things that a person chose are being prepared, which takes long.
    pub fn preparing(&mut self, count: usize) {
        self.model.preparing.set(count);
    }

    /// So many are left, if any were told of.
    pub fn prepared(&mut self, left: usize) {
        if self.model.preparing.get_untracked() > 0 {
            self.model.preparing.set(left);
        }
    }

    /// What a person chose cannot be sent as that.
    pub fn cannot_send(&mut self, what: Attachment) {
        self.notify(Notice::RefusedUpload(ErrorCode::InvalidField, what));
    }

    /// What the device is to store now, if anything is not stored yet.
    pub fn take_unstored(&mut self) -> Option<Unstored> {
        self.client.take_unstored()
    }

    /// Another page has stored, or nobody has: everything is to be stored.
    pub fn store_anew(&mut self) {
        self.client.store_anew();
    }

    /// Tells a person that what they asked for failed.
    pub fn refused(&mut self, failure: &Failure) {
        self.notify(match failure {
            Failure::Network => Notice::NoNetwork,
            Failure::Refused(error) => Notice::Refused(error.code),
        });
    }

    fn notify(&mut self, what: Notice) {
        self.toasts += 1;
        self.model.toast.set(Some(Toast { number: self.toasts, what }));
    }

    /// The answer to [`Errand::FetchEmoji`]: the JSON text, or nothing if it could not be had.
    pub fn emoji_loaded(&mut self, groups: Option<Vec<Vec<emoji::Emoji>>>) {
        self.model.emoji.set(EmojiData::of(groups));
    }

    /// A post that failed is told once a message (R004-I7, I8), however often it is tried again; that it will never be
    /// taken is told whatever was told before (R004-I1 to R004-I4).
    fn complain_of(&mut self, input: &Input) {
        let Input::Answered { request, answer } = input else { return };
        let Some((client_id, carried)) = self.posts.remove(request) else { return };
        if !self.client.unsent(client_id) {
            // It was given up meanwhile, or is there.
            self.told.remove(&client_id);
            return;
        }
        match answer {
            Ok(_) => {
                self.told.remove(&client_id);
            }
            Err(failure) => {
                let never = !failure.is_fault() && matches!(failure, Failure::Refused(error) if !error.retryable);
                if self.told.insert(client_id) || never {
                    match (failure, carried) {
                        (Failure::Refused(error), Some(what)) if never => {
                            self.notify(Notice::RefusedUpload(error.code, what));
                        }
                        _ => self.refused(failure),
                    }
                }
            }
        }
    }

    /// Tells what became of an action, where the screen alone does not.
    fn acted(&mut self, acted: &Acted) {
        match (&acted.outcome, &acted.action) {
            (Err(failure), _) => self.refused(failure),
            (Ok(()), Action::Hide { conversation, seqs, hidden: true }) => {
                self.notify(Notice::Deleted { conversation: *conversation, seqs: seqs.clone() });
            }
            (Ok(()), Action::Report { .. }) => self.notify(Notice::Reported),
            (Ok(()), Action::Prefer { change, .. })
                if change.pinned.or(change.archived_until.map(|_| true)).is_some() =>
            {
                self.place_anew();
            }
            _ => {}
        }
    }

    /// What came into a watched window counts as seen before it is drawn, so that no badge flashes (R004-B7.2).
    fn seen_at_once(&self) -> Option<Input> {
        let shown = self.model.open.with_untracked(|chat| chat.as_ref().map(|chat| chat.id))?;
        let watched = self.watching && self.window.follows() && self.client.open() == Some(shown);
        let conversation = watched.then_some(shown)?;
        self.client.session(conversation).filter(|session| session.unread > 0)?;
        Some(Input::Seen { conversation, seq: self.client.newest(conversation)? })
    }

    fn redraw(&mut self, changes: &Changes) {
        for &id in &changes.sessions {
            self.refresh_session(id);
            self.doubt_why(id);
        }
        if changes.order {
            self.refresh_order();
            self.model.awaiting.set(self.client.awaiting());
            let older = self.client.older_sessions();
            if self.model.older.with_untracked(|shown| shown.as_deref() != older) {
                self.model.older.set(older.map(str::to_owned));
            }
        }
        let shown = self.model.open.get_untracked();
        if let (Some((id, why)), Some(chat)) = (changes.parted, &shown)
            && chat.id == id
        {
            self.ended = true;
            chat.ended.set(Some(why));
            self.notify(Notice::Parted(why));
        }
        let over = shown.as_ref().is_some_and(|chat| chat.ended.get_untracked().is_some());
        let shown = shown.map(|chat| chat.id);
        if self.ended {
            return self.redraw_rest(changes);
        }
        if over || self.client.open() != shown {
            self.refresh_open(true);
        } else if shown.is_some_and(|id| changes.timelines.contains(&id)) {
            self.refresh_open_rows();
        }
        self.redraw_rest(changes);
    }

    fn redraw_rest(&mut self, changes: &Changes) {
        if changes.account {
            self.model.account.set(self.client.account().user());
            self.model.requests.set(self.client.requests());
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
        let open = self.model.open.get_untracked().filter(|chat| chat.id == id);
        if let Some(chat) = open.filter(|chat| chat.draft.get_untracked() != session.draft) {
            chat.draft.set(session.draft.clone());
        }
        let row = SessionRow::new(&self.client, session);
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
        let mut new = hold(&old, self.model.shelf.with_untracked(|shelf| self.client.shelf(shelf)), &held);
        if let Some(shown) = &self.shown {
            new.retain(|id| shown.contains(id));
        }
        self.list(&old, new);
    }

    /// A person wants the list to be another one: no row is held in its place.
    fn place_anew(&mut self) {
        self.list(&[], self.model.shelf.with_untracked(|shelf| self.client.shelf(shelf)));
    }

    fn list(&mut self, old: &[ConversationId], new: Vec<ConversationId>) {
        let (labels, archived) = (self.client.labels(), !self.client.shelf(&Shelf::Archived).is_empty());
        if self.model.archived.get_untracked() != archived {
            self.model.archived.set(archived);
        }
        if self.model.labels.with_untracked(|known| *known != labels) {
            self.model.labels.set(labels);
        }
        let strangers: Vec<bool> = new.iter().map(|id| self.client.stranger(*id)).collect();
        let same = |shown: &Vec<SessionEntry>| shown.iter().map(|entry| entry.stranger).eq(strangers.iter().copied());
        if new == old && self.model.sessions.with_untracked(same) {
            return;
        }
        for id in &new {
            if !self.rows.contains_key(id) {
                self.refresh_session(*id);
            }
        }
        let entry = |(&id, stranger): (&ConversationId, bool)| {
            self.rows.get(&id).map(|row| SessionEntry { id, row: row.clone(), stranger })
        };
        let entries = new.iter().zip(strangers).filter_map(entry).collect();
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
            let draft = self.client.session(id).map(|session| session.draft).unwrap_or_default();
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
}
