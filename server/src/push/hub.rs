//! Which devices are connected, and what each is to be told.

use super::locks::{Mutex, MutexGuard};
use crate::store::{Event, Roster};
use axum::extract::ws::Utf8Bytes;
use protocol::frame::close;
use protocol::group::Action;
use protocol::{ClientFrame, DeviceId, LogChange, Millis, ServerFrame, UserId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Frames that wait for one reader. A longer queue is a reader that is too slow.
pub(super) const QUEUE: usize = 512;
/// Connections of one account; one more closes the oldest.
const CONNECTIONS: usize = 64;

/// The connected devices; cheap to clone.
#[derive(Clone, Default)]
pub struct Hub {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
pub(super) struct Inner {
    online: HashMap<UserId, Vec<Connection>>,
    /// Who wants to know whether an account is there: one account a connection.
    pub(super) watched: HashMap<UserId, Vec<Watcher>>,
    last: u64,
    closing: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Watcher {
    account: UserId,
    connection: u64,
}

struct Connection {
    id: u64,
    watches: Option<UserId>,
    device: DeviceId,
    queue: mpsc::Sender<Utf8Bytes>,
    /// Where what the device says is heard, if that does not come by the connection itself.
    mouth: Option<mpsc::Sender<ClientFrame>>,
    cut: oneshot::Sender<u16>,
}

/// Why nobody hears what a device says.
#[derive(Debug, PartialEq, Eq)]
pub enum Unheard {
    /// It has no such connection, or none that is heard this way.
    Absent,
    /// It says too much at once.
    Full,
}

/// One device's end of its connection. Dropped, the device is offline.
pub struct Connected {
    hub: Hub,
    pub account: UserId,
    /// Names the connection to the hub.
    pub id: u64,
    /// Frames in order.
    pub queue: mpsc::Receiver<Utf8Bytes>,
    /// The close code, once the hub has cut the connection off. What is queued is then worthless.
    pub cut: oneshot::Receiver<u16>,
}

impl Hub {
    /// Brings a device online. What is committed from now on reaches its queue.
    pub fn connect(&self, account: UserId, device: DeviceId) -> Connected {
        self.connect_heard(account, device, None)
    }

    /// Brings a device online that is heard by [`Self::say`].
    pub fn connect_heard(
        &self,
        account: UserId,
        device: DeviceId,
        mouth: Option<mpsc::Sender<ClientFrame>>,
    ) -> Connected {
        let (queue, frames) = mpsc::channel(QUEUE);
        let (cut, told) = oneshot::channel();
        let mut inner = self.lock();
        inner.last += 1;
        let id = inner.last;
        if inner.closing {
            let _ = cut.send(close::GOING_AWAY);
        } else {
            let connections = inner.online.entry(account).or_default();
            let oldest = connections.first().filter(|_| connections.len() >= CONNECTIONS).map(|oldest| oldest.id);
            connections.push(Connection { id, watches: None, device, queue, mouth, cut });
            let first = connections.len() == 1;
            if let Some(oldest) = oldest {
                inner.cut(account, close::RESYNC, |connection| connection.id == oldest);
            }
            if first {
                inner.announce(account, true, 0);
            }
        }
        drop(inner);
        Connected { hub: self.clone(), account, id, queue: frames, cut: told }
    }

    /// Hands on what a device says to one of its own connections.
    pub fn say(&self, by: (UserId, DeviceId), connection: u64, frame: ClientFrame) -> Result<(), Unheard> {
        let (account, device) = by;
        let mut inner = self.lock();
        let held = inner.connection(Watcher { account, connection }).filter(|held| held.device == device);
        let mouth = held.and_then(|held| held.mouth.as_ref()).ok_or(Unheard::Absent)?;
        mouth.try_send(frame).map_err(|error| match error {
            TrySendError::Full(_) => Unheard::Full,
            TrySendError::Closed(_) => Unheard::Absent,
        })
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.lock().online.values().map(Vec::len).sum()
    }

    /// Closes every connection, and every later one at once.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closing = true;
        inner.watched.clear();
        for connection in inner.online.drain().flat_map(|(_, connections)| connections) {
            let _ = connection.cut.send(close::GOING_AWAY);
        }
    }

    /// Whether the account is online.
    pub fn is_online(&self, account: UserId) -> bool {
        self.lock().online.contains_key(&account)
    }

    /// The members who are online.
    pub fn online(&self, roster: &Roster) -> Vec<UserId> {
        self.lock().online_members(roster)
    }

    /// Tells accounts what is worth nothing later: a connection that cannot take it at once does without.
    pub fn whisper(&self, accounts: &[UserId], frame: &ServerFrame) {
        let (inner, frame) = (self.lock(), encode(frame));
        for connection in accounts.iter().filter_map(|account| inner.online.get(account)).flatten() {
            let _ = connection.queue.try_send(frame.clone());
        }
    }

    /// From now on the connection hears whether `peer` is there, and at once how that stands; `seen_at` is when the
    /// peer was last there as far as is known. It hears of nobody else.
    pub fn watch(&self, account: UserId, connection: u64, peer: Option<(UserId, Millis)>) {
        let watcher = Watcher { account, connection };
        let mut inner = self.lock();
        let Some(held) = inner.connection(watcher) else { return };
        if let Some(before) = std::mem::replace(&mut held.watches, peer.map(|(peer, _)| peer)) {
            inner.forget(before, |other| *other == watcher);
        }
        if let Some((user, seen_at)) = peer {
            inner.watched.entry(user).or_default().push(watcher);
            let online = inner.online.contains_key(&user);
            let seen_at = if online { 0 } else { seen_at };
            inner.tell_watcher(watcher, &encode(&ServerFrame::Presence { user, online, seen_at }));
        }
    }

    /// One account hears no more of another.
    pub fn conceal(&self, user: UserId, from: UserId) {
        self.lock().conceal(user, |watcher| watcher.account == from);
    }

    /// Two accounts hear no more of each other.
    pub fn part(&self, one: UserId, other: UserId) {
        let mut inner = self.lock();
        for (watched, by) in [(one, other), (other, one)] {
            inner.conceal(watched, |watcher| watcher.account == by);
        }
    }

    /// The account hides when it is there, and so does not hear it of others.
    pub fn hide(&self, account: UserId) {
        let mut inner = self.lock();
        inner.conceal(account, |_| true);
        let watched: Vec<UserId> =
            inner.online.get(&account).into_iter().flatten().filter_map(|connection| connection.watches).collect();
        for other in watched {
            inner.conceal(other, |watcher| watcher.account == account);
        }
    }

    /// Tells the devices concerned.
    pub fn publish(&self, event: Event) {
        let mut inner = self.lock();
        match event {
            Event::Message { roster, conversation, prev, head_seq, message, sender, withheld } => {
                let online = inner.online_members(&roster);
                let (blind, seeing): (Vec<_>, Vec<_>) =
                    online.into_iter().partition(|account| withheld.contains(account));
                let (pos, seq) = (message.rev, message.seq);
                let frame = |change| encode(&ServerFrame::Conversation { conversation, prev, pos, head_seq, change });
                if !seeing.is_empty() {
                    let (sender, nickname) = (sender.as_ref().clone(), roster.nickname(sender.id).cloned());
                    let frame = frame(LogChange::Message { message, sender, nickname });
                    seeing.into_iter().for_each(|account| inner.tell(account, &frame));
                }
                if !blind.is_empty() {
                    let frame = frame(LogChange::Withheld { seq });
                    blind.into_iter().for_each(|account| inner.tell(account, &frame));
                }
            }
            Event::Group { roster, conversation, prev, pos, head_seq, change, governing } => {
                let frame = |change| encode(&ServerFrame::Conversation { conversation, prev, pos, head_seq, change });
                let (all, governing) = (frame(*change), governing.map(|change| frame(*change)));
                for account in inner.online_members(&roster) {
                    let governs = roster.role(account).may(Action::Govern);
                    inner.tell(account, governing.as_ref().filter(|_| governs).unwrap_or(&all));
                }
            }
            Event::Account { account, prev, pos, changes } => {
                if inner.online.contains_key(&account) {
                    let frame = ServerFrame::Account { prev, pos, changes };
                    inner.tell(account, &encode(&frame));
                }
            }
            Event::Deleted { account, device, conversation, floor } => {
                let frame = encode(&ServerFrame::Deleted { conversation, floor });
                inner.tell_those(account, &frame, |connection| connection.device == device);
            }
            Event::Person { user, others } => {
                let frame = encode(&ServerFrame::Person { user });
                others.into_iter().for_each(|account| inner.tell(account, &frame));
            }
            Event::LoginEnded { account, device } => {
                inner.cut(account, close::REVOKED, |connection| connection.device == device);
            }
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code that can panic runs under the lock; a poisoned map is still whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Costs the smaller of members and online accounts.
    fn online_members(&self, roster: &Roster) -> Vec<UserId> {
        if roster.members.len() <= self.online.len() {
            roster.members.iter().filter(|member| self.online.contains_key(member)).copied().collect()
        } else {
            self.online.keys().filter(|account| roster.has(**account)).copied().collect()
        }
    }

    fn tell(&mut self, account: UserId, frame: &Utf8Bytes) {
        self.tell_those(account, frame, |_| true);
    }

    fn tell_those(&mut self, account: UserId, frame: &Utf8Bytes, which: impl Fn(&Connection) -> bool) {
        let Some(connections) = self.online.get(&account) else { return };
        let slow: Vec<u64> = connections
            .iter()
            .filter(|connection| which(connection))
            .filter(|connection| connection.queue.try_send(frame.clone()).is_err())
            .map(|connection| connection.id)
            .collect();
        if !slow.is_empty() {
            self.cut(account, close::RESYNC, |connection| slow.contains(&connection.id));
        }
    }

    fn cut(&mut self, account: UserId, code: u16, which: impl Fn(&Connection) -> bool) {
        let Entry::Occupied(mut entry) = self.online.entry(account) else { return };
        let gone: Vec<Connection> = entry.get_mut().extract_if(.., |connection| which(connection)).collect();
        let last = entry.get().is_empty();
        if last {
            entry.remove();
        }
        for Connection { id, watches, cut, .. } in gone {
            let watcher = Watcher { account, connection: id };
            watches.into_iter().for_each(|watched| self.forget(watched, |other| *other == watcher));
            let _ = cut.send(code);
        }
        if last {
            self.announce(account, false, crate::store::now());
        }
    }

    fn connection(&mut self, watcher: Watcher) -> Option<&mut Connection> {
        self.online.get_mut(&watcher.account)?.iter_mut().find(|connection| connection.id == watcher.connection)
    }

    /// Tells those who want to know it that an account is there, or not any more.
    fn announce(&mut self, user: UserId, online: bool, seen_at: Millis) {
        let Some(watchers) = self.watched.get(&user).cloned() else { return };
        let frame = encode(&ServerFrame::Presence { user, online, seen_at });
        watchers.into_iter().for_each(|watcher| self.tell_watcher(watcher, &frame));
    }

    fn tell_watcher(&mut self, watcher: Watcher, frame: &Utf8Bytes) {
        if let Some(connection) = self.connection(watcher) {
            // What does not fit is worth nothing later.
            let _ = connection.queue.try_send(frame.clone());
        }
    }

    /// Those watchers hear no more of an account: what they heard last tells nothing.
    fn conceal(&mut self, user: UserId, whom: impl Fn(&Watcher) -> bool) {
        let watchers = self.watched.get(&user).into_iter().flatten().filter(|watcher| whom(watcher));
        let concealed: Vec<Watcher> = watchers.copied().collect();
        let frame = encode(&ServerFrame::Presence { user, online: false, seen_at: 0 });
        for watcher in &concealed {
            self.tell_watcher(*watcher, &frame);
            self.connection(*watcher).into_iter().for_each(|connection| connection.watches = None);
        }
        self.forget(user, |watcher| concealed.contains(watcher));
    }

    fn forget(&mut self, watched: UserId, whom: impl Fn(&Watcher) -> bool) {
        if let Entry::Occupied(mut entry) = self.watched.entry(watched) {
            entry.get_mut().retain(|watcher| !whom(watcher));
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        let id = self.id;
        self.hub.lock().cut(self.account, close::GOING_AWAY, |connection| connection.id == id);
    }
}

fn encode(frame: &ServerFrame) -> Utf8Bytes {
    // Frames are maps of numbers and strings, which JSON always holds.
    serde_json::to_string(frame).unwrap_or_default().into()
}
