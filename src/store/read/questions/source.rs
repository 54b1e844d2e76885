//! Sources: by name or key, and those whose samples count.

use rusqlite::{OptionalExtension, params};

use super::reader::{Snapshot, Unanswered};
use crate::model::limits::QUESTION_SOURCES_MAX;
use crate::statistics::LocalDay;

/// The group of sources with a name or a key.
pub(super) fn group_of(snapshot: &Snapshot<'_>, person: i64, source: &str) -> Result<i64, Unanswered> {
    let sql = "SELECT id FROM source_groups WHERE person_id = ?1 AND (key = ?2 OR replace(name, char(160), ' ') = ?2)
        ORDER BY key = ?2 DESC, id LIMIT 1";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    let group = select.query_row(params![person, source], |row| row.get(0)).optional()?;
    group.ok_or_else(|| Unanswered::Parameter("source", "a name or a key that /api/v1/sources lists".to_owned()))
}

/// The names of sources whose samples count in these days.
pub(super) fn sources_of(
    snapshot: &Snapshot<'_>,
    person: i64,
    type_id: Option<i64>,
    (first, end): (LocalDay, LocalDay),
) -> Result<Vec<String>, Unanswered> {
    let sql = "SELECT DISTINCT replace(g.name, char(160), ' ') FROM (
          SELECT DISTINCT coalesce(d.group_id, p.value ->> '$.group') AS id FROM days d
          LEFT JOIN json_each(iif(d.group_id IS NULL, coalesce(d.details -> '$.groups', '[]'), '[]')) p
          WHERE d.person_id = ?1 AND d.type_id = ?2 AND d.day >= ?3 AND d.day < ?4) i
        JOIN source_groups g ON g.id = i.id ORDER BY 1 LIMIT ?5";
    let mut select = snapshot.connection.prepare_cached(sql)?;
    let names = select
        .query_map(params![person, type_id, first.to_string(), end.to_string(), QUESTION_SOURCES_MAX], |row| {
            row.get(0)
        })?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}
