//! Waits for what another thread or process does.

use std::time::{Duration, Instant};

/// Longer than anything in a test takes, even on a busy machine. A test that waits this long has failed. `scripts/check-arm`
/// builds the tests for a processor that is imitated, and much slower.
pub const PATIENCE: Duration = Duration::from_secs(match option_env!("HEALTHSINK_IMITATED") {
    None => 300,
    Some(_) => 1800,
});

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
