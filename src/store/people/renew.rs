//! Makes the figures of days and nights again, after rows of a person were moved or deleted.

use rusqlite::Connection;

use crate::store::database::Database;
use crate::store::notice::Notice;
use crate::store::tables::{Content, TableName};
use crate::store::write::changes::note_everything;
use crate::store::writer::Writer;

/// Deletes a person's figures, and notes that all rows may have changed, and all figures with them. The note comes last, since the numbers of notes only rise.
pub(super) fn renew(connection: &Connection, person: i64) -> rusqlite::Result<()> {
    delete(connection, person)?;
    note_everything(connection, person)
}

/// Deletes a person's figures.
pub(super) fn delete(connection: &Connection, person: i64) -> rusqlite::Result<()> {
    TableName::with(Content::Figure).try_for_each(|table| {
        connection.execute(&format!("DELETE FROM {table} WHERE person_id = ?1"), [person]).map(|_| ())
    })
}

impl Database {
    /// Computes the figures that are missing after persons were merged, or data was forgotten. If that fails, or is stopped, the next
    /// import or the server does it.
    pub fn renew_figures(&self) {
        let derived = Writer::start(self).and_then(|writer| {
            let derived = writer.derive(None);
            writer.stop().and(derived)
        });
        if let Err(error) = derived {
            Notice::Warning(format!("days and nights are computed later: {error}")).log();
        }
    }
}
