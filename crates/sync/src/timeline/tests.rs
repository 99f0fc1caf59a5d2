//! Timelines, drawn.

use super::*;

fn seq(word: &str) -> Seq {
    word.parse().unwrap()
}

/// The message at a seq, and with a star its later state.
fn message(word: &str) -> Message {
    let seq = seq(word.trim_end_matches('*'));
    Message {
        seq,
        rev: Rev::ZERO.plus(seq.get() + 100 * word.matches('*').count() as u64),
        sender: 1_u64.try_into().unwrap(),
        client_id: ClientId::from_bytes([0; 16]),
        at: 0,
        body: MessageBody::text(MessageText::try_from("text").unwrap()),
    }
}

/// `FROM-THROUGH=SEQ,SEQ…`: a page and the messages in it.
fn page(word: &str) -> HistoryPage {
    let (span, messages) = word.split_once('=').unwrap();
    let (from, through) = span.split_once('-').unwrap();
    let messages: Vec<Message> = messages.split(',').filter(|word| !word.is_empty()).map(message).collect();
    HistoryPage {
        messages,
        from: seq(from),
        through: seq(through),
        vis_from: seq("1"),
        head_seq: seq(through),
        rev: Rev::ZERO,
        upd: protocol::Upd::ZERO,
        users: Vec::new(),
        nicknames: Vec::new(),
    }
}

/// Draws what a script makes of a timeline. `8-9=8,9` the newest page, then `+10` a change, `<8:5-7=5,6,7` a page
/// before 8, `?` a page is on its way, `!2` only two messages kept. `…` older ones may be loaded, `~` a gap.
fn check(script: &str, expected: &str) {
    let mut words = script.split_whitespace();
    let mut timeline = Timeline::new(page(words.next().unwrap()));
    for word in words {
        match word.split_at(1) {
            ("+", word) => timeline.store_change(message(word), message(word).seq),
            ("?", _) => timeline.expect_page(),
            ("!", keep) => timeline.trim(keep.parse().unwrap()),
            ("<", word) => {
                let (before, word) = word.split_once(':').unwrap();
                timeline.merge_before(page(word), seq(before));
            }
            _ => panic!("{word}"),
        }
    }
    let draw = |piece| match piece {
        Piece::Gap { .. } => "~".to_owned(),
        Piece::Message(message) => {
            let star = if message.rev.get() > 100 { "*" } else { "" };
            format!("{}{star}", message.seq)
        }
    };
    let older = timeline.can_load_older().then(|| "…".to_owned());
    let drawn: Vec<String> = older.into_iter().chain(timeline.pieces().map(draw)).collect();
    assert_eq!(drawn.join(" "), expected, "{script}");
}

/// R004-G6: a conversation opens with the newest page and grows by older ones.
#[test]
fn pages_join() {
    check("8-10=8,9,10", "… 8 9 10");
    check("8-10=8,9,10 <8:5-7=5,6,7", "… 5 6 7 8 9 10");
    check("3-4=3,4 <3:1-2=1,2 +5", "1 2 3 4 5");
    check("1-0= +1 +2", "1 2");
    check("1-0=", "");
}

/// R002-16: a hole left by a physical deletion is no gap, and an empty page ends the history.
#[test]
fn holes_are_no_gaps() {
    check("5-10=5,9,10 <5:1-4=1", "1 5 9 10");
    check("8-10=8,9,10 <8:4-5=4,5", "… 4 5 8 9 10");
    check("8-10=8,9,10 <8:1-7=", "8 9 10");
    check("8-8=8 +11", "… 8 11");
}

/// R004-G7, T17: what is not held is drawn as a gap until it is filled, from above.
#[test]
fn gaps_are_shown_and_filled() {
    let mut timeline = Timeline::new(page("8-9=8,9"));
    timeline.cover((seq("2"), seq("4")));
    timeline.store([message("2"), message("3")]);
    let gaps = |timeline: &Timeline| {
        let gap = |piece| match piece {
            Piece::Gap { after, before } => Some((after.get(), before.get())),
            Piece::Message(_) => None,
        };
        timeline.pieces().filter_map(gap).collect::<Vec<_>>()
    };
    assert_eq!(gaps(&timeline), [(3, 8)]);
    assert!(timeline.merge_before(page("6-7=6,7"), seq("8")));
    assert_eq!(gaps(&timeline), [(3, 6)]);
    assert!(timeline.merge_before(page("3-5=3,4,5"), seq("6")));
    assert_eq!(gaps(&timeline), []);
}

/// A page that was asked for before the timeline began anew touches nothing of it.
#[test]
fn pages_that_touch_nothing_are_dropped() {
    check("18-20=18,19,20 <8:5-7=5,6,7", "… 18 19 20");
}

/// R001-10: a message gives way to its later state only, also while the page with its former one is on its way.
#[test]
fn later_states_win() {
    check("8-10=8,9,10 +9*", "… 8 9* 10");
    check("8-10=8,9*,10 +9", "… 8 9* 10");
    check("8-10=8,9,10 +6* <8:5-7=5,6*,7", "… 5 6* 7 8 9 10");
    check("8-10=8,9,10 ? +6* <8:5-7=5,6,7", "… 5 6* 7 8 9 10");
    check("8-10=8,9,10 ? +2* <8:5-7=5,6,7", "… 5 6 7 8 9 10");
}

/// Architecture invariant 9: a conversation that nobody looks at keeps its newest messages only.
#[test]
fn trimming_keeps_the_newest() {
    check("5-9=5,6,7,8,9 !2", "… 8 9");
    check("5-9=5,6,7,8,9 !9", "… 5 6 7 8 9");
    check("5-9=5,6,7,8,9 !2 <8:5-7=5,6,7", "… 5 6 7 8 9");
}
