//! What a first look wants to know, in one state of the database. It has figures of some types, the last night, workouts and doses;
//! and of each type its last value and what is usual.
//!
//! It reads derived days, and of samples only the last one of each type.

use rusqlite::{OptionalExtension, params};

use super::days::unit_of;
use super::ledger::{LastUpload, is_uploading};
use super::listing::Rows;
use super::listings::{DOSES, WORKOUTS};
use super::nights::OneNight;
use super::range::{Located, Moment, Range, is_stale};
use super::reader::{Question, Snapshot, Unanswered};
use super::types::{Kind, canonical, method_name};
use super::value::{Field, Part, Progress, Sink, Value};
use crate::model::limits::{
    OVERVIEW_DAYS_MAX, OVERVIEW_DOSES_MAX, OVERVIEW_SERIES_MAX, OVERVIEW_TYPES_MAX, OVERVIEW_WORKOUTS_MAX,
};
use crate::model::units::{Conversion, conversion};
use crate::statistics::{LocalDay, MEAN_DAYS, Method, RANGE_DAYS, Usual, WholeDay};

/// Types whose figures are shown if none are named.
const USUAL_TYPES: [&str; 4] = ["steps", "active_energy", "resting_heart_rate", "heart_rate"];

/// Days back from today from which workouts are listed.
const WORKOUTS_OF_DAYS: i32 = 7;

/// The overview.
#[derive(Debug)]
pub struct Overview {
    /// Whose, and of which days figures are; the last 28 with today if none are given.
    pub range: Range,
    /// The types whose figures are shown; the usual ones that there are if none.
    pub kinds: Vec<Kind>,
    /// Units that values are shown in: each type has the one that is nearest in size to its own.
    pub units: Vec<String>,
}

/// The person, and today.
struct Today {
    person: i64,
    located: Located,
    day: LocalDay,
}

fn days_before(day: LocalDay, days: i32) -> LocalDay {
    LocalDay::new(day.days().saturating_sub(days))
}

impl Question for Overview {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let now = Range { from: None, to: Some(Moment::Instant(snapshot.now_ms)), ..self.range.clone() };
        let located = now.locate(snapshot)?;
        let today = Today { person: located.person, day: located.timeline.day_of(snapshot.now_ms), located };
        let (days, kinds) = (self.days(snapshot, &today)?, self.shown_kinds(snapshot, &today)?);
        let person = today.person;
        let change: Option<i64> = snapshot
            .connection
            .prepare_cached("SELECT max(number) FROM changes WHERE person_id = ?1")?
            .query_row([person], |row| row.get(0))?;
        sink.begin(&[
            ("person", Value::Text(&self.range.person)),
            ("zone", Value::text(today.located.zone(snapshot.now_ms))),
            ("today", Value::Text(&today.day.to_string())),
            ("stale", Value::Flag(is_stale(snapshot, person)?)),
            ("change", Value::Integer(change.unwrap_or(0))),
            ("uploading", Value::Flag(is_uploading(snapshot, person)?)),
        ]);
        let has_upload = last_upload(snapshot, person, sink)?;
        sink.open("figures", Part::Many);
        for (kind, type_id) in &kinds {
            self.figures(snapshot, (person, kind, *type_id), days, sink)?;
        }
        sink.close();
        let has_night = self.night(snapshot, &today, sink)?;
        self.workouts(snapshot, &today, sink)?;
        self.doses(snapshot, &today, sink)?;
        sink.open("types", Part::Many);
        self.types(snapshot, &today, sink)?;
        sink.close();
        let absent = [("last_upload", has_upload), ("night", has_night)];
        let absent: Vec<Field<'_>> =
            absent.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| (name, Value::Null)).collect();
        sink.end(&absent);
        Ok(Progress::End)
    }
}

impl Overview {
    /// The first day of figures, and the one behind the last.
    fn days(&self, snapshot: &Snapshot<'_>, today: &Today) -> Result<(LocalDay, LocalDay), Unanswered> {
        let to = self.range.to.unwrap_or(Moment::Day(today.day.next()));
        let behind = match to {
            Moment::Day(day) => day,
            Moment::Instant(at_ms) => today.located.timeline.day_of(at_ms).next(),
            Moment::DaysAgo(days) => days_before(today.day, days),
        };
        let from = self.range.from.unwrap_or(Moment::Day(days_before(behind, MEAN_DAYS)));
        let days = Range { from: Some(from), to: Some(to), ..self.range.clone() }.locate(snapshot)?.days();
        if days.1.days().saturating_sub(days.0.days()) > OVERVIEW_DAYS_MAX {
            let accepts =
                format!("a date at most {OVERVIEW_DAYS_MAX} days before `to`; /api/v1/days has longer series");
            return Err(Unanswered::Parameter("from", accepts));
        }
        Ok(days)
    }

    /// The types whose figures are shown, with their ids.
    fn shown_kinds(&self, snapshot: &Snapshot<'_>, today: &Today) -> Result<Vec<(Kind, Option<i64>)>, Unanswered> {
        if self.kinds.len() > OVERVIEW_SERIES_MAX {
            return Err(Unanswered::Parameter("type", format!("at most {OVERVIEW_SERIES_MAX} names here")));
        }
        let sql = "SELECT 1 FROM sample_origins WHERE person_id = ?1 AND type_id = ?2 LIMIT 1";
        let mut is_there = snapshot.connection.prepare_cached(sql)?;
        let (named, usual) = (self.kinds.clone(), USUAL_TYPES.map(Kind::named).to_vec());
        let has_names = !named.is_empty();
        let mut kinds = Vec::new();
        for kind in if has_names { named } else { usual } {
            if Method::of(&kind.identifier) == Method::Sleep {
                return Err(Unanswered::Parameter("type", "any type but sleep, which is in `night`".to_owned()));
            }
            let type_id = kind.id(snapshot)?;
            if has_names || is_there.exists(params![today.person, type_id])? {
                kinds.push((kind, type_id));
            }
        }
        Ok(kinds)
    }

    /// The unit that a type is shown in, and the way to it from that of its figures. Distances and heights both have figures in
    /// metres, but are sent in kilometres and centimetres: the nearest one in size to what was sent fits people.
    fn unit(
        &self,
        snapshot: &Snapshot<'_>,
        (person, kind, type_id): (i64, &Kind, Option<i64>),
        sent: &str,
    ) -> Result<(String, Conversion), Unanswered> {
        let own = match Method::of(&kind.identifier) {
            Method::Sleep => "min".to_owned(),
            _ => unit_of(snapshot, person, type_id)?.unwrap_or_else(|| canonical(&kind.identifier).to_owned()),
        };
        let size = |unit: &str| {
            let way = conversion(sent, unit).or_else(|| conversion(&own, unit)).unwrap_or(Conversion::NONE);
            (way.apply(1.0) - way.apply(0.0)).ln().abs()
        };
        let fitting = self.units.iter().filter_map(|unit| Some((unit, conversion(&own, unit)?)));
        let nearest = fitting.min_by(|one, other| size(one.0).total_cmp(&size(other.0)));
        Ok(nearest.map(|(unit, way)| (unit.clone(), way)).unwrap_or((own, Conversion::NONE)))
    }

    /// The days of one type.
    fn figures(
        &self,
        snapshot: &Snapshot<'_>,
        (person, kind, type_id): (i64, &Kind, Option<i64>),
        days: (LocalDay, LocalDay),
        sink: &mut dyn Sink,
    ) -> Result<(), Unanswered> {
        let last = type_id.map(|type_id| LastSample::of(snapshot, person, type_id)).transpose()?.flatten();
        let sent = last.as_ref().map_or("", |last| &last.unit);
        let (unit, shown) = self.unit(snapshot, (person, kind, type_id), sent)?;
        sink.begin(&type_fields(kind, &unit));
        sink.list("days", &["day", "value", "minimum", "maximum", "samples", "partial"]);
        let sql = "SELECT day, value, minimum, maximum, count, end_ms FROM days
            WHERE person_id = ?1 AND type_id = ?2 AND day >= ?3 AND day < ?4 ORDER BY day";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![person, type_id, days.0.to_string(), days.1.to_string()])?;
        while let Some(row) = rows.next()? {
            let figure = |column| -> Result<Value<'_>, Unanswered> {
                let value: Option<f64> = row.get(column)?;
                Ok(Value::real(value.map(|value| shown.apply(value))))
            };
            sink.row(&[
                Value::Text(row.get_ref(0)?.as_str()?),
                figure(1)?,
                figure(2)?,
                figure(3)?,
                Value::Integer(row.get(4)?),
                Value::Flag(snapshot.now_ms < row.get(5)?),
            ]);
        }
        sink.end(&[]);
        Ok(())
    }

    /// The night that ended today. Returns whether there is one.
    fn night(&self, snapshot: &Snapshot<'_>, today: &Today, sink: &mut dyn Sink) -> Result<bool, Unanswered> {
        let mut select =
            snapshot.connection.prepare_cached("SELECT 1 FROM nights WHERE person_id = ?1 AND night = ?2")?;
        let is_there = select.exists(params![today.person, today.day.to_string()])?;
        if is_there {
            sink.open("night", Part::One);
            OneNight { person: self.range.person.clone(), night: today.day }.page(snapshot, sink)?;
            sink.close();
        }
        Ok(is_there)
    }

    /// The last workouts of some days, the newest last.
    fn workouts(&self, snapshot: &Snapshot<'_>, today: &Today, sink: &mut dyn Sink) -> Result<(), Unanswered> {
        let timeline = &today.located.timeline;
        let from_ms = timeline.day_start_ms(days_before(today.day, WORKOUTS_OF_DAYS - 1));
        let to_ms = timeline.day_start_ms(today.day.next());
        let sql = "SELECT start_ms FROM workouts WHERE person_id = ?1 AND start_ms >= ?2 AND start_ms < ?3
            ORDER BY start_ms DESC LIMIT 1 OFFSET ?4";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let bounds = params![today.person, from_ms, to_ms, OVERVIEW_WORKOUTS_MAX - 1];
        let first: Option<i64> = select.query_row(bounds, |row| row.get(0)).optional()?;
        let from = Some(Moment::Instant(first.unwrap_or(from_ms)));
        let range = Range { from, to: Some(Moment::Instant(to_ms)), ..self.range.clone() };
        let mut rows = Rows::new(&WORKOUTS, range).paged(Some(u64::from(OVERVIEW_WORKOUTS_MAX)), None)?;
        rows.page(snapshot, &mut ListOnly { sink, name: "workouts" })?;
        Ok(())
    }

    /// The doses of today.
    fn doses(&self, snapshot: &Snapshot<'_>, today: &Today, sink: &mut dyn Sink) -> Result<(), Unanswered> {
        let sql = "SELECT sum(due), sum(taken) FROM dose_days WHERE person_id = ?1 AND day = ?2";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let counts: (Option<i64>, Option<i64>) =
            select.query_row(params![today.person, today.day.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        sink.open("doses", Part::One);
        sink.begin(&[("due", Value::integer(counts.0)), ("taken", Value::integer(counts.1))]);
        let [from, to] = [today.day, today.day.next()].map(|day| Some(Moment::Day(day)));
        let range = Range { from, to, ..self.range.clone() };
        let mut rows = Rows::new(&DOSES, range).paged(Some(OVERVIEW_DOSES_MAX), None)?;
        rows.page(snapshot, &mut ListOnly { sink, name: "list" })?;
        sink.end(&[]);
        sink.close();
        Ok(())
    }

    /// All types of the person: their last value, and what is usual.
    fn types(&self, snapshot: &Snapshot<'_>, today: &Today, sink: &mut dyn Sink) -> Result<(), Unanswered> {
        let sql = "SELECT o.type_id, t.name FROM (SELECT DISTINCT type_id FROM sample_origins WHERE person_id = ?1) o
            JOIN types t ON t.id = o.type_id ORDER BY o.type_id LIMIT ?2";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![today.person, OVERVIEW_TYPES_MAX])?;
        while let Some(row) = rows.next()? {
            let kind = Kind::identified(row.get_ref(1)?.as_str()?);
            self.type_of(snapshot, today, (&kind, row.get(0)?), sink)?;
        }
        Ok(())
    }

    fn type_of(
        &self,
        snapshot: &Snapshot<'_>,
        today: &Today,
        (kind, type_id): (&Kind, i64),
        sink: &mut dyn Sink,
    ) -> Result<(), Unanswered> {
        // All samples of the type may have moved to another identity, or be dated in the future.
        let Some(last) = LastSample::of(snapshot, today.person, type_id)? else {
            return Ok(());
        };
        let (unit, shown) = self.unit(snapshot, (today.person, kind, Some(type_id)), &last.unit)?;
        let value = last.value.zip(conversion(&last.unit, &unit)).map(|(value, way)| way.apply(value));
        let method = Method::of(&kind.identifier);
        let days = Days::read(snapshot, today, type_id, if method == Method::Sleep { &NIGHTS } else { &DAYS })?;
        let usual = Usual::of(&days.whole, method == Method::Level);
        let figure = |value: Option<f64>| Value::real(value.map(|value| shown.apply(value)));
        sink.begin(&type_fields(kind, &unit));
        sink.open("last", Part::One);
        sink.begin(&[
            ("value", Value::real(value)),
            ("start", Value::Time(last.start_ms)),
            ("end", Value::time(last.end_ms)),
        ]);
        sink.end(&[]);
        sink.close();
        let (day, day_value, is_partial) = match &days.last {
            Some((day, value, is_partial)) => (Value::Text(day), figure(*value), Value::Flag(*is_partial)),
            None => (Value::Null, Value::Null, Value::Null),
        };
        sink.end(&[
            ("day", day),
            ("day_value", day_value),
            ("day_partial", is_partial),
            ("mean_28", figure(usual.mean)),
            ("days_28", Value::Integer(i64::from(usual.days))),
            ("change", Value::real(usual.change)),
            ("usual_low", figure(usual.low)),
            ("usual_high", figure(usual.high)),
        ]);
        Ok(())
    }
}

fn type_fields<'a>(kind: &'a Kind, unit: &'a str) -> [Field<'a>; 4] {
    [
        ("type", Value::Text(&kind.shown)),
        ("identifier", Value::Text(&kind.identifier)),
        ("unit", if unit.is_empty() { Value::Null } else { Value::Text(unit) }),
        ("method", Value::Text(method_name(Method::of(&kind.identifier)))),
    ]
}

/// The last sample of a type that is not dated in the future, as it was sent.
struct LastSample {
    start_ms: i64,
    end_ms: Option<i64>,
    value: Option<f64>,
    /// Empty if it has none.
    unit: String,
}

impl LastSample {
    fn of(snapshot: &Snapshot<'_>, person: i64, type_id: i64) -> Result<Option<Self>, Unanswered> {
        let sql = "SELECT s.start_ms, s.end_ms, s.value, coalesce(u.name, '') FROM samples s
            LEFT JOIN units u ON u.id = s.unit_id WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms <= ?3
            ORDER BY s.start_ms DESC, s.uuid DESC LIMIT 1";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let last = select.query_row(params![person, type_id, snapshot.now_ms], |row| {
            Ok(Self { start_ms: row.get(0)?, end_ms: row.get(1)?, value: row.get(2)?, unit: row.get(3)? })
        });
        Ok(last.optional()?)
    }
}

/// Where figures of days are: those from a date to another, and the last one up to a date. A night counts as the day of its
/// morning, with its minutes asleep.
struct Selects {
    recent: &'static str,
    last: &'static str,
}

const DAYS: Selects = Selects {
    recent: "SELECT day, value, covered_ms, count, end_ms FROM days
        WHERE person_id = ?1 AND type_id = ?2 AND day >= ?3 AND day <= ?4 ORDER BY day",
    last: "SELECT day, value, end_ms FROM days WHERE person_id = ?1 AND type_id = ?2 AND day <= ?3
        ORDER BY day DESC LIMIT 1",
};

const NIGHTS: Selects = Selects {
    recent: "SELECT night, asleep_ms / 60000.0, 0, 0, end_ms FROM nights
        WHERE person_id = ?1 AND night >= ?3 AND night <= ?4 ORDER BY night",
    last: "SELECT night, asleep_ms / 60000.0, end_ms FROM nights
        WHERE person_id = ?1 AND night <= ?3 ORDER BY night DESC LIMIT 1",
};

/// The figures of a type's last days.
struct Days {
    /// The last day that has any: its name, its value, whether it is not over.
    last: Option<(String, Option<f64>, bool)>,
    /// Days before today that are over, the oldest first.
    whole: Vec<WholeDay>,
}

impl Days {
    fn read(
        snapshot: &Snapshot<'_>,
        today: &Today,
        type_id: i64,
        selects: &'static Selects,
    ) -> Result<Self, Unanswered> {
        let mut select = snapshot.connection.prepare_cached(selects.recent)?;
        let first = days_before(today.day, RANGE_DAYS).to_string();
        let mut rows = select.query(params![today.person, type_id, first, today.day.to_string()])?;
        let mut days = Self { last: None, whole: Vec::new() };
        while let Some(row) = rows.next()? {
            let (name, value) = (row.get_ref(0)?.as_str()?, row.get(1)?);
            let is_partial = snapshot.now_ms < row.get(4)?;
            let Some(day) = super::period::day(name) else {
                continue;
            };
            let age = today.day.days().saturating_sub(day.days());
            if let Some(value) = value
                && age > 0
                && !is_partial
            {
                days.whole.push(WholeDay { age, value, covered_ms: row.get(2)?, samples: row.get(3)? });
            }
            match &mut days.last {
                Some(last) => {
                    last.0.clear();
                    last.0.push_str(name);
                    (last.1, last.2) = (value, is_partial);
                }
                None => days.last = Some((name.to_owned(), value, is_partial)),
            }
        }
        if days.last.is_none() {
            let mut select = snapshot.connection.prepare_cached(selects.last)?;
            let last = select.query_row(params![today.person, type_id, today.day.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?, snapshot.now_ms < row.get(2)?))
            });
            days.last = last.optional()?;
        }
        Ok(days)
    }
}

/// Hands out the person's last upload that has ended. Returns whether there is one.
fn last_upload(snapshot: &Snapshot<'_>, person: i64, sink: &mut dyn Sink) -> Result<bool, Unanswered> {
    let Some(last) = LastUpload::of(snapshot, person)? else {
        return Ok(false);
    };
    sink.open("last_upload", Part::One);
    sink.begin(&[
        ("ended", Value::time(last.ended_ms)),
        ("state", Value::Text(&last.state)),
        ("origin", Value::Text(&last.origin)),
        ("sync_source", Value::text(last.sync_source.as_deref())),
        ("records", Value::Integer(last.records)),
    ]);
    sink.end(&[]);
    sink.close();
    Ok(true)
}

/// Takes only the rows of another question, as a list under a name. The question's limit bounds them.
struct ListOnly<'a> {
    sink: &'a mut dyn Sink,
    name: &'static str,
}

impl Sink for ListOnly<'_> {
    fn begin(&mut self, _: &[Field<'_>]) {}

    fn list(&mut self, _: &'static str, columns: &[&'static str]) {
        self.sink.list(self.name, columns);
    }

    fn row(&mut self, row: &[Value<'_>]) -> bool {
        self.sink.row(row);
        true
    }

    fn end(&mut self, _: &[Field<'_>]) {}
}
