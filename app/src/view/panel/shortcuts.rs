//! The keys that one can use.

use super::head::PanelHead;
use crate::live::Model;
use leptos::prelude::*;

#[component]
pub fn ShortcutList(model: Model, close: Callback<()>) -> impl IntoView {
    let words = model.words;
    let shortcut = |&(keys, does): &(&'static str, &'static str)| {
        view! {
            <dt>
                <kbd>{keys}</kbd>
            </dt>
            <dd>{does}</dd>
        }
    };
    view! {
        <PanelHead words title=words.shortcuts.to_owned() close />
        <dl class="shortcuts">{words.shortcut_list.iter().map(shortcut).collect_view()}</dl>
    }
}
