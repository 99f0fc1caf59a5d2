//! How the devices of a run come to rest.

use super::{MINUTE, World};
use crate::oracle::text;
use crate::plan::Ending;
use protocol::{Millis, ServerFrame, UserId};
use sync::{Action, Input, Request};

impl World<'_> {
    /// The network is whole from now on, and people look after what failed.
    pub async fn heal(&mut self, ending: Ending) {
        match ending {
            Ending::Quiet => self.rest(20 * MINUTE).await,
            Ending::Poked => {
                // Until dead connections are found out.
                self.rest(MINUTE).await;
                self.poke().await;
                self.rest(MINUTE / 2).await;
            }
            Ending::Reconnected => {
                for device in &mut self.devices {
                    device.disconnect(self.now);
                }
                self.rest(MINUTE).await;
            }
        }
        for n in 0..self.devices.len() {
            if self.devices[n].logged_out {
                self.reload(n, None).await;
            }
        }
        self.rest(MINUTE).await;
        self.compare_open().await;
        if self.lifted {
            self.lift().await;
            self.rest(MINUTE).await;
            self.retry_all().await;
        }
        // What nobody will ever take.
        for n in 0..self.devices.len() {
            for id in self.devices[n].failed(&self.rooms) {
                self.devices[n].step(self.now, Input::Discard(id));
                self.forgo(id);
            }
            self.devices[n].step(self.now, Input::Close);
        }
        self.rest(MINUTE).await;
    }

    /// One more thing happens in every log. Where nobody may write, devices learn of what they missed by a new connection.
    async fn poke(&mut self) {
        for room in self.rooms.keys().copied().collect::<Vec<_>>() {
            let id = self.rooms[&room];
            let members: Vec<UserId> = self.oracle.rooms[&id].members.keys().copied().collect();
            let mut there = members.iter().filter(|me| self.oracle.member(**me, id));
            let writer = there.find(|me| self.oracle.refusal(**me, id, &text(0), self.time()).is_none());
            match writer.map(|me| self.person(*me)) {
                Some(person) => self.post(person, room, false).await,
                None if members.is_empty() => {}
                None => self.devices.iter_mut().for_each(|device| device.disconnect(self.now)),
            }
        }
        for (me, other) in [(0, 1), (1, 2)] {
            let (login, user) = (self.programs[me].clone(), self.people[other].id);
            let follows = self.oracle.relation(login.account.id, user).follow;
            for follow in [!follows, follows] {
                let action = Action::Follow { user, follow, retry: None };
                self.ask(&login, &Request::Act(action)).await.unwrap();
            }
        }
    }

    /// Every message that failed is tried again, now that nobody refuses it: it is on the server then, unless it names
    /// somebody who may not be named.
    async fn retry_all(&mut self) {
        let mut retried = Vec::new();
        // Once more for those who had to wait for an answer to what arrives now.
        for _ in 0..2 {
            for n in 0..self.devices.len() {
                for id in self.devices[n].failed(&self.rooms) {
                    let to = self.devices[n].kept.borrow().outbox.get(&id).map(|unsent| unsent.conversation);
                    self.retry(n, id);
                    retried.push((n, id, to));
                }
            }
            self.rest(MINUTE).await;
            self.answer_strangers().await;
        }
        for (n, id, to) in retried {
            let me = self.devices[n].me();
            if let Some(unsent) = self.devices[n].kept.borrow().outbox.get(&id) {
                let lost = unsent.body.medium().is_some() && !self.devices[n].kept.borrow().pictures.contains(&id);
                assert!(lost || unsent.body.mentions().is_some(), "device {n} cannot send {unsent:?}");
                continue;
            }
            // Nothing is kept for a group that one has left.
            let gone = to.is_some_and(|to| !self.oracle.member(me, to));
            assert!(gone || self.oracle.has(me, id), "device {n}: {id} is neither sent nor kept");
            self.oracle.count("retried");
        }
    }

    /// Lets everything arrive while time passes.
    pub async fn rest(&mut self, millis: Millis) {
        let until = self.now + millis;
        for _ in 0..20_000 {
            self.settle().await;
            let next = self.devices.iter().filter_map(|device| device.wake).min().filter(|at| *at <= until);
            let Some(next) = next else {
                self.pass(until.saturating_sub(self.now));
                return;
            };
            self.pass(next.saturating_sub(self.now));
            for device in &mut self.devices {
                device.ring(self.now);
            }
        }
        panic!("the devices never come to rest");
    }

    /// Everything that is on its way arrives, with no time passing.
    pub async fn settle(&mut self) {
        let mut busy = true;
        while busy {
            busy = false;
            for n in 0..self.devices.len() {
                busy |= self.flow(n).await;
                busy |= self.devices[n].keep(self.now);
                self.exchange();
            }
            busy |= self.devices.iter().any(|device| device.is_told());
        }
    }

    /// What a page loaded now shows on the device.
    pub async fn fresh(&mut self, n: usize) -> sync::Client {
        let login = self.devices[n].login.clone();
        let start = self.start(&login, None).await;
        let (more, rules) = (start.sync.more, self.rules);
        let mut client = sync::Client::new(start);
        let mut effects = client.step(self.now, self.seed, Input::Started);
        // The rest of a listing comes by the engine's own calls once it is greeted. It reports nothing: it is no device.
        if more {
            let (device, server_time) = (login.device, self.time());
            let hello = ServerFrame::Hello { device, server_time, heartbeat_s: 25, rules };
            effects.extend(client.step(self.now, self.seed, Input::SocketFrame(hello)));
        }
        while let Some(effect) = effects.pop() {
            if let sync::Effect::Request { id: request, request: asked @ sync::Request::Sync { .. } } = effect {
                let answer = self.ask(&login, &asked).await;
                effects.extend(client.step(self.now, self.seed, Input::Answered { request, answer }));
            }
        }
        client
    }
}
