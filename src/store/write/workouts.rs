//! Workouts and the locations of their routes.

use rusqlite::params;

use super::batch::BatchWriter;
use super::long_texts::{LongTexts, MOVED};
use super::merge::WorkoutKey;
use super::table::Column::{self, Cleared, First, Key, Value};
use super::table::Table;
use super::upsert::{SqlValue, Upsert, sql_values};
use crate::model::counts::Outcome;
use crate::model::record::{RoutePoint, Workout};

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
        Value("other"),
    ],
);

const POINT_COLUMNS: [Column; 13] = [
    Key("person_id"),
    Key("workout"),
    Key("time_ms"),
    Key("latitude"),
    Key("longitude"),
    // HealthKit gives a workout's routes in no order, so their numbers differ between uploads.
    First("route"),
    Value("altitude_m"),
    Value("speed_m_s"),
    Value("course_deg"),
    Value("horizontal_accuracy_m"),
    Value("vertical_accuracy_m"),
    Value("other"),
    Cleared("long_id"),
];

/// With the id of a long text.
const LONG_POINT_COLUMNS: [Column; 13] = {
    let mut columns = POINT_COLUMNS;
    columns[12] = Value("long_id");
    columns
};

pub(super) static ROUTE_POINTS: Table = Table::new("route_points", &POINT_COLUMNS);

/// Locations whose `other` is long.
pub(super) static LONG_ROUTE_POINTS: Table = Table::new("route_points", &LONG_POINT_COLUMNS);

const LONG_ID_OF_POINT: &str = "SELECT long_id FROM route_points
    WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3 AND latitude = ?4 AND longitude = ?5";

impl<'a> BatchWriter<'a> {
    pub(super) fn write_workouts(&mut self) -> rusqlite::Result<()> {
        let workouts = &self.batch.rows.workouts;
        if workouts.is_empty() {
            return Ok(());
        }
        let mut upsert = Upsert::new(self.connection, &WORKOUTS, self.ids.expects_known)?;
        for row in workouts {
            let outcome = self.write_workout(&mut upsert, row)?;
            self.counts.note(outcome);
        }
        self.counts.workouts += workouts.len() as u64;
        Ok(())
    }

    fn write_workout(&mut self, upsert: &mut Upsert<'a, 'a, 15>, row: &Workout) -> rusqlite::Result<Outcome> {
        let (connection, person) = (self.connection, self.upload.person);
        let source = self.source_id(row.source)?;
        let values = sql_values![
            person,
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
        let key = WorkoutKey { uuid, start_ms, end_ms, activity_type, source };
        let merge = &mut self.ids.merge.workouts;
        if merge.absorb(connection, person, &key, &values)? {
            return Ok(Outcome::Merged);
        }
        let outcome = upsert.write(values)?;
        if outcome == Outcome::New && merge.replace_derived(connection, person, &key)? {
            return Ok(Outcome::Merged);
        }
        Ok(outcome)
    }

    pub(super) fn write_route_points(&mut self) -> rusqlite::Result<()> {
        let points = &self.batch.rows.route_points;
        if points.is_empty() {
            return Ok(());
        }
        let mut upsert = Upsert::new(self.connection, &ROUTE_POINTS, self.ids.expects_known)?;
        for row in points {
            let outcome = self.write_route_point(&mut upsert, row)?;
            self.counts.note(outcome);
        }
        self.counts.route_points += points.len() as u64;
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    fn write_route_point(&mut self, upsert: &mut Upsert<'a, 'a, 12>, row: &RoutePoint) -> rusqlite::Result<Outcome> {
        let (connection, person) = (self.connection, self.upload.person);
        let merge = &mut self.ids.merge.workouts;
        if merge.has_others_point(connection, person, &row.workout, row.time_ms)? {
            return Ok(Outcome::Merged);
        }
        let other = self.text(row.other);
        let mut values = sql_values![
            person,
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
            other
        ];
        let outcome = if let Some(long) = LongTexts::of(None, other) {
            values[11] = MOVED.into();
            let key = params![person, &row.workout[..], row.time_ms, row.latitude, row.longitude];
            let id = long.id(connection, LONG_ID_OF_POINT, key)?;
            let mut with_id = [SqlValue::from(id); 13];
            with_id[..12].copy_from_slice(&values);
            Upsert::new(connection, &LONG_ROUTE_POINTS, self.ids.expects_known)?.write(with_id)?
        } else {
            upsert.write(values)?
        };
        let merge = &mut self.ids.merge.workouts;
        if outcome == Outcome::New && merge.replace_derived_points(connection, person, &row.workout, row.time_ms)? {
            return Ok(Outcome::Merged);
        }
        Ok(outcome)
    }
}
