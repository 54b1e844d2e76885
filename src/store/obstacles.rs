//! The file beside the database that holds what kept clients out last. A failed write of it harms nothing: it only informs.

use std::io;
use std::path::PathBuf;

use super::beside;
use super::database::Database;
use super::files::{resolved, suffixed};
use crate::model::limits::OBSTACLES_FILE_BYTES_MAX;

impl Database {
    /// Returns the file's content; empty if it cannot be read, or is too long to be the program's.
    #[must_use]
    pub fn read_obstacles(&self) -> Vec<u8> {
        beside::read(&self.obstacles_path(), OBSTACLES_FILE_BYTES_MAX)
    }

    /// Replaces the file in one step. It gets the rights that a new database has, since it holds addresses of clients.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    pub fn write_obstacles(&self, bytes: &[u8]) -> io::Result<()> {
        beside::replace(self, &self.obstacles_path(), bytes)
    }

    fn obstacles_path(&self) -> PathBuf {
        suffixed(&resolved(self.path()), "-obstacles")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_file_is_replaced_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        assert_eq!(database.read_obstacles(), b"");
        fs::write(folder.path().join("health.db-obstacles.new"), "left by a killed program").unwrap();
        for content in [&b"[1]"[..], b"[]"] {
            database.write_obstacles(content).unwrap();
            assert_eq!(database.read_obstacles(), content);
        }
        let path = folder.path().join("health.db-obstacles");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        database.clone().group_readable(true).write_obstacles(b"[]").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        fs::write(&path, vec![b' '; OBSTACLES_FILE_BYTES_MAX + 1]).unwrap();
        assert_eq!(database.read_obstacles(), b"", "too long");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(database.read_obstacles(), b"");
        assert!(database.write_obstacles(b"[]").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the new file is removed");
    }
}
