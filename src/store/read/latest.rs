//! When each person's phone sent last, and the last sample of each type: what alerts are made from.
//!
//! It counts no rows. `sample_origins` lists the types of a person, and the last sample of a type is at the end of the
//! type's range of keys.

use rusqlite::{Connection, params};

use crate::model::error::Result;
use crate::model::limits::{
    BUSY_WAIT, METRIC_AHEAD_MAX, METRIC_CACHE_BYTES, METRIC_LABEL_BYTES_MAX, METRIC_SERIES_MAX,
};
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::open::set_page_cache;

/// The last upload and samples. Times are milliseconds since 1970-01-01 UTC.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Latest {
    /// Person, type, start of the last sample.
    pub samples: Vec<(String, String, i64)>,
    /// Person, end of the last whole upload over HTTP.
    pub uploads: Vec<(String, i64)>,
    /// Types of persons that are not listed: too many, names too long, or all samples dated in the future.
    pub omitted: u64,
    /// The last change of what was asked for; 0 if none.
    pub change: i64,
    /// The last change of all.
    pub newest: i64,
}

/// Lists the first type of each person, then the second of each: a person with many types does not displace others'.
const SAMPLES: &str = "SELECT k.person, k.type,
      (SELECT start_ms FROM samples s WHERE s.person_id = k.person_id AND s.type_id = k.type_id AND s.start_ms <= ?4
       ORDER BY start_ms DESC LIMIT 1)
    FROM (
      SELECT o.person_id, o.type_id, p.name AS person, t.name AS type,
        row_number() OVER (PARTITION BY o.person_id ORDER BY o.type_id) AS place
      FROM (SELECT DISTINCT person_id, type_id FROM sample_origins) o
      JOIN persons p ON p.id = o.person_id JOIN types t ON t.id = o.type_id
      WHERE octet_length(p.name) <= ?1 AND octet_length(t.name) <= ?1 AND p.name = ifnull(?3, p.name)
      ORDER BY place, o.person_id LIMIT ?2) k
    ORDER BY k.person_id, k.type_id";

const UPLOADS: &str = "SELECT p.name,
      (SELECT max(finished_ms) FROM uploads u WHERE u.person_id = p.id AND u.origin = 'http' AND u.state = 'done'
       AND u.finished_ms <= ?4)
    FROM persons p WHERE octet_length(p.name) <= ?1 AND p.name = ifnull(?3, p.name) LIMIT ?2";

const ALL: &str = "SELECT count(*) FROM (SELECT DISTINCT person_id, type_id FROM sample_origins) o
    JOIN persons p ON p.id = o.person_id WHERE p.name = ifnull(?1, p.name)";

impl Database {
    /// Reads the last upload and samples of one person, or of all, beside the writer. Skips those dated long after `now_ms`.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`] if the database cannot be read.
    pub fn latest(&self, person: Option<&str>, now_ms: i64) -> Result<Latest> {
        let connection = self.open_beside_writer(BUSY_WAIT)?;
        read(&connection, person, now_ms).map_err(|error| open_error(self, &error))
    }
}

fn read(connection: &Connection, person: Option<&str>, now_ms: i64) -> rusqlite::Result<Latest> {
    set_page_cache(connection, METRIC_CACHE_BYTES)?;
    connection.execute_batch("BEGIN")?;
    let mut latest = Latest::default();
    let mut samples = connection.prepare(SAMPLES)?;
    let until_ms = now_ms.saturating_add(i64::try_from(METRIC_AHEAD_MAX.as_millis()).unwrap_or(i64::MAX));
    let bounds = params![METRIC_LABEL_BYTES_MAX as i64, METRIC_SERIES_MAX as i64, person, until_ms];
    let mut rows = samples.query(bounds)?;
    while let Some(row) = rows.next()? {
        // All samples of the type may have moved to another identity.
        if let Some(last) = row.get(2)? {
            latest.samples.push((row.get(0)?, row.get(1)?, last));
        }
    }
    let listed = i64::try_from(latest.samples.len()).unwrap_or(i64::MAX);
    let all: i64 = connection.query_row(ALL, [person], |row| row.get(0))?;
    latest.omitted = all.saturating_sub(listed).unsigned_abs();
    (latest.change, latest.newest) = last_changes(connection, person)?;
    let mut uploads = connection.prepare(UPLOADS)?;
    let mut rows = uploads.query(bounds)?;
    while let Some(row) = rows.next()? {
        if let Some(last) = row.get(1)? {
            latest.uploads.push((row.get(0)?, last));
        }
    }
    Ok(latest)
}

/// The last change of one person, or of all, and the last change of all; 0 if none.
fn last_changes(connection: &Connection, person: Option<&str>) -> rusqlite::Result<(i64, i64)> {
    let last = "SELECT coalesce(max(number), 0) FROM changes";
    let newest = connection.query_row(last, [], |row| row.get(0))?;
    let Some(person) = person else { return Ok((newest, newest)) };
    let own = format!("{last} WHERE person_id = (SELECT id FROM persons WHERE name = ?1)");
    Ok((connection.query_row(&own, [person], |row| row.get(0))?, newest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    /// The query plan proves it: a scrape costs a few steps for each series, whatever the number of rows.
    #[test]
    fn no_table_of_rows_is_scanned() {
        let check = |sql: &str, expected: &str| {
            let plan = Store::plan(sql);
            assert!(plan.iter().any(|step| step.starts_with(expected)), "{plan:#?}");
            let scans =
                plan.iter().filter(|step| step.starts_with("SCAN s") && !step.starts_with("SCAN sample_origins"));
            assert_eq!(scans.count() + plan.iter().filter(|step| step.starts_with("SCAN u")).count(), 0, "{plan:#?}");
        };
        check(SAMPLES, "SEARCH s USING PRIMARY KEY (person_id=? AND type_id=? AND start_ms<?)");
        check(UPLOADS, "SEARCH u USING COVERING INDEX uploads_done (person_id=? AND origin=? AND finished_ms<?)");
    }

    #[test]
    fn one_persons_types_do_not_displace_anothers() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Store::open(&Database::new(file.path())).unwrap();
        store
            .connection
            .execute_batch(
                "INSERT INTO persons (id, name) VALUES (7, 'anna'), (8, 'ben');
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                   INSERT INTO types (id, name) SELECT 100 + i, 'type ' || i FROM n;
                 INSERT INTO sample_origins SELECT 7, id, FALSE, 0 FROM types WHERE id > 100;
                 INSERT INTO sample_origins SELECT 8, id, FALSE, 0 FROM types WHERE id > 3095;
                 INSERT INTO samples (person_id, type_id, start_ms, uuid) SELECT person_id, type_id, 5, x'00' FROM sample_origins;",
            )
            .unwrap();
        let latest = read(&store.connection, None, 0).unwrap();
        let of = |name: &str| latest.samples.iter().filter(|(person, ..)| person == name).count();
        assert_eq!([of("anna"), of("ben")], [METRIC_SERIES_MAX - 5, 5]);
        assert_eq!(latest.omitted, 3005 - METRIC_SERIES_MAX as u64);
    }

    #[test]
    fn dates_in_the_future_hide_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Store::open(&Database::new(file.path())).unwrap();
        let (now, day) = (1_700_000_000_000, 86_400_000);
        store
            .connection
            .execute_batch(&format!(
                "INSERT INTO types (id, name) VALUES (101, 'pulse'), (102, 'steps');
                 INSERT INTO sample_origins VALUES (1, 101, FALSE, 0), (1, 102, FALSE, 0);
                 INSERT INTO samples (person_id, type_id, start_ms, uuid) VALUES (1, 101, {now} - 7, x'01'),
                   (1, 101, {now} + 2 * {day}, x'02'), (1, 102, {now} + {day} / 2, x'03');
                 INSERT INTO uploads (person_id, state, origin, started_ms, finished_ms) VALUES
                   (1, 'done', 'http', 0, {now} - 9), (1, 'done', 'http', 0, {now} + 2 * {day});"
            ))
            .unwrap();
        let latest = read(&store.connection, None, now).unwrap();
        let sample = |kind: &str, start_ms| ("me".to_owned(), kind.to_owned(), start_ms);
        assert_eq!(latest.samples, [sample("pulse", now - 7), sample("steps", now + day / 2)]);
        assert_eq!(latest.uploads, [("me".to_owned(), now - 9)]);
    }
}
