//! Figures of a database that is not a file: what a writer needs of it.

use std::convert::Infallible;
use std::fmt::Debug;
use std::sync::atomic::AtomicBool;

use crossbeam_channel::Receiver;

use super::figures::Signal;
use crate::model::error::Result;

/// Computes figures of a database that is not a file.
pub(super) trait Elsewhere: Debug + Send + Sync {
    /// Keeps figures current until the program is asked to stop, or the writer has ended. `home` is the zone of persons without any.
    fn keep(
        &self,
        home: Option<String>,
        channels: (&Signal, &Receiver<()>, &Receiver<Infallible>),
        is_stopping: &AtomicBool,
    );

    /// Brings the figures of those up to date whose rows this writer has brought.
    fn derive(&self, home: Option<String>, ended: &Receiver<Infallible>) -> Result<()>;
}
