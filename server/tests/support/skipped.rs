//! Tests that cannot run where they are.

use std::fs::OpenOptions;
use std::io::Write;
use std::thread;

/// Says why the running test is passed over: on its output, and in the file that `SIXIN_SKIPPED` names, if any, as the output of
/// a test that passes is not shown.
#[allow(clippy::print_stdout, reason = "it is the output of a test")]
pub fn skipped(reason: &str) {
    println!("skipped: {reason}");
    if let Some(file) = std::env::var_os("SIXIN_SKIPPED") {
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        let thread = thread::current();
        // One write a line: tests run beside each other.
        file.write_all(format!("{}: {reason}\n", thread.name().unwrap_or("a test")).as_bytes()).unwrap();
    }
}
