//! Waits of a follower: for a target's answer, and between two looks. Each ends at once when the program is to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::model::error::{Error, ErrorKind, Result};

/// Asks a follower to stop. Clones ask the same one.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    /// Nobody has asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::channel(false).0))
    }

    /// Asks it.
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

/// The one thread's runtime: it runs only while something is waited for.
#[derive(Debug)]
pub struct Waiter {
    runtime: Runtime,
    stop: Stop,
}

impl Waiter {
    /// Makes the runtime.
    ///
    /// # Errors
    ///
    /// Why the system gives none.
    pub fn new(stop: Stop) -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
        let runtime = runtime
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start the runtime of the network: {error}")))?;
        Ok(Self { runtime, stop })
    }

    /// Whether the program is to stop.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.is_set()
    }

    /// Waits for something. Returns `None` if the program is to stop first.
    pub(super) fn wait_for<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut stopping = self.stop.0.subscribe();
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stop| *stop) => None,
                done = future => Some(done),
            }
        })
    }

    /// Waits for a time. Returns whether the program is to stop.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let mut stopping = self.stop.0.subscribe();
        self.runtime.block_on(async { timeout(time, stopping.wait_for(|stop| *stop)).await.is_ok() })
    }
}
