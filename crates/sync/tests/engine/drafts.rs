//! What stands in composers, on two devices of one account: what each shows, and what the server is told.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::device::Device;
use crate::model::scene::{direct, live, pass, push, rest};
use crate::model::server::Server;
use crate::model::{client_id, user_id};
use crate::preferences::{agree, change, other, prefer, session};
use protocol::{ConversationId, ConversationKind, ErrorCode, Preferences};
use sync::{Input, Request, UntoldDraft};

fn typed(device: &mut Device, server: &Server, text: &str) {
    device.step(server, Input::Typed { conversation: direct(), text: text.to_owned() });
}

fn untold(conversation: ConversationId, text: &str) -> UntoldDraft {
    UntoldDraft { conversation, text: text.to_owned(), told_after: None }
}

fn told(device: &Device) -> usize {
    device.requests.iter().filter(|(_, request)| matches!(request, Request::Prefer { .. })).count()
}

/// R001-06, R004-I16: that a request could not be read for how it was sealed, or that the server is at fault, says nothing of
/// the draft in it: the device keeps that, and tells it again.
#[test]
fn a_draft_outlives_a_seal_that_is_refused() {
    use ErrorCode::{Internal, SealDamaged, SealRequired, Unknown, UnsupportedMediaType};
    for code in [SealRequired, SealDamaged, UnsupportedMediaType, Internal, Unknown] {
        let (mut server, mut device) = live();
        device.step(&server, Input::Typed { conversation: direct(), text: "hello".into() });
        device.step(&server, Input::Close);
        let told = device.requests.iter().position(|(_, request)| matches!(request, Request::Prefer { .. })).unwrap();
        let (request, _) = device.requests.remove(told);
        device.step(&server, Input::Answered { request, answer: Err(Server::refuse(code, false)) });
        assert_eq!(device.drafts[&direct()].text, "hello", "{code:?}");
        pass(&mut server, &mut device, 60_000);
        device.flow(&mut server);
        assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "hello", "{code:?}");
    }
}

/// A draft is told at most every two seconds while one types, and at once when the conversation is left.
#[test]
fn drafts_are_told_with_pauses() {
    let (mut server, mut device) = live();
    for text in ["h", "he", "hel"] {
        typed(&mut device, &server, text);
        pass(&mut server, &mut device, 300);
    }
    assert_eq!(told(&device), 0);
    pass(&mut server, &mut device, 1_200);
    assert_eq!(told(&device), 1);
    typed(&mut device, &server, "hell");
    device.flow(&mut server);
    assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "hel");
    assert_eq!(session(&device, direct()).draft, "hell");
    pass(&mut server, &mut device, 1_900);
    assert_eq!(told(&device), 0);
    device.step(&server, Input::Close);
    pass(&mut server, &mut device, 101);
    device.flow(&mut server);
    assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "hell");
    assert!(device.drafts.is_empty(), "the server has it");
}

/// What one device types the other shows; what both type is what the server heard last; what is sent is gone on both.
#[test]
fn the_last_writer_of_a_draft_is_right() {
    let (mut server, mut one) = live();
    let mut two = other(&mut server);
    typed(&mut one, &server, "first");
    pass(&mut server, &mut one, 2_000);
    agree(&mut server, [&mut one, &mut two]);
    assert_eq!(session(&two, direct()).draft, "first");
    typed(&mut one, &server, "mine");
    typed(&mut two, &server, "yours");
    one.step(&server, Input::Leaving);
    agree(&mut server, [&mut one, &mut two]);
    assert_eq!((session(&one, direct()).draft, session(&two, direct()).draft), ("mine".into(), "yours".into()));
    two.step(&server, Input::Leaving);
    agree(&mut server, [&mut one, &mut two]);
    assert_eq!(session(&one, direct()).draft, "yours");
    two.write(&server, direct(), client_id(7));
    agree(&mut server, [&mut one, &mut two]);
    assert_eq!((session(&one, direct()).draft, session(&two, direct()).draft), (String::new(), String::new()));
}

/// What is typed without a network survives a reload, and is told when there is one.
#[test]
fn an_untold_draft_survives_a_reload() {
    let (mut server, mut device) = live();
    device.disconnect(&server, 1006);
    typed(&mut device, &server, "kept");
    device.crash(&server, Some(direct()));
    assert_eq!(session(&device, direct()).draft, "kept");
    rest(&mut server, &mut device, 10_000);
    assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "kept");
}

/// Another page of the device tells what was typed there; this one does if that does not.
#[test]
fn a_draft_of_another_page_is_told_by_it() {
    let (mut server, mut device) = live();
    let elsewhere = |text: &str| Input::TypedElsewhere(untold(direct(), text));
    device.step(&server, elsewhere("there"));
    assert_eq!(session(&device, direct()).draft, "there");
    let change = change(|change| change.draft = Some("there".try_into().unwrap()));
    server.prefer(user_id(1), direct(), change);
    push(&mut server, &mut device);
    rest(&mut server, &mut device, 20_000);
    assert!(device.drafts.is_empty());
    device.step(&server, elsewhere("lost"));
    rest(&mut server, &mut device, 7_000);
    assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "there");
    rest(&mut server, &mut device, 2_000);
    assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "lost");
}

/// R001-06: a draft that another page told before it was emptied there, and that arrives after that page is gone, does not stay.
#[test]
fn a_late_draft_of_another_page_does_not_stay() {
    let (mut server, mut device) = live();
    let elsewhere = |text: &str| Input::TypedElsewhere(untold(direct(), text));
    device.step(&server, elsewhere("hello"));
    device.step(&server, elsewhere(""));
    let late = change(|change| change.draft = Some("hello".try_into().unwrap()));
    server.prefer(user_id(1), direct(), late);
    push(&mut server, &mut device);
    rest(&mut server, &mut device, 20_000);
    assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "");
    assert_eq!((session(&device, direct()).draft.as_str(), device.drafts.len()), ("", 0));
}

/// R001-06: what another page typed and sent before it was told takes no other device's draft away: that page says that nothing is
/// to be told any more.
#[test]
fn what_another_page_need_not_tell_is_not_told() {
    let (mut server, mut device) = live();
    let elsewhere = |text: &str| Input::TypedElsewhere(untold(direct(), text));
    device.step(&server, elsewhere("hello"));
    device.step(&server, elsewhere(""));
    // What was typed since is another draft.
    device.step(&server, Input::DraftKnownElsewhere { conversation: direct(), text: "hello".to_owned() });
    device.step(&server, Input::DraftKnownElsewhere { conversation: direct(), text: String::new() });
    server.prefer(user_id(1), direct(), change(|change| change.draft = Some("phone".try_into().unwrap())));
    push(&mut server, &mut device);
    device.flow(&mut server);
    rest(&mut server, &mut device, 20_000);
    assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), "phone");
    assert_eq!(session(&device, direct()).draft, "phone");
}

/// R001-06: only the page where it was typed says so. Another that hears of an emptied draft, which it never had, knows nothing of
/// what may yet arrive.
#[test]
fn who_typed_says_that_it_is_known() {
    let (mut server, mut device) = live();
    device.step(&server, Input::TypedElsewhere(untold(direct(), "")));
    assert_eq!(device.drafts_known, []);
    typed(&mut device, &server, "hello");
    typed(&mut device, &server, "");
    assert_eq!(device.drafts_known, [(direct(), String::new())]);
    typed(&mut device, &server, "again");
    rest(&mut server, &mut device, 5_000);
    assert_eq!(device.drafts_known[1..], [(direct(), "again".to_owned())]);
}

/// Nothing is told of a composer that was emptied before the server heard of it.
#[test]
fn what_came_and_went_is_not_told() {
    let (mut server, mut device) = live();
    typed(&mut device, &server, "x");
    typed(&mut device, &server, "");
    rest(&mut server, &mut device, 10_000);
    assert!(server.preferences.get(&(user_id(1), direct())).is_none_or(|told| *told == Preferences::default()));
    assert!(device.drafts.is_empty());
}

/// R001-06: what is typed where the conversation is not described yet is told once, and is known to be told with the description.
#[test]
fn a_draft_of_what_is_not_described_is_told_once() {
    let (mut server, mut device) = live();
    let late = server.create(40, ConversationKind::Direct, &[1, 3]);
    server.take_frames();
    for text in ["a", ""] {
        device.step(&server, Input::Typed { conversation: late, text: text.to_owned() });
        pass(&mut server, &mut device, 2_000);
        let call = device.requests.iter().position(|(_, request)| matches!(request, Request::Prefer { .. }));
        device.serve(&mut server, call.unwrap());
        device.receive(&server, 0);
        pass(&mut server, &mut device, 5_000);
        assert_eq!(told(&device), 0, "{text:?}");
    }
    device.flow(&mut server);
    rest(&mut server, &mut device, 10_000);
    assert_eq!((session(&device, late).draft, device.drafts.len()), (String::new(), 0));
    device.step(&server, Input::Typed { conversation: late, text: "b".to_owned() });
    rest(&mut server, &mut device, 10_000);
    assert_eq!((session(&device, late).draft.as_str(), device.drafts.len()), ("b", 0));
}

/// R001-06: a draft that was told where the conversation then turns out to be gone is kept nowhere.
#[test]
fn a_draft_of_what_turns_out_to_be_gone_is_given_up() {
    let (mut server, mut device) = live();
    let late = server.create(40, ConversationKind::Direct, &[1, 3]);
    server.take_frames();
    device.step(&server, Input::Typed { conversation: late, text: "a".to_owned() });
    pass(&mut server, &mut device, 2_000);
    device.serve(&mut server, 0);
    device.receive(&server, 0);
    server.rooms.remove(&late);
    device.flow(&mut server);
    assert!(device.drafts.is_empty(), "{:?}", device.drafts);
}

/// R001-06: a composer that was emptied and not told does not fill again where its conversation is described only after what
/// was kept there is read.
#[test]
fn an_emptied_draft_of_what_is_not_described_stays_empty() {
    let (mut server, mut device) = live();
    let late = server.create(40, ConversationKind::Direct, &[1, 2]);
    server.take_frames();
    server.prefer(user_id(1), late, change(|change| change.draft = Some("old".try_into().unwrap())));
    server.take_frames();
    device.drafts.insert(late, untold(late, ""));
    device.step(&server, Input::DraftsRestored(vec![untold(late, "")]));
    assert_eq!(device.drafts.len(), 1, "kept until it is told");
    rest(&mut server, &mut device, 10_000);
    assert_eq!((session(&device, late).draft.as_str(), device.drafts.len()), ("", 0));
    assert_eq!(server.preferences[&(user_id(1), late)].draft.as_str(), "");
}

/// R001-06: what was told, and whose answer nobody heard, is told again only where nobody else was heard since: neither a text that
/// another device has sent comes back, nor goes what that wrote then.
#[test]
fn what_was_told_does_not_come_back() {
    let draft = |server: &Server| server.preferences[&(user_id(1), direct())].draft.as_str().to_owned();
    // What one tells as it ends, and what the other makes of it meanwhile.
    for (told, then) in [("abc", ""), ("", "new"), ("abc", "abcdef")] {
        for ends in [true, false] {
            let (mut server, mut one) = live();
            let mut two = other(&mut server);
            typed(&mut one, &server, "before");
            rest(&mut server, &mut one, 5_000);
            agree(&mut server, [&mut one, &mut two]);
            typed(&mut one, &server, told);
            one.step(&server, Input::Leaving);
            let call = one.requests.iter().position(|(_, request)| matches!(request, Request::Prefer { .. })).unwrap();
            one.serve(&mut server, call);
            assert_eq!(draft(&server), told);
            let frames = server.take_frames();
            for (_, frame) in frames.into_iter().filter(|(account, _)| *account == user_id(1)) {
                two.push(frame);
            }
            typed(&mut two, &server, then);
            two.step(&server, Input::Leaving);
            two.flow(&mut server);
            assert_eq!(draft(&server), then);
            if ends {
                one.crash(&server, Some(direct()));
            } else {
                one.lose_answer(&server, 0);
            }
            rest(&mut server, &mut one, 60_000);
            agree(&mut server, [&mut one, &mut two]);
            assert_eq!(draft(&server), then, "{told:?}, {ends}");
            assert_eq!((session(&one, direct()).draft, one.drafts.len()), (then.to_owned(), 0), "{told:?}, {ends}");
        }
    }
}

/// R001-06: what was told, and did not arrive, is told again; also where the other device had something there before.
#[test]
fn what_did_not_arrive_is_told_again() {
    for ends in [true, false] {
        let (mut server, mut one) = live();
        let mut two = other(&mut server);
        typed(&mut two, &server, "before");
        rest(&mut server, &mut two, 5_000);
        agree(&mut server, [&mut one, &mut two]);
        typed(&mut one, &server, "mine");
        one.step(&server, Input::Leaving);
        if ends {
            one.crash(&server, Some(direct()));
        } else {
            one.lose_request(&server, 0);
        }
        prefer(&server, &mut two, direct(), change(|change| change.pinned = Some(true)));
        two.flow(&mut server);
        rest(&mut server, &mut one, 60_000);
        agree(&mut server, [&mut one, &mut two]);
        assert_eq!((session(&two, direct()).draft.as_str(), one.drafts.len()), ("mine", 0), "{ends}");
    }
}

/// R001-06: what was typed after something that was told and not answered is no draft of another device's: it wins over that.
#[test]
fn what_is_typed_on_is_not_given_up() {
    for then in ["x2", ""] {
        for ends in [true, false] {
            let (mut server, mut device) = live();
            typed(&mut device, &server, "x1");
            device.step(&server, Input::Leaving);
            let call = |device: &Device| {
                device.requests.iter().position(|(_, request)| matches!(request, Request::Prefer { .. }))
            };
            let first = call(&device).unwrap();
            device.serve(&mut server, first);
            server.take_frames();
            if ends {
                device.crash(&server, Some(direct()));
            } else {
                device.lose_answer(&server, 0);
            }
            typed(&mut device, &server, then);
            device.disconnect(&server, 1006);
            for _ in 0..3 {
                pass(&mut server, &mut device, 4_000);
                while let Some(call) = call(&device) {
                    device.lose_request(&server, call);
                }
            }
            rest(&mut server, &mut device, 120_000);
            assert_eq!(server.preferences[&(user_id(1), direct())].draft.as_str(), then, "{ends}");
            assert_eq!((session(&device, direct()).draft.as_str(), device.drafts.len()), (then, 0), "{ends}");
        }
    }
}
