//! Lists of beats. An export prints their times in the phone's zone and language, so their rates identify them.

use rusqlite::{Row, params};

use super::batch::BatchWriter;
use crate::model::identity::{derive, digest, is_derived};
use crate::model::limits::MATCH_ROWS_MAX;
use crate::model::record::Uuid;

const UPSERT: &str = "INSERT INTO beat_lists (person_id, start_ms, hash, end_ms, source_id, beats)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT DO UPDATE SET source_id = excluded.source_id, beats = excluded.beats
      WHERE (source_id, beats) IS NOT (excluded.source_id, excluded.beats)";

/// Version 1 identified a list by its source and its text.
const OF_VERSION_1: &str = "SELECT hash, beats FROM (
      SELECT hash, beats, end_ms FROM beat_lists WHERE person_id = ?1 AND start_ms = ?2 AND hash < x'6873' LIMIT ?4)
    WHERE end_ms IS ?3
    UNION ALL SELECT hash, beats FROM (
      SELECT hash, beats, end_ms FROM beat_lists WHERE person_id = ?1 AND start_ms = ?2 AND hash >= x'6874' LIMIT ?4)
    WHERE end_ms IS ?3";

const IDENTIFY: &str = "UPDATE OR IGNORE beat_lists SET hash = ?4 WHERE person_id = ?1 AND start_ms = ?2 AND hash = ?3";

impl BatchWriter<'_> {
    /// Writes beats, which are part of their sample and are not counted.
    pub(super) fn write_beat_lists(&mut self) -> rusqlite::Result<()> {
        let (connection, person) = (self.connection, self.upload.person);
        for row in &self.batch.rows.beat_lists {
            let source = self.source_id(row.source)?;
            let beats = self.batch.texts.get(row.beats);
            let identity = identity_of(row.end_ms, beats);
            let mut select = connection.prepare_cached(OF_VERSION_1)?;
            let mut rows = select.query(params![person, row.start_ms, row.end_ms, MATCH_ROWS_MAX])?;
            while let Some(found) = rows.next()? {
                let (hash, text): ([u8; 16], String) = (found.get(0)?, found.get(1)?);
                if identity_of(row.end_ms, &text) == identity {
                    let mut update = connection.prepare_cached(IDENTIFY)?;
                    update.execute(params![person, row.start_ms, &hash[..], &identity[..]])?;
                    break;
                }
            }
            let mut upsert = connection.prepare_cached(UPSERT)?;
            upsert.execute(params![person, row.start_ms, &identity[..], row.end_ms, source, beats])?;
        }
        Ok(())
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
    Ok(is_of_version_1 || hash == identity_of(row.get(1)?, row.get_ref(2)?.as_str()?))
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
