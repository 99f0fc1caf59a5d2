//! Who has read one's own message in a group (R000-20).

use super::head::PanelHead;
use crate::live::Model;
use crate::live::lists::Asked;
use crate::view::boxed::tracked;
use crate::view::people::Person;
use leptos::prelude::*;
use protocol::User;
use protocol::messaging::Readers;

#[component]
pub fn ReadersList(model: Model, close: Callback<()>) -> impl IntoView {
    let words = model.words;
    let title = Signal::derive(move || match model.read_by.get() {
        Some(read_by) if read_by.state == Asked::Answered => (words.read_by)(read_by.count),
        _ => words.readers.to_owned(),
    });
    let note = move || {
        model.read_by.with(|read_by| {
            let read_by = read_by.as_ref()?;
            match read_by.state {
                Asked::Waiting => Some(words.loading),
                Asked::Failed => Some(words.unread_failed),
                Asked::Answered => {
                    let unlisted = read_by.users.is_empty() && read_by.count > 0;
                    let why = if read_by.old { words.readers_old } else { words.readers_unlisted };
                    unlisted.then_some(why)
                }
            }
        })
    };
    let people = move || {
        let users = model.read_by.with(|read_by| read_by.as_ref().map(|it| it.users.clone())).unwrap_or_default();
        let person = |user: User| view! { <li class="person"><Person user /></li> };
        users.into_iter().take(Readers::LISTED_MAX).map(person).collect_view()
    };
    view! {
        <PanelHead words title close />
        <p class="people-none" role="status">
            {tracked(note)}
        </p>
        <ul class="people" role="list" aria-labelledby="panel-title" tabindex="0">
            {tracked(people)}
        </ul>
    }
}
