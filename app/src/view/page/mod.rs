//! The pages beside the messenger: plain forms, never hydrated.

mod acts;
pub mod card;
pub mod company;
pub mod contacts;
pub mod devices;
pub mod error;
pub mod group;
mod group_member;
pub mod join;
pub mod login;
pub mod new;
pub mod new_group;
pub mod picture;
pub mod profile;
pub mod provider;
pub mod register;
pub mod settings;
pub mod welcome;

use super::icon::Icon;
use crate::words::Words;
use leptos::prelude::*;

/// A page with a heading and the way back to the messages.
#[component]
fn Inner(words: &'static Words, title: &'static str, children: Children) -> impl IntoView {
    view! {
        <main class="page">
            <div class="card">
                <header class="page-head">
                    <a class="icon-button" href="/" title=words.page.go_home aria-label=words.page.go_home>
                        <Icon name="back" />
                    </a>
                    <h1>{title}</h1>
                </header>
                {children()}
            </div>
        </main>
    }
}

/// A page for people who are not logged in.
#[component]
fn Outer(words: &'static Words, title: &'static str, children: Children) -> impl IntoView {
    view! {
        <main class="page">
            <div class="card">
                <p class="brand">
                    <Icon name="logo" />
                    <strong>{words.app}</strong>
                    <span>{words.page.tagline}</span>
                </p>
                <h1>{title}</h1>
                {children()}
            </div>
        </main>
    }
}
