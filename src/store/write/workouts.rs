//! Workouts.

use super::batch::BatchWriter;
use super::merge::{Arrival, Met, Pass, WORKOUT_COLUMNS, WorkoutFound, WorkoutKey, WorkoutUpload};
use super::sql_value::{SqlValue, sql_values};
use super::table::Column::{First, Key, Value};
use super::table::Table;
use super::upsert::Upsert;
use crate::model::counts::Outcome;
use crate::model::identity::is_derived;
use crate::model::record::{Uuid, Workout};

pub(super) static WORKOUTS: Table = Table::new(
    "workouts",
    &[
        Key("person_id"),
        Key("uuid"),
        Value("activity_type"),
        Value("start_ms"),
        Value("end_ms"),
        Value("duration_s"),
        Value("energy_kcal"),
        Value("distance"),
        Value("distance_unit"),
        Value("statistics"),
        Value("events"),
        Value("activities"),
        Value("metadata"),
        Value("source_id"),
        First("creation_ms"),
        Value("other"),
    ],
);

/// What Apple's export has in `other` of a workout with a route.
const ROUTE: &str = "\"WorkoutRoute\"";

impl<'a> BatchWriter<'a> {
    pub(super) fn write_workouts(&mut self) -> rusqlite::Result<()> {
        let workouts = &self.batch.rows.workouts;
        if workouts.is_empty() {
            return Ok(());
        }
        let mut import = self.ids.merge.workouts.take_import(self.upload.id);
        let written = self.write_in_passes(&mut import);
        self.ids.merge.workouts.put_import(import);
        self.counts.workouts += workouts.len() as u64;
        written
    }

    fn write_in_passes(&mut self, import: &mut WorkoutUpload) -> rusqlite::Result<()> {
        let mut upsert = Upsert::new(self.connection, &WORKOUTS, self.ids.expects_known)?;
        let mut waiting: Vec<&Workout> = self.batch.rows.workouts.iter().collect();
        for pass in Pass::ALL {
            let mut later = Vec::new();
            for row in waiting {
                let arrival = self.arrival(row)?;
                let outcome = if is_derived(&row.uuid) {
                    self.write_imported(&mut upsert, import, &arrival, pass)?
                } else {
                    self.write_of_app(&mut upsert, import, &arrival, pass)?
                };
                match outcome {
                    Some(outcome) => self.counts.note(outcome),
                    None => later.push(row),
                }
            }
            waiting = later;
        }
        // Locations may have come before their workout.
        for row in &self.batch.rows.workouts {
            let (connection, person) = (self.connection, self.upload.person);
            self.ids.merge.workouts.pair_by_stored_route(connection, person, import, &row.uuid)?;
            self.ids.merge.workouts.find_lone_routes(connection, person, import, &row.uuid)?;
        }
        Ok(())
    }

    fn arrival(&mut self, row: &Workout) -> rusqlite::Result<Arrival<'a, 'a>> {
        let source = self.source_id(row.source)?;
        let values = sql_values![
            self.upload.person,
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
            row.creation_ms,
            self.text(row.other)
        ];
        let &Workout { uuid, healthkit, activity_type, start_ms, end_ms, creation_ms, .. } = row;
        let key = WorkoutKey { uuid, healthkit, start_ms, end_ms, activity_type, source, creation_ms };
        let same_row = &WORKOUTS.statements().same;
        let has_route = self.text(row.other).is_some_and(|other| other.contains(ROUTE));
        Ok(Arrival { connection: self.connection, upload: self.upload, key, row: values, has_route, same_row })
    }

    /// Writes a workout of the app. Returns nothing if a later pass decides whether it replaces an import's.
    fn write_of_app(
        &mut self,
        upsert: &mut WorkoutUpsert<'a>,
        import: &mut WorkoutUpload,
        arrival: &Arrival<'a, 'a>,
        pass: Pass,
    ) -> rusqlite::Result<Option<Outcome>> {
        if pass == Pass::Identity {
            let outcome = self.put(upsert, &arrival.row, &arrival.key.uuid)?;
            if outcome != Outcome::New {
                return Ok(Some(outcome));
            }
        }
        Ok(match self.ids.merge.workouts.meet(arrival, import, pass)? {
            Met::Later => None,
            Met::Other => Some(Outcome::Merged),
            Met::Nobody => Some(Outcome::New),
        })
    }

    /// Writes a row, and remembers the time that it had.
    fn put(
        &mut self,
        upsert: &mut WorkoutUpsert<'a>,
        row: &[SqlValue<'a>; WORKOUT_COLUMNS],
        uuid: &Uuid,
    ) -> rusqlite::Result<Outcome> {
        let (connection, person) = (self.connection, self.upload.person);
        upsert.write_after(row, || self.ids.merge.workouts.note_replaced(connection, person, uuid))
    }

    /// Writes a workout of an import. Returns nothing if a later pass decides which stored one it is.
    fn write_imported(
        &mut self,
        upsert: &mut WorkoutUpsert<'a>,
        import: &mut WorkoutUpload,
        arrival: &Arrival<'a, 'a>,
        pass: Pass,
    ) -> rusqlite::Result<Option<Outcome>> {
        let mut row = arrival.row;
        match self.ids.merge.workouts.find(arrival, import, pass)? {
            WorkoutFound::Later => Ok(None),
            WorkoutFound::Absorbed => Ok(Some(Outcome::Merged)),
            WorkoutFound::Stored(uuid) => {
                row[1] = SqlValue::Uuid(uuid);
                if arrival.key.activity_type.is_none() {
                    // A title that is not known says nothing against one that is.
                    row[2] = arrival.known_activity(&uuid)?.map_or(SqlValue::Null, SqlValue::Integer);
                }
                self.put(upsert, &row, &uuid).map(Some)
            }
            WorkoutFound::New(uuid, replaced) => {
                row[1] = SqlValue::Uuid(uuid);
                let outcome = self.put(upsert, &row, &uuid)?;
                let Some(replaced) = replaced else {
                    return Ok(Some(outcome));
                };
                let (connection, person) = (self.connection, self.upload.person);
                self.ids.merge.workouts.replace(connection, person, import, &replaced, &uuid)?;
                Ok(Some(Outcome::Merged))
            }
        }
    }
}

type WorkoutUpsert<'a> = Upsert<'a, 'a, WORKOUT_COLUMNS>;
