//! The end of a document with records that wait: they are matched with the stored rows of their seconds.

use rusqlite::Connection;

use super::batch::BatchWriter;
use super::ids::Ids;
use super::ledger::UploadKey;
use super::waiting::{Group, Waiting};
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::Result;
use crate::model::identity::is_derived;
use crate::model::record::Rows;
use crate::store::Store;
use crate::store::tables::RowKind;

impl Store {
    /// Whether records of an upload wait for its end.
    pub(crate) fn has_waiting(&self, upload: i64) -> bool {
        self.waiting.has(upload)
    }

    /// Writes some of an upload's records that wait. Returns their counts, or `None` if none waits any more.
    pub(crate) fn settle(&mut self, upload: UploadKey, now_ms: i64) -> Result<Option<Counts>> {
        let Self { connection, ids, waiting, .. } = self;
        settle(connection, ids, waiting, upload, now_ms).map_err(|error| self.failed(&error))
    }
}

fn settle(
    connection: &Connection,
    ids: &mut Ids,
    waiting: &mut Waiting,
    upload: UploadKey,
    now_ms: i64,
) -> rusqlite::Result<Option<Counts>> {
    match Settling::next(ids, waiting, upload.id)? {
        Some(settling) => settle_some(connection, ids, waiting, (upload, now_ms), &settling).map(Some),
        None => Ok(None),
    }
}

/// Some records of a place that have a turn, and their texts.
#[derive(Debug)]
pub(in crate::store) struct Settling {
    batch: Batch,
    group: Group,
}

impl Settling {
    /// The next ones of an upload; `None` if none waits any more.
    pub(in crate::store) fn next(ids: &mut Ids, waiting: &mut Waiting, upload: i64) -> rusqlite::Result<Option<Self>> {
        let mut batch = Batch::default();
        let Some(group) = waiting.next(upload, &mut batch)? else {
            // The next upload lists its rows itself.
            ids.merge.forget_second();
            waiting.end(upload);
            return Ok(None);
        };
        Ok(Some(Self { batch, group }))
    }

    /// How many records these are.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn len(&self) -> usize {
        self.group.records.len()
    }

    /// The types of samples and their starts.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn samples(&self) -> impl Iterator<Item = (i64, i64)> {
        self.group.records.iter().filter_map(|record| Some((record.type_id?, record.start_ms)))
    }

    /// The types of correlations and their starts.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn correlations(&self) -> impl Iterator<Item = (&str, i64)> {
        self.group.records.iter().filter_map(|record| Some((self.batch.texts.get(record.kind?), record.start_ms)))
    }
}

/// Writes records that have a turn. Returns their counts.
pub(in crate::store) fn settle_some(
    connection: &Connection,
    ids: &mut Ids,
    waiting: &mut Waiting,
    (upload, now_ms): (UploadKey, i64),
    Settling { batch, group }: &Settling,
) -> rusqlite::Result<Counts> {
    ids.begin_batch(&batch.texts);
    let is_imported = group.records.iter().any(|record| is_derived(&record.uuid));
    if is_imported {
        ids.merge.begin_import(connection, upload.id)?;
    }
    let (ordinal, counts) = (&mut 0, Counts::default());
    let mut writer = BatchWriter { connection, ids, waiting, batch, upload, now_ms, ordinal, counts };
    if group.records.iter().any(|record| record.members.is_some()) {
        writer.settle_correlations(&group.records, group.place, group.turn)?;
        writer.note_rows(RowKind::Correlations, Rows::SPAN_OF_CORRELATIONS, Counts::default());
    } else {
        writer.settle_samples(&group.records, group.place, group.turn)?;
    }
    if is_imported {
        writer.ids.merge.import.end_batch(connection)?;
    }
    Ok(writer.counts)
}
