//! SQLite's errors as ours, each with what to do. SQLite's texts name tables and columns, never values.

use std::fs;
use std::io::{self, Write};

use rusqlite::{ErrorCode, ffi};
use rustix::io::Errno;

use super::database::Database;
use super::files::{file_id, folder_of, resolved, suffixed};
use super::private;
use super::tables::is_of_figures;
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::BUSY_WAIT;

/// Why a database cannot be opened or read.
pub(super) fn open_error(database: &Database, error: &rusqlite::Error) -> Error {
    let shown = database.path().display();
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            format!("{shown} is not a SQLite database; name another file with --db, or `healthsink restore` a backup")
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("{shown} is damaged ({error}): see `healthsink check`, or `healthsink restore` a backup")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            return locked(database);
        }
        _ if is_full(error) => {
            let message = format!("the disk of {shown} is full; free some space, or name another place with --db");
            return Error::new(ErrorKind::Full, message).with_message_for_clients(FULL);
        }
        Some(ErrorCode::ReadOnly) => format!(
            "{shown} is read-only ({error}); if a program was killed while it wrote, `healthsink serve` puts that right when it \
             starts; else {READ_ONLY_REMEDY}"
        ),
        Some(ErrorCode::CannotOpen) if are_descriptors_used_up(database) => return no_descriptors(),
        Some(ErrorCode::CannotOpen) => format!(
            "cannot open the database {shown}: {error}{}; give it and its folder to the user who runs this",
            private::owner(database.path())
        ),
        _ => format!("cannot open the database {shown}: {error}{}", remedy(error)),
    };
    Error::new(ErrorKind::Store, message)
}

/// What to do about a table that somebody has dropped.
fn remedy(error: &rusqlite::Error) -> &'static str {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => match text.strip_prefix("no such table: ") {
            Some(table) if is_of_figures(table.trim_start_matches("main.")) => {
                "; the next start of `healthsink serve` makes it again, and all figures"
            }
            Some(_) => "; see `healthsink check`",
            None => "",
        },
        _ => "",
    }
}

/// Why an open database cannot be written.
pub(super) fn store_error(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => busy(),
        _ if is_full(error) => full(),
        Some(ErrorCode::ReadOnly) => {
            Error::new(ErrorKind::Store, format!("the database is read-only; {READ_ONLY_REMEDY}"))
        }
        _ => Error::new(ErrorKind::Store, format!("the database could not be written: {error}{}", remedy(error))),
    }
}

/// Why a command could not write.
pub(super) fn command_error(database: &Database, error: &rusqlite::Error) -> Error {
    let error = write_error(database, error);
    if error.kind() == ErrorKind::Busy { locked(database) } else { error }
}

/// Clients read this, so it names neither a path nor a program.
const BUSY: &str = "the database is locked by another program; try again when that one has written, or close it";

const FULL: &str = "the disk is full; free some space and try again (committed rows are kept)";

/// Another program has locked the database.
fn busy() -> Error {
    Error::new(ErrorKind::Busy, BUSY)
}

/// The same for the command line.
fn locked(database: &Database) -> Error {
    let holder = holder(database).unwrap_or_else(|| "another program".to_owned());
    let shown = database.path().display();
    let seconds = BUSY_WAIT.as_secs();
    let message = format!(
        "{shown} was locked by {holder} for {seconds} s; try again when it has written, or close it and try again"
    );
    Error::new(ErrorKind::Busy, message).with_message_for_clients(BUSY)
}

/// The program that keeps others from writing, where the kernel lists locks in `/proc`.
fn holder(database: &Database) -> Option<String> {
    let path = resolved(database.path());
    let inode = |suffix| file_id(&suffixed(&path, suffix)).map(|(_, inode)| inode);
    let (database, index) = (inode("")?, inode("-shm"));
    let process = fs::read_to_string("/proc/locks").ok()?.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "POSIX", _, "WRITE", process, file, from, to] = fields[..] else {
            return None;
        };
        let inode: u64 = file.rsplit(':').next()?.parse().ok()?;
        let is_write_lock = || Some(from.parse::<u64>().ok()? <= WRITE_LOCK && to.parse::<u64>().ok()? >= WRITE_LOCK);
        let keeps_out = inode == database || Some(inode) == index && is_write_lock() == Some(true);
        process.parse::<u32>().ok().filter(|process| keeps_out && *process != std::process::id())
    })?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(format!("`{}` (process {process})", name.trim().escape_debug()))
}

/// The byte of the WAL's index that SQLite locks to write.
const WRITE_LOCK: u64 = 120;

/// Whether no file descriptor is left. It opens the folder: closing a second descriptor of the database would end SQLite's
/// locks.
fn are_descriptors_used_up(database: &Database) -> bool {
    let code = fs::File::open(folder_of(database.path())).err().and_then(|error| error.raw_os_error());
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| code == Some(errno.raw_os_error()))
}

fn no_descriptors() -> Error {
    let message = "no file descriptor is left to open the database; try again in a moment, and raise the limit of open files \
        (`ulimit -n`, LimitNOFILE= of systemd)";
    Error::new(ErrorKind::Busy, message)
}

const READ_ONLY_REMEDY: &str = "see who owns it, and whether its disk is mounted read-only, as failing disks become";

fn full() -> Error {
    Error::new(ErrorKind::Full, FULL)
}

/// Whether SQLite found no space: in the files, or in the WAL's index, which it fails to extend only for this reason.
fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE)
}

/// The same, with the file system's reason if there is one.
pub(super) fn write_error(database: &Database, error: &rusqlite::Error) -> Error {
    reason(database, error).unwrap_or_else(|| store_error(error))
}

/// Why a database cannot be opened for writing.
pub(super) fn open_to_write_error(database: &Database, error: &rusqlite::Error) -> Error {
    reason(database, error).unwrap_or_else(|| open_error(database, error))
}

/// Finds the reason behind SQLite's "disk I/O error", which stands for most failures. It writes a file beside the database,
/// which fails if a quota is used up or the file system has become read-only.
pub(super) fn reason(database: &Database, error: &rusqlite::Error) -> Option<Error> {
    if is_full(error) || !matches!(error.sqlite_error_code(), Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen))
    {
        return None;
    }
    if are_descriptors_used_up(database) {
        return Some(no_descriptors());
    }
    let shown = database.path().display();
    let message = match write_probe(database).err()?.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => return Some(full()),
        io::ErrorKind::ReadOnlyFilesystem => format!("the file system of {shown} is read-only; {READ_ONLY_REMEDY}"),
        io::ErrorKind::PermissionDenied => {
            format!("the folder of {shown} may not be written to ({error}); see who owns it")
        }
        _ => return None,
    };
    Some(Error::new(ErrorKind::Store, message))
}

fn write_probe(database: &Database) -> io::Result<()> {
    let path = suffixed(database.path(), "-probe");
    let written = private::create_new(&path)?.write_all(&[0; PAGE_BYTES]);
    fs::remove_file(&path).and(written)
}

/// SQLite's page: a disk without space for this has none for SQLite.
const PAGE_BYTES: usize = 4096;
