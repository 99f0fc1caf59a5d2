//! The files of media, in the data folder: a picture and its thumbnail, or a file as it came, under the medium's id.
//!
//! Invariants: a medium's row stands before its files do, so that no file is without a row, or a place among the erased; a
//! file is there whole or not at all; once [`Files::write`] or [`Files::adopt`] has answered, or [`Files::has`] has found them, they are on disk,
//! and once [`Files::remove`] has, they are not. What lies in the folder all the same, from a backup or a process that was
//! killed, is found by [`Files::old`].
//! Deliberately absent: who may see what ([`super::media`]).

use super::StoreError;
use protocol::MediaId;
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The folder; cheap to clone.
#[derive(Clone)]
pub struct Files {
    folder: Arc<PathBuf>,
    /// The shelves whose own names are on disk, as this process has seen to. Whoever holds them is the only one who changes
    /// what lies there.
    shelves: Arc<Mutex<Shelves>>,
    /// The files that come in piece by piece. The process holds the data folder alone, so whatever else is unfinished was
    /// left by one that was killed. Never locked for longer than it takes to look.
    coming: Arc<Mutex<HashSet<MediaId>>>,
}

/// A file that comes in, for as long as this is kept.
pub struct Coming {
    id: MediaId,
    all: Arc<Mutex<HashSet<MediaId>>>,
}

impl Drop for Coming {
    fn drop(&mut self) {
        lock(&self.all).remove(&self.id);
    }
}

type Shelves = HashSet<PathBuf>;

/// What became of files that were to be removed.
#[derive(Debug)]
pub struct Removed {
    pub gone: Vec<MediaId>,
    /// Why some of them are not, the first of them.
    pub failed: Option<StoreError>,
}

/// What lies there of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A picture, and the same small.
    Whole,
    Thumb,
    /// A file, as it came.
    File,
}

impl Part {
    pub const PICTURE: &[Self] = &[Self::Thumb, Self::Whole];
    pub const FILE: &[Self] = &[Self::File];
    const ALL: [Self; 3] = [Self::Whole, Self::Thumb, Self::File];

    fn ending(self) -> &'static str {
        match self {
            Self::Whole => "jpg",
            Self::Thumb => "thumb.jpg",
            Self::File => "file",
        }
    }
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
        Self { folder: Arc::new(folder), shelves: Arc::default(), coming: Arc::default() }
    }

    /// Writes both files; where they are already, they stay as they are.
    pub async fn write(&self, id: MediaId, photo: Photo) -> Result<(), StoreError> {
        self.run(move |files| {
            let mut shelves = files.hold();
            let shelf = files.shelf_of(id);
            files.prepare(&mut shelves, &shelf)?;
            for (part, bytes) in [(Part::Thumb, &photo.thumb), (Part::Whole, &photo.whole)] {
                write_one(&files.path(id, part), bytes)?;
            }
            sync_folder(&shelf)
        })
        .await
    }

    /// Gives a file that is on disk under its unfinished name its own, unless it is there under that already.
    pub async fn adopt(&self, id: MediaId, from: PathBuf) -> Result<(), StoreError> {
        self.run(move |files| {
            let mut shelves = files.hold();
            let shelf = files.shelf_of(id);
            files.prepare(&mut shelves, &shelf)?;
            let path = files.path(id, Part::File);
            if !path.try_exists()? {
                fs::rename(&from, &path)?;
            }
            sync_folder(&shelf)
        })
        .await
    }

    /// Whether all these parts are there, and on disk: whoever wrote them may have been killed before they were.
    pub async fn has(&self, id: MediaId, parts: &'static [Part]) -> Result<bool, StoreError> {
        self.run(move |files| {
            let mut shelves = files.hold();
            for part in parts {
                if !files.path(id, *part).try_exists()? {
                    return Ok(false);
                }
            }
            let shelf = files.shelf_of(id);
            files.prepare(&mut shelves, &shelf)?;
            sync_folder(&shelf)?;
            Ok(true)
        })
        .await
    }

    /// The file's bytes; `None` when it is not there.
    pub async fn read(&self, id: MediaId, part: Part) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(move |files| match fs::read(files.path(id, part)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Removes the files of media, and what a killed process left of them; one that cannot be removed keeps no other. Shelf by
    /// shelf, so that whoever writes meanwhile waits for one of them at most.
    pub async fn remove(&self, media: Vec<MediaId>) -> Result<Removed, StoreError> {
        let mut shelves: BTreeMap<PathBuf, Vec<MediaId>> = BTreeMap::new();
        for id in media {
            shelves.entry(self.shelf_of(id)).or_default().push(id);
        }
        let mut removed = Removed { gone: Vec::new(), failed: None };
        for (shelf, media) in shelves {
            let Removed { gone, failed } = self.run(move |files| Ok(files.empty(&shelf, media))).await?;
            removed.gone.extend(gone);
            removed.failed = removed.failed.or(failed);
        }
        Ok(removed)
    }

    /// Removes the files of media from their shelf, and then makes sure of it: only then are they gone for good.
    fn empty(&self, shelf: &Path, media: Vec<MediaId>) -> Removed {
        let mut failed = None;
        let mut fails = |done: io::Result<()>| match done {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                failed.get_or_insert(StoreError::File(error));
                true
            }
            _ => false,
        };
        let held = self.hold();
        let mut gone: Vec<MediaId> = Vec::new();
        for id in media {
            let names = Part::ALL.map(|part| self.path(id, part));
            let left = names.iter().flat_map(|name| [fs::remove_file(name), fs::remove_file(unfinished(name))]);
            if left.map(&mut fails).filter(|failed| *failed).count() == 0 {
                gone.push(id);
            }
        }
        drop(held);
        if !gone.is_empty() && fails(sync_folder(shelf)) {
            gone.clear();
        }
        Removed { gone, failed }
    }

    /// The media of which files lie on a shelf since before a time. What nobody finishes any more is removed, however young.
    pub async fn old(&self, shelf: u8, before: SystemTime) -> Result<Vec<MediaId>, StoreError> {
        self.run(move |files| {
            let _held = files.hold();
            let entries = match fs::read_dir(files.folder.join(format!("{shelf:02x}"))) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries?,
            };
            let mut found = HashSet::new();
            for entry in entries {
                let entry = entry?;
                let name = entry.file_name();
                let name = name.to_str().unwrap_or_default();
                let Ok(id) = name.split('.').next().unwrap_or_default().parse() else { continue };
                if name.ends_with(UNFINISHED) {
                    if lock(&files.coming).contains(&id) {
                        continue;
                    }
                    match fs::remove_file(entry.path()) {
                        // It was let go of in this moment.
                        Err(error) if error.kind() == ErrorKind::NotFound => {}
                        Err(error) => tracing::warn!(%error, name, "what was never finished could not be removed"),
                        Ok(()) => {}
                    }
                } else if entry.metadata()?.modified()? < before {
                    found.insert(id);
                }
            }
            Ok(found.into_iter().collect())
        })
        .await
    }

    pub(super) fn hold(&self) -> MutexGuard<'_, Shelves> {
        lock(&self.shelves)
    }

    /// A file of this name comes in from now on: to be called before it is made.
    pub(super) fn coming(&self, id: MediaId) -> Coming {
        lock(&self.coming).insert(id);
        Coming { id, all: self.coming.clone() }
    }

    /// Two hundred and fifty-six folders, so that none of them has too many files.
    fn shelf_of(&self, id: MediaId) -> PathBuf {
        self.folder.join(id.to_string().get(..2).unwrap_or_default())
    }

    pub fn path(&self, id: MediaId, part: Part) -> PathBuf {
        self.shelf_of(id).join(format!("{id}.{}", part.ending()))
    }

    /// Makes the shelf of a medium.
    pub fn make_shelf(&self, id: MediaId) -> io::Result<()> {
        self.prepare(&mut self.hold(), &self.shelf_of(id))
    }

    /// How much room the disk has, in bytes.
    pub fn free(&self) -> io::Result<u64> {
        fs::create_dir_all(self.folder.as_path())?;
        let disk = rustix::fs::statvfs(self.folder.as_path())?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn prepare(&self, shelves: &mut Shelves, shelf: &Path) -> io::Result<()> {
        if !shelves.contains(shelf) {
            fs::create_dir_all(shelf)?;
            for parent in [self.folder.as_path(), self.folder.parent().unwrap_or(&self.folder)] {
                sync_folder(parent)?;
            }
            shelves.insert(shelf.to_owned());
        }
        Ok(())
    }

    pub async fn run<T: Send + 'static>(
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

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the name of a file ends that is being written.
const UNFINISHED: &str = ".new";

pub fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("new")
}

fn write_one(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.try_exists()? {
        return Ok(());
    }
    let name = unfinished(path);
    let written = (|| {
        let mut file = File::create(&name)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&name, path)
    })();
    if written.is_err() {
        // A full disk has room again.
        let _ = fs::remove_file(&name);
    }
    written
}

/// What was written into and taken out of a folder is so on disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    /// R001-18: a medium's files are there whole, and gone when they are removed, with what a killed process left of them.
    #[tokio::test]
    async fn files_are_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("media"));
        let id = MediaId::from_bytes([7; 16]);
        assert!(!files.has(id, Part::PICTURE).await.unwrap());
        assert_eq!(files.read(id, Part::Thumb).await.unwrap(), None);
        assert_eq!(files.remove(vec![id]).await.unwrap().gone, [id]);
        let photo = Photo { width: 1, height: 1, whole: vec![1; 9], thumb: vec![2] };
        let shelf = folder.path().join("media/07");
        // A process was killed within the first of these.
        let killed = || {
            fs::create_dir_all(&shelf).unwrap();
            [Part::Whole, Part::Thumb].map(|part| fs::write(unfinished(&files.path(id, part)), [1]).unwrap())
        };
        killed();
        for _ in 0..2 {
            files.write(id, photo.clone()).await.unwrap();
            assert!(files.has(id, Part::PICTURE).await.unwrap());
            assert_eq!(files.read(id, Part::Whole).await.unwrap(), Some(vec![1; 9]));
            assert_eq!(files.read(id, Part::Thumb).await.unwrap(), Some(vec![2]));
            assert_eq!(count(&shelf), 2);
        }
        killed();
        assert_eq!(files.remove(vec![id]).await.unwrap().gone, [id]);
        assert!(!files.has(id, Part::PICTURE).await.unwrap() && files.read(id, Part::Thumb).await.unwrap().is_none());
        assert_eq!(count(&shelf), 0);
    }

    /// A file that cannot be removed keeps no other.
    #[tokio::test]
    async fn what_cannot_be_removed_keeps_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("media"));
        let [stuck, other] = [1, 2].map(|number| MediaId::from_bytes([number; 16]));
        let photo = Photo { width: 1, height: 1, whole: vec![1], thumb: vec![2] };
        files.write(other, photo).await.unwrap();
        fs::create_dir_all(files.path(stuck, Part::Whole)).unwrap();
        let removed = files.remove(vec![stuck, other]).await.unwrap();
        assert_eq!(removed.gone, [other]);
        assert!(removed.failed.is_some() && files.read(other, Part::Whole).await.unwrap().is_none());
    }

    /// Whoever writes waits for the shelf that is being emptied, not for all of them.
    #[test]
    fn the_folder_is_free_between_shelves() {
        let one_at_a_time = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("media"));
        one_at_a_time.block_on(async {
            let media = [1, 2].map(|number| MediaId::from_bytes([number; 16]));
            for id in media {
                files.write(id, Photo { width: 1, height: 1, whole: vec![1], thumb: vec![2] }).await.unwrap();
            }
            // What comes second is done second.
            let left = files.run(move |files| {
                let _held = files.hold();
                Ok(media.into_iter().filter(|id| files.path(*id, Part::Whole).exists()).count())
            });
            let (removed, left) = tokio::join!(files.remove(media.to_vec()), left);
            assert_eq!((removed.unwrap().gone.len(), left.unwrap()), (2, 1));
        });
    }
}
