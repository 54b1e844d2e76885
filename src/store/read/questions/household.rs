//! Who has data, how current it is, and why a figure is what it is.

use rusqlite::{OptionalExtension, params};

use super::range::{Moment, Range, is_stale, person};
use super::reader::{Question, Snapshot, Unanswered};
use super::types::Kind;
use super::value::{Progress, Sink, Value};
use crate::model::limits::PHONES_LISTED_MAX;
use crate::store::derive::explain;
use crate::store::version::VERSION;

/// The persons whose data may be read.
#[derive(Debug)]
pub struct People {
    /// The only one; everyone if none.
    pub only: Option<String>,
    after: i64,
    has_begun: bool,
}

impl People {
    /// The question.
    #[must_use]
    pub fn new(only: Option<String>) -> Self {
        Self { only, after: i64::MIN, has_begun: false }
    }
}

impl Question for People {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        if let Some(only) = &self.only {
            person(snapshot, only)?;
        }
        if !self.has_begun {
            self.has_begun = true;
            sink.begin(&[]);
            sink.list("people", &["person", "uploads", "last_upload", "stale"]);
        }
        let sql = "SELECT p.id, p.name, (SELECT count(*) FROM uploads u WHERE u.person_id = p.id AND u.state = 'done'),
              (SELECT max(u.finished_ms) FROM uploads u WHERE u.person_id = p.id AND u.state = 'done')
            FROM persons p WHERE p.id > ?1 AND (?2 IS NULL OR p.name = ?2) ORDER BY p.id";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![self.after, self.only])?;
        while let Some(row) = rows.next()? {
            self.after = row.get(0)?;
            let stale = is_stale(snapshot, self.after)?;
            let name = Value::Text(row.get_ref(1)?.as_str()?);
            if !sink.row(&[name, Value::Integer(row.get(2)?), Value::time(row.get(3)?), Value::Flag(stale)]) {
                return Ok(Progress::More);
            }
        }
        sink.end(&[]);
        Ok(Progress::End)
    }
}

/// How current a person's data is, and what sends it.
#[derive(Debug)]
pub struct PersonStatus {
    /// Whose.
    pub person: String,
    /// Which page the program has: full or basic.
    pub web: &'static str,
}

impl Question for PersonStatus {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let person = person(snapshot, &self.person)?;
        let one = |sql: &str| -> Result<Option<i64>, Unanswered> {
            Ok(snapshot.connection.prepare_cached(sql)?.query_row([person], |row| row.get(0)).optional()?.flatten())
        };
        let bytes = snapshot.bytes()?;
        sink.begin(&[
            ("person", Value::Text(&self.person)),
            ("version", Value::Text(env!("CARGO_PKG_VERSION"))),
            ("web", Value::Text(self.web)),
            ("database_bytes", Value::Integer(bytes)),
            ("schema", Value::Integer(i64::from(VERSION))),
            ("change", Value::integer(one("SELECT max(number) FROM changes WHERE person_id = ?1")?)),
            ("figures_change", Value::integer(one("SELECT change FROM derived_state WHERE person_id = ?1")?)),
            ("stale", Value::Flag(is_stale(snapshot, person)?)),
            ("types", Value::integer(one("SELECT count(DISTINCT type_id) FROM sample_origins WHERE person_id = ?1")?)),
            ("workouts", Value::integer(one("SELECT count(*) FROM workouts WHERE person_id = ?1")?)),
            ("rejects", Value::integer(one("SELECT count(*) FROM rejects WHERE person_id = ?1")?)),
            ("uploads", Value::integer(one("SELECT count(*) FROM uploads WHERE person_id = ?1")?)),
            (
                "running",
                Value::integer(one("SELECT count(*) FROM uploads WHERE person_id = ?1 AND state = 'running'")?),
            ),
        ]);
        sink.list("senders", &["origin", "token_id", "label", "uploads", "last_upload"]);
        let sql = "SELECT u.origin, u.token_id, t.label, u.uploads, u.last_ms FROM (
              SELECT origin, token_id, count(*) AS uploads, max(finished_ms) AS last_ms FROM uploads
              WHERE person_id = ?1 AND state = 'done' GROUP BY origin, token_id) u
            LEFT JOIN tokens t ON t.id = u.token_id ORDER BY u.last_ms DESC LIMIT ?2";
        let mut select = snapshot.connection.prepare_cached(sql)?;
        let mut rows = select.query(params![person, PHONES_LISTED_MAX])?;
        while let Some(row) = rows.next()? {
            sink.row(&[
                Value::text(row.get_ref(0)?.as_str_or_null()?),
                Value::integer(row.get(1)?),
                Value::text(row.get_ref(2)?.as_str_or_null()?),
                Value::integer(row.get(3)?),
                Value::time(row.get(4)?),
            ]);
        }
        followers(snapshot, person, sink)?;
        sink.end(&[]);
        Ok(Progress::End)
    }
}

/// Lists followers: how many changes of this person each lacks. Their targets, counts and reasons are of everybody, so they stay out.
fn followers(snapshot: &Snapshot<'_>, person: i64, sink: &mut dyn Sink) -> Result<(), Unanswered> {
    let sql = "SELECT coalesce(max(number), 0), coalesce((SELECT max(number) FROM changes), 0) FROM changes WHERE person_id = ?1";
    let (last, newest) =
        snapshot.connection.prepare_cached(sql)?.query_row([person], |row| Ok((row.get(0)?, row.get(1)?)))?;
    sink.list("followers", &["name", "state", "behind", "last_success"]);
    for follower in snapshot.followers()? {
        let behind = follower.state.behind(last, newest);
        sink.row(&[
            Value::Text(&follower.state.name),
            Value::Text(follower.stage(behind).name()),
            Value::Integer(behind),
            Value::time(follower.state.last_success_ms),
        ]);
    }
    Ok(())
}

/// The parts of one figure: which source counted when, what was left out and why.
#[derive(Debug)]
pub struct Explain {
    /// Whose; its first moment is the day.
    pub range: Range,
    /// The type.
    pub kind: Kind,
}

/// A text, or [`Value::Null`] for an empty one.
fn filled(text: &str) -> Value<'_> {
    if text.is_empty() { Value::Null } else { Value::Text(text) }
}

impl Question for Explain {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let Some(Moment::Day(day)) = self.range.from else {
            return Err(Unanswered::Parameter("from", "the local date of the day, such as 2026-01-31".to_owned()));
        };
        let person = person(snapshot, &self.range.person)?;
        self.kind.id(snapshot)?;
        let explained =
            explain(snapshot.connection, person, &self.kind.identifier, day).map_err(rusqlite::Error::from)?;
        let explained = explained.ok_or(Unanswered::NotFound("there are no samples of this type"))?;
        sink.begin(&[
            ("type", Value::Text(&self.kind.shown)),
            ("unit", filled(&explained.unit)),
            ("zone", Value::text(explained.zone.as_deref())),
            ("day", Value::Text(&explained.day)),
            ("start", filled(&explained.from)),
            ("end", filled(&explained.to)),
            ("value", Value::real(explained.value)),
            ("adds_up", Value::Flag(explained.adds_up)),
            ("naive", Value::real(explained.naive)),
            ("samples", Value::integer(i64::try_from(explained.count).ok())),
        ]);
        sink.list("sources", &["source", "value", "recorded", "samples", "covered_min"]);
        for source in &explained.sources {
            sink.row(&[
                Value::Text(&source.source),
                Value::real(source.value),
                Value::real(source.recorded),
                Value::integer(i64::try_from(source.count).ok()),
                Value::Real(source.covered_min),
            ]);
        }
        sink.list("stretches", &["start", "end", "source", "stage"]);
        for stretch in &explained.stretches {
            let [start, end, source] = [&stretch.from, &stretch.to, &stretch.source].map(|text| Value::Text(text));
            sink.row(&[start, end, source, Value::text(stretch.stage)]);
        }
        sink.list("left_out", &["reason", "samples"]);
        for (reason, samples) in &explained.left_out {
            sink.row(&[Value::Text(reason), Value::integer(i64::try_from(*samples).ok())]);
        }
        sink.end(&[("stale", Value::Flag(is_stale(snapshot, person)?))]);
        Ok(Progress::End)
    }
}
