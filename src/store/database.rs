//! The database by its path: how large it is, which files it has, and how commands open it for reading.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::failure::open_error;
use super::files::{OpenFiles, check_names, check_path, file_id, resolved, suffixed};
use super::header::Content;
use super::version;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::BUSY_WAIT;

/// A database, which may not exist yet. Nothing is open.
#[derive(Clone, Debug)]
pub struct Database {
    path: PathBuf,
}

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sizes {
    /// The database without its WAL.
    pub database: u64,
    /// Its WAL.
    pub wal: u64,
}

impl Database {
    /// The database at a path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Its path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a file has its name.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Whether it is one of ours, by its header. Not for a database that this process has open.
    ///
    /// # Errors
    ///
    /// Why its header cannot be read.
    pub fn is_ours(&self) -> io::Result<bool> {
        Content::of(&self.path).map(|content| matches!(content, Content::Database | Content::Backup))
    }

    /// Whether a path leads to the database or to a file that SQLite keeps beside it. While this process has the database open,
    /// it must not open such a file: see [`super::header`].
    #[must_use]
    pub fn has_file(&self, path: &Path) -> bool {
        let own = resolved(&self.path);
        file_id(path).is_some_and(|id| {
            ["", "-wal", "-shm", "-journal"].iter().any(|suffix| file_id(&suffixed(&own, suffix)) == Some(id))
        })
    }

    /// Its sizes; 0 for a file that is missing.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let bytes = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        let path = resolved(&self.path);
        Sizes { database: bytes(&path), wal: bytes(&suffixed(&path, "-wal")) }
    }

    /// Its files, to notice when they are replaced. Another part of this program has the database open.
    #[must_use]
    pub fn open_files(&self) -> OpenFiles {
        OpenFiles::of(&self.path)
    }

    /// Fails if it has a second name, unless it is a backup: one whole file, which may be read under each of its names.
    ///
    /// Not for a database that this process has open: see [`super::header`].
    pub(super) fn check_names_to_read(&self) -> Result<()> {
        check_path(&self.path)?;
        check_names(&self.path).or_else(|error| match Content::of(&self.path) {
            Ok(Content::Backup) => Ok(()),
            _ => Err(error),
        })
    }

    /// Opens it for reading, for a command that has it open only once.
    pub(super) fn open_to_read(&self) -> Result<Connection> {
        self.check_names_to_read()?;
        self.open_read_only(BUSY_WAIT)
    }

    /// Opens it for reading beside this process's writer. Each statement waits at most this long for another program that
    /// holds an exclusive lock.
    pub(super) fn open_beside_writer(&self, wait: Duration) -> Result<Connection> {
        check_names(&self.path)?;
        self.open_read_only(wait)
    }

    fn open_read_only(&self, wait: Duration) -> Result<Connection> {
        let shown = self.path.display();
        if !self.exists() {
            let message =
                format!("there is no database {shown}; `healthsink serve` creates it, or name another with --db");
            return Err(Error::new(ErrorKind::Store, message));
        }
        self.open_filled(OpenFlags::SQLITE_OPEN_READ_ONLY, wait)?.ok_or_else(|| {
            let message = format!("{shown} is empty; `healthsink serve` or `healthsink import` fills it");
            Error::new(ErrorKind::Store, message)
        })
    }

    /// Opens an existing file. Returns `None` if nothing has been written to it yet.
    pub(super) fn open_filled(&self, access: OpenFlags, wait: Duration) -> Result<Option<Connection>> {
        let fail = |error| open_error(&self.path, &error);
        let connection =
            Connection::open_with_flags(&self.path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail)?;
        connection.busy_timeout(wait).map_err(fail)?;
        Ok((version::check(&connection, &self.path)? > 0).then_some(connection))
    }
}

/// Sets the size of a connection's page cache.
pub(super) fn set_page_cache(connection: &Connection, bytes: usize) -> rusqlite::Result<()> {
    // SQLite takes KiB as a negative number of pages.
    connection.pragma_update(None, "cache_size", -i64::try_from(bytes / 1024).unwrap_or(i64::MAX))
}
