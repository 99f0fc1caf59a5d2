//! Pictures on their way into messages, and out of them (R002-06).
//!
//! Invariant: the key of an upload yields one medium, however often the same file comes (R001-12); whoever does not see the
//! message that carries a medium is told of it as of one that does not exist (R003-14).

use crate::error::Refusal;
use crate::pictures::Place;
use crate::state::AppState;
use crate::store::media::Source;
use crate::store::{Reader, StoreError, now};
use protocol::{ClientId, Image, MediaId, UserId};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// How often media are swept when nothing is erased.
const PERIOD: Duration = Duration::from_secs(10 * 60);
/// How often the folder is walked through for what is nobody's.
const WALK: Duration = Duration::from_secs(24 * 60 * 60);

/// A picture that is kept for its owner to send.
pub struct Upload {
    pub image: Image,
    /// The key was used for this very file before.
    pub replay: bool,
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
        return match known.source == source {
            true => Ok(Upload { image: known.image, replay: true }),
            false => Err(StoreError::ClientIdReused.into()),
        };
    }
    let photo = state.pictures.photograph(file, place).await?;
    let image = state.store.keep_medium(owner, key, source, photo).await?;
    Ok(Upload { image, replay: false })
}

/// The file of a medium, if the reader sees the message that carries it; `None` when they say that they have it.
pub async fn file(
    state: &AppState,
    reader: Reader,
    id: MediaId,
    thumb: bool,
    has: bool,
) -> Result<Option<Vec<u8>>, Refusal> {
    if !state.store.sees_medium(reader, id).await? {
        return Err(Refusal::not_found());
    }
    match has {
        true => Ok(None),
        false => state.store.medium(id, thumb).await?.map(Some).ok_or_else(Refusal::not_found),
    }
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
    let digest: [u8; 32] = Sha256::digest(file).into();
    *digest.first_chunk().expect("16 bytes are fewer than 32")
}
