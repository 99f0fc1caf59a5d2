//! Imports run one way, and each kind of knowledge has one room. These tests read the manifests and the sources.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod support;

use serde_json::Value;
use std::process::Command;
use support::{files, root};

/// A package and what it imports outside its tests and build script.
fn imports() -> Vec<(String, Vec<String>)> {
    let metadata = Command::new("cargo")
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let names =
            dependencies.filter(|dependency| dependency["kind"].is_null()).map(|it| text(&it["name"])).collect();
        (text(&package["name"]), names)
    });
    packages.collect()
}

/// Checks that a package imports nothing but these; a name with `*` at its end stands for all that begin so.
fn may_import(package: &str, allowed: &[&str]) {
    let (_, names) = imports().into_iter().find(|(name, _)| name == package).unwrap();
    for name in names {
        let fits = |pattern: &str| pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start));
        assert!(allowed.iter().any(|pattern| fits(pattern)), "{package} may not import {name}");
    }
}

/// Checks that these words stand in no line of code below the folder, but for the rooms that begin with one of the
/// exceptions.
fn absent(folder: &str, words: &[&str], exceptions: &[&str]) {
    let mut broken = Vec::new();
    for (path, text) in files(folder, ".rs") {
        if exceptions.iter().any(|exception| path.starts_with(exception)) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = !line.trim_start().starts_with("//");
            if let Some(word) = words.iter().find(|word| code && line.contains(**word)) {
                broken.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    assert!(broken.is_empty(), "forbidden here:\n{}", broken.join("\n"));
}

#[test]
fn protocol_imports_no_io_and_no_views() {
    may_import("protocol", &["serde", "thiserror", "uuid"]);
}

#[test]
fn sync_imports_only_protocol() {
    // What a device keeps is written by it, so it says how.
    may_import("sync", &["protocol", "serde"]);
    absent("crates", &["std::time", "std::fs", "std::net", "std::thread", "async fn"], &[]);
}

#[test]
fn app_knows_neither_browser_nor_server() {
    may_import("app", &["leptos*", "protocol", "sync", "serde", "serde_json"]);
    absent("app/src", &["cfg(target", "js_sys", "gloo", "axum", "sqlx"], &[]);
    absent("app/src", &["local_storage", "session_storage", "WebSocket", "fetch_with", "navigator()"], &[]);
    // A view holds its own elements, as leptos hands them out; nothing else in the app does.
    absent("app/src", &["web_sys"], &["app/src/view/"]);
}

#[test]
fn only_the_frontend_knows_the_browser() {
    let browser = ["web-sys", "js-sys", "gloo", "wasm-bindgen", "serde-wasm-bindgen", "idb"];
    for (package, names) in imports() {
        let known = names.iter().find(|name| browser.iter().any(|start| name.starts_with(start)));
        match package.as_str() {
            "frontend" => assert!(known.is_some()),
            // The tooling writes the front end's JavaScript side.
            "xtask" => assert_eq!(known.map(String::as_str), Some("wasm-bindgen-cli-support")),
            _ => assert_eq!(known, None, "{package} may not import it"),
        }
    }
    may_import(
        "frontend",
        &[
            "app",
            "leptos*",
            "protocol",
            "sync",
            "serde",
            "serde_json",
            "serde-wasm-bindgen",
            "web-sys",
            "js-sys",
            "gloo-net",
            "wasm-bindgen*",
        ],
    );
}

#[test]
fn nothing_imports_the_outermost_crates() {
    for (package, names) in imports() {
        for outermost in ["server", "frontend", "xtask"] {
            assert!(!names.iter().any(|name| name == outermost), "{package} may not import {outermost}");
        }
    }
}

#[test]
fn only_the_store_knows_sql() {
    absent("server/src", &["sqlx"], &["server/src/store/"]);
    for (path, text) in files("server/src", ".rs") {
        if !path.starts_with("server/src/store/") {
            assert_eq!(statement(&text), None, "{path}");
        }
    }
}

/// The beginning of the first SQL statement in the text of a source.
fn statement(text: &str) -> Option<&str> {
    let verbs =
        [("select ", " from "), ("insert into ", ""), ("update ", " set "), ("delete from ", ""), ("pragma ", "")];
    text.split('"').find(|literal| {
        let literal = literal.trim_start().to_ascii_lowercase();
        verbs.iter().any(|(verb, later)| literal.starts_with(verb) && literal.contains(later))
    })
}

#[test]
fn sql_is_recognised() {
    assert!(statement(r#"const X: &str = "select a from b";"#).is_some());
    assert!(statement("const X: &str = \"\n    update t\n    set a = 1\";").is_some());
    assert_eq!(statement(r#"let words = "select a file"; // "update it""#), None);
}

#[test]
fn the_store_knows_no_use_case_and_no_transport() {
    // One test is of the store and the hub together.
    let both = ["server/src/store/tests/interleaving.rs"];
    absent("server/src/store", &["axum", "crate::domain", "crate::api", "crate::push", "crate::auth", "leptos"], &both);
}

#[test]
fn the_domain_knows_no_transport() {
    absent("server/src/domain", &["axum", "crate::api", "crate::middleware", "crate::router", "leptos"], &[]);
}

#[test]
fn status_codes_stand_where_answers_are_made() {
    let rooms = ["api/", "error.rs", "middleware/", "page", "router.rs"].map(|room| format!("server/src/{room}"));
    absent("server/src", &["StatusCode"], &rooms.each_ref().map(String::as_str));
}
