//! Gives what one person has of other apps' figures, and the rings of days, to another person. Each is written again, as an import
//! would: of two states of one figure, and of two hours of one day, the larger one stays. Readings, and figures whose period nothing
//! shows, are no states of each other: both stay.

use std::collections::BTreeMap;
use std::fmt::Write;

use rusqlite::{Connection, Row, params};

use super::tables::{self, Changed};
use super::transfer::Transfer;
use crate::model::batch::Batch;
use crate::model::error::Result;
use crate::model::healthkit::is_of_readings;
use crate::model::identity::digest;
use crate::model::interval::Interval;
use crate::model::limits::{BATCH_ROWS_MAX, FIGURE_STATES_MAX, MERGED_CONTENTS_MAX};
use crate::model::record::{ActivitySummary, Aggregate, Uuid};
use crate::model::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::store::tables::TableName;
use crate::store::write::ledger::signed;
use crate::store::write::{FigureState, shown_of, workout_of};

/// Figures, whether another one of its series begins within the same day, and the other person's figure of the same time. Only a figure
/// that came with the same period is another state of it, and only if each person has one figure of the time. Those of version 1
/// without an interval are moved as they are.
const FIGURES: &str = "SELECT a.metric, a.start_ms, a.end_ms, a.interval, a.label, a.source, a.unit, a.value, a.minimum, a.average,
      a.maximum, a.other,
      CASE WHEN i.metric IS NULL THEN FALSE
        WHEN coalesce(substr(a.earlier, 1, octet_length(a.earlier) % 8), x'')
          <> coalesce(substr(i.earlier, 1, octet_length(i.earlier) % 8), x'') THEN FALSE
        ELSE (SELECT count(*) FROM (SELECT 1 FROM aggregates o WHERE o.person_id = ?1 AND o.metric = a.metric
            AND o.start_ms = a.start_ms AND o.label = a.label AND o.source = a.source AND o.interval = a.interval LIMIT 2)) = 1
          AND (SELECT count(*) FROM (SELECT 1 FROM aggregates o WHERE o.person_id = ?2 AND o.metric = a.metric
            AND o.start_ms = a.start_ms AND o.label = a.label AND o.source = a.source AND o.interval = a.interval LIMIT 2)) = 1
      END,
      EXISTS (SELECT 1 FROM aggregates n WHERE n.person_id = ?1 AND n.metric = a.metric AND n.start_ms > a.start_ms
        AND n.start_ms < a.start_ms + 86400000 AND n.label = a.label AND n.source = a.source), a.number, a.earlier,
      i.end_ms, i.unit, i.value, i.minimum, i.average, i.maximum, i.other
    FROM aggregates a LEFT JOIN aggregates i ON i.person_id = ?2 AND (i.metric, i.start_ms, i.label, i.source, i.number, i.interval)
      = (a.metric, a.start_ms, a.label, a.source, a.number, a.interval)
    WHERE a.person_id = ?1 AND a.interval <> 'unknown'
    ORDER BY a.metric, a.start_ms, a.label, a.source, a.number, a.interval LIMIT ?3";

/// A state that the other person's later one has replaced.
const STATE: &str = "UPDATE aggregates SET earlier =
      CAST(coalesce(substr(earlier, 1, octet_length(earlier) % 8), '')
        || substr(CAST(coalesce(substr(earlier, 1 + octet_length(earlier) % 8), '') || ?8 AS BLOB), -?9) AS BLOB)
    WHERE person_id = ?1 AND (metric, start_ms, label, source, number, interval) = (?2, ?3, ?4, ?5, ?6, ?7)";

/// The states that a figure had, to the only one of its time. A byte before them is the figure's own.
const STATES: &str = "UPDATE aggregates AS i SET earlier =
      CAST(coalesce(substr(i.earlier, 1, octet_length(i.earlier) % 8), '')
        || substr(CAST(substr(a.earlier, 1 + octet_length(a.earlier) % 8)
          || coalesce(substr(i.earlier, 1 + octet_length(i.earlier) % 8), '') AS BLOB), -?3) AS BLOB)
    FROM (SELECT * FROM aggregates WHERE person_id = ?1 AND interval <> 'unknown'
      ORDER BY metric, start_ms, label, source, number, interval LIMIT ?4) a
    WHERE i.person_id = ?2 AND (i.metric, i.start_ms, i.label, i.source, i.interval)
        = (a.metric, a.start_ms, a.label, a.source, a.interval) AND octet_length(a.earlier) >= 8
      AND (SELECT count(*) FROM aggregates o WHERE o.person_id = ?2 AND (o.metric, o.start_ms, o.label, o.source, o.interval)
        = (a.metric, a.start_ms, a.label, a.source, a.interval)) = 1";

const FIGURES_DONE: &str = "DELETE FROM aggregates WHERE person_id = ?1
    AND (metric, start_ms, label, source, number, interval) IN
      (SELECT metric, start_ms, label, source, number, interval FROM aggregates WHERE person_id = ?1 AND interval <> 'unknown'
       ORDER BY metric, start_ms, label, source, number, interval LIMIT ?2)";

const RINGS: &str = "SELECT day, active_energy, active_energy_goal, move_min, move_goal_min, exercise_min, exercise_goal_min,
      stand_hours, stand_goal_hours, energy_unit, other FROM activity_summaries WHERE person_id = ?1 ORDER BY day LIMIT ?2";

const RINGS_DONE: &str = "DELETE FROM activity_summaries WHERE person_id = ?1 AND day IN
    (SELECT day FROM activity_summaries WHERE person_id = ?1 ORDER BY day LIMIT ?2)";

/// The metric of nights.
const NIGHTS: &str = "sleep_analysis";

/// What the metrics of workouts' figures begin with.
const OF_WORKOUTS: &str = "workout ";

/// The figures of one time that were read, which are counted.
#[derive(Default)]
struct OfTime {
    /// Metric, label, source, and the start.
    key: ([String; 3], i64),
    count: u32,
    /// How many have a content.
    contents: BTreeMap<Uuid, u32>,
}

impl OfTime {
    /// Counts a figure. Returns its number among all, and among equal ones.
    fn add(&mut self, texts: [&str; 3], start_ms: i64, content: Uuid) -> (u32, u32) {
        if self.key.1 != start_ms || self.key.0 != texts {
            *self = Self { key: (texts.map(str::to_owned), start_ms), ..Self::default() };
        }
        if self.contents.len() >= MERGED_CONTENTS_MAX {
            self.contents.clear();
        }
        let equal = self.contents.entry(content).or_default();
        *equal += 1;
        self.count = self.count.saturating_add(1);
        (self.count, *equal)
    }
}

/// Bytes of the states that a figure remembers.
fn states() -> i64 {
    signed((FIGURE_STATES_MAX * size_of::<i64>()) as u64)
}

fn batch_rows() -> i64 {
    signed(BATCH_ROWS_MAX as u64)
}

/// Gives all figures and rings to the other person.
pub(super) fn give(transfer: &mut Transfer<'_>) -> Result<()> {
    let mut of_time = OfTime::default();
    loop {
        let mut batch = Batch::default();
        let (read, later) = transfer.sql(|connection, from, into| {
            let mut select = connection.prepare_cached(FIGURES)?;
            let mut rows = select.query(params![from, into, batch_rows()])?;
            let (mut read, mut later) = (0, 0);
            while let Some(row) = rows.next()? {
                read += 1;
                let figure = figure(row, &mut batch, &mut of_time)?;
                let own = state(row, [2, 6, 7, 8, 9, 10, 11])?;
                // The other person's figure is compared only if it may be a state of this one.
                let is_earlier = figure.grows
                    && row.get(12)?
                    && is_later(connection, figure.interval, state(row, [16, 17, 18, 19, 20, 21, 22])?, own)?;
                if is_earlier {
                    later += 1;
                    remember(connection, into, row, own)?;
                } else {
                    batch.rows.aggregates.push(figure);
                }
            }
            Ok((read, later))
        })?;
        if read == 0 {
            break;
        }
        transfer.note(tables::named(TableName::Aggregates).ledger, Changed { moved: 0, deleted: later });
        transfer.write(&mut batch)?;
        transfer.sql(|connection, from, into| {
            connection.prepare_cached(STATES)?.execute(params![from, into, states(), batch_rows()])?;
            connection.prepare_cached(FIGURES_DONE)?.execute(params![from, batch_rows()])
        })?;
    }
    transfer.move_rows(tables::named(TableName::Aggregates))?;
    give_rings(transfer)
}

/// A figure's state, by the places of its end, its unit, its numbers and its other fields.
fn state<'r>(
    row: &'r Row<'_>,
    [end, unit, value, minimum, average, maximum, other]: [usize; 7],
) -> rusqlite::Result<FigureState<'r>> {
    Ok(FigureState {
        end_ms: row.get(end)?,
        unit: row.get_ref(unit)?.as_str_or_null()?,
        numbers: [row.get(value)?, row.get(minimum)?, row.get(average)?, row.get(maximum)?],
        other: row.get_ref(other)?.as_str_or_null()?,
    })
}

/// Whether a figure is a later state of another one. If their interval is known, it may differ from it in anything.
fn is_later(
    connection: &Connection,
    interval: Interval,
    state: FigureState<'_>,
    earlier: FigureState<'_>,
) -> rusqlite::Result<bool> {
    let sizes = [state, earlier].map(|state| state.numbers[0].or(state.numbers[3]));
    let is_larger = matches!(sizes, [Some(size), Some(earlier)] if size > earlier);
    Ok(interval != Interval::None && is_larger || state.has_grown_from(connection, &earlier)?)
}

/// Adds a state to those that the other person's figure has had.
fn remember(connection: &Connection, into: i64, row: &Row<'_>, state: FigureState<'_>) -> rusqlite::Result<()> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let [metric, label, source, interval] = [text(0)?, text(4)?, text(5)?, text(3)?];
    let (start_ms, number): (i64, i64) = (row.get(1)?, row.get(14)?);
    let replaced = state.number().to_le_bytes();
    let mut update = connection.prepare_cached(STATE)?;
    update.execute(params![into, metric, start_ms, label, source, number, interval, replaced, states()]).map(|_| ())
}

fn give_rings(transfer: &mut Transfer<'_>) -> Result<()> {
    loop {
        let mut batch = Batch::default();
        transfer.sql(|connection, from, _| {
            let mut select = connection.prepare_cached(RINGS)?;
            let mut rows = select.query(params![from, batch_rows()])?;
            while let Some(row) = rows.next()? {
                let rings = rings(row, &mut batch)?;
                batch.rows.activity_summaries.push(rings);
            }
            Ok(())
        })?;
        if batch.rows.activity_summaries.is_empty() {
            return Ok(());
        }
        transfer.write(&mut batch)?;
        transfer
            .sql(|connection, from, _| connection.prepare_cached(RINGS_DONE)?.execute(params![from, batch_rows()]))?;
    }
}

fn figure(row: &Row<'_>, batch: &mut Batch, of_time: &mut OfTime) -> rusqlite::Result<Aggregate> {
    let text = |column: usize| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_str_or_null()?);
    let [metric, label, source] = [text(0)?, text(4)?, text(5)?].map(Option::unwrap_or_default);
    let (start_ms, end_ms): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
    let mut content = String::new();
    for column in [2, 6, 7, 8, 9, 10, 11] {
        let _ = write!(content, "{:?}", row.get_ref(column)?);
    }
    let (nth_of_time, nth_of_content) = of_time.add([metric, label, source], start_ms, digest(&[content.as_bytes()]));
    let interval = Interval::of_aggregation(text(3)?.unwrap_or_default());
    // Nothing says the zone, so every hour may begin a day. A night begins with the sleep, at any time.
    let period_ms = match (end_ms, row.get(13)?) {
        (Some(_), _) => 0,
        (None, _) if metric == NIGHTS => 1,
        (None, false) if start_ms % HOUR_MS == 0 => DAY_MS,
        (None, true) if start_ms % HOUR_MS == 0 => HOUR_MS,
        (None, _) if start_ms % MINUTE_MS == 0 => MINUTE_MS,
        (None, _) => 0,
    };
    let (unit, other) = (text(6)?, text(11)?);
    let earlier = row.get_ref(15)?.as_blob_or_null()?.unwrap_or_default();
    let shown = shown_of(earlier);
    let has_range = row.get_ref(8)?.as_f64_or_null()?.or(row.get_ref(10)?.as_f64_or_null()?).is_some();
    // Nothing shows the period of a night, or of a workout's figures, which are of one period.
    let has_one_period = metric == NIGHTS || metric.starts_with(OF_WORKOUTS);
    let has_period = interval != Interval::None || shown != Interval::None || has_one_period;
    let is_reading = interval == Interval::None && !has_range && is_of_readings(metric);
    let mut intern = |text: &str| batch.texts.intern(text);
    Ok(Aggregate {
        metric: intern(metric),
        start_ms,
        end_ms,
        interval,
        shown,
        workout: workout_of(earlier),
        grows: has_period && !is_reading && (period_ms > 0 || interval != Interval::None),
        period_ms,
        label: intern(label),
        source: intern(source),
        nth_of_time,
        nth_of_content,
        is_scattered: false,
        unit: unit.map(&mut intern),
        value: row.get(7)?,
        minimum: row.get(8)?,
        average: row.get(9)?,
        maximum: row.get(10)?,
        other: other.map(&mut intern),
    })
}

fn rings(row: &Row<'_>, batch: &mut Batch) -> rusqlite::Result<ActivitySummary> {
    let mut text = |column: usize| -> rusqlite::Result<_> {
        Ok(row.get_ref(column)?.as_str_or_null()?.map(|text| batch.texts.intern(text)))
    };
    let (day, energy_unit, other) = (text(0)?, text(9)?, text(10)?);
    Ok(ActivitySummary {
        day: day.unwrap_or_else(|| batch.texts.intern("")),
        active_energy: row.get(1)?,
        active_energy_goal: row.get(2)?,
        move_min: row.get(3)?,
        move_goal_min: row.get(4)?,
        exercise_min: row.get(5)?,
        exercise_goal_min: row.get(6)?,
        stand_hours: row.get(7)?,
        stand_goal_hours: row.get(8)?,
        energy_unit,
        other,
    })
}
