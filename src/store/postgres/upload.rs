//! An upload on its own connection: its rows, its transactions, its counts.
//!
//! Samples of the app go their own way while their person has no rows of imports ([`super::samples`]). The transaction then holds
//! the person's row shared, so several uploads of a person run side by side.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::batch_ids::BatchIds;
use super::ledger::{finish_upload, progress, start_upload};
use super::link::Link;
use super::receiver::Postgres;
use super::samples::{Merged, Samples, prepare};
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{TRANSACTION_BYTES_MAX, TRANSACTION_ROWS_MAX};
use crate::store::write::changes::{ChangeKey, Changes};
use crate::store::write::ledger::{Origin, UploadEnd, UploadKey};

const HOLD_SHARED: &str = "SELECT has_imports FROM persons WHERE id = $1 FOR SHARE";

const ENTER_ORIGINS: &str = "INSERT INTO sample_origins (person_id, type_id, is_derived, unit_id)
    SELECT $1, type_id, 0, 0 FROM unnest($2::bigint[]) AS new (type_id) ON CONFLICT DO NOTHING";

/// An upload under way.
#[derive(Debug)]
pub(in crate::store) struct Upload {
    postgres: Arc<Postgres>,
    link: Link,
    key: UploadKey,
    is_in_transaction: bool,
    samples: Samples,
    ids: BatchIds,
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
    /// Why the connection must not be used again.
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
            is_in_transaction: false,
            samples: Samples::default(),
            ids: BatchIds::default(),
            changes: Changes::default(),
            origins: BTreeSet::new(),
            new_origins: BTreeSet::new(),
            stored: Counts::default(),
            open: Counts::default(),
            rows: 0,
            text_bytes: 0,
            is_in_doubt: false,
        })
    }

    /// Its number in the ledger.
    pub(in crate::store) fn number(&self) -> i64 {
        self.key.id
    }

    pub(in crate::store) fn is_in_transaction(&self) -> bool {
        self.is_in_transaction
    }

    /// Writes a batch's rows, and commits if that is due. After an error nothing of the open transaction is stored.
    pub(in crate::store) fn write(&mut self, batch: &mut Batch) -> Result<()> {
        let written = self.write_rows(batch);
        let (rows, text_bytes) = (batch.rows.len(), batch.texts.bytes());
        let written = written.and_then(|()| {
            self.rows += rows;
            self.text_bytes += text_bytes;
            let is_long = self.rows >= TRANSACTION_ROWS_MAX || self.text_bytes >= TRANSACTION_BYTES_MAX;
            if is_long { self.commit_rows() } else { Ok(()) }
        });
        written.inspect_err(|_| self.undo())
    }

    fn write_rows(&mut self, batch: &mut Batch) -> Result<()> {
        if batch.rows.len() > batch.rows.samples.len() {
            return Err(Error::new(ErrorKind::Store, "only samples of the app are stored in PostgreSQL"));
        }
        self.begin_shared()?;
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

    fn begin_shared(&mut self) -> Result<()> {
        if self.is_in_transaction {
            return Ok(());
        }
        self.link.run("BEGIN")?;
        self.is_in_transaction = true;
        let has_imports: bool = self.link.one(HOLD_SHARED, &[&self.key.person])?.get(0);
        if has_imports {
            return Err(Error::new(
                ErrorKind::Store,
                "the person has rows of imports, which are not matched in PostgreSQL yet",
            ));
        }
        Ok(())
    }

    fn send(&mut self) -> Result<()> {
        self.postgres.dictionary.enter(&mut self.ids.new)?;
        let Self { samples, link, key, open, changes, new_origins, .. } = self;
        samples.send(link, key.person, |merged| note(key.person, open, changes, new_origins, merged))
    }

    /// Commits what is open. After an error nothing of it is stored.
    pub(in crate::store) fn commit(&mut self) -> Result<()> {
        if !self.is_in_transaction {
            return Ok(());
        }
        self.commit_rows().inspect_err(|_| self.undo())
    }

    fn commit_rows(&mut self) -> Result<()> {
        self.settle()?;
        let total = self.total();
        let sql = format!("{} COMMIT", progress(self.key, &total));
        self.finish_transaction(&sql)
    }

    /// Puts all rows of the transaction into their tables, with the note of what they change.
    fn settle(&mut self) -> Result<()> {
        self.send()?;
        let Self { samples, link, key, open, changes, new_origins, .. } = self;
        let before = open.new + open.updated;
        let (merged, left_out) =
            samples.merge(link, key.person, |merged| note(key.person, open, changes, new_origins, merged))?;
        open.updated += left_out;
        open.unchanged += merged.saturating_sub(open.new + open.updated - before);
        self.enter_origins()?;
        self.enter_changes()
    }

    fn enter_origins(&mut self) -> Result<()> {
        self.new_origins.retain(|origin| !self.origins.contains(origin));
        if self.new_origins.is_empty() {
            return Ok(());
        }
        let types: Vec<i64> = self.new_origins.iter().copied().collect();
        self.link.change(ENTER_ORIGINS, &[&self.key.person, &types]).map(|_| ())
    }

    fn enter_changes(&mut self) -> Result<()> {
        let mut rows = String::new();
        self.changes.take(|ChangeKey { person, kind, type_id }, span_ms, is_removed| {
            let time = |at_ms: Option<i64>| {
                at_ms.map_or("NULL".to_owned(), |at_ms| {
                    format!("'epoch'::timestamptz + {at_ms} * interval '1 millisecond'")
                })
            };
            let type_id = type_id.map_or("NULL".to_owned(), |id| id.to_string());
            let (from, to, removed) =
                (time(span_ms.map(|span| span.0)), time(span_ms.map(|span| span.1)), i64::from(is_removed));
            let separator = if rows.is_empty() { "" } else { ", " };
            rows.push_str(&format!("{separator}({person}, '{kind}', {type_id}, {from}, {to}, {removed})"));
        });
        if rows.is_empty() {
            return Ok(());
        }
        self.link.run(&format!("INSERT INTO changes (person_id, kind, type_id, from_at, to_at, removed) VALUES {rows}"))
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
        self.is_in_transaction = false;
        self.stored = self.total();
        self.open = Counts::default();
        (self.rows, self.text_bytes) = (0, 0);
        self.origins.append(&mut self.new_origins);
        Ok(())
    }

    fn undo(&mut self) {
        self.is_in_doubt |= self.is_in_transaction && self.link.run("ROLLBACK").is_err();
        self.is_in_transaction = false;
        self.samples.forget();
        self.changes.take(|_, _, _| {});
        self.new_origins.clear();
        self.open = Counts::default();
        (self.rows, self.text_bytes) = (0, 0);
    }

    /// Commits what is left with the end of the ingest. Returns what is stored, and why that is not all.
    pub(in crate::store) fn finish(mut self, end: &UploadEnd) -> (Counts, Result<()>) {
        if (self.is_in_doubt || !self.link.is_open())
            && let Ok(link) = self.postgres.pool.take()
        {
            // The rows of the open transaction are gone with its connection. The ledger still gets the end.
            self.undo();
            (self.link, self.samples, self.is_in_doubt) = (link, Samples::default(), false);
        }
        let finished = self.finish_rows(end).inspect_err(|_| self.undo());
        let stored = self.stored;
        if !self.is_in_doubt {
            self.postgres.pool.give_back(self.link);
        }
        (stored, finished)
    }

    fn finish_rows(&mut self, end: &UploadEnd) -> Result<()> {
        if !self.is_in_transaction {
            self.link.run("BEGIN")?;
            self.is_in_transaction = true;
        }
        self.settle()?;
        let total = self.total();
        self.link.run(&progress(self.key, &total))?;
        finish_upload(&self.link, self.key, end, &total)?;
        self.finish_transaction("COMMIT")
    }
}

/// Counts what became of samples, and notes what they change.
fn note(person: i64, open: &mut Counts, changes: &mut Changes, origins: &mut BTreeSet<i64>, merged: Merged) {
    let Merged { is_new, type_id, rows, first_start_ms, last_start_ms, last_end_ms } = merged;
    if is_new {
        open.new += rows;
        origins.insert(type_id);
        changes.note_new_sample((person, type_id), first_start_ms, Some(last_end_ms));
        return;
    }
    open.updated += rows;
    let key = ChangeKey::of_samples((person, type_id));
    changes.note_replaced(key, first_start_ms, Some(last_end_ms));
    changes.note_replaced(key, last_start_ms, Some(last_end_ms));
}
