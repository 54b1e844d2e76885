//! The work for one person: each step is given the rows that it may read or change, and what it has changed goes back.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::benches::{Bench, Benches};
use super::content::{id_of_metadata, id_of_text};
use super::covered::Covered;
use super::failure::store_failure;
use super::flush;
use super::load::{Loading, References};
use super::open;
use super::remote::Remote;
use super::tables::{IMPORT_NUMBERS, MISSING_SAMPLES, SAMPLE_ORIGINS, TABLES, UPLOADS};
use super::wants::{self, Wants};
use super::workouts;
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::Result;
use crate::model::limits::{
    WORKBENCH_CHANGES_MAX, WORKBENCH_ENTRIES_MAX, WORKBENCH_LOCATIONS_MAX, WORKBENCH_ROWS_CLEARED, WORKBENCH_ROWS_MAX,
};
use crate::store::write::ledger::UploadKey;
use crate::store::write::{EndedImport, Ids, Settling, Waiting, begin_missing, mark_missing, settle_some, write_batch};

/// The rows of the work for one person, and what the work remembers between its steps.
#[derive(Debug)]
pub(in crate::store) struct Workbench {
    connection: Bench,
    ids: Ids,
    waiting: Waiting,
    covered: Covered,
    references: References,
    /// The person whose rows are here; `None` before the first step of a transaction.
    person: Option<i64>,
    /// The last number of imports, as the other database has it.
    number: i64,
    /// Rows of batches since changes were handed over.
    unsent: usize,
    /// Locations among them.
    unsent_locations: usize,
    /// Rows that the upload has removed without replacing them.
    removed: i64,
}

/// The state of an upload whose row is a workbench's.
const HERE: &str = "here";

impl Workbench {
    /// Makes an empty one, by itself.
    pub(in crate::store) fn open() -> Result<Self> {
        let mut workbench = Self::of(&Benches::new(1));
        workbench.connection.take()?;
        Ok(workbench)
    }

    /// Makes one that has a database from its beginning to its rest.
    pub(in crate::store) fn of(benches: &Arc<Benches>) -> Self {
        Self {
            connection: Bench::of(benches),
            ids: Ids::of_texts(id_of_text, id_of_metadata),
            waiting: Waiting::beside_nothing(),
            covered: Covered::default(),
            references: References::default(),
            person: None,
            number: 0,
            unsent: 0,
            unsent_locations: 0,
            removed: 0,
        }
    }

    /// Frees its database for others until it begins again. All that was changed must be handed over.
    pub(in crate::store) fn rest(&mut self) {
        if self.connection.is_taken() && self.clear().and_then(|()| self.clear_texts()).is_ok() {
            self.connection.give_back();
        }
        self.ids.forget_texts();
        self.references = References::default();
        self.person = None;
    }

    /// Begins a transaction of the other database: whatever was here may have changed there. It may wait for others, so that
    /// transaction begins behind it.
    pub(in crate::store) fn begin(&mut self) -> Result<()> {
        if self.connection.is_taken() {
            self.clear().map_err(store_failure)?;
        } else {
            // It is empty.
            self.connection.take()?;
            self.forget_loaded();
        }
        self.ids.merge.begin_elsewhere();
        self.person = None;
        Ok(())
    }

    /// Writes a batch's rows, as a store does. What it has changed is here until [`Workbench::flush`].
    pub(in crate::store) fn write(
        &mut self,
        remote: &mut impl Remote,
        (upload, now_ms): (UploadKey, i64),
        ordinal: &mut u64,
        batch: &Batch,
    ) -> Result<Counts> {
        self.make_ready(remote, upload.person)?;
        let mut wants = Wants::default();
        wants.samples(wants::seconds_of(batch), &mut self.covered, self.ids.merge.has_marks);
        wants.keyed(batch, &mut self.covered);
        let under_way = self.ids.merge.workouts.route_under_way(upload.id);
        let mut loading = self.loading(remote, upload.person);
        loading.load(&wants)?;
        workouts::load(&mut loading, batch, under_way)?;
        self.unsent += batch.rows.len();
        self.unsent_locations += workouts::count_locations(batch);
        self.covered.rows += batch.rows.len();
        self.enter(upload).map_err(store_failure)?;
        let Self { connection, ids, waiting, .. } = self;
        write_batch(connection, ids, waiting, (upload, now_ms), ordinal, batch).map_err(store_failure)
    }

    /// Whether records of an upload wait for the end of their document.
    pub(in crate::store) fn has_waiting(&self, upload: i64) -> bool {
        self.waiting.has(upload)
    }

    /// Writes some of an upload's records that wait. Returns their counts, or `None` if none waits any more.
    pub(in crate::store) fn settle(
        &mut self,
        remote: &mut impl Remote,
        (upload, now_ms): (UploadKey, i64),
    ) -> Result<Option<Counts>> {
        let next = Settling::next(&mut self.ids, &mut self.waiting, upload.id);
        let Some(settling) = next.map_err(store_failure)? else {
            return Ok(None);
        };
        self.make_ready(remote, upload.person)?;
        let mut times = BTreeMap::new();
        settling.samples().for_each(|(kind, start_ms)| wants::add_second(&mut times, kind, start_ms));
        let mut wants = Wants::default();
        wants.samples(times, &mut self.covered, self.ids.merge.has_marks);
        wants.correlations(settling.correlations(), &mut self.covered);
        self.loading(remote, upload.person).load(&wants)?;
        self.unsent += settling.len();
        self.covered.rows += settling.len();
        let Self { connection, ids, waiting, .. } = self;
        settle_some(connection, ids, waiting, (upload, now_ms), &settling).map(Some).map_err(store_failure)
    }

    /// Marks what a complete export no longer has, and ends the marks of what an import has. Returns how much it has marked.
    pub(in crate::store) fn mark_missing(&mut self, remote: &mut impl Remote, import: EndedImport) -> Result<Counts> {
        let (person, mut counts) = (import.upload.person, Counts::default());
        if !self.ids.merge.import.is_of(import.upload.id) {
            return Ok(counts);
        }
        self.make_ready(remote, person)?;
        // Marks are few, and each needs its sample.
        let mut wants = Wants::default();
        wants.all(&UPLOADS);
        wants.all(&MISSING_SAMPLES);
        self.loading(remote, person).load(&wants)?;
        let mut times = BTreeMap::new();
        self.each_mark(|kind, start_ms| wants::add_second(&mut times, kind, start_ms)).map_err(store_failure)?;
        let mut wants = Wants::default();
        wants.samples(times, &mut self.covered, false);
        self.loading(remote, person).load(&wants)?;
        let types = begin_missing(&self.connection, &mut self.ids, import).map_err(store_failure)?;
        let Some(export_ms) = import.export_ms else { return Ok(counts) };
        for kind in types {
            // All samples of a type are read, so those of the one before have gone.
            self.free(remote, person)?;
            let mut wants = Wants::default();
            wants.samples([(kind, vec![(i64::MIN, i64::MAX)])].into(), &mut self.covered, true);
            self.loading(remote, person).load(&wants)?;
            counts +=
                mark_missing(&self.connection, &mut self.ids, (import, export_ms), kind).map_err(store_failure)?;
        }
        Ok(counts)
    }

    /// Hands over all that was changed, with a note of it, before the other database commits.
    pub(in crate::store) fn flush(&mut self, remote: &mut impl Remote) -> Result<()> {
        self.ids.changes.enter(&self.connection).map_err(store_failure)?;
        self.send(remote)
    }

    /// Forgets an upload that has ended.
    pub(in crate::store) fn end(&mut self, upload: i64) {
        self.ids.merge.workouts.end_import(upload);
        self.ids.claimed.end(upload);
        self.waiting.end(upload);
    }

    /// Returns how many rows were removed since the last call without being replaced: for the ledger.
    pub(in crate::store) fn take_removed(&mut self) -> Result<i64> {
        self.note_removed().map_err(store_failure)?;
        Ok(std::mem::take(&mut self.removed))
    }

    fn note_removed(&mut self) -> rusqlite::Result<()> {
        let mut select =
            self.connection.prepare_cached("SELECT coalesce(sum(removed), 0) FROM uploads WHERE state = ?1")?;
        self.removed += select.query_row([HERE], |row| row.get::<_, i64>(0))?;
        self.connection.prepare_cached("UPDATE uploads SET removed = 0 WHERE state = ?1")?.execute([HERE]).map(|_| ())
    }

    /// Enters an upload, for the number of rows that it removes.
    fn enter(&self, UploadKey { id, person }: UploadKey) -> rusqlite::Result<()> {
        let sql = "INSERT INTO uploads (id, person_id, state, origin, started_ms) VALUES (?1, ?2, ?3, ?3, 0) ON CONFLICT DO NOTHING";
        self.connection.prepare_cached(sql)?.execute((id, person, HERE)).map(|_| ())
    }

    /// Enters a person, whose name does not matter here.
    pub(super) fn enter_person(&self, person: i64) -> rusqlite::Result<()> {
        let sql = "INSERT INTO persons (id, name) VALUES (?1, ?1) ON CONFLICT DO NOTHING";
        self.connection.prepare_cached("DELETE FROM persons")?.execute([])?;
        self.connection.prepare_cached(sql)?.execute([person]).map(|_| ())
    }

    pub(super) fn loading<'w, R: Remote>(&'w mut self, remote: &'w mut R, person: i64) -> Loading<'w, R> {
        let Self { connection, covered, references, .. } = self;
        Loading { connection, covered, references, remote, person }
    }

    /// Loads what every step for a person needs, if that is not here. Between batches it hands over what was changed, and frees
    /// what is no longer needed.
    fn make_ready(&mut self, remote: &mut impl Remote, person: i64) -> Result<()> {
        if self.unsent >= WORKBENCH_CHANGES_MAX || self.unsent_locations >= WORKBENCH_LOCATIONS_MAX {
            self.send(remote)?;
        }
        let is_full = self.covered.rows >= WORKBENCH_ROWS_MAX || self.covered.entries() >= WORKBENCH_ENTRIES_MAX;
        if self.person != Some(person) || is_full {
            self.free(remote, person)?;
        }
        Ok(())
    }

    /// Begins again with the rows of a person that every step needs.
    fn free(&mut self, remote: &mut impl Remote, person: i64) -> Result<()> {
        if self.person.is_some() {
            self.send(remote)?;
            self.clear().map_err(store_failure)?;
        }
        self.person = Some(person);
        let mut wants = Wants::default();
        wants.all(&SAMPLE_ORIGINS);
        wants.all(&IMPORT_NUMBERS);
        wants.any(&MISSING_SAMPLES, "type_id", (0.into(), i64::MAX.into()));
        let mut loading = self.loading(remote, person);
        loading.load(&wants)?;
        loading.note_types().map_err(store_failure)?;
        self.number = self.last_number().map_err(store_failure)?;
        let sql = "SELECT EXISTS (SELECT 1 FROM missing_samples)";
        self.ids.merge.has_marks = self.connection.query_row(sql, [], |row| row.get(0)).map_err(store_failure)?;
        Ok(())
    }

    fn send(&mut self, remote: &mut impl Remote) -> Result<()> {
        flush::flush(&self.connection, remote)?;
        let number = self.last_number().map_err(store_failure)?;
        if let Some(person) = self.person.filter(|_| number != self.number) {
            flush::flush_number(&self.connection, remote, person)?;
            self.number = number;
        }
        (self.unsent, self.unsent_locations) = (0, 0);
        Ok(())
    }

    fn last_number(&self) -> rusqlite::Result<i64> {
        self.connection.prepare_cached("SELECT last FROM import_numbers")?.query_row([], |row| row.get(0))
    }

    fn each_mark(&self, mut call: impl FnMut(i64, i64)) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare_cached("SELECT type_id, start_ms FROM missing_samples")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            call(row.get(0)?, row.get(1)?);
        }
        Ok(())
    }

    /// Removes texts: the next rows here are those of another person.
    fn clear_texts(&self) -> rusqlite::Result<()> {
        open::pause_recording(&self.connection)?;
        for table in TABLES.iter().filter(|table| !table.is_of_persons()) {
            self.connection.prepare_cached(&table.sql().clear)?.execute([])?;
            if table.is_recorded() {
                self.connection.prepare_cached(&table.sql().forget)?.execute([])?;
            }
        }
        open::resume_recording(&self.connection)
    }

    /// Removes all rows of persons. Texts stay: their ids are those of their content.
    fn clear(&mut self) -> rusqlite::Result<()> {
        self.note_removed()?;
        open::pause_recording(&self.connection)?;
        if self.covered.rows >= WORKBENCH_ROWS_CLEARED {
            open::without_triggers(&self.connection, || {
                // Otherwise a trigger deletes the texts of each row.
                self.connection.prepare_cached("DELETE FROM long_texts")?.execute([])?;
                self.clear_rows()
            })?;
        } else {
            self.clear_rows()?;
        }
        self.connection.execute("UPDATE import_numbers SET last = 0", [])?;
        open::resume_recording(&self.connection)?;
        self.forget_loaded();
        Ok(())
    }

    fn forget_loaded(&mut self) {
        self.covered = Covered::default();
        (self.unsent, self.unsent_locations) = (0, 0);
    }

    fn clear_rows(&self) -> rusqlite::Result<()> {
        for table in TABLES.iter().filter(|table| table.is_of_persons() && **table != &IMPORT_NUMBERS) {
            self.connection.prepare_cached(&table.sql().clear)?.execute([])?;
            if table.is_recorded() {
                self.connection.prepare_cached(&table.sql().forget)?.execute([])?;
            }
        }
        Ok(())
    }
}
