//! Connections that only read, and a deadline for each page: none holds the WAL beyond it, however long an answer is.
//!
//! A page is one state of the database. Between pages nothing is open, so a slow client costs no state.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, ErrorCode};

use super::value::{Progress, Sink};
use crate::model::error::Error;
use crate::model::limits::{QUESTION_CACHE_BYTES, QUESTION_PLACES, QUESTION_STEPS, STATEMENTS_CACHED_MAX, TOKEN_WAIT};
use crate::model::lock::lock;
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::open::set_page_cache;

/// A typed question. Each page continues where the last one ended.
pub trait Question: Send {
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

/// One state of the database.
#[derive(Debug)]
pub struct Snapshot<'a> {
    pub(in crate::store) connection: &'a Connection,
    pub(in crate::store) now_ms: i64,
}

/// Asks questions beside the writer. Connections are opened as they are needed, and kept.
#[derive(Debug)]
pub struct QuestionReader {
    database: Database,
    idle: Mutex<Vec<Connection>>,
}

impl QuestionReader {
    /// A reader that has nothing open yet.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, idle: Mutex::default() }
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
        let mut connection = self.connection()?;
        let deadline = Instant::now() + time_max;
        connection.progress_handler(QUESTION_STEPS, Some(move || Instant::now() >= deadline))?;
        let began = connection.execute_batch("BEGIN").map_err(Unanswered::from);
        let answer = began.and_then(|()| read(&Snapshot { connection: &connection, now_ms }));
        connection.progress_handler(0, None::<fn() -> bool>)?;
        if connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok() {
            let mut idle = lock(&self.idle);
            if idle.len() < QUESTION_PLACES {
                idle.push(connection);
            }
        }
        answer.map_err(|unanswered| self.explained(unanswered))
    }

    fn connection(&self) -> Result<Connection, Unanswered> {
        if let Some(connection) = lock(&self.idle).pop() {
            return Ok(connection);
        }
        let connection = self.database.open_beside_writer(TOKEN_WAIT).map_err(Unanswered::Failed)?;
        set_page_cache(&connection, QUESTION_CACHE_BYTES)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
        Ok(connection)
    }

    fn explained(&self, unanswered: Unanswered) -> Unanswered {
        match unanswered {
            Unanswered::Sql(error) => Unanswered::Failed(open_error(&self.database, &error)),
            other => other,
        }
    }
}
