//! How far one's own message has come: a picture, a colour, and always words (R000-20).

use super::icon::Icon;
use crate::words::Words;
use leptos::prelude::*;
use sync::ReadMark;

#[component]
pub fn ReadMarkIcon(words: &'static Words, mark: ReadMark) -> impl IntoView {
    let (name, icon) = match mark {
        ReadMark::Failed => ("failed", "failed"),
        ReadMark::Sending => ("sending", "clock"),
        ReadMark::Waiting => ("waiting", "clock"),
        ReadMark::Sent => ("sent", "check"),
        ReadMark::Delivered => ("delivered", "checks"),
        ReadMark::Read => ("read", "checks"),
    };
    let label = (words.mark)(mark);
    view! {
        <span class="mark" data-mark=name role="img" aria-label=label title=label>
            <Icon name=icon />
        </span>
    }
}
