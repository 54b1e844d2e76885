//! The parts of one figure: a day of a type, or a night.

mod day;
mod night;
mod parts;

use rusqlite::{Connection, OptionalExtension, params};

use super::groups::Groups;
use super::halt::{Halt, Step};
use super::subject::{Kind, Person};
use super::survey::Lengths;
use super::workout_spans;
use super::zones;
use crate::model::time::DAY_MS;
use crate::statistics::{LocalDay, Method};
use crate::store::clock::now_ms;
use crate::store::lookup::find_type;
use crate::store::supplied::Supplied;
pub use parts::{Explanation, Mark, NightFigures, NightPeriod, SourcePart, StretchPart};

/// Why a sample does not count that a complete export no longer has.
const MISSING: &str = "deleted on the phone: a later complete export no longer has it";

/// Computes the figure of a day or a night again, and keeps its parts. Returns `None` for a type without samples.
pub(in crate::store) fn explain(
    connection: &Connection,
    person: i64,
    name: &str,
    day: LocalDay,
) -> Step<Option<Explanation>> {
    let Some(kind) = find_type(connection, name)? else {
        return Ok(None);
    };
    let home: Option<String> = connection
        .query_row("SELECT zone FROM home_zones WHERE person_id = ?1", [person], |row| row.get(0))
        .optional()?;
    let supplied = Supplied::whole(connection);
    let longest_ms = Lengths::load(connection, person)?.longest_ms(kind);
    let is_sleep = Method::of(name) == Method::Sleep;
    // A night also knows the zones that its samples name and that are no evidence.
    let (sleep, near_ms) = is_sleep.then(|| ((kind, longest_ms), i64::from(day.days()) * DAY_MS)).unzip();
    let zones = zones::read(supplied, person, sleep, home.as_deref(), near_ms)?;
    let workouts = workout_spans::all(supplied, person)?;
    let mut groups = Groups::load(connection, person)?;
    let person = Person { connection: supplied, id: person, timeline: &zones.timeline, workouts: &workouts };
    let kind = Kind { id: kind, name, longest_ms };
    let (mut explanation, span) = if is_sleep {
        night::explain(&person, &kind, day, &mut groups)?
    } else {
        day::explain(&person, &kind, day, &mut groups)?
    };
    let sql = "SELECT count(*) FROM missing_samples CROSS JOIN samples USING (person_id, type_id, start_ms, uuid)
        WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?4";
    let missing: i64 = connection.query_row(sql, params![person.id, kind.id, span.0, span.1], |row| row.get(0))?;
    if (explanation.value.is_some() || explanation.night.is_some()) && now_ms() < span.1 {
        explanation.marks.insert(0, Mark::Partial);
    }
    if missing > 0 {
        explanation.left_out.insert(MISSING, missing.unsigned_abs());
    }
    Ok(Some(explanation))
}

impl From<Halt> for rusqlite::Error {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Read(error) => error,
            // Nothing is written here.
            Halt::Write(_) | Halt::Overtaken | Halt::Stopping | Halt::Revealed(_) => Self::InvalidQuery,
        }
    }
}
