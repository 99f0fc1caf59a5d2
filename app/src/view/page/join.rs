//! What a group's link leads to.

use super::Inner;
use super::card::Portrait;
use crate::backend::Form;
use crate::view::form::Refusal;
use crate::words::Words;
use crate::words::group::GroupWords;
use crate::words::profile::ProfileWords;
use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use protocol::group::{Invitation, Invited, Joining};
use protocol::path;

#[component]
pub fn Join(
    words: &'static Words,
    own: &'static GroupWords,
    invitation: Option<Invitation>,
    form: Form,
) -> impl IntoView {
    let content = match invitation {
        Some(invitation) => Either::Left(view! { <Group words own invitation /> }),
        None => Either::Right(view! { <p role="status">{own.link_gone}</p> }),
    };
    view! {
        <Inner words title=own.invitation>
            <Refusal form words />
            {content}
        </Inner>
    }
}

#[component]
fn Group(words: &'static Words, own: &'static GroupWords, invitation: Invitation) -> impl IntoView {
    let Invitation { title, avatar, member_count, joining, state } = invitation;
    let what = match (state, joining) {
        (Invited::Member(id), _) => EitherOf3::A(view! { <a class="primary" href=path::page(id)>{own.open_chat}</a> }),
        (Invited::Waiting, _) => EitherOf3::B(view! { <p role="status">{own.waits}</p> }),
        (Invited::Outside, Joining::Closed) => EitherOf3::B(view! { <p role="status">{own.closed}</p> }),
        (Invited::Outside, joining) => {
            let text = if joining == Joining::Free { own.join } else { own.ask_to_join };
            EitherOf3::C(view! {
                <form class="form" method="post">
                    <button class="primary">{text}</button>
                </form>
            })
        }
    };
    let title = title.unwrap_or_else(|| own.untitled.to_owned());
    let picture = avatar.map(|avatar| {
        let label = (ProfileWords::of(words.language).picture_of)(&title);
        view! { <Portrait name=title.clone() tint=0 picture=Some(avatar) label /> }
    });
    view! {
        {picture}
        <p>
            <strong dir="auto">{title}</strong>
            " · "
            {(words.members)(member_count)}
        </p>
        {what}
    }
}
