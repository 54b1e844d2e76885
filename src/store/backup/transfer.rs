//! Copies a database page by page while others write to it, and verifies the copy.
//!
//! SQLite's backup API, not `VACUUM INTO`: it copies pages instead of rebuilding every tree, and reports its progress. The
//! source is read under one read transaction. Without it the backup would restart at each commit of another connection, and
//! beside a busy writer it would never end. Meanwhile the WAL grows by what is written.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::Serialize;

use super::partial::{Partial, running_error};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BACKUP_CACHE_BYTES, BACKUP_STEP_PAGES};
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::open::set_page_cache;

/// The content of a backup.
#[derive(Clone, Debug, Serialize)]
pub struct BackupSummary {
    /// Its size.
    pub bytes: u64,
    /// Rows of the ledger.
    pub uploads: i64,
    /// Samples.
    pub samples: i64,
}

/// Fills a partial backup from the database that `source` has open, and verifies that it is sound and holds the same rows.
pub(super) fn fill(
    partial: &Partial,
    source: Connection,
    database: &Database,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<BackupSummary> {
    let expected = source
        .execute_batch("BEGIN")
        .and_then(|()| Holdings::read(&source))
        .map_err(|error| open_error(database, &error))?;
    transfer(partial, &source, watch)?;
    // This frees the WAL; the verification reads only the copy.
    drop(source);
    let fault = verify(partial, &expected).map_err(|error| write_error(partial.target(), &error))?;
    if let Some(fault) = fault {
        let database = database.path().display();
        let message = format!(
            "the copy of {database} is not sound and was deleted: {fault}; run `healthsink check --db {database}`"
        );
        return Err(Error::new(ErrorKind::Store, message));
    }
    let bytes = partial.file().metadata().map_or(0, |file| file.len());
    Ok(BackupSummary { bytes, uploads: expected.uploads, samples: expected.rows("samples") })
}

fn transfer(partial: &Partial, source: &Connection, watch: &mut dyn FnMut(u64, u64)) -> Result<()> {
    let fail = |error: rusqlite::Error| write_error(partial.target(), &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(partial.path(), flags).map_err(fail)?;
    configure(&target).map_err(fail)?;
    let page_bytes: u64 =
        source.pragma_query_value(None, "page_size", |row| row.get::<_, i64>(0)).map_err(fail)?.unsigned_abs();
    let backup = Backup::new(source, &mut target).map_err(fail)?;
    loop {
        let step = backup.step(BACKUP_STEP_PAGES).map_err(fail)?;
        let progress = backup.progress();
        let [whole, left] = [progress.pagecount, progress.remaining].map(|pages| u64::from(pages.unsigned_abs()));
        watch((whole - left) * page_bytes, whole * page_bytes);
        match step {
            StepResult::More => {}
            StepResult::Done => break,
            _ => return Err(running_error(partial.target())),
        }
    }
    drop(backup);
    // One file that opens everywhere, also in a read-only folder: it has no WAL until a server uses it.
    target.pragma_update(None, "journal_mode", "DELETE").map_err(fail)
}

/// A backup that fails is deleted, so nothing in it needs to be undone. It is synced once, at the end.
fn configure(target: &Connection) -> rusqlite::Result<()> {
    target.pragma_update(None, "journal_mode", "OFF")?;
    target.pragma_update(None, "synchronous", "OFF")?;
    target.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    set_page_cache(target, BACKUP_CACHE_BYTES)
}

/// Returns what is wrong with the copy.
fn verify(partial: &Partial, expected: &Holdings) -> rusqlite::Result<Option<String>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(partial.path(), flags)?;
    let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Ok(Some(verdict.replace('\n', " ")));
    }
    let found = Holdings::read(&copy)?;
    Ok((found != *expected).then(|| "it does not hold the same rows".to_owned()))
}

fn write_error(target: &Path, error: &rusqlite::Error) -> Error {
    let target = target.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            Error::new(ErrorKind::Full, format!("no space left for {target}; free some, or name another folder"))
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            let message = format!("cannot make {target} from a damaged database: {error}; run `healthsink check`");
            Error::new(ErrorKind::Store, message)
        }
        _ => Error::new(ErrorKind::Io, format!("cannot make {target}: {error}")),
    }
}

/// What a backup must hold: the rows of each table of whatever version, and the ledger's last number and sum. A virtual table of
/// another program has its rows in ordinary ones, and may need a module that is not here.
#[derive(Debug, Eq, PartialEq)]
struct Holdings {
    tables: Vec<(String, i64)>,
    uploads: i64,
    ledger: (i64, i64),
}

impl Holdings {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut select =
            connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name")?;
        let names = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        let mut tables = Vec::with_capacity(names.len());
        for name in names {
            let sql = format!("SELECT count(*) FROM \"{}\"", name.replace('"', "\"\""));
            let rows = connection.query_row(&sql, [], |row| row.get(0))?;
            tables.push((name, rows));
        }
        let (uploads, last, new) = connection.query_row(
            "SELECT count(*), coalesce(max(id), 0), coalesce(sum(new), 0) FROM uploads",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        Ok(Self { tables, uploads, ledger: (last, new) })
    }

    fn rows(&self, table: &str) -> i64 {
        self.tables.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows)
    }
}
