//! Waits for what another thread or process does.

use std::time::{Duration, Instant};

/// Whether the processor is imitated, by qemu in `scripts/check-arm`: it is much slower, and a process's memory is also qemu's.
pub const IS_IMITATED: bool = option_env!("HEALTHSINK_IMITATED").is_some();

/// Longer than anything in a test takes, even on a busy machine. A test that waits this long has failed.
pub const PATIENCE: Duration = Duration::from_secs(if IS_IMITATED { 1800 } else { 300 });

/// Calls `ask` until it returns an answer. For states that no event announces, for example a row in a database.
pub fn wait_until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
