//! A user among those found.

use super::avatar::Avatar;
use leptos::prelude::*;
use protocol::User;

#[component]
pub fn Person(user: User) -> impl IntoView {
    let name = user.display_name.to_string();
    view! {
        <Avatar name=name.clone() tint=user.id.get() picture=user.avatar.clone() />
        <span class="person-name">
            <strong dir="auto">{name}</strong>
            <span>{format!("@{}", user.handle)}</span>
        </span>
    }
}
