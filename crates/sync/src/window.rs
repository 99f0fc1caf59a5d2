//! Which rows are mounted, and how scrolling stays put while rows come and go.
//!
//! The page mounts a bounded number of rows, however long the history is, and moves them a page at a time. Positions
//! are told by seq, not by index: what is prepended moves nothing. Deliberately absent: the elements themselves.

use crate::timeline::{Item, Piece, Row, RowKey};
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
        let mut left =
            pieces.rev().map(place).filter(|&seq| self.through.is_none_or(|through| seq <= through)).skip(MOVED);
        match left.next() {
            Some(seq) if left.nth(self.most.saturating_sub(MOVED).saturating_sub(1)).is_some() => {
                Self { through: Some(seq), ..self }
            }
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

/// Where a mounted row lies, in pixels from the top of the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    pub key: RowKey,
    pub top: f64,
    pub height: f64,
}

/// The row that holds the view in place, and how far its top is below the top of the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    pub key: RowKey,
    pub below: f64,
}

impl Anchor {
    /// The first row of which something is on screen.
    pub fn find(rows: impl IntoIterator<Item = Placed>, scroll_top: f64) -> Option<Self> {
        let row = rows.into_iter().find(|row| row.top + row.height > scroll_top)?;
        Some(Self { key: row.key, below: row.top - scroll_top })
    }

    /// Where to scroll so that the row stays where it was, whatever came above it.
    pub fn restore(&self, rows: impl IntoIterator<Item = Placed>) -> Option<f64> {
        let row = rows.into_iter().find(|row| row.key == self.key)?;
        Some((row.top - self.below).max(0.0))
    }
}

/// Whether the view stands at the end, where it stays when a row comes (R000-08c).
pub fn at_end(scroll_top: f64, view_height: f64, rows_height: f64) -> bool {
    /// Less than a line: a finger or a zoomed screen does not land on the pixel.
    const SLACK: f64 = 16.0;
    scroll_top + view_height + SLACK >= rows_height
}
