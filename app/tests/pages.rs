//! What the server renders, before any script.

#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "what a test cannot make must fail it")]

mod support;

use app::backend::{Form, FormError, LoginWays, Messenger, Page, Snapshot};
use app::preferences::Language;
use app::shell::{Head, render};
use protocol::{ErrorCode, MessageBody};
use support::{messenger, preferences};

fn html(page: Page, language: Language) -> String {
    let head = Head {
        nonce: "n0nce".into(),
        css_url: "/a.css".into(),
        js_url: "/a.js".into(),
        wasm_url: "/a.wasm".into(),
        emoji_url: "/emoji.json".into(),
        icon_url: "/favicon.svg".into(),
        sealing: String::new(),
    };
    render(Snapshot { preferences: preferences(language), page }, &head)
}

fn chat(language: Language) -> String {
    html(Page::Messenger(Box::new(messenger(language))), language)
}

fn check(html: &str, expected: &[&str]) {
    for part in expected {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}

/// How often a part occurs.
fn count(html: &str, part: &str) -> usize {
    html.matches(part).count()
}

#[test]
fn language_and_theme_are_there_at_the_first_paint() {
    check(
        &chat(Language::Chinese),
        &["<html lang=\"zh-CN\" data-theme=\"dark\">", "以下为新消息", "<title>(99+) 李四 · 私信</title>"],
    );
    check(
        &chat(Language::English),
        &["<html lang=\"en\" data-theme=\"dark\">", "New messages", "<title>(99+) 李四 · Sixin</title>"],
    );
}

/// R000-20: the mark of an own message is told in words, too.
#[test]
fn own_messages_tell_how_far_they_have_come() {
    let mut messenger = messenger(Language::Chinese);
    let open = messenger.open.as_mut().unwrap();
    let own = messenger.account.id;
    for message in &mut open.history.messages {
        message.sender = own;
    }
    let html = html(Page::Messenger(Box::new(messenger)), Language::Chinese);
    let marks =
        ["data-mark=\"read\" role=\"img\" aria-label=\"已读\"", "aria-label=\"已送达\"", "aria-label=\"已发送\""];
    check(&html, &marks);
    assert_eq!(count(&html, "data-mark="), 6);
}

/// R002-23, R004-B7.19: the badge ends at 99+, its label is exact.
#[test]
fn a_badge_shows_up_to_99_and_tells_the_exact_number() {
    check(&chat(Language::Chinese), &[">99+</span>", ">120 条未读消息</span>", ">2 条未读消息</span>"]);
}

/// R001-18: a recalled message is told as a tip, in the log and in the list, and of its text nothing is left.
#[test]
fn a_recalled_message_is_told_as_a_tip() {
    let mut messenger = messenger(Language::Chinese);
    let open = messenger.open.as_mut().unwrap();
    for (at, by) in [(4, 2), (2, 1)] {
        open.history.messages[at].body = MessageBody::Recalled { by: Some(u64::try_into(by).unwrap()) };
    }
    open.history.messages[5].body = MessageBody::Recalled { by: Some(2u64.try_into().unwrap()) };
    open.conversation.last = Some(open.history.messages[5].clone());
    messenger.sync.conversations[0] = open.conversation.clone();
    let html = html(Page::Messenger(Box::new(messenger)), Language::Chinese);
    assert_eq!(count(&html, "对方撤回了一条消息"), 3, "two in the log, one in the list");
    assert_eq!(count(&html, "你撤回了一条消息"), 1);
    assert_eq!(count(&html, "not bold") + count(&html, "好的 😀"), 0);
}

/// R000-19: the settings show what the account tells others.
#[test]
fn the_settings_show_whether_receipts_are_told() {
    let account = |receipts| protocol::Account { receipts, ..messenger(Language::English).account };
    let page = |receipts| {
        html(Page::Settings { account: account(receipts), linking: None, form: Form::default() }, Language::English)
    };
    let (on, off) = ("name=\"receipts\" value=\"on\" checked", "name=\"receipts\" value=\"off\" checked");
    assert_eq!((count(&page(true), on), count(&page(true), off)), (1, 0));
    assert_eq!((count(&page(false), on), count(&page(false), off)), (0, 1));
}

#[test]
fn the_divider_stands_above_the_first_unread_message() {
    let html = chat(Language::English);
    let at = |part: &str| html.find(part).unwrap();
    assert!(at("data-seq=\"8\"") < at("id=\"unread\"") && at("id=\"unread\"") < at("data-seq=\"9\""));
    assert_eq!(count(&html, "id=\"unread\""), 1);
}

#[test]
fn messages_stand_below_their_days() {
    let html = chat(Language::Chinese);
    check(&html, &["12月31日 周三", ">昨天<", ">今天<"]);
    assert_eq!(count(&html, "class=\"day\""), 3);
}

#[test]
fn sending_and_paging_work_without_scripts() {
    let html = chat(Language::Chinese);
    check(
        &html,
        &[
            "method=\"post\" action=\"/c/1\"",
            "name=\"client_id\" value=\"00000000-0000-7000-8000-0000000000ff\"",
            "name=\"text\"",
            "href=\"/c/1?before=5\"",
            "href=\"/c/4\"",
            "href=\"/new\"",
        ],
    );
}

/// The policy allows one script with the nonce and no style; texts are data wherever they stand.
#[test]
fn a_page_obeys_its_policy_and_texts_stay_texts() {
    let html = chat(Language::English);
    assert_eq!(count(&html, " style="), 0);
    assert_eq!(count(&html, "<style"), 0);
    assert_eq!(count(&html, "</script>"), 2);
    assert_eq!(count(&html, "<script type=\"module\" nonce=\"n0nce\">"), 1);
    assert_eq!(count(&html, "<b>"), 0);
    check(&html, &["&lt;/script&gt;&lt;b&gt;not bold&lt;/b&gt; &amp; "]);
}

#[test]
fn the_browser_starts_from_what_the_server_rendered() {
    let html = chat(Language::Chinese);
    let (_, rest) = html.split_once("id=\"snapshot\">").unwrap();
    let (json, _) = rest.split_once("</script>").unwrap();
    let read: Messenger = serde_json::from_str(json).unwrap();
    assert_eq!(html, self::html(Page::Messenger(Box::new(read)), Language::Chinese));
}

/// An older page is for reading without scripts: it has none, and leads back.
#[test]
fn an_older_page_has_no_scripts_and_a_way_to_the_newest() {
    let mut messenger = messenger(Language::Chinese);
    let history = &mut messenger.open.as_mut().unwrap().history;
    history.messages.truncate(4);
    history.through = history.messages[3].seq;
    let html = html(Page::Messenger(Box::new(messenger)), Language::Chinese);
    assert_eq!(count(&html, "<script"), 0);
    assert_eq!(count(&html, "<article"), 4);
    check(&html, &["class=\"edge\"", "<a href=\"/c/1\" class=\"edge\">查看最新消息</a>"]);
}

/// What rested for long follows after a link; that page is for reading without scripts too, and shows nothing else of the
/// list.
#[test]
fn the_list_goes_on_without_scripts() {
    let mut messenger = messenger(Language::English);
    assert!(!html(Page::Messenger(Box::new(messenger.clone())), Language::English).contains("/?before="));
    messenger.older = Some("7.4".into());
    let first = html(Page::Messenger(Box::new(messenger.clone())), Language::English);
    check(&first, &["<a href=\"/?before=7.4\">Older conversations</a>", "Maya", "id=\"snapshot\""]);
    messenger.shown = Some(vec![1_u64.try_into().unwrap()]);
    let older = html(Page::Messenger(Box::new(messenger)), Language::English);
    assert_eq!((count(&older, "<script"), count(&older, "Maya")), (0, 0));
}

/// The first paint tells when the peer was there.
#[test]
fn the_page_tells_when_the_peer_was_there() {
    let mut messenger = messenger(Language::English);
    let open = messenger.open.as_mut().unwrap();
    open.presence = Some(sync::Presence { online: true, seen_at: 0 });
    check(&html(Page::Messenger(Box::new(messenger.clone())), Language::English), &["<p>online</p>"]);
    messenger.open.as_mut().unwrap().presence = Some(sync::Presence { online: false, seen_at: support::NOW });
    check(&html(Page::Messenger(Box::new(messenger)), Language::English), &["<p>last seen "]);
}

#[test]
fn an_open_conversation_older_than_the_list_is_shown() {
    let mut messenger = messenger(Language::Chinese);
    messenger.sync.conversations.remove(0);
    messenger.sync.more = true;
    check(
        &html(Page::Messenger(Box::new(messenger)), Language::Chinese),
        &["href=\"/c/1\" aria-current=\"page\"", "data-seq=\"10\""],
    );
}

#[test]
fn a_refused_message_comes_back_with_the_reason() {
    let mut messenger = messenger(Language::Chinese);
    let error = FormError { code: ErrorCode::InvalidField, field: Some("text".into()) };
    messenger.form = Form { error: Some(error), values: vec![("text".into(), "<长>".into())] };
    check(
        &html(Page::Messenger(Box::new(messenger)), Language::Chinese),
        &["消息需为 1–2048 个字", "&lt;长&gt;</textarea>"],
    );
}

#[test]
fn a_refused_form_points_at_the_field_and_keeps_what_was_filled_in() {
    let form = |code, field: Option<&str>| Form {
        error: Some(FormError { code, field: field.map(str::to_owned) }),
        values: vec![("handle".into(), "zh\"ang".into())],
    };
    let page = Page::Register(form(ErrorCode::HandleTaken, Some("handle")));
    check(&html(page, Language::Chinese), &["这个用户名已被使用", "aria-invalid=\"true\"", "value=\"zh&quot;ang\""]);
    let ways = LoginWays { own: true, ..LoginWays::default() };
    let page = Page::Login { ways, form: form(ErrorCode::WrongCredentials, None) };
    let html = html(page, Language::English);
    check(
        &html,
        &["role=\"alert\" class=\"refusal\">Wrong user name or password<", "action=\"/login\"", "name=\"password\""],
    );
    assert_eq!(count(&html, "<script"), 0);
}

#[test]
fn an_error_page_says_what_happened() {
    check(&html(Page::Error(ErrorCode::NotFound), Language::English), &["Page not found", "href=\"/\""]);
}
