//! Gives the samples of one person to another. A type that the other person lacks moves as it is. Otherwise each sample is written
//! again, as an upload or an import would: what both exporters brought becomes one.

use rusqlite::{Row, params};

use super::marks;
use super::tables::{self, Changed, SAMPLES};
use super::transfer::Transfer;
use crate::model::batch::Batch;
use crate::model::error::Result;
use crate::model::identity::is_derived;
use crate::model::record::{DerivedSample, Sample, Uuid};
use crate::store::tables::TableName;

/// Samples of a type, with the texts that their rows refer to, and whether the other person has the same identity.
const SELECT: &str = "SELECT s.start_ms, s.uuid, s.end_ms, s.value, u.name, o.json, coalesce(m.json, s.metadata, l.metadata),
      iif(l.id IS NULL, s.other, l.other), s.creation_ms,
      EXISTS (SELECT 1 FROM samples i WHERE i.person_id = ?3 AND i.type_id = s.type_id AND i.start_ms = s.start_ms AND i.uuid = s.uuid),
      s.import_number
    FROM samples s LEFT JOIN units u ON u.id = s.unit_id LEFT JOIN sources o ON o.id = s.source_id
    LEFT JOIN shared_metadata m ON m.id = s.metadata_id LEFT JOIN long_texts l ON l.id = CAST(s.other AS INTEGER)
    WHERE s.person_id = ?1 AND s.type_id = ?2 ORDER BY s.start_ms, s.uuid";

/// Passes on what an import has added to a sample of the app. The row that loses its number leaves a gap, which is closed at the end.
const PASS_ON: &str = "UPDATE samples AS i SET creation_ms = coalesce(i.creation_ms, s.creation_ms),
      import_number = coalesce(i.import_number, s.import_number)
    FROM samples s WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms = ?3 AND s.uuid = ?4
      AND i.person_id = ?5 AND i.type_id = ?2 AND i.start_ms = ?3 AND i.uuid = ?4";

const PASS_DETAILS_ON: &str = "UPDATE OR IGNORE merged_samples SET person_id = ?5
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

/// Samples that were read for a batch.
#[derive(Default)]
struct Part {
    app: Batch,
    imported: Batch,
    /// The last one.
    last: Option<(i64, Uuid)>,
    /// Samples of the app that an import has matched, with their numbers.
    matched: Vec<(i64, Uuid, i64)>,
    /// Samples of the app that the other person also has.
    known: u64,
}

/// Gives all samples to the other person.
pub(super) fn give(transfer: &mut Transfer<'_>) -> Result<()> {
    let kinds = transfer.sql(|connection, from, _| {
        let sql = "SELECT DISTINCT t.id, t.name FROM sample_origins o JOIN types t ON t.id = o.type_id WHERE o.person_id = ?1";
        let mut select = connection.prepare(sql)?;
        select.query_map([from], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(i64, String)>>>()
    })?;
    let has_samples = transfer.sql(|connection, _, into| tables::has_rows(connection, SAMPLES.name, into))?;
    marks::leave_known(transfer)?;
    for (kind, name) in &kinds {
        let has_type = transfer.sql(|connection, _, into| {
            let sql = "SELECT 1 FROM samples WHERE person_id = ?1 AND type_id = ?2 LIMIT 1";
            connection.prepare(sql)?.exists([into, *kind])
        })?;
        if has_type {
            give_one_by_one(transfer, *kind, name)?;
        } else {
            give_as_they_are(transfer, *kind)?;
        }
    }
    settle(transfer)?;
    marks::give(transfer)?;
    for (kind, _) in kinds.iter().filter(|_| has_samples) {
        marks::forget_numbers(transfer, *kind)?;
    }
    transfer
        .sql(|connection, from, _| connection.execute("DELETE FROM sample_origins WHERE person_id = ?1", [from]))?;
    Ok(())
}

fn settle(transfer: &mut Transfer<'_>) -> Result<()> {
    while transfer.store.has_waiting(transfer.upload.id) {
        let counts = transfer.store.settle(transfer.upload, transfer.now_ms)?;
        transfer.counts += counts.unwrap_or_default();
    }
    Ok(())
}

fn give_as_they_are(transfer: &mut Transfer<'_>, kind: i64) -> Result<()> {
    let filter = format!("type_id = {kind}");
    transfer.sql(|connection, from, into| {
        tables::named(TableName::MergedSamples).within_first_key().move_rows(connection, (from, into), &filter)?;
        let sql = "INSERT OR IGNORE INTO sample_origins SELECT ?2, type_id, is_derived, unit_id FROM sample_origins
            WHERE person_id = ?1 AND type_id = ?3";
        connection.execute(sql, [from, into, kind])
    })?;
    let moved = transfer.move_samples(SAMPLES.within_first_key(), &filter)?;
    transfer.note(SAMPLES.ledger, moved);
    Ok(())
}

fn give_one_by_one(transfer: &mut Transfer<'_>, kind: i64, name: &str) -> Result<()> {
    loop {
        let mut part = transfer.sql(|connection, from, into| read(connection, (from, into), kind, name))?;
        let Some((start_ms, uuid)) = part.last else {
            return Ok(());
        };
        transfer.note(SAMPLES.ledger, Changed { moved: 0, deleted: part.known });
        transfer.write(&mut part.app)?;
        // Those of a crowd have waited for the others of their second.
        settle(transfer)?;
        pass_on(transfer, kind, &part)?;
        transfer.write(&mut part.imported)?;
        transfer.sql(|connection, from, _| {
            for table in ["merged_samples", "samples"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE person_id = ?1 AND type_id = ?2 AND (start_ms, uuid) <= (?3, ?4)"
                );
                connection.prepare_cached(&sql)?.execute(params![from, kind, start_ms, &uuid[..]])?;
            }
            Ok(())
        })?;
    }
}

/// Passes on what imports have added to samples of the app. Their records claim these rows: an equal record stays another.
fn pass_on(transfer: &mut Transfer<'_>, kind: i64, part: &Part) -> Result<()> {
    if part.matched.is_empty() {
        return Ok(());
    }
    let upload = transfer.upload.id;
    let store = &mut *transfer.store;
    let begun = store.ids.merge.begin_import(&store.connection, upload);
    begun.map_err(|error| store.failed(&error))?;
    for (_, _, number) in &part.matched {
        store.ids.merge.import.claim(*number);
    }
    // It may remember rows without their numbers.
    store.ids.merge.forget_second();
    transfer.sql(|connection, from, into| {
        for (start_ms, uuid, _) in &part.matched {
            let values = params![from, kind, start_ms, &uuid[..], into];
            connection.prepare_cached(PASS_ON)?.execute(values)?;
            connection.prepare_cached(PASS_DETAILS_ON)?.execute(values)?;
        }
        Ok(())
    })
}

fn read(connection: &rusqlite::Connection, (from, into): (i64, i64), kind: i64, name: &str) -> rusqlite::Result<Part> {
    let mut part = Part::default();
    let mut select = connection.prepare_cached(SELECT)?;
    let mut rows = select.query([from, kind, into])?;
    while !part.app.is_full()
        && !part.imported.is_full()
        && let Some(row) = rows.next()?
    {
        part.add(row, name)?;
    }
    Ok(part)
}

impl Part {
    fn add(&mut self, row: &Row<'_>, name: &str) -> rusqlite::Result<()> {
        let (start_ms, uuid): (i64, Uuid) = (row.get(0)?, row.get(1)?);
        self.last = Some((start_ms, uuid));
        let is_imported = is_derived(&uuid);
        if !is_imported && let Some(number) = row.get(10)? {
            self.matched.push((start_ms, uuid, number));
        }
        if !is_imported && row.get(9)? {
            self.known += 1;
            return Ok(());
        }
        let batch = if is_imported { &mut self.imported } else { &mut self.app };
        let mut text = |column: usize| -> rusqlite::Result<_> {
            Ok(row.get_ref(column)?.as_str_or_null()?.map(|text| batch.texts.intern(text)))
        };
        let (unit, source, metadata, other) = (text(4)?, text(5)?, text(6)?, text(7)?);
        let kind = batch.texts.intern(name);
        let (end_ms, value) = (row.get(2)?, row.get(3)?);
        let sample = Sample { kind, uuid, start_ms, end_ms, value, unit, source, metadata, other };
        if is_imported {
            batch.rows.derived_samples.push(DerivedSample { sample, creation_ms: row.get(8)? });
        } else {
            batch.rows.samples.push(sample);
        }
        Ok(())
    }
}
