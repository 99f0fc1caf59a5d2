//! The files of media, in the data folder: a picture and its thumbnail each, under the medium's id.
//!
//! Invariants: a medium's row stands before its files do, so that no file is without a row, or a place among the erased;
//! a file is there whole or not at all, and once [`Files::write`] has answered it is on disk.
//! Deliberately absent: who may see what ([`super::media`]).

use super::StoreError;
use protocol::MediaId;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// The folder; cheap to clone.
#[derive(Clone)]
pub struct Files {
    folder: Arc<PathBuf>,
}

/// A picture in two sizes, as JPEG files.
#[derive(Clone, Debug)]
pub struct Photo {
    pub width: u32,
    pub height: u32,
    pub whole: Vec<u8>,
    pub thumb: Vec<u8>,
}

impl Files {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: Arc::new(folder) }
    }

    /// Writes both files; where they are already, they stay as they are.
    pub async fn write(&self, id: MediaId, photo: Photo) -> Result<(), StoreError> {
        self.run(move |files| {
            for (thumb, bytes) in [(true, &photo.thumb), (false, &photo.whole)] {
                files.write_one(&files.path(id, thumb), bytes)?;
            }
            Ok(())
        })
        .await
    }

    /// Whether both are there: the whole picture is written last.
    pub async fn has(&self, id: MediaId) -> Result<bool, StoreError> {
        self.run(move |files| files.path(id, false).try_exists()).await
    }

    /// The file's bytes; `None` when it is not there.
    pub async fn read(&self, id: MediaId, thumb: bool) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(move |files| match fs::read(files.path(id, thumb)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Removes both files, if they are there.
    pub async fn remove(&self, id: MediaId) -> Result<(), StoreError> {
        self.run(move |files| {
            for thumb in [false, true] {
                match fs::remove_file(files.path(id, thumb)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        })
        .await
    }

    /// Two hundred and fifty-six folders, so that none of them has too many files.
    fn path(&self, id: MediaId, thumb: bool) -> PathBuf {
        let name = id.to_string();
        let shelf = self.folder.join(name.get(..2).unwrap_or_default());
        shelf.join(if thumb { format!("{name}.thumb.jpg") } else { format!("{name}.jpg") })
    }

    fn write_one(&self, path: &PathBuf, bytes: &[u8]) -> io::Result<()> {
        let Some(shelf) = path.parent() else { return Err(ErrorKind::InvalidInput.into()) };
        if !shelf.try_exists()? {
            fs::create_dir_all(shelf)?;
            for parent in [self.folder.as_path(), self.folder.parent().unwrap_or(&self.folder)] {
                File::open(parent)?.sync_all()?;
            }
        }
        // Two uploads of the same medium write the same: whichever comes later changes nothing.
        let name = path.with_extension(format!("new-{:?}", std::thread::current().id()).replace(['(', ')'], ""));
        let written = (|| {
            let mut file = File::create(&name)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&name, path)
        })();
        if written.is_err() {
            let _ = fs::remove_file(&name);
        }
        written?;
        File::open(shelf)?.sync_all()
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let files = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&files)).await.map_err(|_| StoreError::Stopped)?;
        done.map_err(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full,
            _ => StoreError::File(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A medium's files are there whole, and gone when they are removed; what a killed process left of one is in nobody's
    /// way.
    #[tokio::test]
    async fn files_are_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("media"));
        let id = MediaId::from_bytes([7; 16]);
        assert!(!files.has(id).await.unwrap());
        assert_eq!(files.read(id, true).await.unwrap(), None);
        files.remove(id).await.unwrap();
        let photo = Photo { width: 1, height: 1, whole: vec![1; 9], thumb: vec![2] };
        for _ in 0..2 {
            files.write(id, photo.clone()).await.unwrap();
            assert!(files.has(id).await.unwrap());
            assert_eq!(files.read(id, false).await.unwrap(), Some(vec![1; 9]));
            assert_eq!(files.read(id, true).await.unwrap(), Some(vec![2]));
        }
        assert_eq!(fs::read_dir(folder.path().join("media/07")).unwrap().count(), 2);
        files.remove(id).await.unwrap();
        assert!(!files.has(id).await.unwrap() && files.read(id, true).await.unwrap().is_none());
    }
}
