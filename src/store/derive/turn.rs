//! One program at a time computes the derived tables of a database. It holds a lock (flock) on the database's folder, which
//! also ends if the program is killed. SQLite locks no folder. A file system without such locks has no turns: then a run that
//! another one overtakes ends.

use std::fs::File;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::store::database::Database;
use crate::store::files::{folder_of, resolved};

/// The turn of this program, until it is dropped.
#[derive(Debug)]
pub(in crate::store) struct Turn {
    _folder: Option<File>,
}

impl Turn {
    /// Returns `None` while another program has it.
    pub(in crate::store) fn take(database: &Database) -> Option<Self> {
        let folder = File::open(folder_of(&resolved(database.path()))).ok();
        match folder.as_ref().map(|folder| flock(folder, FlockOperation::NonBlockingLockExclusive)) {
            Some(Err(Errno::WOULDBLOCK)) => None,
            _ => Some(Self { _folder: folder }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_program_has_the_turn() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let turn = Turn::take(&database);
        assert!(turn.is_some() && Turn::take(&database).is_none());
        drop(turn);
        assert!(Turn::take(&database).is_some());
    }
}
