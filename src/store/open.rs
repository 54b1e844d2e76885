//! Opening a database: for reading, or for writing. The latter creates it if it is missing, and brings its schema up to date.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::database::Database;
use super::failure::{open_error, open_to_write_error};
use super::files::{
    COMPANIONS_ALL, COMPANIONS_IN_USE, FileId, check_names, check_no_former, check_path, file_id, immutable_name,
    is_closed, suffixed,
};
use super::header::Content;
use super::notice::Notice;
use super::write::prepare_inserts;
use super::{private, schema, version};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    BUSY_WAIT, CHECKPOINT_PAGES, DATABASE_UNFILLED_BYTES, PAGE_CACHE_BYTES, STATEMENTS_CACHED_MAX, WAL_KEEP_BYTES,
};

impl Database {
    /// Fails if it has a second name, unless it is a backup: one whole file, which may be read under each of its names.
    ///
    /// Not for a database that this process has open: see [`super::header`].
    pub(super) fn check_names_to_read(&self) -> Result<()> {
        check_path(self.path())?;
        check_names(self.path()).or_else(|error| match Content::of(self.path()) {
            Ok(Content::Backup) => Ok(()),
            _ => Err(error),
        })
    }

    /// Opens it for reading, for a command that has it open only once.
    pub(super) fn open_to_read(&self) -> Result<Connection> {
        self.check_names_to_read()?;
        self.open_read_only(BUSY_WAIT)
    }

    /// Opens it for reading what only this version's tables have.
    ///
    /// # Errors
    ///
    /// Also [`ErrorKind::Store`] if an older version has written it: what opens it for writing brings it up to date.
    pub(super) fn open_to_read_current(&self) -> Result<Connection> {
        let connection = self.open_to_read()?;
        let version = version::check(&connection, self)?;
        if version < version::VERSION {
            let message = format!(
                "{} was written by an earlier version of healthsink (schema {version}, this program has {}); `healthsink serve` or \
                 `healthsink import` brings it up to date, and keeps a copy of it",
                self.path().display(),
                version::VERSION
            );
            return Err(Error::new(ErrorKind::Store, message));
        }
        Ok(connection)
    }

    /// Opens it for reading beside this process's writer. Each statement waits at most this long for another program that
    /// holds an exclusive lock.
    pub(super) fn open_beside_writer(&self, wait: Duration) -> Result<Connection> {
        check_names(self.path())?;
        self.open_read_only(wait)
    }

    fn open_read_only(&self, wait: Duration) -> Result<Connection> {
        self.open_filled(OpenFlags::SQLITE_OPEN_READ_ONLY, wait)?.ok_or_else(|| self.empty_error())
    }

    /// The error for a file to which nothing has been written yet.
    pub(super) fn empty_error(&self) -> Error {
        let shown = self.path().display();
        let message = format!("{shown} is empty; `healthsink serve` or `healthsink import` fills it");
        Error::new(ErrorKind::Store, message)
    }

    /// Opens an existing file. Returns `None` if nothing has been written to it yet.
    pub(super) fn open_filled(&self, access: OpenFlags, wait: Duration) -> Result<Option<Connection>> {
        let connection = self.open_file(access, wait)?.map_err(|error| open_error(self, &error))?;
        Ok((version::check(&connection, self)? > 0).then_some(connection))
    }

    /// The error for a file that is not there.
    pub(super) fn missing_error(&self) -> Error {
        let shown = self.path().display();
        let message = format!("there is no database {shown}; `healthsink serve` creates it, or name another with --db");
        Error::new(ErrorKind::Store, message)
    }

    /// Opens an existing file, whatever is in it. The caller judges SQLite's error.
    pub(super) fn open_file(&self, access: OpenFlags, wait: Duration) -> Result<rusqlite::Result<Connection>> {
        check_no_former(self.path())?;
        if !self.exists() {
            return Err(self.missing_error());
        }
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = if access == OpenFlags::SQLITE_OPEN_READ_ONLY && is_closed(self.path()) {
            Connection::open_with_flags(immutable_name(self.path()), flags | OpenFlags::SQLITE_OPEN_URI)
        } else {
            Connection::open_with_flags(self.path(), flags)
        };
        Ok(connection.and_then(|connection| {
            connection.busy_timeout(wait)?;
            keep_plans(&connection)?;
            Ok(connection)
        }))
    }

    /// Opens or creates it. Returns which file that is, as seen before SQLite opened it: a file that replaces it at the same
    /// moment is then noticed.
    pub(super) fn open_to_write(&self) -> Result<(Connection, Option<FileId>)> {
        let path = self.path();
        check_names(path)?;
        check_no_former(path)?;
        let is_new = create_private(path)?;
        let opened = self.open_existing_to_write();
        match &opened {
            Err(_) if is_new => delete_unfilled(path),
            // It is ours, so its rights are also.
            Ok(_) if !is_new => private::exposure(path).into_iter().for_each(Notice::log),
            _ => {}
        }
        opened
    }

    fn open_existing_to_write(&self) -> Result<(Connection, Option<FileId>)> {
        let path = self.path();
        let fail = |error| open_to_write_error(self, &error);
        if self.is_group_readable() {
            // SQLite gives the database's rights to the files that it makes beside it, whatever the umask.
            let files = ["", "-wal", "-shm"].map(|suffix| private::let_group_read(&suffixed(path, suffix)));
            files.into_iter().flatten().for_each(Notice::log);
        }
        let file = file_id(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(fail)?;
        connection.busy_timeout(BUSY_WAIT).map_err(fail)?;
        configure(&connection).map_err(fail)?;
        schema::migrate(&mut connection, self, |wanted| self.back_up_before_migration(wanted))?;
        Ok((connection, file))
    }
}

/// Deletes a new database whose tables could not be made, for example on a full disk. Another program that has it open has files
/// beside it.
fn delete_unfilled(path: &Path) {
    let is_unfilled = fs::metadata(path).is_ok_and(|file| file.len() <= DATABASE_UNFILLED_BYTES);
    if is_unfilled && COMPANIONS_ALL.iter().all(|suffix| !suffixed(path, suffix).exists()) {
        // If this fails, the next program that writes fills it.
        let _ = fs::remove_file(path);
    }
}

/// Creates the file with its owner's rights, since health data is private. SQLite gives the same rights to its WAL. Returns whether
/// it is new.
fn create_private(path: &Path) -> Result<bool> {
    match private::create_new(path) {
        Ok(file) => {
            private::give_to_owner_of_folder(&file, path).into_iter().for_each(Notice::log);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // A killed program leaves files that have the rights which the database had then.
            let narrowed = COMPANIONS_IN_USE.map(|suffix| private::narrow(&suffixed(path, suffix), path));
            narrowed.into_iter().flatten().for_each(Notice::log);
            Ok(false)
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
    prepare_inserts(connection)?;
    keep_plans(connection)
}

/// Otherwise SQLite compiles a prepared statement again whenever a parameter is bound that its plan might depend on, as that of a
/// LIMIT or of a range.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(|_| ())
}

/// Sets the size of a connection's page cache.
pub(super) fn set_page_cache(connection: &Connection, bytes: usize) -> rusqlite::Result<()> {
    // SQLite takes KiB as a negative number of pages.
    connection.pragma_update(None, "cache_size", -i64::try_from(bytes / 1024).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::store::Store;

    #[test]
    fn bound_parameters_compile_no_statement_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let store = Store::open(&database).unwrap();
        let reader = database.open_beside_writer(BUSY_WAIT).unwrap();
        for connection in [&store.connection, &reader] {
            let mut select = connection.prepare("SELECT id FROM persons WHERE id >= ?1 LIMIT ?2").unwrap();
            for limit in 1..5 {
                assert!(select.exists([0, limit]).unwrap());
            }
            assert_eq!(select.get_status(StatementStatus::RePrepare), 0);
        }
    }
}
