//! Where things lie, and when something changed.

use anyhow::{Context, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, io};

/// The workspace.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// Cargo's build folder.
pub fn cargo_target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The server.
pub fn server() -> PathBuf {
    cargo_target().join("release/sixin")
}

/// The browser's files, as the server embeds them.
pub fn site() -> PathBuf {
    root().join("target/site")
}

/// What the steps keep for the next time.
pub fn work() -> PathBuf {
    root().join("target/xtask")
}

pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file unless it has that content already: cargo looks at times. Tells whether it wrote.
pub fn write(path: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

/// Every file below a folder, as paths from there, sorted. A folder that is absent has none.
pub fn below(folder: &Path) -> Result<Vec<PathBuf>> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { walk(&path, found)? } else { found.push(path) }
        }
        Ok(())
    }
    let mut found = Vec::new();
    if folder.is_dir() {
        walk(folder, &mut found)?;
    }
    let mut found: Vec<_> = found.iter().filter_map(|path| path.strip_prefix(folder).ok()).map(PathBuf::from).collect();
    found.sort();
    Ok(found)
}

/// A stamp remembers what a step was last done from.
pub struct Stamp {
    path: PathBuf,
    content: String,
}

impl Stamp {
    /// The stamp of these files as they are now, and of the recipe: this program itself.
    pub fn of(path: PathBuf, inputs: &[PathBuf]) -> Result<Self> {
        Self::of_data(path, &[inputs, &[env::current_exe()?]].concat())
    }

    /// The stamp of these files alone.
    pub fn of_data(path: PathBuf, inputs: &[PathBuf]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for input in inputs {
            read(input)?.hash(&mut hasher);
        }
        Ok(Self { path, content: format!("{:016x}", hasher.finish()) })
    }

    /// Whether the step was done from just these.
    pub fn holds(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|old| old == self.content)
    }

    /// The step is done.
    pub fn set(&self) -> Result<()> {
        write(&self.path, self.content.as_bytes()).map(drop)
    }
}
