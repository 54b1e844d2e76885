//! The connection with the windows: the schema of every database, without rows.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::look::Look;
use super::table::{self, windows};
use crate::model::limits::STATEMENTS_CACHED_MAX;
use crate::store::schema;

/// Makes the windows. Views read them, as they read tables elsewhere; codes with their names are in the schema.
pub(super) fn open(look: &Arc<Mutex<Look>>) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    schema::fill(&connection)?;
    table::register(&connection, look)?;
    for table in windows() {
        let name = table.name;
        connection
            .execute_batch(&format!("DROP TABLE {name}; CREATE VIRTUAL TABLE {name} USING {};", table::MODULE))?;
    }
    Ok(connection)
}
