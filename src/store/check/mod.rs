//! Whether the database is sound: its pages, its schema, its references, its values, what imports
//! remember, and its ledger against its rows.
//!
//! It reads beside a server. `docs/operations.md` lists which counts are exact, and which may differ in one direction.

mod imports;
mod ledger;
mod references;
mod report;
mod schema;
mod values;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::database::Database;
use super::failure::open_error;
use super::files::is_closed;
use super::version;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BUSY_WAIT, CHECK_FAULTS_MAX};

use report::RESTORE;
pub(crate) use report::plural;
pub use report::{Finding, Report, Severity};

/// One of the checks: it fails if the database cannot be read.
type Part = fn(&Connection, &mut Report) -> rusqlite::Result<()>;

/// The checks, by the names that findings have.
const PARTS: [(&str, Part); 6] = [
    ("integrity", check_integrity),
    ("schema", schema::check),
    ("references", references::check),
    ("values", values::check),
    ("imports", imports::check),
    ("ledger", ledger::check),
];

impl Database {
    /// Reads all of the database and reports what is wrong.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if it is missing, has a second name, or cannot be opened at all.
    pub fn check(&self) -> Result<Report> {
        let mut report = Report { ok: true, uploads: 0, rows: 0, findings: Vec::new() };
        self.check_names_to_read()?;
        let was_closed = is_closed(self.path());
        let opened = self.open_file(OpenFlags::SQLITE_OPEN_READ_ONLY, BUSY_WAIT)?;
        let connection = match opened.and_then(|connection| read_schema(&connection).map(|()| connection)) {
            Ok(connection) => connection,
            Err(error)
                if matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)) =>
            {
                report.add_damage("integrity", format!("the database cannot be opened: {error}"), RESTORE);
                report.ok = false;
                return Ok(report);
            }
            Err(error) => return Err(open_error(self, &error)),
        };
        if version::check(&connection, self)? == 0 {
            return Err(self.empty_error());
        }
        for (name, part) in PARTS {
            if let Err(error) = part(&connection, &mut report) {
                // A database that cannot be read right now is not damaged.
                let opened = open_error(self, &error);
                let is_closed = matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen));
                if opened.kind() == ErrorKind::Busy || is_closed {
                    return Err(opened);
                }
                // Without a table or a column, later checks fail in its absence.
                if error.sqlite_error_code() != Some(ErrorCode::Unknown) || !report.has_damage() {
                    report.add_damage(name, format!("the database cannot be read: {error}"), RESTORE);
                }
            }
        }
        if was_closed && !is_closed(self.path()) {
            // It was read as a file that does not change.
            let message = format!("another program has opened {} meanwhile; check it again", self.path().display());
            return Err(Error::new(ErrorKind::Busy, message));
        }
        self.note_running(connection, &mut report)?;
        report.ok = !report.has_damage();
        Ok(report)
    }

    /// Notes uploads that a program began and never ended.
    fn note_running(&self, connection: Connection, report: &mut Report) -> Result<()> {
        let running = connection.query_row(
            "SELECT count(*), count(*) FILTER (WHERE origin = 'import') FROM uploads WHERE state = 'running'",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        );
        drop(connection);
        if let Ok((running @ 1.., imports)) = running
            // If this fails, a server may have it open and be busy with them.
            && self.open_exclusively()?.is_ok()
        {
            let (uploads, imports_named) = (plural(running - imports, "upload"), plural(imports, "import"));
            let (what, remedy) = match (running - imports, imports) {
                (_, 0) => (uploads, "start the server: it marks them as interrupted; the phone sends them again"),
                (0, _) => (imports_named, "import the same files again: only what is missing is added"),
                _ => (
                    format!("{uploads} and {imports_named}"),
                    "start the server: it marks them as interrupted; the phone sends its uploads again; import the same files again",
                ),
            };
            report.add_note("ledger", format!("the program ended during {what}"), remedy);
        }
        Ok(())
    }
}

/// Reads the header and the schema.
fn read_schema(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}

/// Checks pages, trees, indexes and types of columns. SQLite names tables and the numbers of rows, never values.
fn check_integrity(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut check = connection.prepare(&format!("PRAGMA integrity_check({CHECK_FAULTS_MAX})"))?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        // It may name something that is not UTF-8.
        let verdict = String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?);
        for line in verdict.lines().filter(|line| *line != "ok" && !line.starts_with("*** in database ")) {
            report.add_damage("integrity", line.to_owned(), RESTORE);
        }
    }
    Ok(())
}
