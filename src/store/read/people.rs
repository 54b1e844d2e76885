//! Whose phones send, and when each sent last.

use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::model::limits::PHONES_LISTED_MAX;
use crate::store::clock::now_ms;

/// A phone with its token, or another way by which a person's records come.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneRow {
    /// Whose records they are.
    pub person: String,
    /// `http` or `import`.
    pub origin: String,
    /// The token's number; `None` for imports, and for uploads without a token of the database.
    pub token: Option<i64>,
    /// The token's label.
    pub label: Option<String>,
    /// Whether the token is refused.
    pub is_revoked: bool,
    /// Its uploads that ended well.
    pub uploads: i64,
    /// When the last of them ended, UTC.
    pub last_upload: Option<String>,
    /// Seconds since then; below 0 if the clock was set back.
    pub last_upload_seconds_ago: Option<i64>,
}

/// Reads the ways of each person, the one that sent last first. Tokens that wait for their first upload are listed also. It reads
/// the ledger once.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<Vec<PhoneRow>> {
    let mut select = connection.prepare(
        "SELECT p.name, u.origin, t.id, t.label, t.revoked_ms IS NOT NULL, u.uploads, u.last_ms,
           strftime('%Y-%m-%dT%H:%M:%SZ', u.last_ms / 1000, 'unixepoch')
         FROM (SELECT person_id, origin, token_id, count(*) AS uploads, max(finished_ms) AS last_ms FROM uploads WHERE state = 'done'
             GROUP BY person_id, origin, token_id
           UNION ALL SELECT person_id, 'http', id, 0, NULL FROM tokens WHERE revoked_ms IS NULL
             AND id NOT IN (SELECT token_id FROM uploads WHERE state = 'done' AND token_id IS NOT NULL)) u
         JOIN persons p ON p.id = u.person_id
         LEFT JOIN tokens t ON t.id = u.token_id
         ORDER BY u.person_id, u.last_ms DESC, t.id LIMIT ?1",
    )?;
    let now_ms = now_ms();
    let read = |row: &Row<'_>| {
        let last_ms: Option<i64> = row.get(6)?;
        Ok(PhoneRow {
            person: row.get(0)?,
            origin: row.get(1)?,
            token: row.get(2)?,
            label: row.get(3)?,
            is_revoked: row.get(4)?,
            uploads: row.get(5)?,
            last_upload: row.get(7)?,
            last_upload_seconds_ago: last_ms.map(|last_ms| now_ms.saturating_sub(last_ms) / 1000),
        })
    };
    select.query_map([PHONES_LISTED_MAX], read)?.collect()
}
