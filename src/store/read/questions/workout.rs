//! One workout: what is stored of it, its heart rates, the time in their zones, and its splits.

use rusqlite::{OptionalExtension, params};

use super::identity::{NOT_FOUND, resolve};
use super::listings::zone_of_workout;
use super::mean::Mean;
use super::range::person;
use super::reader::{Question, Snapshot, Unanswered};
use super::splits::{self, Stated};
use super::value::{Progress, Sink, Value};
use crate::model::limits::QUESTION_POINTS_DEFAULT;
use crate::model::record::Uuid;
use crate::model::time::DAY_MS;
use crate::model::units::conversion;
use crate::statistics::LocalDay;
use crate::store::lookup::find_type;

const HEART_RATE: &str = "HKQuantityTypeIdentifierHeartRate";

/// Where zones begin, as parts of the highest heart rate.
const ZONES: [f64; 5] = [0.5, 0.6, 0.7, 0.8, 0.9];

/// How long a heart rate holds at most, for the time in zones.
const HOLD_MS: i64 = 60_000;

/// One workout.
#[derive(Debug)]
pub struct OneWorkout {
    /// Whose.
    pub person: String,
    /// Its identity.
    pub uuid: Uuid,
    /// Heart rates at most.
    pub points_max: Option<u32>,
    /// The length of a split in metres.
    pub split_m: f64,
}

const SELECT: &str = concat!(
    "SELECT w.start_ms, w.end_ms, a.name, w.activity_type, w.duration_s, w.energy_kcal, w.distance, w.distance_unit,
      replace(o.name, char(160), ' '), w.statistics, w.events, w.activities, w.metadata, w.other, ",
    zone_of_workout!(),
    " FROM workouts w LEFT JOIN workout_activity_types a ON a.value = w.activity_type LEFT JOIN sources o ON o.id = w.source_id
    WHERE w.person_id = ?1 AND w.uuid = ?2"
);

impl OneWorkout {
    /// Hands the row out, and returns what the workout states of itself, with the highest heart rate.
    fn head(
        &self,
        snapshot: &Snapshot<'_>,
        (person, uuid): (i64, Uuid),
        highest: impl Fn((i64, i64)) -> Result<Option<f64>, Unanswered>,
        sink: &mut dyn Sink,
    ) -> Result<(Stated, Option<f64>), Unanswered> {
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![person, uuid])?;
        let row = rows.next()?.ok_or(NOT_FOUND)?;
        let text = |column| -> Result<Option<&str>, Unanswered> { Ok(row.get_ref(column)?.as_str_or_null()?) };
        let start_ms: i64 = row.get(0)?;
        let end_ms: Option<i64> = row.get(1)?;
        let period_ms = (start_ms, end_ms.unwrap_or(start_ms));
        let highest = highest(period_ms)?;
        sink.begin(&[
            ("uuid", Value::Identity(uuid)),
            ("activity", Value::text(text(2)?)),
            ("activity_type", Value::integer(row.get(3)?)),
            ("start", Value::Time(start_ms)),
            ("end", Value::time(end_ms)),
            ("duration_s", Value::real(row.get(4)?)),
            ("energy_kcal", Value::real(row.get(5)?)),
            ("distance", Value::real(row.get(6)?)),
            ("distance_unit", Value::text(text(7)?)),
            ("source", Value::text(text(8)?)),
            ("zone", Value::text(text(14)?)),
            ("highest_heart_rate", Value::real(highest)),
            ("statistics", Value::json(text(9)?)),
            ("events", Value::json(text(10)?)),
            ("activities", Value::json(text(11)?)),
            ("metadata", Value::json(text(12)?)),
            ("other", Value::json(text(13)?)),
        ]);
        let (distance, unit): (Option<f64>, Option<&str>) = (row.get(6)?, text(7)?);
        let in_metres = |(distance, unit)| Some(conversion(unit, "m")?.apply(distance));
        let distance_m = distance.zip(unit).and_then(in_metres);
        Ok((Stated { start_ms, end_ms: period_ms.1, distance_m }, highest))
    }

    /// Hands heart rates out, and returns the time in each zone.
    fn heart_rates(
        &self,
        snapshot: &Snapshot<'_>,
        person: i64,
        (start_ms, end_ms, highest): (i64, i64, Option<f64>),
        sink: &mut dyn Sink,
    ) -> Result<[i64; ZONES.len()], Unanswered> {
        sink.list("heart_rate", &Mean::COLUMNS);
        let points_max = i64::from(self.points_max.unwrap_or(QUESTION_POINTS_DEFAULT));
        let width_ms = ((end_ms - start_ms) / points_max + 1).max(1);
        let sql = "SELECT s.start_ms, s.value FROM samples s
            WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms >= ?3 AND s.start_ms <= ?4 AND s.value IS NOT NULL
            ORDER BY s.start_ms";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![person, heart_rate(snapshot)?, start_ms, end_ms])?;
        let mut zones_ms = [0; ZONES.len()];
        let mut last: Option<(i64, f64)> = None;
        let mut bucket: Option<Mean> = None;
        while let Some(row) = rows.next()? {
            let (at_ms, value): (i64, f64) = (row.get(0)?, row.get(1)?);
            add_to_zone(&mut zones_ms, last, at_ms, highest);
            last = Some((at_ms, value));
            let number = (at_ms - start_ms) / width_ms;
            if let Some(ended) = bucket.take_if(|bucket| bucket.number != number) {
                ended.push(sink);
            }
            bucket.get_or_insert_with(|| Mean::new(number, at_ms)).add(value);
        }
        add_to_zone(&mut zones_ms, last, end_ms, highest);
        if let Some(ended) = bucket {
            ended.push(sink);
        }
        Ok(zones_ms)
    }
}

fn add_to_zone(zones_ms: &mut [i64; ZONES.len()], last: Option<(i64, f64)>, until_ms: i64, highest: Option<f64>) {
    let (Some((at_ms, value)), Some(highest)) = (last, highest) else {
        return;
    };
    if let Some(zone) = ZONES.iter().rposition(|begins| value >= begins * highest) {
        zones_ms[zone] += (until_ms - at_ms).clamp(0, HOLD_MS);
    }
}

/// The heart rate that zones are parts of: the highest one of the year, but none below those of the workout itself.
fn highest(snapshot: &Snapshot<'_>, person: i64, period_ms: (i64, i64)) -> Result<Option<f64>, Unanswered> {
    let of_year = highest_of_year(snapshot, person, period_ms.0)?;
    let own = highest_of_workout(snapshot, person, period_ms)?;
    Ok(match (of_year, own) {
        (Some(of_year), Some(own)) => Some(of_year.max(own)),
        (of_year, own) => of_year.or(own),
    })
}

/// The 99th percentile of the workout's heart rates: a dropout of a strap is no heart rate.
fn highest_of_workout(
    snapshot: &Snapshot<'_>,
    person: i64,
    (start_ms, end_ms): (i64, i64),
) -> Result<Option<f64>, Unanswered> {
    let sql = "WITH h AS (SELECT s.value FROM samples s
          WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms >= ?3 AND s.start_ms <= ?4 AND s.value IS NOT NULL)
        SELECT value FROM h ORDER BY value DESC LIMIT 1 OFFSET (SELECT count(*) FROM h) / 100";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    Ok(select.query_row(params![person, heart_rate(snapshot)?, start_ms, end_ms], |row| row.get(0)).optional()?)
}

/// The highest heart rate of the days of a year up to a workout. One day in a hundred is left out.
fn highest_of_year(snapshot: &Snapshot<'_>, person: i64, at_ms: i64) -> Result<Option<f64>, Unanswered> {
    let day = i32::try_from(at_ms.div_euclid(DAY_MS)).unwrap_or(0);
    let [first, last] = [day.saturating_sub(365), day.saturating_add(2)].map(|day| LocalDay::new(day).to_string());
    let sql = "WITH d AS (SELECT d.maximum FROM days d
          WHERE d.person_id = ?1 AND d.type_id = ?2 AND d.day >= ?3 AND d.day < ?4 AND d.maximum IS NOT NULL)
        SELECT maximum FROM d ORDER BY maximum DESC LIMIT 1 OFFSET (SELECT count(*) FROM d) / 100";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    Ok(select.query_row(params![person, heart_rate(snapshot)?, first, last], |row| row.get(0)).optional()?)
}

/// The id of the type of heart rates, which may be missing.
fn heart_rate(snapshot: &Snapshot<'_>) -> rusqlite::Result<Option<i64>> {
    find_type(snapshot.connection, HEART_RATE)
}

#[expect(clippy::cast_precision_loss, reason = "the milliseconds of a workout")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

impl Question for OneWorkout {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let person = person(snapshot, &self.person)?;
        let uuid = resolve(snapshot, person, self.uuid)?;
        let highest_of = |period_ms| highest(snapshot, person, period_ms);
        let (stated, highest) = self.head(snapshot, (person, uuid), highest_of, sink)?;
        let zones_ms = self.heart_rates(snapshot, person, (stated.start_ms, stated.end_ms, highest), sink)?;
        sink.list("zones", &["zone", "from", "to", "seconds"]);
        if let Some(highest) = highest {
            for (at, zone_ms) in zones_ms.iter().enumerate() {
                sink.row(&[
                    Value::Integer(i64::try_from(at + 1).unwrap_or(0)),
                    Value::Real(ZONES[at] * highest),
                    Value::real(ZONES.get(at + 1).map(|next| next * highest)),
                    Value::Real(seconds(*zone_ms)),
                ]);
            }
        }
        let of = splits::push(snapshot, (person, uuid), &stated, self.split_m, sink)?;
        sink.end(&[("splits_of", Value::text(of))]);
        Ok(Progress::End)
    }
}
