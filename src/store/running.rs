//! Which uploads of other programs are under way. Each program that stores uploads holds a lock (flock) on a separate file beside
//! the database, with the numbers of its uploads. The lock also ends if the program is killed.
//!
//! The files are made, written and read in write transactions only, so programs see each other's as a whole. Where they cannot be
//! made or locked, others take the uploads of this program for those of one that was killed.
//!
//! A program whose uploads belong together, such as an import of several files, also notes that further ones follow.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::beside;
use super::database::Database;
use super::files::{resolved, suffixed};
use crate::model::limits::{RUNNING_FILE_BYTES_MAX, RUNNING_UPLOADS_MAX, WRITING_PROGRAMS_MAX};

/// The uploads of this program that are under way.
#[derive(Debug, Default)]
pub(super) struct Running {
    file: Option<(PathBuf, File)>,
    uploads: Vec<i64>,
    /// Those that the open transaction has begun.
    begun: Vec<i64>,
    /// Whether further ones follow until this program ends.
    has_further: bool,
}

/// Stands for uploads that follow, in place of a number of the ledger.
pub(super) const FURTHER: i64 = 0;

impl Running {
    /// Makes the file of this program, in a write transaction.
    pub(super) fn of(database: &Database) -> Self {
        let free = (0..WRITING_PROGRAMS_MAX).find_map(|number| {
            let path = path_of(database, number);
            let file = beside::hold_new(&path).ok()?;
            Some((path, file))
        });
        Self { file: free, uploads: Vec::new(), begun: Vec::new(), has_further: false }
    }

    /// Notes that further uploads follow until this program ends.
    pub(super) fn announce_further(&mut self) {
        self.has_further = true;
        self.write();
    }

    /// Notes an upload that begins, before the ledger has it.
    pub(super) fn begin(&mut self, upload: i64) {
        if self.uploads.len() >= RUNNING_UPLOADS_MAX {
            // Its end could not be entered for long.
            self.uploads.remove(0);
        }
        self.uploads.push(upload);
        self.begun.push(upload);
        self.write();
    }

    pub(super) fn end(&mut self, upload: i64) {
        self.uploads.retain(|running| *running != upload);
        self.write();
    }

    pub(super) fn note_commit(&mut self) {
        self.begun.clear();
    }

    /// Forgets uploads that the ledger does not have: the next ones get their numbers.
    pub(super) fn note_rollback(&mut self) {
        let begun = std::mem::take(&mut self.begun);
        if !begun.is_empty() {
            self.uploads.retain(|running| !begun.contains(running));
            self.write();
        }
    }

    fn write(&self) {
        if let Some((_, file)) = &self.file {
            let numbers = self.has_further.then_some(&FURTHER).into_iter().chain(&self.uploads);
            let bytes: Vec<u8> = numbers.flat_map(|upload| upload.to_le_bytes()).collect();
            let written = file.write_all_at(&bytes, 0).and_then(|()| file.set_len(bytes.len() as u64));
            if let Err(error) = written {
                tracing::warn!(%error, "could not note which uploads are under way");
            }
        }
    }

    /// The uploads that some program stores, and [`FURTHER`] if some follow, in a write transaction. Files of programs that are gone are deleted. Returns `None` if
    /// a program holds a file that cannot be read.
    pub(super) fn everywhere(&self, database: &Database) -> Option<Vec<i64>> {
        let mut uploads = self.uploads.clone();
        for number in 0..WRITING_PROGRAMS_MAX {
            let path = path_of(database, number);
            if self.file.as_ref().is_some_and(|(own, _)| *own == path) {
                continue;
            }
            match others(&path) {
                Ok(Some(running)) => uploads.extend(running),
                Ok(None) => {
                    // If this fails, it is still known that its program is gone.
                    let _ = fs::remove_file(path);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(_) => return None,
            }
        }
        Some(uploads)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.file {
            // If this fails, the next program that opens the database deletes it.
            let _ = fs::remove_file(path);
        }
    }
}

/// The uploads that some program stores. Unlike [`Running::everywhere`] it changes nothing, and needs no transaction: another program
/// may begin or end one meanwhile. Returns `None` if a file cannot be read.
pub(super) fn under_way(database: &Database) -> Option<Vec<i64>> {
    let mut uploads = Vec::new();
    for path in (0..WRITING_PROGRAMS_MAX).map(|number| path_of(database, number)) {
        match others(&path) {
            Ok(running) => uploads.extend(running.into_iter().flatten()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return None,
        }
    }
    Some(uploads)
}

/// Deletes files of programs that are gone.
pub(super) fn delete_left_over(database: &Database) {
    let _ = Running::default().everywhere(database);
}

fn path_of(database: &Database, number: usize) -> PathBuf {
    suffixed(&resolved(database.path()), format!("-running-{number}"))
}

/// The uploads of the program that holds a file; `None` if it is gone.
fn others(path: &Path) -> io::Result<Option<Vec<i64>>> {
    let Some(file) = beside::held(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    file.take(RUNNING_FILE_BYTES_MAX as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes.as_chunks().0.iter().map(|number| i64::from_le_bytes(*number)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of them stands for a process: locks of one file that was opened twice exclude each other.
    #[test]
    fn uploads_of_programs_that_are_gone_are_not_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let [mut server, mut import] = [(); 2].map(|()| Running::of(&database));
        server.begin(7);
        import.begin(8);
        import.note_commit();
        import.begin(9);
        import.note_rollback();
        server.begin(9);
        server.end(7);
        let command = Running::default();
        assert_eq!(command.everywhere(&database), Some(vec![9, 8]));
        import.announce_further();
        assert_eq!(command.everywhere(&database), Some(vec![9, FURTHER, 8]));
        assert_eq!(server.everywhere(&database), Some(vec![9, FURTHER, 8]));
        // A program that is killed leaves its file.
        let (path, file) = import.file.take().unwrap();
        drop(file);
        assert_eq!(under_way(&database), Some(vec![9]));
        assert!(path.exists());
        assert_eq!(command.everywhere(&database), Some(vec![9]));
        drop(server);
        assert_eq!(command.everywhere(&database), Some(Vec::new()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::create_dir(path).unwrap();
        assert_eq!(command.everywhere(&database), None, "whose that is cannot be known");
    }
}
