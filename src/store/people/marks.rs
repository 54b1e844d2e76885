//! Marks of samples that an export no longer had: they follow their samples, since nothing computes them again.
//!
//! After a merge, the exports of two phones are one person's. What one phone never had is not deleted, so no sample counts as one
//! that an earlier export had, until an export of that person has it again.

use rusqlite::{Connection, OptionalExtension, params};

use super::transfer::Transfer;
use crate::model::error::Result;
use crate::model::limits::TRANSACTION_ROWS_MAX;
use crate::store::write::ledger::signed;

/// What one person lacks and the other one has is not missing.
const LEAVE_KNOWN: &str = "DELETE FROM missing_samples AS m WHERE person_id = ?1 AND EXISTS (SELECT 1 FROM samples s
    WHERE s.person_id = ?2 AND s.type_id = m.type_id AND s.start_ms = m.start_ms AND s.uuid = m.uuid)";

const GIVE: &str = "UPDATE OR IGNORE missing_samples SET person_id = ?2 WHERE person_id = ?1";

const DELETE_WITHOUT_SAMPLE: &str =
    "DELETE FROM missing_samples AS m WHERE person_id = ?1 AND NOT EXISTS (SELECT 1 FROM samples s
    WHERE s.person_id = m.person_id AND s.type_id = m.type_id AND s.start_ms = m.start_ms AND s.uuid = m.uuid)";

/// The start of the last row of a step.
const LAST_OF_STEP: &str = "SELECT start_ms FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms > ?3
    ORDER BY start_ms LIMIT 1 OFFSET ?4";

const FORGET_NUMBERS: &str = "UPDATE samples SET import_number = NULL WHERE person_id = ?1 AND type_id = ?2
    AND start_ms > ?3 AND start_ms <= ?4 AND import_number IS NOT NULL";

/// Deletes the marks of samples that are gone.
pub(super) fn delete_without_sample(connection: &Connection, person: i64) -> rusqlite::Result<()> {
    connection.execute(DELETE_WITHOUT_SAMPLE, [person]).map(|_| ())
}

/// Begins a merge: no sample has moved yet.
pub(super) fn leave_known(transfer: &mut Transfer<'_>) -> Result<()> {
    transfer.sql(|connection, from, into| connection.execute(LEAVE_KNOWN, [from, into]).map(|_| ()))
}

/// Gives the marks of samples that have moved.
pub(super) fn give(transfer: &mut Transfer<'_>) -> Result<()> {
    // The other person's samples that the first one had.
    let person = transfer.upload.person;
    transfer.store.unmark_claimed(person)?;
    transfer.sql(|connection, from, into| {
        connection.execute(GIVE, [from, into])?;
        delete_without_sample(connection, into)?;
        delete_without_sample(connection, from)
    })
}

/// Forgets which samples of a type exports had.
pub(super) fn forget_numbers(transfer: &mut Transfer<'_>, kind: i64) -> Result<()> {
    transfer.sql(|connection, _, person| {
        let mut after_ms = i64::MIN;
        loop {
            let step = params![person, kind, after_ms, signed(TRANSACTION_ROWS_MAX as u64)];
            let last: Option<i64> =
                connection.prepare_cached(LAST_OF_STEP)?.query_row(step, |row| row.get(0)).optional()?;
            let until_ms = last.unwrap_or(i64::MAX);
            connection.prepare_cached(FORGET_NUMBERS)?.execute(params![person, kind, after_ms, until_ms])?;
            if last.is_none() {
                return Ok(());
            }
            after_ms = until_ms;
        }
    })
}
