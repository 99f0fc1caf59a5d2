//! Pictures on their way into messages, and out of them (R002-06).
//!
//! Invariant: the key of an upload yields one medium, however often the same file comes (R001-12); whoever does not see the
//! message that carries a medium is told of it as of one that does not exist (R003-14).

use crate::error::Refusal;
use crate::state::AppState;
use crate::store::media::Source;
use crate::store::{Reader, StoreError, now};
use protocol::{ClientId, Image, MediaId, UserId};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How often media are swept when nothing is erased.
const PERIOD: Duration = Duration::from_secs(10 * 60);

/// A picture that is kept for its owner to send.
pub struct Upload {
    pub image: Image,
    /// The key was used for this very file before.
    pub replay: bool,
}

/// Keeps what is made of a file; the same key again answers with the original.
pub async fn upload(state: &AppState, owner: UserId, key: ClientId, file: Vec<u8>) -> Result<Upload, Refusal> {
    let source = hash(&file);
    if let Some(known) = state.store.uploaded(owner, key).await? {
        return match known.source == source {
            true => Ok(Upload { image: known.image, replay: true }),
            false => Err(StoreError::ClientIdReused.into()),
        };
    }
    let photo = state.pictures.photograph(file).await?;
    let image = state.store.keep_medium(owner, key, source, photo).await?;
    Ok(Upload { image, replay: false })
}

/// The file of a medium, if the reader sees the message that carries it.
pub async fn file(state: &AppState, reader: Reader, id: MediaId, thumb: bool) -> Result<Vec<u8>, Refusal> {
    state.store.medium(reader, id, thumb).await?.ok_or_else(Refusal::not_found)
}

/// Removes what was erased, at once, and what nobody sent, some time after its day.
pub async fn keep_sweeping(state: AppState) {
    loop {
        if let Err(error) = state.store.sweep_media(now()).await {
            tracing::warn!(%error, "media could not be swept; the next time tries again");
        }
        let _ = tokio::time::timeout(PERIOD, state.store.media_erased()).await;
    }
}

fn hash(file: &[u8]) -> Source {
    let mut source = Source::default();
    source.iter_mut().zip(Sha256::digest(file)).for_each(|(byte, hashed)| *byte = hashed);
    source
}
