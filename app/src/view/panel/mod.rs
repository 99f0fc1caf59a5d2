//! Dialogs over the messenger: what asks back, and lists that one looks into.

mod confirm;
mod head;
mod labels;
mod readers;
mod report;
mod shortcuts;
mod viewer;
mod waiting;
mod why;

use crate::backend::{Backend, Intent};
use crate::live::Model;
use crate::live::chat::MessageRow;
use crate::view::boxed::{hear, tracked};
use confirm::{DeleteConversation, MarkAllRead};
use labels::LabelsForm;
use leptos::either::EitherOf9;
use leptos::html;
use leptos::prelude::*;
use protocol::{ConversationId, Seq};
use readers::ReadersList;
use report::Report;
use shortcuts::ShortcutList;
use sync::RowKey;
use viewer::Viewer;
use waiting::WaitingList;
use why::WhyList;

/// Which dialog, about what.
#[derive(Clone, Debug, PartialEq)]
pub enum Panel {
    Report {
        conversation: ConversationId,
        seq: Seq,
        message: RowKey,
    },
    DeleteConversation {
        conversation: ConversationId,
        name: String,
    },
    MarkAllRead {
        conversations: usize,
    },
    Labels {
        conversation: ConversationId,
        labels: String,
    },
    Readers,
    Why {
        name: String,
    },
    Waiting {
        conversation: ConversationId,
    },
    Shortcuts,
    /// A message's picture, and who sent it when.
    Picture {
        message: RowKey,
        title: String,
    },
}

/// The one dialog of the page.
#[derive(Clone, Copy)]
pub struct Panels {
    open: RwSignal<Option<Panel>>,
    /// Whether the dialog lies over the page in which somebody is looked for.
    finding: RwSignal<bool>,
}

impl Panels {
    /// Makes the dialog of this page known to everything under the current owner.
    pub fn provide(finding: RwSignal<bool>) -> Self {
        let panels = Self { open: RwSignal::new(None), finding };
        provide_context(panels);
        panels
    }

    pub fn here() -> Self {
        expect_context()
    }

    /// Whether a dialog lies over the page.
    pub fn any(self) -> bool {
        self.open.with(Option::is_some) || self.finding.get()
    }

    pub fn open(self, panel: Panel) {
        self.open.set(Some(panel));
    }

    /// Shows who waits to be let into a group.
    pub fn waiting(self, backend: Backend, conversation: ConversationId) {
        backend.tell(Intent::Waiting(conversation));
        self.open(Panel::Waiting { conversation });
    }

    /// Shows a message's picture as large as the window allows.
    pub fn picture(self, model: Model, row: &MessageRow) {
        let (words, clock) = (model.words, model.clock.get_untracked());
        let author = if row.own { words.me } else { &row.author };
        let title = format!("{author} · {}", clock.full(words, row.at));
        self.open(Panel::Picture { message: row.key, title });
    }

    /// Shows the messages that make a badge. `naming`: those that name the reader.
    pub fn why(self, backend: Backend, conversation: ConversationId, naming: bool, name: String) {
        backend.tell(Intent::Unread { conversation, naming, before: None });
        self.open(Panel::Why { name });
    }
}

#[component]
pub fn PanelPlace(model: Model, panels: Panels) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let shown = Memo::new(move |_| panels.open.with(Option::is_some));
    Effect::new(move || {
        if let Some(dialog) = dialog.get().filter(|dialog| shown.get() && !dialog.open()) {
            // It fails only where the dialog is not in the document.
            let _ = dialog.show_modal();
        }
    });
    let close = Callback::new(move |()| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    });
    let brief = move || {
        panels.open.with(|panel| {
            !matches!(panel, Some(Panel::Readers | Panel::Why { .. } | Panel::Waiting { .. } | Panel::Picture { .. }))
        })
    };
    view! {
        <dialog
            class="dialog"
            class:is-brief=tracked(brief)
            class:is-viewer=tracked(move || panels.open.with(|panel| matches!(panel, Some(Panel::Picture { .. }))))
            aria-labelledby="panel-title"
            closedby="any"
            node_ref=dialog
            on:close=hear(move |_| panels.open.set(None))
        >
            {tracked(move || panels.open.get().map(|panel| content(model, panel, close)))}
        </dialog>
    }
}

fn content(model: Model, panel: Panel, close: Callback<()>) -> impl IntoView {
    match panel {
        Panel::Report { conversation, seq, message } => {
            EitherOf9::A(view! { <Report model conversation seq message close /> })
        }
        Panel::DeleteConversation { conversation, name } => {
            EitherOf9::B(view! { <DeleteConversation model conversation name close /> })
        }
        Panel::MarkAllRead { conversations } => EitherOf9::C(view! { <MarkAllRead model conversations close /> }),
        Panel::Readers => EitherOf9::D(view! { <ReadersList model close /> }),
        Panel::Why { name } => EitherOf9::E(view! { <WhyList model name close /> }),
        Panel::Shortcuts => EitherOf9::F(view! { <ShortcutList model close /> }),
        Panel::Labels { conversation, labels } => {
            EitherOf9::G(view! { <LabelsForm model conversation labels close /> })
        }
        Panel::Picture { message, title } => EitherOf9::I(view! { <Viewer model message title close /> }),
        Panel::Waiting { conversation } => EitherOf9::H(view! { <WaitingList model conversation close /> }),
    }
}
