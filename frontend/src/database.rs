//! The browser's database: stores of JSON texts by key.
//!
//! Deliberately absent: what the texts say; that stands in `storage`.

use crate::browser::{self, after, window};
use js_sys::{Array, Function, Promise, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbRequestReadyState, IdbTransaction};

/// Moves with every change of the stores.
const VERSION: u32 = 2;
/// A database that does not open within this time is done without, in milliseconds.
const PATIENCE: u64 = 2_000;

/// Where something is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Device,
    Users,
    Conversations,
    Timelines,
    Outbox,
    Reads,
    Drafts,
    Emoji,
    /// Files, as they are.
    Pictures,
}

impl Store {
    const ALL: [Self; 9] = [
        Self::Device,
        Self::Users,
        Self::Conversations,
        Self::Timelines,
        Self::Outbox,
        Self::Reads,
        Self::Drafts,
        Self::Emoji,
        Self::Pictures,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Users => "users",
            Self::Conversations => "conversations",
            Self::Timelines => "timelines",
            Self::Outbox => "outbox",
            Self::Reads => "reads",
            Self::Drafts => "drafts",
            Self::Emoji => "emoji",
            Self::Pictures => "pictures",
        }
    }
}

/// One step of a transaction.
pub enum Write {
    Put(Store, JsValue, String),
    /// Something that is no text.
    Keep(Store, JsValue, JsValue),
    Delete(Store, JsValue),
    Clear(Store),
}

impl Write {
    pub fn put<T: Serialize>(store: Store, key: impl Into<JsValue>, value: &T) -> Self {
        // Structs of numbers and strings: JSON always holds them.
        Self::Put(store, key.into(), serde_json::to_string(value).unwrap_or_default())
    }

    fn store(&self) -> Store {
        match self {
            Self::Put(store, ..) | Self::Keep(store, ..) | Self::Delete(store, _) | Self::Clear(store) => *store,
        }
    }

    fn ask(&self, transaction: &IdbTransaction) -> Result<(), JsValue> {
        let store = transaction.object_store(self.store().name())?;
        let begun = match self {
            Self::Put(_, key, text) => store.put_with_key(&JsValue::from_str(text), key),
            Self::Keep(_, key, value) => store.put_with_key(value, key),
            Self::Delete(_, key) => store.delete(key),
            Self::Clear(_) => store.clear(),
        };
        begun.map(drop)
    }
}

/// Whether a transaction counts as done before the disk has it.
#[derive(Clone, Copy)]
pub enum Durability {
    Strict,
    Relaxed,
}

#[derive(Clone)]
pub struct Database {
    database: IdbDatabase,
    /// Somebody deletes it, or a later version of this page changes it: it is not this page's any more.
    yielded: Rc<Cell<bool>>,
}

/// The browser has closed the database under the page, as some do to a page that nobody sees.
#[derive(Clone, Copy, Debug)]
pub struct Lost;

impl Database {
    /// Opens the database, and makes it if there is none. Nothing where the browser keeps nothing, or a later version of
    /// this page has changed it.
    pub async fn open(name: &str) -> Option<Self> {
        Self::ask_for(name, true).await
    }

    /// Opens the database if there is one.
    pub async fn reopen(name: &str) -> Option<Self> {
        Self::ask_for(name, false).await
    }

    async fn ask_for(name: &str, create_it: bool) -> Option<Self> {
        let request = window().indexed_db().ok()??.open_with_u32(name, VERSION).ok()?;
        let upgrade = Closure::once({
            let request = request.clone();
            move |_: Event| {
                if create_it {
                    // What could not be created fails in the first transaction.
                    let _ = create(&request);
                } else if let Some(transaction) = request.transaction() {
                    // There is none: nothing is made, and the request fails.
                    let _ = transaction.abort();
                }
            }
        });
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let settled = Promise::race(&Array::of2(&settled(&request), &after(PATIENCE)));
        JsFuture::from(settled).await.ok()?;
        if request.ready_state() == IdbRequestReadyState::Pending {
            // Open later, it would make whoever deletes it wait for a page that does without it.
            let close = Closure::once_into_js({
                let request = request.clone();
                move |_: Event| opened(&request).iter().for_each(IdbDatabase::close)
            });
            request.set_onsuccess(Some(close.unchecked_ref()));
            upgrade.forget();
            return None;
        }
        let database = opened(&request)?;
        // Who deletes it or brings a new version must not wait for this page.
        let yielded = Rc::new(Cell::new(false));
        let close = Closure::<dyn FnMut(Event)>::new({
            let (database, yielded) = (database.clone(), yielded.clone());
            move |_| {
                yielded.set(true);
                database.close();
            }
        });
        database.set_onversionchange(Some(close.as_ref().unchecked_ref()));
        close.forget();
        Some(Self { database, yielded })
    }

    /// Whether it is not this page's any more.
    pub fn yielded(&self) -> bool {
        self.yielded.get()
    }

    /// Whether the browser has closed it.
    pub fn lost(&self) -> bool {
        self.database.transaction_with_str(Store::Device.name()).is_err()
    }

    /// Everything in these stores, at one moment.
    pub async fn read<const N: usize>(&self, stores: [Store; N]) -> Option<[Vec<String>; N]> {
        self.ask(stores, IdbObjectStore::get_all).await
    }

    async fn ask<const N: usize>(
        &self,
        stores: [Store; N],
        what: fn(&IdbObjectStore) -> Result<IdbRequest, JsValue>,
    ) -> Option<[Vec<String>; N]> {
        let transaction = self.database.transaction_with_str_sequence(&names(stores.into_iter())).ok()?;
        let mut requests = Vec::with_capacity(N);
        for store in stores {
            requests.push(what(&transaction.object_store(store.name()).ok()?).ok()?);
        }
        JsFuture::from(done(&transaction)).await.ok()?;
        let mut texts = std::array::from_fn(|_| Vec::new());
        for (texts, request) in texts.iter_mut().zip(requests) {
            let all: Array = request.result().ok()?.dyn_into().ok()?;
            texts.extend(all.iter().filter_map(|text| text.as_string()));
        }
        Some(texts)
    }

    /// The keys of these stores that are texts, at one moment.
    pub async fn keys<const N: usize>(&self, stores: [Store; N]) -> Option<[Vec<String>; N]> {
        self.ask(stores, IdbObjectStore::get_all_keys).await
    }

    /// What stands under a key.
    pub async fn get(&self, store: Store, key: &str) -> Result<Option<JsValue>, Lost> {
        let ask = || self.database.transaction_with_str(store.name())?.object_store(store.name())?.get(&key.into());
        let request = ask().map_err(|_: JsValue| Lost)?;
        let value = JsFuture::from(settled(&request)).await.map_err(|_| Lost)?;
        drop(value);
        Ok(request.result().ok().filter(|value| !value.is_undefined()))
    }

    /// Begins a transaction, which either does all of this or nothing. The promise tells which; the transaction does not
    /// wait for anybody to hear it. Transactions on the same stores take place in the order in which they began.
    pub fn write(&self, durability: Durability, writes: &[Write]) -> Result<Promise, Lost> {
        let transaction = self.begin(durability, writes).map_err(|_| Lost)?;
        let done = done(&transaction);
        if writes.iter().try_for_each(|write| write.ask(&transaction)).is_err() {
            // What was asked before this one would be done without it.
            let _ = transaction.abort();
        } else {
            commit(&transaction);
        }
        Ok(done)
    }

    fn begin(&self, durability: Durability, writes: &[Write]) -> Result<IdbTransaction, JsValue> {
        let options = js_sys::Object::new();
        let durability = match durability {
            Durability::Strict => "strict",
            Durability::Relaxed => "relaxed",
        };
        Reflect::set(&options, &"durability".into(), &durability.into())?;
        let stores = names(writes.iter().map(Write::store));
        let transaction: Function = Reflect::get(&self.database, &"transaction".into())?.dyn_into()?;
        transaction.call3(&self.database, &stores, &"readwrite".into(), &options)?.dyn_into()
    }

    pub async fn delete(name: &str) {
        let request = window().indexed_db().ok().flatten().and_then(|factory| factory.delete_database(name).ok());
        if let Some(request) = request {
            let deleted = Promise::race(&Array::of2(&settled(&request), &after(PATIENCE)));
            let _ = JsFuture::from(deleted).await;
        }
    }
}

/// Reads what stands in a store; what this version does not understand is left out.
pub fn parse<T: DeserializeOwned>(texts: &[String]) -> Vec<T> {
    texts.iter().filter_map(|text| browser::parse(text)).collect()
}

/// Without waiting for a turn of the event loop: the page may be about to end.
#[expect(deprecated, reason = "the standard has it; only its binding is marked so")]
fn commit(transaction: &IdbTransaction) {
    // Where it is not known, the transaction commits by itself.
    let _ = transaction.commit();
}

fn opened(request: &IdbOpenDbRequest) -> Option<IdbDatabase> {
    request.result().ok()?.dyn_into().ok()
}

fn create(request: &IdbOpenDbRequest) -> Option<()> {
    let database = opened(request)?;
    for store in Store::ALL {
        // An older version of this page has made most of them.
        let _ = database.create_object_store(store.name());
    }
    Some(())
}

fn names(stores: impl Iterator<Item = Store>) -> JsValue {
    let names = Array::new();
    for store in stores {
        let name = JsValue::from_str(store.name());
        if !names.includes(&name, 0) {
            names.push(&name);
        }
    }
    names.into()
}

fn settled(request: &IdbRequest) -> Promise {
    Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    })
}

fn done(transaction: &IdbTransaction) -> Promise {
    Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    })
}
