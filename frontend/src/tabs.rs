//! How the pages of one browser profile find out which of them leads, and hear each other (R004-G11).
//!
//! Who leads is settled by a lock that the browser takes back when a page ends, so that the next one leads at once. Where the
//! browser has no locks, every page has a connection of its own and stores nothing but its outbox; what a person does in one
//! is told to the others all the same. What pages say to each other, and do about it, is the engine's (`sync::tabs`).

use crate::browser::{parse, random, window};
use js_sys::{Array, Function, Object, Promise, Reflect};
use protocol::UserId;
use std::cell::RefCell;
use std::rc::Rc;
use sync::tabs::{Role, Share, Word};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{BroadcastChannel, MessageEvent};

/// Hears what the other tabs say.
type Ear = Closure<dyn FnMut(MessageEvent)>;

pub struct Tabs {
    /// How this page stands among the others.
    pub share: RefCell<Share>,
    channel: Option<BroadcastChannel>,
    hear: RefCell<Option<Ear>>,
}

impl Tabs {
    /// Finds out how this page stands. `promoted` is told when it leads later on.
    pub async fn join(account: UserId, promoted: impl FnOnce() + 'static) -> Rc<Self> {
        let lock = format!("sixin-{account}");
        let role = match first(&lock).await {
            Ok(true) => Role::Leader,
            Ok(false) => Role::Follower,
            Err(_) => Role::Alone,
        };
        let channel = BroadcastChannel::new(&lock).ok();
        let tabs = Rc::new(Self { share: RefCell::new(Share::new(random(), role)), channel, hear: RefCell::default() });
        if role == Role::Follower {
            let tabs = tabs.clone();
            let granted = move || {
                let word = tabs.share.borrow_mut().lead();
                tabs.say(&word);
                promoted();
            };
            // A browser that has granted such a lock before takes the wish for another.
            let _ = wait(&lock, granted);
        }
        tabs
    }

    pub fn role(&self) -> Role {
        self.share.borrow().role()
    }

    pub fn say(&self, word: &Word) {
        let concerns = self.share.borrow().concerns(word);
        if let (Some(channel), Ok(text), true) = (&self.channel, serde_json::to_string(word), concerns) {
            let _ = channel.post_message(&JsValue::from_str(&text));
        }
    }

    pub fn listen(&self, hear: impl Fn(Word) + 'static) {
        let Some(channel) = &self.channel else { return };
        let hear = Closure::new(move |event: MessageEvent| {
            // A page of another version may say what this one does not know.
            let word = event.data().as_string().and_then(|text| parse(&text));
            word.into_iter().for_each(&hear);
        });
        channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        *self.hear.borrow_mut() = Some(hear);
    }
}

/// Takes the lock if nobody has it; tells whether this page has it now.
async fn first(name: &str) -> Result<bool, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    let (locks, request) = locks()?;
    let mut begun = Ok(JsValue::UNDEFINED);
    let answer = Promise::new(&mut |resolve, _| {
        let granted = Closure::once_into_js(move |lock: JsValue| {
            let _ = resolve.call1(&JsValue::NULL, &JsValue::from_bool(!lock.is_null()));
            if lock.is_null() { JsValue::UNDEFINED } else { until_the_end() }
        });
        begun = request.call3(&locks, &name.into(), &options, &granted);
    });
    // A browser that keeps its locks to itself rejects the wish, and answers nothing.
    let refused: Promise = begun?.dyn_into()?;
    Ok(JsFuture::from(Promise::race(&Array::of2(&answer, &refused))).await?.is_truthy())
}

/// Takes the lock when its owner is gone and nobody waits longer.
fn wait(name: &str, granted: impl FnOnce() + 'static) -> Result<(), JsValue> {
    let (locks, request) = locks()?;
    let granted = Closure::once_into_js(move |_: JsValue| {
        granted();
        until_the_end()
    });
    request.call2(&locks, &name.into(), &granted).map(drop)
}

/// A lock is held for as long as a promise is open: until the page ends.
fn until_the_end() -> JsValue {
    Promise::new(&mut |_, _| {}).into()
}

/// The browser's locks and their `request`. An error where there are none: outside of a secure context.
fn locks() -> Result<(JsValue, Function), JsValue> {
    let locks = Reflect::get(&window().navigator(), &"locks".into())?;
    let request = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    Ok((locks, request))
}
