//! Which rows are mounted.
//!
//! The page mounts a bounded number of rows, however long the history is, and moves them a page at a time. Positions
//! are told by seq, not by index: what is prepended moves nothing. Deliberately absent: the elements themselves.

use crate::timeline::{Item, Piece, Row};
use protocol::Seq;

/// The most rows mounted at once.
pub const MOUNTED: usize = 200;
/// How many rows a window moves by.
pub const MOVED: usize = 60;

/// Which part of a timeline is mounted: at most [`MOUNTED`] rows, the last of them at a seq or, at first, the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    through: Option<Seq>,
    most: usize,
}

/// The rows in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mounted {
    pub items: Vec<Item>,
    /// Older rows are held that are not mounted.
    pub older: bool,
    /// Newer rows are held that are not mounted.
    pub newer: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self { through: None, most: MOUNTED }
    }
}

impl Window {
    pub(crate) fn unbounded() -> Self {
        Self { through: None, most: usize::MAX }
    }

    /// Whether new rows are mounted as they come.
    pub fn follows(&self) -> bool {
        self.through.is_none()
    }

    /// Picks from everything held, by ascending seq, and from the unsent rows after it.
    pub(crate) fn mount<'a>(
        &self,
        pieces: impl DoubleEndedIterator<Item = Piece<'a>>,
        unsent: Vec<Row>,
        show: impl Fn(Piece<'a>) -> Item,
    ) -> Mounted {
        let mut mounted = Mounted::default();
        let mut items: Vec<Item> = Vec::new();
        match self.through {
            None => items.extend(unsent.into_iter().rev().map(Item::Row)),
            Some(_) => mounted.newer = !unsent.is_empty(),
        }
        for piece in pieces.rev() {
            if self.through.is_some_and(|through| place(piece) > through) {
                mounted.newer = true;
            } else if items.len() < self.most {
                items.push(show(piece));
            } else {
                mounted.older = true;
                break;
            }
        }
        items.reverse();
        mounted.items = items;
        mounted
    }

    /// The window a page further up; the same when nothing older is held.
    pub(crate) fn older<'a>(self, pieces: impl DoubleEndedIterator<Item = Piece<'a>>) -> Self {
        let shown = pieces.rev().map(place).filter(|&seq| self.through.is_none_or(|through| seq <= through));
        let shown: Vec<Seq> = shown.take(self.most.saturating_add(MOVED)).collect();
        match shown.len().checked_sub(self.most) {
            Some(hidden) if hidden > 0 => Self { through: shown.get(hidden).copied(), ..self },
            _ => self,
        }
    }

    /// The window a page further down; it follows again when it reaches the end.
    pub(crate) fn newer<'a>(self, pieces: impl DoubleEndedIterator<Item = Piece<'a>>) -> Self {
        let Some(through) = self.through else { return self };
        let last = pieces.map(place).filter(|&seq| seq > through).nth(MOVED - 1);
        Self { through: last, ..self }
    }
}

/// A piece's own seq; of a gap, the last one in it.
fn place(piece: Piece<'_>) -> Seq {
    match piece {
        Piece::Message(message) => message.seq,
        Piece::Gap { before, .. } => before.prev(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::tests::described;
    use crate::{Client, Input, Start};
    use protocol::messaging::HistoryPage;
    use protocol::sync::SyncPage;
    use protocol::{Account, ClientId, ConversationId, Message, MessageBody, MessageText, Rev};

    const ROOM: u64 = 7;

    fn room() -> ConversationId {
        ROOM.try_into().unwrap()
    }

    /// A device that holds the messages 1 to `head`.
    fn client(head: u64) -> Client {
        let body = MessageBody::text(MessageText::try_from("text").unwrap());
        let message = |n| Message {
            seq: Seq::ZERO.plus(n),
            rev: Rev::ZERO.plus(n),
            sender: 2_u64.try_into().unwrap(),
            client_id: ClientId::from_parts(n, [0; 10]),
            at: n,
            body: body.clone(),
        };
        let account = Account {
            id: 1_u64.try_into().unwrap(),
            handle: "me".try_into().unwrap(),
            display_name: "me".try_into().unwrap(),
            avatar: None,
            version: 0,
            created_at: 0,
            receipts: true,
            messages_from: protocol::MessagesFrom::Everyone,
            show_last_seen: true,
        };
        let sync = SyncPage {
            token: String::new(),
            more: false,
            left: 0,
            upd: protocol::Upd::ZERO,
            changes: Vec::new(),
            conversations: vec![described(ROOM, head)],
            users: Vec::new(),
            older: None,
            requests: Vec::new(),
        };
        let history = HistoryPage {
            messages: (1..=head).map(message).collect(),
            from: Seq::ZERO.next(),
            through: Seq::ZERO.plus(head),
            vis_from: Seq::ZERO.next(),
            head_seq: Seq::ZERO.plus(head),
            rev: Rev::ZERO.plus(head),
            upd: protocol::Upd::ZERO,
            users: Vec::new(),
            nicknames: Vec::new(),
        };
        let rules = protocol::Rules::default();
        let open = Some((room(), history));
        Client::new(Start { account, rules, now: 0, unread_first: true, sync, open, presence: None, readers: None })
    }

    /// First and last seq mounted, whether there is more on either side.
    fn drawn(client: &Client, window: &Window) -> String {
        let mounted = client.mounted(room(), window);
        assert!(mounted.items.len() <= MOUNTED);
        let seqs: Vec<u64> = mounted
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Row(row) => row.seq.map(Seq::get),
                Item::Gap { .. } => None,
            })
            .collect();
        let (older, newer) = (if mounted.older { "…" } else { "" }, if mounted.newer { "…" } else { "" });
        format!("{older}{}-{}{newer}", seqs.first().unwrap_or(&0), seqs.last().unwrap_or(&0))
    }

    /// The page mounts at most 200 rows, wherever one scrolls, and moves them by a page.
    #[test]
    fn the_window_is_bounded_and_moves_by_pages() {
        let client = client(450);
        let mut window = Window::default();
        let mut seen = vec![drawn(&client, &window)];
        for _ in 0..6 {
            window = client.older(room(), window);
            seen.push(drawn(&client, &window));
        }
        assert_eq!(seen, ["…251-450", "…191-390…", "…131-330…", "…71-270…", "…11-210…", "1-200…", "1-200…"]);
        for _ in 0..6 {
            window = client.newer(room(), window);
        }
        assert!(window.follows());
        assert_eq!(drawn(&client, &window), "…251-450");
    }

    #[test]
    fn a_short_conversation_is_mounted_whole() {
        for head in [0, 1, 60, 199, 200] {
            let client = client(head);
            assert_eq!(client.older(room(), Window::default()), Window::default(), "{head}");
            assert_eq!(drawn(&client, &Window::default()), format!("{}-{head}", head.min(1)));
        }
    }

    /// A message of one's own is mounted at the end, and not while one reads far above.
    #[test]
    fn unsent_messages_stand_at_the_end() {
        let mut client = client(450);
        let body = MessageBody::text(MessageText::try_from("text").unwrap());
        let client_id = ClientId::from_parts(9, [9; 10]);
        client.step(1, 1, Input::Send { conversation: room(), client_id, body });
        let up = client.older(room(), Window::default());
        assert!(client.mounted(room(), &up).newer);
        let mounted = client.mounted(room(), &Window::default());
        assert!(matches!(mounted.items.last(), Some(Item::Row(Row { seq: None, .. }))));
    }
}
