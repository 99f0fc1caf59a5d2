//! Reports somebody's message (R004-H6).

use super::head::PanelHead;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::view::boxed::{hear, tracked};
use leptos::prelude::*;
use leptos::{ev, html};
use protocol::messaging::{ReportMessage, ReportReason};
use protocol::{ConversationId, ReportNote, Seq};
use sync::{Action, RowKey};

#[component]
pub fn Report(
    model: Model,
    conversation: ConversationId,
    seq: Seq,
    message: RowKey,
    close: Callback<()>,
) -> impl IntoView {
    let words = model.words;
    let backend = Backend::here();
    let row = move || model.open.with(|chat| chat.as_ref().and_then(|chat| chat.row(message)));
    // Nobody reports, nor reads on in, what was taken back.
    Effect::new(move || {
        if row().is_some_and(|row| row.with(|row| !row.reportable())) {
            close.run(());
        }
    });
    let quoted = move || {
        // Where it is not mounted nobody knows what became of it.
        let text = row()?.with(|row| row.reportable().then(|| row.text.clone()))?;
        // Of a picture there is no text.
        Some(if text.is_empty() { words.picture.to_owned() } else { text })
    };
    let reason = RwSignal::new(ReportReason::Spam);
    let hide = RwSignal::new(true);
    let note = NodeRef::<html::Textarea>::new();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let text = note.get_untracked().map(|note| note.value().trim().to_owned()).unwrap_or_default();
        let (reason, hide) = (reason.get_untracked(), hide.get_untracked());
        let report = ReportMessage { reason, note: ReportNote::try_from(text).ok(), hide };
        close.run(());
        backend.tell(Intent::Act(Action::Report { conversation, seq, report }));
    };
    view! {
        <PanelHead words title=words.report_message.to_owned() close />
        <form class="form" on:submit=hear(submit)>
            <blockquote class="quoted" dir="auto">
                {tracked(quoted)}
            </blockquote>
            <Reasons model reason />
            <div class="field">
                <label for="report-note">{words.report_note}</label>
                <textarea id="report-note" rows="3" maxlength=ReportNote::MAX.to_string() dir="auto" node_ref=note />
            </div>
            <label class="choice">
                <input type="checkbox" checked on:change=hear(move |event| hide.set(event_target_checked(&event))) />
                <span>{words.report_hides}</span>
            </label>
            <button class="primary">{words.submit}</button>
        </form>
    }
}

#[component]
fn Reasons(model: Model, reason: RwSignal<ReportReason>) -> impl IntoView {
    let words = model.words;
    let option = move |one: ReportReason| {
        let first = one == ReportReason::Spam;
        view! {
            <label class="choice">
                <input type="radio" name="reason" checked=first on:change=hear(move |_| reason.set(one)) />
                <span>{(words.reason)(one)}</span>
            </label>
        }
    };
    view! {
        <fieldset class="choices is-pairs">
            <legend>{words.report_reason}</legend>
            {ReportReason::ALL.map(option).collect_view()}
        </fieldset>
    }
}
