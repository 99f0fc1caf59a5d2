//! The rules of unread, one by one, on two devices of one account and a peer: what each shows after each step.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a model that is wrong must fail its test")]

use crate::model::stage::Stage;
use protocol::ReadReportPolicy;

/// Plays a script with messages read as they are on screen.
fn check(script: &str) {
    Stage::new(ReadReportPolicy::Viewport).play(script);
}

/// R004-B1, R002-22: N messages are exactly N unread, conversation by conversation.
#[test]
fn n_messages_are_n_unread() {
    for n in [0, 1, 99, 100] {
        check(&format!("b{n} ={n}/{n}"));
    }
    check("b5 2:off g5 2:on =10/10 1:read5 =5/5");
}

/// R004-B3: a device that comes back counts what is new, and not what the other one read meanwhile.
#[test]
fn a_device_that_comes_back_counts_what_is_new() {
    check("b3 =3/3 2:off 1:read3 1:hide2 2:on =0/0");
    check("b3 2:off 1:read3 b2 2:on =2/2");
    check("b3 2:off 1:read3 2:on =0/0");
    check("b3 2:kill 1:read3 b2 2:start =2/2");
}

/// R004-B4: deleting a message that was read changes no count, deleting an unread one makes it one less, everywhere.
#[test]
fn deleting_an_unread_message_is_one_less() {
    check("b3 1:read2 =1/1 1:hide1 =1/1 1:hide3 =0/0");
}

/// R004-B5: reading that is not told yet does not count for the other device; a deletion does, at once and after it is
/// started again.
#[test]
fn a_deletion_counts_before_the_reading_is_told() {
    for script in ["b3 1:read3 =0/3 2:kill 1:hide2 2:start =0/2", "b3 1:read3 =0/3 1:hide2 =0/2 1:close =0/0"] {
        Stage::new(ReadReportPolicy::OnLeave).play(script);
    }
}

/// R004-B7.6: what an auditor removes is one less where it was unread, on every device, and one more when it is given back;
/// what was read changes no count either way.
#[test]
fn a_removal_is_one_less_and_can_be_undone() {
    check("b3 =3/3 remove2 =2/2 restore2 =3/3 remove2 =2/2 1:read3 =0/0 restore2 =0/0");
    check("b3 2:off remove2 =2/3 restore2 =3/3 2:on =3/3");
    check("b3 2:off remove2 2:on =2/2 2:off restore2 2:on =3/3");
    check("b3 2:kill remove2 2:start =2/2 2:kill restore2 2:start =3/3");
    check("b3 1:hide2 =2/2 remove2 =2/2 restore2 =2/2 1:show2 =3/3");
}

/// R004-B6: who sends has read what came before, on every device.
#[test]
fn sending_reads_on_every_device() {
    check("b3 1:write =0/0");
    check("b3 2:kill 1:write 2:start =0/0");
    check("b3 2:off 1:write 2:on =0/0 b1 =1/1");
}

/// R004-B7.1, T2: own messages never count, after a reconnect neither.
#[test]
fn own_messages_never_count() {
    check("1:write 1:write =0/0 2:off 1:write 2:on =0/0 1:off 1:on =0/0 1:kill 2:write 1:start =0/0");
}

/// R004-B7.4: deleting twice is one less once, and taking it back is one more.
#[test]
fn a_deletion_counts_once_and_can_be_taken_back() {
    check("b4 1:read2 1:hide1 =2/2 1:hide3 =1/1 1:hide3 2:hide3 =1/1 2:show3 =2/2 1:show1 =2/2");
    check("b4 2:off 1:hide3 1:show3 1:hide4 2:on =3/3");
}

/// R004-B7.5, T10: recalling an unread message is one less, also when it is the newest; a read one changes nothing.
#[test]
fn recalling_an_unread_message_is_one_less() {
    check("b4 1:read2 recall1 =2/2 recall4 =1/1 1:hide4 =1/1 1:read4 =0/0");
    check("b2 2:off recall2 2:on =1/1");
    check("b2 2:kill recall1 2:start =1/1");
}

/// R001-14, R004-B7.6: what is withheld or removed counts for nothing, and neither does what becomes of it.
#[test]
fn withheld_messages_do_not_count() {
    check("b2 secret =2/2 recall3 =2/2 b1 =3/3");
    check("b2 2:off secret b1 2:on =3/3 1:read4 =0/0");
}

/// R004-B7.7: a message that changes stays as read or unread as it was.
#[test]
fn a_changed_message_counts_as_before() {
    check("b3 1:read1 edit1 edit3 =2/2 2:off edit2 2:on =2/2");
}

/// R004-B7.12, T1, T7, T21: two devices that have read differently far agree on the further one, in whatever order they
/// tell it.
#[test]
fn the_further_reading_stands() {
    check("b10 1:read8 2:read10 =0/0");
    check("b10 1:read10 2:read8 =0/0");
    check("b10 2:off 2:read10 1:read8 =2/0 2:on =0/0");
    check("b10 1:read10 2:read10 =0/0");
}

/// R004-B7.13: what a device that was away tells late moves nothing back.
#[test]
fn a_stale_report_moves_nothing_back() {
    check("b10 2:off 2:read4 1:read10 2:start =0/0");
    check("b10 2:off 2:read4 1:read10 2:on =0/0");
}

/// R004-B7.14, R004-B7.15, R004-H5: a conversation that is deleted on one device is unread on the other, and begins anew.
#[test]
fn deleting_a_conversation_is_one_devices_affair() {
    check("b3 1:delete =0/3 b1 =1/4 1:read4 =0/0");
    check("b3 1:delete 1:kill 1:start =0/3 b2 =2/5");
}

/// R001-20, T9: everything read is read everywhere, and the next message counts again.
#[test]
fn reading_everything_reads_every_conversation() {
    check("b3 g2 =5/5 1:all =0/0 b1 g1 =2/2 2:off 1:all 2:on =0/0");
}

/// R004-B7.20, T14, T16: after a sleep of two days every conversation is counted anew, without a reload.
#[test]
fn a_long_sleep_leaves_no_wrong_count() {
    check("b2 2:sleep b3 g2 2:wake =7/7");
    check("b2 2:sleep 1:read2 b1 recall3 2:wake =0/0");
}

/// R000-19: who does not let others know how far they read still knows it on all their devices.
#[test]
fn own_devices_agree_in_private() {
    check("1:private b3 1:read2 =1/1 2:read3 =0/0");
}
