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
mod figure_context;
mod figure_crowds;
mod figures;
mod ids;
mod insert;
pub(super) mod ledger;
mod lent;
mod long_texts;
mod marks;
mod members;
mod merge;
mod missing;
mod others;
mod recount;
mod rejects;
mod renamed;
mod route_points;
mod rows;
mod samples;
mod settle;
#[cfg(feature = "postgres")]
pub(super) mod shared;
mod sql_value;
mod table;
mod upsert;
mod waiting;
mod workouts;

#[cfg(test)]
mod tests;

use batch::BatchWriter;
pub(super) use batch::{Kind, Ledger, Source};
pub(super) use beats::has_beats_digest;
pub(super) use figure_context::{shown_of, workout_of};
pub(super) use figures::State as FigureState;
pub(super) use ids::Ids;
pub(super) use insert::prepare as prepare_inserts;
use ledger::UploadKey;
#[cfg(feature = "postgres")]
pub(super) use long_texts::LongTexts;
pub(super) use missing::EndedImport;
#[cfg(feature = "postgres")]
pub(super) use missing::{begin as begin_missing, mark as mark_missing};
pub(super) use others::has_other_digest;
#[cfg(feature = "postgres")]
pub(super) use others::{hash_of_text as hash_of_other_text, hashes_of as hashes_of_other};
pub(super) use rejects::has_reject_digest;
#[cfg(feature = "postgres")]
pub(super) use rejects::{LAST_REASON, hash as hash_of_reject};
use rows::KINDS;
pub(super) use rows::rare_kinds;
#[cfg(feature = "postgres")]
pub(super) use settle::{Settling, settle_some};
pub(super) use waiting::Waiting;

use rusqlite::Connection;

use super::Store;
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::Result;

impl Store {
    /// Writes a batch's rows. `ordinal` numbers the upload's rejects across its batches.
    pub(crate) fn write(&mut self, upload: UploadKey, now_ms: i64, ordinal: &mut u64, batch: &Batch) -> Result<Counts> {
        let Self { connection, ids, waiting, .. } = self;
        let written = write_batch(connection, ids, waiting, (upload, now_ms), ordinal, batch);
        written.map_err(|error| self.failed(&error))
    }
}

/// Writes a batch's rows.
pub(in crate::store) fn write_batch(
    connection: &Connection,
    ids: &mut Ids,
    waiting: &mut Waiting,
    (upload, now_ms): (UploadKey, i64),
    ordinal: &mut u64,
    batch: &Batch,
) -> rusqlite::Result<Counts> {
    if batch.begins_document {
        ids.begin_document(upload.id);
    }
    ids.begin_batch(&batch.texts);
    if batch.is_large() {
        waiting.free_memory();
    }
    let counts = Counts::default();
    let mut writer = BatchWriter { connection, ids, waiting, batch, upload, now_ms, ordinal, counts };
    write_all(&mut writer)?;
    Ok(writer.counts)
}

fn write_all(writer: &mut BatchWriter<'_>) -> rusqlite::Result<()> {
    for kind in &KINDS {
        let before = writer.counts;
        (kind.write)(writer)?;
        writer.note_rows(kind.rows, kind.span, before);
    }
    writer.ids.merge.workouts.locations.enter_removed(writer.connection, writer.upload.id)
}
