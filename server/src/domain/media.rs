//! Pictures and files on their way into messages, and out of them (R002-06).
//!
//! Invariant: the key of an upload yields one medium, however often the same file comes (R001-12); whoever does not see the
//! message that carries a medium is told of it as of one that does not exist (R003-14).

use crate::error::Refusal;
use crate::places::{Place, Places};
use crate::state::AppState;
use crate::store::media::{Seen, Source, first_half};
use crate::store::{Reader, StoreError, now};
use futures::{Stream, StreamExt};
use protocol::file::FileBytes;
use protocol::{ClientId, ErrorCode, File, FileName, Image, MediaId, MessageBody, UserId};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// How often media are swept when nothing is erased.
const PERIOD: Duration = Duration::from_secs(10 * 60);
/// How often the folder is walked through for what is nobody's.
const WALK: Duration = Duration::from_secs(24 * 60 * 60);

/// Files that come in at the same time, and those of one account: each has a piece in memory.
const COMING: usize = 48;
const COMING_OF_ONE: usize = 4;
/// How long the next piece of a file may take.
const PIECE: Duration = Duration::from_secs(30);
/// In so long at least so many bytes of a file come: whoever is slower cannot be told from one who only holds a place.
const PACE: (Duration, u64) = (Duration::from_secs(60), 256 * 1024);

/// A picture that is kept for its owner to send.
pub struct Upload {
    pub image: Image,
    /// The key was used for this very file before.
    pub replay: bool,
}

/// Whether the account may upload a picture, asked before it is read where the key is known by then, and before it is
/// decoded: nobody uploads in vain. How long what is kept of it will be nobody knows yet; that is asked once more.
pub async fn admit(state: &AppState, owner: UserId, key: ClientId) -> Result<(), Refusal> {
    Ok(state.store.admit_upload(owner, key, 1).await?)
}

/// Keeps what is made of a file; the same key again answers with the original. The file's place is given back with the
/// answer, or before.
pub async fn upload(
    state: &AppState,
    owner: UserId,
    key: ClientId,
    file: Vec<u8>,
    place: Place,
) -> Result<Upload, Refusal> {
    let hashed = tokio::task::spawn_blocking(move || (hash(&file), file));
    let (source, file) = hashed.await.map_err(|_| Refusal::internal())?;
    if let Some(known) = state.store.uploaded(owner, key, now()).await? {
        return match known.body {
            MessageBody::Image(image) if known.source == source => Ok(Upload { image, replay: true }),
            _ => Err(StoreError::ClientIdReused.into()),
        };
    }
    let photo = state.pictures.photograph(file, place).await?;
    let image = state.store.keep_medium(owner, key, source, photo).await?;
    Ok(Upload { image, replay: false })
}

/// The places of files that come in.
pub fn places() -> Places {
    Places::new(COMING, COMING_OF_ONE)
}

/// What an account uploads as a file.
pub struct NewFile {
    pub key: ClientId,
    pub name: FileName,
    /// How long it is, if that is told before it comes.
    pub bytes: Option<FileBytes>,
}

/// Keeps a file as it comes, piece by piece, for its owner to send; the same key again answers with the original. Answers
/// whether it is that. `timeout` when it comes too slowly.
pub async fn upload_file<P: AsRef<[u8]>, E>(
    state: &AppState,
    owner: UserId,
    new: NewFile,
    pieces: impl Stream<Item = Result<P, E>>,
) -> Result<(File, bool), Refusal> {
    let most = new.bytes.map_or(FileBytes::MAX, FileBytes::get);
    let mut incoming = state.store.receive_file(owner, new.key, most).await?;
    let mut pieces = std::pin::pin!(pieces);
    let (mut since, mut had) = (Instant::now(), 0);
    let slow = || Refusal::new(ErrorCode::Timeout, "the file comes too slowly");
    while let Some(piece) = tokio::time::timeout(PIECE, pieces.next()).await.map_err(|_| slow())? {
        let piece = piece.map_err(|_| Refusal::bad_request("the file broke off"))?;
        incoming.push(piece.as_ref()).await?;
        if incoming.bytes() > most {
            return Err(Refusal::new(ErrorCode::TooLarge, "the file is longer than it may be, or than was said"));
        }
        if since.elapsed() >= PACE.0 {
            if incoming.bytes() - had < PACE.1 {
                return Err(slow());
            }
            (since, had) = (Instant::now(), incoming.bytes());
        }
    }
    if FileBytes::try_from(incoming.bytes()).is_err() || new.bytes.is_some_and(|told| told.get() != incoming.bytes()) {
        return Err(Refusal::field("file", "the file is empty, or shorter than was said"));
    }
    Ok(state.store.keep_file(owner, new.key, new.name, incoming.finish().await?).await?)
}

/// What a message carries that the reader sees.
pub async fn seen(state: &AppState, reader: Reader, id: MediaId) -> Result<Seen, Refusal> {
    state.store.seen_medium(reader, id).await?.ok_or_else(Refusal::not_found)
}

/// The bytes of a picture that the reader sees.
pub async fn picture(state: &AppState, id: MediaId, thumb: bool) -> Result<Vec<u8>, Refusal> {
    state.store.picture(id, thumb).await?.ok_or_else(Refusal::not_found)
}

/// Removes what was erased, at once; what nobody sent, some time after its day; and once a day what is nobody's.
pub async fn keep_sweeping(state: AppState) {
    let mut walked: Option<Instant> = None;
    loop {
        let walk = walked.is_none_or(|last| last.elapsed() >= WALK);
        if walk {
            walked = Some(Instant::now());
        }
        let swept = async {
            state.store.sweep_media(now()).await?;
            if walk {
                state.store.erase_strays(now()).await?;
                state.store.sweep_media(now()).await?;
            }
            Ok::<(), StoreError>(())
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, "media could not be swept; the next time tries again");
        }
        let _ = tokio::time::timeout(PERIOD, state.store.media_erased()).await;
    }
}

fn hash(file: &[u8]) -> Source {
    first_half(&Sha256::digest(file).into())
}
