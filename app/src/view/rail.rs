//! The narrow column at the start: who one is, where one is, and the settings.

use super::avatar::Avatar;
use super::icon::Icon;
use super::keys;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::preferences::Theme;
use crate::view::boxed::{hear, tracked};
use crate::words::badge;
use leptos::prelude::*;

#[component]
pub fn Rail(model: Model) -> impl IntoView {
    let words = model.words;
    view! {
        <nav class="rail" aria-label=words.menu>
            {tracked(move || {
                let user = model.account.get();
                let name = user.display_name.to_string();
                view! {
                    <a class="rail-me" href="/settings" title=name.clone() aria-label=name.clone()>
                        <Avatar name=name.clone() tint=user.id.get() picture=user.avatar small=true />
                    </a>
                }
            })}
            <HomeLink model />
            <ContactsLink model class="rail-item" />
            <span class="rail-space"></span>
            <ThemeSwitch model />
            <a class="rail-item" href="/settings" title=words.settings aria-label=words.settings>
                <Icon name="settings" />
            </a>
        </nav>
    }
}

/// The way to the contacts, with how many friend requests wait there.
#[component]
pub fn ContactsLink(model: Model, class: &'static str) -> impl IntoView {
    let words = model.words;
    let waiting = move || Some(model.requests.get()).filter(|&count| count > 0);
    let label = move || match waiting() {
        Some(count) => format!("{} · {}", words.contacts, (words.requests)(count)),
        None => words.contacts.to_owned(),
    };
    view! {
        <a class=format!("{class} has-count") href="/contacts" title=words.contacts aria-label=tracked(label)>
            <Icon name="people" />
            {tracked(move || waiting().map(|count| view! { <span class="badge" aria-hidden="true">{badge(count)}</span> }))}
        </a>
    }
}

#[component]
fn HomeLink(model: Model) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let home = move |event| {
        if keys::take(&event) {
            backend.tell(Intent::Back);
        }
    };
    view! {
        <a class="rail-item is-here" href="/" title=words.messages aria-label=words.messages on:click=hear(home)>
            <Icon name="messages" />
        </a>
    }
}

/// Switches between light and dark; the settings can also follow the system. Which of the two buttons is seen, the
/// style sheet knows, as it alone knows what the system says.
#[component]
fn ThemeSwitch(model: Model) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let button = move |theme: Theme, class: &'static str| {
        let label = (words.switch_theme)(theme);
        let switch = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            backend.tell(Intent::SetTheme(theme));
        };
        view! {
            <button class=class name="theme" value=theme.name() title=label.clone() aria-label=label on:click=hear(switch)>
                <Icon name="theme" />
            </button>
        }
    };
    view! {
        <form method="post" action="/settings">
            {button(Theme::Dark, "rail-item to-dark")} {button(Theme::Light, "rail-item to-light")}
        </form>
    }
}
