//! The narrow column at the start: who one is, where one is, and the settings.

use super::avatar::Avatar;
use super::icon::Icon;
use super::keys;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::preferences::Theme;
use leptos::prelude::*;

#[component]
pub fn Rail(model: Model) -> impl IntoView {
    let words = model.words;
    let user = model.account.get_untracked();
    let name = user.display_name.to_string();
    view! {
        <nav class="rail" aria-label=words.menu>
            <a class="rail-me" href="/settings" title=name.clone() aria-label=name.clone()>
                <Avatar name=name.clone() tint=user.id.get() small=true />
            </a>
            <HomeLink model />
            <span class="rail-space"></span>
            <ThemeSwitch model />
            <a class="rail-item" href="/settings" title=words.settings aria-label=words.settings>
                <Icon name="settings" />
            </a>
        </nav>
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
        <a class="rail-item is-here" href="/" title=words.messages aria-label=words.messages on:click=home>
            <Icon name="messages" />
        </a>
    }
}

/// Switches between light and dark; the settings can also follow the system.
#[component]
fn ThemeSwitch(model: Model) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let next = move || if model.theme.get() == Theme::Dark { Theme::Light } else { Theme::Dark };
    let label = move || (words.switch_theme)(next());
    let switch = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        backend.tell(Intent::SetTheme(next()));
    };
    view! {
        <form method="post" action="/settings" on:submit=switch>
            <button class="rail-item" name="theme" value=move || next().name() title=label aria-label=label>
                <Icon name="theme" />
            </button>
        </form>
    }
}
