//! Every string that a person sees, in each language.
//!
//! Invariant: [`Words`] has no default and no fallback, so a language that lacks a string does not compile.

mod chinese;
#[cfg(feature = "ssr")]
pub mod company;
mod english;
#[cfg(feature = "ssr")]
pub mod group;
#[cfg(feature = "ssr")]
pub mod identity;
pub mod page;
#[cfg(feature = "ssr")]
pub mod people;
#[cfg(feature = "ssr")]
pub mod profile;
pub mod time;

use crate::live::tip::Tip;
use crate::preferences::{Language, SendKey, Theme};
use protocol::messaging::ReportReason;
use protocol::sync::Parting;
use protocol::{ErrorCode, Relation};
use sync::ReadMark;

/// The strings of one language.
pub struct Words {
    pub language: Language,
    pub app: &'static str,

    pub messages: &'static str,
    pub sessions: &'static str,
    pub filter_sessions: &'static str,
    pub no_sessions: &'static str,
    pub no_match: &'static str,
    pub older_sessions: &'static str,
    /// The one row for conversations with strangers.
    pub strangers: &'static str,
    pub contacts: &'static str,
    /// Friend requests that wait for an answer.
    pub requests: fn(u64) -> String,
    pub new_conversation: &'static str,
    pub choose_conversation: &'static str,
    pub draft: &'static str,
    pub myself: &'static str,
    pub me: &'static str,
    pub members: fn(u64) -> String,
    /// Somebody writes; in a group with a name.
    pub typing: fn(Option<&str>) -> String,
    pub online: &'static str,
    pub last_seen: fn(&str) -> String,
    pub unread: fn(u64) -> String,
    pub no_message_yet: &'static str,

    pub back: &'static str,
    pub log_of: fn(&str) -> String,
    pub new_messages: &'static str,
    pub jump_to_newest: &'static str,
    pub jump_to_new: fn(u64) -> String,
    pub load_older: &'static str,
    pub loading: &'static str,
    pub beginning: &'static str,
    pub gap: &'static str,
    pub to_newest: &'static str,
    pub mark: fn(ReadMark) -> &'static str,
    pub retry: &'static str,
    pub discard: &'static str,
    pub said: fn(&str, &str) -> String,

    pub compose: &'static str,
    pub compose_hint: fn(SendKey) -> &'static str,
    pub send: &'static str,
    /// The way to choose pictures.
    pub choose_pictures: &'static str,
    /// The way to choose files.
    pub choose_files: &'static str,
    /// Sends one, on a page without scripts.
    pub upload_picture: &'static str,
    pub picture: &'static str,
    /// What stands for one in a list.
    pub picture_digest: &'static str,
    /// The same for a file, by its name.
    pub file_digest: fn(&str) -> String,
    pub view_picture: &'static str,
    /// So many pictures and files that were chosen are being prepared.
    pub preparing: fn(usize) -> String,
    pub uploading: &'static str,
    /// In its place where it cannot be had.
    pub picture_broken: &'static str,
    pub characters_left: fn(i64) -> String,

    /// What is offered about a message.
    pub message_menu: &'static str,
    pub copy: &'static str,
    pub copied: &'static str,
    pub not_copied: &'static str,
    pub delete: &'static str,
    pub deleted: fn(usize) -> String,
    pub undo: &'static str,
    pub recall: &'static str,
    pub tip: fn(&Tip) -> String,
    /// An unread message names the reader.
    pub mentioned: &'static str,
    pub group_settings: &'static str,
    pub add_people: &'static str,
    pub new_group: &'static str,
    pub announcement: &'static str,
    /// People who wait to be let into a group.
    pub waiting: fn(u64) -> String,
    pub requests_to_join: &'static str,
    pub nobody_waits: &'static str,
    pub let_in: fn(&str) -> String,
    pub let_in_short: &'static str,
    pub turn_away: fn(&str) -> String,
    pub turn_away_short: &'static str,
    /// Why one is no member of the group any more that one looks at.
    pub parted: fn(Parting) -> &'static str,
    /// Why one may not write in the group now, in the composer's place.
    pub silent_everybody: &'static str,
    pub silent_until: fn(&str) -> String,
    pub mention_someone: &'static str,
    pub everybody: &'static str,
    /// What one may type after an "@" for everybody, in small letters.
    pub everybody_typed: &'static [&'static str],
    pub edit_again: &'static str,
    pub select: &'static str,
    pub select_this: &'static str,
    pub selected: fn(usize) -> String,
    pub selected_most: &'static str,
    pub cancel: &'static str,
    /// How many others have read one's own message in a group (R000-20).
    pub read_by: fn(u64) -> String,
    pub readers: &'static str,
    pub readers_unlisted: &'static str,
    pub readers_old: &'static str,
    /// A message that has waited for more than a day.
    pub expired: &'static str,
    pub send_anyway: &'static str,
    pub give_up: &'static str,
    /// Why the receiver did not let a message in, below it (R004-I, to the letter).
    pub refused: fn(ErrorCode) -> Option<&'static str>,
    pub follow_them: &'static str,
    pub befriend_them: &'static str,

    pub report: &'static str,
    pub report_message: &'static str,
    pub report_reason: &'static str,
    pub reason: fn(ReportReason) -> &'static str,
    pub report_note: &'static str,
    pub report_hides: &'static str,
    pub submit: &'static str,
    pub reported: &'static str,

    /// What the two of a direct conversation are to each other, in a word.
    pub relation: fn(Relation) -> Option<&'static str>,
    pub follow: &'static str,
    pub unfollow: &'static str,
    pub block: &'static str,
    pub unblock: &'static str,

    /// What is offered about a conversation.
    pub conversation_menu: &'static str,
    pub session_menu: fn(&str) -> String,
    pub show_unread: fn(u64) -> String,
    pub show_naming: fn(u64) -> String,
    /// How many unread messages name the reader.
    pub naming: fn(u64) -> String,
    pub unread_messages: &'static str,
    pub unread_none: &'static str,
    pub unread_more: &'static str,
    pub unread_failed: &'static str,
    pub mark_read: &'static str,
    pub mark_all_read: &'static str,
    pub mark_all_ask: fn(usize) -> String,
    pub pin: fn(bool) -> &'static str,
    pub pinned: &'static str,
    pub mute_hour: &'static str,
    pub mute_hours: &'static str,
    pub mute_always: &'static str,
    pub unmute: &'static str,
    pub muted: &'static str,
    pub archive: fn(bool) -> &'static str,
    pub mark_unread: &'static str,
    pub marked_unread: &'static str,
    pub labels: &'static str,
    pub labels_hint: &'static str,
    pub labels_too_long: &'static str,
    /// The parts of the session list.
    pub shelves: &'static str,
    pub shelf_all: &'static str,
    pub shelf_unread: &'static str,
    pub shelf_archived: &'static str,
    pub delete_conversation: &'static str,
    pub delete_conversation_ask: fn(&str) -> String,
    pub delete_conversation_hint: &'static str,
    pub delete_everywhere: &'static str,

    pub shortcuts: &'static str,
    /// Each with what it does.
    pub shortcut_list: &'static [(&'static str, &'static str)],

    pub emoji: &'static str,
    pub search_emoji: &'static str,
    pub recent_emoji: &'static str,
    pub no_emoji: &'static str,
    pub emoji_failed: &'static str,
    pub skin_tone: &'static str,
    pub skin_tones: [&'static str; 6],
    pub emoji_categories: &'static str,
    pub emoji_groups: [&'static str; 9],

    pub offline: &'static str,
    pub reconnect: &'static str,
    /// R004-I7, to the letter.
    pub no_network: &'static str,
    /// R004-I8, to the letter.
    pub server_busy: &'static str,

    pub menu: &'static str,
    pub find_people: &'static str,
    pub find_people_hint: &'static str,
    pub nobody_found: &'static str,
    pub close: &'static str,

    pub settings: &'static str,
    pub switch_theme: fn(Theme) -> String,
    pub save: &'static str,

    /// A refusal in words: its code, and the field that broke its rule.
    pub error: fn(ErrorCode, Option<&str>) -> &'static str,

    pub today: &'static str,
    pub yesterday: &'static str,
    /// Sunday first.
    pub weekdays: [&'static str; 7],
    /// Month and day, 1-based.
    pub month_day: fn(u32, u32) -> String,
    /// Year, month and day.
    pub date: fn(i64, u32, u32) -> String,
    /// A date and its weekday.
    pub day: fn(&str, &str) -> String,
    /// Year, month and day in few characters.
    pub short_date: fn(i64, u32, u32) -> String,

    #[cfg(feature = "ssr")]
    pub page: page::PageWords,
}

impl Words {
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Chinese => &chinese::WORDS,
            Language::English => &english::WORDS,
        }
    }

    /// The name of a language in itself.
    pub const fn name_of(language: Language) -> &'static str {
        match language {
            Language::Chinese => "中文（简体）",
            Language::English => "English",
        }
    }
}

/// An unread count as the badge shows it (R002-23, R004-B7.19).
pub fn badge(unread: u64) -> String {
    if unread > 99 { "99+".to_owned() } else { unread.to_string() }
}

/// The document's title: the total unread, then where one is.
pub fn title(words: &Words, total: u64, place: Option<&str>) -> String {
    let count = if total > 0 { format!("({}) ", badge(total)) } else { String::new() };
    match place {
        Some(place) => format!("{count}{place} · {}", words.app),
        None => format!("{count}{}", words.app),
    }
}
