//! Quotas of tokens, and what of them is used: a row of `tokens` has both, so the look-up of a token needs no other.

use rusqlite::{OptionalExtension, named_params};

use super::connection::Store;
use super::database::Database;
use super::files::check_names;
use super::write::ledger::{UploadEnd, signed};
use crate::model::error::Result;
use crate::model::quota::{Quota, day_of};

/// A change of a quota: each part stays if it is `None`, and `Some(None)` removes the limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct QuotaChange {
    /// Bytes of a day.
    pub bytes: Option<Option<u64>>,
    /// Rejects of a day.
    pub rejects: Option<Option<u64>>,
}

impl QuotaChange {
    /// Returns the quota after the change.
    #[must_use]
    pub fn of(self, former: Quota) -> Quota {
        Quota { bytes: self.bytes.unwrap_or(former.bytes), rejects: self.rejects.unwrap_or(former.rejects) }
    }
}

/// Adds what an upload had. What it had on an earlier day no longer counts.
const COUNT_USE: &str = "UPDATE tokens SET used_day = :day,
      used_bytes = CASE WHEN used_day = :day THEN used_bytes ELSE 0 END + :bytes,
      used_rejects = CASE WHEN used_day = :day THEN used_rejects ELSE 0 END + (SELECT rejected FROM uploads WHERE id = :upload)
    WHERE id = (SELECT token_id FROM uploads WHERE id = :upload)";

impl Database {
    /// Changes the quota of a token, from its next upload on. Returns the new one; `None` if the token is unknown.
    ///
    /// # Errors
    ///
    /// As for [`Database::add_token`].
    pub fn change_quota(&self, id: i64, change: QuotaChange) -> Result<Option<Quota>> {
        check_names(self.path())?;
        if !self.exists() {
            return Err(self.missing_error());
        }
        self.write_beside_server(|connection| {
            let count = |count: Option<i64>| count.map(i64::unsigned_abs);
            let sql = "SELECT bytes_per_day, rejects_per_day FROM tokens WHERE id = ?1";
            let former = connection
                .query_row(sql, [id], |row| Ok(Quota { bytes: count(row.get(0)?), rejects: count(row.get(1)?) }));
            let Some(former) = former.optional()? else { return Ok(None) };
            let quota = change.of(former);
            let sql = "UPDATE tokens SET bytes_per_day = ?2, rejects_per_day = ?3 WHERE id = ?1";
            connection.execute(sql, (id, quota.bytes.map(signed), quota.rejects.map(signed)))?;
            Ok(Some(quota))
        })
    }
}

impl Store {
    /// Counts what an upload had as use of its token, if it has one.
    pub(super) fn count_use(&self, upload: i64, end: &UploadEnd, ended_ms: i64) -> rusqlite::Result<()> {
        let values = named_params! { ":day": day_of(ended_ms), ":bytes": signed(end.body_bytes), ":upload": upload };
        self.connection.prepare_cached(COUNT_USE)?.execute(values).map(|_| ())
    }
}
