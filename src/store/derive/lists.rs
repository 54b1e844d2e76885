//! Workouts and doses by local day.

use std::collections::BTreeMap;

use rusqlite::Row as StoredRow;
use rusqlite::types::Value;

use super::chunk::{Column::Plain, DerivedTable, row};
use super::dirty::{ALL, Span};
use super::halt::Step;
use super::replace::Replacing;
use super::sender::Sender;
use super::subject::{Person, joined_days};
use crate::model::units::conversion;
use crate::statistics::LocalDay;
use crate::store::supplied::Need;

static WORKOUT_DAYS: DerivedTable = DerivedTable {
    name: "workout_days",
    columns: &[
        Plain("person_id"),
        Plain("day"),
        Plain("activity_type"),
        Plain("workouts"),
        Plain("duration_s"),
        Plain("energy_kcal"),
        Plain("distance_m"),
    ],
    keys: 3,
    place: 1,
};

static DOSE_DAYS: DerivedTable = DerivedTable {
    name: "dose_days",
    columns: &[
        Plain("person_id"),
        Plain("day"),
        Plain("medication"),
        Plain("due"),
        Plain("taken"),
        Plain("skipped"),
        Plain("as_needed"),
    ],
    keys: 3,
    place: 1,
};

/// HealthKit's numbers of doses that were taken, and of those that were skipped.
const TAKEN: i64 = 4;
const SKIPPED: i64 = 5;

/// What the workouts of one activity and day add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Workouts {
    count: i64,
    duration_s: f64,
    energy_kcal: Option<f64>,
    distance_m: Option<f64>,
}

/// What the doses of one medication and day add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Doses {
    due: i64,
    taken: i64,
    skipped: i64,
    as_needed: i64,
}

/// Counts a person's workouts of the days of some spans.
pub(super) fn derive_workouts(person: &Person<'_>, spans: &[Span], sender: &mut Sender<'_>) -> Step<()> {
    person.connection.need(|| Need::all(person.id, "workouts"))?;
    let sql =
        "SELECT start_ms, coalesce(activity_type, -1), duration_s, energy_kcal, distance, distance_unit FROM workouts
        WHERE person_id = ?1 AND start_ms BETWEEN ?2 AND ?3 ORDER BY start_ms";
    let add = |workouts: &mut Workouts, row: &StoredRow<'_>| {
        workouts.count += 1;
        workouts.duration_s += row.get::<_, Option<f64>>(2)?.unwrap_or(0.0);
        add_to(&mut workouts.energy_kcal, row.get(3)?);
        let unit = row.get_ref(5)?.as_str_or_null().ok().flatten();
        let distance: Option<f64> = row.get(4)?;
        let metres =
            unit.and_then(|unit| conversion(unit, "m")).zip(distance).map(|(unit, distance)| unit.apply(distance));
        add_to(&mut workouts.distance_m, metres);
        Ok(())
    };
    let row = |day: String, activity: i64, Workouts { count, duration_s, energy_kcal, distance_m }: Workouts| {
        row![person.id, day, activity, count, duration_s, energy_kcal, distance_m]
    };
    by_day(person, (&WORKOUT_DAYS, sql), spans, sender, add, row)
}

const DOSES: &str =
    "SELECT coalesce(scheduled_ms, start_ms) AS at_ms, coalesce(medication, ''), log_status, scheduled_ms IS NOT NULL
    FROM medication_doses WHERE person_id = ?1 AND coalesce(scheduled_ms, start_ms) BETWEEN ?2 AND ?3 ORDER BY at_ms";

/// Counts a person's doses of the days of some spans.
pub(super) fn derive_doses(person: &Person<'_>, spans: &[Span], sender: &mut Sender<'_>) -> Step<()> {
    person.connection.need(|| Need::all(person.id, "medication_doses"))?;
    let add = |doses: &mut Doses, row: &StoredRow<'_>| {
        let (status, is_due): (Option<i64>, bool) = (row.get(2)?, row.get(3)?);
        let is_taken = i64::from(status == Some(TAKEN));
        if is_due {
            doses.due += 1;
            doses.taken += is_taken;
            doses.skipped += i64::from(status == Some(SKIPPED));
        } else {
            doses.as_needed += is_taken;
        }
        Ok(())
    };
    let row = |day: String, medication: String, Doses { due, taken, skipped, as_needed }: Doses| {
        row![person.id, day, medication, due, taken, skipped, as_needed]
    };
    by_day(person, (&DOSE_DAYS, DOSES), spans, sender, add, row)
}

/// Adds up rows by day and by the second column of a query; they come in the order of time.
fn by_day<K: Ord + rusqlite::types::FromSql, T: Default>(
    person: &Person<'_>,
    (table, sql): (&'static DerivedTable, &str),
    spans: &[Span],
    sender: &mut Sender<'_>,
    add: impl Fn(&mut T, &StoredRow<'_>) -> rusqlite::Result<()>,
    to_row: impl Fn(String, K, T) -> Vec<Value>,
) -> Step<()> {
    let days = spans.iter().map(|span| (person.timeline.day_of(span.0), person.timeline.day_of(span.1)));
    joined_days(days).into_iter().try_for_each(|window| of_window(person, (table, sql), window, sender, &add, &to_row))
}

/// The same for some days.
fn of_window<K: Ord + rusqlite::types::FromSql, T: Default>(
    person: &Person<'_>,
    (table, sql): (&'static DerivedTable, &str),
    (first, last): (LocalDay, LocalDay),
    sender: &mut Sender<'_>,
    add: &impl Fn(&mut T, &StoredRow<'_>) -> rusqlite::Result<()>,
    to_row: &impl Fn(String, K, T) -> Vec<Value>,
) -> Step<()> {
    let [from, to] = [first, last].map(|day| Value::from(day.to_string()));
    let mut stored = Replacing::new(table, vec![Value::from(person.id)], from, to);
    let mut open: (Option<LocalDay>, BTreeMap<K, T>) = (None, BTreeMap::new());
    let mut select = person.connection.prepare_cached(sql)?;
    let from_ms = person.timeline.day_start_ms(first).max(ALL.0);
    let to_ms = (person.timeline.day_start_ms(last.next()) - 1).min(ALL.1);
    let mut rows = select.query([person.id, from_ms, to_ms])?;
    loop {
        let row = rows.next()?;
        let day = match row {
            Some(row) => Some(person.timeline.day_of(row.get(0)?)),
            None => None,
        };
        if day != open.0 {
            let ended = std::mem::replace(&mut open, (day, BTreeMap::new()));
            let name = ended.0.map(|day| day.to_string()).unwrap_or_default();
            for (key, sums) in ended.1 {
                stored.push(to_row(name.clone(), key, sums), sender)?;
            }
        }
        let Some(row) = row else {
            return stored.finish(sender);
        };
        add(open.1.entry(row.get(1)?).or_default(), row)?;
    }
}

fn add_to(sum: &mut Option<f64>, value: Option<f64>) {
    if let Some(value) = value.filter(|value| value.is_finite()) {
        *sum = Some(sum.unwrap_or(0.0) + value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn doses_of_a_day_are_looked_up() {
        let plan = Store::plan(DOSES);
        assert_eq!(plan.len(), 1, "{plan:#?}");
        assert!(plan[0].contains("SEARCH medication_doses USING INDEX medication_doses_due"), "{plan:#?}");
    }
}
