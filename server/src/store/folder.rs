//! The data folder: one process at a time.

use anyhow::Context;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
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

    /// The secret key that sealed bodies are opened with. It is made at the first start, for nobody else to read: the file
    /// stands whole, or not at all.
    pub fn sealing_key(&self) -> anyhow::Result<[u8; 32]> {
        let (name, unfinished) = (self.path.join("sealing.key"), self.path.join("sealing.key.new"));
        match std::fs::read(&name) {
            Ok(key) => return key.try_into().map_err(|_| anyhow::anyhow!("{} is no key of 32 bytes", name.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", name.display())),
        }
        let mut key = [0; 32];
        getrandom::fill(&mut key).context("the system has no random numbers")?;
        let write = || {
            // What a killed process left.
            let _ = std::fs::remove_file(&unfinished);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
            file.write_all(&key)?;
            file.sync_all()?;
            std::fs::rename(&unfinished, &name)?;
            File::open(&self.path)?.sync_all()
        };
        write().with_context(|| format!("cannot write {}", name.display()))?;
        Ok(key)
    }

    /// Where the files of media lie.
    pub fn media(&self) -> PathBuf {
        self.path.join("media")
    }
}
