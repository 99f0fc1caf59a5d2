//! Asks before what cannot be taken back.

use super::head::PanelHead;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::view::boxed::hear;
use leptos::prelude::*;
use protocol::ConversationId;
use sync::Action;

#[component]
pub fn DeleteConversation(
    model: Model,
    conversation: ConversationId,
    name: String,
    close: Callback<()>,
) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let everywhere = RwSignal::new(false);
    let confirm = move |()| {
        backend.tell(Intent::DeleteConversation { conversation, everywhere: everywhere.get_untracked() });
    };
    view! {
        <PanelHead words title=(words.delete_conversation_ask)(&name) close />
        <p class="aside">{words.delete_conversation_hint}</p>
        <label class="choice">
            <input type="checkbox" on:change=hear(move |event| everywhere.set(event_target_checked(&event))) />
            <span>{words.delete_everywhere}</span>
        </label>
        <Answers model close confirm=Callback::new(confirm) text=words.delete_conversation class="danger" />
    }
}

#[component]
pub fn MarkAllRead(model: Model, conversations: usize, close: Callback<()>) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let confirm = move |()| backend.tell(Intent::Act(Action::ReadAll));
    view! {
        <PanelHead words title=(words.mark_all_ask)(conversations) close />
        <Answers model close confirm=Callback::new(confirm) text=words.mark_all_read class="primary" />
    }
}

#[component]
fn Answers(
    model: Model,
    close: Callback<()>,
    confirm: Callback<()>,
    text: &'static str,
    class: &'static str,
) -> impl IntoView {
    let confirm = move |_| {
        close.run(());
        confirm.run(());
    };
    view! {
        <div class="answers">
            <button type="button" class="plain" on:click=hear(move |_| close.run(()))>
                {model.words.cancel}
            </button>
            <button type="button" class=class on:click=hear(confirm)>
                {text}
            </button>
        </div>
    }
}
