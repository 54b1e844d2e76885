//! The database: one file, opened by one writer, readable by anyone beside it.
//!
//! Nothing here decides when to commit; that is the writer's. All writes are idempotent: a record that is there already
//! costs a look-up. rusqlite is used in this module alone.

mod check;
mod conversion;
mod copy;
mod destination;
mod dictionary;
mod imported;
mod latest;
mod ledger;
mod merge;
mod replace;
mod schema;
mod status;
mod tokens;
mod upsert;
mod write;

use std::fs::Metadata;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

pub use check::{Finding, Report, Severity, check};
pub use copy::{Copied, copy};
pub use destination::{Replace, is_ours};
pub use latest::{Latest, latest};
pub(crate) use ledger::UploadKey;
pub use ledger::{UploadEnd, UploadStart, UploadState};
pub use replace::replace;
pub use status::{Status, TableRows, TypeRows, UploadRow, sizes, status};
pub use tokens::{
    TOKEN_PREFIX, TokenDigest, TokenOwner, TokenReader, TokenRow, add_token, has_tokens, is_token_shaped, revoke_token,
    tokens,
};

use crate::batch::Batch;
use crate::counts::Counts;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BUSY_WAIT, CHECKPOINT_PAGES, CHECKPOINT_WAIT, PAGE_CACHE_BYTES, WAL_KEEP_BYTES};
use crate::private;
use write::Ids;

/// The database, open for writing.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    ids: Ids,
    path: PathBuf,
    /// Which file it is, to notice when the path no longer leads to it.
    file: Option<FileId>,
}

/// Device and number of a file, where there are such.
type FileId = (u64, u64);

fn file_id(path: &Path) -> Option<FileId> {
    std::fs::metadata(path).ok().and_then(|file| id_of(&file))
}

fn id_of(file: &Metadata) -> Option<FileId> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        None
    }
}

impl Store {
    /// Opens or creates a database, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if the file cannot be opened, is no database, or was written by a later version.
    pub fn open(path: &Path) -> Result<Self> {
        let fail = |error| open_error(path, &error);
        let (connection, file) = open_or_create(path)?;
        ledger::interrupt_running(&connection).map_err(fail)?;
        let ids = Ids::load(&connection).map_err(fail)?;
        Ok(Self { connection, ids, path: path.to_owned(), file })
    }

    /// Begins a transaction that may write.
    pub(crate) fn begin(&mut self) -> Result<()> {
        let begin = |store: &mut Self| {
            store.connection.execute_batch("BEGIN IMMEDIATE")?;
            store.ids.merge.begin(&store.connection)
        };
        begin(self).map_err(|error| store_error(&error))
    }

    /// Fails if the database was deleted or replaced: what is written to it then is lost to its owner.
    pub(crate) fn check_file(&self) -> Result<()> {
        if file_id(&self.path) == self.file {
            return Ok(());
        }
        let message = format!("the database {} was moved or deleted; restart the program", self.path.display());
        Err(Error::new(ErrorKind::Store, message))
    }

    /// Commits; with `synchronous=FULL` the rows are then on the disk.
    pub(crate) fn commit(&mut self) -> Result<()> {
        self.connection.execute_batch("COMMIT").map_err(|error| store_error(&error))
    }

    /// Writes batches in one transaction, without the ledger: what benches measure.
    #[doc(hidden)]
    pub fn write_batches(&mut self, batches: &[Batch]) -> Result<Counts> {
        let mut counts = Counts::default();
        let (upload, mut ordinal) = (UploadKey { id: 0, person: ledger::PERSON_ME }, 0);
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

    /// Moves the write-ahead log into the database while nobody waits for an answer, as far as readers allow: the next
    /// upload begins with an empty log.
    pub(crate) fn checkpoint_quietly(&mut self) {
        if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
            tracing::warn!(%error, "could not move the write-ahead log into the database; a later commit tries again");
        }
    }

    /// Moves the write-ahead log into the database at the end, as far as readers allow.
    pub(crate) fn checkpoint(&mut self) {
        // Someone who reads for long must not keep the program from ending.
        let _ = self.connection.busy_timeout(CHECKPOINT_WAIT);
        let outcome = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(error) = outcome {
            tracing::warn!(%error, "could not move the write-ahead log into the database; the next start does it");
        }
    }
}

/// Opens a database for writing, makes it if it is not there, and brings its schema up to date. Says which file it is.
fn open_or_create(path: &Path) -> Result<(Connection, Option<FileId>)> {
    let fail = |error| open_error(path, &error);
    if path == Path::new(":memory:") {
        return Err(Error::new(ErrorKind::Usage, "a database in memory keeps nothing; name a file with --db"));
    }
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

/// What SQLite keeps beside a database, and would read into another one of that name.
const COMPANIONS: [&str; 2] = ["-wal", "-journal"];

/// A file's name with something behind it: how SQLite names what it keeps beside a database.
fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
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
            Ok(())
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

fn open_error(file: &Path, error: &rusqlite::Error) -> Error {
    let path = file.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            let message = format!(
                "{path} is not a SQLite database; name another file with --db, or `healthsink restore` a backup"
            );
            Error::new(ErrorKind::Store, message)
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            let message =
                format!("{path} is damaged ({error}): see `healthsink check`, or `healthsink restore` a backup");
            Error::new(ErrorKind::Store, message)
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let message = format!("{path} is locked by another program; close that and try again");
            Error::new(ErrorKind::Busy, message)
        }
        Some(ErrorCode::ReadOnly) => {
            let message = format!(
                "{path} may not be written to ({error}): if a program was killed in its midst, `healthsink serve` puts that right \
                 at its start; else give the file and its folder to the user who runs this"
            );
            Error::new(ErrorKind::Store, message)
        }
        Some(ErrorCode::CannotOpen) => {
            let message = format!(
                "cannot open the database {path}: {error}{}; give it and its folder to the user who runs this",
                private::owner(file)
            );
            Error::new(ErrorKind::Store, message)
        }
        _ => Error::new(ErrorKind::Store, format!("cannot open the database {path}: {error}")),
    }
}

/// Our error for SQLite's. Its text names tables and columns, never values.
fn store_error(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let message = "the database is locked by another program; close that and send again";
            Error::new(ErrorKind::Busy, message)
        }
        Some(ErrorCode::DiskFull) => {
            Error::new(ErrorKind::Store, "the disk is full: free some space and send again; what was committed is kept")
        }
        _ => Error::new(ErrorKind::Store, format!("the database could not be written: {error}")),
    }
}

/// Opens a database for reading alone.
fn open_read_only(path: &Path) -> Result<Connection> {
    if !path.exists() {
        let message =
            format!("there is no database {}; `healthsink serve` makes it, or name another with --db", path.display());
        return Err(Error::new(ErrorKind::Store, message));
    }
    open_filled(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?.ok_or_else(|| {
        let message = format!("{} is empty; `healthsink serve` or `healthsink import` fills it", path.display());
        Error::new(ErrorKind::Store, message)
    })
}

/// The same of a file that is there; none if nothing has been written to it yet.
fn open_filled(path: &Path, access: OpenFlags) -> Result<Option<Connection>> {
    let fail = |error| open_error(path, &error);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail)?;
    connection.busy_timeout(BUSY_WAIT).map_err(fail)?;
    Ok((schema::check(&connection, path)? > 0).then_some(connection))
}
