//! Locations of workouts' routes.

use super::batch::BatchWriter;
use super::insert::Inserts;
use super::long_texts::LongTexts;
use super::merge::{Location, WorkoutUpload};
use super::sql_value::sql_values;
use super::table::Column::{self, First, Key, Value};
use super::table::Table;
use super::upsert::Upsert;
use crate::model::counts::Outcome;
use crate::model::identity::is_derived;
use crate::model::record::RoutePoint;

/// A route of the app may come in parts, so a location keeps the place that it had first.
const COLUMNS: [Column; 14] = [
    Key("person_id"),
    Key("workout"),
    Key("time_ms"),
    Key("latitude"),
    Key("longitude"),
    Key("ordinal"),
    First("place"),
    // HealthKit gives a workout's routes in no order, so their numbers differ between uploads.
    First("route"),
    Value("altitude_m"),
    Value("speed_m_s"),
    Value("course_deg"),
    Value("horizontal_accuracy_m"),
    Value("vertical_accuracy_m"),
    Value("other"),
];

/// A route of an import comes whole.
const IMPORTED_COLUMNS: [Column; 14] = {
    let mut columns = COLUMNS;
    columns[6] = Value("place");
    columns
};

pub(super) static ROUTE_POINTS: Table = Table::new("route_points", &COLUMNS);

/// Locations of an import.
pub(super) static IMPORTED_POINTS: Table = Table::new("route_points", &IMPORTED_COLUMNS);

/// The place of `other` among a row's values.
const OTHER: usize = 13;

const LONG_ID: &str =
    "SELECT CAST(other AS INTEGER) FROM route_points WHERE person_id = ?1 AND workout = ?2 AND time_ms = ?3
    AND latitude = ?4 AND longitude = ?5 AND ordinal = ?6";

impl<'a> BatchWriter<'a> {
    pub(super) fn write_route_points(&mut self) -> rusqlite::Result<()> {
        let (rows, marks) = (&self.batch.rows, &self.batch.route_marks);
        if rows.route_points.is_empty() && marks.is_empty() {
            return Ok(());
        }
        let mut import = self.ids.merge.workouts.take_import(self.upload.id);
        let written = self.write_routes(&mut import);
        self.ids.merge.workouts.put_import(import);
        self.counts.route_points += rows.route_points.len() as u64;
        written
    }

    fn write_routes(&mut self, import: &mut WorkoutUpload) -> rusqlite::Result<()> {
        let rows = &self.batch.rows;
        let (mut points, mut marks) = (rows.route_points.iter().enumerate(), self.batch.route_marks.iter().peekable());
        let is_imported = rows.route_points.first().is_some_and(|first| is_derived(&first.workout));
        let table = if is_imported { &IMPORTED_POINTS } else { &ROUTE_POINTS };
        let mut upsert = Upsert::new(self.connection, table, self.ids.expects_known)?;
        let mut inserts = Inserts::new(self.connection, table)?;
        loop {
            let next = points.next();
            let written = next.map_or(rows.route_points.len(), |(number, _)| number);
            // What decides on a location reads those before it.
            if !next.is_some_and(|(_, row)| import.has_decided((row.workout, row.route))) || inserts.is_full() {
                self.insert_points(&mut inserts, &mut upsert)?;
            }
            while let Some(mark) = marks.next_if(|mark| mark.locations <= written) {
                self.insert_points(&mut inserts, &mut upsert)?;
                self.ids.merge.workouts.mark_route(self.connection, self.upload.person, import, mark)?;
            }
            let Some((_, row)) = next else {
                break;
            };
            if let Some(outcome) = self.write_route_point(&mut inserts, &mut upsert, import, row)? {
                self.counts.note(outcome);
            }
        }
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    /// Writes the locations that wait.
    fn insert_points(
        &mut self,
        inserts: &mut Inserts<'a, 'a, 14>,
        upsert: &mut Upsert<'a, 'a, 14>,
    ) -> rusqlite::Result<()> {
        let (count, outcomes) = inserts.write(upsert, |_| Ok(()))?;
        outcomes[..count].iter().for_each(|outcome| self.counts.note(*outcome));
        Ok(())
    }

    /// Writes a location, or lets it wait for others. Returns `None` if it waits.
    fn write_route_point(
        &mut self,
        inserts: &mut Inserts<'a, 'a, 14>,
        upsert: &mut Upsert<'a, 'a, 14>,
        import: &mut WorkoutUpload,
        row: &RoutePoint,
    ) -> rusqlite::Result<Option<Outcome>> {
        let (connection, person) = (self.connection, self.upload.person);
        let &RoutePoint { workout, route, time_ms, latitude, longitude, .. } = row;
        let location = Location { workout, route, time_ms, latitude, longitude };
        let workouts = &mut self.ids.merge.workouts;
        workouts.find_route(connection, person, import, &location)?;
        let place = workouts.locations.place(connection, person, import, &location)?;
        workouts.pair_by_route(connection, person, import, &location)?;
        let locations = &mut self.ids.merge.workouts.locations;
        if locations.has_others(connection, person, import, row.time_ms)? {
            return Ok(Some(Outcome::Merged));
        }
        let other = self.text(row.other);
        let mut values = sql_values![
            person,
            place.workout,
            time_ms,
            latitude,
            longitude,
            place.ordinal,
            place.place,
            place.route,
            row.altitude_m,
            row.speed_m_s,
            row.course_deg,
            row.horizontal_accuracy_m,
            row.vertical_accuracy_m,
            other
        ];
        let long = LongTexts::of(None, other);
        let may_wait = long.is_none() && !upsert.expects_known() && import.has_decided((row.workout, row.route));
        if may_wait && inserts.add(&values)? {
            return Ok(None);
        }
        self.insert_points(inserts, upsert)?;
        // One of those that waited may be this location.
        if let Some(long) = long {
            values[OTHER] = long.id(connection, LONG_ID, &values[..6])?.into();
        }
        let outcome = upsert.write(&values)?;
        let locations = &mut self.ids.merge.workouts.locations;
        if outcome == Outcome::New && locations.replace_others(connection, person, import, row.time_ms)? {
            return Ok(Some(Outcome::Merged));
        }
        Ok(Some(outcome))
    }
}
