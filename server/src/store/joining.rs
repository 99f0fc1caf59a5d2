//! Coming into a group by its link, and being let in.

use super::conversations::read_user;
use super::event::Event;
use super::groups::{Scene, history, joining, members};
use super::membership::come;
use super::notices::Actor;
use super::{Store, StoreError, Tx, parse};
use protocol::group::{Action, GroupRules, Invitation, Invited, Joining, NAMED_MAX};
use protocol::{ClientId, ConversationId, LogChange, Millis, User, UserId};
use sqlx::{Connection, Row};
use std::sync::Arc;

const LINK: &str = "update conversation set link = $2 where id = $1";
const FORGET: &str = "delete from waiting where conversation = $1 and account = $2";
const ASK: &str = "insert into waiting (conversation, account, at) values ($1, $2, $3)
    on conflict (conversation, account) do nothing";
const BY_LINK: &str = "select c.id, c.title, c.joining, c.members,
        exists (select 1 from member as m where m.account = $2 and m.conversation = c.id),
        exists (select 1 from waiting as w where w.account = $2 and w.conversation = c.id), c.avatar
    from conversation as c where c.link = $1";
const WAITS: &str = "select a.id, a.handle, a.display_name, a.avatar, a.version from waiting as w
    join account as a on a.id = w.account and a.active = 1
    where w.conversation = $1 and w.account = $2";
const WAITING: &str = "select a.id, a.handle, a.display_name, a.avatar, a.version from waiting as w
    join account as a on a.id = w.account and a.active = 1
    where w.conversation = $1 order by w.account limit $2";
const HOW_MANY: &str = "select count(*) from waiting as w
    join account as a on a.id = w.account and a.active = 1 where w.conversation = $1";
const RULES: &str = "select c.joining, c.history, c.link, m.role from member as m
    join conversation as c on c.id = m.conversation and c.kind = 1 where m.account = $1 and m.conversation = $2";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[LINK, FORGET, ASK, BY_LINK, WAITS, WAITING, HOW_MANY, RULES];

/// A group as its link shows it.
struct Found {
    id: ConversationId,
    invitation: Invitation,
}

impl Store {
    /// How one comes into the group; `NotFound` for everybody but its members.
    pub async fn group_rules(&self, account: UserId, id: ConversationId) -> Result<GroupRules, StoreError> {
        let mut conn = self.reader.acquire().await?;
        let mut tx = conn.begin().await?;
        let row = sqlx::query(RULES).bind(account.as_i64()).bind(id.as_i64()).fetch_one(&mut *tx).await?;
        let governs = super::rosters::role(row.try_get(3)?)?.may(Action::Govern);
        let mut waiting = Vec::new();
        if governs {
            let rows = sqlx::query(WAITING).bind(id.as_i64()).bind(NAMED_MAX as i64).fetch_all(&mut *tx).await?;
            for row in &rows {
                waiting.extend(read_user(row, 0)?);
            }
        }
        Ok(GroupRules {
            joining: joining(row.try_get(0)?)?,
            history: history(row.try_get(1)?)?,
            link: row.try_get::<Option<String>, _>(2)?.filter(|_| governs),
            waiting,
        })
    }

    /// Makes another link, or none. What was the link opens nothing any more.
    pub async fn set_link(&self, actor: Actor, link: Option<String>) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    Scene::of(tx, &actor).await?.require(Action::Govern)?;
                    sqlx::query(LINK).bind(actor.conversation.as_i64()).bind(link).execute(&mut *tx.conn).await?;
                    Ok(())
                })
            })
            .await
    }

    /// What somebody may know of a group who has its link; `NotFound` when it is none.
    pub async fn invitation(&self, account: UserId, link: String) -> Result<Invitation, StoreError> {
        let row = sqlx::query(BY_LINK).bind(link).bind(account.as_i64()).fetch_one(&self.reader).await?;
        Ok(found(&row)?.invitation)
    }

    /// Joins by the link, or asks to be let in. `NotAllowed` when nobody joins so, `GroupFull` beyond `max` members.
    pub async fn join_by_link(
        &self,
        user: Arc<User>,
        link: String,
        key: ClientId,
        max: usize,
    ) -> Result<(ConversationId, Invitation), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let Found { id, invitation } = find(tx, &user, &link).await?;
                    if let Invited::Member(_) = invitation.state {
                        return Ok((id, invitation));
                    }
                    match invitation.joining {
                        Joining::Closed => return Err(StoreError::NotAllowed),
                        Joining::Approval => {
                            if ask(tx, id, user.id, super::now()).await? {
                                tell_waiting(tx, id).await?;
                            }
                        }
                        Joining::Free if invitation.member_count >= max as u64 => return Err(StoreError::GroupFull),
                        Joining::Free => {
                            let actor = Actor { conversation: id, user: user.clone(), key };
                            come(tx, &actor).await?;
                        }
                    }
                    Ok((id, find(tx, &user, &link).await?.invitation))
                })
            })
            .await
    }

    /// Lets somebody in who waits, or not. `NotFound` when they do not wait.
    pub async fn answer_waiting(
        &self,
        actor: Actor,
        account: UserId,
        accept: bool,
        max: usize,
    ) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    let scene = Scene::of(tx, &actor).await?;
                    scene.require(Action::Govern)?;
                    let id = actor.conversation;
                    let row =
                        sqlx::query(WAITS).bind(id.as_i64()).bind(account.as_i64()).fetch_one(&mut *tx.conn).await?;
                    let user = read_user(&row, 0)?.ok_or(StoreError::NotFound)?;
                    sqlx::query(FORGET).bind(id.as_i64()).bind(account.as_i64()).execute(&mut *tx.conn).await?;
                    tell_waiting(tx, id).await?;
                    if !accept {
                        return Ok(());
                    }
                    if scene.members >= max as u64 {
                        return Err(StoreError::GroupFull);
                    }
                    come(tx, &Actor { user: Arc::new(user), ..actor }).await
                })
            })
            .await
    }
}

/// Tells those who decide how many wait; the others only that the log went on.
pub(super) async fn tell_waiting(tx: &mut Tx<'_>, conversation: ConversationId) -> Result<(), StoreError> {
    let count: i64 = sqlx::query_scalar(HOW_MANY).bind(conversation.as_i64()).fetch_one(&mut *tx.conn).await?;
    let roster = members(tx, conversation).await?;
    let (prev, head) = tx.move_log(conversation).await?;
    let (pos, head_seq) = (head.rev, head.seq);
    let change = Box::new(LogChange::Members { count: roster.members.len() as u64 });
    let governing = Some(Box::new(LogChange::Waiting { count: count.unsigned_abs() }));
    tx.publish(Event::Group { roster, conversation, prev, pos, head_seq, change, governing });
    Ok(())
}

/// Tells whether they did not wait yet.
async fn ask(tx: &mut Tx<'_>, id: ConversationId, account: UserId, at: Millis) -> Result<bool, StoreError> {
    let asked = sqlx::query(ASK)
        .bind(id.as_i64())
        .bind(account.as_i64())
        .bind(i64::try_from(at).unwrap_or(i64::MAX))
        .execute(&mut *tx.conn)
        .await?;
    Ok(asked.rows_affected() > 0)
}

async fn find(tx: &mut Tx<'_>, user: &User, link: &str) -> Result<Found, StoreError> {
    let row = sqlx::query(BY_LINK).bind(link).bind(user.id.as_i64()).fetch_one(&mut *tx.conn).await?;
    found(&row)
}

fn found(row: &sqlx::sqlite::SqliteRow) -> Result<Found, StoreError> {
    let id = parse(row.try_get::<i64, _>(0)?)?;
    let state = match (row.try_get(4)?, row.try_get(5)?) {
        (true, _) => Invited::Member(id),
        (false, true) => Invited::Waiting,
        (false, false) => Invited::Outside,
    };
    let invitation = Invitation {
        title: row.try_get(1)?,
        avatar: row.try_get::<Option<String>, _>(6)?.map(parse).transpose()?,
        member_count: row.try_get::<i64, _>(3)?.unsigned_abs(),
        joining: joining(row.try_get(2)?)?,
        state,
    };
    Ok(Found { id, invitation })
}
