//! `docs/REQUIREMENTS.md` is true: every test that it names exists.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

mod support;

use std::collections::HashSet;
use support::{files, root};

/// A line of the document: the rules it is about and the tests that hold them.
#[derive(Debug, PartialEq)]
struct Rule<'a> {
    numbers: Vec<&'a str>,
    tests: Vec<&'a str>,
}

/// Reads `- R004-B5: sentence. Test: `name`, `name``; several numbers are joined by commas.
fn rule(line: &str) -> Option<Rule<'_>> {
    let (numbers, rest) = line.strip_prefix("- ")?.split_once(": ")?;
    let (sentence, tests) = rest.rsplit_once(" Test: ")?;
    let numbers: Vec<&str> = numbers.split(", ").collect();
    let tests: Option<Vec<&str>> =
        tests.split("`, `").map(|name| Some(name.trim_matches('`')).filter(|name| !name.contains('`'))).collect();
    let well_formed = sentence.ends_with('.')
        && numbers
            .iter()
            .all(|number| number.starts_with(['R', 'T', 'X']) && number.contains(|c: char| c.is_ascii_digit()))
        && rest.ends_with('`');
    well_formed.then_some(Rule { numbers, tests: tests? })
}

/// The names of the tests in a Rust source: functions under an attribute that makes them tests.
fn rust_tests(text: &str) -> Vec<&str> {
    let mut tests = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            marked = true;
        } else if marked && let Some(rest) = line.trim_start_matches("async ").strip_prefix("fn ") {
            tests.extend(rest.split(['(', '<']).next());
            marked = false;
        }
    }
    tests
}

/// The titles of the tests in a Playwright file.
fn browser_tests(text: &str) -> Vec<&str> {
    let calls = text.lines().filter_map(|line| line.trim_start().strip_prefix("test("));
    calls
        .filter_map(|call| {
            let quote = call.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
            call.get(1..)?.split(quote).next()
        })
        .collect()
}

#[test]
fn every_test_named_in_the_requirements_exists() {
    let mut names = HashSet::new();
    let sources: Vec<_> =
        ["app", "crates", "frontend", "server", "xtask"].iter().flat_map(|it| files(it, ".rs")).collect();
    let specs = files("end2end", ".spec.ts");
    names.extend(sources.iter().flat_map(|(_, text)| rust_tests(text)));
    names.extend(specs.iter().flat_map(|(_, text)| browser_tests(text)));

    let document = std::fs::read_to_string(root().join("docs/REQUIREMENTS.md")).unwrap();
    let mut wrong = Vec::new();
    let mut seen = HashSet::new();
    for (at, line) in document.lines().enumerate().filter(|(_, line)| line.starts_with("- ")) {
        let at = at + 1;
        let Some(rule) = rule(line) else {
            wrong.push(format!("line {at}: not of the form"));
            continue;
        };
        wrong.extend(
            rule.tests.iter().filter(|test| !names.contains(*test)).map(|test| format!("line {at}: no {test}")),
        );
        wrong.extend(rule.numbers.iter().filter(|it| !seen.insert(**it)).map(|it| format!("line {at}: {it} again")));
    }
    wrong.extend(due().filter(|number| !seen.contains(number.as_str())).map(|number| format!("{number} is missing")));
    assert!(wrong.is_empty(), "docs/REQUIREMENTS.md:\n{}", wrong.join("\n"));
}

/// The rules of sync, receipts and unread counts, and the known pitfalls: each has a line.
fn due() -> impl Iterator<Item = String> {
    let counted = [("T", 25), ("R004-A", 5), ("R004-B", 6), ("R004-B7.", 21), ("R004-G", 11), ("R004-H", 7)];
    let numbers = counted.into_iter().flat_map(|(series, last)| (1..=last).map(move |n| format!("{series}{n}")));
    numbers.chain((1..=20).map(|n| format!("R000-{n:02}"))).chain(["R002-22".to_owned()])
}

#[test]
fn lines_of_the_document_are_read() {
    let numbers = vec!["R004-B5", "T7"];
    assert_eq!(rule("- R004-B5, T7: So. Test: `a`, `b c`"), Some(Rule { numbers, tests: vec!["a", "b c"] }));
    for refused in ["- R004-B5: So.", "- so: So. Test: `a`", "- R1: So. Test: a", "- R1: So Test: `a`"] {
        assert_eq!(rule(refused), None, "{refused}");
    }
}

#[test]
fn tests_are_found_in_sources() {
    let source = "#[test]\nfn a() {}\n#[tokio::test(flavor = \"x\")]\n/// R1\nasync fn b() {}\nfn c() {}";
    assert_eq!(rust_tests(source), ["a", "b"]);
    assert_eq!(browser_tests("test('it works', async () => {\n  test(\"so\", x)\ntest.use(y)"), ["it works", "so"]);
}
