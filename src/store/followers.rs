//! The files of followers beside the database: what each has sent, and how it is. Each holds a lock (flock) on a further one. In
//! PostgreSQL a row takes the place of a file, and a session the lock.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use super::beside;
use super::database::Database;
use super::failure::store_error;
use super::files::{folder_of, resolved, suffixed};
use super::follower_state::follower_of;
use super::kept::Kept;
use super::postgres::{FollowerSession, Glass};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::follower::{Follower, is_follower_name};
use crate::model::limits::{COMMAND_TIME_MAX, FOLLOWER_FILE_BYTES_MAX, FOLLOWERS_MAX};

/// The right to be the follower of a name, until it is dropped.
#[derive(Debug)]
pub struct FollowerLock {
    held: Held,
}

#[derive(Debug)]
enum Held {
    File { _lock: File },
    Postgres { session: Box<FollowerSession> },
}

impl FollowerLock {
    /// Whether it has not ended. That of a file lasts as long as this is kept; PostgreSQL's ends with the session.
    #[must_use]
    pub fn is_held(&self) -> bool {
        match &self.held {
            Held::File { .. } => true,
            Held::Postgres { session } => session.is_open(),
        }
    }
}

impl Kept {
    /// Takes the lock of a follower's name. Returns `None` if another program follows under it.
    ///
    /// # Errors
    ///
    /// Why the lock cannot be made; [`ErrorKind::Busy`] if PostgreSQL is away.
    pub fn lock_follower(&self, name: &str) -> Result<Option<FollowerLock>> {
        match self {
            Self::File(database) => database.lock_follower(name).map_err(|error| {
                let message = format!("cannot make the lock of the follower {name} beside the database: {error}");
                Error::new(ErrorKind::Io, message)
            }),
            Self::Postgres(address) => {
                let session = address.lock_follower(name)?;
                Ok(session.map(|session| FollowerLock { held: Held::Postgres { session: Box::new(session) } }))
            }
        }
    }

    /// Fails unless the database is there and has this version's tables.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] with what to do, or [`ErrorKind::Busy`].
    pub fn check_followed(&self) -> Result<()> {
        match self {
            Self::File(database) => database.check_followed(),
            Self::Postgres(address) => address.check(),
        }
    }

    /// Returns what a follower wrote last; empty if nothing.
    ///
    /// # Errors
    ///
    /// Why it cannot be read; [`io::ErrorKind::FileTooLarge`] if it is longer than any follower writes.
    pub fn read_follower(&self, name: &str) -> io::Result<Vec<u8>> {
        match self {
            Self::File(database) => database.read_follower(name),
            Self::Postgres(address) => address.read_follower(name).map_err(|error| io::Error::other(error.to_string())),
        }
    }

    /// Returns where that is, for people.
    #[must_use]
    pub fn follower_place(&self, name: &str) -> String {
        match self {
            Self::File(database) => database.follower_path(name).display().to_string(),
            Self::Postgres(address) => format!("the row {name} of followers in {address}"),
        }
    }

    /// Replaces what a follower wrote, in one step.
    ///
    /// # Errors
    ///
    /// Why it cannot be written; [`ErrorKind::Busy`] or [`ErrorKind::Full`] if that may pass.
    pub fn write_follower(&self, name: &str, bytes: &[u8]) -> Result<()> {
        match self {
            Self::File(database) => {
                let is_full = |error: &io::Error| {
                    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
                };
                let failed = |error: io::Error| {
                    let kind = if is_full(&error) { ErrorKind::Full } else { ErrorKind::Io };
                    Error::new(kind, error.to_string())
                };
                database.write_follower(name, bytes).map_err(failed)
            }
            Self::Postgres(address) => address.write_follower(name, bytes),
        }
    }

    /// Returns what all followers wrote last, by their names in order.
    ///
    /// # Errors
    ///
    /// Why PostgreSQL cannot be read.
    pub fn followers(&self) -> Result<Vec<Follower>> {
        match self {
            Self::File(database) => Ok(database.followers()),
            Self::Postgres(address) => {
                let glass = Glass::open(address)?;
                glass.look(COMMAND_TIME_MAX, |_| glass.followers(), |error| store_error(&error))
            }
        }
    }
}

/// Text between the database's name and the follower's.
const INFIX: &str = "-follow-";

const LOCK: &str = ".lock";

impl Database {
    /// Takes the lock of a follower's name. Returns `None` if another program follows under it.
    ///
    /// # Errors
    ///
    /// Why the file of the lock cannot be made.
    pub fn lock_follower(&self, name: &str) -> io::Result<Option<FollowerLock>> {
        let locked = beside::try_lock(&suffixed(&follower_path(self, name), LOCK))?;
        Ok(locked.map(|file| FollowerLock { held: Held::File { _lock: file } }))
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
    ///
    /// # Errors
    ///
    /// Why it cannot be read; [`io::ErrorKind::FileTooLarge`] if it is longer than any follower writes.
    pub fn read_follower(&self, name: &str) -> io::Result<Vec<u8>> {
        beside::try_read(&follower_path(self, name), FOLLOWER_FILE_BYTES_MAX)
    }

    /// Returns the file that a follower writes.
    #[must_use]
    pub fn follower_path(&self, name: &str) -> PathBuf {
        follower_path(self, name)
    }

    /// Replaces a follower's file in one step.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    pub fn write_follower(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        beside::replace(self, &follower_path(self, name), bytes)
    }

    /// Returns what all followers wrote last, by their names in order. The name is that of the file: a copy is another follower's.
    #[must_use]
    pub fn followers(&self) -> Vec<Follower> {
        let own = resolved(self.path());
        let start = suffixed(&own, INFIX);
        let start = start.file_name().unwrap_or_default().as_encoded_bytes();
        let listed = fs::read_dir(folder_of(&own)).into_iter().flatten().flatten();
        let mut names: Vec<String> = listed
            .filter_map(|entry| {
                let name = entry.file_name();
                String::from_utf8(name.as_encoded_bytes().strip_prefix(start)?.to_vec()).ok()
            })
            .filter(|name| is_follower_name(name))
            .take(FOLLOWERS_MAX)
            .collect();
        names.sort();
        let read = |name: String| {
            let content = self.read_follower(&name).ok()?;
            let is_running = beside::is_locked(&suffixed(&follower_path(self, &name), LOCK));
            follower_of(name, &content, is_running)
        };
        names.into_iter().filter_map(read).collect()
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
        assert_eq!(database.followers(), []);
        let lock = database.lock_follower("influx").unwrap().expect("nobody else");
        assert!(database.lock_follower("influx").unwrap().is_none());
        assert!(database.lock_follower("webhook").unwrap().is_some());
        drop(lock);
        let _lock = database.lock_follower("influx").unwrap().unwrap();
        database.write_follower("webhook", br#"{"change":2}"#).unwrap();
        for content in [r#"{"change":0}"#, r#"{"change":1,"name":"influx"}"#] {
            database.write_follower("influx", content.as_bytes()).unwrap();
        }
        let beside = |name: &str| folder.path().join(format!("health.db-follow-{name}"));
        fs::write(folder.path().join("other.db-follow-influx"), "{}").unwrap();
        // Copies: one under a name that another follower may have, others under names that none may have.
        for copy in ["copy", "influx~", "Influx", "influx copy"] {
            fs::copy(beside("influx"), beside(copy)).unwrap();
        }
        fs::write(beside("broken"), "{").unwrap();
        let seen: Vec<_> = database.followers();
        let seen: Vec<_> = seen.iter().map(|one| (one.state.name.as_str(), one.state.change, one.is_running)).collect();
        assert_eq!(seen, [("copy", 1, Some(false)), ("influx", 1, Some(true)), ("webhook", 2, Some(false))]);
        fs::remove_file(beside("copy")).unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(["health.db-follow-influx", "health.db-follow-influx.lock"].map(mode), [0o600; 2]);
        assert!(database.has_file(&folder.path().join("health.db-follow-influx")));
    }
}
