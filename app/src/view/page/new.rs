//! Finding somebody to write to, without scripts.

use super::Inner;
use crate::backend::Form;
use crate::view::avatar::Avatar;
use crate::view::form::{Refusal, SearchBox};
use crate::view::people::Person;
use crate::words::Words;
use crate::words::group::GroupWords;
use leptos::prelude::*;
use protocol::{User, UserId};

#[component]
pub fn New(
    words: &'static Words,
    own: &'static GroupWords,
    me: UserId,
    query: String,
    found: Option<Vec<User>>,
    form: Form,
) -> impl IntoView {
    // Before anything is asked for, one can write to oneself (R001-09).
    let notes = found.is_none().then(|| {
        view! {
            <li>
                <form method="post" action="/new">
                    <button class="person" name="peer" value=me.to_string()>
                        <Avatar name="" tint=me.get() picture=None notes=true />
                        <span class="person-name">
                            <strong>{words.myself}</strong>
                        </span>
                    </button>
                </form>
            </li>
        }
    });
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
                <SearchBox words query label=words.find_people_hint required=true button="primary" />
            </form>
            <p class="people-none" role="status">
                {none}
            </p>
            <ul class="people" role="list">
                {notes} {found.unwrap_or_default().into_iter().map(person).collect_view()}
            </ul>
        </Inner>
    }
}
