//! Files that only their owner may open: the database, its backups, and files that hold a token.
//!
//! They are created with these rights instead of getting them later, so no other user can open them in between.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use super::files::folder_of;
use super::notice::Notice;

/// Rights of users who are neither the owner nor in the group. A group often gets its rights on purpose.
const OTHERS: u32 = 0o007;

/// The right of the group to read.
const GROUP_READ: u32 = 0o040;

/// Creates a file that only its owner may read and write, whatever the umask, and opens it for both.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] if the file exists, or the reason why it cannot be created.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    // A umask takes rights away, even the owner's.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Takes rights from an existing file that `model` does not give. Returns a warning if that fails.
pub(super) fn narrow(path: &Path, model: &Path) -> Option<Notice> {
    let given = fs::metadata(path).ok()?.mode() & 0o777;
    let allowed = fs::metadata(model).ok()?.mode() & 0o777;
    if given & !allowed == 0 {
        return None;
    }
    let error = fs::set_permissions(path, Permissions::from_mode(given & allowed)).err()?;
    let (path, model) = (path.display(), model.display());
    Some(Notice::Warning(format!(
        "{path} has more rights than {model}, and they cannot be removed: {error}; `chmod {allowed:o} {path}`"
    )))
}

/// Lets the group of an existing file read it. Returns a warning if that fails.
pub(super) fn let_group_read(path: &Path) -> Option<Notice> {
    let given = fs::metadata(path).ok()?.mode() & 0o777;
    let wanted = given | GROUP_READ;
    if given == wanted {
        return None;
    }
    let error = fs::set_permissions(path, Permissions::from_mode(wanted)).err()?;
    let path = path.display();
    Some(Notice::Warning(format!(
        "its group cannot be given the right to read {path}: {error}; `chmod {wanted:o} {path}`"
    )))
}

/// Returns a warning if every user of this machine may open a file.
pub(crate) fn exposure(path: &Path) -> Option<Notice> {
    let is_exposed = fs::metadata(path).is_ok_and(|file| file.mode() & OTHERS != 0);
    let path = path.display();
    is_exposed.then(|| {
        Notice::Warning(format!("every user of this machine may open {path}; `chmod 600 {path}` makes it private"))
    })
}

/// Gives a file that root created to the owner of its folder: a server that runs as that user must be able to open it.
pub(crate) fn give_to_owner_of_folder(file: &File, path: &Path) -> Option<Notice> {
    let (file_facts, folder) = (file.metadata().ok()?, fs::metadata(folder_of(path)).ok()?);
    if file_facts.uid() != 0 || folder.uid() == 0 {
        return None;
    }
    let (path, uid) = (path.display(), folder.uid());
    Some(match fchown(file, Some(uid), Some(folder.gid())) {
        Ok(()) => Notice::Done(format!("{path} belongs to user {uid}, as its folder does")),
        Err(error) => {
            Notice::Warning(format!("{path} belongs to root and its folder to user {uid}; `chown` it: {error}"))
        }
    })
}

/// Returns a file's owner and mode as the end of a message.
pub(super) fn owner(path: &Path) -> String {
    fs::metadata(path).map_or_else(
        |_| String::new(),
        |file| format!(" (it belongs to user {}, mode {:o})", file.uid(), file.mode() & 0o777),
    )
}
