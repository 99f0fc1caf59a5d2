//! Chooses an emoji: by category, from those used last, or by a word in Chinese, pinyin or English.

mod grid;
mod tabs;

use super::insert::insert;
use super::keys;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::emoji::{Emoji, EmojiData, find};
use crate::preferences::Language;
use crate::view::boxed::{hear, tracked};
use grid::Grid;
use leptos::prelude::*;
use leptos::{ev, html};
use tabs::{Tabs, Tones};

/// What the grid shows when nothing is searched for: the emoji used last, or one of the data's groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    Recent,
    Group(usize),
}

/// An emoji as the grid shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub text: String,
    pub name: String,
}

#[component]
pub fn EmojiPanel(model: Model, open: RwSignal<bool>, field: NodeRef<html::Textarea>) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let query = RwSignal::new(String::new());
    let recent = model.recent_emoji.with_untracked(|recent| !recent.is_empty());
    let category = RwSignal::new(if recent { Category::Recent } else { Category::Group(0) });
    let search = NodeRef::<html::Input>::new();
    backend.tell(Intent::Emoji);
    let panel = NodeRef::<html::Div>::new();
    // On a phone the keyboard would take the room of the emoji.
    Effect::new(move || match keys::wide() {
        true => keys::focus(search.get()),
        false => keys::focus(panel.get()),
    });
    let choices = Memo::new(move |_| choices(model, &query.get(), category.get()));
    let close = move || {
        open.set(false);
        keys::focus(field.get_untracked());
    };
    let escape = move |event: ev::KeyboardEvent| {
        if keys::key(&event).as_deref() == Some("Escape") {
            event.prevent_default();
            event.stop_propagation();
            close();
        }
    };
    let choose = Callback::new(move |text: String| {
        if let Some(field) = field.get_untracked() {
            insert(&field, &text);
        }
        backend.tell(Intent::UsedEmoji(text));
    });
    view! {
        <div class="emoji" role="dialog" tabindex="-1" aria-label=words.emoji node_ref=panel on:keydown=hear(escape)>
            <div class="emoji-head">
                <input
                    type="search"
                    class="emoji-search"
                    aria-label=words.search_emoji
                    placeholder=words.search_emoji
                    autocomplete="off"
                    node_ref=search
                    prop:value=tracked(move || query.get())
                    on:input=hear(move |event| query.set(event_target_value(&event)))
                    on:keydown=hear(swallow_enter)
                />
                <Tones model />
            </div>
            <Tabs model category query />
            <Status model choices />
            <Grid choices choose label=words.emoji />
        </div>
    }
}

/// Enter in the search box belongs to no form.
fn swallow_enter(event: ev::KeyboardEvent) {
    if event.key() == "Enter" {
        event.prevent_default();
    }
}

#[component]
fn Status(model: Model, choices: Memo<Vec<Choice>>) -> impl IntoView {
    let words = model.words;
    let text = move || {
        model.emoji.with(|data| match data {
            EmojiData::Absent | EmojiData::Loading => words.loading,
            EmojiData::Failed => words.emoji_failed,
            EmojiData::Loaded(_) if choices.with(Vec::is_empty) => words.no_emoji,
            EmojiData::Loaded(_) => "",
        })
    };
    view! {
        <p class="emoji-status" role="status">
            {tracked(text)}
        </p>
    }
}

fn choices(model: Model, query: &str, category: Category) -> Vec<Choice> {
    let EmojiData::Loaded(groups) = model.emoji.get() else { return Vec::new() };
    let tone = model.skin_tone.get();
    let choice = |emoji: &Emoji| {
        let name = match model.words.language {
            Language::Chinese => &emoji.chinese,
            Language::English => &emoji.english,
        };
        Choice { text: emoji.toned(tone).to_owned(), name: name.clone() }
    };
    if !query.trim().is_empty() {
        return find(&groups, query).iter().map(choice).collect();
    }
    match category {
        Category::Group(group) => groups.get(group).into_iter().flatten().map(choice).collect(),
        Category::Recent => {
            // They stay where they are while one chooses.
            model.recent_emoji.with_untracked(|recent| recent.iter().map(|text| named(&groups, text, choice)).collect())
        }
    }
}

/// An emoji used before, in the tone it was used in, by the name it has in the data.
fn named(groups: &[Vec<Emoji>], text: &str, choice: impl Fn(&Emoji) -> Choice) -> Choice {
    let known = groups.iter().flatten().find(|emoji| emoji.text == text || emoji.tones.iter().any(|tone| tone == text));
    let name = known.map_or_else(|| text.to_owned(), |emoji| choice(emoji).name);
    Choice { text: text.to_owned(), name }
}
