//! The writer's side of signing in and out: each change is a separate, short transaction between those of uploads.

use crossbeam_channel::{TrySendError, bounded};

use super::answer::{gone, wait};
use super::request::{Request, SessionRequest};
use super::session::WriterHandle;
use super::thread::WriterThread;
use crate::model::error::Result;
use crate::store::{SessionChange, Store};

impl WriterHandle {
    /// Makes a change and waits for its commit. Returns the number of the token whose session it concerns; none if there is no
    /// such session, or if nothing allows to begin one.
    ///
    /// # Errors
    ///
    /// As for the end of an upload.
    pub fn change_session(&self, change: SessionChange) -> Result<Option<i64>> {
        let (changed, answer) = bounded(1);
        self.requests.send(Request::Session(SessionRequest { change, changed: Some(changed) })).map_err(|_| gone())?;
        wait(&answer, &self.ended)?
    }

    /// Notes the use of a session some time soon. Returns whether the writer will; a queue that is full has no place for it.
    pub fn extend_session(&self, session: i64) -> bool {
        let request = SessionRequest { change: SessionChange::Extend(session), changed: None };
        !matches!(
            self.requests.try_send(Request::Session(request)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_))
        )
    }
}

impl WriterThread {
    /// Commits what is open, then makes the change.
    pub(super) fn change_session(&mut self, SessionRequest { change, changed }: SessionRequest) {
        self.commit();
        let outcome = self.apart(|store| store.change_session(&change));
        if let Some(changed) = changed {
            // A request that has ended needs no answer.
            let _ = changed.try_send(outcome);
        }
    }

    /// Makes a change in a separate transaction. If that fails, no upload is concerned.
    pub(super) fn apart<T>(&mut self, change: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let ready = self.store.check_files().and_then(|_| self.check_room()).and_then(|()| self.begin());
        let outcome = ready.and_then(|()| change(&mut self.store));
        self.wal.prepare_commit(&mut self.store, false);
        let outcome = outcome.and_then(|made| self.store.commit().map(|()| made));
        match &outcome {
            Ok(_) => {
                self.is_in_transaction = false;
                self.wal.note_commit();
            }
            Err(error) => self.undo(error),
        }
        if let Ok(wal_bytes) = self.store.check_files() {
            self.wal.check_growth(&mut self.store, wal_bytes);
        }
        outcome
    }
}
