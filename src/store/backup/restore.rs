//! Restores a backup: it takes the database's name, and the old database is kept under another one.
//!
//! At each moment a whole database has the name that is served, and no database has two names: the backup and the old
//! database exchange theirs in one step.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::partial::Partial;
use super::transfer::{self, BackupSummary};
use super::unused::unused_path;
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::database::Database;
use crate::store::failure::{self, open_error};
use crate::store::files::{COMPANIONS, check_names, check_no_former, suffixed};
use crate::store::notice::Notice;
use crate::store::{private, running, serving, version};

/// Whether a database is replaced of which nobody can say whether a server has it open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Force {
    /// Fail.
    No,
    /// Replace it: the user made sure.
    Yes,
}

/// A backup that was restored.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The content of the database now.
    pub summary: BackupSummary,
    /// The old database, if there was one.
    pub kept: Option<PathBuf>,
}

impl Database {
    /// Copies and verifies a backup and puts it in the place of this database. Keeps the old one as `STEM.db`, or under the
    /// first unused name of `STEM-2.db`, `STEM-3.db` … Calls `watch` with the bytes done and all bytes.
    ///
    /// # Errors
    ///
    /// The database is unchanged in each case:
    /// - [`ErrorKind::Busy`] if another program has it open,
    /// - [`ErrorKind::Store`] or [`ErrorKind::Io`] if the backup is not sound or cannot be copied, or the database has a
    ///   second name.
    pub fn restore(
        &self,
        backup: &Self,
        kept_stem: &Path,
        force: Force,
        watch: &mut dyn FnMut(u64, u64),
    ) -> Result<Restored> {
        let path = self.path();
        check_names(path)?;
        check_no_former(path)?;
        let is_there = self.exists();
        // Held until the end: a server that starts meanwhile waits, and notices that the file is another one.
        let held = if is_there { self.hold(force)? } else { None };
        let partial = Partial::create(path)?;
        let summary = transfer::fill(&partial, backup.open_to_read()?, backup, watch)?;
        if let Some(connection) = &held {
            // The kept database becomes one whole file.
            connection.pragma_update(None, "journal_mode", "DELETE").map_err(|error| open_error(self, &error))?;
            // The change of mode leaves it behind.
            let _ = fs::remove_file(suffixed(path, "-journal"));
        }
        let kept = unused_path(kept_stem);
        if is_there {
            keep_rights(path, partial.file())?;
        } else {
            private::give_to_owner_of_folder(partial.file(), path).into_iter().for_each(Notice::log);
        }
        move_companions(path, &kept)?;
        if is_there {
            partial.publish_in_exchange(&kept)?;
        } else {
            partial.publish()?;
        }
        drop(held);
        // Of programs that were killed.
        running::delete_left_over(self);
        serving::delete_left_over(self);
        Ok(Restored { summary, kept: is_there.then_some(kept) })
    }

    /// Keeps other programs out until the database is replaced. Returns `None` if it is too damaged and `force` is set.
    fn hold(&self, force: Force) -> Result<Option<Connection>> {
        let shown = self.path().display();
        let error = match self.open_exclusively()? {
            Ok(connection) => {
                version::any_version(&connection, self)?;
                return Ok(Some(connection));
            }
            Err(error) => error,
        };
        if let Some(reason) = failure::reason(self, &error) {
            return Err(reason);
        }
        match (open_error(self, &error).kind(), force) {
            (ErrorKind::Busy, _) => {
                let message = format!(
                    "{shown} is open in another program: stop `healthsink serve` and all programs that read it"
                );
                Err(Error::new(ErrorKind::Busy, message))
            }
            (_, Force::Yes) => Ok(None),
            (_, Force::No) => {
                let message = format!(
                    "{shown} is too damaged to see whether a server has it open ({error}): make sure that none has, then add --force"
                );
                Err(Error::new(ErrorKind::Store, message))
            }
        }
    }
}

/// Moves the WAL and the journal of a damaged database with it. The WAL's index is rebuilt whenever it is missing.
fn move_companions(database: &Path, kept: &Path) -> Result<()> {
    let _ = fs::remove_file(suffixed(database, "-shm"));
    for suffix in COMPANIONS {
        let (from, to) = (suffixed(database, suffix), suffixed(kept, suffix));
        if from.exists() {
            fs::rename(&from, &to).map_err(|error| io_error("move", &from, &error))?;
        }
    }
    Ok(())
}

/// Gives the new file the old one's owner, group and mode: root may restore a server's database.
fn keep_rights(database: &Path, replacement: &File) -> Result<()> {
    let fail = |error: io::Error| io_error("keep the owner and mode of", database, &error);
    let old = fs::metadata(database).map_err(fail)?;
    let new = replacement.metadata().map_err(fail)?;
    if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
        fchown(replacement, Some(old.uid()), Some(old.gid())).map_err(fail)?;
    }
    replacement.set_permissions(old.permissions()).map_err(fail)
}

fn io_error(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::backup::target::Replace;

    #[test]
    fn no_kept_database_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (database, backup, stem) = (path("health.db"), path("copy.db"), path("kept"));
        drop(Store::open(&Database::new(&database)).unwrap());
        let of = Database::new(&database);
        of.back_up(&backup, Replace::Backup, &mut |_, _| {}).unwrap();
        fs::write(path("kept-2.db-wal"), "of another").unwrap();
        for (turn, expected) in ["kept.db", "kept-3.db", "kept-4.db"].into_iter().enumerate() {
            let connection = Connection::open(&database).unwrap();
            connection.execute("INSERT INTO persons (name) VALUES (?1)", [format!("turn {turn}")]).unwrap();
            drop(connection);
            let restored = of.restore(&Database::new(&backup), &stem, Force::No, &mut |_, _| {}).unwrap();
            assert_eq!(restored.kept, Some(path(expected)));
        }
        for (turn, kept) in ["kept.db", "kept-3.db", "kept-4.db"].into_iter().enumerate() {
            let connection = Connection::open(path(kept)).unwrap();
            let name: String = connection.query_row("SELECT max(name) FROM persons", [], |row| row.get(0)).unwrap();
            assert_eq!(name, format!("turn {turn}"));
        }
        assert_eq!(fs::read(path("kept-2.db-wal")).unwrap(), b"of another");
    }
}
