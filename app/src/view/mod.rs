//! One file a component. No fetch and no rule here: views read signals, and tell intents.

pub mod avatar;
pub mod banner;
pub mod chat_header;
pub mod chat_window;
pub mod composer;
pub mod day_section;
pub mod emoji_panel;
pub mod escape;
#[cfg(feature = "ssr")]
pub mod form;
pub mod icon;
pub mod keys;
pub mod message_log;
pub mod message_row;
pub mod new_conversation;
#[cfg(feature = "ssr")]
pub mod page;
pub mod people;
pub mod place;
pub mod rail;
pub mod read_mark;
pub mod scroll;
pub mod session_list;
pub mod session_row;
pub mod shortcuts;
pub mod toast;
