//! The way of a run's chunks to the writer.

use super::chunk::{Chunk, GroupRow, Part};
use super::halt::{Halt, Step};
use crate::model::limits::{DERIVED_PARTS_MAX, DERIVED_ROWS_MAX};

/// Where chunks go.
pub(super) struct Sender<'a> {
    person: i64,
    run: i64,
    /// Stores a chunk. Returns `false` if the run was overtaken.
    store: &'a mut dyn FnMut(Chunk) -> Step<bool>,
    is_stopping: &'a dyn Fn() -> bool,
    /// Parts that wait for others: each transaction waits for the disk.
    parts: Vec<Part>,
    rows: usize,
}

impl<'a> Sender<'a> {
    /// For the chunks of a person and a run.
    pub(super) fn new(
        (person, run): (i64, i64),
        store: &'a mut dyn FnMut(Chunk) -> Step<bool>,
        is_stopping: &'a dyn Fn() -> bool,
    ) -> Self {
        Self { person, run, store, is_stopping, parts: Vec::new(), rows: 0 }
    }

    /// Sends a part together with those before and behind it, as far as a transaction has room.
    pub(super) fn send(&mut self, part: Part) -> Step<()> {
        self.check()?;
        if self.rows + part.rows() > DERIVED_ROWS_MAX {
            self.flush()?;
        }
        self.rows += part.rows();
        // A run is noted before it reads, since it may overtake another one. Many small parts also take time.
        let is_urgent = matches!(part, Part::Begin { .. } | Part::Finish(_)) || self.parts.len() >= DERIVED_PARTS_MAX;
        self.parts.push(part);
        if is_urgent { self.flush() } else { Ok(()) }
    }

    /// Sends source groups, as many at once as a transaction has room for.
    pub(super) fn send_groups(&mut self, mut groups: Vec<GroupRow>) -> Step<()> {
        while !groups.is_empty() {
            let further = groups.split_off(groups.len().min(DERIVED_ROWS_MAX));
            self.send(Part::Groups(std::mem::replace(&mut groups, further)))?;
        }
        Ok(())
    }

    /// Sends what waits, and waits until it is stored.
    fn flush(&mut self) -> Step<()> {
        self.rows = 0;
        let parts = std::mem::take(&mut self.parts);
        if parts.is_empty() {
            return Ok(());
        }
        let is_stored = (self.store)(Chunk { person: self.person, run: self.run, parts })?;
        if is_stored { Ok(()) } else { Err(Halt::Overtaken) }
    }

    /// Fails if the program is asked to stop.
    pub(super) fn check(&self) -> Step<()> {
        if (self.is_stopping)() { Err(Halt::Stopping) } else { Ok(()) }
    }
}
