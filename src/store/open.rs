//! Opening a database for writing: it is created if it is missing, and its schema brought up to date.

use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::database::{Database, set_page_cache};
use super::failure::open_to_write_error;
use super::files::{FileId, check_names, file_id, suffixed};
use super::notice::Notice;
use super::{private, schema};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BUSY_WAIT, CHECKPOINT_PAGES, PAGE_CACHE_BYTES, STATEMENTS_CACHED_MAX, WAL_KEEP_BYTES};

impl Database {
    /// Opens or creates it. Returns which file that is, as seen before SQLite opened it: a file that replaces it at the same
    /// moment is then noticed.
    pub(super) fn open_to_write(&self) -> Result<(Connection, Option<FileId>)> {
        let path = self.path();
        let fail = |error| open_to_write_error(path, &error);
        check_names(path)?;
        create_private(path)?;
        let file = file_id(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
        connection.busy_timeout(BUSY_WAIT).map_err(fail)?;
        configure(&connection).map_err(fail)?;
        schema::migrate(&mut connection, path, |wanted| self.back_up_before_migration(wanted))?;
        Ok((connection, file))
    }
}

/// Creates the file with its owner's rights, since health data is private. SQLite gives the same rights to its WAL.
fn create_private(path: &Path) -> Result<()> {
    match private::create_new(path) {
        Ok(file) => {
            private::give_to_owner_of_folder(&file, path).into_iter().for_each(Notice::log);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // A killed program leaves files that have the rights which the database had then.
            let narrowed = ["-wal", "-shm"].map(|suffix| private::narrow(&suffixed(path, suffix), path));
            let notices = [private::exposure(path)].into_iter().chain(narrowed);
            notices.flatten().for_each(Notice::log);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            let message = format!("cannot create the database {}: {error}; free some space", path.display());
            Err(Error::new(ErrorKind::Full, message))
        }
        Err(error) => {
            let message = format!(
                "cannot create the database {}: {error}; name a file with --db in an existing folder that may be written to",
                path.display()
            );
            Err(Error::new(ErrorKind::Store, message))
        }
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // An answer promises that the rows are stored, so they must survive a power cut, not only a crash of the program.
    connection.pragma_update(None, "synchronous", "FULL")?;
    set_page_cache(connection, PAGE_CACHE_BYTES)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", i64::try_from(WAL_KEEP_BYTES).unwrap_or(i64::MAX))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Ids come from our own dictionaries; checking them again would cost a look-up for each row.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED_MAX);
    Ok(())
}
