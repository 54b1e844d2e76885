//! The last upload and samples of persons, for a scrape. A scrape reads a few steps of an index for each series, however many
//! persons and rows there are.

use super::address::Address;
use super::link::Link;
use super::values::Time;
use crate::model::error::Result;
use crate::model::limits::{METRIC_AHEAD_MAX, METRIC_COUNTED_MAX, METRIC_LABEL_BYTES_MAX, METRIC_SERIES_MAX};
use crate::store::read::latest::Latest;

/// As in `read/latest.rs`, of the first persons: no further one gets a series.
const SAMPLES: &str = "SELECT k.person, k.type, s.start_at
    FROM (
      SELECT p.id AS person_id, t.id AS type_id, p.name AS person, t.name AS type,
        row_number() OVER (PARTITION BY p.id ORDER BY t.id) AS place
      FROM (SELECT id, name FROM persons WHERE octet_length(name) <= $1 AND name = coalesce($3, name)
          AND EXISTS (SELECT FROM sample_origins o WHERE o.person_id = persons.id) ORDER BY id LIMIT $2) p
      CROSS JOIN LATERAL (SELECT DISTINCT type_id FROM sample_origins o WHERE o.person_id = p.id) o
      JOIN types t ON t.id = o.type_id
      WHERE octet_length(t.name) <= $1
      ORDER BY place, p.id LIMIT $2) k
    CROSS JOIN LATERAL (SELECT start_at FROM samples s WHERE s.person_id = k.person_id AND s.type_id = k.type_id
      AND s.start_at <= $4 ORDER BY start_at DESC LIMIT 1) s
    ORDER BY k.person_id, k.type_id";

const UPLOADS: &str = "SELECT p.name, u.last_at
    FROM (SELECT id, name FROM persons WHERE octet_length(name) <= $1 AND name = coalesce($3, name) ORDER BY id LIMIT $2) p
    CROSS JOIN LATERAL (SELECT finished_at AS last_at FROM uploads u WHERE u.person_id = p.id AND u.origin = 'http'
      AND u.state = 'done' AND u.finished_at <= $4 ORDER BY finished_at DESC LIMIT 1) u";

const ALL: &str =
    "SELECT count(*) FROM (SELECT DISTINCT o.person_id, o.type_id FROM sample_origins o JOIN persons p ON p.id = o.person_id
    WHERE p.name = coalesce($1, p.name) LIMIT $2) o";

const CHANGE: &str = "SELECT coalesce(max(number), 0) FROM changes";

impl Address {
    /// Reads the last upload and samples of one person, or of all. Skips those dated long after `now_ms`.
    ///
    /// # Errors
    ///
    /// As for [`Address::status`].
    pub(in crate::store) fn latest(&self, person: Option<&str>, now_ms: i64) -> Result<Latest> {
        let link = Link::open(self)?;
        link.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        let until = Time(now_ms.saturating_add(i64::try_from(METRIC_AHEAD_MAX.as_millis()).unwrap_or(i64::MAX)));
        let [bytes, series, counted] =
            [METRIC_LABEL_BYTES_MAX, METRIC_SERIES_MAX, METRIC_COUNTED_MAX].map(|max| max as i64);
        let bytes = i32::try_from(bytes).unwrap_or(i32::MAX);
        let samples = link.rows(SAMPLES, &[&bytes, &series, &person, &until])?;
        let uploads = link.rows(UPLOADS, &[&bytes, &series, &person, &until])?;
        let all: i64 = link.one(ALL, &[&person, &counted])?.get(0);
        let newest: i64 = link.one(CHANGE, &[])?.get(0);
        let change = match person {
            Some(person) => {
                let own = format!("{CHANGE} WHERE person_id = (SELECT id FROM persons WHERE name = $1)");
                link.one(&own, &[&person])?.get(0)
            }
            None => newest,
        };
        let listed = i64::try_from(samples.len()).unwrap_or(i64::MAX);
        Ok(Latest {
            samples: samples.iter().map(|row| (row.get(0), row.get(1), row.get::<_, Time>(2).0)).collect(),
            uploads: uploads.iter().map(|row| (row.get(0), row.get::<_, Time>(1).0)).collect(),
            omitted: all.saturating_sub(listed).unsigned_abs(),
            change,
            newest,
        })
    }
}
