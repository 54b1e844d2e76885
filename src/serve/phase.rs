//! Phases of the server as a whole: serving, draining, or cutting off.

use std::future::pending;

use tokio::sync::watch;

/// Phases of the server. A later phase includes the earlier ones.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Phase {
    /// Accepting connections.
    Open,
    /// Finishing the requests under way.
    Draining,
    /// Aborting the requests that are not finished.
    Cutting,
}

/// Waits until the server is in this phase, or in a later one.
pub(super) async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    if phase.wait_for(|phase| *phase >= wanted).await.is_err() {
        // The server is gone, and drops the task that waits here.
        pending::<()>().await;
    }
}
