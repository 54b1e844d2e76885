//! Files that are their owner's alone: the database, copies of it, and files that hold a token.
//!
//! They are made with their rights, not given them afterwards, so there is no moment at which others could open them.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a file that nobody but its owner may read or write, whatever the umask, and opens it for both.
///
/// # Errors
///
/// [`io::ErrorKind::AlreadyExists`] if there is such a file, and whatever keeps it from being made.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    // A umask takes rights away, and the owner's may be among them.
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Takes those rights from a file, if there is one, that another does not give; warns if that cannot be.
pub(crate) fn open_no_wider(path: &Path, model: &Path) {
    #[cfg(unix)]
    {
        use std::fs::{Permissions, metadata, set_permissions};
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| metadata(path).map(|file| file.permissions().mode() & 0o777);
        if let (Ok(given), Ok(allowed)) = (mode(path), mode(model))
            && given & !allowed != 0
            && let Err(error) = set_permissions(path, Permissions::from_mode(given & allowed))
        {
            let path = path.display();
            tracing::warn!("more may open {path} than {} ({error}); `chmod {allowed:o} {path}`", model.display());
        }
    }
    #[cfg(not(unix))]
    let _ = (path, model);
}

/// Warns of a file that holds a secret and is open to everyone on this machine.
pub(crate) fn warn_if_exposed(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        /// Reading, writing and searching, for those who are neither the owner nor of the group: a group is often given on purpose.
        const OTHERS: u32 = 0o007;
        if let Ok(file) = std::fs::metadata(path)
            && file.permissions().mode() & OTHERS != 0
        {
            let path = path.display();
            tracing::warn!("everyone on this machine may open {path}; `chmod 600 {path}` makes it yours alone");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// What root makes in another user's folder is that user's: a server that runs as them must be able to open it.
pub(crate) fn give_to_owner_of_folder(file: &File, path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let (Ok(made), Ok(folder)) = (file.metadata(), std::fs::metadata(folder))
            && made.uid() == 0
            && folder.uid() != 0
        {
            let (path, uid) = (path.display(), folder.uid());
            match fchown(file, Some(uid), Some(folder.gid())) {
                Ok(()) => tracing::info!("{path} belongs to user {uid}, as its folder does"),
                Err(error) => tracing::warn!(%error, "{path} belongs to root, its folder to user {uid}: `chown` it"),
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (file, path);
}

/// Whose a file is, as the end of a message.
pub(crate) fn owner(path: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let Ok(file) = std::fs::metadata(path) {
            return format!(" (it belongs to user {}, mode {:o})", file.uid(), file.mode() & 0o777);
        }
    }
    let _ = path;
    String::new()
}
