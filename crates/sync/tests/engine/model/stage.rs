//! Two devices of one account and a peer, played by a script.
//!
//! `b3`: the peer writes three messages; `g3`: somebody else does, in the group; `secret`: one that this account does not
//! see; `recall2`, `edit2`: the peer does it to a message. `1:…` happens on the first device, `2:…` on the second:
//! `read3`, `hide3`, `show3`, `write`, `close`, `delete`, `all`, `private`, `off` and `on` of the network, `kill` and
//! `start` of the page, `sleep` and `wake` of the machine. `=3/4`: what is unread on each.

use super::device::{Device, Socket};
use super::scene::{DIRECT, GROUP, direct};
use super::server::Server;
use super::{client_id, conversation_id, seq, text, user_id};
use protocol::{ConversationKind, ReadReportPolicy};
use sync::{Action, Input};

const DAY: u64 = 24 * 60 * 60_000;

pub struct Stage {
    server: Server,
    devices: [Device; 2],
    away: [bool; 2],
    written: u64,
}

impl Stage {
    pub fn new(policy: ReadReportPolicy) -> Self {
        let mut server = Server::default();
        server.now = 1_000_000_000;
        server.rules.read_report_policy = policy;
        server.create(DIRECT, ConversationKind::Direct, &[1, 2]);
        server.create(GROUP, ConversationKind::Group, &[1, 2, 3]);
        server.take_frames();
        let mut devices = [Some(direct()), None].map(|open| Device::new(&server, user_id(1), open));
        for (device, key) in devices.iter_mut().zip(1..) {
            device.key = key;
            device.step(&server, Input::Started);
        }
        Self { server, devices, away: [false; 2], written: 0 }
    }

    pub fn play(&mut self, script: &str) {
        for word in script.split_whitespace() {
            if let Some(expected) = word.strip_prefix('=') {
                let [first, second] = self.devices.each_ref().map(|device| device.client.total_unread());
                assert_eq!(format!("{first}/{second}"), expected, "{script}");
                continue;
            }
            match word.split_once(':') {
                Some((device, act)) => self.act(device.parse::<usize>().unwrap() - 1, act),
                None => self.happen(word),
            }
            self.settle();
        }
    }

    fn happen(&mut self, word: &str) {
        let (what, n) = split(word);
        let server = &mut self.server;
        let mut write = |sender, room, invisible: &[_]| {
            self.written += 1;
            let body = text(&self.written.to_string());
            server.send_without(user_id(sender), room, client_id(self.written), body, invisible);
        };
        match what {
            "b" => (0..n).for_each(|_| write(2, direct(), &[])),
            "g" => (0..n).for_each(|_| write(3, conversation_id(GROUP), &[])),
            "secret" => write(2, direct(), &[user_id(1)]),
            "recall" => drop(server.recall(user_id(2), direct(), seq(n)).unwrap()),
            "edit" | "restore" => server.change(direct(), seq(n), text("edited")),
            "remove" => server.change(direct(), seq(n), protocol::MessageBody::Removed),
            _ => panic!("{word}"),
        }
    }

    fn act(&mut self, n: usize, word: &str) {
        let (server, device) = (&self.server, &mut self.devices[n]);
        let (what, nth) = split(word);
        let hide = |hidden| Input::Act(Action::Hide { conversation: direct(), seqs: vec![seq(nth)], hidden });
        let input = match what {
            "read" => Input::Seen { conversation: direct(), seq: seq(nth) },
            "hide" => hide(true),
            "show" => hide(false),
            "close" => Input::Close,
            "all" => Input::Act(Action::ReadAll),
            "private" => Input::Act(Action::ShowReceipts(false)),
            "delete" => {
                let through = device.client.session(direct()).unwrap().head_seq;
                Input::Act(Action::Delete { conversation: direct(), through, everywhere: false })
            }
            "write" => {
                self.written += 1;
                device.write(server, direct(), client_id(self.written));
                return;
            }
            "off" | "kill" => {
                self.away[n] = true;
                return device.disconnect(server, 1006);
            }
            "sleep" => {
                self.away[n] = true;
                device.socket = Socket::Dead;
                return;
            }
            "start" => {
                self.away[n] = false;
                return device.crash(server, None);
            }
            "on" => {
                self.away[n] = false;
                Input::Woke
            }
            "wake" => {
                self.away[n] = false;
                self.server.now += 2 * DAY;
                Input::Woke
            }
            _ => panic!("{word}"),
        };
        self.devices[n].step(&self.server, input);
    }

    /// Everything arrives where there is a network, for a few seconds.
    fn settle(&mut self) {
        for _ in 0..16 {
            let mut busy = true;
            while busy {
                busy = false;
                for (device, _) in self.devices.iter_mut().zip(self.away).filter(|(_, away)| !away) {
                    device.flow(&mut self.server);
                }
                for (account, frame) in self.server.take_frames() {
                    busy = true;
                    for device in self.devices.iter_mut().filter(|device| device.me == account) {
                        device.push(frame.clone());
                    }
                }
            }
            self.server.now += 500;
            for (device, _) in self.devices.iter_mut().zip(self.away).filter(|(_, away)| !away) {
                device.ring(&self.server);
            }
        }
    }
}

/// A word and the number at its end.
fn split(word: &str) -> (&str, u64) {
    let what = word.trim_end_matches(|c: char| c.is_ascii_digit());
    (what, word.strip_prefix(what).and_then(|n| n.parse().ok()).unwrap_or_default())
}
