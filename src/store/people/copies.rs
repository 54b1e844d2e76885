//! Backups and older databases beside a database: what is forgotten is still in them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::limits::COPIES_NAMED_MAX;
use crate::store::database::Database;
use crate::store::files::{folder_of, resolved};

impl Database {
    /// Returns other databases of healthsink in the folder of this one and in its folder `backups`, by their names.
    ///
    /// This process must not have the database open.
    #[must_use]
    pub fn copies_nearby(&self) -> Vec<PathBuf> {
        let path = resolved(self.path());
        let folder = folder_of(&path);
        let mut copies: Vec<PathBuf> =
            [folder.to_owned(), folder.join("backups")].iter().flat_map(|folder| self.copies_in(folder)).collect();
        copies.sort();
        copies.truncate(COPIES_NAMED_MAX);
        copies
    }

    fn copies_in(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let files =
            entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())).map(|entry| entry.path());
        files.filter(|path| !self.has_file(path) && Self::new(path).is_ours().unwrap_or_default()).collect()
    }
}
