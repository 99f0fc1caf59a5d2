//! What this device keeps: what the engine stores, the outbox, reading not reported and drafts not told
//! yet, the emoji used last.
//!
//! One database an account. Only the page that leads stores what the engine gives, so that two pages never overwrite each
//! other's newer state; what a person does in a page is kept by that page, one entry an item. Where the browser keeps
//! nothing, all of this does nothing.

use crate::account;
use crate::browser::{self, window};
use crate::database::{Database, Durability, Lost, Store, Write, parse};
use app::backend::Kept;
use js_sys::{Function, Promise};
use protocol::account::ACCOUNT_COOKIE;
use protocol::{ClientId, ConversationId, Millis, Seq, UserId};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::rc::Rc;
use sync::{Stored, StoredDevice, Unsent, Unstored, UntoldDraft};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::Blob;

/// Where it is noted whose data a page without a server shows.
const LAST_ACCOUNT: &str = "sixin.account";
/// Whose login has ended here since: what was written and not sent waits for that account alone.
const ENDED: &str = "sixin.ended";
/// Whose data were given up. It goes when the site is cleared, as they do.
const GIVEN_UP: &str = "sixin.given_up";
/// The one entry of a store that has one.
const ONLY: &str = "";

/// A picture or a file that is older, and whose message is not in the outbox, has none, in milliseconds.
const UNWRITTEN: Millis = 10 * 60 * 1_000;

/// What the engine gives.
const ENGINE: [Store; 4] = [Store::Device, Store::Users, Store::Conversations, Store::Timelines];

#[derive(Clone, Default)]
pub struct Storage {
    /// Whose data these are; nobody's where nothing is kept.
    account: Option<UserId>,
    database: Rc<RefCell<Option<Database>>>,
    /// What a person did and could not be written, since the browser had closed the database.
    owed: Rc<RefCell<Vec<Owed>>>,
    /// The database is being opened anew.
    opening: Rc<RefCell<Option<Promise>>>,
}

/// What is to be written once the database is open again, and who is to hear of that.
struct Owed {
    durability: Durability,
    writes: Vec<Write>,
    heard: Function,
}

/// What became of what the engine gave.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Written,
    /// The browser had closed the database, which is open again: all that the engine knows is to be written.
    Reopened,
    Failed,
}

/// What was kept when the page began.
#[derive(Default)]
pub struct Found {
    pub stored: Option<Stored>,
    /// All of it could be read, and there was nothing of the engine: the device is a new one.
    pub empty: bool,
    /// In the order in which they were composed.
    pub outbox: Vec<Unsent>,
    pub reads: Vec<(ConversationId, Seq)>,
    /// What stood in composers and the server may not know.
    pub drafts: Vec<UntoldDraft>,
    pub kept: Kept,
}

#[derive(Default, Deserialize, Serialize)]
struct KeptEmoji {
    recent: Vec<String>,
    skin_tone: usize,
}

impl Storage {
    /// Opens what is kept for an account, and reads it.
    pub async fn open(account: UserId) -> (Self, Found) {
        let Some(database) = Database::open(&name(account)).await else { return Default::default() };
        note(account);
        let mut found = read(&database).await.unwrap_or_default();
        // A disk that was full makes no new device of this one.
        found.empty &= given_up() != Some(account);
        (Self { account: Some(account), database: Rc::new(RefCell::new(Some(database))), ..Self::default() }, found)
    }

    /// Whether anything can be kept.
    pub fn keeps(&self) -> bool {
        self.database.borrow().is_some()
    }

    /// What the engine gives could not be written: the next page begins from nothing rather than from a hole. That makes
    /// room, too, for what a person wrote and does not want lost, which is still kept, read and deleted here.
    pub async fn give_up(&self) {
        if let Some(Ok(done)) = self.write(Durability::Relaxed, &ENGINE.map(Write::Clear)) {
            enter(GIVEN_UP, self.account);
            // Where not even that can be done, the stores stand as they were before the write that failed.
            let _ = JsFuture::from(done).await;
        }
    }

    /// Writes what the engine gives, all of it or nothing.
    pub async fn store(&self, unstored: Unstored) -> Outcome {
        let mut writes = Vec::new();
        if unstored.anew {
            writes.extend(ENGINE.map(Write::Clear));
        }
        for user in &unstored.users {
            writes.push(Write::put(Store::Users, key(user.id.get()), user));
        }
        for conversation in &unstored.conversations {
            writes.push(Write::put(Store::Conversations, key(conversation.about.id.get()), conversation));
        }
        for timeline in &unstored.timelines {
            writes.push(Write::put(Store::Timelines, key(timeline.conversation.get()), timeline));
        }
        for gone in &unstored.gone {
            writes.push(Write::Delete(Store::Conversations, key(gone.get()).into()));
        }
        for dropped in &unstored.dropped {
            writes.push(Write::Delete(Store::Timelines, key(dropped.get()).into()));
        }
        if let Some(device) = &unstored.device {
            writes.push(Write::put(Store::Device, ONLY, device));
        }
        if writes.is_empty() {
            return Outcome::Written;
        }
        let done = match self.write(Durability::Relaxed, &writes) {
            Some(Ok(done)) => JsFuture::from(done).await.is_ok(),
            Some(Err(Lost)) | None => false,
        };
        if done {
            if unstored.anew && given_up() == self.account {
                enter(GIVEN_UP, None);
            }
            return Outcome::Written;
        }
        let lost = self.database.borrow().as_ref().is_some_and(Database::lost);
        if lost && self.reopened().await { Outcome::Reopened } else { Outcome::Failed }
    }

    /// Opens anew the database that the browser has closed; tells whether it is open. Where it is gone, as its site was cleared
    /// or another account has come, nothing is kept any more.
    async fn reopened(&self) -> bool {
        JsFuture::from(self.reopen()).await.is_ok_and(|open| open.is_truthy())
    }

    fn reopen(&self) -> Promise {
        let mut opening = self.opening.borrow_mut();
        let storage = self.clone();
        let open = || future_to_promise(async move { Ok(storage.open_again().await.into()) });
        opening.get_or_insert_with(open).clone()
    }

    async fn open_again(&self) -> bool {
        let ours = self.account.filter(|_| self.database.borrow().as_ref().is_some_and(|database| !database.yielded()));
        let database = match ours {
            Some(account) => Database::reopen(&name(account)).await,
            None => None,
        };
        // In their order, and before anything else is written.
        for Owed { durability, writes, heard } in self.owed.take() {
            let written = database.as_ref().and_then(|database| database.write(durability, &writes).ok());
            let _ = heard.call1(&JsValue::NULL, &written.map_or(JsValue::UNDEFINED, JsValue::from));
        }
        self.opening.take();
        let open = database.is_some();
        *self.database.borrow_mut() = database;
        open
    }

    /// The promise tells when the message is on the disk.
    pub fn persist(&self, unsent: &Unsent) -> Option<Promise> {
        self.keep(Durability::Strict, vec![Write::put(Store::Outbox, unsent.client_id.to_string(), unsent)])
    }

    pub fn forget(&self, client_id: ClientId) {
        let key = || client_id.to_string().into();
        self.keep_quietly(vec![Write::Delete(Store::Outbox, key()), Write::Delete(Store::Pictures, key())]);
    }

    /// Keeps a picture or a file that is to be sent. The promise tells when it is on the disk.
    pub fn keep_attachment(&self, client_id: ClientId, file: &Blob) -> Option<Promise> {
        let key = client_id.to_string().into();
        self.keep(Durability::Strict, vec![Write::Keep(Store::Pictures, key, file.into())])
    }

    /// A picture or a file that is kept.
    pub async fn attachment(&self, client_id: ClientId) -> Option<Blob> {
        let key = client_id.to_string();
        let database = || self.database.borrow().clone();
        let kept = match database()?.get(Store::Pictures, &key).await {
            Err(Lost) if self.reopened().await => database()?.get(Store::Pictures, &key).await.ok()?,
            kept => kept.ok()?,
        };
        kept?.dyn_into().ok()
    }

    /// Deletes pictures and files that no message in the outbox needs: the page that kept them ended before it wrote the message.
    pub async fn sweep(&self, now: Millis) -> Option<()> {
        let database = self.database.borrow().clone()?;
        let [outbox, pictures] = database.keys([Store::Outbox, Store::Pictures]).await?;
        let old = |key: &&String| made(key).is_some_and(|made| made + UNWRITTEN < now);
        let orphans = pictures.iter().filter(|key| !outbox.contains(key)).filter(old);
        let writes: Vec<Write> = orphans.map(|key| Write::Delete(Store::Pictures, key.into())).collect();
        if !writes.is_empty() {
            self.keep_quietly(writes);
        }
        Some(())
    }

    pub fn keep_read(&self, conversation: ConversationId, seq: Seq) {
        let read = Write::put(Store::Reads, key(conversation.get()), &(conversation, seq));
        self.keep_quietly(vec![read]);
    }

    pub fn forget_read(&self, conversation: ConversationId) {
        self.keep_quietly(vec![Write::Delete(Store::Reads, key(conversation.get()).into())]);
    }

    pub fn keep_draft(&self, draft: &UntoldDraft) {
        if draft.text.is_empty() {
            // Where there is no room for the word that it was emptied, the old one must not come back all the same.
            self.forget_draft(draft.conversation);
        }
        self.keep_quietly(vec![Write::put(Store::Drafts, key(draft.conversation.get()), draft)]);
    }

    pub fn forget_draft(&self, conversation: ConversationId) {
        self.keep_quietly(vec![Write::Delete(Store::Drafts, key(conversation.get()).into())]);
    }

    pub fn keep_emoji(&self, recent: Vec<String>, skin_tone: usize) {
        self.keep_quietly(vec![Write::put(Store::Emoji, ONLY, &KeptEmoji { recent, skin_tone })]);
    }

    /// The login was ended: what was read here is gone, what was written and not sent waits for the next login. The page
    /// need not wait for it.
    pub fn forget_account(&self) {
        if entry(LAST_ACCOUNT) == account::shown() {
            enter(ENDED, account::shown());
            enter(GIVEN_UP, None);
        }
        self.keep_quietly(ENGINE.map(Write::Clear).into());
    }

    /// Keeps what nobody waits for. That it failed, as when the browser clears the site, is no error of the page.
    fn keep_quietly(&self, writes: Vec<Write>) {
        if let Some(done) = self.keep(Durability::Relaxed, writes) {
            wasm_bindgen_futures::spawn_local(async move { drop(JsFuture::from(done).await) });
        }
    }

    /// Writes what a person did. Where the browser has closed the database, it is written once that is open again.
    fn keep(&self, durability: Durability, writes: Vec<Write>) -> Option<Promise> {
        match self.write(durability, &writes)? {
            Ok(done) => Some(done),
            Err(Lost) => {
                let mut writes = Some(writes);
                let kept = Promise::new(&mut |heard, _| {
                    let owed = writes.take().map(|writes| Owed { durability, writes, heard });
                    self.owed.borrow_mut().extend(owed);
                });
                let _ = self.reopen();
                Some(kept)
            }
        }
    }

    /// Nothing where nothing is kept.
    fn write(&self, durability: Durability, writes: &[Write]) -> Option<Result<Promise, Lost>> {
        Some(self.database.borrow().as_ref()?.write(durability, writes))
    }
}

/// Whose data a page shows that no server has rendered. Nobody's where somebody else has logged in since.
pub fn last_account() -> Option<UserId> {
    let login = browser::cookie(ACCOUNT_COOKIE);
    let still = |account: &UserId| login.as_ref().is_none_or(|login| login.parse() == Ok(*account));
    entry(LAST_ACCOUNT).filter(|account| entry(ENDED) != Some(*account) && still(account))
}

/// Whose data were given up because they could not be written, as on a full disk.
fn given_up() -> Option<UserId> {
    entry(GIVEN_UP)
}

fn entry(name: &str) -> Option<UserId> {
    window().local_storage().ok()??.get_item(name).ok()??.parse().ok()
}

fn enter(name: &str, account: Option<UserId>) {
    let Ok(Some(entries)) = window().local_storage() else { return };
    let _ = match account {
        Some(account) => entries.set_item(name, &account.to_string()),
        None => entries.remove_item(name),
    };
}

/// Another account's data do not stay on the device.
fn note(account: UserId) {
    if let Some(before) = entry(LAST_ACCOUNT).filter(|before| account != *before) {
        wasm_bindgen_futures::spawn_local(async move { Database::delete(&name(before)).await });
    }
    enter(ENDED, None);
    enter(LAST_ACCOUNT, Some(account));
}

fn name(account: UserId) -> String {
    format!("sixin-{account}")
}

/// When a message's key was made: a UUID of version 7 begins with the milliseconds since the epoch.
fn made(key: &str) -> Option<Millis> {
    Millis::from_str_radix(key.replace('-', "").get(..12)?, 16).ok()
}

/// Ids stay below 2^53.
fn key(id: u64) -> f64 {
    id as f64
}

async fn read(database: &Database) -> Option<Found> {
    let stores = [
        Store::Device,
        Store::Users,
        Store::Conversations,
        Store::Timelines,
        Store::Outbox,
        Store::Reads,
        Store::Drafts,
        Store::Emoji,
    ];
    let [device, users, conversations, timelines, outbox, reads, drafts, emoji] = database.read(stores).await?;
    let empty = device.is_empty();
    let stored = parse::<StoredDevice>(&device).pop().map(|device| Stored {
        device,
        users: parse(&users),
        conversations: parse(&conversations),
        timelines: parse(&timelines),
    });
    let mut ordered: Vec<Unsent> = Vec::new();
    for unsent in parse::<Unsent>(&outbox) {
        let place = |unsent: &Unsent| (unsent.place, unsent.client_id);
        ordered.insert(ordered.partition_point(|other| place(other) < place(&unsent)), unsent);
    }
    // Of a build before this one: nothing is known of calls.
    let before =
        parse(&drafts).into_iter().map(|(conversation, text)| UntoldDraft { conversation, text, told_after: None });
    let drafts = parse(&drafts).into_iter().chain(before).collect();
    let KeptEmoji { recent, skin_tone } = parse(&emoji).pop().unwrap_or_default();
    let kept = Kept { recent_emoji: recent, skin_tone };
    Some(Found { stored, empty, outbox: ordered, reads: parse(&reads), drafts, kept })
}
