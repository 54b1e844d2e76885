//! The pauses of a workout, as its events have them: from each pause to the resumption behind it.

use rusqlite::{Row, params};

use super::reader::{Snapshot, Unanswered};
use crate::model::healthkit::workout_event;
use crate::model::limits::WORKOUT_EVENTS_READ_MAX;
use crate::model::record::Uuid;
use crate::model::time::parse;

/// Events are JSON as it was sent: a list of objects with a number or a name as `type`.
const SELECT: &str = "SELECT json_extract(e.value, '$.type'), coalesce(json_extract(e.value, '$.startDate'), json_extract(e.value, '$.date'))
    FROM workouts w, json_each(CASE WHEN json_valid(w.events) THEN w.events ELSE '[]' END) e
    WHERE w.person_id = ?1 AND w.uuid = ?2 AND e.type = 'object' LIMIT ?3";

/// What an event does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change {
    Pause,
    Resume,
}

impl Change {
    /// By HealthKit's number; by hand and by motion are the same here.
    fn of(number: i64) -> Option<Self> {
        match number {
            1 | 5 => Some(Self::Pause),
            2 | 6 => Some(Self::Resume),
            _ => None,
        }
    }
}

/// Pauses in time order, none in another one.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    spans_ms: Vec<(i64, i64)>,
}

impl Pauses {
    /// The pauses of a workout. One that nothing ends lasts until `end_ms`.
    pub(super) fn read(
        snapshot: &Snapshot<'_>,
        (person, workout): (i64, Uuid),
        end_ms: i64,
    ) -> Result<Self, Unanswered> {
        let mut select = snapshot.connection.prepare_cached(SELECT)?;
        let mut rows = select.query(params![person, workout, WORKOUT_EVENTS_READ_MAX])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            changes.extend(change(row)?);
        }
        Ok(Self::of(changes, end_ms))
    }

    fn of(mut changes: Vec<(i64, Change)>, end_ms: i64) -> Self {
        changes.sort_by_key(|(at_ms, _)| *at_ms);
        let (mut spans_ms, mut open) = (Vec::new(), None);
        for (at_ms, change) in changes {
            match change {
                Change::Pause => open = open.or(Some(at_ms)),
                Change::Resume => spans_ms.extend(open.take().map(|from_ms| (from_ms, at_ms))),
            }
        }
        spans_ms.extend(open.map(|from_ms| (from_ms, end_ms)));
        spans_ms.retain(|(from_ms, to_ms)| from_ms < to_ms);
        Self { spans_ms }
    }

    /// How much of a time is paused.
    pub(super) fn within_ms(&self, from_ms: i64, to_ms: i64) -> i64 {
        let first = self.spans_ms.partition_point(|(_, end_ms)| *end_ms <= from_ms);
        let spans = self.spans_ms[first..].iter().take_while(|(start_ms, _)| *start_ms < to_ms);
        spans.map(|(start_ms, end_ms)| (to_ms.min(*end_ms) - from_ms.max(*start_ms)).max(0)).sum()
    }
}

/// Reads an event; `None` if it is no pause and no resumption.
fn change(row: &Row<'_>) -> Result<Option<(i64, Change)>, Unanswered> {
    let kind = row.get_ref(0)?;
    let number = match kind.as_i64_or_null() {
        Ok(number) => number,
        Err(_) => kind.as_str().ok().and_then(workout_event),
    };
    let at_ms = row.get_ref(1)?.as_str().ok().and_then(parse);
    Ok(at_ms.zip(number.and_then(Change::of)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_each_pause_to_the_resumption_behind_it() {
        use Change::{Pause, Resume};
        let check = |changes: &[(i64, Change)], expected: &[(i64, i64)]| {
            assert_eq!(Pauses::of(changes.to_vec(), 100).spans_ms, expected, "{changes:?}");
        };
        check(&[], &[]);
        check(&[(30, Resume), (10, Pause)], &[(10, 30)]);
        check(&[(10, Pause), (15, Pause), (30, Resume), (40, Resume)], &[(10, 30)]);
        check(&[(5, Resume), (90, Pause)], &[(90, 100)]);
        check(&[(120, Pause), (20, Pause), (20, Resume)], &[]);
        let pauses = Pauses { spans_ms: vec![(10, 30), (50, 60)] };
        for ((from_ms, to_ms), expected) in
            [((0, 10), 0), ((0, 20), 10), ((15, 20), 5), ((0, 100), 30), ((25, 55), 10), ((60, 90), 0), ((20, 10), 0)]
        {
            assert_eq!(pauses.within_ms(from_ms, to_ms), expected, "{from_ms} to {to_ms}");
        }
    }
}
