//! A person's or a group's picture, or the first letter of a name on one of eight colours. Names stand beside it, so it is silent.

use super::icon::Icon;
use leptos::either::Either;
use leptos::prelude::*;
use protocol::{AvatarHash, path};

#[component]
pub fn Avatar(
    #[prop(into)] name: String,
    /// Decides on the colour.
    tint: u64,
    /// The letter stays below it, for as long as the picture is not there.
    picture: Option<AvatarHash>,
    #[prop(optional)] small: bool,
    /// The conversation with oneself has a picture of its own.
    #[prop(optional)]
    notes: bool,
) -> impl IntoView {
    let letter: String = name.chars().next().into_iter().flat_map(char::to_uppercase).collect();
    let class = format!("avatar tint-{}{}", tint % 8, if small { " is-small" } else { "" });
    view! {
        <span class=class aria-hidden="true">
            {if notes { Either::Left(view! { <Icon name="notes" /> }) } else { Either::Right(letter) }}
            {picture.map(|hash| view! { <img src=path::avatar(&hash, 96) alt="" loading="lazy" decoding="async" /> })}
        </span>
    }
}
