//! What a file is, by SQLite's header. It is read before SQLite opens the file: SQLite would create files beside it.
//!
//! Never call this for a database that this process has open. POSIX locks belong to the process, and closing the file drops
//! SQLite's.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Marks the file as ours for `file` and other tools: "hsnk".
pub(super) const APPLICATION_ID: u32 = 0x6873_6e6b;

/// The content of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Content {
    Empty,
    /// A database of ours in WAL mode: one that is or was in use.
    Database,
    /// A database of ours that is one whole file.
    Backup,
    /// Another file, or not a regular file.
    Other,
}

impl Content {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        // Opening a pipe waits for its other end, and a device may act on it.
        if !fs::metadata(path)?.is_file() {
            return Ok(Self::Other);
        }
        let mut header = Vec::with_capacity(HEADER_BYTES);
        #[expect(clippy::disallowed_methods, reason = "bounded by take")]
        File::open(path)?.take(HEADER_BYTES as u64).read_to_end(&mut header)?;
        let application = header.get(APPLICATION_ID_AT..APPLICATION_ID_AT + 4);
        Ok(match application {
            _ if header.is_empty() => Self::Empty,
            Some(bytes) if bytes != APPLICATION_ID.to_be_bytes() => Self::Other,
            Some(_) if header[FORMATS_AT..FORMATS_AT + 2] == FORMATS_WITHOUT_WAL => Self::Backup,
            Some(_) => Self::Database,
            None => Self::Other,
        })
    }
}

/// SQLite's file header, and the places of the two formats (for writing and reading) and of the application's number.
const HEADER_BYTES: usize = 100;
const FORMATS_AT: usize = 18;
const FORMATS_WITHOUT_WAL: [u8; 2] = [1, 1];
const APPLICATION_ID_AT: usize = 68;
