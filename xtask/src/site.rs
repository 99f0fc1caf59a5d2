//! The browser's files: the front end, its style, the emoji data, the icons; each beside a Brotli copy of itself.
//!
//! All of `target/site` is written here, and only what changed, so that the server is built again only when it must.

use crate::files::{self, read, root};
use crate::process::timed;
use crate::{emoji, style, tools, wasm};
use anyhow::Result;
use brotli::enc::BrotliEncoderParams;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub fn build() -> Result<()> {
    tools::browser_target()?;
    tools::node_packages()?;
    let mut site = BTreeMap::new();
    let front_end = wasm::build()?;
    for path in files::below(&front_end)? {
        site.insert(path.clone(), read(&front_end.join(path))?);
    }
    site.insert("sixin.css".into(), style::bundle()?);
    site.insert("emoji.json".into(), emoji::build()?);
    // Files that go to the browser as they are.
    for (folder, extensions) in [("style", &["svg", "png", "ico", "webmanifest"][..]), ("frontend", &["js"])] {
        for path in files::below(&root().join(folder))? {
            if path.extension().and_then(|end| end.to_str()).is_some_and(|end| extensions.contains(&end)) {
                let content = read(&root().join(folder).join(&path))?;
                site.insert(path, content);
            }
        }
    }
    write(&site)
}

fn write(site: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let folder = files::site();
    let compressed = |path: &Path| PathBuf::from(format!("{}.br", path.display()));
    for old in files::below(&folder)? {
        let wanted = site.keys().any(|path| *path == old || (compresses(path) && compressed(path) == old));
        if !wanted {
            fs::remove_file(folder.join(old))?;
        }
    }
    for (path, content) in site {
        let target = folder.join(path);
        if !compresses(path) {
            files::write(&target, content)?;
            continue;
        }
        let small = folder.join(compressed(path));
        if fs::read(&target).is_ok_and(|old| old == *content) && small.exists() {
            continue;
        }
        let brotli = timed(&format!("Compressing {}", path.display()), || compress(content))?;
        println!("{:14} {:>8} bytes, {:>7} as brotli", path.display(), content.len(), brotli.len());
        // The compressed one first: a file that is up to date then has an up-to-date copy.
        files::write(&small, &brotli)?;
        files::write(&target, content)?;
    }
    Ok(())
}

/// Pictures are compressed already.
fn compresses(path: &Path) -> bool {
    path.extension().is_none_or(|end| end != "png" && end != "ico")
}

fn compress(content: &[u8]) -> Result<Vec<u8>> {
    let params = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: content.len(), ..Default::default() };
    let mut output = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut output, &params)?;
    Ok(output)
}
