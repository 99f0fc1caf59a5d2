//! Pictures and files in messages: whose they are until they are sent, which message carries them then, and who sees that.
//!
//! Invariants: a medium is carried by one message at most, and sent by who uploaded it; whoever does not see the message
//! does not see the medium, whatever they know of it; what a recall erases has no row from its commit on, and its files go
//! right after (R001-18).

use super::append::{FILE, IMAGE, NewMessage, WITHDRAWN};
use super::conversations::{Reader, there};
use super::files::{Part, Photo};
use super::incoming::{Incoming, Received};
use super::positions::json;
use super::{Store, StoreError, Tx, parse};
use protocol::file::FileVersion;
use protocol::media::{ImageVersion, Mime};
use protocol::{ClientId, ConversationId, File, FileName, Image, MediaId, MessageBody, Millis, Seq, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// How many an account may have uploaded and not sent, and of how many bytes altogether.
const UNSENT_MAX: i64 = 200;
const UNSENT_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// How long what was uploaded and not sent is kept.
const KEPT: Millis = 24 * 60 * 60 * 1_000;
/// After that long an upload that comes again is made anew rather than found: what was found could be swept before it is
/// sent.
const FOUND: Millis = 23 * 60 * 60 * 1_000;
/// How many files are removed at a time.
const SWEPT: i64 = 100;

const UPLOADED: &str =
    "select id, width, height, bytes, name, source, at, seq from media where owner = $1 and client_id = $2";
const UNSENT: &str = "select count(*), coalesce(sum(bytes), 0) from media where owner = $1 and seq is null";
const KEEP: &str = "insert into media (id, owner, client_id, source, width, height, bytes, at, name)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const REFRESH: &str = "update media set at = $2 where id = $1 and seq is null";
const SENDABLE: &str = "select d.id, d.width, d.height, d.bytes, d.name, d.owner
    from json_each($1) as j join media as d on d.id = j.value where d.seq is null";
const CARRY: &str = "update media set conversation = j.value ->> 1, seq = j.value ->> 2, ask_at = j.value ->> 3
    from json_each($1) as j where media.id = j.value ->> 0";
const SEEN: &str = concat!(
    "select d.name from media as d
    join message as q on q.conversation = d.conversation and q.seq = d.seq
    join member as m on m.account = $1 and m.conversation = d.conversation and ",
    there!("m"),
    " left join floor as f on f.device = $2 and f.conversation = d.conversation
    where d.id = $3 and q.seq >= max(m.vis_from, coalesce(f.seq, 0) + 1)
    and (q.type in ($4, $6) or q.type = $5 and q.sender = $1)
    and not exists (select 1 from hidden as h
        where h.account = $1 and h.conversation = q.conversation and h.seq = q.seq and h.hidden = 1)"
);
const ERASE: &str =
    "insert into erased_media (id) select id from media where conversation = $1 and seq = $2 and seq is not null";
const FORGET: &str = "delete from media where conversation = $1 and seq = $2 and seq is not null";
const ERASE_OLD: &str = "insert into erased_media (id) select id from media where seq is null and at < $1";
const FORGET_OLD: &str = "delete from media where seq is null and at < $1";
const ERASED: &str = "select id from erased_media where id > $1 order by id limit $2";
// What lies in the folder and is nobody's.
const STRAYS: &str = "select j.value from json_each($1) as j
    where not exists (select 1 from media as d where d.id = j.value)
    and not exists (select 1 from erased_media as e where e.id = j.value)";
const ERASE_STRAYS: &str = "insert into erased_media (id) select j.value from json_each($1) as j
    where not exists (select 1 from media as d where d.id = j.value) on conflict (id) do nothing";
const GONE: &str = "delete from erased_media where id in (select value from json_each($1))";

/// Every statement of this file, for the test that explains them.
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[
    UPLOADED,
    UNSENT,
    KEEP,
    REFRESH,
    SENDABLE,
    CARRY,
    SEEN,
    ERASE,
    FORGET,
    ERASE_OLD,
    FORGET_OLD,
    ERASED,
    STRAYS,
    ERASE_STRAYS,
    GONE,
];

/// The first half of the SHA-256 of a file as it came.
pub type Source = [u8; 16];

/// What an upload's key was used for before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// What is to be sent of it.
    pub body: MessageBody,
    pub source: Source,
    /// Since when it waits to be sent, if it does.
    pub waits_since: Option<Millis>,
}

/// A medium that a reader sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Picture,
    File(FileName),
}

impl Store {
    /// What the account uploaded under the key, with its files, if it does not wait for too long already.
    pub async fn uploaded(&self, owner: UserId, key: ClientId, now: Millis) -> Result<Option<Uploaded>, StoreError> {
        let known = uploaded(&mut *self.reader.acquire().await?, owner, key).await?;
        match known {
            Some(Uploaded { waits_since: Some(since), .. }) if now.saturating_sub(since) > FOUND => Ok(None),
            Some(known) => Ok(self.holds(&known.body).await?.then_some(known)),
            None => Ok(None),
        }
    }

    /// Keeps a picture under the key, for its owner to send. `ClientIdReused` when the key was used for another file,
    /// `TooMany` when too much of the owner's waits to be sent.
    pub async fn keep_medium(
        &self,
        owner: UserId,
        key: ClientId,
        source: Source,
        photo: Photo,
    ) -> Result<Image, StoreError> {
        let image = Image {
            v: ImageVersion,
            media: random_id()?,
            width: parse(photo.width)?,
            height: parse(photo.height)?,
            bytes: parse(photo.whole.len())?,
            mime: Mime::Jpeg,
        };
        match self.keep_uploaded(owner, key, source, MessageBody::Image(image)).await? {
            MessageBody::Image(image) => {
                self.files.write(image.media, photo).await?;
                Ok(image)
            }
            _ => Err(StoreError::ClientIdReused),
        }
    }

    /// Whether the owner may upload so many bytes under the key, asked before they come. `TooMany` when too much of the
    /// owner's waits to be sent; what is there already may come again. The connection goes back with the answer: what waits
    /// for the folder afterwards keeps no reader.
    pub async fn admit_upload(&self, owner: UserId, key: ClientId, bytes: u64) -> Result<(), StoreError> {
        let conn = &mut *self.reader.acquire().await?;
        match uploaded(conn, owner, key).await? {
            Some(_) => Ok(()),
            None => admit_unsent(conn, owner, bytes).await,
        }
    }

    /// Takes in a file of at most `bytes` under the key, piece by piece. `Full` when the disk has no room for it, `TooMany`
    /// when too much of the owner's waits to be sent: nobody uploads in vain.
    pub async fn receive_file(&self, owner: UserId, key: ClientId, bytes: u64) -> Result<Incoming, StoreError> {
        self.admit_upload(owner, key, bytes).await?;
        Incoming::begin(&self.files, bytes).await
    }

    /// Keeps a file under the key, for its owner to send; as [`Store::keep_medium`] does. Answers whether it was kept
    /// before.
    pub async fn keep_file(
        &self,
        owner: UserId,
        key: ClientId,
        name: FileName,
        received: Received,
    ) -> Result<(File, bool), StoreError> {
        let Received { source, bytes, place } = received;
        let new = File { v: FileVersion, media: place.id, name, bytes: parse(bytes)? };
        match self.keep_uploaded(owner, key, source, MessageBody::File(new.clone())).await? {
            MessageBody::File(file) if file.name == new.name => {
                let replay = file.media != new.media && self.holds(&MessageBody::File(file.clone())).await?;
                self.files.adopt(file.media, place.path.clone()).await?;
                Ok((file, replay))
            }
            _ => Err(StoreError::ClientIdReused),
        }
    }

    /// Gives what was uploaded its row, unless the key has one; answers what stands there.
    async fn keep_uploaded(
        &self,
        owner: UserId,
        key: ClientId,
        source: Source,
        body: MessageBody,
    ) -> Result<MessageBody, StoreError> {
        let known = self
            .writer()
            .run(move |tx| {
                Box::pin(async move { keep(tx, owner, key, Uploaded { body, source, waits_since: None }).await })
            })
            .await?;
        if known.source == source { Ok(known.body) } else { Err(StoreError::ClientIdReused) }
    }

    /// Whether the files of what was uploaded are there.
    async fn holds(&self, body: &MessageBody) -> Result<bool, StoreError> {
        match body {
            MessageBody::Image(image) => self.files.has(image.media, Part::PICTURE).await,
            MessageBody::File(file) => self.files.has(file.media, Part::FILE).await,
            _ => Ok(false),
        }
    }

    /// The medium, if a message carries it that the reader sees.
    pub async fn seen_medium(&self, reader: Reader, id: MediaId) -> Result<Option<Seen>, StoreError> {
        let seen = sqlx::query_scalar::<_, Option<String>>(SEEN)
            .bind(reader.account.as_i64())
            .bind(reader.device.as_i64())
            .bind(id.to_string())
            .bind(IMAGE)
            .bind(WITHDRAWN)
            .bind(FILE)
            .fetch_optional(&self.reader)
            .await?;
        Ok(match seen {
            Some(Some(name)) => Some(Seen::File(parse(name)?)),
            Some(None) => Some(Seen::Picture),
            None => None,
        })
    }

    /// A picture, for who sees it.
    pub async fn picture(&self, id: MediaId, thumb: bool) -> Result<Option<Vec<u8>>, StoreError> {
        self.files.read(id, if thumb { Part::Thumb } else { Part::Whole }).await
    }

    /// Where a file lies, for who sees it: it may be gone by the time that it is opened.
    pub fn file_path(&self, id: MediaId) -> PathBuf {
        self.files.path(id, Part::File)
    }

    /// Removes what was uploaded and not sent for a day, and the files of what was erased; those that cannot be removed are
    /// tried again the next time.
    pub async fn sweep_media(&self, now: Millis) -> Result<(), StoreError> {
        let before = now.saturating_sub(KEPT).cast_signed();
        self.writer()
            .run(move |tx| {
                Box::pin(async move {
                    for statement in [ERASE_OLD, FORGET_OLD] {
                        sqlx::query(statement).bind(before).execute(&mut *tx.conn).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        let (mut last, mut failed) = (String::new(), None);
        loop {
            let erased: Vec<String> =
                sqlx::query_scalar(ERASED).bind(&last).bind(SWEPT).fetch_all(&self.reader).await?;
            let Some(end) = erased.last() else { return failed.map_or(Ok(()), Err) };
            last.clone_from(end);
            let removed = self.files.remove(erased.into_iter().map(parse).collect::<Result<_, _>>()?).await?;
            failed = failed.or(removed.failed);
            let gone = json(&removed.gone)?;
            self.writer()
                .run(move |tx| {
                    Box::pin(async move {
                        sqlx::query(GONE).bind(gone).execute(&mut *tx.conn).await?;
                        Ok(())
                    })
                })
                .await?;
        }
    }

    /// Erases what has lain in the folder for a day without a row: a backup may bring such files, and so may a power cut.
    /// What a killed process never finished goes at once.
    pub async fn erase_strays(&self, now: Millis) -> Result<(), StoreError> {
        let before = SystemTime::UNIX_EPOCH + Duration::from_millis(now.saturating_sub(KEPT));
        for shelf in 0..=u8::MAX {
            let old = self.files.old(shelf, before).await?;
            let strays: Vec<String> = match old.is_empty() {
                true => continue,
                false => sqlx::query_scalar(STRAYS).bind(json(&old)?).fetch_all(&self.reader).await?,
            };
            if strays.is_empty() {
                continue;
            }
            tracing::warn!(
                count = strays.len(),
                "pictures of which the database knows nothing are removed from the data folder"
            );
            let strays = json(&strays)?;
            self.writer()
                .run(move |tx| {
                    Box::pin(async move {
                        sqlx::query(ERASE_STRAYS).bind(strays).execute(&mut *tx.conn).await?;
                        Ok(())
                    })
                })
                .await?;
        }
        Ok(())
    }

    /// Waits until something was erased.
    pub async fn media_erased(&self) {
        self.erased.notified().await;
    }
}

async fn uploaded(conn: &mut SqliteConnection, owner: UserId, key: ClientId) -> Result<Option<Uploaded>, StoreError> {
    let row = sqlx::query(UPLOADED).bind(owner.as_i64()).bind(key.as_bytes().as_slice()).fetch_optional(conn).await?;
    let Some(row) = row else { return Ok(None) };
    let source =
        <Source>::try_from(row.try_get::<&[u8], _>(5)?).map_err(|_| StoreError::Corrupt("source".to_owned()))?;
    let unsent = row.try_get::<Option<i64>, _>(7)?.is_none();
    let at = row.try_get::<i64, _>(6)?.unsigned_abs();
    Ok(Some(Uploaded { body: read_body(&row)?, source, waits_since: unsent.then_some(at) }))
}

async fn keep(tx: &mut Tx<'_>, owner: UserId, key: ClientId, new: Uploaded) -> Result<Uploaded, StoreError> {
    if let Some(known) = uploaded(tx.conn, owner, key).await? {
        // Its day begins anew, or it could be swept before its files are written.
        if let Some(media) = known.body.medium().filter(|_| known.source == new.source) {
            let now = super::now().cast_signed();
            sqlx::query(REFRESH).bind(media.to_string()).bind(now).execute(&mut *tx.conn).await?;
        }
        return Ok(known);
    }
    let (media, sides, bytes, name) = match &new.body {
        MessageBody::Image(image) => (image.media, (image.width.get(), image.height.get()), image.bytes.into(), None),
        MessageBody::File(file) => (file.media, (0, 0), file.bytes.get().cast_signed(), Some(file.name.as_str())),
        _ => return Err(StoreError::NoMedium),
    };
    admit_unsent(tx.conn, owner, bytes.unsigned_abs()).await?;
    sqlx::query(KEEP)
        .bind(media.to_string())
        .bind(owner.as_i64())
        .bind(key.as_bytes().as_slice())
        .bind(new.source.as_slice())
        .bind(sides.0)
        .bind(sides.1)
        .bind(bytes)
        .bind(super::now().cast_signed())
        .bind(name)
        .execute(&mut *tx.conn)
        .await?;
    Ok(new)
}

/// Whether so many bytes more of the owner's may wait to be sent.
async fn admit_unsent(conn: &mut SqliteConnection, owner: UserId, bytes: u64) -> Result<(), StoreError> {
    let unsent = sqlx::query(UNSENT).bind(owner.as_i64()).fetch_one(conn).await?;
    let (count, waiting): (i64, i64) = (unsent.try_get(0)?, unsent.try_get(1)?);
    if count >= UNSENT_MAX || waiting.unsigned_abs() + bytes > UNSENT_BYTES_MAX {
        return Err(StoreError::TooMany);
    }
    Ok(())
}

/// What of the media that a batch names may be sent, and by whom.
#[derive(Default)]
pub(super) struct Claims {
    sendable: HashMap<MediaId, (UserId, MessageBody)>,
}

impl Claims {
    /// Reads them, if there is anything to decide.
    pub async fn read(conn: &mut SqliteConnection, batch: &[NewMessage]) -> Result<Self, StoreError> {
        let named: Vec<MediaId> = batch.iter().filter_map(|new| new.body.medium()).collect();
        let mut claims = Self::default();
        if named.is_empty() {
            return Ok(claims);
        }
        for row in sqlx::query(SENDABLE).bind(json(&named)?).fetch_all(conn).await? {
            let body = read_body(&row)?;
            claims.sendable.extend(body.medium().zip(Some((parse(row.try_get::<i64, _>(5)?)?, body))));
        }
        Ok(claims)
    }

    /// Whether the message may carry what it names, if it names a medium: as it was told of, by its owner.
    pub fn admit(&self, new: &NewMessage) -> Result<(), StoreError> {
        let Some(media) = new.body.medium() else { return Ok(()) };
        match self.sendable.get(&media) {
            Some((owner, known)) if *owner == new.sender.id && *known == new.body => Ok(()),
            _ => Err(StoreError::NoMedium),
        }
    }

    /// The message carries it now.
    pub fn take(&mut self, new: &NewMessage) {
        if let Some(media) = new.body.medium() {
            self.sendable.remove(&media);
        }
    }

    pub fn admit_all(&self, batch: &[NewMessage]) -> bool {
        batch.iter().all(|new| self.admit(new).is_ok())
    }
}

/// A medium, the message that carries it, and when the auditor is to be asked about it, if a verdict is owed.
pub(super) type Carried = (MediaId, ConversationId, Seq, Option<Millis>);

/// Says which messages carry which media.
pub(super) async fn carry(conn: &mut SqliteConnection, carried: &[Carried]) -> Result<(), StoreError> {
    if !carried.is_empty() {
        sqlx::query(CARRY).bind(json(&carried)?).execute(conn).await?;
    }
    Ok(())
}

/// What the message carried is there no more.
pub(super) async fn erase(tx: &mut Tx<'_>, id: ConversationId, seq: Seq) -> Result<(), StoreError> {
    for statement in [ERASE, FORGET] {
        sqlx::query(statement).bind(id.as_i64()).bind(seq.as_i64()).execute(&mut *tx.conn).await?;
    }
    Ok(())
}

/// The body with which a medium is sent, from its id, sides, bytes and name.
fn read_body(row: &SqliteRow) -> Result<MessageBody, StoreError> {
    let media = parse(row.try_get::<String, _>(0)?)?;
    Ok(match row.try_get::<Option<String>, _>(4)? {
        Some(name) => MessageBody::File(File {
            v: FileVersion,
            media,
            name: parse(name)?,
            bytes: parse(row.try_get::<i64, _>(3)?.unsigned_abs())?,
        }),
        None => MessageBody::Image(Image {
            v: ImageVersion,
            media,
            width: parse(row.try_get::<u32, _>(1)?)?,
            height: parse(row.try_get::<u32, _>(2)?)?,
            bytes: row.try_get(3)?,
            mime: Mime::Jpeg,
        }),
    })
}

/// What is kept of a file's hash.
pub fn first_half(digest: &[u8; 32]) -> Source {
    *digest.first_chunk().expect("16 bytes are fewer than 32")
}

pub(super) fn random_id() -> Result<MediaId, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::File(std::io::Error::other(error.to_string())))?;
    Ok(MediaId::from_bytes(bytes))
}
