//! Who waits to be let into a group, for those who decide it (R002-17).

use super::head::PanelHead;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::lists::Asked;
use crate::view::boxed::{hear, tracked};
use crate::view::people::Person;
use leptos::prelude::*;
use protocol::{ConversationId, User};

#[component]
pub fn WaitingList(model: Model, conversation: ConversationId, close: Callback<()>) -> impl IntoView {
    let words = model.words;
    let users = move || model.waiting.with(|waiting| waiting.as_ref().map(|it| it.users.clone())).unwrap_or_default();
    let title = Signal::derive(move || {
        let answered = model.waiting.with(|waiting| waiting.as_ref().is_some_and(|it| it.state == Asked::Answered));
        match users().len() as u64 {
            0 if answered => words.nobody_waits.to_owned(),
            0 => words.requests_to_join.to_owned(),
            count => (words.waiting)(count),
        }
    });
    let note = move || {
        model.waiting.with(|waiting| match waiting.as_ref()?.state {
            Asked::Waiting => Some(words.loading),
            Asked::Failed => Some(words.unread_failed),
            Asked::Answered => None,
        })
    };
    view! {
        <PanelHead words title close />
        <p class="people-none" role="status">
            {tracked(note)}
        </p>
        <ul class="people" role="list" aria-labelledby="panel-title">
            {tracked(move || users().into_iter().map(|user| view! { <Waiter model conversation user /> }).collect_view())}
        </ul>
    }
}

#[component]
fn Waiter(model: Model, conversation: ConversationId, user: User) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let (id, name) = (user.id, user.display_name.to_string());
    let answer = move |accept| backend.tell(Intent::AnswerWaiting { conversation, user: id, accept });
    let (let_in, turn_away) = ((words.let_in)(&name), (words.turn_away)(&name));
    view! {
        <li class="person waiter">
            <Person user />
            <button type="button" class="primary" aria-label=let_in on:click=hear(move |_| answer(true))>
                {words.let_in_short}
            </button>
            <button type="button" class="plain" aria-label=turn_away on:click=hear(move |_| answer(false))>
                {words.turn_away_short}
            </button>
        </li>
    }
}
