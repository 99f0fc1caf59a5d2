//! Pictures of accounts. A picture stands with the account that shows it, in one transaction, and goes with the last one.

use super::outbound::tell_source;
use super::profiles::{own, tell};
use super::writer::Tx;
use super::{Store, StoreError, parse};
use protocol::directory::PersonField;
use protocol::profile::OwnAccount;
use protocol::{AvatarHash, UserId};

pub(super) const SHOWN: &str = "select avatar from account where id = $1";
const KEEP: &str = "insert into avatar (hash, small, large) values ($1, $2, $3) on conflict (hash) do nothing";
const SHOW: &str = "update account set avatar = $2, version = version + 1, upd = upd + 1, profile_upd = upd + 1
    where id = $1 and avatar is not $2 returning upd";
const DROP: &str = "delete from avatar where hash = $1 and not exists (select 1 from account where avatar = $1)";
const SMALL: &str = "select small from avatar where hash = $1";
const LARGE: &str = "select large from avatar where hash = $1";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[SHOWN, KEEP, SHOW, DROP, SMALL, LARGE];

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
    if let Some(Picture { hash, small, large }) = &picture {
        sqlx::query(KEEP).bind(hash.as_str()).bind(small).bind(large).execute(&mut *tx.conn).await?;
    }
    let upd: Option<i64> = sqlx::query_scalar(SHOW)
        .bind(id.as_i64())
        .bind(picture.as_ref().map(|picture| picture.hash.as_str()))
        .fetch_optional(&mut *tx.conn)
        .await?;
    let Some(upd) = upd else { return Ok(false) };
    if let Some(former) = former {
        sqlx::query(DROP).bind(former).execute(&mut *tx.conn).await?;
    }
    tell(tx, id, upd).await?;
    Ok(true)
}
