//! A file that comes in by pieces and goes to the disk as it comes, whatever its length.
//!
//! Invariants: it lies under its unfinished name until it is kept, and is removed when it is dropped before; once
//! [`Incoming::finish`] has answered, it is on disk under that name; as long as it comes, [`Files::old`] knows of it; it takes nothing of the [`RESERVE`] that messages need.

use super::StoreError;
use super::files::{Coming, Files, Part, unfinished};
use super::media::{Source, first_half, random_id};
use protocol::MediaId;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

/// How much of the disk files leave free, in bytes.
const RESERVE: u64 = 256 * 1024 * 1024;
/// So much is written at a time, in bytes.
const PIECE: usize = 1024 * 1024;

pub struct Incoming {
    files: Files,
    place: Unfinished,
    /// None while a piece of it is being written, and after a write that failed.
    writing: Option<Writing>,
    waiting: Vec<u8>,
    bytes: u64,
}

struct Writing {
    file: File,
    hash: Sha256,
}

/// A file that is on disk, under its unfinished name.
pub struct Received {
    pub source: Source,
    pub bytes: u64,
    pub(super) place: Unfinished,
}

/// The name of what is not finished, which goes with this.
pub(super) struct Unfinished {
    pub id: MediaId,
    pub path: PathBuf,
    _coming: Coming,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What is kept has another name by now; what cannot be removed is found when the folder is walked.
        let _ = fs::remove_file(&self.path);
    }
}

impl Incoming {
    /// Begins a file of at most `bytes`. `Full` when the disk has no room for it.
    pub(super) async fn begin(files: &Files, bytes: u64) -> Result<Self, StoreError> {
        let id = random_id()?;
        let begun = files.run(move |files| {
            if files.free()? < bytes.saturating_add(RESERVE) {
                return Ok(None);
            }
            files.make_shelf(id)?;
            let path = unfinished(&files.path(id, Part::File));
            let coming = files.coming(id);
            Ok(Some((File::create(&path)?, Unfinished { id, path, _coming: coming })))
        });
        let (file, place) = begun.await?.ok_or(StoreError::Full)?;
        let writing = Some(Writing { file, hash: Sha256::new() });
        Ok(Self { files: files.clone(), place, writing, waiting: Vec::new(), bytes: 0 })
    }

    /// How much has come.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the next piece in.
    pub async fn push(&mut self, piece: &[u8]) -> Result<(), StoreError> {
        self.bytes += piece.len() as u64;
        self.waiting.extend_from_slice(piece);
        if self.waiting.len() < PIECE {
            return Ok(());
        }
        let waiting = std::mem::take(&mut self.waiting);
        let writing = self.write(waiting, false).await?;
        self.writing = Some(writing);
        Ok(())
    }

    /// All of it has come.
    pub async fn finish(mut self) -> Result<Received, StoreError> {
        let waiting = std::mem::take(&mut self.waiting);
        let Writing { hash, .. } = self.write(waiting, true).await?;
        Ok(Received { source: first_half(&hash.finalize().into()), bytes: self.bytes, place: self.place })
    }

    async fn write(&mut self, piece: Vec<u8>, last: bool) -> Result<Writing, StoreError> {
        let mut writing = self.writing.take().ok_or(StoreError::Stopped)?;
        self.files
            .run(move |files| {
                // Others may have taken the room since it began.
                if files.free()? < RESERVE + piece.len() as u64 {
                    return Err(ErrorKind::StorageFull.into());
                }
                writing.hash.update(&piece);
                writing.file.write_all(&piece)?;
                if last {
                    writing.file.sync_all()?;
                }
                Ok(writing)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(files: &Files, id: MediaId) -> usize {
        fs::read_dir(files.path(id, Part::File).parent().unwrap()).unwrap().count()
    }

    /// R002-06: a file is on disk as it came, whatever the pieces; one that is dropped leaves nothing.
    #[tokio::test]
    async fn a_file_comes_in_by_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("media"));
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(2 * PIECE + 7).collect();
        for size in [1_000, PIECE, PIECE + 1, bytes.len()] {
            let mut incoming = Incoming::begin(&files, bytes.len() as u64).await.unwrap();
            for piece in bytes.chunks(size) {
                incoming.push(piece).await.unwrap();
            }
            let id = incoming.place.id;
            let received = incoming.finish().await.unwrap();
            assert_eq!(
                (received.bytes, received.source),
                (bytes.len() as u64, first_half(&Sha256::digest(&bytes).into()))
            );
            assert_eq!((fs::read(&received.place.path).unwrap() == bytes, count(&files, id)), (true, 1));
            if size == PIECE {
                files.adopt(id, received.place.path.clone()).await.unwrap();
            }
            drop(received);
            assert_eq!(count(&files, id), usize::from(size == PIECE));
        }
        let mut incoming = Incoming::begin(&files, 9).await.unwrap();
        incoming.push(b"broken").await.unwrap();
        let id = incoming.place.id;
        drop(incoming);
        assert_eq!(count(&files, id), 0);
    }

    /// What would take the last of the disk is not even begun: messages need it.
    #[tokio::test]
    async fn no_file_takes_the_last_of_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("media"));
        let free = files.free().unwrap();
        assert!(matches!(Incoming::begin(&files, free).await, Err(StoreError::Full)));
        assert!(matches!(Incoming::begin(&files, u64::MAX).await, Err(StoreError::Full)));
    }
}
