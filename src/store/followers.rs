//! The files of followers beside the database: what each has sent, and how it is. Each holds a lock (flock) on a further one.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use super::beside;
use super::database::Database;
use super::files::{folder_of, resolved, suffixed};
use crate::model::error::Result;
use crate::model::limits::{FOLLOWER_FILE_BYTES_MAX, FOLLOWERS_MAX};

/// The right to be the follower of a name, until it is dropped.
#[derive(Debug)]
pub struct FollowerLock {
    _file: File,
}

/// What stands between the database's name and the follower's.
const INFIX: &str = "-follow-";

impl Database {
    /// Takes the lock of a follower's name. Returns `None` if another program follows under it.
    ///
    /// # Errors
    ///
    /// Why the file of the lock cannot be made.
    pub fn lock_follower(&self, name: &str) -> io::Result<Option<FollowerLock>> {
        let locked = beside::try_lock(&suffixed(&follower_path(self, name), ".lock"))?;
        Ok(locked.map(|file| FollowerLock { _file: file }))
    }

    /// Fails unless it is there and has this version's tables. For a command that has it not open.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`], with what to do.
    pub fn check_followed(&self) -> Result<()> {
        self.open_to_read_current().map(drop)
    }

    /// Returns what a follower wrote last; empty if nothing.
    #[must_use]
    pub fn read_follower(&self, name: &str) -> Vec<u8> {
        beside::read(&follower_path(self, name), FOLLOWER_FILE_BYTES_MAX)
    }

    /// Replaces a follower's file in one step.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    pub fn write_follower(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        beside::replace(self, &follower_path(self, name), bytes)
    }

    /// Returns the files of all followers, by their names in order.
    #[must_use]
    pub fn read_followers(&self) -> Vec<Vec<u8>> {
        let own = resolved(self.path());
        let start = suffixed(&own, INFIX);
        let start = start.file_name().unwrap_or_default().as_encoded_bytes();
        let is_follower = |name: &[u8]| name.strip_prefix(start).is_some_and(|rest| !rest.contains(&b'.'));
        let listed = fs::read_dir(folder_of(&own)).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = listed
            .filter(|entry| is_follower(entry.file_name().as_encoded_bytes()))
            .map(|entry| entry.path())
            .take(FOLLOWERS_MAX)
            .collect();
        paths.sort();
        paths.iter().map(|path| beside::read(path, FOLLOWER_FILE_BYTES_MAX)).collect()
    }
}

fn follower_path(database: &Database, name: &str) -> PathBuf {
    suffixed(&resolved(database.path()), format!("{INFIX}{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn followers_are_listed_and_one_has_a_name() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        assert_eq!(database.read_followers(), Vec::<Vec<u8>>::new());
        let lock = database.lock_follower("influx").unwrap().expect("nobody else");
        assert!(database.lock_follower("influx").unwrap().is_none());
        assert!(database.lock_follower("webhook").unwrap().is_some());
        drop(lock);
        assert!(database.lock_follower("influx").unwrap().is_some());
        database.write_follower("webhook", b"2").unwrap();
        for content in [&b"0"[..], b"1"] {
            database.write_follower("influx", content).unwrap();
        }
        fs::write(folder.path().join("other.db-follow-influx"), "of another database").unwrap();
        assert_eq!(database.read_followers(), [b"1".to_vec(), b"2".to_vec()]);
        assert_eq!(database.read_follower("influx"), b"1");
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(["health.db-follow-influx", "health.db-follow-influx.lock"].map(mode), [0o600; 2]);
        assert!(database.has_file(&folder.path().join("health.db-follow-influx")));
    }
}
