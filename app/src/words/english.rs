//! English.

use super::Words;
use crate::live::tip::{Change, Tip};
use crate::preferences::{Language, SendKey, Theme};
use protocol::messaging::ReportReason;
use protocol::sync::Parting;
use protocol::{ErrorCode, Relation};
use sync::ReadMark;

pub const WORDS: Words = Words {
    language: Language::English,
    app: "Sixin",

    messages: "Messages",
    sessions: "Conversations",
    filter_sessions: "Filter conversations",
    no_sessions: "No conversations yet. Start one with the plus button above.",
    no_match: "No conversation matches",
    older_sessions: "Older conversations",
    strangers: "Messages from strangers",
    contacts: "Contacts",
    requests: |n| if n == 1 { "1 friend request".to_owned() } else { format!("{n} friend requests") },
    new_conversation: "New conversation",
    choose_conversation: "Choose a conversation to start chatting",
    draft: "[Draft]",
    myself: "Notes to self",
    me: "You",
    members: |n| if n == 1 { "1 member".to_owned() } else { format!("{n} members") },
    typing: |name| match name {
        Some(name) => format!("{name} is typing…"),
        None => "typing…".to_owned(),
    },
    online: "online",
    last_seen: |at| format!("last seen {at}"),
    unread: |n| if n == 1 { "1 unread message".to_owned() } else { format!("{n} unread messages") },
    no_message_yet: "No messages yet",

    back: "Back to conversations",
    log_of: |name| format!("Messages with {name}"),
    new_messages: "New messages",
    jump_to_newest: "Jump to the newest message",
    jump_to_new: |n| if n == 1 { "1 new message".to_owned() } else { format!("{n} new messages") },
    load_older: "Load older messages",
    loading: "Loading…",
    beginning: "This is the beginning",
    gap: "Load the messages in between",
    to_newest: "Show the newest messages",
    mark,
    retry: "Try again",
    discard: "Delete this message",
    said: |name, text| format!("{name}: {text}"),

    compose: "Write a message",
    compose_hint: |key| match key {
        SendKey::Enter => "Write a message: Enter sends, Shift+Enter breaks the line",
        SendKey::CtrlEnter => "Write a message: Ctrl+Enter sends, Enter breaks the line",
    },
    send: "Send",
    choose_pictures: "Choose pictures",
    choose_files: "Choose files",
    upload_picture: "Upload the picture",
    picture: "Picture",
    picture_digest: "[Picture]",
    file_digest: |name| format!("[File] {name}"),
    view_picture: "View the picture",
    preparing: |count| {
        if count == 1 { "Preparing 1 item…".to_owned() } else { format!("Preparing {count} items…") }
    },
    uploading: "Uploading",
    picture_broken: "This picture cannot be shown",
    characters_left: |left| if left < 0 { format!("{} too many", -left) } else { format!("{left} left") },

    message_menu: "Message actions",
    copy: "Copy",
    copied: "Copied",
    not_copied: "The browser does not let this be copied",
    delete: "Delete for me",
    deleted: |n| if n == 1 { "Deleted".to_owned() } else { format!("{n} messages deleted") },
    undo: "Undo",
    recall: "Recall",
    tip: |tip| match tip {
        Tip::RecalledByMe => "You recalled a message".to_owned(),
        Tip::RecalledByPeer => "The other side recalled a message".to_owned(),
        Tip::RecalledByAdmin => "The server’s administrator recalled a message".to_owned(),
        Tip::RecalledBy(name) => format!("{name} recalled a message"),
        Tip::Withdrawn => "This picture was withdrawn. Keep your privacy and beware of fraud; if it harasses or \
            threatens you, press and hold this message to report it"
            .to_owned(),
        Tip::Removed { own: true } => "Your message was removed for its content; nobody sees it".to_owned(),
        Tip::Removed { own: false } => "This message was removed for its content".to_owned(),
        Tip::Changed { by, people, more, change } => {
            let by = by.as_deref().unwrap_or("You");
            let people: Vec<&str> = people.iter().map(|person| person.as_deref().unwrap_or("you")).collect();
            let mut people = people.join(", ");
            if *more > 0 {
                people = format!("{people} and {more} more");
            }
            match change {
                Change::Created => format!("{by} created the group with {people}"),
                Change::Invited => format!("{by} added {people}"),
                Change::Joined => format!("{by} joined the group"),
                Change::Left => format!("{by} left the group"),
                Change::Removed => format!("{by} removed {people}"),
                Change::Renamed(title) => format!("{by} renamed the group to “{title}”"),
                Change::Pictured => format!("{by} changed the group’s picture"),
                Change::Unpictured => format!("{by} removed the group’s picture"),
                Change::Announced => format!("{by} changed the announcement"),
                Change::Unannounced => format!("{by} took the announcement down"),
                Change::Promoted => format!("{by} made {people} an admin"),
                Change::Demoted => format!("{by} made {people} a member again"),
                Change::HandedOver => format!("{by} made {people} the owner"),
                Change::Muted => format!("{by} muted {people}"),
                Change::Unmuted => format!("{by} unmuted {people}"),
                Change::MutedAll => format!("{by} muted everybody"),
                Change::UnmutedAll => format!("{by} unmuted everybody"),
            }
        }
    },
    mentioned: "[@ you]",
    group_settings: "Group settings",
    add_people: "Add people to a new group",
    new_group: "New group",
    announcement: "Announcement",
    waiting: |n| if n == 1 { "1 person asks to join".to_owned() } else { format!("{n} people ask to join") },
    requests_to_join: "Requests to join",
    nobody_waits: "Nobody waits to join",
    let_in: |name| format!("Let {name} in"),
    let_in_short: "Let in",
    turn_away: |name| format!("Refuse {name}"),
    turn_away_short: "Refuse",
    parted: |why| match why {
        Parting::Left => "You left the group",
        Parting::Removed => "You were removed from the group",
        Parting::Dissolved => "The owner dissolved the group",
    },
    silent_everybody: "Everyone is muted. Only the owner and admins can write.",
    silent_until: |at| format!("You are muted until {at}"),
    mention_someone: "Whom to mention",
    everybody: "everybody",
    everybody_typed: &["everybody", "everyone", "all"],
    edit_again: "Edit again",
    select: "Select",
    select_this: "Select this message",
    selected: |n| format!("{n} selected"),
    selected_most: "At most 100 can be selected",
    cancel: "Cancel",
    read_by: |n| format!("Read by {n}"),
    readers: "Read by",
    readers_unlisted: "A group of more than 200 members shows the number only",
    readers_old: "An older message shows the number only",
    expired: "This message has been waiting for more than 24 hours. Send it anyway?",
    send_anyway: "Send anyway",
    give_up: "Give up",
    refused: |code| match code {
        ErrorCode::NotFollowed => Some("Their privacy settings do not let this message in"),
        ErrorCode::FollowersOnly => Some("They only accept messages from followers. "),
        ErrorCode::AwaitingAnswer => Some("You can write more once they answer"),
        _ => None,
    },
    follow_them: "Follow them",
    befriend_them: "Ask to be friends",

    report: "Report",
    report_message: "Report the message",
    report_reason: "Reason",
    reason: |reason| match reason {
        ReportReason::Spam => "Spam",
        ReportReason::Fraud => "Fraud",
        ReportReason::Harassment => "Harassment",
        ReportReason::Indecent => "Indecent content",
        ReportReason::Other => "Something else",
    },
    report_note: "Note (optional)",
    report_hides: "Hide it from me as well",
    submit: "Submit",
    reported: "Reported",

    relation: |relation| match relation {
        Relation { blocking: true, .. } => Some("Blocked"),
        Relation { friend: true, .. } => Some("Friend"),
        Relation { follow: true, fan: true, .. } => Some("You follow each other"),
        Relation { follow: true, .. } => Some("Following"),
        Relation { fan: true, .. } => Some("Follows you"),
        _ => None,
    },
    follow: "Follow",
    unfollow: "Unfollow",
    block: "Block",
    unblock: "Unblock",

    conversation_menu: "Conversation actions",
    session_menu: |name| format!("Actions for “{name}”"),
    show_unread: |n| if n == 1 { "Show the unread message".to_owned() } else { format!("Show {n} unread messages") },
    show_naming: |n| match n {
        1 => "Show the unread message that mentions you".to_owned(),
        n => format!("Show {n} unread messages that mention you"),
    },
    naming: |n| match n {
        1 => "1 unread message that mentions you".to_owned(),
        n => format!("{n} unread messages that mention you"),
    },
    unread_messages: "Unread messages",
    unread_none: "Nothing is unread",
    unread_more: "Show more",
    unread_failed: "Loading failed",
    mark_read: "Mark as read",
    mark_all_read: "Mark all as read",
    mark_all_ask: |n| format!("Mark {n} conversations as read?"),
    pin: |pinned| if pinned { "Unpin" } else { "Pin" },
    pinned: "Pinned",
    mute_hour: "Mute for 1 hour",
    mute_hours: "Mute for 8 hours",
    mute_always: "Mute always",
    unmute: "Unmute",
    muted: "Muted",
    archive: |archived| if archived { "Unarchive" } else { "Archive" },
    mark_unread: "Mark as unread",
    marked_unread: "Marked as unread",
    labels: "Labels",
    labels_hint: "Separated by commas, at most 32 characters each",
    labels_too_long: "The labels are too long or too many",
    shelves: "Filters",
    shelf_all: "All",
    shelf_unread: "Unread",
    shelf_archived: "Archived",
    delete_conversation: "Delete conversation",
    delete_conversation_ask: |name| format!("Delete the conversation “{name}”?"),
    delete_conversation_hint: "Other people keep it. It comes back with the next message, without those before.",
    delete_everywhere: "Delete on all my devices, not on this one only",

    shortcuts: "Keyboard shortcuts",
    shortcut_list: &[
        ("Ctrl K", "Filter conversations"),
        ("Alt ↑ / Alt ↓", "Previous or next conversation"),
        ("Alt Shift ↑ / ↓", "Previous or next unread conversation"),
        ("↑ / ↓", "Move in the list or the messages"),
        ("Shift F10", "Open the menu of a conversation or message"),
        ("Esc", "Close a window, or go to the newest message"),
        ("Ctrl /", "Show the shortcuts"),
    ],

    emoji: "Emoji",
    search_emoji: "Search emoji",
    recent_emoji: "Recently used",
    no_emoji: "No emoji found",
    emoji_failed: "The emoji could not be loaded. Try again later.",
    skin_tone: "Skin tone",
    skin_tones: [
        "Default skin tone",
        "Light skin tone",
        "Medium-light skin tone",
        "Medium skin tone",
        "Medium-dark skin tone",
        "Dark skin tone",
    ],
    emoji_categories: "Emoji categories",
    emoji_groups: [
        "Smileys and emotion",
        "People and body",
        "Animals and nature",
        "Food and drink",
        "Travel and places",
        "Activities",
        "Objects",
        "Symbols",
        "Flags",
    ],

    offline: "Disconnected. Reconnecting… Messages will be sent once the connection is back.",
    reconnect: "Reconnect now",
    no_network: "No network. Check your network settings.",
    server_busy: "The server is busy. Try again later.",

    menu: "Main menu",
    find_people: "Find people",
    find_people_hint: "User name or display name",
    nobody_found: "Nobody found",
    close: "Close",

    settings: "Settings",
    switch_theme: |theme| match theme {
        Theme::System => "Use the system's appearance".to_owned(),
        Theme::Light => "Use the light appearance".to_owned(),
        Theme::Dark => "Use the dark appearance".to_owned(),
    },
    save: "Save",

    error,

    today: "Today",
    yesterday: "Yesterday",
    weekdays: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
    month_day: |month, day| format!("{} {day}", MONTHS.get(month as usize - 1).copied().unwrap_or_default()),
    date: |year, month, day| format!("{} {day}, {year}", MONTHS.get(month as usize - 1).copied().unwrap_or_default()),
    day: |date, weekday| format!("{weekday}, {date}"),
    short_date: |year, month, day| format!("{month}/{day}/{:02}", year % 100),

    #[cfg(feature = "ssr")]
    page: super::page::ENGLISH,
};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const fn mark(mark: ReadMark) -> &'static str {
    match mark {
        ReadMark::Waiting => "Waiting for the network",
        ReadMark::Sending => "Sending",
        ReadMark::Sent => "Sent",
        ReadMark::Delivered => "Delivered",
        ReadMark::Read => "Read",
        ReadMark::Failed => "Not sent",
    }
}

const NO_FILE: &str = "This file cannot be sent: it may not be empty, nor larger than 100 MB";

const NO_PICTURE: &str = "This is no picture that can be sent: PNG, JPEG or WebP, up to 15 MB and 40 megapixels";

fn error(code: ErrorCode, field: Option<&str>) -> &'static str {
    match code {
        ErrorCode::BadRequest | ErrorCode::UnsupportedMediaType | ErrorCode::MethodNotAllowed => {
            "The request is not well-formed"
        }
        ErrorCode::SealDamaged => "The server could not read the request. Reload the page and try again.",
        ErrorCode::SealRequired => "Requests cannot be encrypted here. Use HTTPS and a newer browser.",
        ErrorCode::NotLoggedIn => "The login has ended. Please log in again.",
        ErrorCode::WrongCredentials => "Wrong user name or password",
        ErrorCode::ForeignOrigin => "The request came from another site and was refused",
        ErrorCode::RecallExpired => "It was sent too long ago to be recalled",
        ErrorCode::NotAllowed => "You are not allowed to do this",
        ErrorCode::NotFollowed => "Not sent. You can write once they follow you.",
        ErrorCode::FollowersOnly => "Not sent. They only accept messages from followers.",
        ErrorCode::NotAccepted => "Not sent. They are not accepting messages.",
        ErrorCode::AwaitingAnswer => "Not sent. You can write more once they answer.",
        ErrorCode::Sensitive if field == Some("picture") => {
            "Not sent. It contains sensitive content. Please choose another picture."
        }
        ErrorCode::Sensitive => "Not sent. It contains sensitive content. Please reword it.",
        ErrorCode::Muted => "You are muted in this group for now",
        ErrorCode::GroupFull => "The group is full",
        ErrorCode::NotFound => "It does not exist, or you may not see it",
        ErrorCode::Timeout => "The request took too long. Try again later.",
        ErrorCode::HandleTaken => "This user name is taken. Try another one.",
        ErrorCode::ClientIdReused => "This message was sent already",
        ErrorCode::TooLarge if field == Some("picture") => NO_PICTURE,
        ErrorCode::TooLarge if field == Some("file") => NO_FILE,
        ErrorCode::TooLarge => "That is too large",
        ErrorCode::InvalidField => match field {
            Some("handle") => "2–32 letters, digits, _ . -, beginning with a letter or digit",
            Some("display_name") => "1–64 characters, without line breaks or control characters",
            Some("password") => "8–128 characters",
            Some("text" | "body") => "A message has 1–2048 characters",
            Some("picture") => NO_PICTURE,
            Some("file") => NO_FILE,
            _ => "This value is not allowed",
        },
        ErrorCode::RateLimited => "Too many attempts. Try again later.",
        ErrorCode::Internal
        | ErrorCode::Unavailable
        | ErrorCode::SealUnknownKey
        | ErrorCode::SealExpired
        | ErrorCode::SealReplayed => "The server is busy. Try again later.",
        ErrorCode::StorageFull => "The server's disk is full",
        ErrorCode::Unknown => "An unknown error occurred",
    }
}
