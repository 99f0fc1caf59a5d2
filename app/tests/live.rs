//! The model: what moves, and what stays the same node.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "what a test cannot make must fail it")]

mod support;

use app::backend::{Errand, Intent};
use app::live::chat::{Entry, EntryKey};
use app::live::lists::Asked;
use app::live::picture::Digest;
use app::live::{Live, Notice};
use app::preferences::Language;
use app::words::Words;
use leptos::prelude::{GetUntracked, Owner, Set};
use protocol::media::{ImageVersion, Mime};
use protocol::messaging::UnreadPage;
use protocol::{ApiError, ClientId, ConversationId, ErrorCode, Image, MediaId, Mentions, MessageBody, UserId};
use serde_json::{Value, from_value, json, to_value};
use support::{NOW, message, messenger};
use sync::{Action, Answer, Effect, Failure, Input, ReadMark, Request, RequestId, RowKey, UntoldDraft};

const FRESH: [u8; 10] = [7; 10];

fn with_live(test: impl FnOnce(Live)) {
    Owner::new().with(|| test(Live::new(&messenger(Language::Chinese))));
}

fn fresh() -> ClientId {
    ClientId::from_parts(NOW, FRESH)
}

fn untold(conversation: ConversationId, text: &str) -> UntoldDraft {
    UntoldDraft { conversation, text: text.to_owned(), told_after: None }
}

fn again() -> ClientId {
    ClientId::from_parts(NOW, [8; 10])
}

fn entries(live: &Live) -> Vec<Entry> {
    let chat = live.model().open.get_untracked().unwrap();
    chat.days.get_untracked().iter().flat_map(|day| day.entries.get_untracked()).collect()
}

fn marks(live: &Live) -> Vec<Option<ReadMark>> {
    let mark = |entry: &Entry| match entry {
        Entry::Message(row, _) => Some(row.get_untracked().mark),
        Entry::Divider | Entry::Gap { .. } => None,
    };
    entries(live).iter().filter_map(mark).collect()
}

fn send(live: &mut Live, text: &str) -> RequestId {
    let body = MessageBody::text(text.try_into().unwrap());
    let intent = Intent::Send { conversation: conversation_id(1), body };
    let (effects, errand) = live.intend(NOW, 1, fresh(), intent);
    assert_eq!(errand, None);
    let post = effects.into_iter().find_map(|effect| match effect {
        Effect::Request { id, request: Request::Post { .. } } => Some(id),
        _ => None,
    });
    post.unwrap()
}

#[test]
fn the_confirmed_row_is_the_optimistic_one() {
    with_live(|mut live| {
        let request = send(&mut live, "hello");
        let before = entries(&live);
        assert_eq!(marks(&live).last(), Some(&Some(ReadMark::Sending)));
        let mut posted = message(11, 1, NOW, "hello");
        posted["client_id"] = to_value(fresh()).unwrap();
        let posted = Answer::Posted(from_value(posted).unwrap());
        live.step(NOW, 1, Input::Answered { request, answer: Ok(posted) });
        assert_eq!(entries(&live), before, "the same entries, with the same signals");
        assert_eq!(marks(&live).last(), Some(&Some(ReadMark::Sent)));
    });
}

/// R004-I8, R004-I9: told once a message, however often it is tried.
#[test]
fn a_failed_message_is_complained_of_once() {
    with_live(|mut live| {
        let busy = || {
            Failure::Refused(ApiError {
                code: ErrorCode::Unavailable,
                message: String::new(),
                retryable: true,
                field: None,
            })
        };
        let request = send(&mut live, "hello");
        live.step(NOW, 1, Input::Answered { request, answer: Err(busy()) });
        let toast = live.model().toast.get_untracked().unwrap();
        assert_eq!(toast.what, Notice::Refused(ErrorCode::Unavailable));
        let again = live.step(NOW + 60_000, 1, Input::Tick).into_iter().find_map(|effect| match effect {
            Effect::Request { id, request: Request::Post { .. } } => Some(id),
            _ => None,
        });
        live.step(NOW + 60_000, 1, Input::Answered { request: again.unwrap(), answer: Err(Failure::Network) });
        assert_eq!(live.model().toast.get_untracked(), Some(toast));
    });
}

/// R002-17: who was named may have left since; the text is worth sending all the same.
#[test]
fn a_text_refused_for_whom_it_names_goes_without_them() {
    with_live(|mut live| {
        let mentions = Mentions { users: vec![UserId::try_from(9_u64).unwrap()], all: false };
        let body = MessageBody::Text { text: "@Bob hello".try_into().unwrap(), mentions };
        let posts = |effects: Vec<Effect>| {
            effects.into_iter().find_map(|effect| match effect {
                Effect::Request { id, request: Request::Post { client_id, body, .. } } => Some((id, client_id, body)),
                _ => None,
            })
        };
        let intent = Intent::Send { conversation: conversation_id(1), body: body.clone() };
        let (request, client_id, sent) = posts(live.intend(NOW, 1, fresh(), intent).0).unwrap();
        assert_eq!(sent, body);
        let refusal = ApiError {
            code: ErrorCode::InvalidField,
            message: String::new(),
            retryable: false,
            field: Some("body.mentions".into()),
        };
        live.step(NOW, 1, Input::Answered { request, answer: Err(Failure::Refused(refusal)) });
        assert_eq!(marks(&live).last(), Some(&Some(ReadMark::Failed)));
        let chosen = [9_u64, 8].map(|id| (conversation_id(1), UserId::try_from(id).ok(), format!("{id}")));
        live.model().named.set(chosen.to_vec());
        let typed = "Meeting at".to_owned();
        live.intend(NOW, 1, again(), Intent::Draft { conversation: conversation_id(1), text: typed.clone() });
        let went = live.model().went.get_untracked();
        let effects = live.intend(NOW, 1, again(), Intent::Retry(client_id)).0;
        let kept = effects.iter().filter_map(|effect| match effect {
            Effect::Persist(unsent) => Some(unsent.client_id),
            Effect::Forget(id) => Some(*id),
            _ => None,
        });
        assert_eq!(kept.collect::<Vec<_>>(), [again(), client_id], "nothing is lost in between");
        let (_, other, sent) = posts(effects).unwrap();
        assert_eq!((other, sent), (again(), MessageBody::text("@Bob hello".try_into().unwrap())));
        assert_eq!(marks(&live).iter().filter(|mark| **mark == Some(ReadMark::Failed)).count(), 0);
        assert_eq!(live.model().went.get_untracked(), went + 1);
        assert_eq!(live.model().open.get_untracked().unwrap().draft.get_untracked(), typed, "another text stays");
        assert_eq!(live.model().named.get_untracked(), [chosen[1].clone()], "and whom it names");
    });
}

fn picture(n: u8) -> (ClientId, MessageBody) {
    let side = 1_u32.try_into().unwrap();
    let media = MediaId::from_bytes([n; 16]);
    let image = Image { v: ImageVersion, media, width: side, height: side, bytes: 1, mime: Mime::Jpeg };
    (ClientId::from_parts(NOW, [n; 10]), MessageBody::Image(image))
}

/// R002-07: pictures that are sent together stand together, and the log goes to its end once.
#[test]
fn pictures_are_sent_together() {
    with_live(|mut live| {
        let went = live.model().went.get_untracked();
        let before = marks(&live).len();
        live.send_together(NOW, 1, conversation_id(1), vec![picture(2), picture(1)]);
        let keys = entries(&live).iter().rev().take(2).rev().map(Entry::key).collect::<Vec<_>>();
        let key =
            |n| EntryKey::Message(RowKey { sender: live.model().account.get_untracked().id, client_id: picture(n).0 });
        assert_eq!(keys, [key(2), key(1)], "in the order in which they were chosen");
        assert_eq!((marks(&live).len(), live.model().went.get_untracked()), (before + 2, went + 1));
    });
}

/// R004-I9: what becomes of the upload of a picture that was given up is nobody's affair.
#[test]
fn what_was_given_up_is_not_complained_of() {
    with_live(|mut live| {
        let (id, image) = picture(1);
        let effects = live.send_together(NOW, 1, conversation_id(1), vec![(id, image)]);
        let request = effects.into_iter().find_map(|effect| match effect {
            Effect::Request { id, request: Request::Upload { .. } } => Some(id),
            _ => None,
        });
        live.intend(NOW, 1, fresh(), Intent::Discard(id));
        live.step(NOW, 1, Input::Answered { request: request.unwrap(), answer: Err(Failure::Network) });
        assert_eq!(live.model().toast.get_untracked(), None);
    });
}

/// R004-I4, R004-I5: what fails its audit is told in words of its own, a text and a picture, to the letter.
#[test]
fn the_words_for_what_is_sensitive() {
    let said = |field| (Words::of(Language::Chinese).error)(ErrorCode::Sensitive, field);
    assert_eq!(said(Some("text")), "发送消息涉及敏感内容,请重新输入");
    assert_eq!(said(None), "发送消息涉及敏感内容,请重新输入");
    assert_eq!(said(Some("picture")), "发送消息涉及敏感内容,请重新编辑");
}

#[test]
fn a_draft_stands_in_the_list_but_not_in_the_open_row() {
    with_live(|mut live| {
        let open = conversation_id(1);
        let other = conversation_id(4);
        live.step(NOW, 1, Input::DraftsRestored(vec![untold(open, "here"), untold(other, "there")]));
        let rows = live.model().sessions.get_untracked();
        let draft = |id| rows.iter().find(|entry| entry.id == id).unwrap().row.get_untracked().draft;
        assert_eq!((draft(open), draft(other)), (String::new(), "there".into()));
        assert_eq!(live.model().open.get_untracked().unwrap().draft.get_untracked(), "here");
        live.step(NOW, 1, Input::Close);
        assert_eq!(draft(open), "here");
    });
}

/// R004-B7.2: what comes into a watched window never counts, whatever of one's own waits below it.
#[test]
fn what_comes_into_a_watched_window_is_seen_before_it_is_drawn() {
    with_live(|mut live| {
        send(&mut live, "on its way");
        live.intend(NOW, 1, fresh(), Intent::Watching(true));
        hear(&mut live, 1, (11, 11), message(11, 2, NOW, "hello"));
        assert_eq!(live.model().total.get_untracked(), 120);
        assert_eq!(marks(&live).len(), 8);
    });
}

/// R002-10: the row under the pointer does not jump.
#[test]
fn the_hovered_row_keeps_its_place() {
    with_live(|mut live| {
        let order = |live: &Live| -> Vec<u64> {
            live.model().sessions.get_untracked().iter().map(|entry| entry.id.get()).collect()
        };
        assert_eq!(order(&live), [1, 4]);
        live.step(NOW, 1, Input::Close);
        live.intend(NOW, 1, fresh(), Intent::Hover(Some(conversation_id(4))));
        hear(&mut live, 4, (201, 201), message(201, 3, NOW, "hello"));
        assert_eq!(order(&live), [1, 4]);
        live.intend(NOW, 1, fresh(), Intent::Hover(None));
        assert_eq!(order(&live), [4, 1]);
    });
}

#[test]
fn an_answer_to_an_earlier_search_is_dropped() {
    with_live(|mut live| {
        let ask = |live: &mut Live, query: &str| live.intend(NOW, 1, fresh(), Intent::Search(query.into())).1;
        assert_eq!(ask(&mut live, " li "), Some(Errand::Search("li".into())));
        ask(&mut live, "lisi");
        live.found(None, "li", Ok(Vec::new()));
        assert_eq!(live.model().people.get_untracked().found, None);
        live.found(Some(conversation_id(1)), "lisi", Ok(Vec::new()));
        assert_eq!(
            live.model().people.get_untracked().found,
            None,
            "a question about a group's members is another one"
        );
        live.found(None, "lisi", Ok(Vec::new()));
        assert_eq!(live.model().people.get_untracked().found, Some(Vec::new()));
        assert_eq!(ask(&mut live, "  "), None);
    });
}

fn act(live: &mut Live, action: Action) -> RequestId {
    let (effects, _) = live.intend(NOW, 1, fresh(), Intent::Act(action));
    let request = effects.into_iter().find_map(|effect| match effect {
        Effect::Request { id, request: Request::Act(_) } => Some(id),
        _ => None,
    });
    request.unwrap()
}

fn toast(live: &Live) -> Option<Notice> {
    live.model().toast.get_untracked().map(|toast| toast.what)
}

/// R001-17: told when the server has done it, with what it takes to undo it; undoing is told by the message itself.
#[test]
fn a_deletion_is_told_when_it_is_done() {
    with_live(|mut live| {
        let conversation = conversation_id(1);
        let seqs = vec![seq(9)];
        let hide = |hidden| Action::Hide { conversation, seqs: seqs.clone(), hidden };
        let request = act(&mut live, hide(true));
        assert_eq!(toast(&live), None);
        live.step(NOW, 1, Input::Answered { request, answer: Ok(Answer::Done) });
        let told = Some(Notice::Deleted { conversation, seqs: seqs.clone() });
        assert_eq!(toast(&live), told);
        let request = act(&mut live, hide(false));
        live.step(NOW, 1, Input::Answered { request, answer: Ok(Answer::Done) });
        assert_eq!(toast(&live), told);
        let request = act(&mut live, hide(true));
        live.step(NOW, 1, Input::Answered { request, answer: Err(Failure::Network) });
        assert_eq!(toast(&live), Some(Notice::NoNetwork));
    });
}

/// R002-23: what makes a badge comes in pages, each asked for once, and for the conversation that is asked about.
#[test]
fn what_makes_a_badge_comes_in_pages() {
    with_live(|mut live| {
        let conversation = conversation_id(4);
        let ask = |live: &mut Live, before| {
            let errand = live.intend(NOW, 1, fresh(), Intent::Unread { conversation, naming: false, before }).1;
            assert_eq!(errand, Some(Errand::Unread { conversation, naming: false, before }));
        };
        let shown = |live: &Live| {
            let why = live.model().why.get_untracked().unwrap();
            (why.messages.iter().map(|message| message.seq.get()).collect::<Vec<_>>(), why.more, why.state)
        };
        ask(&mut live, None);
        live.unread_found(conversation_id(1), false, None, Ok(unread_page(1, 1, false)));
        // Of the badge that counts mentions.
        live.unread_found(conversation, true, None, Ok(unread_page(7, 7, false)));
        assert_eq!(shown(&live), (vec![], false, Asked::Waiting));
        live.unread_found(conversation, false, None, Ok(unread_page(199, 200, true)));
        assert_eq!(shown(&live), (vec![200, 199], true, Asked::Answered));
        ask(&mut live, Some(seq(199)));
        for _ in 0..2 {
            live.unread_found(conversation, false, Some(seq(199)), Ok(unread_page(198, 198, false)));
        }
        assert_eq!(shown(&live), (vec![200, 199, 198], false, Asked::Answered));
        let why = live.model().why.get_untracked().unwrap();
        assert_eq!((why.unread, why.messages.last().unwrap().author.as_str()), (3, "Maya"));
    });
}

/// Messages that make a badge of three, newest first.
fn unread_page(from: u64, to: u64, more: bool) -> UnreadPage {
    let messages: Vec<Value> = (from..=to).rev().map(|n| message(n, 3, NOW, &format!("text {n}"))).collect();
    let users = [support::user(3, "Maya")];
    from_value(json!({ "unread": 3, "messages": messages, "users": users, "more": more })).unwrap()
}

/// The log of a conversation tells at `pos` what a message is now.
fn hear(live: &mut Live, conversation: u64, (pos, head): (u64, u64), mut told: Value) {
    told["rev"] = pos.into();
    let sender = support::user(told["sender"].as_u64().unwrap(), "Maya");
    let frame = json!({ "conversation": { "conversation": conversation, "prev": pos - 1, "pos": pos, "head_seq": head,
        "change": { "message": { "message": told, "sender": sender } } } });
    live.step(NOW, 1, Input::SocketFrame(from_value(frame).unwrap()));
}

/// The account's log tells at `upd` that a message was deleted on another device.
fn hide(live: &mut Live, upd: u64, conversation: u64, seq: u64) {
    let changes = [json!({ "hidden": { "conversation": conversation, "seq": seq } })];
    let frame = json!({ "account": { "prev": upd - 1, "pos": upd, "changes": changes } });
    live.step(NOW, 1, Input::SocketFrame(from_value(frame).unwrap()));
}

/// What is left of a message that was recalled, or that an auditor removed.
fn left(seq: u64, sender: u64, what: &str) -> Value {
    let mut left = message(seq, sender, NOW, "");
    left["body"] = json!({ "type": what });
    left
}

/// R001-18, T24: what is read out goes with what said it: recalled, removed by an auditor, or deleted for oneself.
#[test]
fn what_is_gone_is_read_out_no_more() {
    with_live(|mut live| {
        let heard = |live: &Live| {
            let heard = live.model().open.get_untracked().unwrap().heard.get_untracked();
            heard.map(|heard| (heard.seq.get(), heard.text))
        };
        let hello = |seq: u64| Some((seq, Digest::Text("hello".to_owned())));
        for (seq, pos, what) in [(11, 11, "recalled"), (12, 13, "removed")] {
            hear(&mut live, 1, (pos, seq), message(seq, 2, NOW, "hello"));
            assert_eq!(heard(&live), hello(seq));
            hear(&mut live, 1, (pos + 1, seq), left(seq, 2, what));
            assert_eq!(heard(&live), None, "{what}");
        }
        hear(&mut live, 1, (15, 13), message(13, 2, NOW, "hello"));
        hide(&mut live, 2, 1, 9);
        assert_eq!(heard(&live), hello(13), "another message takes nothing of it");
        hide(&mut live, 3, 1, 13);
        assert_eq!(heard(&live), None);
    });
}

/// R001-18, T24, R002-23: where a message leaves a badge that one looks into, what makes the badge is asked for anew.
#[test]
fn what_leaves_a_badge_leaves_the_list_of_what_makes_it() {
    with_live(|mut live| {
        let conversation = conversation_id(4);
        let ask = |live: &mut Live, intent| {
            let errand = live.intend(NOW, 1, fresh(), intent).1;
            assert_eq!(errand, Some(Errand::Unread { conversation, naming: false, before: None }));
        };
        let shown = |live: &Live| {
            let why = live.model().why.get_untracked().unwrap();
            (why.messages.iter().map(|message| message.seq.get()).collect::<Vec<_>>(), why.stale())
        };
        ask(&mut live, Intent::Unread { conversation, naming: false, before: None });
        live.unread_found(conversation, false, None, Ok(unread_page(198, 200, false)));
        hear(&mut live, 4, (201, 201), message(201, 3, NOW, "one more"));
        hear(&mut live, 1, (11, 11), message(11, 2, NOW, "elsewhere"));
        assert_eq!(shown(&live), (vec![200, 199, 198], false), "nothing has left it");
        hear(&mut live, 4, (202, 201), left(200, 3, "recalled"));
        assert_eq!(shown(&live), (vec![200, 199, 198], true));
        ask(&mut live, Intent::UnreadAnew);
        hide(&mut live, 2, 4, 199);
        live.unread_found(conversation, false, None, Ok(unread_page(197, 199, false)));
        assert_eq!(shown(&live), (vec![200, 199, 198], true), "an answer of before is none");
        ask(&mut live, Intent::UnreadAnew);
        live.unread_found(conversation, false, None, Ok(unread_page(198, 198, false)));
        assert_eq!(shown(&live), (vec![198], false));
        hear(&mut live, 4, (203, 201), left(198, 3, "removed"));
        ask(&mut live, Intent::UnreadAnew);
        live.unread_found(conversation, false, None, Err(Failure::Network));
        assert_eq!(shown(&live), (vec![], false), "without an answer nothing of it stays");
    });
}

/// R001-18, T24: a menu that was opened before copies nothing that is gone.
#[test]
fn what_is_gone_is_not_copied() {
    with_live(|mut live| {
        hear(&mut live, 1, (11, 11), message(11, 2, NOW, "hello"));
        let key = |entry: Entry| match entry {
            Entry::Message(_, key) => Some(key),
            Entry::Divider | Entry::Gap { .. } => None,
        };
        let key = entries(&live).into_iter().filter_map(key).next_back().unwrap();
        let copied = |live: &mut Live| live.intend(NOW, 1, fresh(), Intent::Copy(key)).1;
        assert_eq!(copied(&mut live), Some(Errand::Copy("hello".to_owned())));
        hear(&mut live, 1, (12, 11), left(11, 2, "recalled"));
        assert_eq!(copied(&mut live), None);
    });
}

/// R001-05: through the newest message, and one leaves what is open.
#[test]
fn deleting_the_open_conversation_leaves_it() {
    with_live(|mut live| {
        let intent = Intent::DeleteConversation { conversation: conversation_id(1), everywhere: false };
        let (effects, errand) = live.intend(NOW, 1, fresh(), intent);
        assert_eq!(errand, Some(Errand::Leave(conversation_id(1))));
        let delete =
            Request::Act(Action::Delete { conversation: conversation_id(1), through: seq(10), everywhere: false });
        let asked = |effect: &Effect| matches!(effect, Effect::Request { request, .. } if *request == delete);
        assert!(effects.iter().any(asked));
        assert_eq!(live.model().open.get_untracked(), None);
    });
}

fn seq(seq: u64) -> protocol::Seq {
    seq.try_into().unwrap()
}

fn conversation_id(id: u64) -> protocol::ConversationId {
    id.try_into().unwrap()
}

/// R001-06: a draft that was kept on this device alone is restored before what was typed meanwhile is heard.
#[test]
fn what_is_typed_early_goes_on_after_what_was_kept() {
    for (kept, typed, both) in [
        ("", "typed", "typed"),
        ("kept", "typed", "kept\ntyped"),
        ("kept", "kept and more", "kept and more"),
        ("kept\ntyped", "typed", "kept\ntyped"),
    ] {
        with_live(|mut live| {
            let conversation = conversation_id(1);
            live.step(NOW, 1, Input::DraftsRestored(vec![untold(conversation, kept)]));
            live.intend(NOW, 1, fresh(), Intent::Early { conversation, text: typed.to_owned() });
            assert_eq!(live.model().open.get_untracked().unwrap().draft.get_untracked(), both);
        });
    }
}

/// Who asked to write to somebody and went on elsewhere meanwhile is not taken away from there.
#[test]
fn a_start_is_followed_unless_one_went_on() {
    with_live(|mut live| {
        let [first, second] = [5_u64, 6].map(|id| UserId::try_from(id).unwrap());
        let start = |live: &mut Live, user| drop(live.intend(NOW, 1, fresh(), Intent::Start(user)));
        start(&mut live, first);
        assert!(live.goes_on_with(first));
        start(&mut live, first);
        start(&mut live, second);
        assert!(!live.goes_on_with(first), "another was asked for");
        assert!(live.goes_on_with(second));
        start(&mut live, first);
        live.step(NOW, 1, Input::Close);
        assert!(!live.goes_on_with(first), "what was open is left");
    });
}
