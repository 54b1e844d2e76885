//! A batch's rows into their tables.

mod activity_summaries;
mod aggregates;
mod batch;
mod beats;
pub(super) mod changes;
mod claimed;
mod correlations;
mod derived;
mod dictionary;
mod figure_crowds;
mod figures;
mod ids;
pub(super) mod ledger;
mod long_texts;
mod marks;
mod members;
mod merge;
mod missing;
mod others;
mod rejects;
mod renamed;
mod route_points;
mod rows;
mod samples;
mod settle;
#[cfg(feature = "postgres")]
pub(super) mod shared;
mod table;
mod upsert;
mod waiting;
mod workouts;

#[cfg(test)]
mod tests;

pub(super) use aggregates::shown_of;
use batch::BatchWriter;
pub(super) use batch::{Ledger, Source};
pub(super) use beats::has_beats_digest;
pub(super) use figures::state_of;
pub(super) use ids::Ids;
use ledger::UploadKey;
pub(super) use missing::EndedImport;
pub(super) use others::has_other_digest;
pub(super) use rejects::has_reject_digest;
use rows::KINDS;
pub(super) use rows::{SAMPLES, rare_kinds};
pub(super) use waiting::Waiting;

use super::Store;
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::Result;

impl Store {
    /// Writes a batch's rows. `ordinal` numbers the upload's rejects across its batches.
    pub(crate) fn write(&mut self, upload: UploadKey, now_ms: i64, ordinal: &mut u64, batch: &Batch) -> Result<Counts> {
        let Self { connection, ids, waiting, .. } = self;
        if batch.begins_document {
            ids.begin_document(upload.id);
        }
        ids.begin_batch(&batch.texts);
        if batch.is_large() {
            waiting.free_memory();
        }
        let counts = Counts::default();
        let mut writer = BatchWriter { connection, ids, waiting, batch, upload, now_ms, ordinal, counts };
        let written = write_all(&mut writer);
        let counts = writer.counts;
        written.map(|()| counts).map_err(|error| self.failed(&error))
    }
}

fn write_all(writer: &mut BatchWriter<'_>) -> rusqlite::Result<()> {
    for kind in &KINDS {
        let before = writer.counts;
        (kind.write)(writer)?;
        writer.note_rows(kind.table, before);
    }
    writer.ids.merge.workouts.locations.enter_removed(writer.connection, writer.upload.id)
}
