//! What a browser keeps across reloads. It goes through JSON, as it does on the way to a browser's storage.

use protocol::{ClientId, ConversationId, Seq, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use sync::{Stored, Unsent, Unstored, UntoldDraft};

#[derive(Clone, Debug, Default)]
pub struct Kept {
    pub outbox: BTreeMap<ClientId, Unsent>,
    /// The pictures of those messages.
    pub pictures: BTreeSet<ClientId>,
    pub reads: BTreeMap<ConversationId, Seq>,
    pub drafts: BTreeMap<ConversationId, UntoldDraft>,
    /// Absent where the device keeps nothing else.
    pub disk: Option<Disk>,
}

#[derive(Clone, Debug, Default)]
pub struct Disk {
    device: Option<String>,
    users: BTreeMap<UserId, String>,
    conversations: BTreeMap<ConversationId, String>,
    timelines: BTreeMap<ConversationId, String>,
}

impl Disk {
    /// One transaction.
    pub fn write(&mut self, unstored: &Unstored) {
        if unstored.anew {
            *self = Self::default();
        }
        self.device = unstored.device.as_ref().map(json).or(self.device.take());
        self.users.extend(unstored.users.iter().map(|user| (user.id, json(user))));
        self.conversations.extend(unstored.conversations.iter().map(|stored| (stored.about.id, json(stored))));
        self.timelines.extend(unstored.timelines.iter().map(|stored| (stored.conversation, json(stored))));
        self.timelines.retain(|id, _| !unstored.dropped.contains(id));
        self.conversations.retain(|id, _| !unstored.gone.contains(id));
    }

    pub fn stored(&self) -> Option<Stored> {
        Some(Stored {
            device: read(self.device.as_ref()?),
            users: self.users.values().map(|text| read(text)).collect(),
            conversations: self.conversations.values().map(|text| read(text)).collect(),
            timelines: self.timelines.values().map(|text| read(text)).collect(),
        })
    }
}

fn json(what: &impl Serialize) -> String {
    serde_json::to_string(what).unwrap()
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}
