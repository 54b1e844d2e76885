//! Elements that could not be stored, and why.

use rusqlite::{Row, params};

use super::batch::BatchWriter;
use super::ledger::signed;
use crate::model::identity::digest;
use crate::model::limits::REJECTS_PER_UPLOAD_MAX;
use crate::model::record::Reject;

const HAS_REJECT: &str = "SELECT 1 FROM rejects WHERE hash = ?1 AND upload_id = ?2 LIMIT 1";

const DELETE_EARLIER: &str =
    "DELETE FROM rejects WHERE hash = ?1 AND person_id = ?2 AND upload_id < ?3 AND raw_bytes = ?4";

const INSERT: &str =
    "INSERT INTO rejects (upload_id, ordinal, person_id, section, reason, raw, element_index, byte_offset, raw_bytes, hash)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

pub(in crate::store) const LAST_REASON: &str =
    "more elements were rejected than are kept: this one and those behind it are only counted";

impl BatchWriter<'_> {
    /// Keeps rejects up to the limit, and counts the rest.
    pub(super) fn write_rejects(&mut self) -> rusqlite::Result<()> {
        let (rejects, texts) = (&self.batch.rows.rejects, &self.batch.texts);
        for row in rejects {
            let (section, raw) = (texts.get(row.section), texts.get(row.raw));
            if *self.ordinal < REJECTS_PER_UPLOAD_MAX {
                self.write_reject(row, [section, texts.get(row.reason), raw])?;
            } else if *self.ordinal == REJECTS_PER_UPLOAD_MAX {
                self.write_reject(row, [section, LAST_REASON, ""])?;
            }
            *self.ordinal += 1;
        }
        self.counts.rejected += rejects.len() as u64;
        Ok(())
    }

    fn write_reject(&self, row: &Reject, [section, reason, raw]: [&str; 3]) -> rusqlite::Result<()> {
        let (upload, person) = (self.upload.id, self.upload.person);
        let (index, offset, raw_bytes) = (row.index.map(signed), signed(row.offset), signed(row.raw_bytes));
        let hash = hash([section, reason, raw], row.raw_bytes);
        // A re-send brings the same bad element again: it is kept once. The first of an upload's equal rejects deletes those of
        // earlier uploads; a second search would read other persons' rows again.
        if !self.connection.prepare_cached(HAS_REJECT)?.exists(params![hash, upload])? {
            let mut delete = self.connection.prepare_cached(DELETE_EARLIER)?;
            delete.execute(params![hash, person, upload, raw_bytes])?;
        }
        let mut insert = self.connection.prepare_cached(INSERT)?;
        insert.execute(params![
            upload,
            signed(*self.ordinal),
            person,
            section,
            reason,
            raw,
            index,
            offset,
            raw_bytes,
            hash
        ])?;
        Ok(())
    }
}

/// Whether a row of `hash`, `section`, `reason`, `raw` and `raw_bytes` is as it was written. Version 1 left out the length.
pub(in crate::store) fn has_reject_digest(row: &Row<'_>) -> rusqlite::Result<bool> {
    let (stored, raw_bytes) = (row.get_ref(0)?.as_blob()?, row.get::<_, i64>(4)?);
    let texts = [row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?];
    Ok(stored == hash(texts, raw_bytes.unsigned_abs()) || stored == hash(texts, texts[2].len() as u64))
}

/// The digest of a reject's texts. It covers the length of the whole text if only a part is kept, so equal digests have equal
/// lengths.
pub(in crate::store) fn hash([section, reason, raw]: [&str; 3], raw_bytes: u64) -> [u8; 16] {
    let [section, reason, kept] = [section, reason, raw].map(str::as_bytes);
    if raw_bytes == raw.len() as u64 {
        digest(&[section, reason, kept])
    } else {
        digest(&[section, reason, kept, &raw_bytes.to_le_bytes()])
    }
}
