//! Begins a change of many rows: a transaction while no upload is under way. An upload that goes on later remembers rows.
//!
//! A backup before it takes time, in which uploads may come and end. The last upload's number shows whether the backup has all of
//! them.

use std::time::Instant;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::BUSY_WAIT;
use crate::store::connection::Store;
use crate::store::database::Database;
use crate::store::write_queue::pause;

/// The last upload of the ledger while none was under way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LastUpload(i64);

/// How far a change is that cannot be undone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// If the program ended now, nothing would be changed.
    Begun,
    /// It is about to be committed.
    Committing,
    /// It is on the disk.
    Committed,
}

impl Database {
    /// Waits until no upload is under way. A backup that begins then has all uploads up to the one that is returned.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if uploads follow each other for too long, or why the database cannot be written.
    pub fn wait_for_uploads(&self) -> Result<LastUpload> {
        let mut store = self.begin_alone().map_err(unchanged)?;
        let last = last_upload(&store);
        store.rollback();
        last.map_err(|error| store.failed(&error))
    }

    /// Begins a transaction as [`Database::begin_alone`] does. Returns `None` if uploads came since the one that a backup has.
    pub(super) fn begin_after(&self, backed_up: Option<LastUpload>) -> Result<Option<Store>> {
        let mut store = self.begin_alone()?;
        let Some(known) = backed_up else { return Ok(Some(store)) };
        if last_upload(&store).map_err(|error| store.failed(&error))? == known {
            return Ok(Some(store));
        }
        store.rollback();
        Ok(None)
    }

    /// Opens the database for writing, and begins a transaction in which no upload is under way. Uploads of programs that were
    /// killed are marked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if uploads follow each other for too long.
    pub(super) fn begin_alone(&self) -> Result<Store> {
        let mut store = Store::open_beside(self)?;
        let began = Instant::now();
        loop {
            store.begin()?;
            if is_alone(&store).map_err(|error| store.failed(&error))? {
                return Ok(store);
            }
            store.rollback();
            if began.elapsed() >= BUSY_WAIT {
                let message = "an upload or an import is under way; try again when it has ended";
                return Err(Error::new(ErrorKind::Busy, message));
            }
            pause();
        }
    }
}

/// Commits a change, and shows the stages of that.
pub(super) fn commit(store: &mut Store, enter: &dyn Fn(Stage)) -> Result<()> {
    enter(Stage::Committing);
    let committed = store.commit();
    enter(if committed.is_ok() { Stage::Committed } else { Stage::Begun });
    committed
}

/// Adds to an error before the commit that nothing has changed.
pub(super) fn unchanged(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Full => {
            Error::new(ErrorKind::Full, "the disk is full, so nothing was changed; free some space and try again")
        }
        _ => error,
    }
}

/// Whether no upload is under way, and no import is between two files, in the open transaction.
fn is_alone(store: &Store) -> rusqlite::Result<bool> {
    let further = store.interrupt_gone()?;
    let sql = "SELECT EXISTS (SELECT 1 FROM uploads WHERE state = 'running')";
    Ok(!further && !store.connection.query_row(sql, [], |row| row.get::<_, bool>(0))?)
}

fn last_upload(store: &Store) -> rusqlite::Result<LastUpload> {
    let sql = "SELECT coalesce(max(id), 0) FROM uploads";
    store.connection.query_row(sql, [], |row| row.get(0)).map(LastUpload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Origin, OriginKind, UploadEnd, UploadState};

    fn upload(store: &mut Store) {
        let origin = Origin { kind: OriginKind::Import, sender: "a.json".to_owned(), person: None, token: None };
        store.begin().unwrap();
        let key = store.start_upload(&origin, 0).unwrap();
        let (state, envelope) = (UploadState::Done, Default::default());
        store
            .finish_upload(key.id, &UploadEnd { state, finished_ms: Some(0), body_bytes: 0, envelope, error: None })
            .unwrap();
        store.commit().unwrap();
    }

    #[test]
    fn no_change_begins_between_the_files_of_an_import() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let is_alone_now = || {
            let mut store = Store::open_beside(&database).unwrap();
            store.begin().unwrap();
            let alone = is_alone(&store).unwrap();
            store.rollback();
            alone
        };
        for (several, expected) in [(false, true), (true, false)] {
            let open = if several { Store::open_for_several } else { Store::open };
            let mut import = open(&database).unwrap();
            upload(&mut import);
            assert_eq!(is_alone_now(), expected, "{several}");
            drop(import);
            assert!(is_alone_now(), "{several}");
        }
    }

    #[test]
    fn a_change_begins_only_after_a_backup_with_all_uploads() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        drop(Store::open(&database).unwrap());
        let known = database.wait_for_uploads().unwrap();
        assert!(database.begin_after(Some(known)).unwrap().is_some());
        upload(&mut Store::open(&database).unwrap());
        assert!(database.begin_after(Some(known)).unwrap().is_none());
        assert!(database.begin_after(None).unwrap().is_some());
        let known = database.wait_for_uploads().unwrap();
        assert!(database.begin_after(Some(known)).unwrap().is_some());
    }
}
