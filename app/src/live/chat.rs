//! The open conversation as the view shows it: days of entries, each with a signal of its own.

use super::attachment::SentFile;
use super::picture::{Digest, Picture};
use super::sessions::SessionRow;
use super::tip::Tip;
use crate::words::time::Clock;
use leptos::prelude::{ArcRwSignal, GetUntracked, Set, With, untrack};
use protocol::sync::Parting;
use protocol::{AvatarHash, ConversationId, ConversationKind, ErrorCode, MessageBody, Millis, Seq, UserId};
use sync::{Client, Item, LinkState, Map, ReadMark, Row, RowKey, Window};

/// Messages of one sender within this time stand as one group.
const GROUP: Millis = 5 * 60 * 1000;

/// The open conversation. Another conversation is another `Chat`; changes within one move its signals only.
#[derive(Clone, Debug, PartialEq)]
pub struct Chat {
    pub id: ConversationId,
    pub session: ArcRwSignal<SessionRow>,
    pub days: ArcRwSignal<Vec<Day>>,
    pub edge: ArcRwSignal<Edge>,
    /// What stood in the composer when the conversation was opened, or was brought back since.
    pub draft: ArcRwSignal<String>,
    /// A person came to it from another one, or from the list; the page did not begin with it.
    pub entered: bool,
    /// Why it is not there any more; nothing of it changes then.
    pub ended: ArcRwSignal<Option<Parting>>,
    /// The newest message of somebody else that came while the conversation was open, for the screen reader. It goes when
    /// the message says something else.
    pub heard: ArcRwSignal<Option<Heard>>,
}

/// A message to be read out.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub seq: Seq,
    pub author: String,
    pub text: Digest,
}

/// What lies beyond the rows mounted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// The oldest row mounted: where the page without scripts goes on.
    pub oldest: Option<Seq>,
    /// The newest message of the conversation.
    pub newest: Option<Seq>,
    /// There are rows before the oldest mounted one, held or not.
    pub can_load_older: bool,
    /// Older rows are held that are not mounted.
    pub held: bool,
    /// There are rows after the newest mounted one.
    pub newer: bool,
    pub loading: bool,
    /// The first message that was unread when the conversation was opened.
    pub first_unread: Option<Seq>,
    /// How many rows and gaps are mounted.
    pub count: usize,
    /// The page shows older messages without scripts, and no newer ones.
    pub cut_off: bool,
}

/// A local day and what was written on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Day {
    /// Counted from the epoch, in local time.
    pub day: i64,
    pub entries: ArcRwSignal<Vec<Entry>>,
}

/// One thing in the log. Its key is its DOM node's identity.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// The messages after it were unread when the conversation was opened.
    Divider,
    /// Messages between these two are not held.
    Gap {
        after: Seq,
        before: Seq,
    },
    Message(ArcRwSignal<MessageRow>, RowKey),
}

/// What tells entries apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKey {
    Divider,
    Gap { after: Seq, before: Seq },
    Message(RowKey),
}

impl Entry {
    pub fn key(&self) -> EntryKey {
        match self {
            Self::Divider => EntryKey::Divider,
            &Self::Gap { after, before } => EntryKey::Gap { after, before },
            Self::Message(_, key) => EntryKey::Message(*key),
        }
    }
}

/// What a message's row shows.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageRow {
    pub key: RowKey,
    pub seq: Option<Seq>,
    pub sender: UserId,
    pub own: bool,
    pub author: String,
    pub avatar: Option<AvatarHash>,
    pub text: String,
    /// What it shows instead of a text; a file's name is its text.
    pub picture: Option<Picture>,
    pub file: Option<SentFile>,
    /// What the server says in its place; then it has neither.
    pub tip: Option<Tip>,
    /// It names the reader.
    pub naming: bool,
    /// What one's own recalled message said, for as long as it can be written again.
    pub former: Option<String>,
    pub at: Millis,
    pub mark: Option<ReadMark>,
    /// How many others have read one's own message, in a group.
    pub readers: Option<u64>,
    /// It has waited for so long that a person must say whether to send it.
    pub expired: bool,
    /// Why it failed.
    pub refused: Option<ErrorCode>,
    /// Whether the sender's name stands above it: first of a group of messages, in a group conversation.
    pub named: bool,
    /// First and last of the messages that one sender wrote in a row.
    pub first: bool,
    pub last: bool,
}

impl MessageRow {
    /// Whether it can be reported: what somebody else wrote, also where it was withdrawn (R004-I6).
    pub fn reportable(&self) -> bool {
        !self.own && matches!(self.tip, None | Some(Tip::Withdrawn))
    }
}

impl Chat {
    /// The row of a message that is mounted; a view that reads it follows it.
    pub fn row(&self, key: RowKey) -> Option<ArcRwSignal<MessageRow>> {
        let of = |entry: &Entry| match entry {
            Entry::Message(row, id) if *id == key => Some(row.clone()),
            _ => None,
        };
        self.days.with(|days| days.iter().find_map(|day| day.entries.with(|entries| entries.iter().find_map(of))))
    }

    /// What the row of a message that is mounted shows, for what does not follow it.
    pub fn row_now(&self, key: RowKey) -> Option<MessageRow> {
        untrack(|| self.row(key)).map(|row| row.get_untracked())
    }

    pub fn new(id: ConversationId, session: ArcRwSignal<SessionRow>, draft: String, entered: bool) -> Self {
        Self {
            id,
            session,
            days: ArcRwSignal::new(Vec::new()),
            edge: ArcRwSignal::new(Edge::default()),
            draft: ArcRwSignal::new(draft),
            entered,
            ended: ArcRwSignal::new(None),
            heard: ArcRwSignal::new(None),
        }
    }

    /// Moves the signals of what differs from what the client holds now, in the window that is mounted.
    pub fn refresh(&self, client: &Client, clock: Clock, window: &Window, cut_off: bool) {
        let mounted = client.mounted(self.id, window);
        let mut seqs = mounted.items.iter().filter_map(|item| match item {
            Item::Row(row) => row.seq,
            Item::Gap { .. } => None,
        });
        let last = client.session(self.id).and_then(|session| session.last);
        let edge = Edge {
            oldest: seqs.next(),
            newest: last.as_ref().and_then(|last| last.seq).or_else(|| seqs.next_back()),
            can_load_older: mounted.older || client.can_load_older(self.id),
            // Before the page is live nothing is on its way, and without scripts it stays so: there is a link instead.
            loading: client.link() != LinkState::Idle && client.loading(self.id),
            held: mounted.older,
            newer: mounted.newer,
            first_unread: client.first_unread(self.id),
            count: mounted.items.len(),
            cut_off,
        };
        let before = self.edge.get_untracked();
        // Also where nothing differs: a row may have another height now.
        self.edge.set(edge);
        self.unhear(client, last.as_ref(), &mounted.items);
        if let Some(last) = last.filter(|last| before.count > 0 && last.seq > before.newest) {
            self.hear(client, &last);
        }
        let kind = self.session.get_untracked().kind;
        self.lay_out(arrange(client, (self.id, kind), mounted.items, clock, edge.first_unread));
    }

    /// Reads out what came at the end; loading history stays silent.
    fn hear(&self, client: &Client, row: &Row) {
        if row.sender != client.account().id
            && row.body.countable()
            && let Some(seq) = row.seq
        {
            let author = author(client, self.id, row.sender);
            self.heard.set(Some(Heard { seq, author, text: Digest::of(&row.body, false) }));
        }
    }

    /// What was read out goes with the message that said it (R001-18).
    fn unhear(&self, client: &Client, last: Option<&Row>, items: &[Item]) {
        let Some(heard) = self.heard.get_untracked() else { return };
        let says = |row: &Row| row.seq == Some(heard.seq) && Digest::of(&row.body, false) == heard.text;
        let shows = |item: &Item| matches!(item, Item::Row(row) if says(row));
        // It may not be mounted, nor in the log yet.
        let stands = last.is_some_and(says) || items.iter().any(shows) || client.items(self.id).iter().any(shows);
        if !stands {
            self.heard.set(None);
        }
    }

    fn lay_out(&self, plan: Vec<(i64, Vec<Planned>)>) {
        let old = self.days.get_untracked();
        let mut rows: Map<RowKey, ArcRwSignal<MessageRow>> = Map::new();
        for entry in old.iter().flat_map(|day| day.entries.get_untracked()) {
            if let Entry::Message(row, key) = entry {
                rows.insert(key, row);
            }
        }
        let mut days = Vec::with_capacity(plan.len());
        for (day, planned) in plan {
            let entries: Vec<Entry> = planned.into_iter().map(|planned| planned.entry(&mut rows)).collect();
            let held = old.iter().find(|held| held.day == day);
            match held {
                Some(held) => {
                    let same = held.entries.get_untracked().iter().map(Entry::key).eq(entries.iter().map(Entry::key));
                    if !same {
                        held.entries.set(entries);
                    }
                    days.push(held.clone());
                }
                None => days.push(Day { day, entries: ArcRwSignal::new(entries) }),
            }
        }
        if !days.iter().map(|day| day.day).eq(old.iter().map(|day| day.day)) {
            self.days.set(days);
        }
    }
}

/// An entry before it has a signal.
enum Planned {
    Divider,
    Gap { after: Seq, before: Seq },
    Message(Box<MessageRow>),
}

impl Planned {
    fn entry(self, rows: &mut Map<RowKey, ArcRwSignal<MessageRow>>) -> Entry {
        match self {
            Self::Divider => Entry::Divider,
            Self::Gap { after, before } => Entry::Gap { after, before },
            Self::Message(row) => {
                let key = row.key;
                let signal = match rows.remove(&key) {
                    Some(signal) => {
                        if signal.get_untracked() != *row {
                            signal.set(*row);
                        }
                        signal
                    }
                    None => ArcRwSignal::new(*row),
                };
                Entry::Message(signal, key)
            }
        }
    }
}

/// Sorts items into days and groups. Days never go back, though an unsent message bears this device's clock.
fn arrange(
    client: &Client,
    about: (ConversationId, ConversationKind),
    items: Vec<Item>,
    clock: Clock,
    divider: Option<Seq>,
) -> Vec<(i64, Vec<Planned>)> {
    let own = client.account().id;
    let mut days: Vec<(i64, Vec<Planned>)> = Vec::new();
    let mut divider = divider;
    let mut previous: Option<(UserId, Millis)> = None;
    for item in items {
        let latest = days.last().map(|(day, _)| *day);
        let row = match item {
            Item::Gap { after, before } => {
                previous = None;
                match days.last_mut() {
                    Some((_, entries)) => entries.push(Planned::Gap { after, before }),
                    None => days.push((clock.today(), vec![Planned::Gap { after, before }])),
                }
                continue;
            }
            Item::Row(row) => row,
        };
        let day = clock.day(row.at).max(latest.unwrap_or(i64::MIN));
        if latest != Some(day) {
            days.push((day, Vec::new()));
            previous = None;
        }
        let Some((_, entries)) = days.last_mut() else { continue };
        if divider.is_some_and(|first| row.seq.is_some_and(|seq| seq >= first)) {
            entries.push(Planned::Divider);
            divider = None;
            previous = None;
        }
        let tip = !row.body.countable() && row.body.image(row.sender == own).is_none();
        let joins =
            !tip && previous.is_some_and(|(sender, at)| sender == row.sender && row.at.saturating_sub(at) < GROUP);
        if joins && let Some(Planned::Message(above)) = entries.last_mut() {
            above.last = false;
        }
        previous = (!tip).then_some((row.sender, row.at));
        entries.push(Planned::Message(Box::new(shown(client, row, own, about, !joins))));
    }
    days
}

fn shown(
    client: &Client,
    row: Row,
    own: UserId,
    (id, kind): (ConversationId, ConversationKind),
    first: bool,
) -> MessageRow {
    let text = match &row.body {
        MessageBody::Text { text, .. } => text.as_str().to_owned(),
        MessageBody::File(file) => file.name.to_string(),
        MessageBody::Image(_)
        | MessageBody::Withdrawn { .. }
        | MessageBody::Recalled { .. }
        | MessageBody::Removed
        | MessageBody::Notice { .. } => String::new(),
    };
    let is_own = row.sender == own;
    MessageRow {
        key: row.key,
        seq: row.seq,
        sender: row.sender,
        own: is_own,
        author: author(client, id, row.sender),
        avatar: client.user(row.sender).and_then(|user| user.avatar.clone()),
        text,
        picture: row.body.image(is_own).map(Picture::of),
        file: SentFile::of(&row.body),
        tip: Tip::of(client, (id, kind), row.sender, &row.body),
        naming: !is_own && row.body.mentions().is_some_and(|mentions| mentions.has(own)),
        former: row.former.map(String::from),
        at: row.at,
        mark: row.mark,
        readers: row.readers,
        expired: row.expired,
        refused: row.refused,
        named: kind == ConversationKind::Group && first && !is_own,
        first,
        last: true,
    }
}

/// What somebody is called in a conversation; their number until a log has told of them.
pub fn author(client: &Client, conversation: ConversationId, sender: UserId) -> String {
    client.called(conversation, sender).map_or_else(|| sender.to_string(), ToString::to_string)
}
