//! The front end for the browser: compiled, given its JavaScript side, optimised.

use crate::files::{self, Stamp, cargo_target, root};
use crate::process::{cargo, step, timed};
use anyhow::Result;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

/// What the compiler may have used. Browsers of the last years know all of it.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Builds `sixin.js`, `sixin_bg.wasm` and what they import, and returns the folder that has them.
pub fn build() -> Result<PathBuf> {
    let compile = ["build", "--quiet", "--profile", "wasm", "--target", "wasm32-unknown-unknown", "-p", "frontend"];
    step("Compiling the front end for the browser", &mut cargo(compile))?;

    let compiled = cargo_target().join("wasm32-unknown-unknown/wasm/frontend.wasm");
    let output = files::work().join("wasm");
    let lock = root().join("end2end/package-lock.json");
    let stamp = Stamp::of(files::work().join("wasm.stamp"), &[compiled.clone(), lock])?;
    if stamp.holds() {
        return Ok(output);
    }

    if output.exists() {
        fs::remove_dir_all(&output)?;
    }
    timed("Writing the front end's JavaScript side", || {
        Bindgen::new()
            .input_path(&compiled)
            .out_name("sixin")
            .web(true)?
            .typescript(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(&output)
    })?;
    let module = output.join("sixin_bg.wasm");
    let mut optimise = Command::new(root().join("end2end/node_modules/.bin/wasm-opt"));
    // The stack lies lowest, so that nothing else is ever kept in the first kilobyte.
    optimise.args(["-Oz", "--low-memory-unused"]).args(FEATURES).arg(&module).arg("-o").arg(&module);
    step("Optimising the front end", &mut optimise)?;
    stamp.set()?;
    Ok(output)
}
