//! The database as a follower reads it: opened when there is something to read, opened again when its files were replaced, closed while
//! nothing is sent.

use std::rc::Rc;

use super::backoff::Backoff;
use super::waiter::Waiter;
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::{FOLLOW_ONCE_TRIES_MAX, QUESTION_TIME_MAX};
use crate::store::questions::{QuestionReader, Snapshot, Unanswered};
use crate::store::{Database, OpenFiles, now_ms};

/// Why work does not go on.
#[derive(Debug)]
pub(super) enum Broken {
    /// The program is to end.
    Stopping,
    /// The target has failed as often as it may.
    GivenUp,
    /// What cannot be done.
    Error(Error),
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What work makes.
pub(super) type Working<T> = std::result::Result<T, Broken>;

/// A connection that is open while there is something to send, and the files that it reads.
pub(super) struct Open {
    pub(super) reader: QuestionReader,
    files: OpenFiles,
}

/// A database that is followed.
pub(super) struct Source<'a> {
    database: &'a Database,
    waiter: &'a Waiter,
    open: Option<Rc<Open>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(database: &'a Database, waiter: &'a Waiter) -> Self {
        Self { database, waiter, open: None }
    }

    /// Closes it until the next read.
    pub(super) fn close(&mut self) {
        self.open = None;
    }

    /// Waits after a read that has failed, unless it will always fail.
    pub(super) fn recover(&mut self, unanswered: Unanswered, backoff: &mut Backoff) -> Working<()> {
        let error = match unanswered {
            Unanswered::Failed(error) => error,
            Unanswered::TooLong => Error::new(ErrorKind::Busy, "the database took too long to read"),
            Unanswered::Parameter(name, accepts) => Error::usage(format!("{name} must be {accepts}")),
            Unanswered::NotFound(what) => Error::usage(what),
            Unanswered::Sql(error) => Error::new(ErrorKind::Store, format!("the database could not be read: {error}")),
        };
        // A database that was closed and opened meanwhile looks damaged to one that still reads it as it was.
        let is_changed = self.open.take().is_some_and(|open| open.files.check().is_err());
        if !is_changed && error.kind() != ErrorKind::Busy || backoff.failures() >= FOLLOW_ONCE_TRIES_MAX {
            return Err(error.into());
        }
        if self.waiter.pause(backoff.next(None)) { Err(Broken::Stopping) } else { Ok(()) }
    }

    /// Reads one state of the database.
    pub(super) fn read<T>(&mut self, read: impl Fn(&Snapshot<'_>) -> Result<T, Unanswered>) -> Working<T> {
        let mut backoff = Backoff::default();
        loop {
            match self.open()?.reader.read((now_ms(), QUESTION_TIME_MAX), &read) {
                Ok(found) => return Ok(found),
                Err(unanswered) => self.recover(unanswered, &mut backoff)?,
            }
        }
    }

    /// The open database. It is opened again if its files were made, moved or deleted since.
    pub(super) fn open(&mut self) -> Working<Rc<Open>> {
        if self.open.as_ref().is_some_and(|open| open.files.check().is_err()) {
            self.open = None;
        }
        if let Some(open) = &self.open {
            return Ok(Rc::clone(open));
        }
        let reader = QuestionReader::new(self.database.clone());
        // A first read opens the connection, so that its files are there.
        if let Err(Unanswered::Failed(error)) = reader.read((now_ms(), QUESTION_TIME_MAX), |_| Ok(())) {
            return Err(error.into());
        }
        let open = Rc::new(Open { reader, files: self.database.open_files() });
        self.open = Some(Rc::clone(&open));
        Ok(open)
    }
}
