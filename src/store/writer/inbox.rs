//! What reaches the writer's thread.

use std::sync::Arc;

use crossbeam_channel::Receiver;

use super::figures::Signal;
use super::request::{Figures, Request};

/// What reaches the writer's thread, and what it reports.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) requests: Receiver<Request>,
    pub(super) figures: Receiver<Figures>,
    pub(super) signal: Arc<Signal>,
}
