//! Says for about two seconds what became of something (R004-I9); for five what can be taken back.

use crate::backend::{Backend, Intent};
use crate::live::{Model, Notice, Toast};
use crate::view::boxed::hear;
use leptos::html;
use leptos::prelude::*;
use leptos::web_sys;
use protocol::{ConversationId, ErrorCode, Seq};
use std::time::Duration;
use sync::Action;

const SHOWN: Duration = Duration::from_millis(2200);
const UNDO: Duration = Duration::from_secs(5);
/// So many that can be taken back stand there at most.
const MOST: usize = 4;

#[component]
pub fn Toasts(model: Model) -> impl IntoView {
    let shown = RwSignal::new(Vec::<Toast>::new());
    let place = NodeRef::<html::Div>::new();
    Effect::new(move || {
        let Some(toast) = model.toast.get() else { return };
        let (number, after) = (toast.number, if undo(&toast).is_some() { UNDO } else { SHOWN });
        shown.update(|shown| {
            // One word takes the place of the one before, but takes away nothing that can be taken back.
            shown.retain(|toast| undo(toast).is_some());
            let most = if undo(&toast).is_some() { MOST - 1 } else { MOST };
            shown.drain(..shown.len().saturating_sub(most));
            shown.push(toast);
        });
        raise(place);
        end(number, after, shown, place);
    });
    view! {
        <div class="toasts" role="alert" popover="manual" node_ref=place>
            <For each=move || shown.get() key=|toast| toast.number let(toast)>
                <div class="toast">
                    <p>{text(model, &toast)}</p>
                    {undo(&toast)
                        .map(|(conversation, seqs)| {
                            view! { <Undo model conversation seqs shown toast=toast.number /> }
                        })}
                </div>
            </For>
        </div>
    }
}

#[component]
fn Undo(
    model: Model,
    conversation: ConversationId,
    seqs: Vec<Seq>,
    shown: RwSignal<Vec<Toast>>,
    toast: u64,
) -> impl IntoView {
    let backend = Backend::here();
    let undo = move |_| {
        shown.update(|shown| shown.retain(|other| other.number != toast));
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
    let held = |place: &web_sys::HtmlDivElement| matches!(place.query_selector(":focus"), Ok(Some(_)));
    if let Some(place) = place.get_untracked().filter(|place| !held(place)) {
        // Where the browser knows no popovers they are shown all the same, below the dialogs.
        let _ = place.hide_popover();
        let _ = place.show_popover();
    }
}

/// Takes a toast away after a while, but not from under a pointer or the focus.
fn end(toast: u64, after: Duration, shown: RwSignal<Vec<Toast>>, place: NodeRef<html::Div>) {
    let ring = move || {
        let place_now = place.try_get_untracked().flatten();
        let held = place_now.is_some_and(|place| matches!(place.query_selector(":hover, :focus"), Ok(Some(_))));
        if held {
            end(toast, SHOWN, shown, place);
        } else {
            shown.try_update(|shown| shown.retain(|other| other.number != toast));
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
