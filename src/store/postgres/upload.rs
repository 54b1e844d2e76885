//! An upload on its own connection: its rows, its transactions, its counts.
//!
//! Samples of the app go their own way while their person has no rows of imports ([`super::samples`]). The transaction then holds
//! the person's row shared, so several uploads of a person run side by side. All other rows pass a workbench. Its transaction excludes
//! all others of the person.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::batch_ids::BatchIds;
use super::changed::enter_changes;
use super::fault::{away, fault, is_locked};
use super::ledger::{finish_upload, progress, start_upload};
use super::link::Link;
use super::receiver::Postgres;
use super::samples::{Samples, prepare};
use super::transfer::{Straight, Transfer};
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    BATCH_ROWS_MAX, TRANSACTION_BYTES_MAX, TRANSACTION_ROWS_MAX, TRANSACTION_TIME_IF_AWAITED, TURN_WAIT,
};
use crate::store::workbench::Workbench;
use crate::store::write::EndedImport;
use crate::store::write::changes::Changes;
use crate::store::write::ledger::{Origin, UploadEnd, UploadKey, UploadState};

const HOLD_SHARED: &str = "SELECT has_imports FROM persons WHERE id = $1 FOR SHARE";

/// Entries of the ledger refer to the person: the lock lets further uploads begin.
const HOLD_ALONE: &str = "SELECT has_imports FROM persons WHERE id = $1 FOR NO KEY UPDATE";

/// Read once the person is held. Engines that distribute tables lock no row by a statement that reads a sequence.
const ERASURES: &str = "SELECT last_value + is_called::int FROM erasures";

const NOTE_IMPORTS: &str = "UPDATE persons SET has_imports = true WHERE id = $1";

const ENTER_ORIGINS: &str = "INSERT INTO sample_origins (person_id, type_id, is_derived, unit_id)
    SELECT $1, type_id, 0, 0 FROM unnest($2::bigint[]) AS new (type_id) ON CONFLICT DO NOTHING";

const NOTE_REMOVED: &str = "UPDATE uploads SET removed = removed + $3 WHERE person_id = $1 AND id = $2";

/// How the open transaction holds the person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Hold {
    /// No transaction is open.
    Nothing,
    Shared,
    Alone,
}

/// An upload under way.
#[derive(Debug)]
pub(in crate::store) struct Upload {
    postgres: Arc<Postgres>,
    link: Link,
    key: UploadKey,
    token: Option<i64>,
    started_ms: i64,
    hold: Hold,
    /// Whether the person has rows of imports, as of the open transaction.
    has_imports: bool,
    samples: Samples,
    /// Rows of a workbench on their way.
    straight: Straight,
    ids: BatchIds,
    /// Where all other rows pass, once there are some.
    workbench: Option<Workbench>,
    /// When the transaction began that has a workbench.
    alone_since: Instant,
    /// Number of the next reject.
    ordinal: u64,
    changes: Changes,
    /// Types of samples, as `sample_origins` has them; those that this transaction adds.
    origins: BTreeSet<i64>,
    new_origins: BTreeSet<i64>,
    /// Counts of what is committed, and of what is in the open transaction.
    stored: Counts,
    open: Counts,
    /// Rows in the open transaction, and bytes of their texts.
    rows: usize,
    text_bytes: usize,
    /// Whether something was undone: then the records are not all that their input has.
    has_lost: bool,
    /// Whether the connection must not be used again.
    is_in_doubt: bool,
}

impl Upload {
    /// Enters an ingest into the ledger.
    pub(in crate::store) fn begin(postgres: &Arc<Postgres>, origin: &Origin, started_ms: i64) -> Result<Self> {
        let link = postgres.pool.take()?;
        prepare(&link)?;
        let key = start_upload(&link, origin, started_ms)?;
        Ok(Self {
            postgres: Arc::clone(postgres),
            link,
            key,
            token: origin.token,
            started_ms,
            hold: Hold::Nothing,
            has_imports: false,
            samples: Samples::default(),
            straight: Straight::default(),
            ids: BatchIds::default(),
            workbench: None,
            alone_since: Instant::now(),
            ordinal: 0,
            changes: Changes::default(),
            origins: BTreeSet::new(),
            new_origins: BTreeSet::new(),
            stored: Counts::default(),
            open: Counts::default(),
            rows: 0,
            text_bytes: 0,
            has_lost: false,
            is_in_doubt: false,
        })
    }

    /// Its number in the ledger.
    pub(in crate::store) fn number(&self) -> i64 {
        self.key.id
    }

    /// Whose rows it brings.
    pub(in crate::store) fn person(&self) -> i64 {
        self.key.person
    }

    pub(in crate::store) fn is_in_transaction(&self) -> bool {
        self.hold != Hold::Nothing
    }

    /// Writes a batch's rows, and commits if that is due. After an error nothing of the open transaction is stored.
    pub(in crate::store) fn write(&mut self, batch: &mut Batch) -> Result<()> {
        self.write_rows(batch).inspect_err(|_| self.undo())
    }

    fn write_rows(&mut self, batch: &mut Batch) -> Result<()> {
        if batch.begins_document {
            self.settle()?;
        }
        let (rows, text_bytes) = (batch.rows.len(), batch.texts.bytes());
        if !batch.rows.samples.is_empty() {
            self.begin_shared()?;
            if !self.has_imports {
                self.write_samples(batch)?;
                batch.rows.samples.clear();
            }
        }
        if !batch.is_empty() || batch.begins_document {
            self.write_others(batch)?;
        }
        self.rows += rows;
        self.text_bytes += text_bytes;
        self.commit_if_long()
    }

    fn write_samples(&mut self, batch: &Batch) -> Result<()> {
        self.ids.begin_batch(batch.texts.len());
        for sample in &batch.rows.samples {
            self.ids.add(&mut self.samples, &self.postgres.dictionary, self.key.person, batch, sample);
            if self.samples.is_full() {
                self.send()?;
            }
        }
        self.open.measurements += batch.rows.samples.len() as u64;
        // The texts go before the batch does.
        self.postgres.dictionary.enter(&mut self.ids.new)
    }

    /// Writes what samples of the app leave.
    fn write_others(&mut self, batch: &Batch) -> Result<()> {
        self.begin_alone()?;
        if !self.has_imports && !batch.rows.derived_samples.is_empty() {
            self.settle_straight()?;
            self.link.change(NOTE_IMPORTS, &[&self.key.person])?;
            self.has_imports = true;
        }
        let Self { postgres, link, straight, key, started_ms, workbench, ordinal, open, ids, .. } = self;
        let Some(workbench) = workbench else { return Ok(()) };
        let mut transfer = Transfer::new((link, straight), (postgres, &mut ids.used), key.person);
        *open += workbench.write(&mut transfer, (*key, *started_ms), ordinal, batch)?;
        Ok(())
    }

    /// Writes records that wait for the end of their document.
    fn settle(&mut self) -> Result<()> {
        while self.workbench.as_ref().is_some_and(|workbench| workbench.has_waiting(self.key.id)) {
            self.begin_alone()?;
            let Self { postgres, link, straight, key, started_ms, workbench, open, ids, .. } = self;
            let Some(workbench) = workbench else { return Ok(()) };
            let mut transfer = Transfer::new((link, straight), (postgres, &mut ids.used), key.person);
            let Some(counts) = workbench.settle(&mut transfer, (*key, *started_ms))? else { return Ok(()) };
            *open += counts;
            self.rows += BATCH_ROWS_MAX;
            self.commit_if_long()?;
        }
        Ok(())
    }

    /// Begins a transaction for samples of the app, unless one is open. If the person has rows of imports, it is one for all rows.
    fn begin_shared(&mut self) -> Result<()> {
        if self.hold == Hold::Nothing {
            self.begin_transaction(Hold::Shared)?;
        }
        if self.hold == Hold::Shared && self.has_imports { self.begin_alone() } else { Ok(()) }
    }

    /// Begins a transaction for rows of any kind. One that holds the person shared is committed: two of them that waited for each
    /// other would wait for ever. Of one that is open, PostgreSQL first takes the samples that it was given.
    fn begin_alone(&mut self) -> Result<()> {
        if self.hold == Hold::Alone {
            return self.settle_samples();
        }
        self.commit_rows()?;
        self.workbench.get_or_insert_with(|| Workbench::of(&self.postgres.benches)).begin()?;
        self.alone_since = Instant::now();
        self.begin_transaction(Hold::Alone)
    }

    /// Begins a transaction that holds the person. It waits for its turn: other uploads of the person, also those of other receivers,
    /// end their transactions.
    fn begin_transaction(&mut self, hold: Hold) -> Result<()> {
        let hold_person = self.link.prepared(if hold == Hold::Alone { HOLD_ALONE } else { HOLD_SHARED })?;
        let deadline = Instant::now() + TURN_WAIT;
        let held = loop {
            self.link.run("BEGIN")?;
            self.hold = hold;
            match self.link.wait_for(self.link.client().query_opt(&hold_person, &[&self.key.person]))? {
                Ok(held) => break held.ok_or_else(erased)?,
                Err(error) if is_locked(&error) && Instant::now() < deadline => {
                    self.link.run("ROLLBACK")?;
                    self.hold = Hold::Nothing;
                }
                Err(error) => return Err(fault(&error)),
            }
        };
        self.has_imports = held.get(0);
        self.postgres.dictionary.note_erasures(self.link.one(ERASURES, &[])?.get(0));
        Ok(())
    }

    fn send(&mut self) -> Result<()> {
        self.postgres.dictionary.enter(&mut self.ids.new)?;
        self.settle_straight()?;
        let Self { samples, link, key, open, changes, new_origins, .. } = self;
        samples.send(link, key.person, |merged| merged.note(key.person, open, changes, new_origins))
    }

    fn commit_if_long(&mut self) -> Result<()> {
        let is_long = self.rows >= TRANSACTION_ROWS_MAX || self.text_bytes >= TRANSACTION_BYTES_MAX;
        let is_awaited = self.hold == Hold::Alone
            && self.postgres.benches.is_awaited()
            && self.alone_since.elapsed() >= TRANSACTION_TIME_IF_AWAITED;
        if is_long || is_awaited { self.commit_rows() } else { Ok(()) }
    }

    /// Commits what is open. After an error nothing of it is stored.
    pub(in crate::store) fn commit(&mut self) -> Result<()> {
        self.commit_rows().inspect_err(|_| self.undo())
    }

    fn commit_rows(&mut self) -> Result<()> {
        if self.hold == Hold::Nothing {
            return Ok(());
        }
        self.enter_rows()?;
        let sql = format!("{} COMMIT", progress(self.key, &self.total()));
        self.finish_transaction(&sql)
    }

    /// Puts all rows of the transaction into their tables, with the note of what they change.
    fn enter_rows(&mut self) -> Result<()> {
        self.send()?;
        self.settle_samples()?;
        let Self { samples, link, key, open, changes, new_origins, .. } = self;
        let (mut new, mut updated) = (0, 0);
        let (merged, left_out) = samples.merge(link, key.person, |merged| {
            *(if merged.is_new { &mut new } else { &mut updated }) += merged.rows;
            merged.note(key.person, open, changes, new_origins);
        })?;
        open.updated += left_out;
        open.unchanged += merged.saturating_sub(new + updated + left_out);
        self.enter_origins()?;
        enter_changes(&self.link, self.key.person, &mut self.changes)?;
        if self.hold == Hold::Alone {
            self.flush()?;
        }
        self.ids.used.enter(&self.link, &self.postgres.dictionary, self.key.person)
    }

    fn flush(&mut self) -> Result<()> {
        let Self { postgres, link, straight, key, workbench, ids, .. } = self;
        let Some(workbench) = workbench else { return Ok(()) };
        let mut transfer = Transfer::new((link, straight), (postgres, &mut ids.used), key.person);
        workbench.flush(&mut transfer)?;
        transfer.settle()?;
        match workbench.take_removed()? {
            0 => Ok(()),
            removed => link.change(NOTE_REMOVED, &[&key.person, &key.id, &removed]).map(|_| ()),
        }
    }

    /// Waits until PostgreSQL has taken all rows of the workbench that it was given.
    fn settle_straight(&mut self) -> Result<()> {
        let Self { postgres, link, straight, key, ids, .. } = self;
        Transfer::new((link, straight), (postgres, &mut ids.used), key.person).settle()
    }

    /// Waits until PostgreSQL has taken the samples that it was given. A key that comes twice ends the transaction for every other
    /// statement until then.
    fn settle_samples(&mut self) -> Result<()> {
        let Self { samples, link, key, open, changes, new_origins, .. } = self;
        samples.settle(link, |merged| merged.note(key.person, open, changes, new_origins))
    }

    fn enter_origins(&mut self) -> Result<()> {
        self.new_origins.retain(|origin| !self.origins.contains(origin));
        if self.new_origins.is_empty() {
            return Ok(());
        }
        let types: Vec<i64> = self.new_origins.iter().copied().collect();
        self.link.change(ENTER_ORIGINS, &[&self.key.person, &types]).map(|_| ())
    }

    fn total(&self) -> Counts {
        let mut total = self.stored;
        total += self.open;
        total
    }

    /// Runs the statements that end in COMMIT. If the answer is missing, nobody knows whether the rows are stored: the upload fails,
    /// and the client sends them again.
    fn finish_transaction(&mut self, sql: &str) -> Result<()> {
        self.link.run(sql)?;
        (self.hold, self.straight) = (Hold::Nothing, Straight::default());
        if let Some(workbench) = &mut self.workbench {
            workbench.rest();
        }
        self.stored = self.total();
        self.open = Counts::default();
        (self.rows, self.text_bytes) = (0, 0);
        self.origins.append(&mut self.new_origins);
        self.ids.used.note_commit();
        Ok(())
    }

    fn undo(&mut self) {
        self.samples.forget();
        self.straight = Straight::default();
        self.is_in_doubt |= self.hold != Hold::Nothing && self.link.run("ROLLBACK").is_err();
        (self.hold, self.has_lost, self.workbench) = (Hold::Nothing, true, None);
        self.changes.take(|_, _, _| {});
        self.new_origins.clear();
        self.ids.used.note_rollback();
        self.open = Counts::default();
        (self.rows, self.text_bytes) = (0, 0);
    }

    /// Commits what is left with the end of the ingest. Returns what is stored, and why that is not all.
    pub(in crate::store) fn finish(mut self, end: &UploadEnd) -> (Counts, Result<()>) {
        let aborted = UploadEnd { state: UploadState::Aborted, ..end.clone() };
        let kept = self.reconnect();
        let finished = self.finish_rows(if kept.is_ok() { end } else { &aborted }).inspect_err(|_| self.undo());
        let finished = kept.and(finished);
        if finished.as_ref().is_err_and(|error| error.kind() != ErrorKind::Busy) {
            // What PostgreSQL refuses was undone. The end is entered without it.
            let _ = self.finish_rows(&aborted).inspect_err(|_| self.undo());
        }
        let stored = self.stored;
        if !self.is_in_doubt {
            self.postgres.pool.give_back(self.link);
        }
        (stored, finished)
    }

    /// Takes another connection if this one has ended. Fails if records were under way: they are gone with it, and only the ledger
    /// gets the end.
    fn reconnect(&mut self) -> Result<()> {
        if !self.is_in_doubt && self.link.is_open() {
            return Ok(());
        }
        let Ok(link) = self.postgres.pool.take() else { return Ok(()) };
        let waits = self.workbench.as_ref().is_some_and(|workbench| workbench.has_waiting(self.key.id));
        let has_lost = waits || self.hold != Hold::Nothing;
        self.undo();
        (self.link, self.is_in_doubt) = (link, false);
        if has_lost { Err(away("the connection has ended")) } else { Ok(()) }
    }

    fn finish_rows(&mut self, end: &UploadEnd) -> Result<()> {
        self.settle()?;
        self.mark_missing(end)?;
        if self.hold == Hold::Nothing {
            self.begin_transaction(Hold::Shared)?;
        }
        self.enter_rows()?;
        let total = self.total();
        self.link.run(&progress(self.key, &total))?;
        finish_upload(&self.link, (self.key, self.token), end, &total)?;
        self.finish_transaction("COMMIT")
    }

    /// Marks what a complete export no longer has.
    fn mark_missing(&mut self, end: &UploadEnd) -> Result<()> {
        if self.workbench.is_none() || !self.has_imports {
            return Ok(());
        }
        let is_done = end.state == UploadState::Done && end.envelope.is_whole;
        let is_whole = is_done && !self.has_lost && self.total().rejected == 0;
        let (upload, export_ms, now_ms) = (self.key, end.envelope.export_ms, self.started_ms);
        self.begin_alone()?;
        let Self { postgres, link, straight, key, workbench, ids, .. } = self;
        let Some(workbench) = workbench else { return Ok(()) };
        let mut transfer = Transfer::new((link, straight), (postgres, &mut ids.used), key.person);
        let marked = workbench.mark_missing(&mut transfer, EndedImport { upload, is_whole, export_ms, now_ms })?;
        self.open += marked;
        Ok(())
    }
}

/// The error of an upload whose person was erased meanwhile.
fn erased() -> Error {
    Error::new(ErrorKind::Revoked, "the person was erased while the upload was under way")
}
