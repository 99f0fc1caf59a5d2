//! Pictures of accounts. A picture stands with the account that shows it, in one transaction, and goes with the last one.

use super::profiles::{own, tell};
use super::{Store, StoreError};
use protocol::profile::OwnAccount;
use protocol::{AvatarHash, UserId};

const SHOWN: &str = "select avatar from account where id = $1";
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
    /// Gives the account a picture, or none, and tells who shows it.
    pub async fn change_avatar(&self, id: UserId, picture: Option<Picture>) -> Result<OwnAccount, StoreError> {
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    tx.forget_upds(&[id]);
                    let former: Option<String> =
                        sqlx::query_scalar(SHOWN).bind(id.as_i64()).fetch_one(&mut *tx.conn).await?;
                    if let Some(Picture { hash, small, large }) = &picture {
                        sqlx::query(KEEP).bind(hash.as_str()).bind(small).bind(large).execute(&mut *tx.conn).await?;
                    }
                    let upd: Option<i64> = sqlx::query_scalar(SHOW)
                        .bind(id.as_i64())
                        .bind(picture.as_ref().map(|picture| picture.hash.as_str()))
                        .fetch_optional(&mut *tx.conn)
                        .await?;
                    if let Some(upd) = upd {
                        if let Some(former) = former {
                            sqlx::query(DROP).bind(former).execute(&mut *tx.conn).await?;
                        }
                        tell(tx, id, upd).await?;
                    }
                    own(tx.conn, id).await
                })
            })
            .await
    }

    /// A picture as a JPEG file, small or large.
    pub async fn avatar(&self, hash: &AvatarHash, large: bool) -> Result<Option<Vec<u8>>, StoreError> {
        let statement = if large { LARGE } else { SMALL };
        Ok(sqlx::query_scalar(statement).bind(hash.as_str()).fetch_optional(&self.reader).await?)
    }
}
