//! A device of the real server whose every call and frame is recorded.

use super::event::{Act, Answer, Op, Process, canaries};
use super::recorder::{Link, Recorder};
use super::replica::Replica;
use crate::support::{Answer as Http, Heard, PATIENCE, Person, Push};
use protocol::group::{ChangeGroup, ChangeMember, InviteMembers};
use protocol::messaging::{HideMessages, OpenConversation, ReportMessage, ReportReason, SendRequest};
use protocol::receipts::ReportReceipts;
use protocol::{
    ApiError, ClientFrame, ClientId, ConversationId, ErrorAnswer, ErrorCode, Message, Millis, Upd, UserId, path,
};
use serde_json::json;
use std::cell::OnceCell;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// The longest that a device takes to come to rest.
const REST: Duration = Duration::from_secs(10);

/// Mutes outlast every history, in milliseconds.
const MUTE: Millis = 24 * 60 * 60 * 1_000;

/// One device. It pulls what its replica wants, as a client would.
pub struct Observer {
    pub person: Person,
    pub process: Process,
    pub replica: Replica,
    /// How long a call waits for its answer; afterwards nobody knows.
    pub patience: Duration,
    recorder: Recorder,
    push: Option<(Push, Link)>,
}

impl Observer {
    pub fn new(person: Person, recorder: &Recorder) -> Self {
        let process = Process { account: person.id, device: person.device };
        let replica = Replica::new(person.id);
        Self { person, process, replica, patience: PATIENCE, recorder: recorder.clone(), push: None }
    }

    /// Connects, and takes frames and pulls until the device is where the fresh one of its account is, once there is one.
    pub async fn rest(&mut self, goals: &OnceCell<Vec<Self>>) {
        let end = Instant::now() + REST;
        if !self.is_connected() {
            self.connect().await;
        }
        while Instant::now() < end {
            self.pull(100).await;
            let mut fresh = goals.get().into_iter().flatten();
            if let Some(goal) = fresh.find(|fresh| fresh.process.account == self.process.account) {
                let mut logs = goal.replica.logs.iter();
                let arrived = logs.all(|(id, goal)| self.replica.logs.get(id).is_some_and(|log| log.rev >= goal.rev));
                if arrived && self.replica.upd() >= goal.replica.upd() && self.replica.pull().is_none() {
                    return;
                }
            }
            self.listen(Duration::from_millis(100)).await;
        }
    }

    /// Makes a call and records it. `None`: it failed, or nobody knows.
    pub async fn call(&mut self, op: Op) -> Option<Answer> {
        self.replica.asked(&op);
        let call = self.recorder.invoke(self.process, op.clone());
        let Ok(Some(answer)) = timeout(self.patience, Http::try_of(self.request(&op))).await else {
            call.info();
            return None;
        };
        match answer.status {
            200..300 => {
                let Some(read) = read(&op, &answer) else {
                    call.info();
                    return None;
                };
                self.replica.answered(&op, &read);
                if let (Op::Open { peer }, Answer::Conversation(told)) = (&op, &read) {
                    self.recorder.opened_direct(told.id, [self.process.account, *peer]);
                }
                call.ok(read.clone());
                Some(read)
            }
            500.. => {
                call.info();
                None
            }
            status => {
                let code = serde_json::from_slice(&answer.body)
                    .map_or(ErrorCode::Unknown, |ErrorAnswer { error: ApiError { code, .. } }| code);
                if status == 404 && !matches!(op, Op::Recall { .. }) {
                    self.replica.missed(&op);
                }
                call.fail(status, code);
                None
            }
        }
    }

    /// Sends until the server has answered, under one key: what an outbox does. `None` after `attempts` without one.
    pub async fn send(
        &mut self,
        conversation: ConversationId,
        client_id: ClientId,
        attempts: usize,
    ) -> Option<Message> {
        self.insist(Op::text(conversation, client_id), attempts).await
    }

    /// The same, of any message.
    pub async fn insist(&mut self, send: Op, attempts: usize) -> Option<Message> {
        for _ in 0..attempts {
            if let Some(Answer::Sent { message, .. }) = self.call(send.clone()).await {
                return Some(message);
            }
        }
        None
    }

    /// Says something over the push connection, which answers nothing; nothing without one.
    pub async fn tell(&mut self, op: Op) {
        let frame = match op {
            Op::Typing { conversation } => ClientFrame::Typing { conversation },
            Op::Watch { conversation } => ClientFrame::Watch { conversation: Some(conversation) },
            _ => return,
        };
        let Some((push, _)) = &mut self.push else { return };
        let call = self.recorder.invoke(self.process, op);
        push.tell(&frame).await;
        // When the server takes it nobody knows.
        call.info();
    }

    /// Asks what the account is to others, for the final state.
    pub async fn know(&mut self, others: &[UserId]) {
        let me = self.process.account;
        for other in others.iter().copied().filter(|other| *other != me) {
            self.call(Op::Contact { other }).await;
        }
    }

    /// Reads what makes a conversation's badge, page by page.
    pub async fn why(&mut self, conversation: ConversationId) {
        let mut before = None;
        while let Some(Answer::Unread(page)) = self.call(Op::Unread { conversation, before }).await {
            match page.messages.last().filter(|_| page.more) {
                Some(last) => before = Some(last.seq),
                None => break,
            }
        }
    }

    /// Reads everything that a device can ask for, for the final state.
    pub async fn dump_all(&mut self) {
        for conversation in self.replica.logs.keys().copied().collect::<Vec<_>>() {
            self.dump(conversation).await;
            self.why(conversation).await;
            self.call(Op::Readers { conversation }).await;
        }
        let mut after = Upd::ZERO;
        while let Some(Answer::Receipts(page)) = self.call(Op::Receipts { after }).await {
            after = page.through;
            if !page.more {
                break;
            }
        }
        self.call(Op::Page { conversation: None }).await;
    }

    /// Opens the push connection and waits for the greeting; `false` when that failed.
    pub async fn connect(&mut self) -> bool {
        self.disconnect();
        let Ok(mut push) = Push::try_connect(&self.person, &[]).await else { return false };
        let Heard::Frame(hello) = push.hear(PATIENCE).await else { return false };
        let link = self.recorder.opened(self.process);
        self.replica.frame(&hello);
        link.frame(*hello);
        self.push = Some((push, link));
        true
    }

    /// Drops the push connection.
    pub fn disconnect(&mut self) {
        if let Some((_, link)) = self.push.take() {
            link.closed(None);
        }
    }

    pub fn is_connected(&self) -> bool {
        self.push.is_some()
    }

    /// Takes a frame, if one comes in time. `false`: none did, or the connection is gone.
    pub async fn listen(&mut self, within: Duration) -> bool {
        let Some((push, link)) = &mut self.push else { return false };
        match push.hear(within).await {
            Heard::Frame(frame) => {
                self.replica.frame(&frame);
                link.frame(*frame);
                true
            }
            Heard::Nothing => false,
            Heard::End(code) => {
                if let Some((_, link)) = self.push.take() {
                    link.closed(code);
                }
                false
            }
        }
    }

    /// Makes the pulls that the replica wants, at most `limit`. `false`: one failed.
    pub async fn pull(&mut self, limit: usize) -> bool {
        for _ in 0..limit {
            let Some(op) = self.replica.pull() else { return true };
            if self.call(op).await.is_none() {
                return false;
            }
        }
        true
    }

    /// Reads a conversation whole, for the final state.
    pub async fn dump(&mut self, conversation: ConversationId) {
        let mut before = None;
        while let Some(Answer::History(page)) =
            self.call(Op::History { conversation, before, after: None, limit: 100 }).await
        {
            if page.from <= page.vis_from.max(protocol::Seq::ZERO.next()) {
                break;
            }
            before = Some(page.from);
        }
        self.call(Op::Describe { conversation }).await;
    }

    fn request(&self, op: &Op) -> reqwest::RequestBuilder {
        let get = |path: &str| self.person.request("GET", path);
        match op {
            Op::Send { conversation, client_id, body, invisible } => {
                let (body, invisible_list) = (body.clone(), invisible.clone());
                let request = SendRequest { client_id: *client_id, body, invisible_list };
                self.person.request("POST", &path::messages(*conversation)).json(&request)
            }
            Op::Report { reports } => {
                let request = ReportReceipts { reports: reports.clone() };
                self.person.request("PUT", path::RECEIPTS).json(&request)
            }
            Op::ReadAll => self.person.request("PUT", path::RECEIPTS_ALL),
            Op::Hide { conversation, seqs, hidden } => {
                let request = HideMessages { seqs: seqs.clone(), hidden: *hidden };
                self.person.request("PUT", &path::hidden(*conversation)).json(&request)
            }
            Op::Denounce { conversation, seq, hide } => {
                let request = ReportMessage { reason: ReportReason::Spam, note: None, hide: *hide };
                self.person.request("POST", &path::report(*conversation, *seq)).json(&request)
            }
            Op::Recall { conversation, seq } => self.person.request("POST", &path::recall(*conversation, *seq)),
            Op::Delete { conversation, through } => {
                self.person.request("DELETE", &path::conversation_through(*conversation, *through, false))
            }
            Op::Privacy { receipts } => {
                self.person.request("PATCH", path::ACCOUNT_ME).json(&json!({ "receipts": receipts }))
            }
            Op::Accept { from } => {
                self.person.request("PATCH", path::ACCOUNT_ME).json(&json!({ "messages_from": from }))
            }
            Op::Open { peer } => self.person.request("POST", path::CONVERSATIONS).json(&OpenConversation::with(*peer)),
            Op::Relate { other, act } => {
                let (method, path) = match act {
                    Act::Befriend => {
                        return self.person.request("PUT", &path::friend(*other)).json(&json!({}));
                    }
                    Act::Unfriend => ("DELETE", path::friend(*other)),
                    Act::Refuse => ("DELETE", path::request(*other)),
                    Act::Follow => ("PUT", path::follow(*other)),
                    Act::Unfollow => ("DELETE", path::follow(*other)),
                    Act::Block => ("PUT", path::block(*other)),
                    Act::Unblock => ("DELETE", path::block(*other)),
                };
                self.person.request(method, &path)
            }
            Op::Contact { other } => get(&path::contact(*other)),
            Op::Invite { conversation, users } => {
                let request = InviteMembers { users: users.clone() };
                self.person.request("POST", &path::members(*conversation)).json(&request)
            }
            Op::Remove { conversation, user } => self.person.request("DELETE", &path::member(*conversation, *user)),
            Op::Dissolve { conversation } => self.person.request("DELETE", &path::group(*conversation)),
            Op::Appoint { conversation, user, role } => {
                let request = ChangeMember { role: Some(*role), ..ChangeMember::default() };
                self.person.request("PATCH", &path::member(*conversation, *user)).json(&request)
            }
            Op::Mute { conversation, user, muted } => {
                let mute_ms = Some(if *muted { MUTE } else { 0 });
                match user {
                    Some(user) => {
                        let request = ChangeMember { mute_ms, ..ChangeMember::default() };
                        self.person.request("PATCH", &path::member(*conversation, *user)).json(&request)
                    }
                    None => {
                        let request = ChangeGroup { mute_ms, ..ChangeGroup::default() };
                        self.person.request("PATCH", &path::conversation(*conversation)).json(&request)
                    }
                }
            }
            Op::Typing { .. } | Op::Watch { .. } => unreachable!("they go over the push connection"),
            Op::EndLogin { device } => self.person.request("DELETE", &path::device(*device)),
            Op::Sync { since } => get(&since.as_deref().map_or_else(|| path::SYNC.to_owned(), path::sync)),
            Op::Describe { conversation } => get(&path::conversation(*conversation)),
            Op::History { conversation, before, after, limit } => get(&match (before, after) {
                (Some(before), _) => path::messages_before(*conversation, *before, *limit),
                (None, Some(after)) => path::messages_after(*conversation, *after, *limit),
                (None, None) => format!("{}?limit={limit}", path::messages(*conversation)),
            }),
            Op::Changes { conversation, after } => get(&path::changes(*conversation, *after)),
            Op::Unread { conversation, before } => get(&match before {
                Some(before) => format!("{}?before={before}", path::unread(*conversation)),
                None => path::unread(*conversation),
            }),
            Op::Receipts { after } => get(&path::receipts_after(*after)),
            Op::Readers { conversation } => get(&path::readers(*conversation)),
            Op::Page { conversation } => get(&conversation.map_or_else(|| "/".to_owned(), path::page)),
        }
    }
}

/// The answer as the history holds it; `None` when it was cut off.
fn read(op: &Op, answer: &Http) -> Option<Answer> {
    let body = answer.body.as_slice();
    Some(match op {
        Op::Send { .. } => Answer::Sent { message: serde_json::from_slice(body).ok()?, replay: answer.status == 200 },
        Op::Recall { .. } => Answer::Recalled { message: serde_json::from_slice(body).ok()? },
        Op::Sync { .. } => Answer::Sync(serde_json::from_slice(body).ok()?),
        Op::Describe { .. } | Op::Open { .. } => Answer::Conversation(serde_json::from_slice(body).ok()?),
        Op::History { .. } => Answer::History(serde_json::from_slice(body).ok()?),
        Op::Changes { .. } => Answer::Changes(serde_json::from_slice(body).ok()?),
        Op::Unread { .. } => Answer::Unread(serde_json::from_slice(body).ok()?),
        Op::Receipts { .. } => Answer::Receipts(serde_json::from_slice(body).ok()?),
        Op::Readers { .. } => Answer::Readers(serde_json::from_slice(body).ok()?),
        Op::Page { .. } => page(std::str::from_utf8(body).ok()?)?,
        Op::Invite { .. } => Answer::Invited(serde_json::from_slice(body).ok()?),
        Op::Contact { .. } => Answer::Contact(serde_json::from_slice(body).ok()?),
        Op::Relate { .. } if answer.status == 200 => Answer::Contact(serde_json::from_slice(body).ok()?),
        Op::Relate { .. }
        | Op::Report { .. }
        | Op::ReadAll
        | Op::Hide { .. }
        | Op::Denounce { .. }
        | Op::Delete { .. }
        | Op::Privacy { .. }
        | Op::Accept { .. }
        | Op::Remove { .. }
        | Op::Dissolve { .. }
        | Op::Appoint { .. }
        | Op::Mute { .. }
        | Op::Typing { .. }
        | Op::Watch { .. }
        | Op::EndLogin { .. } => Answer::Done,
    })
}

/// A page's total, from its title, and the texts in it.
fn page(html: &str) -> Option<Answer> {
    let title = html.split_once("<title>")?.1.split_once("</title>")?.0;
    let total = title.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or("0", |(total, _)| total);
    // A badge ends at 99+, and tells nothing of the exact number then.
    Some(Answer::Page { total: total.parse().ok()?, texts: canaries(html) })
}
