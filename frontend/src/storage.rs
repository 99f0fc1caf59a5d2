//! What this device keeps across reloads: the outbox, reading not reported yet, drafts, the emoji used last. One entry an
//! item, by account, so that two tabs never overwrite each other's.

use crate::browser::window;
use app::backend::Kept;
use protocol::{ClientId, ConversationId, MessageBody, Millis, Seq, UserId};
use serde::{Deserialize, Serialize};
use sync::Unsent;
use web_sys::Storage as WebStorage;

/// The entries of one account. A browser that keeps nothing (private mode, a full disk) works on without.
#[derive(Clone)]
pub struct Storage {
    entries: Option<WebStorage>,
    outbox: String,
    read: String,
    draft: String,
    emoji: String,
}

#[derive(Deserialize, Serialize)]
struct KeptUnsent {
    conversation: ConversationId,
    body: MessageBody,
    at: Millis,
    #[serde(default)]
    place: u64,
    failed: bool,
}

#[derive(Default, Deserialize, Serialize)]
struct KeptEmoji {
    recent: Vec<String>,
    skin_tone: usize,
}

impl Storage {
    pub fn of(account: UserId) -> Self {
        let entries = window().local_storage().ok().flatten();
        let prefix = |kind: &str| format!("sixin.{account}.{kind}.");
        let emoji = format!("sixin.{account}.emoji");
        Self { entries, outbox: prefix("outbox"), read: prefix("read"), draft: prefix("draft"), emoji }
    }

    pub fn persist(&self, unsent: &Unsent) {
        let Unsent { conversation, client_id, body, at, place, failed } = unsent.clone();
        self.set(&format!("{}{client_id}", self.outbox), &KeptUnsent { conversation, body, at, place, failed });
    }

    pub fn forget(&self, client_id: ClientId) {
        self.remove(&format!("{}{client_id}", self.outbox));
    }

    /// The messages that were not known to have been sent, in the order in which they were composed.
    pub fn outbox(&self) -> Vec<Unsent> {
        let mut unsent: Vec<Unsent> = self
            .keys(&self.outbox)
            .into_iter()
            .filter_map(|(key, name)| {
                let KeptUnsent { conversation, body, at, place, failed } = self.get(&key)?;
                Some(Unsent { conversation, client_id: name.parse().ok()?, body, at, place, failed })
            })
            .collect();
        unsent.sort_by_key(|unsent| (unsent.place, unsent.client_id));
        unsent
    }

    pub fn keep_read(&self, conversation: ConversationId, seq: Seq) {
        self.set(&format!("{}{conversation}", self.read), &seq);
    }

    pub fn forget_read(&self, conversation: ConversationId) {
        self.remove(&format!("{}{conversation}", self.read));
    }

    /// How far conversations were read that the server is not known to know of.
    pub fn reads(&self) -> Vec<(ConversationId, Seq)> {
        let reads = self.keys(&self.read).into_iter();
        reads.filter_map(|(key, name)| Some((name.parse().ok()?, self.get(&key)?))).collect()
    }

    pub fn keep_draft(&self, conversation: ConversationId, text: &str) {
        let key = format!("{}{conversation}", self.draft);
        if text.is_empty() { self.remove(&key) } else { self.set(&key, &text) }
    }

    /// The conversation whose draft an entry holds, with the draft, for one that another tab changed.
    pub fn changed_draft(&self, key: &str) -> Option<(ConversationId, String)> {
        let conversation = key.strip_prefix(&self.draft)?.parse().ok()?;
        Some((conversation, self.get(key).unwrap_or_default()))
    }

    pub fn keep_emoji(&self, recent: Vec<String>, skin_tone: usize) {
        self.set(&self.emoji, &KeptEmoji { recent, skin_tone });
    }

    /// What is kept beside the outbox.
    pub fn kept(&self) -> Kept {
        let drafts = self.keys(&self.draft);
        let drafts = drafts.iter().filter_map(|(key, _)| self.changed_draft(key)).collect();
        let KeptEmoji { recent, skin_tone } = self.get(&self.emoji).unwrap_or_default();
        Kept { drafts, recent_emoji: recent, skin_tone }
    }

    /// The keys with this beginning, each with its rest.
    fn keys(&self, beginning: &str) -> Vec<(String, String)> {
        let Some(entries) = &self.entries else { return Vec::new() };
        (0..entries.length().unwrap_or(0))
            .filter_map(|place| entries.key(place).ok().flatten())
            .filter_map(|key| Some((key.clone(), key.strip_prefix(beginning)?.to_owned())))
            .collect()
    }

    fn get<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Option<T> {
        serde_json::from_str(&self.entries.as_ref()?.get_item(key).ok()??).ok()
    }

    fn set<T: Serialize>(&self, key: &str, value: &T) {
        if let (Some(entries), Ok(json)) = (&self.entries, serde_json::to_string(value)) {
            // A full storage keeps what it has; the message is still sent by this page.
            let _ = entries.set_item(key, &json);
        }
    }

    fn remove(&self, key: &str) {
        if let Some(entries) = &self.entries {
            let _ = entries.remove_item(key);
        }
    }
}
