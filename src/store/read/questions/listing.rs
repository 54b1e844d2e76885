//! Rows of a table or a view by their keys: one question for all of them, each described by a [`Listing`].

use rusqlite::types::ToSql;
use rusqlite::{Row, Statement};

use super::cursor::RowKey;
use super::range::{Located, Range, is_stale};
use super::reader::{Question, Snapshot, Unanswered};
use super::value::{Progress, Sink, Value};
use crate::model::limits::{LISTING_COLUMNS_MAX, QUESTION_TOTAL_MAX};

/// A table for clients.
#[derive(Debug)]
pub struct Listing {
    /// The name of the list.
    pub name: &'static str,
    /// Columns in the order of the statement, behind those of the key.
    pub(super) columns: &'static [(&'static str, ColumnKind)],
    /// Columns of the key, which the statement selects first: for each the letter of its kind in cursors.
    pub(super) keys: &'static str,
    /// The statement: ?1 person, ?2 and ?3 the range, ?4 the word that filters it. `{behind}` stands for "behind the key", whose
    /// columns begin with ?5.
    pub(super) sql: &'static str,
    pub(super) behind: &'static str,
    /// What ?2 and ?3 are.
    pub(super) bounds: Bounds,
    /// Whether rows are made by the program from others, and may be stale.
    pub(super) is_derived: bool,
}

/// What the bounds of a range are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Bounds {
    /// Milliseconds since 1970 UTC.
    Instants,
    /// Local dates.
    Days,
}

/// How a column is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum ColumnKind {
    Text,
    Json,
    Number,
    Flag,
    Time,
    Identity,
}

impl ColumnKind {
    fn value<'a>(self, row: &'a Row<'_>, column: usize) -> Result<Value<'a>, Unanswered> {
        use rusqlite::types::ValueRef;
        let value = row.get_ref(column)?;
        if value == ValueRef::Null {
            return Ok(Value::Null);
        }
        Ok(match self {
            Self::Text => Value::Text(value.as_str()?),
            Self::Json => Value::Json(value.as_str()?),
            Self::Flag => Value::Flag(row.get(column)?),
            Self::Time => Value::Time(row.get(column)?),
            Self::Identity => match value.as_blob()?.try_into() {
                Ok(uuid) => Value::Identity(uuid),
                Err(_) => Value::Null,
            },
            Self::Number => match value {
                ValueRef::Integer(number) => Value::Integer(number),
                _ => Value::Real(row.get(column)?),
            },
        })
    }
}

/// Rows of a listing.
#[derive(Debug)]
pub struct Rows {
    listing: &'static Listing,
    range: Range,
    word: Option<String>,
    limit: Option<u64>,
    after: Option<RowKey>,
    rows: u64,
    has_begun: bool,
}

impl Rows {
    /// The question for all rows of a range.
    #[must_use]
    pub fn new(listing: &'static Listing, range: Range) -> Self {
        Self { listing, range, word: None, limit: None, after: None, rows: 0, has_begun: false }
    }

    /// Only rows with this word, such as an activity.
    #[must_use]
    pub fn with_word(self, word: Option<String>) -> Self {
        Self { word, ..self }
    }

    /// At most so many rows, behind a key. Fails for a key of another listing.
    ///
    /// # Errors
    ///
    /// [`Unanswered::Parameter`].
    pub fn paged(self, limit: Option<u64>, after: Option<RowKey>) -> Result<Self, Unanswered> {
        if after.as_ref().is_some_and(|after| !after.is_of(self.listing.keys)) {
            return Err(Unanswered::Parameter("cursor", "the `next_cursor` of the answer before".to_owned()));
        }
        Ok(Self { limit, after, ..self })
    }

    fn statement<'a>(&self, snapshot: &Snapshot<'a>) -> Result<rusqlite::CachedStatement<'a>, Unanswered> {
        let behind = if self.after.is_some() { self.listing.behind } else { "TRUE" };
        Ok(snapshot.connection.prepare_cached(&self.listing.sql.replace("{behind}", behind))?)
    }

    /// How many rows there are; null if they are too many to count.
    fn total(&self, snapshot: &Snapshot<'_>, located: &Located) -> Result<Value<'static>, Unanswered> {
        let max = i64::try_from(QUESTION_TOTAL_MAX).unwrap_or(i64::MAX);
        let rows = self.listing.sql.replace("{behind}", "TRUE");
        let mut select =
            snapshot.connection.prepare_cached(&format!("SELECT count(*) FROM ({rows} LIMIT {})", max + 1))?;
        self.bind(&mut select, located)?;
        let total: i64 = match select.raw_query().next()? {
            Some(row) => row.get(0)?,
            None => 0,
        };
        Ok(if total > max { Value::Null } else { Value::Integer(total) })
    }

    /// Binds the parameters that a statement has.
    fn bind(&self, select: &mut Statement<'_>, located: &Located) -> rusqlite::Result<()> {
        let (first, behind_last) = located.days();
        let days = [first, behind_last].map(|day| day.to_string());
        let (from, to): (&dyn ToSql, &dyn ToSql) = match self.listing.bounds {
            Bounds::Instants => (&located.from_ms, &located.to_ms),
            Bounds::Days => (&days[0], &days[1]),
        };
        let bounds: [&dyn ToSql; 4] = [&located.person, from, to, &self.word];
        let keys = self.after.as_ref().map(RowKey::parts).unwrap_or_default();
        let all = bounds.into_iter().chain(keys.iter().map(|part| part as &dyn ToSql));
        let known = select.parameter_count();
        for (at, value) in all.enumerate().take_while(|(at, _)| *at < known) {
            select.raw_bind_parameter(at + 1, value)?;
        }
        Ok(())
    }
}

impl Question for Rows {
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered> {
        let located = self.range.locate(snapshot)?;
        if !self.has_begun {
            self.has_begun = true;
            let mut head = vec![("person", Value::Text(&self.range.person))];
            if self.limit.is_some() && self.after.is_none() {
                head.push(("total", self.total(snapshot, &located)?));
            }
            sink.begin(&head);
            let names: Vec<&'static str> = self.listing.columns.iter().map(|(name, _)| *name).collect();
            sink.list(self.listing.name, &names);
        }
        let mut select = self.statement(snapshot)?;
        self.bind(&mut select, &located)?;
        let Listing { keys, columns, is_derived, .. } = *self.listing;
        let mut rows = select.raw_query();
        while let Some(row) = rows.next()? {
            if self.limit.is_some_and(|limit| self.rows >= limit)
                && let Some(next) = self.after.as_ref().and_then(RowKey::to_text)
            {
                let stale = is_derived && is_stale(snapshot, located.person)?;
                end(sink, Some(&next), stale);
                return Ok(Progress::End);
            }
            let mut values = [Value::Null; LISTING_COLUMNS_MAX];
            for (at, ((_, kind), value)) in columns.iter().zip(&mut values).enumerate() {
                *value = kind.value(row, keys.len() + at)?;
            }
            let has_more_room = sink.row(&values[..columns.len()]);
            self.rows += 1;
            self.after = Some(RowKey::of(row, keys.len())?);
            if !has_more_room {
                return Ok(Progress::More);
            }
        }
        let stale = is_derived && is_stale(snapshot, located.person)?;
        end(sink, None, stale);
        Ok(Progress::End)
    }
}

fn end(sink: &mut dyn Sink, next: Option<&str>, stale: bool) {
    sink.end(&[
        ("truncated", Value::Flag(next.is_some())),
        ("next_cursor", Value::text(next)),
        ("stale", Value::Flag(stale)),
    ]);
}
