//! The open conversation: header, log and composer.

use super::chat_header::{Announced, ChatHeader};
use super::composer::Composer;
use super::message_log::MessageLog;
use super::picked::{PickBar, Picked};
use crate::live::Model;
use crate::live::chat::Chat;
use leptos::html;
use leptos::prelude::*;

#[component]
pub fn ChatWindow(chat: Chat) -> impl IntoView {
    let model: Model = expect_context();
    let session = RwSignal::from(chat.session.clone());
    let conversation = chat.id;
    let picked = Picked::provide();
    let log = NodeRef::<html::Div>::new();
    view! {
        <ChatHeader model session />
        <Announced model session />
        <MessageLog model chat=chat.clone() log picked />
        <Composer model chat picked />
        <PickBar model conversation log />
    }
}
