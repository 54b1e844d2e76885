//! When each person's phone sent last, and the last sample of each type: what an alert asks for.
//!
//! No row is counted. `sample_origins` knows which types a person has, and the last sample of each is one step from the end
//! of its part of the key.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{open_error, open_read_only};
use crate::error::Result;
use crate::limits::{METRIC_CACHE_BYTES, METRIC_LABEL_BYTES_MAX, METRIC_SERIES_MAX};

/// The last of everything. Times are milliseconds since 1970-01-01 UTC.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Latest {
    /// Person, type, start of the last sample.
    pub samples: Vec<(String, String, i64)>,
    /// Person, end of the last whole upload over HTTP.
    pub uploads: Vec<(String, i64)>,
    /// Persons and types that are not listed: there are too many, or their names are too long.
    pub omitted: u64,
}

const SAMPLES: &str = "SELECT p.name, t.name,
      (SELECT max(start_ms) FROM samples s WHERE s.person_id = o.person_id AND s.type_id = o.type_id)
    FROM (SELECT DISTINCT person_id, type_id FROM sample_origins) o
    JOIN persons p ON p.id = o.person_id JOIN types t ON t.id = o.type_id
    WHERE octet_length(p.name) <= ?1 AND octet_length(t.name) <= ?1 AND p.name = ifnull(?3, p.name)
    LIMIT ?2";

const UPLOADS: &str = "SELECT p.name,
      (SELECT max(finished_ms) FROM uploads u WHERE u.person_id = p.id AND u.origin = 'http' AND u.state = 'done')
    FROM persons p WHERE octet_length(p.name) <= ?1 AND p.name = ifnull(?3, p.name) LIMIT ?2";

const ALL: &str = "SELECT count(*) FROM (SELECT DISTINCT person_id, type_id FROM sample_origins) o
    JOIN persons p ON p.id = o.person_id WHERE p.name = ifnull(?1, p.name)";

/// Reads that of one person, or of all, beside the writer.
///
/// # Errors
///
/// [`crate::error::ErrorKind::Store`] if the database cannot be read.
pub fn latest(path: &Path, person: Option<&str>) -> Result<Latest> {
    let connection = open_read_only(path)?;
    read(&connection, person).map_err(|error| open_error(path, &error))
}

fn read(connection: &Connection, person: Option<&str>) -> rusqlite::Result<Latest> {
    connection.pragma_update(None, "cache_size", -i64::try_from(METRIC_CACHE_BYTES / 1024).unwrap_or(i64::MAX))?;
    connection.execute_batch("BEGIN")?;
    let mut latest = Latest::default();
    let mut samples = connection.prepare(SAMPLES)?;
    let bounds = params![METRIC_LABEL_BYTES_MAX as i64, METRIC_SERIES_MAX as i64, person];
    let mut rows = samples.query(bounds)?;
    while let Some(row) = rows.next()? {
        // All samples of the type may have gone to another identity.
        if let Some(last) = row.get(2)? {
            latest.samples.push((row.get(0)?, row.get(1)?, last));
        }
    }
    let listed = i64::try_from(latest.samples.len()).unwrap_or(i64::MAX);
    let all: i64 = connection.query_row(ALL, [person], |row| row.get(0))?;
    latest.omitted = all.saturating_sub(listed).unsigned_abs();
    let mut uploads = connection.prepare(UPLOADS)?;
    let mut rows = uploads.query(bounds)?;
    while let Some(row) = rows.next()? {
        if let Some(last) = row.get(1)? {
            latest.uploads.push((row.get(0)?, last));
        }
    }
    Ok(latest)
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;

    /// The plan is the promise: a scrape costs a few steps for each series, however many rows there are.
    #[test]
    fn no_table_of_rows_is_scanned() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Store::open(file.path()).unwrap();
        let check = |sql: &str, expected: &str| {
            let mut explain = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let plan: Vec<String> = explain
                .query_map(params![1, 1, None::<&str>], |row| row.get(3))
                .unwrap()
                .map(|step| step.unwrap())
                .collect();
            assert!(plan.iter().any(|step| step.starts_with(expected)), "{plan:#?}");
            let scans =
                plan.iter().filter(|step| step.starts_with("SCAN s") && !step.starts_with("SCAN sample_origins"));
            assert_eq!(scans.count() + plan.iter().filter(|step| step.starts_with("SCAN u")).count(), 0, "{plan:#?}");
        };
        check(SAMPLES, "SEARCH s USING PRIMARY KEY (person_id=? AND type_id=?)");
        check(UPLOADS, "SEARCH u USING COVERING INDEX uploads_done (person_id=? AND origin=?)");
    }
}
