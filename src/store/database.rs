//! The database by its path: whose it is, how large it is, and which files it has. [`Database::new`] takes the path, and all
//! else in this room takes the database.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{COMPANIONS_ALL, OpenFiles, file_id, folder_of, free_bytes, resolved, suffixed};
use super::header::Content;

/// A database, which may not exist yet. Nothing is open.
#[derive(Clone, Debug)]
pub struct Database {
    path: PathBuf,
    is_group_readable: bool,
}

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sizes {
    /// The database without its WAL.
    pub database: u64,
    /// Its WAL.
    pub wal: u64,
}

/// How files of programs beside the database begin, behind its name.
const PREFIXES: [&[u8]; 2] = [b"-running-", b"-follow-"];

impl Database {
    /// The database at a path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), is_group_readable: false }
    }

    /// The same database, whose group may read it and its backups once this program has opened or made them.
    #[must_use]
    pub fn group_readable(self, is_group_readable: bool) -> Self {
        Self { is_group_readable, ..self }
    }

    /// Whether its group may read it.
    pub(super) fn is_group_readable(&self) -> bool {
        self.is_group_readable
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
    /// it must not open such a file: see `store::header`.
    #[must_use]
    pub fn has_file(&self, path: &Path) -> bool {
        let own = resolved(&self.path);
        self.is_beside(path)
            || file_id(path).is_some_and(|id| {
                [""].into_iter().chain(COMPANIONS_ALL).any(|suffix| file_id(&suffixed(&own, suffix)) == Some(id))
            })
    }

    /// Whether a path is that of a file that this program keeps beside the database.
    fn is_beside(&self, path: &Path) -> bool {
        let own = resolved(&self.path);
        let name = |path: &Path| path.file_name().unwrap_or_default().as_encoded_bytes().to_owned();
        let (sent, own_name) = (name(path), name(&own));
        let is_kept = sent.strip_prefix(own_name.as_slice()).is_some_and(|rest| {
            matches!(rest, b"-obstacles" | b"-server") || PREFIXES.iter().any(|own| rest.starts_with(own))
        });
        is_kept && resolved(folder_of(path)) == folder_of(&own)
    }

    /// Its sizes; 0 for a file that is missing.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let bytes = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
        let path = resolved(&self.path);
        Sizes { database: bytes(&path), wal: bytes(&suffixed(&path, "-wal")) }
    }

    /// Where SQLite keeps its WAL.
    pub(super) fn wal_path(&self) -> PathBuf {
        suffixed(&resolved(&self.path), "-wal")
    }

    /// Bytes that this user may still write to its disk, if the system reports them.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        free_bytes(folder_of(&resolved(&self.path)))
    }

    /// Its files, to notice when they are replaced. Another part of this program has the database open.
    #[must_use]
    pub fn open_files(&self) -> OpenFiles {
        OpenFiles::of(&self.path)
    }
}
