//! Choosing several messages of the open conversation, and what one can do about them (R004-H7).

use super::icon::Icon;
use super::keys;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::view::boxed::{hear, tracked};
use leptos::html;
use leptos::prelude::*;
use protocol::messaging::HideMessages;
use protocol::{ConversationId, Seq};
use std::collections::BTreeSet;
use sync::Action;

/// The messages chosen, while one chooses.
#[derive(Clone, Copy)]
pub struct Picked(RwSignal<Option<BTreeSet<Seq>>>);

impl Picked {
    /// Makes the choice known to everything under the current owner.
    pub fn provide() -> Self {
        let picked = Self(RwSignal::new(None));
        provide_context(picked);
        picked
    }

    pub fn here() -> Self {
        expect_context()
    }

    pub fn begin(self, seq: Seq) {
        let mut picked = BTreeSet::new();
        picked.insert(seq);
        self.0.set(Some(picked));
    }

    pub fn end(self) {
        self.0.set(None);
    }

    /// Whether one chooses.
    pub fn picking(self) -> bool {
        self.0.with(Option::is_some)
    }

    /// Whether one chooses, for what does not follow it.
    pub fn picking_now(self) -> bool {
        self.0.with_untracked(Option::is_some)
    }

    pub fn has(self, seq: Seq) -> bool {
        self.0.with(|picked| picked.as_ref().is_some_and(|picked| picked.contains(&seq)))
    }

    /// Whether no more can be chosen.
    pub fn full(self) -> bool {
        self.count() >= HideMessages::MAX
    }

    pub fn toggle(self, seq: Seq) {
        self.0.update(|picked| {
            if let Some(picked) = picked
                && !picked.remove(&seq)
                && picked.len() < HideMessages::MAX
            {
                picked.insert(seq);
            }
        });
    }

    fn count(self) -> usize {
        self.0.with(|picked| picked.as_ref().map_or(0, BTreeSet::len))
    }
}

/// The box of one message.
#[component]
pub fn Pick(model: Model, seq: Memo<Option<Seq>>) -> impl IntoView {
    let picked = Picked::here();
    let picking = Memo::new(move |_| picked.picking());
    tracked(move || {
        seq.get().filter(|_| picking.get()).map(|seq| {
            let has = Memo::new(move |_| picked.has(seq));
            view! {
                // The message around it would choose as well.
                <label class="pick" on:click=hear(|event: leptos::ev::MouseEvent| event.stop_propagation())>
                    <input
                        type="checkbox"
                        aria-label=model.words.select_this
                        prop:checked=has
                        disabled=tracked(move || !has.get() && picked.full())
                        on:change=hear(move |_| picked.toggle(seq))
                    />
                </label>
            }
        })
    })
}

/// Stands in the composer's place while one chooses.
#[component]
pub fn PickBar(model: Model, conversation: ConversationId, log: NodeRef<html::Div>) -> impl IntoView {
    let words = model.words;
    let picked = Picked::here();
    let picking = Memo::new(move |_| picked.picking());
    let bar = move || {
        view! {
            <div class="pick-bar" role="group" aria-label=words.select>
                <p role="status">
                    {tracked(move || if picked.full() { words.selected_most.to_owned() } else { (words.selected)(picked.count()) })}
                </p>
                <Delete model conversation log />
                <button type="button" class="plain" on:click=hear(move |_| leave(picked, log))>
                    {words.cancel}
                </button>
            </div>
        }
    };
    tracked(move || picking.get().then(bar))
}

#[component]
fn Delete(model: Model, conversation: ConversationId, log: NodeRef<html::Div>) -> impl IntoView {
    let picked = Picked::here();
    let backend = Backend::here();
    let delete = move |_| {
        let seqs: Vec<Seq> = picked.0.get_untracked().into_iter().flatten().collect();
        leave(picked, log);
        backend.tell(Intent::Act(Action::Hide { conversation, seqs, hidden: true }));
    };
    view! {
        <button type="button" class="danger" disabled=tracked(move || picked.count() == 0) on:click=hear(delete)>
            <Icon name="delete" />
            {model.words.delete}
        </button>
    }
}

/// Ends the choice; the focus goes to the log, because what had it is gone.
pub fn leave(picked: Picked, log: NodeRef<html::Div>) {
    picked.end();
    keys::focus(log.get_untracked());
}
