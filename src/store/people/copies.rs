//! Backups and older databases beside a database: what is forgotten is still in them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::error::{Error, Result};
use crate::model::limits::{BACKUPS_KEPT_MAX, COPIES_NAMED_MAX};
use crate::store::database::Database;
use crate::store::files::{folder_of, resolved};

/// Other databases of healthsink, by their names.
#[derive(Clone, Debug, Default)]
pub struct Copies {
    /// The first ones.
    pub paths: Vec<PathBuf>,
    /// How many more there are.
    pub more: usize,
}

impl Database {
    /// Returns those in the folder of this one and in its folder `backups`.
    ///
    /// This process must not have the database open.
    #[must_use]
    pub fn copies_nearby(&self) -> Copies {
        let path = resolved(self.path());
        let folder = folder_of(&path);
        let mut copies: Vec<PathBuf> =
            [folder.to_owned(), folder.join("backups")].iter().flat_map(|folder| self.copies_in(folder)).collect();
        copies.sort();
        let more = copies.len().saturating_sub(COPIES_NAMED_MAX);
        copies.truncate(COPIES_NAMED_MAX);
        Copies { paths: copies, more }
    }

    /// Returns all of them, and those in further folders. Fails if they are too many to name.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Usage`].
    ///
    /// This process must not have the database open.
    pub fn copies_in_all(&self, further: &[PathBuf]) -> Result<Vec<PathBuf>> {
        let path = resolved(self.path());
        let folder = folder_of(&path);
        let near = [folder.to_owned(), folder.join("backups")];
        let mut copies: Vec<PathBuf> = near.iter().chain(further).flat_map(|folder| self.copies_in(folder)).collect();
        copies.sort();
        copies.dedup();
        if copies.len() > BACKUPS_KEPT_MAX as usize {
            let message = format!("more than {BACKUPS_KEPT_MAX} backups and databases are there; move some elsewhere");
            return Err(Error::usage(message));
        }
        Ok(copies)
    }

    fn copies_in(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let files =
            entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path());
        files.filter(|path| !self.has_file(path) && Self::new(path).is_ours().unwrap_or_default()).collect()
    }
}
