//! Errors of windows, as SQLite passes them on and as ours.

use rusqlite::ffi;
use tokio_postgres::error::SqlState;

use crate::model::error::{Error, ErrorKind};

/// SQLite's own failures: there is no file, so its memory is at fault, or a statement.
pub(super) fn failed(error: &rusqlite::Error) -> Error {
    Error::new(ErrorKind::Store, format!("SQLite in memory fails: {error}"))
}

/// An error with a code of SQLite.
pub(super) fn failure(code: i32, message: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(message.to_owned()))
}

/// The error for a value that has not its column's form.
pub(super) fn malformed(message: &str) -> rusqlite::Error {
    failure(ffi::SQLITE_CORRUPT, message)
}

/// Whether PostgreSQL has ended a statement that took too long.
pub(super) fn is_cancelled(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}
