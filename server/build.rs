//! Lets the server be compiled before the browser's files are built: then it carries none.

#![allow(clippy::print_stdout, reason = "it is how a build script speaks to Cargo")]

use std::path::Path;

fn main() -> std::io::Result<()> {
    let site = Path::new("../target/site");
    std::fs::create_dir_all(site)?;
    println!("cargo:rerun-if-changed={}", site.display());
    Ok(())
}
