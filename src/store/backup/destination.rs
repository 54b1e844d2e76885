//! What stands where a copy is to go. A backup may give way to a backup; a database in use never does.
//!
//! Files are told by their header, before SQLite is let at them: it would make files beside them, and a pipe would hold it up.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::replace::alone;
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::failure::open_error;
use crate::store::files::is_mount_point;
use crate::store::schema::APPLICATION_ID;
use crate::store::{COMPANIONS, suffixed};

/// What may give way to a copy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Replace {
    /// Nothing: the name must be free.
    Nothing,
    /// What an earlier copy left, or a file that holds nothing.
    Backup,
}

/// Fails unless a copy may be put there.
pub(in crate::store) fn check(target: &Path, replace: Replace) -> Result<()> {
    let refuse = |kind, what: &str| Err(Error::new(kind, format!("{} {what}", target.display())));
    for suffix in COMPANIONS {
        let companion = suffixed(target, suffix);
        if fs::symlink_metadata(&companion).is_ok() {
            let message = format!(
                "{} belongs to a database that is or was in use there, and would be read into the copy; name another file, \
                 or move that one away if its database is gone",
                companion.display()
            );
            return Err(Error::new(ErrorKind::Usage, message));
        }
    }
    // Nothing can be renamed to its name. Other links to it are no obstacle: they keep what was there.
    if is_mount_point(target) {
        return refuse(
            ErrorKind::Usage,
            "is a mount point, so no file can take its name; mount the folder, not the file",
        );
    }
    match (Content::of(target), replace) {
        (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        (Err(error), _) => refuse(ErrorKind::Usage, &format!("cannot be read: {error}")),
        (Ok(_), Replace::Nothing) => refuse(ErrorKind::Busy, "has just been made by someone else; try again"),
        (Ok(Content::Nothing), _) => Ok(()),
        (Ok(Content::Ours { has_log: false }), _) => match alone(target) {
            Err(error) if open_error(target, &error).kind() == ErrorKind::Busy => {
                refuse(ErrorKind::Busy, "is open in another program; close that, or name another file")
            }
            _ => Ok(()),
        },
        (Ok(Content::Ours { has_log: true }), _) => {
            refuse(ErrorKind::Usage, "is a database in use and no backup; name another file, or a folder")
        }
        (Ok(Content::Other), _) => {
            refuse(ErrorKind::Usage, "is there and is no backup; name another file, or a folder")
        }
    }
}

/// Whether a file is a database of ours, by its header.
///
/// # Errors
///
/// Whatever keeps it from being read.
pub fn is_ours(path: &Path) -> io::Result<bool> {
    Content::of(path).map(|content| matches!(content, Content::Ours { .. }))
}

/// Whether a file is a database of ours that is whole without others beside it.
pub(in crate::store) fn is_closed_backup(path: &Path) -> bool {
    Content::of(path).is_ok_and(|content| content == Content::Ours { has_log: false })
}

/// What a file holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Content {
    Nothing,
    /// A database, and whether it has a write-ahead log: a served one has, a copy has none.
    Ours {
        has_log: bool,
    },
    /// Something else, or no regular file.
    Other,
}

impl Content {
    fn of(path: &Path) -> io::Result<Self> {
        // To open a pipe is to wait for its other end, and a device may act on it.
        if !fs::metadata(path)?.is_file() {
            return Ok(Self::Other);
        }
        let mut header = Vec::with_capacity(HEADER_BYTES);
        #[expect(clippy::disallowed_methods, reason = "bounded by take")]
        File::open(path)?.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        let application = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
        Ok(match application {
            _ if header.is_empty() => Self::Nothing,
            Some(bytes) if bytes == APPLICATION_ID.to_be_bytes() => {
                Self::Ours { has_log: header[FORMATS_AT..FORMATS_AT + 2] != FORMATS_WITHOUT_LOG }
            }
            _ => Self::Other,
        })
    }
}

/// SQLite's file header; where in it the formats for writing and reading stand, and the application's number.
const HEADER_BYTES: usize = 100;
const FORMATS_AT: usize = 18;
const FORMATS_WITHOUT_LOG: [u8; 2] = [1, 1];
const APPLICATION_ID_AT: usize = 68;
