//! The categories, and the skin tone.

use super::Category;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::view::boxed::{hear, tracked};
use crate::view::keys;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::Element;

/// What stands on the tab of each group of the data.
const SIGNS: [&str; 9] = ["😀", "👋", "🐻", "🍔", "🚗", "⚽", "💡", "🔣", "🏁"];
/// A hand in each tone, without one first.
const HANDS: [&str; 6] = ["✋", "✋🏻", "✋🏼", "✋🏽", "✋🏾", "✋🏿"];

/// The categories in a row: one stop for Tab, arrow keys within.
#[component]
pub fn Tabs(model: Model, category: RwSignal<Category>, query: RwSignal<String>) -> impl IntoView {
    let words = model.words;
    let stop = RwSignal::new(category.get_untracked());
    let recent = std::iter::once((Category::Recent, "🕘", words.recent_emoji));
    let groups = SIGNS.into_iter().zip(words.emoji_groups).enumerate();
    let tab = move |(this, sign, name): (Category, &'static str, &'static str)| {
        let chosen = move || category.get() == this && query.with(|query| query.trim().is_empty());
        view! {
            <button
                type="button"
                title=name
                aria-label=name
                aria-pressed=tracked(move || chosen().to_string())
                tabindex=tracked(move || if stop.get() == this { "0" } else { "-1" })
                on:focus=hear(move |_| stop.set(this))
                on:click=hear(move |_| {
                    category.set(this);
                    query.set(String::new());
                })
            >
                {sign}
            </button>
        }
    };
    let tabs = recent.chain(groups.map(|(n, (sign, name))| (Category::Group(n), sign, name))).map(tab).collect_view();
    view! {
        <div class="emoji-tabs" role="toolbar" aria-label=words.emoji_categories on:keydown=hear(move |event| walk(&event))>
            {tabs}
        </div>
    }
}

fn walk(event: &KeyboardEvent) {
    let Some(tab) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else { return };
    let all = tab.parent_element();
    let to = match keys::key(event).as_deref() {
        Some("ArrowRight") => tab.next_element_sibling(),
        Some("ArrowLeft") => tab.previous_element_sibling(),
        Some("Home") => all.and_then(|all| all.first_element_child()),
        Some("End") => all.and_then(|all| all.last_element_child()),
        _ => return,
    };
    event.prevent_default();
    keys::focus(to);
}

#[component]
pub fn Tones(model: Model) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let tone = move |(n, (hand, name)): (usize, (&'static str, &'static str))| {
        view! {
            <option value=n.to_string() selected=tracked(move || model.skin_tone.get() == n) aria-label=name>
                {hand}
            </option>
        }
    };
    let choose = move |event| backend.tell(Intent::SkinTone(event_target_value(&event).parse().unwrap_or_default()));
    view! {
        <select class="emoji-tone" title=words.skin_tone aria-label=words.skin_tone on:change=hear(choose)>
            {HANDS.into_iter().zip(words.skin_tones).enumerate().map(tone).collect_view()}
        </select>
    }
}
