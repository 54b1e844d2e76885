//! Small files beside the database that SQLite does not know: read up to a bound, and replaced in one step. They only inform, or can
//! be made again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::database::Database;
use super::files::suffixed;
use super::private;

/// Returns a file's content; empty if it cannot be read, or is too long to be the program's.
pub(super) fn read(path: &Path, bytes_max: usize) -> Vec<u8> {
    try_read(path, bytes_max).unwrap_or_default()
}

/// Returns a file's content; empty if there is no file.
///
/// # Errors
///
/// Why it cannot be read; [`io::ErrorKind::FileTooLarge`] if it is longer.
pub(super) fn try_read(path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
    let file = match open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut bytes = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Opens a file. Fails if it is not a regular one.
fn open_regular(path: &Path) -> io::Result<File> {
    // Opening a pipe would wait for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    File::open(path)
}

/// Makes a file whose lock this program holds until it drops it. The lock also ends if the program is killed.
pub(super) fn hold_new(path: &Path) -> io::Result<File> {
    let file = private::create_new(path)?;
    let _ = private::give_to_owner_of_folder(&file, path);
    // A command that looks at it right now has it for a moment.
    file.lock()?;
    Ok(file)
}

/// Returns the file if a program holds its lock; `None` if that program is gone.
pub(super) fn held(path: &Path) -> io::Result<Option<File>> {
    let file = open_regular(path)?;
    Ok(file.try_lock_shared().is_err().then_some(file))
}

/// Replaces a file in one step. It gets the rights that a new database has.
pub(super) fn replace(database: &Database, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = suffixed(path, ".new");
    // A killed program may have left it.
    let _ = fs::remove_file(&new);
    let written = private::create_new(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        let _ = private::give_to_owner_of_folder(&file, &new);
        if database.is_group_readable() {
            let _ = private::let_group_read(&new);
        }
        fs::rename(&new, path)
    });
    written.inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

/// Whether another program has the lock of a file; `None` if that cannot be seen. For a moment this program has it.
pub(super) fn is_locked(path: &Path) -> Option<bool> {
    match open_regular(path) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Some(false),
            Err(fs::TryLockError::WouldBlock) => Some(true),
            Err(fs::TryLockError::Error(_)) => None,
        },
        Err(error) => (error.kind() == io::ErrorKind::NotFound).then_some(false),
    }
}

/// Takes the lock of a file, which is made if it is missing. Returns `None` if another program has it.
pub(super) fn try_lock(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let _ = private::give_to_owner_of_folder(&file, path);
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}
