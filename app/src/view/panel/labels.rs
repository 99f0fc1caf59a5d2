//! Writes the labels of a conversation (R001-08).

use super::head::PanelHead;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::view::boxed::{hear, tracked};
use leptos::prelude::*;
use leptos::{ev, html};
use protocol::{ChangePreferences, ConversationId, Label, Labels};
use sync::Action;

#[component]
pub fn LabelsForm(
    model: Model,
    conversation: ConversationId,
    /// As they are, separated by commas.
    labels: String,
    close: Callback<()>,
) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let field = NodeRef::<html::Input>::new();
    let refused = RwSignal::new(false);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let text = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        let Some(labels) = read(&text) else { return refused.set(true) };
        close.run(());
        let change = Box::new(ChangePreferences { labels: Some(labels), ..ChangePreferences::default() });
        backend.tell(Intent::Act(Action::Prefer { conversation, change }));
    };
    view! {
        <PanelHead words title=words.labels.to_owned() close />
        <form class="form" on:submit=hear(submit)>
            <div class="field">
                <label for="labels">{words.labels_hint}</label>
                <input
                    id="labels"
                    autocomplete="off"
                    dir="auto"
                    value=labels
                    node_ref=field
                    aria-invalid=tracked(move || refused.get().then_some("true"))
                    aria-describedby="labels-note"
                />
                <p id="labels-note" role="alert">
                    {tracked(move || refused.get().then_some(words.labels_too_long))}
                </p>
            </div>
            <button class="primary">{words.save}</button>
        </form>
    }
}

/// The labels of a text in which commas of either script separate them.
fn read(text: &str) -> Option<Labels> {
    let parts = text.split([',', '，', '、']).map(str::trim).filter(|part| !part.is_empty());
    let labels = parts.map(Label::try_from).collect::<Result<Vec<_>, _>>();
    labels.ok().and_then(|labels| Labels::try_from(labels).ok())
}
