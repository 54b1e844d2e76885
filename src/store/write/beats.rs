//! Lists of beats. An export prints their times in the phone's zone and language, so their rates identify them.
//!
//! Equal lists of several devices are numbered: the first has the identity of its content, each further one the next. A list
//! takes the row of its source, or one that the other lists of its document leave.

use rusqlite::{OptionalExtension, Row, params};

use super::batch::BatchWriter;
use super::changes::ChangeKey;
use super::lent;
use super::sql_value::sql_values;
use crate::model::identity::{derive, digest, is_derived, next};
use crate::model::limits::{BEATS_EQUAL_MAX, MATCH_ROWS_MAX};
use crate::model::record::{BeatList, Uuid};
use crate::store::tables::RowKind;

const FIND: &str =
    "SELECT rowid, source_id FROM beat_lists WHERE person_id = ?1 AND start_ms = ?2 AND hash = ?3 AND end_ms IS ?4";

const INSERT: &str = "INSERT INTO beat_lists (person_id, start_ms, hash, end_ms, source_id, beats)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";

const UPDATE: &str =
    "UPDATE beat_lists SET source_id = ?2, beats = ?3 WHERE rowid = ?1 AND (source_id, beats) IS NOT (?2, ?3)";

const NAME: &str = "SELECT name FROM sources WHERE id = ?1";

/// Version 1 identified a list by its source and its text.
const OF_VERSION_1: &str = "SELECT hash, beats FROM (
      SELECT hash, beats, end_ms FROM beat_lists WHERE person_id = ?1 AND start_ms = ?2 AND hash < x'6873' LIMIT ?4)
    WHERE end_ms IS ?3
    UNION ALL SELECT hash, beats FROM (
      SELECT hash, beats, end_ms FROM beat_lists WHERE person_id = ?1 AND start_ms = ?2 AND hash >= x'6874' LIMIT ?4)
    WHERE end_ms IS ?3";

const IDENTIFY: &str = "UPDATE OR IGNORE beat_lists SET hash = ?4 WHERE person_id = ?1 AND start_ms = ?2 AND hash = ?3";

/// Which rows a list may take. The lists of a batch take turns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    Source,
    Name,
    Rest,
}

/// A list that arrives.
struct Arrival<'r> {
    row: &'r BeatList,
    identity: Uuid,
    source: Option<i64>,
}

impl BatchWriter<'_> {
    /// Writes beats, which are part of their sample and are not counted.
    pub(super) fn write_beat_lists(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.beat_lists;
        if rows.is_empty() {
            return Ok(());
        }
        self.ids.merge.begin_import(self.connection, self.upload.id)?;
        let mut waiting = Vec::with_capacity(rows.len());
        for row in rows {
            let identity = identity_of(row.end_ms, self.batch.texts.get(row.beats));
            self.identify(row, identity)?;
            waiting.push(Arrival { row, identity, source: self.source_id(row.source)? });
        }
        for turn in [Turn::Source, Turn::Name, Turn::Rest] {
            let mut later = Vec::new();
            for arrival in waiting {
                if !self.write_beats(&arrival, turn)? {
                    later.push(arrival);
                }
            }
            waiting = later;
        }
        Ok(())
    }

    /// Gives the row that version 1 has made of a list its identity.
    fn identify(&self, row: &BeatList, identity: Uuid) -> rusqlite::Result<()> {
        let person = self.upload.person;
        let mut select = self.connection.prepare_cached(OF_VERSION_1)?;
        let mut rows = select.query(params![person, row.start_ms, row.end_ms, MATCH_ROWS_MAX])?;
        while let Some(found) = rows.next()? {
            let (hash, text): ([u8; 16], String) = (found.get(0)?, found.get(1)?);
            if identity_of(row.end_ms, &text) == identity {
                let mut update = self.connection.prepare_cached(IDENTIFY)?;
                update.execute(params![person, row.start_ms, &hash[..], &identity[..]])?;
                break;
            }
        }
        Ok(())
    }

    /// Writes a list into a row with equal beats that no other list of its document has claimed, or into a new one. Returns
    /// `false` if there is a row for a later turn.
    fn write_beats(&mut self, arrival: &Arrival<'_>, turn: Turn) -> rusqlite::Result<bool> {
        let &Arrival { row, identity, source } = arrival;
        let (connection, person, beats) = (self.connection, self.upload.person, self.batch.texts.get(row.beats));
        let (mut hash, mut is_left, mut last) = (identity, false, None);
        for _ in 0..BEATS_EQUAL_MAX {
            let mut select = connection.prepare_cached(FIND)?;
            let keys = params![person, row.start_ms, &hash[..], row.end_ms];
            let found: Option<(i64, Option<i64>)> =
                select.query_row(keys, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((rowid, other)) = found else {
                break;
            };
            last = Some(rowid);
            if !self.ids.merge.import.has_claimed_beats(rowid) {
                if self.is_for_turn(source, other, turn)? {
                    self.update_beats(rowid, source, row)?;
                    return Ok(true);
                }
                is_left = true;
            }
            hash = next(&hash);
        }
        if is_left {
            return Ok(false);
        }
        let values = sql_values![person, row.start_ms, hash, row.end_ms, source, beats];
        if lent::execute(connection, INSERT, values)? == 1 {
            self.ids.merge.import.claim_beats(connection.last_insert_rowid());
            self.note_beats(row);
        } else if let Some(last) = last {
            self.update_beats(last, source, row)?;
        }
        Ok(true)
    }

    /// Whether a list of a source may take a row of another one in a turn.
    fn is_for_turn(&self, source: Option<i64>, other: Option<i64>, turn: Turn) -> rusqlite::Result<bool> {
        match turn {
            Turn::Source => Ok(source == other),
            Turn::Name => {
                let mut select = self.connection.prepare_cached(NAME)?;
                let mut name = |id: Option<i64>| {
                    select.query_row([id], |row| row.get::<_, Option<String>>(0)).optional().map(Option::flatten)
                };
                Ok(name(source)? == name(other)?)
            }
            Turn::Rest => Ok(true),
        }
    }

    fn update_beats(&mut self, rowid: i64, source: Option<i64>, row: &BeatList) -> rusqlite::Result<()> {
        self.ids.merge.import.claim_beats(rowid);
        let beats = self.batch.texts.get(row.beats);
        if lent::execute(self.connection, UPDATE, sql_values![rowid, source, beats])? > 0 {
            self.note_beats(row);
        }
        Ok(())
    }

    /// Notes a change that no count shows.
    fn note_beats(&mut self, row: &BeatList) {
        let key = ChangeKey::of_rows(self.upload.person, RowKind::BeatLists);
        self.ids.changes.note_span(key, Some((row.start_ms, row.end_ms.unwrap_or(row.start_ms))), false);
    }
}

/// The identity of a list that ends at this time. The text is canonical, so a rate follows its name, and ends at a comma or a
/// brace.
fn identity_of(end_ms: Option<i64>, beats: &str) -> Uuid {
    let mut rates = String::with_capacity(beats.len() / 8);
    for beat in beats.split("\"bpm\":").skip(1) {
        rates.push_str(beat.split([',', '}']).next().unwrap_or_default());
        rates.push(' ');
    }
    derive(&digest(&[&end_ms.unwrap_or(i64::MIN).to_le_bytes(), rates.as_bytes()]))
}

/// Whether a row of `hash`, `end_ms` and `beats` is as it was written. Version 1 had other digests.
pub(in crate::store) fn has_beats_digest(row: &Row<'_>) -> rusqlite::Result<bool> {
    let hash = row.get_ref(0)?.as_blob()?;
    let is_of_version_1 = <&Uuid>::try_from(hash).is_ok_and(|hash| !is_derived(hash));
    let mut identity = identity_of(row.get(1)?, row.get_ref(2)?.as_str()?);
    for _ in 1..BEATS_EQUAL_MAX {
        if is_of_version_1 || hash == identity {
            break;
        }
        identity = next(&identity);
    }
    Ok(is_of_version_1 || hash == identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_identify_a_list() {
        let list = identity_of(Some(1), r#"[{"bpm":61,"time":"10:00:01,25"},{"bpm":62,"time":"10:00:02,50"}]"#);
        let check = |end_ms: i64, beats: &str, expected| {
            assert_eq!(identity_of(Some(end_ms), beats) == list, expected, "{end_ms} {beats}");
        };
        check(1, r#"[{"bpm":61,"time":"9:00:01.25 AM"},{"bpm":62,"time":"\"bpm\":1"}]"#, true);
        check(1, r#"[{"time":"9:00:01.25 AM","bpm":61},{"bpm":62}]"#, true);
        check(2, r#"[{"bpm":61,"time":"10:00:01,25"},{"bpm":62,"time":"10:00:02,50"}]"#, false);
        check(1, r#"[{"bpm":62,"time":"10:00:01,25"},{"bpm":61,"time":"10:00:02,50"}]"#, false);
        check(1, r#"[{"bpm":61,"time":"10:00:01,25"}]"#, false);
    }
}
