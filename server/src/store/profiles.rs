//! What accounts tell of themselves: name, profile, and who hears that it changed.

use super::accounts::{self, account};
use super::conversations::there;
use super::event::Event;
use super::outbound::tell_source;
use super::relations::user;
use super::writer::Tx;
use super::{Store, StoreError, parse};
use crate::spelling::{Spelled, spell};
use protocol::directory::PersonField;
use protocol::profile::{Audience, Audiences, Bio, Birthday, ChangeAccount, Gender, OwnAccount, Phone, Profile};
use protocol::sync::AccountChange;
use protocol::{DisplayName, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

const PROFILE: &str = "select gender, birthday, phone, bio, gender_for, birthday_for, phone_for, bio_for
    from profile where account = $1";

const KEEP: &str = "insert into profile
        (account, gender, birthday, phone, bio, gender_for, birthday_for, phone_for, bio_for)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (account) do update set gender = $2, birthday = $3, phone = $4, bio = $5,
        gender_for = $6, birthday_for = $7, phone_for = $8, bio_for = $9";

const RENAME: &str = "update account
    set display_name = $2, version = version + 1, upd = upd + 1, profile_upd = upd + 1
    where id = $1 and display_name <> $2 returning upd";

// A device that was away hears of a new name with the description of the conversation that the name stands over.
const DESCRIBE_AGAIN: &str = "update conversation set version = $2
    where kind = 0 and id in (select conversation from member where account = $1)";

// Nobody in a group of thousands waits for a new picture: it comes with the next message.
const ACQUAINTED: &str = concat!(
    "select distinct o.account from member as m
    join conversation as c on c.id = m.conversation and c.members <= 200
    join member as o on o.conversation = m.conversation and o.account <> $1 and ",
    there!("o"),
    " where m.account = $1 limit 10000"
);

const NAME: &str = "select a.display_name from person as w join account as a on a.id = w.account where w.account = $1";
const SPELL: &str = "update person set spelled = $2, initials = $3
    where account = $1 and (spelled, initials) is not ($2, $3)";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[PROFILE, KEEP, RENAME, DESCRIBE_AGAIN, ACQUAINTED, NAME, SPELL];

impl Store {
    /// What the account tells of itself, and whom.
    pub async fn profile(&self, id: UserId) -> Result<(Profile, Audiences), StoreError> {
        profile(&mut *self.reader.acquire().await?, id).await
    }

    /// Changes the account's settings and profile, and tells its devices, and who knows it, what they see of that.
    /// With the name goes the event that tells the directory's source.
    pub async fn change_account(&self, id: UserId, change: ChangeAccount) -> Result<OwnAccount, StoreError> {
        let tells_source = self.tells_source;
        self.writer
            .run(move |tx| {
                Box::pin(async move {
                    tx.forget_upds(&[id]);
                    accounts::change_settings(tx, id, &change).await?;
                    if let Some(name) = &change.display_name
                        && rename(tx, id, name).await?
                    {
                        spell_person(tx, id).await?;
                        if tells_source {
                            tell_source(tx, id, PersonField::DisplayName).await?;
                        }
                    }
                    change_profile(tx.conn, id, &change).await?;
                    own(tx.conn, id).await
                })
            })
            .await
    }
}

/// The account as its owner sees it.
pub(super) async fn own(conn: &mut SqliteConnection, id: UserId) -> Result<OwnAccount, StoreError> {
    let row = sqlx::query(accounts::ACCOUNT).bind(id.as_i64()).fetch_one(&mut *conn).await?;
    let (profile, audiences) = profile(conn, id).await?;
    Ok(OwnAccount { account: account(&row)?, profile, audiences })
}

/// Gives the account another name; tells whether it is another.
pub(super) async fn rename(tx: &mut Tx<'_>, id: UserId, name: &DisplayName) -> Result<bool, StoreError> {
    let upd: Option<i64> =
        sqlx::query_scalar(RENAME).bind(id.as_i64()).bind(name.as_str()).fetch_optional(&mut *tx.conn).await?;
    if let Some(upd) = upd {
        tell(tx, id, upd).await?;
    }
    Ok(upd.is_some())
}

/// Spells the name of a person whom the directory knows, as it is now.
pub(super) async fn spell_person(tx: &mut Tx<'_>, id: UserId) -> Result<(), StoreError> {
    let name: Option<String> = sqlx::query_scalar(NAME).bind(id.as_i64()).fetch_optional(&mut *tx.conn).await?;
    if let Some(name) = name {
        let Spelled { full, initials } = spell(&name);
        sqlx::query(SPELL).bind(id.as_i64()).bind(full).bind(initials).execute(&mut *tx.conn).await?;
    }
    Ok(())
}

/// Tells what everybody may know of the account now, where its log moved to `upd`.
pub(super) async fn tell(tx: &mut Tx<'_>, id: UserId, upd: i64) -> Result<(), StoreError> {
    sqlx::query(DESCRIBE_AGAIN).bind(id.as_i64()).bind(tx.version).execute(&mut *tx.conn).await?;
    let user = user(tx.conn, id).await?;
    let others = sqlx::query_scalar::<_, i64>(ACQUAINTED).bind(id.as_i64()).fetch_all(&mut *tx.conn).await?;
    let others = others.into_iter().map(parse).collect::<Result<_, _>>()?;
    tx.publish(Event::Person { user: user.clone(), others });
    tx.publish_changes(id, parse(upd)?, vec![AccountChange::Profile { user }]);
    Ok(())
}

async fn change_profile(conn: &mut SqliteConnection, id: UserId, change: &ChangeAccount) -> Result<(), StoreError> {
    let (known, known_audiences) = profile(conn, id).await?;
    let now = Profile {
        gender: change.gender.unwrap_or(known.gender),
        birthday: change.birthday.unwrap_or(known.birthday),
        phone: change.phone.clone().unwrap_or_else(|| known.phone.clone()),
        bio: change.bio.clone().unwrap_or_else(|| known.bio.clone()),
    };
    let audiences = change.audiences.unwrap_or(known_audiences);
    if (&now, audiences) != (&known, known_audiences) {
        keep_profile(conn, id, &now, audiences).await?;
    }
    Ok(())
}

pub(super) async fn keep_profile(
    conn: &mut SqliteConnection,
    id: UserId,
    profile: &Profile,
    audiences: Audiences,
) -> Result<(), StoreError> {
    sqlx::query(KEEP)
        .bind(id.as_i64())
        .bind(profile.gender.map(gender_number))
        .bind(profile.birthday.map(String::from))
        .bind(profile.phone.as_ref().map(Phone::as_str))
        .bind(profile.bio.as_ref().map(Bio::as_str))
        .bind(audience_number(audiences.gender))
        .bind(audience_number(audiences.birthday))
        .bind(audience_number(audiences.phone))
        .bind(audience_number(audiences.bio))
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn profile(conn: &mut SqliteConnection, id: UserId) -> Result<(Profile, Audiences), StoreError> {
    let row = sqlx::query(PROFILE).bind(id.as_i64()).fetch_optional(conn).await?;
    row.as_ref().map_or_else(|| Ok(<(Profile, Audiences)>::default()), read_profile)
}

fn read_profile(row: &SqliteRow) -> Result<(Profile, Audiences), StoreError> {
    let text = |column: usize| row.try_get::<Option<String>, _>(column);
    let profile = Profile {
        gender: row.try_get::<Option<i64>, _>(0)?.map(gender).transpose()?,
        birthday: text(1)?.map(parse::<Birthday, _>).transpose()?,
        phone: text(2)?.map(parse).transpose()?,
        bio: text(3)?.map(parse).transpose()?,
    };
    let audiences = Audiences {
        gender: audience(row.try_get(4)?)?,
        birthday: audience(row.try_get(5)?)?,
        phone: audience(row.try_get(6)?)?,
        bio: audience(row.try_get(7)?)?,
    };
    Ok((profile, audiences))
}

fn gender_number(gender: Gender) -> i64 {
    match gender {
        Gender::Other => 0,
        Gender::Male => 1,
        Gender::Female => 2,
    }
}

fn gender(number: i64) -> Result<Gender, StoreError> {
    Gender::ALL
        .into_iter()
        .find(|gender| gender_number(*gender) == number)
        .ok_or_else(|| StoreError::Corrupt(format!("gender {number}")))
}

fn audience_number(audience: Audience) -> i64 {
    match audience {
        Audience::Everyone => 0,
        Audience::Friends => 1,
        Audience::Nobody => 2,
    }
}

fn audience(number: i64) -> Result<Audience, StoreError> {
    Audience::ALL
        .into_iter()
        .find(|audience| audience_number(*audience) == number)
        .ok_or_else(|| StoreError::Corrupt(format!("audience {number}")))
}
