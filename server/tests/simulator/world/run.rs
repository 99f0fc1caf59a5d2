//! Running a plan, step by step.

use super::{MINUTE, World};
use crate::device::{Arriving, DAYS, Device, Socket};
use crate::kept::{Disk, Kept};
use crate::oracle::{Approach, naming, text};
use crate::plan::{DIRECT, OWNERS, Op};
use crate::wire;
use axum::http::Method;
use protocol::messaging::{ReportMessage, ReportReason};
use protocol::{ApiError, ClientFrame, ClientId, ConversationId, ErrorCode, Mentions, MessageBody, Millis, path};
use std::rc::Rc;
use sync::{Action, Failure, Input, ReadMark, Request};

/// After this long, in milliseconds, nothing is kept for its owner to send.
const DAY_AND_MORE: i64 = 25 * 60 * MINUTE as i64;
/// More than a device pulls one by one.
const FLOOD: usize = 1_010;

impl World<'_> {
    pub async fn run(&mut self, n: usize, op: Op) {
        self.step(n, op).await;
        if n < self.devices.len() {
            self.listen(n).await;
        }
        self.exchange();
    }

    async fn step(&mut self, n: usize, op: Op) {
        let (now, time, rules) = (self.now, self.time(), self.rules);
        let Some(device) = self.devices.get_mut(n) else { return };
        match op {
            Op::Send(room) => {
                self.written += 1;
                let body = text(self.written);
                self.write(n, room, |_| body);
            }
            Op::SendPicture(room) => self.write(n, room, wire::unsent),
            Op::SendTogether(room) => self.write_together(n, room),
            Op::Sweep => {
                self.skew = (self.skew + DAY_AND_MORE).min(DAYS);
                self.pass(0);
                self.backend.sweep().await;
                self.oracle.swept(self.time());
            }
            Op::Mention(room, person) => {
                self.written += 1;
                let users = person.map(|person| self.people[person].id).into_iter().collect();
                let body = naming(self.written, Mentions { users, all: person.is_none() });
                self.write(n, room, |_| body);
            }
            Op::Open(room) => {
                if let Some(&id) = self.rooms.get(&room)
                    && self.oracle.member(device.me(), id)
                {
                    device.step(now, Input::Open(id));
                }
            }
            Op::Close => device.step(now, Input::Close),
            Op::See => device.see(now),
            Op::LoadOlder => {
                if let Some(open) = device.client.open() {
                    device.step(now, Input::LoadOlder(open));
                }
            }
            Op::LoadGap => drop(device.load_gap(now)),
            Op::Retry(at) => {
                let failed = device.failed(&self.rooms);
                if let Some(&id) = failed.get(at % failed.len().max(1)) {
                    self.retry(n, id);
                }
            }
            Op::Discard(at) => {
                let waits = device.marked(&self.rooms, &[ReadMark::Failed, ReadMark::Waiting]);
                if let Some(&id) = waits.get(at % waits.len().max(1)) {
                    device.step(now, Input::Discard(id));
                    self.forgo(id);
                }
            }
            Op::Hide(at) => {
                if let Some((conversation, seqs)) = device.chosen(at % 2 == 0) {
                    let seqs = seqs.iter().skip(at % seqs.len()).take(1 + at % 2).copied().collect();
                    device.act(now, Action::Hide { conversation, seqs, hidden: true });
                }
            }
            Op::Show(at) => {
                let deleted = self.oracle.deleted(device.me());
                if let Some(&(conversation, seq)) = deleted.get(at % deleted.len().max(1)) {
                    device.act(now, Action::Hide { conversation, seqs: vec![seq], hidden: false });
                }
            }
            Op::Recall(at) => {
                if let Some((conversation, seqs)) = device.chosen(true) {
                    device.act(now, Action::Recall { conversation, seq: seqs[at % seqs.len()] });
                }
            }
            Op::RecallOther(at) => {
                if let Some((conversation, seqs)) = device.chosen(false) {
                    device.act(now, Action::Recall { conversation, seq: seqs[at % seqs.len()] });
                }
            }
            Op::Approach(whom, approach) => {
                let me = device.me();
                let refused = self.approach(me, whom, approach).await;
                // Some ask again whoever refuses.
                if let Some(asker) = refused.filter(|_| self.written.is_multiple_of(2)) {
                    self.approach(asker, self.person(me), Approach::Befriend).await;
                }
            }
            Op::Follow(whom, follow) => {
                let user = self.people[whom].id;
                if user != device.me() {
                    device.act(now, Action::Follow { user, follow, retry: None });
                }
            }
            Op::FollowToWrite(at) => {
                let failed = device.failed(&self.rooms);
                let retry = failed.get(at % failed.len().max(1)).copied();
                if let Some(peer) = retry.and_then(|id| device.peer_of_failed(id)) {
                    device.act(now, Action::Follow { user: peer, follow: true, retry });
                    retry.into_iter().for_each(|id| self.forgo(id));
                }
            }
            Op::Block(whom, block) => {
                let user = self.people[whom].id;
                if user != device.me() {
                    device.act(now, Action::Block { user, block });
                }
            }
            Op::AcceptFrom(from) => {
                let me = device.me();
                self.accept_from(me, from).await;
            }
            Op::Found(whom) => {
                let me = device.me();
                self.found(me, whom).await;
            }
            Op::Deed(room, whom, which) => {
                let me = device.me();
                if let Some(&id) = self.rooms.get(&room) {
                    let deed = self.deed(me, id, whom, which);
                    self.do_deed(me, id, deed).await;
                }
            }
            Op::JoinByLink(room, whom, how) => {
                if let Some(&id) = self.rooms.get(&room) {
                    self.join_by_link(id, whom, how).await;
                }
            }
            Op::Report(at, hide) => {
                if let Some((conversation, seqs)) = device.chosen(false) {
                    let report = ReportMessage { reason: ReportReason::Spam, note: None, hide };
                    device.act(now, Action::Report { conversation, seq: seqs[at % seqs.len()], report });
                }
            }
            Op::Delete(room, everywhere) => {
                if let Some(&conversation) = self.rooms.get(&room)
                    && let Some(through) = device.newest(conversation)
                {
                    device.act(now, Action::Delete { conversation, through, everywhere });
                }
            }
            Op::ReadAll => device.act(now, Action::ReadAll),
            Op::Prefer(room, which) => {
                if let Some(&id) = self.rooms.get(&room) {
                    device.prefer(now, id, which);
                }
            }
            Op::Type(room, which) => {
                if let Some(&conversation) = self.rooms.get(&room)
                    && self.oracle.member(device.me(), conversation)
                {
                    device.step(now, Input::Typed { conversation, text: "draft".repeat(which % 3) });
                }
            }
            Op::ShowReceipts(show) => device.act(now, Action::ShowReceipts(show)),
            Op::Flood => {
                for _ in 0..FLOOD {
                    self.post(OWNERS[n % OWNERS.len()], DIRECT, false).await;
                }
            }
            Op::Withhold(room) => self.post(OWNERS[n % OWNERS.len()], room, true).await,
            Op::Leave => device.step(now, Input::Leaving),
            Op::Visible(visible) => device.step(now, Input::Visible(visible)),
            Op::Wake => device.step(now, Input::Woke),
            Op::Deliver(times) => {
                for _ in 0..times {
                    device.deliver(now);
                    device.hear(now);
                }
            }
            Op::Duplicate => {
                if let Some(arriving) = device.arriving() {
                    let again = arriving[0].clone();
                    arriving.push_back(again);
                }
            }
            Op::Drop => {
                if let Some(arriving) = device.arriving()
                    && matches!(&arriving[0], Arriving::Frame(frame) if !frame.contains(DELETED))
                {
                    arriving.pop_front();
                }
            }
            Op::Swap => {
                if let Some(arriving) = device.arriving().filter(|arriving| arriving.len() > 1) {
                    let last = arriving.len() - 1;
                    arriving.swap(0, last);
                }
            }
            Op::Accept => drop(device.accept(now, time, self.backend, rules).await),
            Op::Disconnect => device.disconnect(now),
            Op::Die => {
                if matches!(device.socket, Socket::Open { .. }) {
                    device.socket = Socket::Dead;
                }
            }
            Op::Serve(at) => drop(self.serve(n, at, false).await),
            Op::Twice(at) => drop(self.serve(n, at, true).await),
            Op::Late(at) => {
                if let Some(request) = device.past.get(at % device.past.len().max(1)).cloned() {
                    let login = device.login.clone();
                    drop(self.ask(&login, &request).await);
                }
            }
            Op::Receive(at) => drop(device.receive(now, at)),
            Op::LoseRequest(at) => device.lose_request(now, at, Failure::Network),
            Op::LoseAnswer(at) => device.lose_answer(now, at),
            Op::Busy(at) => device.lose_request(now, at, busy()),
            Op::Flow => drop(self.flow(n).await),
            Op::Reload(open) => {
                let open = open.and_then(|room| self.rooms.get(&room)).copied();
                self.reload(n, open).await;
            }
            Op::Render(open) => {
                let open = open.and_then(|room| self.rooms.get(&room)).copied();
                self.render(n, open).await;
            }
            Op::Wipe => {
                let disk = device.kept.borrow().disk.as_ref().map(|_| Disk::default());
                let lost = device.kept.replace(Kept { disk, ..Kept::default() });
                let kept = Rc::clone(&device.kept);
                // It is closed under the other tabs: what they write next stands by itself.
                let tabs = self.devices.iter_mut().filter(|tab| Rc::ptr_eq(&tab.kept, &kept));
                tabs.for_each(|tab| tab.client.store_anew());
                // What was only here, and may never have reached the server, is lost with it.
                for device in &mut self.devices {
                    device.forgo(|_, id| lost.outbox.contains_key(&id));
                }
                self.reload(n, None).await;
            }
            Op::Revive => self.revive(n),
            Op::Keep => drop(device.keep(now)),
            Op::LogOut => {
                if !device.logged_out {
                    let call = wire::Call { method: Method::DELETE, path: path::LOGIN_CURRENT.to_owned(), body: None };
                    let token = device.login.token.clone();
                    self.backend.call(&token, call).await;
                    self.collect();
                }
            }
            Op::LogIn => {
                if device.logged_out {
                    self.reload(n, None).await;
                }
            }
            Op::Jump(minutes) => {
                // Tabs have one clock.
                let kept = device.kept.clone();
                for tab in self.devices.iter_mut().filter(|tab| Rc::ptr_eq(&tab.kept, &kept)) {
                    tab.jump(minutes * MINUTE as i64);
                }
            }
            Op::ServerJump(minutes) => {
                self.skew = (self.skew + minutes * MINUTE as i64).clamp(-DAYS, DAYS);
                self.pass(0);
            }
            Op::Create(side) => self.open_late(side).await,
            Op::Restart => {
                for device in &mut self.devices {
                    if matches!(device.socket, Socket::Open { .. }) {
                        device.socket = Socket::Dead;
                    }
                }
                self.backend.restart().await;
            }
            Op::Pass(millis) => {
                self.pass(millis);
                for device in &mut self.devices {
                    device.ring(self.now);
                }
            }
        }
    }

    /// A person writes in a room.
    fn write(&mut self, n: usize, room: usize, body: impl FnOnce(ClientId) -> MessageBody) {
        self.write_in(n, room, |device, now, id| device.write(now, id, body));
    }

    /// A person sends three pictures or files at once.
    fn write_together(&mut self, n: usize, room: usize) {
        self.write_in(n, room, |device, now, id| device.write_together(now, id, 3, wire::unsent));
    }

    fn write_in(&mut self, n: usize, room: usize, write: impl FnOnce(&mut Device, Millis, ConversationId)) {
        let Some(&id) = self.rooms.get(&room) else { return };
        let device = &mut self.devices[n];
        if self.oracle.rooms[&id].awaits(device.me()) {
            return;
        }
        write(device, self.now, id);
        if !self.oracle.member(device.me(), id) {
            // The device does not know yet that nobody can take it.
            device.forgo(|to, _| to == id);
        }
    }

    /// What the device has said over its connection arrives.
    async fn listen(&mut self, n: usize) {
        let device = &mut self.devices[n];
        let said = std::mem::take(&mut device.said);
        let Socket::Open { connected, .. } = &device.socket else { return };
        let (login, connection) = (device.login.clone(), connected.id);
        for frame in said {
            if matches!(frame, ClientFrame::Typing { .. }) {
                self.oracle.count("typing");
            }
            self.collect();
            self.backend.hear(&login, connection, frame).await;
            self.collect();
        }
    }

    /// The message moves to the bottom.
    pub(super) fn retry(&mut self, n: usize, id: ClientId) {
        self.devices[n].step(self.now, Input::Retry(id));
        self.forgo(id);
    }

    /// Nobody can say any more in which order the server has met the message, or whether it has.
    pub(super) fn forgo(&mut self, id: ClientId) {
        for device in &mut self.devices {
            device.forgo(|_, written| written == id);
        }
    }

    pub(super) fn pass(&mut self, millis: Millis) {
        self.now += millis;
        self.backend.set_clock(self.now.saturating_add_signed(self.skew));
        self.devices.iter_mut().for_each(|device| device.servers_skew = self.skew);
    }

    /// The server answers one of the requests on their way; the answer is on its way then.
    async fn serve(&mut self, n: usize, at: usize, twice: bool) -> bool {
        let device = &mut self.devices[n];
        let Some((id, request)) = device.take_request(at) else { return false };
        let login = device.login.clone();
        if let Request::Upload { client_id, .. } = request
            && !device.kept.borrow().pictures.contains(&client_id)
        {
            // It was sent by another tab, or is lost with what the browser kept.
            device.answers.push((id, Err(wire::lost())));
            self.forgo(client_id);
            return true;
        }
        if twice {
            drop(self.ask(&login, &request).await);
        }
        let answer = self.ask(&login, &request).await;
        let device = &mut self.devices[n];
        device.past.push(request);
        device.answers.push((id, answer));
        true
    }

    /// Everything on its way arrives, and what that brings about too.
    pub(super) async fn flow(&mut self, n: usize) -> bool {
        let (now, time, rules) = (self.now, self.time(), self.rules);
        let mut moved = false;
        for _ in 0..2_000 {
            let device = &mut self.devices[n];
            let arrived = device.accept(now, time, self.backend, rules).await || device.hear(now);
            self.listen(n).await;
            let arrived = arrived
                || self.devices[n].deliver(now)
                || self.serve(n, 0, false).await
                || self.devices[n].receive(now, 0);
            self.exchange();
            if !arrived {
                return moved;
            }
            moved = true;
        }
        panic!("device {n} never comes to rest");
    }
}

/// What belongs to no log cannot be missed in one, and a connection loses nothing before it ends.
const DELETED: &str = r#"{"deleted":"#;

fn busy() -> Failure {
    let message = String::new();
    Failure::Refused(ApiError { code: ErrorCode::Unavailable, message, retryable: true, field: None })
}
