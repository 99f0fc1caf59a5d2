//! The whole document, rendered by the server in one go.
//!
//! The policy that the document obeys: no inline style anywhere; one inline script, with the nonce; the snapshot is
//! data, not script. Effects never run here, so a render touches nothing but its snapshot.

use crate::app::Messenger as MessengerView;
use crate::backend::{Backend, Messenger, Page, Snapshot};
use crate::live::Live;
use crate::preferences::Preferences;
use crate::view::escape::escape;
use crate::view::page::card::Card;
use crate::view::page::company::Company;
use crate::view::page::contacts::Contacts;
use crate::view::page::devices::Devices;
use crate::view::page::error::Error;
use crate::view::page::group::Group;
use crate::view::page::join::Join;
use crate::view::page::login::Login;
use crate::view::page::new::New;
use crate::view::page::new_group::NewGroupPage;
use crate::view::page::picture;
use crate::view::page::profile::Profile;
use crate::view::page::provider::{ToProvider, Vain};
use crate::view::page::register::Register;
use crate::view::page::settings::Settings;
use crate::view::page::welcome::Welcome;
use crate::words::company::CompanyWords;
use crate::words::group::GroupWords;
use crate::words::profile::ProfileWords;
use crate::words::time::Clock;
use crate::words::{self, Words};
use leptos::prelude::*;
use protocol::ErrorCode;
use protocol::group::Action;

/// The pictures that [`crate::view::icon`] refers to.
const SPRITE: &str = include_str!("icons.svg");

/// Where the browser finds the files of the page, and the policy's nonce.
#[derive(Clone, Debug)]
pub struct Head {
    pub nonce: String,
    pub css_url: String,
    pub js_url: String,
    pub wasm_url: String,
    /// The emoji data, which the driver finds in `<meta name="emoji">`.
    pub emoji_url: String,
    pub icon_url: String,
    /// What requests are sealed with ([`protocol::sealed::Offer`]), which the driver finds in `<meta name="sealing">`.
    pub sealing: String,
}

/// Renders a page. The messenger carries its snapshot in `<script type="application/json" id="snapshot">` and starts
/// the front end, whose module exports `hydrate`.
pub fn render(snapshot: Snapshot, head: &Head) -> String {
    let owner = Owner::new_root(None);
    let html = owner.with(|| document(snapshot, head));
    owner.cleanup();
    html
}

/// The page that a browser keeps for the time without a server: it says so, until its script finds what the device has
/// stored. It holds nothing of anybody's. Tells the script beside the page: the policy must name it.
pub fn offline(preferences: Preferences, head: &Head) -> (String, String) {
    let owner = Owner::new_root(None);
    let words = Words::of(preferences.language);
    let (title, said) = owner.with(|| plain_page(Page::Error(ErrorCode::Unavailable), preferences, words));
    owner.cleanup();
    let script = starter(head);
    let body = format!("<div id=\"shell\">{said}</div>");
    let tail = format!("<script type=\"module\">{script}</script>");
    (html(preferences, &words::title(words, 0, Some(title)), &body, &tail, head), script)
}

fn document(snapshot: Snapshot, head: &Head) -> String {
    let preferences = snapshot.preferences;
    let words = Words::of(preferences.language);
    let (title, body, tail) = match snapshot.page {
        Page::Messenger(messenger) => messenger_page(&messenger, words, head),
        page => {
            let script = crops(&page).then(|| script(picture::SCRIPT, head));
            let (title, body) = plain_page(page, preferences, words);
            (words::title(words, 0, Some(title)), body, script.unwrap_or_default())
        }
    };
    html(preferences, &title, &body, &tail, head)
}

/// Whether a picture can be cut on the page.
fn crops(page: &Page) -> bool {
    match page {
        Page::Profile { .. } => true,
        Page::Group(page) => page.conversation.group.as_ref().is_some_and(|group| group.role.may(Action::Govern)),
        _ => false,
    }
}

fn html(preferences: Preferences, title: &str, body: &str, tail: &str, head: &Head) -> String {
    let (language, theme) = (preferences.language.tag(), preferences.theme.name());
    let (title, css, icon) = (escape(title), escape(&head.css_url), escape(&head.icon_url));
    let (emoji, sealing) = (escape(&head.emoji_url), escape(&head.sealing));
    format!(
        "<!DOCTYPE html><html lang=\"{language}\" data-theme=\"{theme}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1, interactive-widget=resizes-content\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"{css}\"><link rel=\"icon\" href=\"{icon}\" type=\"image/svg+xml\">\
         <meta name=\"emoji\" content=\"{emoji}\"><meta name=\"sealing\" content=\"{sealing}\"></head><body>{body}{SPRITE}{tail}</body></html>"
    )
}

fn messenger_page(messenger: &Messenger, words: &Words, head: &Head) -> (String, String, String) {
    let model = Live::new(messenger).model();
    let name = model.open.get_untracked().map(|chat| chat.session.get_untracked().title(words));
    let title = words::title(words, model.total.get_untracked(), name.as_deref());
    let body = view! { <MessengerView model backend=Backend::default() /> }.to_html();
    let tail = if messenger.newest() { start(messenger, head) } else { String::new() };
    (title, body, tail)
}

/// The snapshot, and the script that makes the page live.
fn start(messenger: &Messenger, head: &Head) -> String {
    // Every part of a snapshot is a struct, an enum or a list: writing it as JSON cannot fail.
    let json = serde_json::to_string(messenger).expect("a snapshot is valid JSON");
    let nonce = escape(&head.nonce);
    format!(
        "<script type=\"application/json\" id=\"snapshot\">{}</script>\
         <link rel=\"modulepreload\" href=\"{}\" nonce=\"{nonce}\">\
         <link rel=\"preload\" href=\"{}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\
         <script type=\"module\" nonce=\"{nonce}\">{}</script>",
        json.replace('<', "\\u003c"),
        escape(&head.js_url),
        escape(&head.wasm_url),
        starter(head),
    )
}

/// A script of a page that has no front end.
fn script(text: &str, head: &Head) -> String {
    format!("<script type=\"module\" nonce=\"{}\">{text}</script>", escape(&head.nonce))
}

/// The script that starts the front end.
fn starter(head: &Head) -> String {
    let (js, wasm) = (string(&head.js_url), string(&head.wasm_url));
    format!("import start, {{ hydrate }} from {js};await start({{ module_or_path: {wasm} }});hydrate();")
}

fn plain_page(page: Page, preferences: Preferences, words: &'static Words) -> (&'static str, String) {
    let clock = Clock { now: preferences.now, utc_offset: preferences.utc_offset };
    let own = GroupWords::of(preferences.language);
    match page {
        Page::Login { ways, form } => (words.page.log_in, view! { <Login words ways form /> }.to_html()),
        Page::ToProvider { provider, url } => {
            (words.page.log_in, view! { <ToProvider words provider url /> }.to_html())
        }
        Page::NotNamed { provider, why, again } => {
            (words.page.log_in, view! { <Vain words provider why again /> }.to_html())
        }
        Page::Register(form) => (words.page.register, view! { <Register words form /> }.to_html()),
        Page::New { me, query, found, form } => {
            (words.find_people, view! { <New words own me query found form /> }.to_html())
        }
        Page::Contacts { content, form } => {
            (words.contacts, view! { <Contacts words content=*content form /> }.to_html())
        }
        Page::Devices { devices, form } => {
            (words.page.devices, view! { <Devices words clock devices form /> }.to_html())
        }
        Page::Settings { account, linking, form } => {
            (words.settings, view! { <Settings words preferences account linking form /> }.to_html())
        }
        Page::Company(page) => {
            let company = CompanyWords::of(words.language);
            (company.company, view! { <Company words company page=*page /> }.to_html())
        }
        Page::Welcome { name, form } => {
            let company = CompanyWords::of(words.language);
            (company.welcome, view! { <Welcome words company name form /> }.to_html())
        }
        Page::Card { card, post, bond } => {
            (ProfileWords::of(words.language).profile, view! { <Card words card=*card post bond /> }.to_html())
        }
        Page::Profile { own, form } => {
            (ProfileWords::of(words.language).edit, view! { <Profile words own=*own form /> }.to_html())
        }
        Page::Group(page) => (own.settings, view! { <Group words own page=*page /> }.to_html()),
        Page::NewGroup(page) => (own.new_group, view! { <NewGroupPage words own page=*page /> }.to_html()),
        Page::Join { invitation, form } => (own.invitation, view! { <Join words own invitation form /> }.to_html()),
        Page::Error(code) => ((words.page.error_title)(code), view! { <Error words code /> }.to_html()),
        Page::Messenger(_) => unreachable!("the messenger has a page of its own"),
    }
}

/// A JavaScript string that no `</script>` can end.
fn string(text: &str) -> String {
    format!("{text:?}").replace('<', "\\u003c")
}
