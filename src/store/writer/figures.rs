//! Keeps derived tables current beside the writer: after each upload, and while long ones run. What fails here is logged and
//! tried again; no upload waits for it.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

use super::answer::gone;
use super::request::Figures;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    DERIVED_LOOK, DERIVED_OVERTAKE, DERIVED_POLL, DERIVED_REST_FACTOR, DERIVED_WAIT, DERIVED_WAL_SHARE,
};
use crate::model::line_limit::LineLimit;
use crate::model::lock::lock;
use crate::store::clock::now_ms;
use crate::store::database::Database;
use crate::store::derive::{Chunk, Derived, Failure, Halt, Reader, Turn, Wishes, derive, is_current};
use crate::store::files::OpenFiles;

/// What the writer reports of its work.
pub(super) struct Signal {
    /// Ingests under way.
    ingests: AtomicUsize,
    wake: Sender<()>,
    /// Who else wants to know of commits.
    at_commit: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl std::fmt::Debug for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signal").field("ingests", &self.ingests).finish_non_exhaustive()
    }
}

impl Signal {
    pub(super) fn new() -> (Self, Receiver<()>) {
        let (wake, wakes) = bounded(1);
        (Self { ingests: AtomicUsize::new(0), wake, at_commit: Mutex::default() }, wakes)
    }

    /// Calls back after each commit, instead of what did before.
    pub(super) fn at_commit(&self, call_back: Box<dyn Fn() + Send>) {
        *lock(&self.at_commit) = Some(call_back);
    }

    /// Notes a commit, or that figures are ready.
    pub(super) fn note_commit(&self) {
        if let Some(call_back) = &*lock(&self.at_commit) {
            call_back();
        }
    }

    /// Notes how many ingests are under way.
    pub(super) fn note_ingests(&self, ingests: usize) {
        if self.ingests.swap(ingests, Ordering::Relaxed) != ingests && ingests == 0 {
            self.wake();
        }
    }

    /// Notes a commit of rows.
    pub(super) fn note_rows(&self) {
        self.wake();
        self.note_commit();
    }

    pub(super) fn wake(&self) {
        // One that waits already is enough.
        let _ = self.wake.try_send(());
    }
}

/// How a run reaches the database and its writer.
#[derive(Clone, Debug)]
pub(super) struct Deriver {
    pub(super) database: Arc<Database>,
    pub(super) figures: Sender<Figures>,
    pub(super) ended: Receiver<Infallible>,
    pub(super) wishes: Wishes,
    /// The files that the writer has open. Reading a database whose WAL is gone would make a new one.
    pub(super) files: Arc<OpenFiles>,
    /// The WAL's limit.
    pub(super) wal_bytes_max: u64,
}

/// The thread that derives, until it is stopped.
#[derive(Debug)]
pub(super) struct Keeper {
    thread: JoinHandle<()>,
    is_stopping: Arc<AtomicBool>,
}

impl Keeper {
    /// Starts it with its work, which ends soon after the flag is set and the signal was woken.
    pub(super) fn start(work: impl FnOnce(&AtomicBool) + Send + 'static) -> Result<Self> {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_stopping);
        let thread = thread::Builder::new()
            .name("figures".to_owned())
            .spawn(move || work(&stop))
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start the thread of figures: {error}")))?;
        Ok(Self { thread, is_stopping })
    }

    /// Ends the thread, which leaves what it has not computed to the next start.
    pub(super) fn stop(self, signal: &Signal) {
        self.is_stopping.store(true, Ordering::Relaxed);
        signal.wake();
        // A panic was logged where it happened, and costs figures only.
        let _ = self.thread.join();
    }
}

impl Deriver {
    /// Brings all derived tables up to the last change. If another program does that, waits for it.
    pub(super) fn derive(&self) -> Result<()> {
        let (mut since, mut reader) = (Instant::now(), Reader::default());
        loop {
            match self.run(&mut reader, &|| false) {
                Derived::Current => return Ok(()),
                Derived::Failed(Failure { error, .. }) | Derived::Halted(Halt::Write(error)) => return Err(error),
                Derived::Halted(_) => {}
            }
            while since.elapsed() < DERIVED_OVERTAKE {
                if is_current(&self.database, &self.wishes) {
                    return Ok(());
                }
                if self.ended.recv_timeout(DERIVED_POLL) == Err(RecvTimeoutError::Disconnected) {
                    return Err(gone());
                }
            }
            since = Instant::now();
        }
    }

    /// Derives after each change.
    pub(super) fn keep(&self, signal: &Signal, wakes: &Receiver<()>, is_stopping: &AtomicBool) {
        let is_stopping = || is_stopping.load(Ordering::Relaxed);
        let (mut failures, mut reader) = (LineLimit::default(), Reader::default());
        loop {
            wait_for_quiet(signal, wakes, &is_stopping);
            let (mut waits, began) = (DERIVED_LOOK, Instant::now());
            match self.run(&mut reader, &|| is_stopping() || self.is_in_the_way(signal)) {
                Derived::Current => signal.note_commit(),
                Derived::Failed(Failure { person, error, people }) => {
                    // Those of others are ready.
                    signal.note_commit();
                    if let Some(left_out) = failures.count(Instant::now()) {
                        tracing::warn!(
                            person,
                            people,
                            left_out,
                            "days and nights of a person could not be computed; that is tried again: {error}"
                        );
                    }
                    waits = DERIVED_WAIT;
                }
                Derived::Halted(Halt::Overtaken) => waits = DERIVED_OVERTAKE,
                Derived::Halted(halt) => {
                    if !is_stopping()
                        && !matches!(halt, Halt::Stopping)
                        && let Some(left_out) = failures.count(Instant::now())
                    {
                        tracing::warn!(left_out, "days and nights could not be computed; that is tried again: {halt}");
                    }
                    waits = DERIVED_WAIT;
                }
            }
            let rested = Instant::now() + began.elapsed() * DERIVED_REST_FACTOR;
            // The wait for quiet may have taken the wake of the one that stops it.
            if is_stopping() {
                return;
            }
            let woken = wakes.recv_timeout(waits);
            rest(wakes, rested, &is_stopping);
            if is_stopping() || woken == Err(RecvTimeoutError::Disconnected) || is_over(&self.ended) {
                return;
            }
        }
    }

    /// Whether reading on keeps the WAL of a running upload from being moved, and its limit comes near.
    fn is_in_the_way(&self, signal: &Signal) -> bool {
        let is_long = |bytes| bytes > self.wal_bytes_max / DERIVED_WAL_SHARE;
        signal.ingests.load(Ordering::Relaxed) > 0 && self.files.check().is_ok_and(is_long)
    }

    fn run(&self, reader: &mut Reader, is_stopping: &dyn Fn() -> bool) -> Derived {
        if let Err(error) = self.files.check() {
            return Derived::Halted(Halt::Write(error));
        }
        let Some(_turn) = Turn::take(&self.database) else {
            return Derived::Halted(Halt::Overtaken);
        };
        let mut store = |chunk: Chunk| {
            let (stored, answer) = bounded(1);
            self.figures.send(Figures { chunk, stored }).map_err(|_| Halt::Write(gone()))?;
            // The writer takes batches first. Meanwhile this reader may not hold the WAL for as long as an upload lasts.
            loop {
                match answer.recv_timeout(DERIVED_POLL) {
                    Ok(stored) => return stored.map_err(Halt::Write),
                    Err(RecvTimeoutError::Timeout) if is_stopping() => return Err(Halt::Stopping),
                    Err(RecvTimeoutError::Timeout) if !is_over(&self.ended) => {}
                    Err(_) => return Err(Halt::Write(gone())),
                }
            }
        };
        let run = (now_ms() << 16) ^ i64::from(std::process::id());
        derive((&self.database, reader), &self.wishes, run, &mut store, is_stopping)
    }
}

/// Waits until no ingest is under way, or has been for long: its days would be computed again and again.
fn wait_for_quiet(signal: &Signal, wakes: &Receiver<()>, is_stopping: &dyn Fn() -> bool) {
    let since = Instant::now();
    while signal.ingests.load(Ordering::Relaxed) > 0 && !is_stopping() {
        let rest = DERIVED_WAIT.saturating_sub(since.elapsed());
        if wakes.recv_timeout(rest) != Ok(()) {
            return;
        }
    }
}

/// Waits until then, unless the program is asked to stop: changes that follow each other without end take only a share of the
/// processor.
fn rest(wakes: &Receiver<()>, until: Instant, is_stopping: &dyn Fn() -> bool) {
    while !is_stopping() && wakes.recv_deadline(until).is_ok() {}
}

/// Whether the writer has ended.
pub(super) fn is_over(ended: &Receiver<Infallible>) -> bool {
    ended.try_recv() == Err(TryRecvError::Disconnected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::writer::Writer;

    /// The wake that a stop gives may be one with that of the last ingest's end, and so be taken before the stop is seen.
    #[test]
    fn a_keeper_that_is_stopped_waits_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path().join("health.db"));
        let writer = Writer::start(&database).unwrap();
        let deriver = writer.deriver(None);
        let (signal, wakes) = Signal::new();
        signal.wake();
        deriver.keep(&signal, &wakes, &AtomicBool::new(true));
        assert_eq!(wakes.try_recv(), Ok(()), "it has waited for a wake after its end");
        writer.stop().unwrap();
    }
}
