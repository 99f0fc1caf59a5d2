//! Says for about two seconds what became of something (R004-I9); for five what can be taken back.

use crate::backend::{Backend, Intent};
use crate::live::{Model, Notice, Toast};
use crate::view::boxed::{hear, tracked};
use leptos::html;
use leptos::prelude::*;
use protocol::{ConversationId, ErrorCode, Seq};
use std::time::Duration;
use sync::Action;

const SHOWN: Duration = Duration::from_millis(2200);
const UNDO: Duration = Duration::from_secs(5);

#[component]
pub fn Toasts(model: Model) -> impl IntoView {
    let over = RwSignal::new(0);
    let place = NodeRef::<html::Div>::new();
    Effect::new(move || {
        if let Some(toast) = model.toast.get() {
            raise(place);
            end(toast.number, if undo(&toast).is_some() { UNDO } else { SHOWN }, over, place);
        }
    });
    let shown = move || model.toast.get().filter(|toast| toast.number > over.get());
    let toast = move |toast: Toast| {
        let undo =
            undo(&toast).map(|(conversation, seqs)| view! { <Undo model conversation seqs over toast=toast.number /> });
        view! {
            <div class="toast">
                <p>{text(model, &toast)}</p>
                {undo}
            </div>
        }
    };
    view! {
        <div class="toasts" role="alert" popover="manual" node_ref=place>
            {tracked(move || shown().map(toast))}
        </div>
    }
}

#[component]
fn Undo(model: Model, conversation: ConversationId, seqs: Vec<Seq>, over: RwSignal<u64>, toast: u64) -> impl IntoView {
    let backend = Backend::here();
    let undo = move |_| {
        over.set(toast);
        backend.tell(Intent::Act(Action::Hide { conversation, seqs: seqs.clone(), hidden: false }));
    };
    view! {
        <button type="button" on:click=hear(undo)>
            {model.words.undo}
        </button>
    }
}

/// Puts the toasts above whatever dialog was opened before: to be seen, for as long as that is open nothing outside it is read
/// out or can be pressed.
fn raise(place: NodeRef<html::Div>) {
    if let Some(place) = place.get_untracked() {
        // Where the browser knows no popovers they are shown all the same, below the dialogs.
        let _ = place.hide_popover();
        let _ = place.show_popover();
    }
}

/// Takes a toast away after a while, but not from under a pointer or the focus.
fn end(toast: u64, after: Duration, over: RwSignal<u64>, place: NodeRef<html::Div>) {
    let ring = move || {
        let place_now = place.try_get_untracked().flatten();
        let held = place_now.is_some_and(|place| matches!(place.query_selector(":hover, :focus"), Ok(Some(_))));
        if held {
            end(toast, SHOWN, over, place);
        } else if over.try_get_untracked().is_some_and(|over| over < toast) {
            over.set(toast);
        }
    };
    set_timeout(ring, after);
}

/// What a toast can take back.
fn undo(toast: &Toast) -> Option<(ConversationId, Vec<Seq>)> {
    match &toast.what {
        Notice::Deleted { conversation, seqs } => Some((*conversation, seqs.clone())),
        _ => None,
    }
}

fn text(model: Model, toast: &Toast) -> String {
    let words = model.words;
    match &toast.what {
        Notice::NoNetwork => words.no_network.to_owned(),
        Notice::Refused(ErrorCode::Internal | ErrorCode::Unavailable) => words.server_busy.to_owned(),
        Notice::Refused(code) => (words.error)(*code, None).to_owned(),
        Notice::RefusedUpload(code, what) => (words.error)(*code, Some(what.field())).to_owned(),
        Notice::Copied => words.copied.to_owned(),
        Notice::NotCopied => words.not_copied.to_owned(),
        Notice::Reported => words.reported.to_owned(),
        Notice::Parted(why) => (words.parted)(*why).to_owned(),
        Notice::Deleted { seqs, .. } => (words.deleted)(seqs.len()),
    }
}
