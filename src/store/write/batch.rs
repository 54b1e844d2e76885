//! Writes a batch: each kind of row into its table.

use rusqlite::Connection;

use super::ids::Ids;
use super::ledger::UploadKey;
use super::table::Table;
use super::upsert::{SqlValue, Upsert};
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::Result;
use crate::model::text::TextId;
use crate::store::Store;

/// A batch that is being written.
pub(super) struct BatchWriter<'a> {
    pub(super) connection: &'a Connection,
    pub(super) ids: &'a mut Ids,
    pub(super) batch: &'a Batch,
    pub(super) upload: UploadKey,
    /// The time that is entered as first and last seen.
    pub(super) now_ms: i64,
    pub(super) counts: Counts,
}

impl<'a> BatchWriter<'a> {
    pub(super) fn text(&self, text: Option<TextId>) -> Option<&'a str> {
        text.map(|text| self.batch.texts.get(text))
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
        if rows.is_empty() {
            return Ok(());
        }
        let mut upsert = Upsert::new(self.connection, table, self.ids.expects_known)?;
        for row in rows {
            let values = values(self, row)?;
            self.counts.note(upsert.write(values)?);
        }
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }
}

impl Store {
    /// Writes a batch's rows. `ordinal` numbers the upload's rejects across its batches.
    pub(crate) fn write(&mut self, upload: UploadKey, now_ms: i64, ordinal: &mut u64, batch: &Batch) -> Result<Counts> {
        let Self { connection, ids, .. } = self;
        ids.begin_batch(&batch.texts);
        let mut writer = BatchWriter { connection, ids, batch, upload, now_ms, counts: Counts::default() };
        let written = write_all(&mut writer, ordinal);
        let counts = writer.counts;
        written.map(|()| counts).map_err(|error| self.failed(&error))
    }
}

fn write_all(writer: &mut BatchWriter<'_>, ordinal: &mut u64) -> rusqlite::Result<()> {
    writer.write_samples()?;
    writer.write_workouts()?;
    writer.write_route_points()?;
    writer.write_doses()?;
    writer.write_medications()?;
    writer.write_derived_samples()?;
    writer.write_beat_lists()?;
    writer.write_correlations()?;
    writer.write_activity_summaries()?;
    writer.write_electrocardiograms()?;
    writer.write_aggregates()?;
    writer.write_characteristics()?;
    writer.write_others()?;
    writer.write_rejects(ordinal)?;
    writer.ids.merge.workouts.enter_removed(writer.connection, writer.upload.id)
}
