//! The content of a database: for `healthsink status`.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;

use super::people::{self, PhoneRow};
use crate::model::error::{Error, Result};
use crate::model::limits::UPLOADS_LISTED_MAX;
use crate::store::clock::ISO_SECONDS;
use crate::store::database::{Database, Sizes};
use crate::store::failure::open_error;
use crate::store::lookup::{find_person, name_of_type, unknown_person};
use crate::store::running::under_way;
use crate::store::tables::TableName;
use crate::store::write::{Source, rare_kinds};

/// The content of a database, besides the samples of each type.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Size of the database and its WAL.
    pub bytes: u64,
    /// Bytes that this user may still write to its disk, if the system reports them.
    #[serde(rename = "freeBytes")]
    pub free_bytes: Option<u64>,
    /// The last change; 0 if none.
    pub change: i64,
    /// Who sends, and when each phone sent last.
    pub phones: Vec<PhoneRow>,
    /// Rows of each table.
    pub tables: Vec<TableRows>,
    /// The last uploads, newest first.
    pub uploads: Vec<UploadRow>,
}

/// Rows of a table.
#[derive(Clone, Debug, Serialize)]
pub struct TableRows {
    /// Its name.
    pub table: &'static str,
    /// Its rows.
    pub rows: i64,
}

/// One person's samples of a type.
#[derive(Clone, Debug, Serialize)]
pub struct TypeRows {
    /// Whose they are.
    pub person: String,
    /// HealthKit's identifier.
    #[serde(rename = "type")]
    pub kind: String,
    /// Their number.
    pub rows: i64,
    /// Start of the first, UTC.
    pub first: String,
    /// Start of the last, UTC: is the phone still sending?
    pub last: String,
}

/// A row of the ledger.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadRow {
    /// Its number.
    pub id: i64,
    /// `running`, `done`, `aborted` or `interrupted`.
    pub state: String,
    /// `http` or `import`; `merge` of another person's data, or `forget`.
    pub origin: String,
    /// The client's address, or the file's name; of a merge, the other person, of `forget`, what.
    pub sender: Option<String>,
    /// Whose records they are.
    pub person: String,
    /// When it began, UTC.
    pub started: String,
    /// The app's reason for sending.
    pub sync_source: Option<String>,
    /// Bytes of the body that were read.
    pub body_bytes: i64,
    /// Records stored.
    pub records: i64,
    /// Locations stored.
    pub route_points: i64,
    /// New among them.
    pub new: i64,
    /// Updated among them.
    pub updated: i64,
    /// Unchanged among them.
    pub unchanged: i64,
    /// Records that two exporters brought, stored once.
    pub merged: i64,
    /// Elements rejected.
    pub rejected: i64,
    /// Rows that a merge of persons has moved, that `forget` has deleted, or that became one with others.
    pub removed: i64,
    /// Why it was aborted.
    pub error: Option<String>,
    /// Names of another spelling, for one version.
    #[serde(flatten)]
    pub former: FormerNames,
}

/// Fields of an upload under the names that they had before.
#[derive(Clone, Debug, Serialize)]
pub struct FormerNames {
    sync_source: Option<String>,
    body_bytes: i64,
    route_points: i64,
}

impl FormerNames {
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn of(sync_source: Option<String>, body_bytes: i64, route_points: i64) -> Self {
        Self { sync_source, body_bytes, route_points }
    }
}

impl Database {
    /// Reads what the database holds, beside a writer if there is one. Calls `each_type` for the types of each person, the
    /// type with the latest sample first. There may be any number, with names of any length, so it reads one at a time. `person`
    /// restricts phones and uploads to one person's; types and tables are of all.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`] if the database is missing, has a second name or cannot be read;
    /// [`crate::model::error::ErrorKind::Usage`] if there is no such person.
    pub fn status(&self, person: Option<&str>, mut each_type: impl FnMut(TypeRows)) -> Result<Status> {
        let connection = self.open_to_read()?;
        let found = person.map(|name| find_person(&connection, name)).transpose();
        if let (Some(name), Some(None)) = (person, found.map_err(|error| open_error(self, &error))?) {
            return Err(Error::usage(unknown_person(name)));
        }
        let mut read = || -> rusqlite::Result<Status> {
            // One state of the database for all figures.
            connection.execute_batch("BEGIN")?;
            let mut samples = 0;
            read_types(&connection, |kind| {
                samples += kind.rows;
                each_type(kind);
            })?;
            let mut tables = vec![TableRows { table: TableName::Samples.text(), rows: samples }];
            for kind in rare_kinds() {
                let counted = count(&connection, kind.table())?;
                // Tables that only imports fill get no line without imports.
                if kind.source == Source::Any || counted.rows > 0 {
                    tables.push(counted);
                }
            }
            let Sizes { database, wal } = self.sizes();
            let mut status = Status {
                bytes: database + wal,
                free_bytes: self.free_bytes(),
                change: last_change(&connection)?,
                phones: people::read(&connection, person)?,
                tables,
                uploads: read_uploads(&connection, person)?,
            };
            self.note_interrupted(&connection, &mut status.uploads)?;
            Ok(status)
        };
        read().map_err(|error| open_error(self, &error))
    }

    /// Shows uploads whose program was killed as interrupted. The ledger gets that when the next program stores something.
    fn note_interrupted(&self, connection: &Connection, uploads: &mut [UploadRow]) -> rusqlite::Result<()> {
        if uploads.iter().all(|upload| upload.state != "running") {
            return Ok(());
        }
        let Some(under_way) = under_way(self) else { return Ok(()) };
        connection.execute_batch("COMMIT")?;
        let mut select = connection.prepare("SELECT state FROM uploads WHERE id = ?1")?;
        for upload in uploads.iter_mut().filter(|upload| upload.state == "running" && !under_way.contains(&upload.id)) {
            // It may have ended since it was read.
            let state: Option<String> = select.query_row([upload.id], |row| row.get(0)).optional()?;
            upload.state = state.filter(|state| state != "running").unwrap_or_else(|| "interrupted".to_owned());
        }
        Ok(())
    }
}

fn count(connection: &Connection, table: TableName) -> rusqlite::Result<TableRows> {
    let rows = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
    Ok(TableRows { table: table.text(), rows })
}

/// Sorts by ids, and looks up each name only as its row is read: SQLite's sorter would keep the names.
fn read_types(connection: &Connection, mut each: impl FnMut(TypeRows)) -> rusqlite::Result<()> {
    let mut select = connection.prepare(&format!(
        "SELECT c.type_id, p.name, c.rows, strftime({ISO_SECONDS}, c.first / 1000, 'unixepoch'),
           strftime({ISO_SECONDS}, c.last / 1000, 'unixepoch')
         FROM (SELECT person_id, type_id, count(*) AS rows, min(start_ms) AS first, max(start_ms) AS last FROM samples
           GROUP BY person_id, type_id) c
         JOIN persons p ON p.id = c.person_id ORDER BY c.person_id, c.last DESC, c.type_id",
    ))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let type_id: i64 = row.get(0)?;
        each(TypeRows {
            person: row.get(1)?,
            kind: name_of_type(connection, type_id)?.unwrap_or_default(),
            rows: row.get(2)?,
            first: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
            last: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
        });
    }
    Ok(())
}

/// Returns the last change; 0 in a database that was written before there were any.
fn last_change(connection: &Connection) -> rusqlite::Result<i64> {
    let has_changes = connection.table_exists(None, "changes")?;
    let newest = || connection.query_row("SELECT coalesce(max(number), 0) FROM changes", [], |row| row.get(0));
    if has_changes { newest() } else { Ok(0) }
}

/// Leaves out imports that failed without a record, unless one is the last: a row of typing mistakes would hide the phones.
/// Reads the table: the view may be missing, or that of another build.
fn read_uploads(connection: &Connection, person: Option<&str>) -> rusqlite::Result<Vec<UploadRow>> {
    let mut select = connection.prepare(
        "SELECT id, state, origin, sender, coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', started_ms / 1000.0, 'unixepoch'), ''),
           sync_source, body_bytes, measurements + medications + workouts + other, route_points, new, updated, unchanged, merged,
           rejected, error, removed, (SELECT name FROM persons WHERE id = person_id)
         FROM uploads WHERE (?2 IS NULL OR person_id = (SELECT id FROM persons WHERE name = ?2))
           AND (id = (SELECT max(id) FROM uploads) OR NOT (origin = 'import' AND state = 'aborted'
             AND measurements + medications + workouts + other + route_points + rejected = 0))
           AND NOT (origin = 'forget' AND sender IS NULL)
         ORDER BY id DESC LIMIT ?1",
    )?;
    let read = |row: &Row<'_>| {
        Ok(UploadRow {
            id: row.get(0)?,
            state: row.get(1)?,
            origin: row.get(2)?,
            sender: row.get(3)?,
            started: row.get(4)?,
            sync_source: row.get(5)?,
            body_bytes: row.get(6)?,
            records: row.get(7)?,
            route_points: row.get(8)?,
            new: row.get(9)?,
            updated: row.get(10)?,
            unchanged: row.get(11)?,
            merged: row.get(12)?,
            rejected: row.get(13)?,
            error: row.get(14)?,
            removed: row.get(15)?,
            person: row.get::<_, Option<String>>(16)?.unwrap_or_default(),
            former: FormerNames { sync_source: row.get(5)?, body_bytes: row.get(6)?, route_points: row.get(8)? },
        })
    };
    select.query_map((UPLOADS_LISTED_MAX, person), read)?.collect()
}
