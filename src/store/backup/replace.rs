//! Puts a backup in the place of the database, which is kept under another name.
//!
//! At each moment a whole database has the name that is served, and no database has two names: the old one and the new one
//! exchange theirs in one step.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::copy::{Copied, Partial};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::ALONE_WAIT;
use crate::store::failure::open_error;
use crate::store::files::check_names;
use crate::store::private;
use crate::store::{COMPANIONS, schema, suffixed};

/// The index of a log: made anew whenever it is not there.
const INDEX: &str = "-shm";

/// Copies and verifies a backup, puts it in the place of the database, and keeps that under a name that begins with
/// `aside` and is told if there was one to keep. `is_forced`: also where it cannot be told whether someone has the database
/// open.
///
/// # Errors
///
/// [`ErrorKind::Busy`] if another program has the database open; [`ErrorKind::Store`] or [`ErrorKind::Io`] if the backup is
/// not sound or cannot be copied. The database is then as it was.
pub fn replace(
    database: &Path,
    backup: &Path,
    aside: &Path,
    is_forced: bool,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<(Copied, Option<PathBuf>)> {
    check_names(database)?;
    let is_there = database.exists();
    // Held until the end: a server that starts meanwhile waits, and notices that the file is another.
    let held = if is_there { hold(database, is_forced)? } else { None };
    let partial = Partial::create(database)?;
    let copied = partial.fill(backup, watch)?;
    if let Some(connection) = &held {
        // What is set aside is whole in one file.
        connection.pragma_update(None, "journal_mode", "DELETE").map_err(|error| open_error(database, &error))?;
        // Of the change of mode, and over with it.
        let _ = fs::remove_file(suffixed(database, "-journal"));
    }
    let aside = free(aside);
    if is_there {
        keep_rights(database, partial.file())?;
    } else {
        private::give_to_owner_of_folder(partial.file(), database);
    }
    let _ = fs::remove_file(suffixed(database, INDEX));
    for suffix in COMPANIONS {
        let (from, to) = (suffixed(database, suffix), suffixed(&aside, suffix));
        if from.exists() {
            fs::rename(&from, &to).map_err(|error| io_error("set aside", &from, &error))?;
        }
    }
    if is_there {
        partial.publish_in_exchange(&aside)?;
    } else {
        partial.publish()?;
    }
    drop(held);
    Ok((copied, is_there.then_some(aside)))
}

/// Opens a database that nobody else has open, and keeps others out for as long as the connection lives.
pub(in crate::store) fn alone(database: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags)?;
    connection.busy_timeout(ALONE_WAIT)?;
    // Whoever has a database open has a lock on it, beside which there cannot be this one.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    Ok(connection)
}

/// Holds the database until it is replaced. None if it is too damaged for that, and that is no reason to stop.
fn hold(database: &Path, is_forced: bool) -> Result<Option<Connection>> {
    match alone(database) {
        Ok(connection) => {
            schema::any_version(&connection, database)?;
            Ok(Some(connection))
        }
        Err(error) => match (open_error(database, &error).kind(), is_forced) {
            (ErrorKind::Busy, _) => {
                let message = format!(
                    "{} is open in another program: stop `healthsink serve`, and whoever reads it",
                    database.display()
                );
                Err(Error::new(ErrorKind::Busy, message))
            }
            (_, true) => Ok(None),
            (_, false) => {
                let message = format!(
                    "whether a server has {} open cannot be told ({error}): make sure that none has, then say --force",
                    database.display()
                );
                Err(Error::new(ErrorKind::Store, message))
            }
        },
    }
}

/// A name that begins so and that nothing has, a companion of a database included.
fn free(aside: &Path) -> PathBuf {
    let is_free = |path: &PathBuf| {
        ["", "-wal", "-journal"].iter().all(|suffix| fs::symlink_metadata(suffixed(path, suffix)).is_err())
    };
    let first = suffixed(aside, ".db");
    let mut others = (2..=u32::MAX).map(|number| suffixed(aside, format!("-{number}.db")));
    if is_free(&first) { first } else { others.find(is_free).unwrap_or(first) }
}

/// A file that root puts in place is still the server's, and the group's that was given it.
fn keep_rights(database: &Path, replacement: &File) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let fail = |error: io::Error| io_error("keep the owner and mode of", database, &error);
        let old = fs::metadata(database).map_err(fail)?;
        let new = replacement.metadata().map_err(fail)?;
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(replacement, Some(old.uid()), Some(old.gid())).map_err(fail)?;
        }
        replacement.set_permissions(old.permissions()).map_err(fail)?;
    }
    #[cfg(not(unix))]
    let _ = (database, replacement);
    Ok(())
}

fn io_error(what: &str, path: &Path, error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::destination::Replace;
    use super::*;
    use crate::store::{Store, copy};

    #[test]
    fn nothing_that_was_set_aside_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (database, backup, aside) = (path("health.db"), path("copy.db"), path("aside"));
        drop(Store::open(&database).unwrap());
        copy(&database, &backup, Replace::Backup, &mut |_, _| {}).unwrap();
        fs::write(path("aside-2.db-wal"), "of another").unwrap();
        for (turn, expected) in ["aside.db", "aside-3.db", "aside-4.db"].into_iter().enumerate() {
            let connection = Connection::open(&database).unwrap();
            connection.execute("INSERT INTO persons (name) VALUES (?1)", [format!("turn {turn}")]).unwrap();
            drop(connection);
            let (_, kept) = replace(&database, &backup, &aside, false, &mut |_, _| {}).unwrap();
            assert_eq!(kept, Some(path(expected)));
        }
        for (turn, aside) in ["aside.db", "aside-3.db", "aside-4.db"].into_iter().enumerate() {
            let connection = Connection::open(path(aside)).unwrap();
            let name: String = connection.query_row("SELECT max(name) FROM persons", [], |row| row.get(0)).unwrap();
            assert_eq!(name, format!("turn {turn}"));
        }
        assert_eq!(fs::read(path("aside-2.db-wal")).unwrap(), b"of another");
    }
}
