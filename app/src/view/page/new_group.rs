//! Choosing people for a new group, or for one that stands, without scripts: the page itself holds who is chosen.

use super::Inner;
use super::group::TitleField;
use crate::backend::NewGroup;
use crate::view::form::{Refusal, SearchBox};
use crate::view::icon::Icon;
use crate::view::people::Person;
use crate::words::Words;
use crate::words::group::GroupWords;
use leptos::either::Either;
use leptos::prelude::*;
use protocol::{ErrorCode, User};

#[component]
pub fn NewGroupPage(words: &'static Words, own: &'static GroupWords, page: NewGroup) -> impl IntoView {
    let NewGroup { to, chosen, query, found, form } = page;
    let (heading, submit) = match to {
        Some(_) => (own.invite, own.invite_chosen),
        None => (own.new_group, own.create),
    };
    let goal = move || to.map(|id| view! { <input type="hidden" name="to" value=id.to_string() /> });
    let keep: Vec<String> = chosen.iter().map(|user| user.id.to_string()).collect();
    let (kept, kept_again) = (hidden(&keep), hidden(&keep));
    let none = found.as_ref().is_some_and(Vec::is_empty).then_some(words.nobody_found);
    let person = |user: User| {
        let id = user.id.to_string();
        view! {
            <li>
                <button class="person" name="with" value=id>
                    <Person user />
                </button>
            </li>
        }
    };
    let taken = |user: User| {
        let (id, name) = (user.id.to_string(), user.display_name.to_string());
        let label = (own.take_out)(&name);
        view! {
            <li class="member">
                <Person user />
                <button class="icon-button" name="without" value=id title=label.clone() aria-label=label>
                    <Icon name="close" />
                </button>
            </li>
        }
    };
    // A group of which nobody lets themselves be a member is not made.
    let none_comes = form.error.as_ref().is_some_and(|error| error.code == ErrorCode::NotAccepted);
    let refusal = match none_comes {
        true => {
            let names: Vec<String> = chosen.iter().map(|user| user.display_name.to_string()).collect();
            Either::Left(view! { <p class="refusal" role="alert">{(own.not_invited)(&names)}</p> })
        }
        false => Either::Right(view! { <Refusal form=form.clone() words /> }),
    };
    let named = to.is_none().then(|| view! { <TitleField words own form hint=own.title_optional /> });
    let count = chosen.len();
    let ready = (count > 0).then(|| {
        view! {
            <form class="form" method="post" action="/new/group">
                {goal()} {kept_again} {named}
                <button class="primary">{submit}</button>
            </form>
        }
    });
    view! {
        <Inner words title=heading>
            {refusal}
            <form class="form" method="get" action="/new/group" role="search">
                {goal()} {kept}
                <div class="find">
                    <SearchBox words query label=words.find_people_hint />
                </div>
                <p class="people-none" role="status">
                    {none}
                </p>
                <ul class="people" role="list">
                    {found.unwrap_or_default().into_iter().map(person).collect_view()}
                </ul>
                {(count > 0).then(|| view! { <p class="aside" role="status">{(own.chosen)(count)}</p> })}
                <ul class="members" role="list">
                    {chosen.into_iter().map(taken).collect_view()}
                </ul>
            </form>
            {ready}
        </Inner>
    }
}

/// The chosen, as fields of a form.
fn hidden(ids: &[String]) -> impl IntoView + use<> {
    ids.iter().map(|id| view! { <input type="hidden" name="with" value=id.clone() /> }).collect_view()
}
