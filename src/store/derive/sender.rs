//! The way of a run's chunks to the writer.

use super::chunk::{Chunk, Part};
use super::halt::{Halt, Step};

/// Where chunks go.
pub(super) struct Sender<'a> {
    person: i64,
    run: i64,
    /// Stores a chunk. Returns `false` if the run was overtaken.
    store: &'a mut dyn FnMut(Chunk) -> Step<bool>,
    is_stopping: &'a dyn Fn() -> bool,
}

impl<'a> Sender<'a> {
    /// For the chunks of a person and a run.
    pub(super) fn new(
        (person, run): (i64, i64),
        store: &'a mut dyn FnMut(Chunk) -> Step<bool>,
        is_stopping: &'a dyn Fn() -> bool,
    ) -> Self {
        Self { person, run, store, is_stopping }
    }

    /// Sends a chunk, and waits until it is stored.
    pub(super) fn send(&mut self, part: Part) -> Step<()> {
        self.check()?;
        let is_stored = (self.store)(Chunk { person: self.person, run: self.run, part })?;
        if is_stored { Ok(()) } else { Err(Halt::Overtaken) }
    }

    /// Fails if the program is asked to stop.
    pub(super) fn check(&self) -> Step<()> {
        if (self.is_stopping)() { Err(Halt::Stopping) } else { Ok(()) }
    }
}
