//! The messenger as one view, and its hydration.

use crate::backend::Backend;
use crate::live::Model;
use crate::view::banner::Banner;
use crate::view::boxed::tracked;
use crate::view::chat_window::ChatWindow;
use crate::view::favicon;
use crate::view::menu::{MenuPlace, Menus};
use crate::view::new_conversation::NewConversation;
use crate::view::panel::{PanelPlace, Panels};
use crate::view::rail::Rail;
use crate::view::session_list::SessionList;
use crate::view::shortcuts::listen;
use crate::view::toast::Toasts;
use crate::words;
use leptos::either::Either;
use leptos::prelude::*;

/// Makes the server-rendered page live. `connect` gets the model built from the embedded snapshot, and gives the
/// backend that hears the views. Effects, and so all that touches the document, run after it returned.
#[cfg(feature = "hydrate")]
pub fn hydrate(messenger: crate::backend::Messenger, connect: impl FnOnce(crate::live::Live) -> Backend + 'static) {
    leptos::mount::hydrate_body(move || begin(messenger, connect));
}

/// Makes the page where no server has rendered it. The rest as in [`hydrate`].
#[cfg(feature = "hydrate")]
pub fn mount(messenger: crate::backend::Messenger, connect: impl FnOnce(crate::live::Live) -> Backend + 'static) {
    leptos::mount::mount_to_body(move || begin(messenger, connect));
}

#[cfg(feature = "hydrate")]
fn begin(messenger: crate::backend::Messenger, connect: impl FnOnce(crate::live::Live) -> Backend) -> impl IntoView {
    let live = crate::live::Live::new(&messenger);
    let model = live.model();
    let backend = connect(live);
    view! { <Messenger model backend /> }
}

/// The page at `/` and `/c/{id}`.
#[component]
pub fn Messenger(model: Model, backend: Backend) -> impl IntoView {
    provide_context(model);
    provide_context(backend);
    let finding = RwSignal::new(false);
    let (menus, panels) = (Menus::provide(), Panels::provide(finding));
    reflect(model);
    listen(model, backend, panels);
    let chat = move || match model.open.get() {
        Some(chat) => Either::Left(view! { <ChatWindow chat /> }),
        None => Either::Right(view! { <p class="choose">{model.words.choose_conversation}</p> }),
    };
    view! {
        <div class="app" class:is-open=tracked(move || model.open.with(Option::is_some))>
            // Here rather than in the list, which a narrow screen hides.
            <header class="unseen">
                <h1>{model.words.messages}</h1>
            </header>
            <Rail model />
            <SessionList model finding />
            <Banner model />
            <main class="chat" class:is-dropping=model.dropping>
                {tracked(chat)}
            </main>
            <NewConversation model finding />
            <PanelPlace model panels />
            <MenuPlace menus />
            <Toasts model />
        </div>
    }
}

/// Keeps the document in step with the model: its title, its icon and its theme.
fn reflect(model: Model) {
    Effect::new(move || {
        let name = model.open.with(|chat| chat.as_ref().map(|chat| chat.session.clone()));
        let name = name.map(|row| row.with(|row| row.title(model.words)));
        document().set_title(&words::title(model.words, model.total.get(), name.as_deref()));
    });
    Effect::new(move |plain: Option<Option<String>>| {
        let total = model.total.get();
        let link = document().query_selector("link[rel=icon]").ok().flatten()?;
        let plain = plain.flatten().or_else(|| link.get_attribute("href"))?;
        let icon = if total > 0 { favicon::with_badge(total) } else { plain.clone() };
        // The only failure is a malformed attribute name.
        let _ = link.set_attribute("href", &icon);
        Some(plain)
    });
    Effect::new(move |shown: Option<()>| {
        let theme = model.theme.get().name();
        // The first one stands in the document already.
        if shown.is_some()
            && let Some(root) = document().document_element()
        {
            // The only failure is a malformed attribute name.
            let _ = root.set_attribute("data-theme", theme);
        }
    });
}
