//! A merge under way: rows of one person that are written again as those of another.

use super::tables::{Changed, LedgerKind, PersonTable};
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::Result;
use crate::store::Store;
use crate::store::write::ledger::UploadKey;

/// What is done so far.
pub(super) struct Transfer<'a> {
    pub(super) store: &'a mut Store,
    /// The merge in the ledger, and the person who gets the rows.
    pub(super) upload: UploadKey,
    /// The person whose rows they were.
    pub(super) from: i64,
    pub(super) now_ms: i64,
    pub(super) counts: Counts,
    /// Shows how many rows are done, of how many.
    pub(super) watch: &'a mut dyn FnMut(u64, u64),
    /// All rows that the ledger counts.
    pub(super) whole: u64,
}

impl Transfer<'_> {
    /// Writes a batch as an upload would, and empties it.
    pub(super) fn write(&mut self, batch: &mut Batch) -> Result<()> {
        batch.sort();
        let counts = self.store.write(self.upload, self.now_ms, &mut 0, batch)?;
        self.counts += counts;
        batch.clear();
        batch.trim();
        self.show();
        Ok(())
    }

    /// Runs SQL on the database.
    pub(super) fn sql<T>(
        &mut self,
        run: impl FnOnce(&rusqlite::Connection, i64, i64) -> rusqlite::Result<T>,
    ) -> Result<T> {
        run(&self.store.connection, self.from, self.upload.person).map_err(|error| self.store.failed(&error))
    }

    /// Moves the rows of a table whose identity decides what is equal.
    pub(super) fn move_rows(&mut self, table: PersonTable) -> Result<()> {
        if table.ledger == LedgerKind::OtherOfData {
            let counted = self.sql(|connection, from, into| table.move_rows(connection, (from, into), "in_data"))?;
            self.note(LedgerKind::Other, counted);
        }
        let changed = self.sql(|connection, from, into| table.move_rows(connection, (from, into), "TRUE"))?;
        self.note(table.ledger, changed);
        Ok(())
    }

    /// Moves many rows, and shows after each step how many are done. The caller counts them.
    pub(super) fn move_samples(&mut self, table: PersonTable, filter: &str) -> Result<Changed> {
        let (persons, done, whole) = ((self.from, self.upload.person), self.done(), self.whole);
        let Self { store, watch, .. } = self;
        let mut show = |changed: Changed| watch((done + changed.moved + changed.deleted).min(whole), whole);
        let moved = table.move_rows_and_show(&store.connection, persons, filter, &mut show);
        moved.map_err(|error| store.failed(&error))
    }

    /// Counts rows that were moved as new, and rows that the other person also had as unchanged.
    pub(super) fn note(&mut self, ledger: LedgerKind, Changed { moved, deleted }: Changed) {
        let counts = &mut self.counts;
        let kind = match ledger {
            LedgerKind::Measurements => &mut counts.measurements,
            LedgerKind::Workouts => &mut counts.workouts,
            LedgerKind::Medications => &mut counts.medications,
            LedgerKind::RoutePoints => &mut counts.route_points,
            LedgerKind::Other => &mut counts.other,
            LedgerKind::OtherOfData | LedgerKind::Nothing => return,
        };
        *kind += moved + deleted;
        counts.new += moved;
        counts.unchanged += deleted;
        self.show();
    }

    fn done(&self) -> u64 {
        let Counts { new, updated, unchanged, merged, .. } = self.counts;
        new + updated + unchanged + merged
    }

    fn show(&mut self) {
        let done = self.done().min(self.whole);
        (self.watch)(done, self.whole);
    }
}
