//! A test never passes by not running: where a tool or a right is missing, it reports so here.

use std::fs::OpenOptions;
use std::io::Write;

/// Names the file that collects one line for each test that did not run. `scripts/check` sets it and prints the file.
pub const LIST_VARIABLE: &str = "HEALTHSINK_NOT_RUN";

/// With the value `all`, a test that cannot run fails. Continuous integration sets it.
pub const CHECK_VARIABLE: &str = "HEALTHSINK_CHECK";

/// Reports that the calling test does not run, and why. The test returns afterwards.
///
/// # Panics
/// If `HEALTHSINK_CHECK=all`, or if the list cannot be written.
pub fn not_run(reason: &str) {
    assert!(std::env::var(CHECK_VARIABLE).as_deref() != Ok("all"), "cannot run: {reason}");
    not_run_without_data(reason);
}

/// The same for a test of files that cannot be installed, so that it fails nowhere.
///
/// # Panics
/// If the list cannot be written.
pub fn not_run_without_data(reason: &str) {
    let thread = std::thread::current();
    let line = format!("{}: {reason}\n", thread.name().unwrap_or("a test"));
    eprint!("not run: {line}");
    if let Some(list) = std::env::var_os(LIST_VARIABLE) {
        let mut list = OpenOptions::new().create(true).append(true).open(list).expect("the list can be opened");
        list.write_all(line.as_bytes()).expect("the list can be written");
    }
}
