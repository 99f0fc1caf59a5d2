//! What the members of a group share: its title, announcement, mutes and roles; `avatars` has its picture.
//!
//! Invariants: whether somebody may do it is asked in the transaction that does it. Every change that members share
//! moves the conversation's log by one position and is told by a notice. What changes roles or mutes changes the roster.

use super::conversations::{Reader, one, only, read_user, there};
use super::event::{Event, Roster};
use super::notices::Actor;
use super::rosters::{role, roster};
use super::{Store, StoreError, Tx};
use protocol::group::{Action, ChangeGroup, History, Joining, Named, Role};
use protocol::{Conversation, ConversationId, DisplayName, LogChange, Millis, Nickname, Notice, User, UserId};
use sqlx::Row;
use std::sync::Arc;

const SCENE: &str = concat!(
    "select m.role, c.kind, c.joining, c.members
    from member as m join conversation as c on c.id = m.conversation
    where m.account = $1 and m.conversation = $2 and ",
    there!("m")
);
const TARGET: &str = "select m.role, a.id, a.handle, a.display_name, a.avatar, a.version
    from member as m join account as a on a.id = m.account where m.account = $1 and m.conversation = $2";
const TITLE: &str = "update conversation set title = $2 where id = $1 and title is not $2";
const ANNOUNCED: &str = "select coalesce(announcement, '') from conversation where id = $1";
const ANNOUNCE: &str = "update conversation
    set announcement = nullif($2, ''), announced_by = $3, announced_at = $4 where id = $1";
const JOINING: &str = "update conversation set joining = $2 where id = $1";
const HISTORY: &str = "update conversation set history = $2 where id = $1";
const MUTE_ALL: &str = "update conversation set muted_until = $2 where id = $1";
const ROLE: &str = "update member set role = $3 where account = $1 and conversation = $2";
const MUTE: &str = "update member set muted_until = $3 where account = $1 and conversation = $2";
const NICKNAME: &str = "update member set nickname = $3, nickname_rev = $4 where account = $1 and conversation = $2
    and nickname is not $3";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] =
    &[SCENE, TARGET, TITLE, ANNOUNCED, ANNOUNCE, JOINING, HISTORY, MUTE_ALL, ROLE, MUTE, NICKNAME];

/// The group as the one who does something in it finds it.
pub(super) struct Scene {
    pub role: Role,
    pub joining: Joining,
    pub members: u64,
}

impl Scene {
    /// `NotFound` for everybody but members, `NotAllowed` in a direct conversation and for whom the role does not permit
    /// it.
    pub async fn of(tx: &mut Tx<'_>, actor: &Actor) -> Result<Self, StoreError> {
        let row = sqlx::query(SCENE)
            .bind(actor.user.id.as_i64())
            .bind(actor.conversation.as_i64())
            .fetch_one(&mut *tx.conn)
            .await?;
        if row.try_get::<i64, _>(1)? == 0 {
            return Err(StoreError::NotAllowed);
        }
        Ok(Self {
            role: role(row.try_get(0)?)?,
            joining: joining(row.try_get(2)?)?,
            members: row.try_get::<i64, _>(3)?.unsigned_abs(),
        })
    }

    pub fn require(&self, action: Action) -> Result<(), StoreError> {
        if self.role.may(action) { Ok(()) } else { Err(StoreError::NotAllowed) }
    }
}

/// What is done to one member.
#[derive(Clone, Debug)]
pub enum Change {
    /// `Owner` hands the group over.
    Role(Role),
    MuteUntil(Millis),
    /// Of oneself.
    Nickname(Option<DisplayName>),
}

impl Store {
    /// Changes what the request names, each with a notice of its own where the members share it: of a title or an
    /// announcement that stands already nobody is told.
    pub async fn change_group(
        &self,
        reader: Reader,
        actor: Actor,
        change: ChangeGroup,
    ) -> Result<Conversation, StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    Scene::of(tx, &actor).await?.require(Action::Govern)?;
                    govern(tx, &actor, change).await?;
                    only(one(tx.conn, reader, actor.conversation).await?)
                })
            })
            .await
    }

    /// Changes one member, in all of this or in nothing; `NotFound` when the target is none.
    pub async fn change_member(&self, actor: Actor, target: UserId, changes: Vec<Change>) -> Result<(), StoreError> {
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    for (nth, change) in (0..).zip(changes) {
                        change_member(tx, &actor.another(nth), target, change).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// The actor and the target are read anew for each change: one may be of their roles.
async fn change_member(tx: &mut Tx<'_>, actor: &Actor, account: UserId, change: Change) -> Result<(), StoreError> {
    let scene = Scene::of(tx, actor).await?;
    let (its, user) = target(tx, actor.conversation, account).await?;
    match change {
        Change::Nickname(name) if account == actor.user.id => nickname(tx, actor, name).await,
        Change::Nickname(_) => Err(StoreError::NotAllowed),
        Change::Role(role) => {
            scene.require(Action::Appoint)?;
            appoint(tx, actor, (its, user), role).await
        }
        Change::MuteUntil(until) => {
            scene.require(Action::Mute(its))?;
            change_one(tx, MUTE, actor.conversation, account, sql(until)).await?;
            tell_changed(tx, actor, Notice::Muted { person: Some(Named::from(&user)), until }).await
        }
    }
}

async fn govern(tx: &mut Tx<'_>, actor: &Actor, change: ChangeGroup) -> Result<(), StoreError> {
    let id = actor.conversation;
    let ChangeGroup { title, announcement, joining, history, mute_ms } = change;
    if let Some(joining) = joining {
        set(tx, JOINING, id, joining_number(joining)).await?;
    }
    if let Some(history) = history {
        set(tx, HISTORY, id, history_number(history)).await?;
    }
    if let Some(title) = title {
        let changed = sqlx::query(TITLE).bind(id.as_i64()).bind(title.as_str()).execute(&mut *tx.conn).await?;
        if changed.rows_affected() > 0 {
            let roster = members(tx, id).await?;
            actor.tell(tx, roster, Notice::Renamed { title }).await?;
        }
    }
    if let Some(text) = announcement
        && text.as_str() != announced(tx, id).await?
    {
        let roster = members(tx, id).await?;
        let told = actor.another(1).tell(tx, roster, Notice::Announced { text: text.clone() }).await?;
        sqlx::query(ANNOUNCE)
            .bind(id.as_i64())
            .bind(text.as_str())
            .bind(actor.user.id.as_i64())
            .bind(sql(told.at))
            .execute(&mut *tx.conn)
            .await?;
    }
    if let Some(length) = mute_ms {
        let until = if length == 0 { 0 } else { super::now() + length };
        set(tx, MUTE_ALL, id, sql(until)).await?;
        tell_changed(tx, &actor.another(2), Notice::Muted { person: None, until }).await?;
    }
    Ok(())
}

async fn announced(tx: &mut Tx<'_>, id: ConversationId) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar(ANNOUNCED).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?)
}

/// The change takes a position of the log, so that it reaches every device, and is part of the roster, so that a frame
/// names the sender without reading anything.
async fn nickname(tx: &mut Tx<'_>, actor: &Actor, name: Option<DisplayName>) -> Result<(), StoreError> {
    let (conversation, user) = (actor.conversation, actor.user.id);
    let rev = tx.head(conversation).await?.rev.next();
    let changed = sqlx::query(NICKNAME)
        .bind(user.as_i64())
        .bind(conversation.as_i64())
        .bind(name.as_ref().map(DisplayName::as_str))
        .bind(rev.as_i64())
        .execute(&mut *tx.conn)
        .await?;
    if changed.rows_affected() == 0 {
        return Ok(());
    }
    tx.change_roster(conversation).await?;
    let roster = members(tx, conversation).await?;
    let (prev, head) = tx.move_log(conversation).await?;
    let change = Box::new(LogChange::Named { nickname: Nickname { user, name, rev } });
    let (pos, head_seq, governing) = (head.rev, head.seq, None);
    tx.publish(Event::Group { roster, conversation, prev, pos, head_seq, change, governing });
    Ok(())
}

async fn appoint(tx: &mut Tx<'_>, actor: &Actor, (its, user): (Role, User), role: Role) -> Result<(), StoreError> {
    if user.id == actor.user.id || its == role {
        return if its == role { Ok(()) } else { Err(StoreError::NotAllowed) };
    }
    let person = Named::from(&user);
    let id = actor.conversation;
    let notice = if role == Role::Owner {
        change_one(tx, ROLE, id, actor.user.id, role_number(Role::Admin)).await?;
        // Nobody could lift a mute of theirs any more.
        change_one(tx, MUTE, id, user.id, 0).await?;
        Notice::HandedOver { person }
    } else {
        Notice::Appointed { person, role }
    };
    change_one(tx, ROLE, id, user.id, role_number(role)).await?;
    tell_changed(tx, actor, notice).await
}

/// Tells of a change of roles or mutes, by which everything is decided from here on.
async fn tell_changed(tx: &mut Tx<'_>, actor: &Actor, notice: Notice) -> Result<(), StoreError> {
    tx.change_roster(actor.conversation).await?;
    let roster = members(tx, actor.conversation).await?;
    actor.tell(tx, roster, notice).await?;
    Ok(())
}

/// Who is in the group as the transaction has made it.
pub(super) async fn members(tx: &mut Tx<'_>, id: ConversationId) -> Result<Arc<Roster>, StoreError> {
    Ok(Arc::new(roster(tx.conn, id).await?.ok_or(StoreError::NotFound)?))
}

/// A member's role, and who it is.
pub(super) async fn target(tx: &mut Tx<'_>, id: ConversationId, account: UserId) -> Result<(Role, User), StoreError> {
    let row = sqlx::query(TARGET).bind(account.as_i64()).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?;
    Ok((role(row.try_get(0)?)?, read_user(&row, 1)?.ok_or(StoreError::NotFound)?))
}

async fn set(tx: &mut Tx<'_>, statement: &'static str, id: ConversationId, value: i64) -> Result<(), StoreError> {
    sqlx::query(statement).bind(id.as_i64()).bind(value).execute(&mut *tx.conn).await?;
    Ok(())
}

async fn change_one(
    tx: &mut Tx<'_>,
    statement: &'static str,
    id: ConversationId,
    account: UserId,
    value: i64,
) -> Result<(), StoreError> {
    sqlx::query(statement).bind(account.as_i64()).bind(id.as_i64()).bind(value).execute(&mut *tx.conn).await?;
    Ok(())
}

fn sql(at: Millis) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

fn role_number(role: Role) -> i64 {
    match role {
        Role::Member => 0,
        Role::Admin => 1,
        Role::Owner => 2,
    }
}

fn joining_number(joining: Joining) -> i64 {
    match joining {
        Joining::Free => 0,
        Joining::Approval => 1,
        Joining::Closed => 2,
    }
}

pub(super) fn joining(number: i64) -> Result<Joining, StoreError> {
    match number {
        0 => Ok(Joining::Free),
        1 => Ok(Joining::Approval),
        2 => Ok(Joining::Closed),
        other => Err(StoreError::Corrupt(format!("way to join {other}"))),
    }
}

fn history_number(history: History) -> i64 {
    match history {
        History::Nothing => 0,
        History::All => -1,
        History::Last(newest) => i64::from(newest.max(1)),
    }
}

pub(super) fn history(number: i64) -> Result<History, StoreError> {
    match number {
        0 => Ok(History::Nothing),
        -1 => Ok(History::All),
        newest => u16::try_from(newest).map(History::Last).map_err(|error| StoreError::Corrupt(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_reads_back() {
        for joining in Joining::ALL {
            assert_eq!(super::joining(joining_number(joining)).unwrap(), joining);
        }
        for history in [History::Nothing, History::All, History::Last(1), History::Last(u16::MAX)] {
            assert_eq!(super::history(history_number(history)).unwrap(), history);
        }
        for role in [Role::Member, Role::Admin, Role::Owner] {
            assert_eq!(super::role(role_number(role)).unwrap(), role);
        }
    }
}
