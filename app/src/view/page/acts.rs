//! What one can do about somebody: a form that needs no script, and returns to the page on which it stands.

use crate::words::Words;
use crate::words::people::PeopleWords;
use leptos::prelude::*;
use protocol::{FriendRequest, Greeting, Relation, User};

/// All that fits what the reader is to somebody, and whether a friend request waits between them.
#[component]
pub fn Acts(words: &'static Words, user: User, relation: Relation, request: Option<FriendRequest>) -> impl IntoView {
    let people = PeopleWords::of(words.language);
    let Relation { friend, follow, blocking, .. } = relation;
    let friendship = match request.map(|request| request.incoming) {
        _ if friend => vec![("unfriend", people.remove_friend)],
        Some(true) => vec![("befriend", people.accept), ("refuse", people.refuse)],
        Some(false) => vec![("unfriend", people.withdraw)],
        None => vec![("befriend", people.add_friend)],
    };
    let others = [
        if follow { ("unfollow", words.unfollow) } else { ("follow", words.follow) },
        if blocking { ("unblock", words.unblock) } else { ("block", words.block) },
    ];
    let greeting = (friendship == [("befriend", people.add_friend)]).then(|| {
        view! {
            <input
                type="text"
                name="greeting"
                maxlength=Greeting::MAX.to_string()
                aria-label=people.greeting
                placeholder=people.greeting
                autocomplete="off"
            />
        }
    });
    view! {
        <form class="contact-acts" method="post" action="/contacts">
            <input type="hidden" name="user" value=user.id.to_string() />
            {greeting}
            {friendship.into_iter().chain(others).map(|(act, text)| button(act, text, &user)).collect_view()}
        </form>
    }
}

/// What answers a friend request, or takes it back.
#[component]
pub fn Answers(people: &'static PeopleWords, request: FriendRequest) -> impl IntoView {
    let acts = match request.incoming {
        true => vec![("befriend", people.accept), ("refuse", people.refuse)],
        false => vec![("unfriend", people.withdraw)],
    };
    view! {
        <form class="contact-acts" method="post" action="/contacts">
            <input type="hidden" name="user" value=request.user.id.to_string() />
            {acts.into_iter().map(|(act, text)| button(act, text, &request.user)).collect_view()}
        </form>
    }
}

fn button(act: &'static str, text: &'static str, user: &User) -> impl IntoView + use<> {
    let label = format!("{text}: {}", user.display_name);
    let class = if matches!(act, "block" | "unfriend" | "refuse") { "danger" } else { "plain" };
    view! {
        <button class=class name="act" value=act aria-label=label>
            {text}
        </button>
    }
}
