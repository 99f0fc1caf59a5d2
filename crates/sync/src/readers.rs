//! Who has read a group's messages (R000-07, R000-20): a cursor a member, asked for when the group is opened, and kept
//! current by receipts and by what members write.
//!
//! Invariant: a cursor never moves back, so that no count falls (R000-20).

use protocol::messaging::Readers;
use protocol::{Seq, UserId};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub(crate) struct GroupReaders {
    read: BTreeMap<UserId, Seq>,
    /// Whether the group is small enough for its readers to be told; unknown until they were asked for.
    listed: Option<bool>,
}

impl GroupReaders {
    /// Takes over who has read how far.
    pub fn answer(&mut self, readers: &Readers) {
        self.listed = Some(readers.listed);
        for reader in &readers.readers {
            self.receipt(reader.user.id, reader.read);
        }
    }

    /// Somebody has read through `read`: by a receipt, or because they wrote what stands there.
    pub fn receipt(&mut self, reader: UserId, read: Seq) {
        let known = self.read.entry(reader).or_default();
        *known = read.max(*known);
    }

    /// Those who have read the message at `seq`, if the group's readers are told.
    pub fn of(&self, seq: Seq) -> Option<impl Iterator<Item = UserId>> {
        let listed = self.listed.filter(|listed| *listed);
        listed.map(|_| self.read.iter().filter(move |(_, read)| **read >= seq).map(|(&reader, _)| reader))
    }
}
