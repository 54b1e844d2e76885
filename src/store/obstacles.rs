//! The file beside the database that holds what kept clients out last. A failed write of it harms nothing: it only informs.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::database::Database;
use super::files::{resolved, suffixed};
use super::private;
use crate::model::limits::OBSTACLES_FILE_BYTES_MAX;

impl Database {
    /// Returns the file's content; empty if it cannot be read, or is too long to be the program's.
    #[must_use]
    pub fn read_obstacles(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let read = self.open_obstacles().and_then(|file| {
            #[expect(clippy::disallowed_methods, reason = "bounded by take")]
            file.take(OBSTACLES_FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)
        });
        if read.is_err() || bytes.len() > OBSTACLES_FILE_BYTES_MAX {
            bytes.clear();
        }
        bytes
    }

    fn open_obstacles(&self) -> io::Result<File> {
        let path = self.obstacles_path();
        // Opening a pipe would wait for its other end.
        if !fs::metadata(&path)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        File::open(path)
    }

    /// Replaces the file in one step. It gets the rights that a new database has, since it holds addresses of clients.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    pub fn write_obstacles(&self, bytes: &[u8]) -> io::Result<()> {
        let path = self.obstacles_path();
        let new = suffixed(&path, ".new");
        // A killed program may have left it.
        let _ = fs::remove_file(&new);
        let written = private::create_new(&new).and_then(|mut file| {
            file.write_all(bytes)?;
            let _ = private::give_to_owner_of_folder(&file, &new);
            if self.is_group_readable() {
                let _ = private::let_group_read(&new);
            }
            fs::rename(&new, &path)
        });
        written.inspect_err(|_| {
            let _ = fs::remove_file(&new);
        })
    }

    fn obstacles_path(&self) -> PathBuf {
        suffixed(&resolved(self.path()), "-obstacles")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
