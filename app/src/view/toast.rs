//! Says for about two seconds why something did not happen (R004-I9).

use crate::live::{Complaint, Model, Toast};
use leptos::prelude::*;
use protocol::ErrorCode;
use std::time::Duration;

const SHOWN: Duration = Duration::from_millis(2200);

#[component]
pub fn Toasts(model: Model) -> impl IntoView {
    let over = RwSignal::new(0);
    Effect::new(move || {
        if let Some(toast) = model.toast.get() {
            set_timeout(move || over.set(toast.number), SHOWN);
        }
    });
    let text = move |toast: Toast| match toast.what {
        Complaint::NoNetwork => model.words.no_network,
        Complaint::Refused(ErrorCode::Internal | ErrorCode::Unavailable) => model.words.server_busy,
        Complaint::Refused(code) => (model.words.error)(code, None),
    };
    let shown = move || model.toast.get().filter(|toast| toast.number > over.get());
    view! { <div class="toasts" role="alert">{move || shown().map(|toast| view! { <p class="toast">{text(toast)}</p> })}</div> }
}
