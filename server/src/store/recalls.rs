//! Taking a message back from everybody (R001-18).
//!
//! The row, its address and its key stay, so that a late replay of the send is answered with what became of it. The
//! text is overwritten where it stood; what of it the write-ahead log holds is erased by the next checkpoint.

use super::append::{decode_message, encode_body};
use super::conversations::read_user;
use super::event::{Event, Roster};
use super::groups::members;
use super::{Store, StoreError, Tx, parse};
use super::{history, media, mentions, removals};
use protocol::group::Action;
use protocol::{ConversationId, Message, MessageBody, Millis, Seq, User};
use std::sync::Arc;

/// A wish to recall a message; membership was checked against `roster`.
#[derive(Clone, Debug)]
pub struct Recall {
    pub conversation: ConversationId,
    pub seq: Seq,
    pub by: Arc<User>,
    pub roster: Arc<Roster>,
    /// What was sent before is too old to be recalled; `None`: whatever was sent.
    pub sent_since: Option<Millis>,
}

// What others sent is found only where the account sees it.
const FIND: &str = "select q.seq, q.rev, q.sender, q.client_id, q.at, q.type, q.body, s.id, s.handle, s.display_name,
        s.avatar, s.version
    from member as m join message as q on q.conversation = m.conversation and q.seq = $3 and q.seq >= m.vis_from
    join account as s on s.id = q.sender
    where m.account = $1 and m.conversation = $2 and (q.sender = m.account or not exists (
        select 1 from hidden as h
        where h.account = m.account and h.conversation = m.conversation and h.seq = q.seq and h.hidden = 1
    ))";
const TURN: &str = "update message set type = $3, body = $4, rev = $5 where conversation = $1 and seq = $2";
// Who came later never saw the message: of what becomes of it, too, they learn no more than that the log moved.
const BLIND: &str = "select h.account from hidden as h where h.conversation = $1 and h.seq = $2 and h.hidden = 1
    union select m.account from member as m where m.conversation = $1 and m.vis_from > $2";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[FIND, TURN, BLIND];

impl Store {
    /// Recalls a message and answers what is left of it; again, it answers the same. `NotFound` when the account sees
    /// no such message, `NotAllowed` when it is another's, `TooLate` when it is too old.
    pub async fn recall(&self, recall: Recall) -> Result<Message, StoreError> {
        let traces = self.leaves_traces();
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let left = run(tx, recall).await?;
                    traces();
                    Ok(left)
                })
            })
            .await
    }

    /// Recalls a message for who administers the server, whoever sent it and whenever, also where an auditor removed it, and
    /// answers what is left of it; again, it answers the same. `NotFound` where nothing is that people wrote.
    pub async fn recall_as_admin(&self, conversation: ConversationId, seq: Seq) -> Result<Message, StoreError> {
        let traces = self.leaves_traces();
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let left = run_as_admin(tx, conversation, seq).await?;
                    traces();
                    Ok(left)
                })
            })
            .await
    }

    /// Tells those who erase what a recall leaves: inside of the transaction, as who asked may be gone after the commit. The
    /// sweep's first write comes after it.
    fn leaves_traces(&self) -> impl FnOnce() + Send + 'static {
        let (traces, erased) = (self.traces.clone(), self.erased.clone());
        move || {
            traces.left();
            erased.notify_one();
        }
    }
}

async fn run_as_admin(tx: &mut Tx<'_>, conversation: ConversationId, seq: Seq) -> Result<Message, StoreError> {
    let (message, sender) = history::message(tx.conn, conversation, seq).await?;
    match message.body {
        MessageBody::Recalled { .. } => return Ok(message),
        MessageBody::Notice { .. } => return Err(StoreError::NotFound),
        _ => {}
    }
    removals::release(tx.conn, conversation, seq).await?;
    media::erase(tx, conversation, seq).await?;
    let roster = members(tx, conversation).await?;
    turn(tx, conversation, message, MessageBody::Recalled { by: None }, (roster, Arc::new(sender))).await
}

async fn run(tx: &mut Tx<'_>, recall: Recall) -> Result<Message, StoreError> {
    let Recall { conversation, seq, by, roster, sent_since } = recall;
    let row = sqlx::query(FIND)
        .bind(by.id.as_i64())
        .bind(conversation.as_i64())
        .bind(seq.as_i64())
        .fetch_one(&mut *tx.conn)
        .await?;
    if tx.head(conversation).await?.roster != roster.rev {
        return Err(StoreError::Stale);
    }
    let message = decode_message(&row, 0)?;
    let own = message.sender == by.id;
    let notice = matches!(message.body, MessageBody::Notice { .. });
    // Direct conversations have no roles: there nobody is above anybody.
    if notice || !own && !roster.role(by.id).may(Action::Recall(roster.role(message.sender))) {
        return Err(StoreError::NotAllowed);
    }
    if matches!(message.body, MessageBody::Recalled { .. }) {
        return Ok(message);
    }
    if own && sent_since.is_none_or(|since| message.at < since) {
        return Err(StoreError::TooLate);
    }
    if !message.body.recallable() {
        return Err(StoreError::NotAllowed);
    }
    media::erase(tx, conversation, seq).await?;
    let sender = if own { by.clone() } else { Arc::new(read_user(&row, 7)?.ok_or(StoreError::NotFound)?) };
    turn(tx, conversation, message, MessageBody::Recalled { by: Some(by.id) }, (roster, sender)).await
}

/// Makes a message into something else, with a position of the log, and tells those who see it.
pub(super) async fn turn(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    message: Message,
    body: MessageBody,
    (roster, sender): (Arc<Roster>, Arc<User>),
) -> Result<Message, StoreError> {
    let (prev, head) = tx.move_log(conversation).await?;
    let seq = message.seq;
    mentions::erase(tx.conn, conversation, seq, &message.body).await?;
    let message = Message { rev: head.rev, body, ..message };
    mentions::write_of(tx.conn, conversation, seq, &message.body).await?;
    let (kind, body) = encode_body(&message.body)?;
    sqlx::query(TURN)
        .bind(conversation.as_i64())
        .bind(seq.as_i64())
        .bind(kind)
        .bind(body)
        .bind(message.rev.as_i64())
        .execute(&mut *tx.conn)
        .await?;
    let blind = sqlx::query_scalar::<_, i64>(BLIND)
        .bind(conversation.as_i64())
        .bind(seq.as_i64())
        .fetch_all(&mut *tx.conn)
        .await?;
    tx.publish(Event::Message {
        roster,
        conversation,
        prev,
        head_seq: head.seq,
        message: message.clone(),
        sender,
        withheld: blind.into_iter().map(parse).collect::<Result<_, _>>()?,
    });
    Ok(message)
}
