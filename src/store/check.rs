//! Whether the database is sound: its pages, its references, and its ledger against its rows.
//!
//! It reads beside a server. Each row that the ledger counts as new must exist, except those that the ledger says were
//! replaced by another exporter's.

use std::collections::BTreeMap;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde::Serialize;

use super::database::Database;
use super::failure::open_error;
use super::write::{Ledger, rare_kinds};
use crate::model::error::{ErrorKind, Result};
use crate::model::limits::{BUSY_WAIT, CHECK_FAULTS_MAX};

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether nothing is damaged.
    pub ok: bool,
    /// Uploads in the ledger.
    pub uploads: i64,
    /// Rows that uploads and imports have brought.
    pub rows: i64,
    /// What is damaged or worth knowing.
    pub findings: Vec<Finding>,
}

/// One finding of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which check found it: `integrity`, `references` or `ledger`.
    pub check: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something is lost or wrong.
    Damage,
    /// Nothing is lost.
    Note,
}

const RESTORE: &str = "stop the server, keep a copy of the file, and `healthsink restore` the last backup; then send or import again what came since";
const SEND_AGAIN: &str =
    "if nobody deleted rows by hand, restore a backup, or send and import again: rows that exist are not duplicated";
const REPORT: &str = "keep a copy of the file and report it: healthsink never writes this";

/// One of the checks: it fails if the database cannot be read.
type Part = fn(&Connection, &mut Report) -> rusqlite::Result<()>;

impl Database {
    /// Reads all of the database and reports what is wrong.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if it is missing, has a second name, or cannot be opened at all.
    pub fn check(&self) -> Result<Report> {
        let mut report = Report { ok: true, uploads: 0, rows: 0, findings: Vec::new() };
        self.check_names_to_read()?;
        if let Err(error) = self.read_schema()
            && self.exists()
            && matches!(error.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
        {
            report.add_damage("integrity", format!("the database cannot be opened: {error}"), RESTORE);
            report.ok = false;
            return Ok(report);
        }
        let connection = self.open_to_read()?;
        let parts: [(&'static str, Part); 3] =
            [("integrity", check_integrity), ("references", check_references), ("ledger", check_ledger)];
        for (name, part) in parts {
            if let Err(error) = part(&connection, &mut report) {
                // A database that cannot be read right now is not damaged.
                let opened = open_error(self.path(), &error);
                let is_closed = matches!(error.sqlite_error_code(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen));
                if opened.kind() == ErrorKind::Busy || is_closed {
                    return Err(opened);
                }
                report.add_damage(name, format!("the database cannot be read: {error}"), RESTORE);
            }
        }
        let running =
            connection.query_row("SELECT count(*) FROM uploads WHERE state = 'running'", [], |row| row.get(0));
        drop(connection);
        if let Ok(running @ 1..) = running
            // If this fails, a server may have it open and be busy with them.
            && self.open_exclusively().is_ok()
        {
            let message = format!("the program ended during {}", plural(running, "upload"));
            let remedy = "start the server: it marks them as interrupted; the phone sends them again";
            report.add_note("ledger", message, remedy);
        }
        report.ok = report.findings.iter().all(|finding| finding.severity == Severity::Note);
        Ok(report)
    }

    /// Reads the header and the schema.
    fn read_schema(&self) -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.path(), flags)?;
        connection.busy_timeout(BUSY_WAIT)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
    }
}

impl Report {
    fn add_damage(&mut self, check: &'static str, message: String, remedy: &'static str) {
        self.findings.push(Finding { severity: Severity::Damage, check, message, remedy });
    }

    fn add_note(&mut self, check: &'static str, message: String, remedy: &'static str) {
        self.findings.push(Finding { severity: Severity::Note, check, message, remedy });
    }
}

/// Checks pages, trees, indexes and types of columns. SQLite names tables and the numbers of rows, never values.
fn check_integrity(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut check = connection.prepare(&format!("PRAGMA integrity_check({CHECK_FAULTS_MAX})"))?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        let verdict: String = row.get(0)?;
        for line in verdict.lines().filter(|line| *line != "ok") {
            report.add_damage("integrity", line.to_owned(), RESTORE);
        }
    }
    Ok(())
}

/// Finds rows that refer to missing rows.
fn check_references(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut faults: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut check = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        *faults.entry((row.get(0)?, row.get(2)?)).or_default() += 1;
    }
    for ((table, parent), faults) in faults {
        let rows = plural(faults, "row");
        report.add_damage("references", format!("{rows} of {table} refer to missing rows of {parent}"), RESTORE);
    }
    Ok(())
}

/// The rows of a person.
#[derive(Debug, Default)]
struct Account {
    name: String,
    /// Rows that the ledger counts as new, without those that were replaced.
    expected: i64,
    /// Rows that exist.
    rows: i64,
}

/// Checks the ledger's own sums, and its counts against the rows, in one state of the database.
fn check_ledger(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN")?;
    report.uploads = connection.query_row("SELECT count(*) FROM uploads", [], |row| row.get(0))?;
    let rules = [
        ("state NOT IN ('running', 'done', 'aborted', 'interrupted')", "have an unknown state"),
        ("state IN ('done', 'aborted') AND finished_ms IS NULL", "are finished without a time"),
        (
            "new + updated + unchanged + merged <> measurements + medications + workouts + other + route_points",
            "have counts that do not add up",
        ),
        ("min(new, updated, unchanged, merged, removed, rejected, body_bytes) < 0", "have counts below zero"),
        (
            "(SELECT count(*) FROM rejects r WHERE r.upload_id = uploads.id) > rejected",
            "have more rejects than they count",
        ),
    ];
    for (condition, fault) in rules {
        let sql = format!("SELECT count(*), min(id) FROM uploads WHERE {condition}");
        let (faults, first): (i64, Option<i64>) =
            connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let Some(first) = first {
            let uploads = plural(faults, "upload");
            report.add_damage("ledger", format!("{uploads} of the ledger, first number {first}, {fault}"), REPORT);
        }
    }
    let accounts = count_rows(connection, report)?;
    connection.execute_batch("COMMIT")?;
    report.rows = accounts.values().map(|account| account.rows).sum();
    for Account { name, expected, rows } in accounts.values() {
        if expected > rows {
            let message = format!("{} of {name} that the ledger counts are missing", plural(expected - rows, "row"));
            report.add_damage("ledger", message, SEND_AGAIN);
        } else if rows > expected {
            let message = format!("{} of {name} belong to no upload of the ledger", plural(rows - expected, "row"));
            report.add_damage("ledger", message, "if nobody added rows by hand, keep a copy of the file and report it");
        }
    }
    Ok(())
}

/// Counts the rows of each person.
fn count_rows(connection: &Connection, report: &mut Report) -> rusqlite::Result<BTreeMap<i64, Account>> {
    let mut accounts: BTreeMap<i64, Account> = BTreeMap::new();
    let mut select = connection.prepare(
        "SELECT p.id, p.name, coalesce((SELECT sum(new - removed) FROM uploads u WHERE u.person_id = p.id), 0)
         FROM persons p",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let account = Account { name: row.get(1)?, expected: row.get(2)?, rows: 0 };
        accounts.insert(row.get(0)?, account);
    }
    for kind in rare_kinds() {
        let condition = match kind.ledger {
            Ledger::All => "TRUE",
            Ledger::Where(condition) => condition,
            Ledger::Nothing => continue,
        };
        let sql = format!("SELECT person_id, count(*) FROM {} WHERE {condition} GROUP BY person_id", kind.table);
        let mut count = connection.prepare(&sql)?;
        let mut rows = count.query([])?;
        while let Some(row) = rows.next()? {
            accounts.entry(row.get(0)?).or_default().rows += row.get::<_, i64>(1)?;
        }
    }
    count_samples(connection, report, &mut accounts)?;
    Ok(accounts)
}

/// Counts the samples in one pass. Checks that each has an identity and that `sample_origins` has its kind: otherwise merging
/// would miss a record that two exporters bring.
fn count_samples(
    connection: &Connection,
    report: &mut Report,
    accounts: &mut BTreeMap<i64, Account>,
) -> rusqlite::Result<()> {
    let mut count = connection.prepare(
        "SELECT c.person_id, c.rows, c.nameless,
           NOT EXISTS (SELECT 1 FROM sample_origins o WHERE o.person_id = c.person_id AND o.type_id = c.type_id
             AND (o.is_derived = 0 OR c.rows = c.derived))
         FROM (SELECT person_id, type_id, count(*) AS rows, sum(length(uuid) <> 16) AS nameless,
             sum(substr(uuid, 1, 2) = x'6873' AND substr(uuid, 7, 1) >= x'80' AND substr(uuid, 7, 1) < x'90') AS derived
           FROM samples GROUP BY person_id, type_id) c",
    )?;
    let (mut nameless, mut unknown) = (0, 0);
    let mut rows = count.query([])?;
    while let Some(row) = rows.next()? {
        accounts.entry(row.get(0)?).or_default().rows += row.get::<_, i64>(1)?;
        nameless += row.get::<_, i64>(2)?;
        unknown += i64::from(row.get::<_, bool>(3)?);
    }
    if nameless > 0 {
        report.add_damage("ledger", format!("{} have no identity of 16 bytes", plural(nameless, "sample")), RESTORE);
    }
    if unknown > 0 {
        let message = format!("{} of samples are missing in sample_origins", plural(unknown, "type"));
        report.add_damage("ledger", message, REPORT);
    }
    Ok(())
}

fn plural(number: i64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
