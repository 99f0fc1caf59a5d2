//! A picture of the sprite that stands once in the document.

use leptos::prelude::*;

#[component]
pub fn Icon(
    /// The picture's id in the sprite, without its prefix.
    name: &'static str,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true" focusable="false">
            <use_ href=format!("#icon-{name}") />
        </svg>
    }
}
