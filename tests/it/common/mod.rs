//! What the tests stand on: a client over a bare socket, the server in this process or as a program, the database file.

pub(crate) mod database;
pub(crate) mod http;
pub(crate) mod http2;
pub(crate) mod program;
pub(crate) mod server;
pub(crate) mod tls;

use std::time::{Duration, Instant};

/// Longer than anything here takes, even on a busy machine: a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer: for what another process or thread does and tells nobody of.
pub(crate) fn wait_until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited too long for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
