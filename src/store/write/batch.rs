//! A batch that is being written, and what the store knows of each kind of row.

use rusqlite::Connection;

use super::changes::ChangeKey;
use super::ids::Ids;
use super::ledger::UploadKey;
use super::sql_value::SqlValue;
use super::table::Table;
use super::upsert::Upsert;
use super::waiting::Waiting;
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::record::Span;
use crate::model::text::TextId;
use crate::store::tables::{RowKind, TableName};

/// A batch that is being written.
pub(super) struct BatchWriter<'a> {
    pub(super) connection: &'a Connection,
    pub(super) ids: &'a mut Ids,
    /// Records that wait for the end of their document.
    pub(super) waiting: &'a mut Waiting,
    pub(super) batch: &'a Batch,
    pub(super) upload: UploadKey,
    /// The time that is entered as first and last seen.
    pub(super) now_ms: i64,
    /// Number of the upload's next reject.
    pub(super) ordinal: &'a mut u64,
    pub(super) counts: Counts,
}

/// A kind of row: its table, and how it gets there.
#[derive(Debug)]
pub(in crate::store) struct Kind {
    pub(in crate::store) rows: RowKind,
    /// From the first start to the last end of a batch's rows.
    pub(super) span: Span,
    pub(in crate::store) source: Source,
    pub(in crate::store) ledger: Ledger,
    /// Writes the batch's rows of this kind.
    pub(super) write: fn(&mut BatchWriter<'_>) -> rusqlite::Result<()>,
}

/// Who fills a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Source {
    /// Uploads and imports.
    Any,
    /// Only imports.
    Imports,
}

/// Which rows the ledger counts as new.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Ledger {
    All,
    /// Those for which this holds.
    Where(&'static str),
    Nothing,
}

impl Kind {
    /// The table.
    pub(in crate::store) const fn table(&self) -> TableName {
        self.rows.table()
    }
}

impl<'a> BatchWriter<'a> {
    pub(super) fn text(&self, text: Option<TextId>) -> Option<&'a str> {
        text.map(|text| self.batch.texts.get(text))
    }

    /// Notes which time the rows of a table have changed, by what their counts were before. Samples note themselves.
    pub(super) fn note_rows(&mut self, rows: RowKind, span: Span, before: Counts) {
        let person = self.upload.person;
        for (start_ms, end_ms) in self.ids.merge.workouts.take_replaced() {
            let span = (start_ms, end_ms.unwrap_or(start_ms).max(start_ms));
            self.ids.changes.note_span(ChangeKey::of_rows(person, RowKind::Workouts), Some(span), true);
        }
        let changed = |counts: &Counts| (counts.new, counts.updated, counts.merged);
        if rows == RowKind::Samples || changed(&before) == changed(&self.counts) {
            return;
        }
        let is_removed = before.updated != self.counts.updated || before.merged != self.counts.merged;
        self.ids.changes.note_span(ChangeKey::of_rows(person, rows), span(&self.batch.rows), is_removed);
    }

    /// The id of a source.
    pub(super) fn source_id(&mut self, source: Option<TextId>) -> rusqlite::Result<Option<i64>> {
        self.ids.sources.optional(self.connection, &self.batch.texts, source)
    }

    /// Writes rows of a table whose rows come from one exporter only.
    pub(super) fn upsert_all<R, const N: usize>(
        &mut self,
        table: &'static Table,
        rows: &[R],
        values: impl Fn(&mut Self, &R) -> rusqlite::Result<[SqlValue<'a>; N]>,
    ) -> rusqlite::Result<()> {
        self.upsert_all_after(table, rows, values, |_, _| Ok(()))
    }

    /// The same. `note` runs before a stored row is replaced.
    pub(super) fn upsert_all_after<R, const N: usize>(
        &mut self,
        table: &'static Table,
        rows: &[R],
        values: impl Fn(&mut Self, &R) -> rusqlite::Result<[SqlValue<'a>; N]>,
        note: impl Fn(&mut Self, &R) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut upsert = Upsert::new(self.connection, table, self.ids.expects_known)?;
        for row in rows {
            let values = values(self, row)?;
            let outcome = upsert.write_after(&values, || note(self, row))?;
            self.counts.note(outcome);
        }
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }
}
