//! What every dialog begins with: its name, and the way out.

use crate::view::boxed::hear;
use crate::view::icon::Icon;
use crate::words::Words;
use leptos::prelude::*;

#[component]
pub fn PanelHead(words: &'static Words, #[prop(into)] title: Signal<String>, close: Callback<()>) -> impl IntoView {
    view! {
        <header class="dialog-head">
            <h2 id="panel-title" dir="auto">
                {title}
            </h2>
            <button
                type="button"
                class="icon-button"
                title=words.close
                aria-label=words.close
                on:click=hear(move |_| close.run(()))
            >
                <Icon name="close" />
            </button>
        </header>
    }
}
