//! A member of a group with what one may do about them, and those who wait to be let in.

use crate::view::avatar::Avatar;
use crate::view::people::Person;
use crate::words::Words;
use crate::words::group::GroupWords;
use leptos::prelude::*;
use protocol::group::{Action, Member, Role};
use protocol::{User, UserId, path};

#[component]
pub fn MemberItem(own: &'static GroupWords, member: Member, role: Role, me: UserId, now: u64) -> impl IntoView {
    let (id, name) = (member.user.id, member.name().to_string());
    let gone = member.deactivated;
    let muted = member.muted_until > now && !gone;
    let badge = match member.role {
        Role::Owner => Some(own.owner),
        Role::Admin => Some(own.admin),
        Role::Member => None,
    };
    let mut actions = Vec::new();
    if id != me {
        // Whoever was deactivated is given nothing, and need not be kept from anything.
        if role.may(Action::Appoint) {
            match member.role {
                Role::Admin => actions.push(("demote", own.demote)),
                _ if gone => {}
                _ => actions.push(("promote", own.promote)),
            }
            actions.extend((!gone).then_some(("hand-over", own.hand_over)));
        }
        if role.may(Action::Mute(member.role)) && !gone {
            actions.push(if muted { ("unmute", own.unmute) } else { ("mute", own.mute_hour) });
        }
        if role.may(Action::Remove(member.role)) {
            actions.push(("remove", own.remove));
        }
    }
    let button = |(name, text)| {
        let class = if name == "remove" || name == "hand-over" { "danger" } else { "plain" };
        view! { <button class=class name="do" value=name>{text}</button> }
    };
    let manage = (!actions.is_empty()).then(|| {
        view! {
            <details class="manage">
                <summary class="icon-button" aria-label=(own.manage)(&name)>"⋯"</summary>
                <form method="post" action="group">
                    <input type="hidden" name="user" value=id.to_string() />
                    {actions.into_iter().map(button).collect_view()}
                </form>
            </details>
        }
    });
    view! {
        <li class="member">
            <a class="person" href=path::card(id)>
                <Avatar name=name.clone() tint=id.get() picture=member.user.avatar.clone() />
                <span class="person-name">
                    <strong dir="auto">{name.clone()}</strong>
                    <span>{format!("@{}", member.user.handle)}</span>
                </span>
            </a>
            {badge.map(|badge| view! { <span class="badge is-quiet">{badge}</span> })}
            {gone.then(|| view! { <span class="badge is-quiet">{own.deactivated}</span> })}
            {muted.then(|| view! { <span class="badge is-quiet">{own.muted}</span> })}
            {manage}
        </li>
    }
}

#[component]
pub fn Waiting(words: &'static Words, own: &'static GroupWords, waiting: Vec<User>) -> impl IntoView {
    let item = |user: User| {
        let (id, name, card) = (user.id.to_string(), user.display_name.to_string(), path::card(user.id));
        view! {
            <li class="member">
                <a class="person" href=card>
                    <Person user />
                </a>
                <form method="post" action="group" class="answers">
                    <input type="hidden" name="user" value=id />
                    <button class="primary" name="do" value="accept" aria-label=(words.let_in)(&name)>{words.let_in_short}</button>
                    <button class="plain" name="do" value="refuse" aria-label=(words.turn_away)(&name)>{words.turn_away_short}</button>
                </form>
            </li>
        }
    };
    (!waiting.is_empty()).then(|| {
        view! {
            <section aria-labelledby="waiting">
                <h2 id="waiting">{own.waiting}</h2>
                <ul class="members" role="list">
                    {waiting.into_iter().map(item).collect_view()}
                </ul>
            </section>
        }
    })
}
