//! Rows with a long text, which SQLite reads where it is.
//!
//! rusqlite gives SQLite a copy of each value. So a text of 4 MiB would be in memory three times: the batch's, that copy, and the
//! record that SQLite makes. rusqlite binds nothing without a copy, and does not pass its statement on. So such a statement is
//! prepared here with SQLite's functions, each time: beside a long text that costs nothing.

use std::ffi::c_int;
use std::ptr;

use rusqlite::{Connection, Error, ffi, params_from_iter};

use super::sql_value::SqlValue;

/// Runs a statement. Returns the number of rows changed.
pub(in crate::store) fn execute<'v>(
    connection: &Connection,
    sql: &str,
    row: impl IntoIterator<Item = SqlValue<'v>, IntoIter: Clone>,
) -> rusqlite::Result<usize> {
    let row = row.into_iter();
    if row.clone().any(|value| value.is_long()) {
        return execute_lent(connection, sql, &row.collect::<Vec<_>>());
    }
    connection.prepare_cached(sql)?.execute(params_from_iter(row))
}

/// Returns whether a query has a row.
pub(in crate::store) fn exists<'v>(
    connection: &Connection,
    sql: &str,
    row: impl IntoIterator<Item = SqlValue<'v>, IntoIter: Clone>,
) -> rusqlite::Result<bool> {
    let row = row.into_iter();
    if row.clone().any(|value| value.is_long()) {
        return query_lent(connection, sql, &row.collect::<Vec<_>>()).map(|number| number.is_some());
    }
    connection.prepare_cached(sql)?.exists(params_from_iter(row))
}

/// Runs a statement that copies no text. Returns the number of rows changed.
#[cold]
pub(super) fn execute_lent(connection: &Connection, sql: &str, row: &[SqlValue<'_>]) -> rusqlite::Result<usize> {
    match query_lent(connection, sql, row)? {
        None => Ok(usize::try_from(connection.changes()).unwrap_or(usize::MAX)),
        Some(_) => Err(Error::ExecuteReturnedResults),
    }
}

/// Runs a statement that copies no text. Returns the number in the first column of its first row, if it has a row.
#[cold]
#[expect(unsafe_code, reason = "rusqlite copies each text: 4 MiB more at the peak of an upload (measured)")]
pub(super) fn query_lent(
    connection: &Connection,
    sql: &str,
    row: &[SqlValue<'_>],
) -> rusqlite::Result<Option<Option<i64>>> {
    // SAFETY: the handle is that of a connection which is open at least until this function returns. SQLite reads `sql` up to its
    // length, and `statement` is its own.
    let statement = unsafe {
        let (bytes, mut statement) = (length(sql.as_bytes())?, ptr::null_mut());
        let db = connection.handle();
        check(ffi::sqlite3_prepare_v2(db, sql.as_ptr().cast(), bytes, &mut statement, ptr::null_mut()))?;
        Statement(statement)
    };
    for (index, value) in (1..).zip(row) {
        // SAFETY: the statement is open. Without a copy SQLite reads a text or a blob in its place, up to its length, until the statement
        // is finalized. That is when this function returns, and `row` with all that it refers to is borrowed for longer.
        check(unsafe {
            let own = ffi::SQLITE_STATIC();
            match value {
                SqlValue::Null => ffi::sqlite3_bind_null(statement.0, index),
                SqlValue::Integer(number) => ffi::sqlite3_bind_int64(statement.0, index, *number),
                SqlValue::Real(number) => ffi::sqlite3_bind_double(statement.0, index, *number),
                SqlValue::Text(text) => {
                    let bytes = length(text.as_bytes())?;
                    ffi::sqlite3_bind_text(statement.0, index, text.as_ptr().cast(), bytes, own)
                }
                SqlValue::Uuid(uuid) => {
                    ffi::sqlite3_bind_blob(statement.0, index, uuid.as_ptr().cast(), length(uuid)?, own)
                }
                SqlValue::Blob(blob) => {
                    ffi::sqlite3_bind_blob(statement.0, index, blob.as_ptr().cast(), length(blob)?, own)
                }
            }
        })?;
    }
    // SAFETY: the statement is open, and stands on a row while a column is read, as a number.
    unsafe {
        match ffi::sqlite3_step(statement.0) {
            ffi::SQLITE_DONE => Ok(None),
            ffi::SQLITE_ROW if ffi::sqlite3_column_type(statement.0, 0) == ffi::SQLITE_NULL => Ok(Some(None)),
            ffi::SQLITE_ROW => Ok(Some(Some(ffi::sqlite3_column_int64(statement.0, 0)))),
            code => Err(failure(code)),
        }
    }
}

/// A statement that SQLite has prepared.
struct Statement(*mut ffi::sqlite3_stmt);

impl Drop for Statement {
    #[expect(unsafe_code, reason = "see `query_lent`")]
    fn drop(&mut self) {
        // SAFETY: SQLite has returned this pointer for this owner only, or null, which it ignores here. The code that it returns now is
        // that of the last step.
        unsafe { ffi::sqlite3_finalize(self.0) };
    }
}

fn length(bytes: &[u8]) -> rusqlite::Result<c_int> {
    c_int::try_from(bytes.len()).map_err(|_| failure(ffi::SQLITE_TOOBIG))
}

fn check(code: c_int) -> rusqlite::Result<()> {
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(failure(code)) }
}

fn failure(code: c_int) -> Error {
    Error::SqliteFailure(ffi::Error::new(code), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::GROUP_BYTES;
    use crate::store::write::sql_value::sql_values;

    #[test]
    fn values_are_the_same_with_and_without_a_copy() {
        let connection = Connection::open_in_memory().unwrap();
        let types = "a INTEGER, b REAL, c TEXT, d BLOB, e BLOB, f TEXT UNIQUE";
        connection.execute_batch(&format!("CREATE TABLE t ({types}) STRICT")).unwrap();
        let long = "é\0".repeat(GROUP_BYTES);
        let insert = "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
        let select = "SELECT a FROM t WHERE a IS ?1 AND b IS ?2 AND c IS ?3 AND d IS ?4 AND e IS ?5 AND f IS ?6";
        for text in ["", "short", &long] {
            let blob = [1, 2, 3];
            let row = sql_values![7_i64, 1.5, text, [9_u8; 16], &blob[..], text];
            assert!(!exists(&connection, select, row).unwrap());
            assert_eq!([1, 0].map(|_| execute(&connection, insert, row).unwrap()), [1, 0]);
            assert!(exists(&connection, select, row).unwrap());
            assert_eq!(query_lent(&connection, select, &row).unwrap(), Some(Some(7)));
            let stored: (String, Vec<u8>) = connection
                .query_row("SELECT c, e FROM t WHERE f = ?1", [text], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap();
            assert_eq!((stored.0 == text, stored.1), (true, blob.to_vec()));
        }
        let nothing = [SqlValue::Null, SqlValue::Null, SqlValue::Text(&long)];
        assert_eq!(query_lent(&connection, "SELECT ?1 WHERE ?2 IS NULL AND ?3 > ''", &nothing).unwrap(), Some(None));
    }

    #[test]
    fn errors_are_those_of_sqlite() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (a INTEGER NOT NULL, b TEXT) STRICT").unwrap();
        let long = "x".repeat(2 * GROUP_BYTES);
        let check = |sql: &str, expected: &str| {
            let error = execute(&connection, sql, sql_values![None::<i64>, &*long]).unwrap_err().to_string();
            assert_eq!(error, expected);
        };
        check("INSERT INTO t VALUES (?1, ?2)", "Error code 1299: constraint failed");
        check("INSERT INTO u VALUES (?1, ?2)", "Error code 1: SQL logic error");
        check("SELECT ?1, ?2", "Execute returned results - did you mean to call query?");
        assert_eq!(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)), Ok(0));
    }
}
