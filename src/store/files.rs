//! The files of an open database: whether they are still the ones at their names, and how long the write-ahead log is.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::suffixed;
use crate::model::error::{Error, ErrorKind, Result};

/// Device and number of a file, where there are such.
pub(super) type FileId = (u64, u64);

pub(super) fn file_id(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().and_then(|file| id_of(&file))
}

pub(super) fn id_of(file: &Metadata) -> Option<FileId> {
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

/// The database, its write-ahead log, and the index of that. SQLite makes the latter two as it opens the database, and
/// removes them only once nobody has it open: what is written to others than these is lost to its owner.
#[derive(Debug)]
pub struct Files {
    database: (PathBuf, Option<FileId>),
    log: (PathBuf, Option<FileId>),
    index: (PathBuf, Option<FileId>),
}

impl Files {
    /// Those that are there now, of a database that someone else in this program has open.
    #[must_use]
    pub fn of_open(path: &Path) -> Self {
        Self::of(path, file_id(path))
    }

    /// Those of a database that was read from before, whose own file had this number before it was opened.
    pub(super) fn of(path: &Path, database: Option<FileId>) -> Self {
        let beside = |suffix| {
            let path = suffixed(path, suffix);
            let id = file_id(&path);
            (path, id)
        };
        Self { database: (path.to_owned(), database), log: beside("-wal"), index: beside("-shm") }
    }

    /// Fails if one of them was deleted or replaced; says how long the write-ahead log is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`], with the file's name.
    pub fn check(&self) -> Result<u64> {
        let log = fs::metadata(&self.log.0).ok();
        let found = [file_id(&self.database.0), log.as_ref().and_then(id_of), file_id(&self.index.0)];
        for ((path, expected), found) in [&self.database, &self.log, &self.index].into_iter().zip(found) {
            if *expected != found {
                let message = format!("{} was moved or deleted under the program; restart it", path.display());
                return Err(Error::new(ErrorKind::Store, message));
            }
        }
        Ok(log.map_or(0, |log| log.len()))
    }

    /// Whether the log alone is gone: what it held can still be moved into the database.
    pub(super) fn has_lost_log_alone(&self) -> bool {
        file_id(&self.database.0) == self.database.1 && !self.log.0.exists()
    }
}
