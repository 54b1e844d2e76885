//! The database: one file, opened by one writer, readable by anyone beside it.
//!
//! Nothing here decides when to commit; that is the writer's. All writes are idempotent: a record that is there already
//! costs a look-up. rusqlite is used in this module alone.

mod backup;
mod check;
mod failure;
mod files;
pub(crate) mod private;
mod read;
mod schema;
mod tokens;
mod wal;
mod write;
pub mod writer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use backup::copy::{Copied, copy};
pub use backup::destination::{Replace, is_ours};
pub use backup::replace::replace;
pub(crate) use backup::series::{Series, stamp};
pub use check::{Finding, Report, Severity, check};
pub use files::Files;
pub use read::latest::{Latest, latest};
pub use read::status::{Status, TableRows, TypeRows, UploadRow, sizes, status};
pub use tokens::{
    TOKEN_PREFIX, TokenDigest, TokenOwner, TokenReader, TokenRow, add_token, has_tokens, is_token_shaped, revoke_token,
    tokens,
};
pub(crate) use wal::{AutoCheckpoint, Checkpoint};
pub(crate) use write::ledger::UploadKey;
pub use write::ledger::{Origin, OriginKind, UploadEnd, UploadState};

use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BUSY_WAIT, CHECKPOINT_PAGES, PAGE_CACHE_BYTES, WAL_KEEP_BYTES};
use backup::destination::is_closed_backup;
use failure::{open_error, open_to_write_error, store_error, write_error};
use files::{COMPANIONS, FileId, check_names, file_id, suffixed};
use write::Ids;

/// The database, open for writing.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    ids: Ids,
    path: PathBuf,
    /// To notice when its names no longer lead to them.
    files: Files,
    /// Whether another program had it locked for longer than is waited for, the last time it was asked for.
    is_locked: bool,
}

impl Store {
    /// Opens or creates a database, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if the file cannot be opened, is no database, or was written by a later version;
    /// [`ErrorKind::Full`] or [`ErrorKind::Busy`] if there is no space for it, or another program has it.
    pub fn open(path: &Path) -> Result<Self> {
        let fail = |error| open_to_write_error(path, &error);
        let (connection, file) = open_or_create(path)?;
        write::ledger::interrupt_running(&connection).map_err(fail)?;
        let ids = Ids::load(&connection).map_err(fail)?;
        let files = Files::of(path, file);
        Ok(Self { connection, ids, path: path.to_owned(), files, is_locked: false })
    }

    /// Begins a transaction that may write.
    pub(crate) fn begin(&mut self) -> Result<()> {
        let begin = |store: &mut Self| {
            store.connection.execute_batch("BEGIN IMMEDIATE")?;
            store.ids.merge.begin(&store.connection)
        };
        if self.is_locked {
            // One upload has waited in vain. If each that waits behind it did so, too, the last would be told after minutes.
            self.connection.busy_timeout(Duration::ZERO).map_err(|error| self.failed(&error))?;
        }
        let begun = begin(self).map_err(|error| self.failed(&error));
        if self.is_locked {
            self.connection.busy_timeout(BUSY_WAIT).map_err(|error| self.failed(&error))?;
        }
        self.is_locked = begun.as_ref().is_err_and(|error| error.kind() == ErrorKind::Busy);
        begun
    }

    /// Fails if the database was deleted or replaced, or what SQLite keeps beside it: what is written to it then is lost to
    /// its owner. Says how long the write-ahead log is, in bytes.
    pub(crate) fn check_files(&self) -> Result<u64> {
        self.files.check()
    }

    /// Saves what the WAL holds if only the WAL has lost its name.
    pub(crate) fn save_wal(&mut self) {
        if self.files.has_lost_only_the_wal() {
            match self.checkpoint(Checkpoint::Move) {
                Ok(true) => tracing::warn!("what the deleted write-ahead log held is in the database now"),
                outcome => tracing::error!(?outcome, "what the deleted write-ahead log held could not be saved"),
            }
        }
    }

    /// Our error for one of SQLite's, with its reason as far as the file system tells one.
    fn failed(&self, error: &rusqlite::Error) -> Error {
        write_error(&self.path, error)
    }

    /// Commits; with `synchronous=FULL` the rows are then on the disk.
    pub(crate) fn commit(&mut self) -> Result<()> {
        self.connection.execute_batch("COMMIT").map_err(|error| self.failed(&error))
    }

    /// Writes batches in one transaction, without the ledger: what benches measure.
    #[doc(hidden)]
    pub fn write_batches(&mut self, batches: &[Batch]) -> Result<Counts> {
        let mut counts = Counts::default();
        let (upload, mut ordinal) = (UploadKey { id: 0, person: write::ledger::PERSON_ME }, 0);
        self.begin()?;
        for batch in batches {
            counts += self.write(upload, 0, &mut ordinal, batch)?;
        }
        self.commit().map(|()| counts)
    }

    /// Undoes the transaction, and forgets ids that may have gone with it.
    pub(crate) fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "could not roll back");
        }
        match Ids::load(&self.connection) {
            Ok(ids) => self.ids = ids,
            Err(error) => {
                tracing::error!(%error, "could not read the dictionaries anew");
                self.ids = Ids::default();
            }
        }
    }
}

/// Opens a database for writing, makes it if it is not there, and brings its schema up to date. Says which file it is.
fn open_or_create(path: &Path) -> Result<(Connection, Option<FileId>)> {
    let fail = |error| open_to_write_error(path, &error);
    if path == Path::new(":memory:") {
        return Err(Error::new(ErrorKind::Usage, "a database in memory keeps nothing; name a file with --db"));
    }
    check_names(path)?;
    create_private(path)?;
    // Before it is opened: if it is replaced at this very moment, that is noticed.
    let file = file_id(path);
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(fail)?;
    connection.busy_timeout(BUSY_WAIT).map_err(fail)?;
    configure(&connection).map_err(fail)?;
    schema::migrate(&mut connection, path)?;
    Ok((connection, file))
}

/// Health data is private: a new file is its owner's alone. SQLite gives the same rights to its WAL.
fn create_private(path: &Path) -> Result<()> {
    match private::create_new(path) {
        Ok(file) => {
            private::give_to_owner_of_folder(&file, path);
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            private::warn_if_exposed(path);
            // Those that a program left that was killed have the rights that the database had then.
            for suffix in ["-wal", "-shm"] {
                private::open_no_wider(&suffixed(path, suffix), path);
            }
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            let message = format!("cannot create the database {}: {error}; free some space", path.display());
            Err(Error::new(ErrorKind::Full, message))
        }
        Err(error) => {
            let message = format!(
                "cannot create the database {}: {error}; name a file in a folder that exists and may be written to with --db",
                path.display()
            );
            Err(Error::new(ErrorKind::Store, message))
        }
    }
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // An answer says that the rows are stored: so they must outlast a power cut, not only the program.
    connection.pragma_update(None, "synchronous", "FULL")?;
    let cache_kib = i64::try_from(PAGE_CACHE_BYTES / 1024).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", i64::try_from(WAL_KEEP_BYTES).unwrap_or(i64::MAX))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Ids come from our own dictionaries; checking them again costs a look-up for each row.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Opens a database only for reading, or a backup under any of its names.
///
/// Not for a program that has the database open: the header of a file with several names is read, and closing it would
/// drop the locks that SQLite holds for the whole process.
fn open_read_only(path: &Path) -> Result<Connection> {
    check_names_unless_closed(path)?;
    open_read_only_unchecked(path, BUSY_WAIT)
}

fn check_names_unless_closed(path: &Path) -> Result<()> {
    // A backup is one whole file, so it may have many names.
    check_names(path).or_else(|error| if is_closed_backup(path) { Ok(()) } else { Err(error) })
}

/// The same, and waits so long for another program that has all of it, now and later.
fn open_read_only_within(path: &Path, wait: Duration) -> Result<Connection> {
    check_names(path)?;
    open_read_only_unchecked(path, wait)
}

fn open_read_only_unchecked(path: &Path, wait: Duration) -> Result<Connection> {
    if !path.exists() {
        let message =
            format!("there is no database {}; `healthsink serve` makes it, or name another with --db", path.display());
        return Err(Error::new(ErrorKind::Store, message));
    }
    open_filled(path, OpenFlags::SQLITE_OPEN_READ_ONLY, wait)?.ok_or_else(|| {
        let message = format!("{} is empty; `healthsink serve` or `healthsink import` fills it", path.display());
        Error::new(ErrorKind::Store, message)
    })
}

/// The same of a file that is there; none if nothing has been written to it yet.
fn open_filled(path: &Path, access: OpenFlags, wait: Duration) -> Result<Option<Connection>> {
    let fail = |error| open_error(path, &error);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail)?;
    connection.busy_timeout(wait).map_err(fail)?;
    Ok((schema::check(&connection, path)? > 0).then_some(connection))
}
