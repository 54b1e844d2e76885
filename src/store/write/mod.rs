//! A batch's rows into their tables.

mod dictionary;
mod imported;
pub(super) mod ledger;
mod merge;
pub(super) mod upsert;

use rusqlite::{Connection, params};

use crate::model::batch::Batch;
use crate::model::counts::{Counts, Outcome};
use crate::model::error::Result;
use crate::model::limits::REJECTS_PER_UPLOAD_MAX;
use crate::model::record::{Reject, Workout};
use crate::model::text::{TextId, Texts};
use crate::store::Store;
use dictionary::{Dictionary, SharedMetadata};
use ledger::{UploadKey, signed};
use merge::{Merge, Position, Twin};
use upsert::{Sql, Upsert, cells};

/// Ids of texts, for all batches and for the one under way.
#[derive(Debug)]
pub(in crate::store) struct Ids {
    pub(in crate::store) types: Role,
    pub(in crate::store) units: Role,
    pub(in crate::store) sources: Role,
    metadata: SharedMetadata,
    /// For each text of the batch: known not to be shared is not remembered, since a second sight changes it.
    batch_metadata: Vec<Option<i64>>,
    /// Whether the rows before were known: a re-send goes on as it began.
    pub(in crate::store) expects_known: bool,
    /// What is known of rows that two exporters may both bring.
    pub(in crate::store) merge: Merge,
}

/// A dictionary, and the ids of the batch's texts in it.
#[derive(Debug)]
pub(in crate::store) struct Role {
    dictionary: Dictionary,
    batch: Vec<Option<i64>>,
}

impl Role {
    fn new(dictionary: Dictionary) -> Self {
        Self { dictionary, batch: Vec::new() }
    }

    fn begin(&mut self, texts: &Texts) {
        self.batch.clear();
        self.batch.resize(texts.len(), None);
    }

    pub(in crate::store) fn id(
        &mut self,
        connection: &Connection,
        texts: &Texts,
        text: TextId,
    ) -> rusqlite::Result<i64> {
        if let Some(id) = self.batch[text.index()] {
            return Ok(id);
        }
        let id = self.dictionary.id(connection, texts.get(text))?;
        self.batch[text.index()] = Some(id);
        Ok(id)
    }

    pub(in crate::store) fn optional(
        &mut self,
        connection: &Connection,
        texts: &Texts,
        text: Option<TextId>,
    ) -> rusqlite::Result<Option<i64>> {
        text.map(|text| self.id(connection, texts, text)).transpose()
    }
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            types: Role::new(Dictionary::types()),
            units: Role::new(Dictionary::units()),
            sources: Role::new(Dictionary::sources()),
            metadata: SharedMetadata::default(),
            batch_metadata: Vec::new(),
            expects_known: false,
            merge: Merge::default(),
        }
    }
}

impl Ids {
    pub(in crate::store) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self { metadata: SharedMetadata::load(connection)?, ..Self::default() })
    }

    fn begin(&mut self, texts: &Texts) {
        for role in [&mut self.types, &mut self.units, &mut self.sources] {
            role.begin(texts);
        }
        self.batch_metadata.clear();
        self.batch_metadata.resize(texts.len(), None);
    }

    /// The id of a metadata text if it is shared.
    pub(in crate::store) fn metadata_id(
        &mut self,
        connection: &Connection,
        texts: &Texts,
        text: TextId,
    ) -> rusqlite::Result<Option<i64>> {
        let known = &mut self.batch_metadata[text.index()];
        if known.is_none() {
            *known = self.metadata.id(connection, texts.get(text))?;
        }
        Ok(*known)
    }
}

impl Store {
    /// Writes a batch's rows. `ordinal` numbers the upload's rejects and goes on from batch to batch.
    pub(crate) fn write(&mut self, upload: UploadKey, now_ms: i64, ordinal: &mut u64, batch: &Batch) -> Result<Counts> {
        let Self { connection, ids, .. } = self;
        ids.begin(&batch.texts);
        let mut writer = BatchWriter { connection, ids, batch, person: upload.person, counts: Counts::default() };
        let written = writer.write(upload.id, now_ms, ordinal);
        let counts = writer.counts;
        written.map(|()| counts).map_err(|error| self.failed(&error))
    }
}

pub(in crate::store) struct BatchWriter<'a> {
    pub(in crate::store) connection: &'a Connection,
    pub(in crate::store) ids: &'a mut Ids,
    pub(in crate::store) batch: &'a Batch,
    pub(in crate::store) person: i64,
    pub(in crate::store) counts: Counts,
}

const SAMPLES: Sql = Sql {
    insert: "INSERT INTO samples (person_id, type_id, start_ms, uuid, end_ms, value, unit_id, source_id, metadata_id, metadata, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
    // Metadata that became shared after the row was written is the same metadata.
    same: "SELECT 1 FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4
        AND end_ms IS ?5 AND value IS ?6 AND unit_id IS ?7 AND source_id IS ?8 AND other IS ?11
        AND ((metadata_id IS ?9 AND metadata IS ?10)
          OR coalesce((SELECT json FROM shared_metadata WHERE id = samples.metadata_id), metadata)
            IS coalesce((SELECT json FROM shared_metadata WHERE id = ?9), ?10))",
    update: "UPDATE samples SET end_ms = ?5, value = ?6, unit_id = ?7, source_id = ?8, metadata_id = ?9, metadata = ?10, other = ?11
        WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4",
};

const WORKOUTS: Sql = Sql {
    insert: "INSERT INTO workouts (person_id, uuid, activity_type, start_ms, end_ms, duration_s, energy_kcal, distance,
          distance_unit, statistics, events, activities, metadata, source_id, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT DO NOTHING",
    same: "SELECT 1 FROM workouts WHERE person_id = ?1 AND uuid = ?2 AND activity_type IS ?3 AND start_ms IS ?4
        AND end_ms IS ?5 AND duration_s IS ?6 AND energy_kcal IS ?7 AND distance IS ?8 AND distance_unit IS ?9
        AND statistics IS ?10 AND events IS ?11 AND activities IS ?12 AND metadata IS ?13 AND source_id IS ?14 AND other IS ?15",
    update: "UPDATE workouts SET activity_type = ?3, start_ms = ?4, end_ms = ?5, duration_s = ?6, energy_kcal = ?7, distance = ?8,
          distance_unit = ?9, statistics = ?10, events = ?11, activities = ?12, metadata = ?13, source_id = ?14, other = ?15
        WHERE person_id = ?1 AND uuid = ?2",
};

const ROUTE_POINTS: Sql = Sql {
    insert: "INSERT INTO route_points (person_id, workout, time_ms, latitude, longitude, route, altitude_m, speed_m_s, course_deg,
          horizontal_accuracy_m, vertical_accuracy_m, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    // The number of the route is as first sent: HealthKit gives a workout's routes in no order. `?6 IS ?6` only binds it.
    same: "SELECT 1 FROM route_points WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3 AND latitude = ?4 AND longitude = ?5
        AND ?6 IS ?6 AND altitude_m IS ?7 AND speed_m_s IS ?8 AND course_deg IS ?9 AND horizontal_accuracy_m IS ?10
        AND vertical_accuracy_m IS ?11 AND other IS ?12",
    update: "UPDATE route_points SET altitude_m = ?7, speed_m_s = ?8, course_deg = ?9, horizontal_accuracy_m = ?10,
          vertical_accuracy_m = ?11, other = ?12
        WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3 AND latitude = ?4 AND longitude = ?5 AND ?6 IS ?6",
};

const DOSES: Sql = Sql {
    insert: "INSERT INTO medication_doses (person_id, uuid, medication, nickname, schedule_type, log_status, quantity, unit, start_ms,
          end_ms, scheduled_ms, metadata, source_id, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING",
    same: "SELECT 1 FROM medication_doses WHERE person_id = ?1 AND uuid = ?2 AND medication IS ?3 AND nickname IS ?4
        AND schedule_type IS ?5 AND log_status IS ?6 AND quantity IS ?7 AND unit IS ?8 AND start_ms IS ?9 AND end_ms IS ?10
        AND scheduled_ms IS ?11 AND metadata IS ?12 AND source_id IS ?13 AND other IS ?14",
    update: "UPDATE medication_doses SET medication = ?3, nickname = ?4, schedule_type = ?5, log_status = ?6, quantity = ?7, unit = ?8,
          start_ms = ?9, end_ms = ?10, scheduled_ms = ?11, metadata = ?12, source_id = ?13, other = ?14
        WHERE person_id = ?1 AND uuid = ?2",
};

const MEDICATIONS: Sql = Sql {
    insert:
        "INSERT INTO medications (person_id, display_text, general_form, nickname, is_archived, has_schedule, other)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    same:
        "SELECT 1 FROM medications WHERE person_id = ?1 AND display_text = ?2 AND general_form = ?3 AND nickname IS ?4
        AND is_archived IS ?5 AND has_schedule IS ?6 AND other IS ?7",
    update: "UPDATE medications SET nickname = ?4, is_archived = ?5, has_schedule = ?6, other = ?7
        WHERE person_id = ?1 AND display_text = ?2 AND general_form = ?3",
};

const OTHER_RECORDS: &str = "INSERT INTO other_records (person_id, section, hash, json, in_data, upload_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";

const CHARACTERISTICS: &str = "INSERT INTO characteristics (person_id, key, value, first_seen_ms, last_seen_ms)
    VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO UPDATE SET
      first_seen_ms = iif(value = excluded.value, first_seen_ms, excluded.first_seen_ms),
      last_seen_ms = excluded.last_seen_ms, value = excluded.value";

impl<'a> BatchWriter<'a> {
    fn write(&mut self, upload: i64, now_ms: i64, ordinal: &mut u64) -> rusqlite::Result<()> {
        if !self.batch.rows.samples.is_empty() {
            self.samples()?;
        }
        if !self.batch.rows.workouts.is_empty() {
            self.workouts()?;
        }
        if !self.batch.rows.route_points.is_empty() {
            self.route_points()?;
        }
        if !self.batch.rows.doses.is_empty() {
            self.doses()?;
        }
        if !self.batch.rows.medications.is_empty() {
            self.medications()?;
        }
        self.imported(upload)?;
        self.characteristics(now_ms)?;
        self.others(upload)?;
        self.rejects(upload, ordinal)?;
        self.ids.merge.workouts.enter_removed(self.connection, upload)
    }

    pub(in crate::store) fn text(&self, text: Option<TextId>) -> Option<&'a str> {
        text.map(|text| self.batch.texts.get(text))
    }

    fn samples(&mut self) -> rusqlite::Result<()> {
        let (samples, texts) = (&self.batch.rows.samples, &self.batch.texts);
        let mut upsert = Upsert::new(self.connection, &SAMPLES, self.ids.expects_known)?;
        for row in samples {
            let ids = &mut *self.ids;
            let kind = ids.types.id(self.connection, texts, row.kind)?;
            let unit = ids.units.optional(self.connection, texts, row.unit)?;
            let source = ids.sources.optional(self.connection, texts, row.source)?;
            let shared = match row.metadata {
                Some(text) => ids.metadata_id(self.connection, texts, text)?,
                None => None,
            };
            let metadata = if shared.is_some() { None } else { self.text(row.metadata) };
            let outcome = upsert.write(cells![
                self.person,
                kind,
                row.start_ms,
                row.uuid,
                row.end_ms,
                row.value,
                unit,
                source,
                shared,
                metadata,
                self.text(row.other)
            ])?;
            let outcome = match outcome {
                Outcome::New => {
                    let sample =
                        Twin { kind, start_ms: row.start_ms, end_ms: row.end_ms, value: row.value, unit, source };
                    let takes_place = self.ids.merge.app_sample(
                        self.connection,
                        self.person,
                        &row.uuid,
                        &sample,
                        self.text(row.metadata),
                    )?;
                    if takes_place { Outcome::Merged } else { Outcome::New }
                }
                known => known,
            };
            self.counts.note(outcome);
        }
        self.counts.measurements += samples.len() as u64;
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    fn workouts(&mut self) -> rusqlite::Result<()> {
        let (workouts, texts) = (&self.batch.rows.workouts, &self.batch.texts);
        let mut upsert = Upsert::new(self.connection, &WORKOUTS, self.ids.expects_known)?;
        for row in workouts {
            let source = self.ids.sources.optional(self.connection, texts, row.source)?;
            let columns = cells![
                self.person,
                row.uuid,
                row.activity_type,
                row.start_ms,
                row.end_ms,
                row.duration_s,
                row.energy_kcal,
                row.distance,
                self.text(row.distance_unit),
                self.text(row.statistics),
                self.text(row.events),
                self.text(row.activities),
                self.text(row.metadata),
                source,
                self.text(row.other)
            ];
            let &Workout { uuid, activity_type, start_ms, end_ms, .. } = row;
            let position = Position { uuid, start_ms, end_ms, activity_type, source };
            let (connection, person, merged) = (self.connection, self.person, &mut self.ids.merge.workouts);
            let outcome = if merged.is_absorbed(connection, person, &position, &columns)? {
                Outcome::Merged
            } else {
                match upsert.write(columns)? {
                    Outcome::New if merged.takes_place(connection, person, &position)? => Outcome::Merged,
                    outcome => outcome,
                }
            };
            self.counts.note(outcome);
        }
        self.counts.workouts += workouts.len() as u64;
        Ok(())
    }

    fn route_points(&mut self) -> rusqlite::Result<()> {
        let points = &self.batch.rows.route_points;
        let mut upsert = Upsert::new(self.connection, &ROUTE_POINTS, self.ids.expects_known)?;
        for row in points {
            let merged = &mut self.ids.merge.workouts;
            if merged.is_point_absorbed(self.connection, self.person, &row.workout, row.time_ms)? {
                self.counts.note(Outcome::Merged);
                continue;
            }
            let outcome = upsert.write(cells![
                self.person,
                row.workout,
                row.time_ms,
                row.latitude,
                row.longitude,
                row.route,
                row.altitude_m,
                row.speed_m_s,
                row.course_deg,
                row.horizontal_accuracy_m,
                row.vertical_accuracy_m,
                self.text(row.other)
            ])?;
            let merged = &mut self.ids.merge.workouts;
            let outcome = match outcome {
                Outcome::New
                    if merged.takes_point_place(self.connection, self.person, &row.workout, row.time_ms)? =>
                {
                    Outcome::Merged
                }
                outcome => outcome,
            };
            self.counts.note(outcome);
        }
        self.counts.route_points += points.len() as u64;
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    fn doses(&mut self) -> rusqlite::Result<()> {
        let (doses, texts) = (&self.batch.rows.doses, &self.batch.texts);
        let mut upsert = Upsert::new(self.connection, &DOSES, self.ids.expects_known)?;
        for row in doses {
            let source = self.ids.sources.optional(self.connection, texts, row.source)?;
            let outcome = upsert.write(cells![
                self.person,
                row.uuid,
                self.text(row.medication),
                self.text(row.nickname),
                row.schedule_type,
                row.log_status,
                row.quantity,
                self.text(row.unit),
                row.start_ms,
                row.end_ms,
                row.scheduled_ms,
                self.text(row.metadata),
                source,
                self.text(row.other)
            ])?;
            self.counts.note(outcome);
        }
        self.counts.medications += doses.len() as u64;
        Ok(())
    }

    fn medications(&mut self) -> rusqlite::Result<()> {
        let (medications, texts) = (&self.batch.rows.medications, &self.batch.texts);
        let mut upsert = Upsert::new(self.connection, &MEDICATIONS, self.ids.expects_known)?;
        for row in medications {
            let outcome = upsert.write(cells![
                self.person,
                texts.get(row.display_text),
                texts.get(row.general_form),
                self.text(row.nickname),
                row.is_archived,
                row.has_schedule,
                self.text(row.other)
            ])?;
            self.counts.note(outcome);
        }
        self.counts.medications += medications.len() as u64;
        Ok(())
    }

    fn characteristics(&mut self, now_ms: i64) -> rusqlite::Result<()> {
        let (characteristics, texts) = (&self.batch.rows.characteristics, &self.batch.texts);
        for row in characteristics {
            let mut upsert = self.connection.prepare_cached(CHARACTERISTICS)?;
            upsert.execute(params![self.person, texts.get(row.key), texts.get(row.value), now_ms])?;
        }
        Ok(())
    }

    fn others(&mut self, upload: i64) -> rusqlite::Result<()> {
        let (others, texts) = (&self.batch.rows.others, &self.batch.texts);
        for row in others {
            let json = texts.get(row.json);
            let mut insert = self.connection.prepare_cached(OTHER_RECORDS)?;
            let (section, hash) = (texts.get(row.section), half_digest(&[json]));
            let is_new = insert.execute(params![self.person, section, hash, json, row.in_data, upload])? == 1;
            if row.in_data {
                self.counts.other += 1;
                self.counts.note(if is_new { Outcome::New } else { Outcome::Unchanged });
            }
        }
        Ok(())
    }

    /// Keeps rejects up to the limit; of those behind it only the number.
    fn rejects(&mut self, upload: i64, ordinal: &mut u64) -> rusqlite::Result<()> {
        let (rejects, texts) = (&self.batch.rows.rejects, &self.batch.texts);
        let last = "more elements were rejected than are kept: this one and those behind it are only counted";
        for row in rejects {
            let (section, raw) = (texts.get(row.section), texts.get(row.raw));
            if *ordinal < REJECTS_PER_UPLOAD_MAX {
                self.reject(upload, *ordinal, row, [section, texts.get(row.reason), raw])?;
            } else if *ordinal == REJECTS_PER_UPLOAD_MAX {
                self.reject(upload, *ordinal, row, [section, last, ""])?;
            }
            *ordinal += 1;
        }
        self.counts.rejected += rejects.len() as u64;
        Ok(())
    }

    fn reject(&self, upload: i64, ordinal: u64, row: &Reject, texts: [&str; 3]) -> rusqlite::Result<()> {
        let hash = half_digest(&texts);
        // The same bad element comes with every re-send: it is kept once.
        let mut delete = self.connection.prepare_cached(
            "DELETE FROM rejects WHERE hash = ?1 AND person_id = ?2 AND upload_id < ?3 AND raw_bytes = ?4",
        )?;
        delete.execute(params![hash, self.person, upload, signed(row.raw_bytes)])?;
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO rejects (upload_id, ordinal, person_id, section, reason, raw, element_index, byte_offset, raw_bytes, hash)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        let [section, reason, raw] = texts;
        let (index, offset, raw_bytes) = (row.index.map(signed), signed(row.offset), signed(row.raw_bytes));
        insert.execute(params![
            upload,
            signed(ordinal),
            self.person,
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

/// Half of a BLAKE3 digest: 128 bits tell contents apart.
pub(in crate::store) fn half_digest(parts: &[&str]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    half
}
