//! How the devices of a run come to rest.

use super::{Ending, MINUTE, POKE, World};
use crate::model::device::Socket;
use crate::model::{client_id, text};
use protocol::{ConversationId, ConversationKind, Seq};
use std::collections::VecDeque;
use sync::{Input, Item};

impl World {
    /// The network is whole from now on, and people try again what failed because a clock ran ahead.
    pub fn heal(&mut self, ending: Ending) {
        self.recover(ending);
        for n in 0..self.devices.len() {
            let device = &mut self.devices[n];
            for unsent in device.outbox.clone().into_values().filter(|unsent| unsent.failed.is_some()) {
                // What an attempt without an answer has brought to the server stays at its place there (R004-A4).
                let room = &self.server.rooms[&unsent.conversation];
                if !room.messages.iter().any(|message| message.client_id == unsent.client_id) {
                    device.written.retain(|(_, id)| *id != unsent.client_id);
                    device.written.push((unsent.conversation, unsent.client_id));
                }
                device.step(&self.server, Input::Retry(unsent.client_id));
                // A picture is at the bottom once it is uploaded: until then what is tried again would come before it (R004-A3).
                device.flow(&mut self.server);
            }
        }
        self.rest(MINUTE);
    }

    pub fn recover(&mut self, ending: Ending) {
        match ending {
            Ending::Quiet => self.rest(20 * MINUTE),
            Ending::Poked => {
                // Until dead connections are found out.
                self.rest(MINUTE);
                self.server.create(POKE, ConversationKind::Group, &[1, 2, 3]);
                let rooms: Vec<_> = self.server.rooms.values().map(|room| (room.id, room.members[0])).collect();
                for (id, member) in rooms {
                    self.written += 1;
                    self.server.send(member, id, client_id(self.written), text("poke"));
                }
                self.publish();
                self.rest(MINUTE / 2);
            }
            Ending::Reconnected => {
                for device in &mut self.devices {
                    if matches!(device.socket, Socket::Dead) {
                        device.socket = Socket::Open(VecDeque::new());
                    }
                    device.disconnect(&self.server, 1006);
                }
                self.rest(MINUTE);
            }
        }
    }

    /// Lets everything arrive while time passes.
    pub fn rest(&mut self, millis: u64) {
        let until = self.server.now + millis;
        for _ in 0..20_000 {
            let mut busy = false;
            for device in &mut self.devices {
                device.accept(&self.server);
                while device.deliver(&self.server) {
                    busy = true;
                }
                while device.serve(&mut self.server, 0) {
                    busy = true;
                }
                while device.receive(&self.server, 0) {
                    busy = true;
                }
            }
            self.publish();
            if busy {
                continue;
            }
            let Some(next) = self.devices.iter().filter_map(|device| device.wake).min().filter(|at| *at <= until)
            else {
                self.server.now = until;
                return;
            };
            self.server.now = next;
            for device in &mut self.devices {
                device.ring(&self.server);
            }
        }
        panic!("the devices never come to rest");
    }

    /// Opens every conversation on every device and scrolls to its beginning.
    pub fn load_everything(&mut self) {
        for n in 0..self.devices.len() {
            let me = self.devices[n].me;
            let ids: Vec<ConversationId> =
                self.server.rooms.keys().copied().filter(|id| self.server.member(me, *id)).collect();
            for id in ids {
                self.devices[n].step(&self.server, Input::Open(id));
                self.settle();
                while self.devices[n].client.can_load_older(id) {
                    self.devices[n].step(&self.server, Input::LoadOlder(id));
                    self.settle();
                }
                while let Some(before) = self.gap(n, id) {
                    self.devices[n].step(&self.server, Input::LoadGap { conversation: id, before });
                    self.settle();
                }
                self.compare_timeline(n, id);
            }
            self.devices[n].step(&self.server, Input::Close);
        }
    }

    pub fn gap(&self, n: usize, id: ConversationId) -> Option<Seq> {
        self.devices[n].client.items(id).into_iter().find_map(|item| match item {
            Item::Gap { before, .. } => Some(before),
            Item::Row(_) => None,
        })
    }

    pub fn settle(&mut self) {
        let mut busy = true;
        while busy {
            busy = false;
            for device in &mut self.devices {
                while device.deliver(&self.server)
                    || device.serve(&mut self.server, 0)
                    || device.receive(&self.server, 0)
                {
                    busy = true;
                }
            }
            self.publish();
        }
    }
}
