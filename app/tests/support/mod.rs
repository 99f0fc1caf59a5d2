//! A small messenger to render: what a server would load.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code, reason = "what a test cannot make must fail it")]

use app::backend::Messenger;
use app::preferences::{Language, ListOrder, Preferences, SendKey, Theme};
use protocol::Millis;
use serde_json::{Value, json};

/// 2026-01-02 14:32:05 UTC, a Friday.
pub const NOW: Millis = 1_767_364_325_000;
pub const MINUTE: Millis = 60_000;
pub const DAY: Millis = 24 * 60 * MINUTE;

pub fn preferences(language: Language) -> Preferences {
    Preferences {
        language,
        theme: Theme::Dark,
        send_key: SendKey::Enter,
        list_order: ListOrder::UnreadFirst,
        now: NOW,
        utc_offset: 0,
    }
}

pub fn user(id: u64, name: &str) -> Value {
    json!({ "id": id, "handle": format!("user-{id}"), "display_name": name })
}

pub fn message(seq: u64, sender: u64, at: Millis, text: &str) -> Value {
    let client_id = format!("00000000-0000-7000-8000-{:012x}", seq);
    json!({ "seq": seq, "rev": seq, "sender": sender, "client_id": client_id, "at": at,
        "body": { "type": "text", "text": text } })
}

/// A conversation of user 1 with user `peer`, its `last` message, and how many are unread.
pub fn direct(id: u64, peer: &Value, last: &Value, unread: u64) -> Value {
    let head = last["seq"].as_u64().unwrap();
    json!({ "id": id, "kind": "direct", "peer": peer, "member_count": 2, "rev": head, "upd": 1, "head_seq": head,
        "active_at": last["at"], "last": last, "vis_from": 1,
        "own": { "delivered": head, "read": head - unread }, "peer_cursors": { "delivered": 7, "read": 6 },
        "unread": unread, "answered": true })
}

/// Li Si is open with messages 5 to 10, the last two unread; Maya has 120 unread.
pub fn messenger(language: Language) -> Messenger {
    let (li, maya) = (user(2, "李四"), user(3, "Maya"));
    let messages = [
        message(5, 2, NOW - 2 * DAY, "two days ago"),
        message(6, 1, NOW - DAY, "it was read"),
        message(7, 1, NOW - DAY + MINUTE, "it was delivered"),
        message(8, 1, NOW - 30 * MINUTE, "it was sent"),
        message(9, 2, NOW - 20 * MINUTE, "</script><b>not bold</b> & \"quoted\""),
        message(10, 2, NOW - 19 * MINUTE, "好的 😀"),
    ];
    let open = direct(1, &li, &messages[5], 2);
    let other = direct(4, &maya, &message(200, 3, NOW - 3 * DAY, "See you"), 120);
    serde_json::from_value(json!({
        "preferences": preferences(language),
        "account": { "id": 1, "handle": "zhang", "display_name": "张三", "created_at": 0, "receipts": true,
            "messages_from": "everyone", "show_last_seen": true },
        "rules": { "read_report_policy": "viewport", "recall_window_s": 120 },
        "sync": { "token": "t", "more": false, "upd": 1, "conversations": [open, other], "users": [li, maya] },
        "open": { "conversation": open, "history": { "messages": messages, "from": 5, "through": 10, "vis_from": 1,
            "head_seq": 10, "rev": 10, "upd": 1, "users": [li] } },
        "client_id": "00000000-0000-7000-8000-0000000000ff",
    }))
    .unwrap()
}
