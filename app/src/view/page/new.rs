//! Finding somebody to write to, without scripts.

use super::Inner;
use crate::backend::Form;
use crate::view::form::Refusal;
use crate::view::icon::Icon;
use crate::view::people::Person;
use crate::words::Words;
use crate::words::group::GroupWords;
use leptos::prelude::*;
use protocol::User;

#[component]
pub fn New(
    words: &'static Words,
    own: &'static GroupWords,
    query: String,
    found: Option<Vec<User>>,
    form: Form,
) -> impl IntoView {
    let none = found.as_ref().is_some_and(Vec::is_empty).then_some(words.nobody_found);
    let person = |user: User| {
        let id = user.id.to_string();
        view! {
            <li>
                <form method="post" action="/new">
                    <button class="person" name="peer" value=id>
                        <Person user />
                    </button>
                </form>
            </li>
        }
    };
    view! {
        <Inner words title=words.find_people>
            <Refusal form words />
            <p>
                <a href="/new/group">{own.new_group}</a>
            </p>
            <form class="find" method="get" action="/new" role="search">
                <label class="search">
                    <Icon name="search" />
                    <input
                        type="search"
                        name="query"
                        value=query
                        required
                        aria-label=words.find_people_hint
                        placeholder=words.find_people_hint
                        autocomplete="off"
                    />
                </label>
                <button class="primary">{words.page.search}</button>
            </form>
            <p class="people-none" role="status">
                {none}
            </p>
            <ul class="people" role="list">
                {found.unwrap_or_default().into_iter().map(person).collect_view()}
            </ul>
        </Inner>
    }
}
