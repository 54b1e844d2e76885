//! The database as a follower reads it: opened when there is something to read, opened again when its files were replaced, closed while
//! nothing is sent.

use std::rc::Rc;
use std::time::Instant;

use super::backoff::Backoff;
use super::waiter::Waiter;
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::{FOLLOW_READ_TRIES_MAX, QUESTION_TIME_MAX};
use crate::model::line_limit::LineLimit;
use crate::store::questions::{QuestionReader, Snapshot, Unanswered};
use crate::store::{Database, Kept, OpenFiles, now_ms};

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
    /// None of a database in PostgreSQL.
    files: Option<OpenFiles>,
}

/// A database that is followed.
pub(super) struct Source<'a> {
    kept: &'a Kept,
    waiter: &'a Waiter,
    /// Whether a database that another program has locked is waited for as long as it takes.
    patience: Patience,
    open: Option<Rc<Open>>,
    failures: LineLimit,
}

/// How long a database is waited for that another program has locked, whose disk is full, or whose server is away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Patience {
    /// Some tries: somebody waits for the end.
    Bounded,
    /// As long as it takes.
    Endless,
}

impl<'a> Source<'a> {
    pub(super) fn new(kept: &'a Kept, waiter: &'a Waiter, patience: Patience) -> Self {
        Self { kept, waiter, patience, open: None, failures: LineLimit::default() }
    }

    /// Fails unless the database is there and has this version's tables. A locked one is waited for.
    pub(super) fn check(&mut self) -> Working<()> {
        let mut backoff = Backoff::default();
        loop {
            match self.kept.check_followed() {
                Err(error) if error.is_temporary() => self.wait_after(error, &mut backoff)?,
                checked => return Ok(checked?),
            }
        }
    }

    /// Closes it until the next read.
    pub(super) fn close(&mut self) {
        // A connection to PostgreSQL is in nobody's way.
        if self.kept.file().is_some() {
            self.open = None;
        }
    }

    /// Waits after a read that has failed, unless it will always fail. The database may be locked, or just be replaced.
    pub(super) fn recover(&mut self, unanswered: Unanswered, backoff: &mut Backoff) -> Working<()> {
        // A database that was closed and opened meanwhile looks damaged to one that still reads it as it was.
        self.open = None;
        self.wait_after(unanswered.into(), backoff)
    }

    fn wait_after(&mut self, error: Error, backoff: &mut Backoff) -> Working<()> {
        let is_endless = error.is_temporary() && self.patience == Patience::Endless;
        let is_last = !is_endless && backoff.failures() >= FOLLOW_READ_TRIES_MAX;
        if is_last || !error.is_temporary() && error.kind() != ErrorKind::Store {
            return Err(error.into());
        }
        let wait = backoff.next(None);
        if let Some(left_out) = self.failures.count(Instant::now()) {
            let seconds = wait.as_secs_f32();
            tracing::warn!(left_out, "{error}; the follower tries again in {seconds:.0} s");
        }
        if self.waiter.pause(wait) { Err(Broken::Stopping) } else { Ok(()) }
    }

    /// Reads one state of the database.
    pub(super) fn read<T>(&mut self, read: impl Fn(&Snapshot<'_>) -> Result<T, Unanswered>) -> Working<T> {
        let mut backoff = Backoff::default();
        loop {
            let answer = self.open().and_then(|open| open.reader.read((now_ms(), QUESTION_TIME_MAX), &read));
            match answer {
                Ok(found) => return Ok(found),
                Err(unanswered) => self.recover(unanswered, &mut backoff)?,
            }
        }
    }

    /// The open database. It is opened again if its files were made, moved or deleted since.
    pub(super) fn open(&mut self) -> Result<Rc<Open>, Unanswered> {
        let is_replaced = |open: &Rc<Open>| open.files.as_ref().is_some_and(|files| files.check().is_err());
        if self.open.as_ref().is_some_and(is_replaced) {
            self.open = None;
        }
        if let Some(open) = &self.open {
            return Ok(Rc::clone(open));
        }
        let reader = QuestionReader::following(self.kept.clone());
        // A first read opens the connection, so that its files are there.
        reader.read((now_ms(), QUESTION_TIME_MAX), |_| Ok(()))?;
        let open = Rc::new(Open { reader, files: self.kept.file().map(Database::open_files) });
        self.open = Some(Rc::clone(&open));
        Ok(open)
    }
}
