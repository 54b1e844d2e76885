//! The file beside the database in which a server says how clients reach it. The server holds a lock (flock) on it, which also ends if
//! the server is killed. A failed write of it harms nothing: it only informs.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::beside;
use super::database::Database;
use super::files::{resolved, suffixed};
use super::private;
use crate::model::limits::SERVER_FILE_BYTES_MAX;

/// The file of a server that runs; deleted when dropped.
#[derive(Debug)]
pub struct ServerFile {
    path: PathBuf,
    _file: File,
}

impl Database {
    /// Writes the file of this server. The first of several servers of a database has it.
    ///
    /// # Errors
    ///
    /// Why it cannot be written, or that another server has it.
    pub fn write_server(&self, bytes: &[u8]) -> io::Result<ServerFile> {
        let path = server_path(self);
        delete_left_over(self);
        let file = beside::hold_new(&path)?;
        if self.is_group_readable() {
            let _ = private::let_group_read(&path);
        }
        file.write_all_at(bytes, 0)?;
        Ok(ServerFile { path, _file: file })
    }

    /// Returns what the server of this database says of itself, if one runs.
    #[must_use]
    pub fn read_server(&self) -> Option<Vec<u8>> {
        let file = beside::held(&server_path(self)).ok()??;
        let mut bytes = Vec::new();
        #[expect(clippy::disallowed_methods, reason = "bounded by take")]
        file.take(SERVER_FILE_BYTES_MAX as u64).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }
}

impl Drop for ServerFile {
    fn drop(&mut self) {
        // If this fails, the next server replaces it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Deletes the file of a server that was killed.
pub(super) fn delete_left_over(database: &Database) {
    let path = server_path(database);
    if beside::held(&path).is_ok_and(|held| held.is_none()) {
        let _ = fs::remove_file(path);
    }
}

fn server_path(database: &Database) -> PathBuf {
    suffixed(&resolved(database.path()), "-server")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_valid_while_its_server_runs() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        assert_eq!(database.read_server(), None);
        let first = database.write_server(b"first").unwrap();
        assert!(database.write_server(b"second").is_err());
        assert_eq!(database.read_server().unwrap(), b"first");
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        // A server that is killed leaves it.
        fs::write(server_path(&database), "killed").unwrap();
        assert_eq!(database.read_server(), None);
        let _second = database.write_server(b"second").unwrap();
        assert_eq!(database.read_server().unwrap(), b"second");
    }
}
