//! Pictures of accounts and groups. A picture stands with the account or group that shows it, in one transaction, and
//! goes with the last one.

use super::conversations::{Reader, one, only};
use super::groups::{Scene, members};
use super::notices::Actor;
use super::outbound::tell_source;
use super::profiles::{own, tell};
use super::writer::Tx;
use super::{Store, StoreError, parse};
use protocol::directory::PersonField;
use protocol::group::Action;
use protocol::profile::OwnAccount;
use protocol::{AvatarHash, Conversation, ConversationId, Notice, UserId};

pub(super) const SHOWN: &str = "select avatar from account where id = $1";
const KEEP: &str = "insert into avatar (hash, small, large) values ($1, $2, $3) on conflict (hash) do nothing";
const SHOW: &str = "update account set avatar = $2, version = version + 1, upd = upd + 1, profile_upd = upd + 1
    where id = $1 and avatar is not $2 returning upd";
const SHOWN_BY_GROUP: &str = "select avatar from conversation where id = $1";
const SHOW_BY_GROUP: &str = "update conversation set avatar = $2 where id = $1 and avatar is not $2";
const DROP: &str = "delete from avatar where hash = $1
    and not exists (select 1 from account where avatar = $1)
    and not exists (select 1 from conversation where avatar = $1)";
const SMALL: &str = "select small from avatar where hash = $1";
const LARGE: &str = "select large from avatar where hash = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[SHOWN, KEEP, SHOW, SHOWN_BY_GROUP, SHOW_BY_GROUP, DROP, SMALL, LARGE];

/// A picture that is ready to be kept: two JPEG files.
pub struct Picture {
    pub hash: AvatarHash,
    pub small: Vec<u8>,
    pub large: Vec<u8>,
}

impl Store {
    /// Gives the account a picture of its own choice, or none, and tells who shows it, and the directory's source.
    pub async fn change_avatar(&self, id: UserId, picture: Option<Picture>) -> Result<OwnAccount, StoreError> {
        let tells_source = self.tells_source;
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    if show(tx, id, picture).await? && tells_source {
                        tell_source(tx, id, PersonField::Avatar).await?;
                    }
                    own(tx.conn, id).await
                })
            })
            .await
    }

    /// Gives the account a picture at the word of the directory's source, and tells who shows it.
    pub async fn give_avatar(&self, id: UserId, picture: Picture) -> Result<(), StoreError> {
        self.writer.run(move |tx| Box::pin(async move { show(tx, id, Some(picture)).await.map(drop) })).await
    }

    /// Gives the group a picture, or none, with a notice where it is another.
    pub async fn change_group_avatar(
        &self,
        reader: Reader,
        actor: Actor,
        picture: Option<Picture>,
    ) -> Result<Conversation, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    Scene::of(tx, &actor).await?.require(Action::Govern)?;
                    let avatar = picture.as_ref().map(|picture| picture.hash.clone());
                    if show_by_group(tx, actor.conversation, picture).await? {
                        let roster = members(tx, actor.conversation).await?;
                        actor.tell(tx, roster, Notice::Pictured { avatar }).await?;
                    }
                    only(one(tx.conn, reader, actor.conversation).await?)
                })
            })
            .await
    }

    /// The picture of an account.
    pub async fn shown_avatar(&self, id: UserId) -> Result<Option<AvatarHash>, StoreError> {
        let shown: Option<String> = sqlx::query_scalar(SHOWN).bind(id.as_i64()).fetch_one(&self.reader).await?;
        shown.map(parse).transpose()
    }

    /// A picture as a JPEG file, small or large.
    pub async fn avatar(&self, hash: &AvatarHash, large: bool) -> Result<Option<Vec<u8>>, StoreError> {
        let statement = if large { LARGE } else { SMALL };
        Ok(sqlx::query_scalar(statement).bind(hash.as_str()).fetch_optional(&self.reader).await?)
    }
}

/// Tells whether the picture is another.
async fn show(tx: &mut Tx<'_>, id: UserId, picture: Option<Picture>) -> Result<bool, StoreError> {
    tx.forget_upds(&[id]);
    let former: Option<String> = sqlx::query_scalar(SHOWN).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?;
    keep(tx, picture.as_ref()).await?;
    let upd: Option<i64> = sqlx::query_scalar(SHOW)
        .bind(id.as_i64())
        .bind(picture.as_ref().map(|picture| picture.hash.as_str()))
        .fetch_optional(&mut *tx.conn)
        .await?;
    let Some(upd) = upd else { return Ok(false) };
    let_go(tx, former).await?;
    tell(tx, id, upd).await?;
    Ok(true)
}

/// Tells whether the picture is another; the members are not told.
pub(super) async fn show_by_group(
    tx: &mut Tx<'_>,
    id: ConversationId,
    picture: Option<Picture>,
) -> Result<bool, StoreError> {
    let former: Option<String> = sqlx::query_scalar(SHOWN_BY_GROUP).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?;
    keep(tx, picture.as_ref()).await?;
    let shown = sqlx::query(SHOW_BY_GROUP)
        .bind(id.as_i64())
        .bind(picture.as_ref().map(|picture| picture.hash.as_str()))
        .execute(&mut *tx.conn)
        .await?;
    if shown.rows_affected() == 0 {
        return Ok(false);
    }
    let_go(tx, former).await?;
    Ok(true)
}

async fn keep(tx: &mut Tx<'_>, picture: Option<&Picture>) -> Result<(), StoreError> {
    if let Some(Picture { hash, small, large }) = picture {
        sqlx::query(KEEP).bind(hash.as_str()).bind(small).bind(large).execute(&mut *tx.conn).await?;
    }
    Ok(())
}

/// Forgets a picture that was shown here, unless it is shown elsewhere.
async fn let_go(tx: &mut Tx<'_>, former: Option<String>) -> Result<(), StoreError> {
    if let Some(former) = former {
        sqlx::query(DROP).bind(former).execute(&mut *tx.conn).await?;
    }
    Ok(())
}
