//! When a person was active: spans of workouts, in which condensed series are searched.

use super::dirty::{ALL, Span};
use super::survey::Lengths;
use crate::model::limits::{CONDENSED_WORKOUTS_MAX, STATISTICS_SAMPLE_MS_MAX};
use crate::model::time::DAY_MS;
use crate::statistics::Method;
use crate::statistics::facts::Condensed;
use crate::store::lookup::name_of_type;
use crate::store::supplied::{Need, Supplied};

const SPANS: &str =
    "SELECT start_ms, end_ms FROM workouts WHERE person_id = ?1 AND end_ms > start_ms AND end_ms - start_ms <= ?2
    AND start_ms BETWEEN ?3 AND ?4 ORDER BY start_ms LIMIT ?5";

/// All of these and perhaps more, to the second: the index has all that this needs.
const SECONDS: &str = "SELECT start_ms / 1000, end_ms / 1000 FROM workouts INDEXED BY workouts_match WHERE person_id = ?1
    AND end_ms / 1000 - start_ms / 1000 BETWEEN 0 AND ?2 / 1000 + 1 AND start_ms / 1000 BETWEEN ?3 / 1000 - 1 AND ?4 / 1000
    ORDER BY start_ms / 1000 LIMIT ?5";

/// The day of an instant begins at most this long before it, also where a zone has moved the clock by a day.
const DAY_BEGINS_MS: i64 = 3 * DAY_MS;

/// Returns all spans of a person's workouts, without overlaps.
pub(super) fn all(connection: Supplied<'_>, person: i64) -> rusqlite::Result<Vec<Span>> {
    connection.need(|| Need::all(person, "workouts"))?;
    Ok(joined(read(connection, person, SPANS, ALL.0)?))
}

/// Returns those that figures of a time depend on, and all later ones. For each type, by its id, the time begins at the start of
/// its first span.
pub(super) fn near<'a>(
    connection: Supplied<'_>,
    person: i64,
    dirty: impl Iterator<Item = (i64, &'a [Span])>,
    lengths: &Lengths,
) -> rusqlite::Result<Vec<Span>> {
    connection.need(|| Need::all(person, "workouts"))?;
    let mut rough = read(connection, person, SECONDS, ALL.0)?;
    // Beyond the limit it depends on the earlier ones which later ones are left out.
    if rough.len() == CONDENSED_WORKOUTS_MAX {
        return all(connection, person);
    }
    // SQLite rounds towards 1970.
    rough.iter_mut().for_each(|span| *span = (1000 * span.0 - 999, 1000 * span.1 + 999));
    let rough = joined(rough);
    let mut since_ms = ALL.1;
    for (kind, spans) in dirty {
        let name = name_of_type(&connection, kind)?.unwrap_or_default();
        let Some((from_ms, _)) = spans.first().filter(|_| Condensed::of(&name).is_some()) else {
            continue;
        };
        // A workout is searched as a whole, and then the days in which it is.
        let from_ms = begin(&rough, *from_ms).saturating_sub(DAY_BEGINS_MS);
        let from_ms = Method::of(&name).read_from_ms(from_ms, lengths.longest_ms(kind));
        since_ms = since_ms.min(begin(&rough, from_ms));
    }
    Ok(joined(read(connection, person, SPANS, since_ms.max(ALL.0))?))
}

fn begin(spans: &[Span], from_ms: i64) -> i64 {
    extended(spans, (from_ms, from_ms)).0
}

fn read(connection: Supplied<'_>, person: i64, sql: &str, from_ms: i64) -> rusqlite::Result<Vec<Span>> {
    let most = i64::try_from(CONDENSED_WORKOUTS_MAX).unwrap_or(i64::MAX);
    let mut select = connection.prepare_cached(sql)?;
    let given = [person, STATISTICS_SAMPLE_MS_MAX, from_ms, ALL.1, most];
    select.query_map(given, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Returns the spans of workouts without overlaps; they come in the order of their starts.
fn joined(spans: Vec<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::new();
    for (from_ms, to_ms) in spans {
        match joined.last_mut() {
            Some(last) if from_ms <= last.1 => last.1 = last.1.max(to_ms),
            _ => joined.push((from_ms, to_ms)),
        }
    }
    joined
}

/// Returns the span together with all spans that it overlaps. They are in order, and overlap each other nowhere.
pub(super) fn extended(spans: &[Span], (from_ms, to_ms): Span) -> Span {
    let first = spans.partition_point(|span| span.1 < from_ms);
    let behind = spans.partition_point(|span| span.0 <= to_ms);
    match spans.get(first..behind) {
        Some([first, .., last]) => (from_ms.min(first.0), to_ms.max(last.1)),
        Some([only]) => (from_ms.min(only.0), to_ms.max(only.1)),
        _ => (from_ms, to_ms),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::params;

    use super::*;
    use crate::model::time::HOUR_MS;
    use crate::store::{Database, Store};

    #[test]
    fn spans() {
        let spans = joined(vec![(0, 10), (5, 8), (9, 12), (20, 30)]);
        assert_eq!(spans, [(0, 12), (20, 30)]);
        assert_eq!(extended(&spans, (13, 19)), (13, 19));
        assert_eq!(extended(&spans, (11, 11)), (0, 12));
        assert_eq!(extended(&spans, (11, 25)), (0, 30));
    }

    /// Those near a time are all that end from then on. One that overlaps others counts from the first of them.
    #[test]
    fn spans_near_a_time_are_all_that_matter() {
        const HEART_RATE: &str = "HKQuantityTypeIdentifierHeartRate";
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Database::new(folder.path().join("health.db"))).unwrap();
        let connection = &store.connection;
        let sql = "INSERT INTO types (name) VALUES (?1) RETURNING id";
        let kind: i64 = connection.query_row(sql, [HEART_RATE], |row| row.get(0)).unwrap();
        let hours = |from: i64, to: i64| (from * HOUR_MS + 123, to * HOUR_MS + 456);
        let mut stored = vec![hours(-900_000, -899_999), hours(-300, -299), hours(-298, 2), hours(1, 5), hours(4, 800)];
        stored.extend((0..50).map(|day| hours(1000 + 24 * day, 1001 + 24 * day)));
        for (number, (from_ms, to_ms)) in (0_i64..).zip(&stored) {
            let sql = "INSERT INTO workouts (person_id, uuid, start_ms, end_ms) VALUES (1, ?1, ?2, ?3)";
            connection.execute(sql, params![number.to_be_bytes(), from_ms, to_ms]).unwrap();
        }
        let supplied = Supplied::whole(connection);
        let all = all(supplied, 1).unwrap();
        assert_eq!(all.len(), 53, "three are one");
        for hour in [-1_000_000, -900_000, -600, -299, -297, 0, 3, 5, 700, 900, 1000, 1020, 2000, 2300, 9000] {
            let spans = [hours(hour, hour + 1), hours(9000, 9001)];
            let near = near(supplied, 1, [(kind, &spans[..])].into_iter(), &Lengths::default()).unwrap();
            let behind = all.partition_point(|span| span.1 < begin(&all, spans[0].0));
            assert!(all.ends_with(&near) && near.ends_with(&all[behind..]), "{hour}: {near:?}");
            assert!(hour < 1200 || near.len() < 52, "{hour}: {}", near.len());
        }
        let other = near(supplied, 1, [(kind + 1, &[ALL][..])].into_iter(), &Lengths::default()).unwrap();
        assert_eq!(other, [], "another type is not condensed");
        let plan = Store::plan(SECONDS);
        assert!(plan[0].contains("USING COVERING INDEX workouts_match"), "{plan:#?}");
    }
}
