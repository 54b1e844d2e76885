//! Records of sections without a table. Their JSON identifies them, or their content if their text may change.
//!
//! Records with equal content are numbered: the row of each has a digest of content and number as its hash. A record takes the
//! row that has all that it has, and otherwise one that the other records of its document leave.

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, params};

use super::batch::BatchWriter;
use super::lent;
use super::sql_value::sql_values;
use crate::model::counts::Outcome;
use crate::model::identity::digest;
use crate::model::limits::AUTO_EXPORT_EQUALS_COMPARED_MAX;
use crate::model::record::{Content, OtherRecord, Uuid};

const INSERT: &str = "INSERT INTO other_records (person_id, section, hash, json, in_data, upload_id, content)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";

/// The first half of `content` is of all that the record has, the second half of its text.
const CONTENT: &str =
    "SELECT substr(content, 1, 16) FROM other_records WHERE person_id = ?1 AND section = ?2 AND hash = ?3";

const REPLACE: &str =
    "UPDATE other_records SET json = ?4, content = ?5 WHERE person_id = ?1 AND section = ?2 AND hash = ?3";

/// Version 1 identified every record by its text.
const IDENTIFY: &str = "UPDATE other_records SET hash = ?4, content = ?5
    WHERE person_id = ?1 AND section = ?2 AND hash = ?3 AND content IS NULL";

/// What the table has at a number of a content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Free,
    Claimed,
    /// A row, with the digest of all that it has.
    Row(Uuid),
}

impl BatchWriter<'_> {
    pub(super) fn write_others(&mut self) -> rusqlite::Result<()> {
        let others = &self.batch.rows.others;
        // Those without a row that has all that they have.
        let mut waiting: Vec<(&OtherRecord, Content)> = Vec::new();
        for row in others {
            let outcome = match row.content {
                None => self.insert_other(row, hash_of_text(self.batch.texts.get(row.json)), None)?,
                Some(content) if self.claim_same(row, content)? => Outcome::Unchanged,
                Some(content) => {
                    waiting.push((row, content));
                    continue;
                }
            };
            self.note_other(row, outcome);
        }
        for (row, content) in waiting {
            let outcome = self.write_changed(row, content)?;
            self.note_other(row, outcome);
        }
        Ok(())
    }

    fn note_other(&mut self, row: &OtherRecord, outcome: Outcome) {
        if row.in_data {
            self.counts.other += 1;
            self.counts.note(outcome);
        }
    }

    /// Claims the row that has all that a record has. Returns whether there is one.
    fn claim_same(&mut self, row: &OtherRecord, content: Content) -> rusqlite::Result<bool> {
        let (first, around) = numbers(content);
        let mut is_same = self.place(row, content, first)? == Place::Row(content.whole);
        let mut number = first;
        for other in around {
            if is_same {
                break;
            }
            number = other;
            match self.place(row, content, number)? {
                Place::Row(whole) => is_same = whole == content.whole,
                Place::Claimed => {}
                // Rows are numbered without gaps, but for some of very many equals.
                Place::Free => break,
            }
        }
        if is_same {
            self.ids.claimed.of(self.upload.id).add(&hash_of(content, number));
        }
        Ok(is_same)
    }

    /// Writes a record into a row with its content that no other record has claimed, or into a new row.
    fn write_changed(&mut self, row: &OtherRecord, content: Content) -> rusqlite::Result<Outcome> {
        let (first, around) = numbers(content);
        for number in std::iter::once(first).chain(around) {
            if let Place::Row(whole) = self.place(row, content, number)? {
                return self.replace_other(row, content, number, whole);
            }
        }
        let (mut number, mut step) = (first, 1_u32);
        loop {
            match self.place(row, content, number)? {
                Place::Row(whole) => return self.replace_other(row, content, number, whole),
                Place::Free => return self.insert_matched(row, content, number),
                Place::Claimed => {
                    number = number.saturating_add(step);
                    step = step.saturating_mul(2);
                }
            }
        }
    }

    fn place(&mut self, row: &OtherRecord, content: Content, number: u32) -> rusqlite::Result<Place> {
        let hash = hash_of(content, number);
        // A record with an identifier may come twice.
        if content.nth.is_some() && self.ids.claimed.of(self.upload.id).has(&hash) {
            return Ok(Place::Claimed);
        }
        let mut select = self.connection.prepare_cached(CONTENT)?;
        let keys = params![self.upload.person, self.batch.texts.get(row.section), &hash[..]];
        let whole: Option<Option<Uuid>> = select.query_row(keys, |row| row.get(0)).optional()?;
        Ok(whole.map_or(Place::Free, |whole| Place::Row(whole.unwrap_or_default())))
    }

    /// Brings a row with a record's content up to date. `whole` is of all that the row has.
    fn replace_other(
        &mut self,
        row: &OtherRecord,
        content: Content,
        number: u32,
        whole: Uuid,
    ) -> rusqlite::Result<Outcome> {
        let (hash, texts) = (hash_of(content, number), &self.batch.texts);
        self.ids.claimed.of(self.upload.id).add(&hash);
        if whole == content.whole {
            // An earlier one of the batch has the same identifier.
            return Ok(Outcome::Unchanged);
        }
        let (section, json) = (texts.get(row.section), texts.get(row.json));
        let stored = stored_content(content, json);
        lent::execute(self.connection, REPLACE, sql_values![self.upload.person, section, hash, json, &stored[..]])?;
        Ok(Outcome::Updated)
    }

    /// Writes a record into a new row, or into the one that version 1 has made of it.
    fn insert_matched(&mut self, row: &OtherRecord, content: Content, number: u32) -> rusqlite::Result<Outcome> {
        let (hash, texts) = (hash_of(content, number), &self.batch.texts);
        self.ids.claimed.of(self.upload.id).add(&hash);
        let json = texts.get(row.json);
        let (old, stored) = (hash_of_text(json), stored_content(content, json));
        let keys = params![self.upload.person, texts.get(row.section), &old[..], &hash[..], stored];
        if self.connection.prepare_cached(IDENTIFY)?.execute(keys)? == 1 {
            return Ok(Outcome::Unchanged);
        }
        self.insert_other(row, hash, Some(&stored))
    }

    fn insert_other(&self, row: &OtherRecord, hash: Uuid, content: Option<&[u8]>) -> rusqlite::Result<Outcome> {
        let (texts, upload) = (&self.batch.texts, self.upload);
        let (section, json) = (texts.get(row.section), texts.get(row.json));
        let values = sql_values![upload.person, section, hash, json, row.in_data, upload.id, content];
        let is_new = lent::execute(self.connection, INSERT, values)? == 1;
        Ok(if is_new { Outcome::New } else { Outcome::Unchanged })
    }
}

/// The hashes of the rows that a record may have, besides the one of its text.
#[cfg(feature = "postgres")]
pub(in crate::store) fn hashes_of(content: Content) -> impl Iterator<Item = Uuid> {
    let (first, around) = numbers(content);
    // A record without a free row of these tries further numbers, in steps that double.
    let beyond = (0..u32::BITS)
        .map(move |bit| first.saturating_add((1_u32 << bit) - 1))
        .take_while(move |_| content.nth.is_some());
    std::iter::once(first).chain(around).chain(beyond).map(move |number| hash_of(content, number))
}

/// Whether a row of other records is as it was written.
pub(in crate::store) fn has_other_digest(row: &Row<'_>) -> rusqlite::Result<bool> {
    // Version 1 has no such column.
    let of_text = match row.get_ref("content").unwrap_or(ValueRef::Null) {
        ValueRef::Blob(content) => content.get(size_of::<Uuid>()..).unwrap_or_default(),
        _ => row.get_ref("hash")?.as_blob()?,
    };
    Ok(of_text == hash_of_text(row.get_ref("json")?.as_str()?))
}

fn stored_content(content: Content, json: &str) -> Vec<u8> {
    [content.whole, hash_of_text(json)].concat()
}

pub(in crate::store) fn hash_of_text(json: &str) -> Uuid {
    digest(&[json.as_bytes()])
}

fn hash_of(content: Content, number: u32) -> Uuid {
    digest(&[&content.identity, &number.to_le_bytes()])
}

/// The number at which a record's row stands if nothing was removed or moved, and those around it.
fn numbers(content: Content) -> (u32, impl Iterator<Item = u32>) {
    let first = content.nth.unwrap_or(1);
    let around = if content.nth.is_some() { AUTO_EXPORT_EQUALS_COMPARED_MAX } else { 0 };
    let around = first.saturating_sub(around).max(1)..=first.saturating_add(around);
    (first, around.filter(move |number| *number != first))
}
