//! The data folder: one process at a time.

use anyhow::Context;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// A data folder that this process holds alone until it is dropped.
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates the folder where it is absent, and takes it. Fails while another process holds it: two writers would
    /// each hold positions the other does not know.
    pub fn take(path: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("cannot create the data folder {}", path.display()))?;
        let name = path.join("sixin.lock");
        let lock = File::create(&name).with_context(|| format!("cannot write {}", name.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!("the data folder {} is in use by another sixin process; stop it first", path.display())
            }
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
        }
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.path.join("sixin.db")
    }

    /// Where the files of media lie.
    pub fn media(&self) -> PathBuf {
        self.path.join("media")
    }
}
