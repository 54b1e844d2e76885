//! Puts a backup in the place of the database, which is kept under another name.
//!
//! At each moment there is a whole database under the name that is served: the old one gets a second name before the new
//! one takes the first.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::copy::{Copied, Partial, sync_folder};
use super::{open_error, schema, suffixed};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::ALONE_WAIT;

/// What SQLite keeps beside a database; what belongs to the old one must not be read into the new one.
const COMPANIONS: [&str; 2] = ["-wal", "-journal"];

/// The index of a log: made anew whenever it is not there.
const INDEX: &str = "-shm";

/// Copies and verifies a backup, puts it in the place of the database, and keeps that as `aside`. True with the answer if
/// there was one to keep. `is_forced`: also where it cannot be told whether someone has the database open.
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
) -> Result<(Copied, bool)> {
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
    if is_there {
        keep_owner(database, partial.path())?;
        keep(database, aside)?;
    }
    let _ = fs::remove_file(suffixed(database, INDEX));
    for suffix in COMPANIONS {
        let (from, to) = (suffixed(database, suffix), suffixed(aside, suffix));
        if from.exists() {
            fs::rename(&from, &to).map_err(|error| io_error("set aside", &from, &error))?;
        }
    }
    partial.publish()?;
    drop(held);
    Ok((copied, is_there))
}

/// Opens a database that nobody else has open, and keeps others out for as long as the connection lives.
pub(super) fn alone(database: &Path) -> rusqlite::Result<Connection> {
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

/// Gives the database a second name. Where a file can have only one, there is none under the first for a moment.
fn keep(database: &Path, aside: &Path) -> Result<()> {
    fs::hard_link(database, aside)
        .or_else(|_| fs::rename(database, aside))
        .map_err(|error| io_error("set aside", database, &error))?;
    sync_folder(aside)
}

/// A file that root puts in place is still the server's.
fn keep_owner(database: &Path, replacement: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let read = |path: &Path| fs::metadata(path).map_err(|error| io_error("read", path, &error));
        let (old, new) = (read(database)?, read(replacement)?);
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            chown(replacement, Some(old.uid()), Some(old.gid()))
                .map_err(|error| io_error("keep the owner of", database, &error))?;
        }
    }
    #[cfg(not(unix))]
    let _ = (database, replacement);
    Ok(())
}

fn io_error(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot {what} {}: {error}", path.display()))
}
