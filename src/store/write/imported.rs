//! Rows that only imports bring, into their tables.

use rusqlite::params;

use super::merge::{Details, Twin};
use super::upsert::{Sql, Upsert, cells};
use super::{BatchWriter, half_digest};
use crate::model::counts::Outcome;
use crate::model::identity::next;

const SAMPLES: Sql = Sql {
    insert: "INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, unit_id, source_id, metadata_id, metadata, other,
          creation_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    same: "SELECT 1 FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4
        AND end_ms IS ?5 AND value IS ?6 AND unit_id IS ?7 AND source_id IS ?8 AND other IS ?11 AND creation_ms IS ?12
        AND ((metadata_id IS ?9 AND metadata IS ?10)
          OR coalesce((SELECT json FROM shared_metadata WHERE id = samples.metadata_id), metadata)
            IS coalesce((SELECT json FROM shared_metadata WHERE id = ?9), ?10))",
    update: "UPDATE samples SET end_ms = ?5, value = ?6, unit_id = ?7, source_id = ?8, metadata_id = ?9, metadata = ?10, other = ?11,
          creation_ms = ?12
        WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4",
};

const SAMPLE_IS_THERE: &str =
    "SELECT 1 FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

const CORRELATIONS: Sql = Sql {
    insert: "INSERT INTO correlations (person_id, type, start_ms, uuid, end_ms, creation_ms, source_id, metadata, members, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
    same: "SELECT 1 FROM correlations WHERE person_id = ?1 AND type = ?2 AND start_ms = ?3 AND uuid = ?4 AND end_ms IS ?5
        AND creation_ms IS ?6 AND source_id IS ?7 AND metadata IS ?8 AND members IS ?9 AND other IS ?10",
    update: "UPDATE correlations SET end_ms = ?5, creation_ms = ?6, source_id = ?7, metadata = ?8, members = ?9, other = ?10
        WHERE person_id = ?1 AND type = ?2 AND start_ms = ?3 AND uuid = ?4",
};

const ACTIVITY_SUMMARIES: Sql = Sql {
    insert: "INSERT INTO activity_summaries (person_id, day, active_energy, active_energy_goal, move_min, move_goal_min, exercise_min,
          exercise_goal_min, stand_hours, stand_goal_hours, energy_unit, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    same: "SELECT 1 FROM activity_summaries WHERE person_id = ?1 AND day = ?2 AND active_energy IS ?3 AND active_energy_goal IS ?4
        AND move_min IS ?5 AND move_goal_min IS ?6 AND exercise_min IS ?7 AND exercise_goal_min IS ?8 AND stand_hours IS ?9
        AND stand_goal_hours IS ?10 AND energy_unit IS ?11 AND other IS ?12",
    update: "UPDATE activity_summaries SET active_energy = ?3, active_energy_goal = ?4, move_min = ?5, move_goal_min = ?6,
          exercise_min = ?7, exercise_goal_min = ?8, stand_hours = ?9, stand_goal_hours = ?10, energy_unit = ?11, other = ?12
        WHERE person_id = ?1 AND day = ?2",
};

const ELECTROCARDIOGRAMS: Sql = Sql {
    insert:
        "INSERT INTO electrocardiograms (person_id, start_ms, uuid, classification, rate_hz, unit, voltages, header)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    same:
        "SELECT 1 FROM electrocardiograms WHERE person_id = ?1 AND start_ms = ?2 AND uuid = ?3 AND classification IS ?4
        AND rate_hz IS ?5 AND unit IS ?6 AND voltages IS ?7 AND header IS ?8",
    update: "UPDATE electrocardiograms SET classification = ?4, rate_hz = ?5, unit = ?6, voltages = ?7, header = ?8
        WHERE person_id = ?1 AND start_ms = ?2 AND uuid = ?3",
};

const AGGREGATES: Sql = Sql {
    insert: "INSERT INTO aggregates (person_id, metric, start_ms, label, source, end_ms, unit, value, minimum, average, maximum, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    same: "SELECT 1 FROM aggregates WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5
        AND end_ms IS ?6 AND unit IS ?7 AND value IS ?8 AND minimum IS ?9 AND average IS ?10 AND maximum IS ?11 AND other IS ?12",
    update: "UPDATE aggregates SET end_ms = ?6, unit = ?7, value = ?8, minimum = ?9, average = ?10, maximum = ?11, other = ?12
        WHERE person_id = ?1 AND metric = ?2 AND start_ms = ?3 AND label = ?4 AND source = ?5",
};

const BEAT_LISTS: &str = "INSERT INTO beat_lists (person_id, start_ms, hash, end_ms, source_id, beats)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";

impl BatchWriter<'_> {
    pub(in crate::store) fn imported(&mut self, upload: i64) -> rusqlite::Result<()> {
        let rows = &self.batch.rows;
        let parts = rows.beat_lists.len() + rows.correlations.len() + rows.activity_summaries.len();
        if rows.derived_samples.len() + parts + rows.electrocardiograms.len() + rows.aggregates.len() == 0 {
            return Ok(());
        }
        self.ids.merge.enter(upload);
        if !self.batch.rows.derived_samples.is_empty() {
            self.derived_samples()?;
        }
        self.beat_lists()?;
        self.correlations()?;
        self.activity_summaries()?;
        self.electrocardiograms()?;
        self.aggregates()
    }

    fn derived_samples(&mut self) -> rusqlite::Result<()> {
        let samples = &self.batch.rows.derived_samples;
        let texts = &self.batch.texts;
        let (connection, person) = (self.connection, self.person);
        let mut upsert = Upsert::new(connection, &SAMPLES, self.ids.expects_known)?;
        for derived in samples {
            let row = &derived.sample;
            let ids = &mut *self.ids;
            let kind = ids.types.id(connection, texts, row.kind)?;
            let unit = ids.units.optional(connection, texts, row.unit)?;
            let source = ids.sources.optional(connection, texts, row.source)?;
            let shared = match row.metadata {
                Some(text) => ids.metadata_id(connection, texts, text)?,
                None => None,
            };
            let twin = Twin { kind, start_ms: row.start_ms, end_ms: row.end_ms, value: row.value, unit, source };
            let known = ids.merge.derived_sample(connection, person, kind, unit)?;
            let whole_metadata = row.metadata.map(|text| texts.get(text));
            let metadata = if shared.is_some() { None } else { whole_metadata };
            let other = row.other.map(|text| texts.get(text));
            let details = Details { creation_ms: derived.creation_ms, metadata: whole_metadata, other };
            let mut uuid = row.uuid;
            let outcome = loop {
                let may_be_known = known.has_app || known.has_other_unit;
                let is_there = may_be_known
                    && connection.prepare_cached(SAMPLE_IS_THERE)?.exists(params![
                        person,
                        kind,
                        row.start_ms,
                        &uuid[..]
                    ])?;
                let merge = &mut self.ids.merge;
                if known.has_app && !is_there && merge.is_absorbed(connection, person, &twin, details)? {
                    break Outcome::Merged;
                }
                if known.has_other_unit && !is_there && merge.is_in_other_unit(connection, person, &twin, details)? {
                    break Outcome::Unchanged;
                }
                let outcome = upsert.write(cells![
                    person,
                    kind,
                    row.start_ms,
                    uuid,
                    row.end_ms,
                    row.value,
                    unit,
                    source,
                    shared,
                    metadata,
                    other,
                    derived.creation_ms
                ])?;
                // Before this import there was none of the type, so the one that is there is an equal one of this import.
                if outcome == Outcome::New || !known.is_fresh {
                    break outcome;
                }
                uuid = next(&uuid);
            };
            self.counts.note(outcome);
        }
        self.counts.measurements += samples.len() as u64;
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    fn beat_lists(&mut self) -> rusqlite::Result<()> {
        let texts = &self.batch.texts;
        for row in &self.batch.rows.beat_lists {
            let source = self.ids.sources.optional(self.connection, texts, row.source)?;
            let beats = texts.get(row.beats);
            let hash = half_digest(&[self.text(row.source).unwrap_or_default(), beats]);
            let mut insert = self.connection.prepare_cached(BEAT_LISTS)?;
            insert.execute(params![self.person, row.start_ms, hash, row.end_ms, source, beats])?;
        }
        Ok(())
    }

    fn correlations(&mut self) -> rusqlite::Result<()> {
        let texts = &self.batch.texts;
        let rows = &self.batch.rows.correlations;
        if rows.is_empty() {
            return Ok(());
        }
        let mut upsert = Upsert::new(self.connection, &CORRELATIONS, self.ids.expects_known)?;
        for row in rows {
            let source = self.ids.sources.optional(self.connection, texts, row.source)?;
            let outcome = upsert.write(cells![
                self.person,
                texts.get(row.kind),
                row.start_ms,
                row.uuid,
                row.end_ms,
                row.creation_ms,
                source,
                self.text(row.metadata),
                texts.get(row.members),
                self.text(row.other)
            ])?;
            self.counts.note(outcome);
        }
        self.counts.other += rows.len() as u64;
        Ok(())
    }

    fn activity_summaries(&mut self) -> rusqlite::Result<()> {
        let texts = &self.batch.texts;
        let rows = &self.batch.rows.activity_summaries;
        if rows.is_empty() {
            return Ok(());
        }
        let mut upsert = Upsert::new(self.connection, &ACTIVITY_SUMMARIES, self.ids.expects_known)?;
        for row in rows {
            let [energy, energy_goal, moved, move_goal, exercise, exercise_goal, stand, stand_goal] = row.values;
            let outcome = upsert.write(cells![
                self.person,
                texts.get(row.day),
                energy,
                energy_goal,
                moved,
                move_goal,
                exercise,
                exercise_goal,
                stand,
                stand_goal,
                self.text(row.energy_unit),
                self.text(row.other)
            ])?;
            self.counts.note(outcome);
        }
        self.counts.other += rows.len() as u64;
        Ok(())
    }

    fn electrocardiograms(&mut self) -> rusqlite::Result<()> {
        let texts = &self.batch.texts;
        let rows = &self.batch.rows.electrocardiograms;
        if rows.is_empty() {
            return Ok(());
        }
        let mut upsert = Upsert::new(self.connection, &ELECTROCARDIOGRAMS, self.ids.expects_known)?;
        for row in rows {
            let outcome = upsert.write(cells![
                self.person,
                row.start_ms,
                row.uuid,
                self.text(row.classification),
                row.rate_hz,
                self.text(row.unit),
                texts.get(row.voltages),
                texts.get(row.header)
            ])?;
            self.counts.note(outcome);
        }
        self.counts.other += rows.len() as u64;
        Ok(())
    }

    fn aggregates(&mut self) -> rusqlite::Result<()> {
        let texts = &self.batch.texts;
        let rows = &self.batch.rows.aggregates;
        if rows.is_empty() {
            return Ok(());
        }
        let mut upsert = Upsert::new(self.connection, &AGGREGATES, self.ids.expects_known)?;
        for row in rows {
            let [value, minimum, average, maximum] = row.values;
            let outcome = upsert.write(cells![
                self.person,
                texts.get(row.metric),
                row.start_ms,
                texts.get(row.label),
                texts.get(row.source),
                row.end_ms,
                self.text(row.unit),
                value,
                minimum,
                average,
                maximum,
                self.text(row.other)
            ])?;
            self.counts.note(outcome);
        }
        self.counts.other += rows.len() as u64;
        Ok(())
    }
}
