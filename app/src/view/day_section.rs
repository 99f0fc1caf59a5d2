//! One day of the log: its name, which sticks while its messages are on screen, and what was written.

use super::message_row::Message;
use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::chat::{Day, Entry};
use crate::view::boxed::{hear, tracked};
use crate::words::time::day_name;
use leptos::either::EitherOf3;
use leptos::prelude::*;
use protocol::{ConversationId, Seq, path};

#[component]
pub fn DaySection(model: Model, conversation: ConversationId, day: Day) -> impl IntoView {
    let entries = RwSignal::from(day.entries);
    let today = Memo::new(move |_| model.clock.get().today());
    view! {
        <section class="day">
            <h3 class="day-name">
                <span>{tracked(move || day_name(model.words, day.day, today.get()))}</span>
            </h3>
            <For each=move || entries.get() key=Entry::key let(entry)>
                {match entry {
                    Entry::Divider => EitherOf3::A(view! { <Divider model /> }),
                    Entry::Gap { after, before } => EitherOf3::B(view! { <Gap model conversation after before /> }),
                    Entry::Message(row, _) => {
                        EitherOf3::C(view! { <Message model conversation row=RwSignal::from(row) /> })
                    }
                }}
            </For>
        </section>
    }
}

/// Above the first message that was unread when the conversation was opened.
#[component]
fn Divider(model: Model) -> impl IntoView {
    view! {
        <div class="divider" id="unread" role="separator" aria-label=model.words.new_messages>
            <span>{model.words.new_messages}</span>
        </div>
    }
}

/// Messages lie between that this device does not hold (R004-G7).
#[component]
fn Gap(model: Model, conversation: ConversationId, after: Seq, before: Seq) -> impl IntoView {
    let backend = Backend::here();
    let fill = move |event| {
        if super::keys::take(&event) {
            super::keys::stay_in_log();
            backend.tell(Intent::LoadGap { conversation, before });
        }
    };
    view! {
        <a class="gap" data-after=after.to_string() data-before=before.to_string() href=format!("{}?before={before}", path::page(conversation)) on:click=hear(fill)>
            {model.words.gap}
        </a>
    }
}
