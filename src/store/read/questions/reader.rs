//! Connections that only read, and a deadline for each page: none holds the WAL beyond it, however long an answer is.
//!
//! A page is one state of the database. Between pages nothing is open, so a slow client costs no state.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, ErrorCode, params};

use super::value::{Progress, Sink};
use crate::model::error::{Error, ErrorKind};
use crate::model::follower::Follower;
use crate::model::limits::{
    QUESTION_CACHE_BYTES, QUESTION_PLACES, QUESTION_STEPS, STATEMENTS_CACHED_MAX, TOKEN_WAIT, TOTALS_KEPT_MAX,
};
use crate::model::lock::lock;
use crate::statistics::Timeline;
use crate::store::derive::timeline;
use crate::store::failure::{open_error, store_error};
use crate::store::kept::Kept;
use crate::store::open::set_page_cache;
use crate::store::postgres::Glass;

/// A typed question. Each page continues where the last one ended.
pub trait Question: Send {
    /// Fails if there is no answer, as far as that is known before its first row. Of several questions in one answer, all are checked
    /// before the first one begins.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn check(&mut self, _: &Snapshot<'_>) -> Result<(), Unanswered> {
        Ok(())
    }

    /// Reads the next page.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    fn page(&mut self, snapshot: &Snapshot<'_>, sink: &mut dyn Sink) -> Result<Progress, Unanswered>;
}

/// Why a question has no answer.
#[derive(Debug)]
pub enum Unanswered {
    /// A parameter asks for what is not there: its name, and what is accepted.
    Parameter(&'static str, String),
    /// Nothing is there.
    NotFound(&'static str),
    /// The deadline has passed.
    TooLong,
    /// The database cannot be read.
    Failed(Error),
    /// SQLite's error.
    Sql(rusqlite::Error),
}

impl From<rusqlite::Error> for Unanswered {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::TooLong,
            _ => Self::Sql(error),
        }
    }
}

impl From<FromSqlError> for Unanswered {
    fn from(error: FromSqlError) -> Self {
        Self::Sql(error.into())
    }
}

impl From<Unanswered> for Error {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Failed(error) => error,
            Unanswered::TooLong => Self::new(ErrorKind::Busy, "the database took too long to read"),
            Unanswered::Parameter(name, accepts) => Self::usage(format!("{name} must be {accepts}")),
            Unanswered::NotFound(what) => Self::usage(what),
            Unanswered::Sql(error) => Self::new(ErrorKind::Store, format!("the database could not be read: {error}")),
        }
    }
}

/// One state of the database.
#[derive(Debug)]
pub struct Snapshot<'a> {
    pub(in crate::store) connection: &'a Connection,
    pub(in crate::store) now_ms: i64,
    opened: &'a Opened,
    kept: &'a Kept,
    known: &'a RefCell<Known>,
}

/// What a connection remembers of the state that it last read.
#[derive(Debug, Default)]
struct Known {
    timeline: Option<KnownTimeline>,
    totals: Option<KnownTotals>,
}

/// The days and the samples of each type of the person that a connection has been asked about last. All rows of days are counted for it.
#[derive(Debug)]
struct KnownTotals {
    person: i64,
    version: i64,
    totals: Totals,
}

/// Days with a figure, and the samples in them.
pub(super) type Total = (i64, Option<i64>);

/// The total of each type; none if there are too many types to remember.
type Totals = Option<Arc<BTreeMap<i64, Total>>>;

/// The zones of the person that a connection has been asked about last. Somebody who travels much has thousands of changes.
#[derive(Debug)]
struct KnownTimeline {
    person: i64,
    /// The version of the database when they were read: it differs after any other connection's commit.
    version: i64,
    timeline: Arc<Timeline>,
}

impl Snapshot<'_> {
    /// The zones that a person was in.
    pub(super) fn timeline(&self, person: i64) -> rusqlite::Result<Arc<Timeline>> {
        let version = self.version()?;
        let known = &mut self.known.borrow_mut().timeline;
        if let Some(known) = known.as_ref().filter(|known| known.person == person && known.version == version) {
            return Ok(Arc::clone(&known.timeline));
        }
        let timeline = Arc::new(timeline(self.connection, person)?);
        *known = Some(KnownTimeline { person, version, timeline: Arc::clone(&timeline) });
        Ok(timeline)
    }

    /// The days and the samples of a type of a person. Those of all types are counted at once.
    pub(super) fn total(&self, person: i64, type_id: i64) -> rusqlite::Result<Total> {
        match self.totals(person)? {
            Some(totals) => Ok(totals.get(&type_id).copied().unwrap_or_default()),
            None => self
                .connection
                .prepare_cached(TOTAL)?
                .query_row([person, type_id], |row| Ok((row.get(0)?, row.get(1)?))),
        }
    }

    fn totals(&self, person: i64) -> rusqlite::Result<Totals> {
        let version = self.version()?;
        let known = &mut self.known.borrow_mut().totals;
        if let Some(known) = known.as_ref().filter(|known| known.person == person && known.version == version) {
            return Ok(known.totals.clone());
        }
        let most = i64::try_from(TOTALS_KEPT_MAX).unwrap_or(i64::MAX).saturating_add(1);
        let mut select = self.connection.prepare_cached(TOTALS)?;
        let counted = select.query_map(params![person, most], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
        let counted: BTreeMap<i64, Total> = counted.collect::<rusqlite::Result<_>>()?;
        let totals = (counted.len() <= TOTALS_KEPT_MAX).then(|| Arc::new(counted));
        *known = Some(KnownTotals { person, version, totals: totals.clone() });
        Ok(totals)
    }

    fn version(&self) -> rusqlite::Result<i64> {
        match self.opened {
            Opened::File(_) => self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0)),
            Opened::Glass(glass) => glass.version(),
        }
    }

    /// The last change up to which nothing is to come, if several programs write at once.
    pub(super) fn settled(&self) -> Option<i64> {
        match self.opened {
            Opened::File(_) => None,
            Opened::Glass(glass) => glass.settled(),
        }
    }

    /// The size of the database.
    pub(super) fn bytes(&self) -> rusqlite::Result<i64> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        match self.opened {
            Opened::File(_) => self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0)),
            Opened::Glass(glass) => glass.bytes(),
        }
    }

    /// Returns what followers wrote last, by their names in order.
    pub(in crate::store) fn followers(&self) -> rusqlite::Result<Vec<Follower>> {
        match (self.opened, self.kept) {
            (Opened::Glass(glass), _) => glass.followers(),
            (_, Kept::File(database)) => Ok(database.followers()),
            (_, Kept::Postgres(_)) => Ok(Vec::new()),
        }
    }
}

const TOTALS: &str =
    "SELECT type_id, count(*), sum(count) FROM days WHERE person_id = ?1 GROUP BY type_id ORDER BY type_id LIMIT ?2";

const TOTAL: &str = "SELECT count(*), sum(count) FROM days WHERE person_id = ?1 AND type_id = ?2";

/// A connection to read from.
#[derive(Debug)]
enum Opened {
    File(Connection),
    Glass(Glass),
}

impl Opened {
    fn connection(&self) -> &Connection {
        match self {
            Self::File(connection) => connection,
            Self::Glass(glass) => glass.connection(),
        }
    }

    /// Ends what runs longer than until a deadline; without one, nothing.
    fn limit(&mut self, deadline: Option<Instant>) -> rusqlite::Result<()> {
        let connection = match self {
            Self::File(connection) => connection,
            Self::Glass(glass) => glass.connection_mut(),
        };
        match deadline {
            Some(deadline) => connection.progress_handler(QUESTION_STEPS, Some(move || Instant::now() >= deadline)),
            None => connection.progress_handler(0, None::<fn() -> bool>),
        }
    }
}

/// A connection, and what is known of the state that it last read.
#[derive(Debug)]
struct Place {
    opened: Opened,
    known: RefCell<Known>,
}

/// Asks questions beside the writer. Connections are opened as they are needed, and kept.
#[derive(Debug)]
pub struct QuestionReader {
    kept: Kept,
    is_following: bool,
    idle: Mutex<Vec<Place>>,
}

impl QuestionReader {
    /// A reader that has nothing open yet.
    #[must_use]
    pub fn new(kept: impl Into<Kept>) -> Self {
        Self { kept: kept.into(), is_following: false, idle: Mutex::default() }
    }

    /// The same for a follower: what is read of changes is complete.
    #[must_use]
    pub fn following(kept: impl Into<Kept>) -> Self {
        Self { is_following: true, ..Self::new(kept) }
    }

    /// Reads the next page of a question, within a time.
    ///
    /// # Errors
    ///
    /// As for [`Question::page`].
    pub fn page(
        &self,
        question: &mut dyn Question,
        (now_ms, time_max): (i64, Duration),
        sink: &mut dyn Sink,
    ) -> Result<Progress, Unanswered> {
        self.read((now_ms, time_max), |snapshot| question.page(snapshot, sink))
    }

    /// Reads one state of the database, within a time.
    ///
    /// # Errors
    ///
    /// Those of `read`, and [`Unanswered::TooLong`].
    pub fn read<T>(
        &self,
        (now_ms, time_max): (i64, Duration),
        read: impl FnOnce(&Snapshot<'_>) -> Result<T, Unanswered>,
    ) -> Result<T, Unanswered> {
        let mut place = self.place()?;
        let (answer, is_usable) = self.read_at(&mut place, (now_ms, time_max), read);
        if is_usable {
            let mut idle = lock(&self.idle);
            if idle.len() < QUESTION_PLACES {
                idle.push(place);
            }
        }
        answer
    }

    /// Reads, and returns whether the connection can be used again.
    fn read_at<T>(
        &self,
        Place { opened, known }: &mut Place,
        (now_ms, time_max): (i64, Duration),
        read: impl FnOnce(&Snapshot<'_>) -> Result<T, Unanswered>,
    ) -> (Result<T, Unanswered>, bool) {
        let limited = opened.limit(Some(Instant::now() + time_max));
        let begin = || {
            limited?;
            if let Opened::Glass(glass) = &*opened {
                glass.begin(time_max).map_err(Unanswered::Failed)?;
            }
            opened.connection().execute_batch("BEGIN").map_err(Unanswered::from)
        };
        let answer = begin().and_then(|()| {
            let connection = opened.connection();
            read(&Snapshot { connection, now_ms, opened, kept: &self.kept, known })
        });
        let answer = answer.map_err(|unanswered| self.explained(opened, unanswered));
        let is_free = opened.limit(None).is_ok();
        let connection = opened.connection();
        let is_over = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
        if let Opened::Glass(glass) = opened {
            glass.end();
        }
        (answer, is_free && is_over)
    }

    fn place(&self) -> Result<Place, Unanswered> {
        if let Some(place) = lock(&self.idle).pop() {
            return Ok(place);
        }
        let opened = match &self.kept {
            Kept::File(database) => {
                let connection = database.open_beside_writer(TOKEN_WAIT).map_err(Unanswered::Failed)?;
                set_page_cache(&connection, QUESTION_CACHE_BYTES)?;
                connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
                Opened::File(connection)
            }
            Kept::Postgres(address) => {
                let glass = Glass::open(address).map_err(Unanswered::Failed)?;
                Opened::Glass(if self.is_following { glass.following() } else { glass })
            }
        };
        Ok(Place { opened, known: RefCell::default() })
    }

    fn explained(&self, opened: &Opened, unanswered: Unanswered) -> Unanswered {
        match (unanswered, opened, &self.kept) {
            (Unanswered::Sql(error), Opened::Glass(glass), _) => match glass.take_error() {
                Some(error) => Unanswered::Failed(error),
                None => Unanswered::Failed(store_error(&error)),
            },
            (Unanswered::Sql(error), _, Kept::File(database)) => Unanswered::Failed(open_error(database, &error)),
            (other, ..) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Field;
    use super::super::value::Value;
    use super::*;
    use crate::model::limits::QUESTION_TIME_MAX;
    use crate::store::{Database, Store};

    struct Endless;

    impl Question for Endless {
        fn page(&mut self, snapshot: &Snapshot<'_>, _: &mut dyn Sink) -> Result<Progress, Unanswered> {
            let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n, persons";
            Ok(snapshot.connection.query_row(sql, [], |_| Ok(Progress::End))?)
        }
    }

    struct Nowhere;

    impl Sink for Nowhere {
        fn begin(&mut self, _: &[Field<'_>]) {}
        fn list(&mut self, _: &'static str, _: &[&'static str]) {}
        fn row(&mut self, _: &[Value<'_>]) -> bool {
            true
        }
        fn end(&mut self, _: &[Field<'_>]) {}
    }

    #[test]
    fn totals_are_those_of_the_state_that_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::new(file.path());
        let store = Store::open(&database).unwrap();
        store.connection.execute("INSERT INTO types (id, name) VALUES (1, 'steps')", []).unwrap();
        let reader = QuestionReader::new(database);
        let total = || reader.read((0, QUESTION_TIME_MAX), |snapshot| Ok(snapshot.total(1, 1)?)).unwrap();
        assert_eq!(total(), (0, None));
        for (day, expected) in [("2026-01-01", (1, Some(5))), ("2026-01-02", (2, Some(10)))] {
            let sql =
                "INSERT INTO days (person_id, type_id, day, start_ms, end_ms, count, covered_ms, sessions, has_long,
                is_approximate) VALUES (1, 1, ?1, 0, 1, 5, 0, 0, FALSE, FALSE)";
            store.connection.execute(sql, [day]).unwrap();
            assert_eq!([total(), total()], [expected, expected]);
        }
    }

    /// A hostile sender makes any number of types.
    #[test]
    fn totals_of_many_types_are_right_and_bounded() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::new(file.path());
        let store = Store::open(&database).unwrap();
        let add = |first: usize, last: usize| {
            let sql = "WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
                INSERT INTO days (person_id, type_id, day, start_ms, end_ms, count, covered_ms, sessions, has_long,
                  is_approximate) SELECT 1, i, '2026-01-01', 0, 1, 10 * i, 0, 0, FALSE, FALSE FROM n";
            store.connection.execute(sql, [first, last].map(|id| i64::try_from(id).unwrap())).unwrap();
        };
        let reader = QuestionReader::new(database);
        let look = || {
            let ids = [1, 2, TOTALS_KEPT_MAX, TOTALS_KEPT_MAX + 1].map(|id| i64::try_from(id).unwrap());
            reader.read((0, QUESTION_TIME_MAX), |snapshot| {
                let kept = snapshot.totals(1)?.map(|totals| totals.len());
                let totals = ids.map(|id| snapshot.total(1, id).unwrap());
                assert_eq!(totals[..3], [1, 2, ids[2]].map(|id| (1, Some(10 * id))), "{kept:?}");
                Ok((kept, totals[3]))
            })
        };
        add(1, TOTALS_KEPT_MAX);
        assert_eq!(look().unwrap(), (Some(TOTALS_KEPT_MAX), (0, None)));
        add(TOTALS_KEPT_MAX + 1, TOTALS_KEPT_MAX + 1);
        let last = i64::try_from(10 * (TOTALS_KEPT_MAX + 1)).unwrap();
        assert_eq!(look().unwrap(), (None, (1, Some(last))), "none are remembered");
    }

    #[test]
    fn a_page_that_does_not_end_is_stopped_and_holds_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::new(file.path());
        let store = Store::open(&database).unwrap();
        let reader = QuestionReader::new(database);
        let asked = reader.page(&mut Endless, (0, Duration::from_millis(20)), &mut Nowhere);
        assert!(matches!(asked, Err(Unanswered::TooLong)), "{asked:?}");
        store.connection.execute("INSERT INTO persons (name) VALUES ('anna')", []).unwrap();
        let busy: i64 = store.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
        assert_eq!(busy, 0, "it does not hold the WAL");
        assert_eq!(lock(&reader.idle).len(), 1, "its connection is used again");
        reader.read((0, QUESTION_TIME_MAX), |snapshot| snapshot.state("anna", &[])).unwrap();
    }
}
