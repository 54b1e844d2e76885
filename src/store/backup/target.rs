//! Whether a file may be replaced by a backup. A backup may; a database in use never may.
//!
//! The file's header decides before SQLite opens it: SQLite would create files beside it, and a pipe would block it.

use std::fs;
use std::io;
use std::path::Path;

use crate::model::error::{Error, ErrorKind, Result};
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::files::{COMPANIONS, check_name, is_mount_point, suffixed};
use crate::store::header::Content;

/// Files that a backup may replace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Replace {
    /// Nothing: the name must be unused.
    Nothing,
    /// An earlier backup, or an empty file.
    Backup,
}

/// Fails unless a backup may be put there.
pub(super) fn check(target: &Path, replace: Replace) -> Result<()> {
    let refuse = |kind, what: &str| Err(Error::new(kind, format!("{} {what}", target.display())));
    check_name(target)?;
    for companion in COMPANIONS.map(|suffix| suffixed(target, suffix)) {
        if fs::symlink_metadata(&companion).is_ok() {
            let message = format!(
                "{} belongs to a database that is or was in use there, and SQLite would read it into the backup; name another \
                 file, or move that one away if its database is gone",
                companion.display()
            );
            return Err(Error::usage(message));
        }
    }
    // A rename to it fails. Other hard links are no obstacle: they keep the old file.
    if is_mount_point(target) {
        return refuse(
            ErrorKind::Usage,
            "is a mount point, so no file can take its name; mount the folder, not the file",
        );
    }
    match (Content::of(target), replace) {
        (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        (Err(error), _) => refuse(ErrorKind::Usage, &format!("cannot be read: {error}")),
        (Ok(_), Replace::Nothing) => refuse(ErrorKind::Busy, "was just created by another program; try again"),
        (Ok(Content::Empty), _) => Ok(()),
        (Ok(Content::Backup), _) => {
            let backup = Database::new(target);
            match backup.open_exclusively()? {
                Err(error) if open_error(&backup, &error).kind() == ErrorKind::Busy => {
                    refuse(ErrorKind::Busy, "is open in another program; close that program, or name another file")
                }
                _ => Ok(()),
            }
        }
        (Ok(Content::Database), _) => {
            refuse(ErrorKind::Usage, "is a database in use, not a backup; name another file, or a folder")
        }
        (Ok(Content::Other), _) => refuse(ErrorKind::Usage, "is not a backup; name another file, or a folder"),
    }
}
