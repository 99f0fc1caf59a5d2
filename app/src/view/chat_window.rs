//! The open conversation: header, log and composer.

use super::chat_header::ChatHeader;
use super::composer::Composer;
use super::message_log::MessageLog;
use crate::live::Model;
use crate::live::chat::Chat;
use leptos::html;
use leptos::prelude::*;

#[component]
pub fn ChatWindow(chat: Chat) -> impl IntoView {
    let model: Model = expect_context();
    let session = RwSignal::from(chat.session.clone());
    let log = NodeRef::<html::Div>::new();
    view! {
        <ChatHeader model session />
        <MessageLog model chat=chat.clone() log />
        <Composer model chat log />
    }
}
