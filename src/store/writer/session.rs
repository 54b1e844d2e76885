//! The handle of the writer's thread, and an ingest's conversation with it.

use std::convert::Infallible;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::answer::{gone, wait};
use super::elsewhere::Elsewhere;
use super::figures::{Deriver, Keeper, Signal};
use super::inbox::Inbox;
use super::request::{Figures, Finished, Request, Start};
use super::thread::WriterThread;
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{BATCHES_PER_INGEST, WAL_BYTES_MAX_DEFAULT, WRITER_QUEUE};
use crate::model::lock::lock;
use crate::store::clock::now_ms;
use crate::store::derive::Wishes;
use crate::store::{Database, Origin, Store, UploadEnd};

/// The running writer. [`Writer::stop`] ends it, or the end of its last handle.
#[derive(Debug)]
pub struct Writer {
    pub(super) handle: WriterHandle,
    thread: JoinHandle<Result<()>>,
    signal: Arc<Signal>,
    wakes: Receiver<()>,
    /// The thread that keeps derived tables current, if one does.
    keeper: Option<Keeper>,
    /// How figures are computed, if the database is not a file.
    pub(super) elsewhere: Option<Arc<dyn Elsewhere>>,
    wal_bytes_max: u64,
}

/// A way to send requests to the writer.
#[derive(Clone, Debug)]
pub struct WriterHandle {
    pub(super) requests: Sender<Request>,
    figures: Sender<Figures>,
    /// The database.
    database: Arc<Database>,
    /// The thread holds the other end for as long as it runs.
    life: Weak<WriterLife>,
    /// Disconnected by the thread's end. The queue does not show it: requests then wait there unanswered.
    pub(super) ended: Receiver<Infallible>,
    /// Batches of each ingest.
    pub(super) batches: usize,
    /// Batches that are left for any of them.
    pub(super) spare_batches: Arc<AtomicUsize>,
    /// The permit to decode a large element and to have it written: all ingests of this writer share one.
    large_element: Arc<Mutex<()>>,
    signal: Arc<Signal>,
}

/// Held by the writer's thread. Its end, also by a panic, runs the callbacks.
struct WriterLife {
    at_end: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    _ended: Sender<Infallible>,
}

/// One ingest's side of the conversation with the writer. If it is dropped unfinished, the ingest counts as aborted.
#[derive(Debug)]
pub(super) struct Session {
    requests: Sender<Request>,
    written: Receiver<Result<Box<Batch>>>,
    ended: Receiver<Infallible>,
    entry: Entry,
    is_finished: bool,
}

/// The ingest's row in the ledger.
#[derive(Debug)]
enum Entry {
    /// The writer commits it while the first batch is being filled.
    UnderWay(Receiver<Result<i64>>),
    Committed(i64),
    Failed(Error),
}

impl Writer {
    /// Opens the database and starts the thread.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Store`] if the database cannot be opened,
    /// - [`ErrorKind::Full`] if there is no space for it,
    /// - [`ErrorKind::Busy`] if another program has locked it,
    /// - [`ErrorKind::Io`] if the thread cannot be started.
    pub fn start(database: &Database) -> Result<Self> {
        Self::with_wal_limit(database, WAL_BYTES_MAX_DEFAULT)
    }

    /// The same, with a limit for the WAL.
    ///
    /// # Errors
    ///
    /// As [`Writer::start`].
    pub fn with_wal_limit(database: &Database, wal_bytes_max: u64) -> Result<Self> {
        Self::of(database, Store::open(database)?, wal_bytes_max)
    }

    /// The same for uploads that belong together: until the end, changes of persons wait for all of them.
    ///
    /// # Errors
    ///
    /// As [`Writer::start`].
    pub fn for_several(database: &Database) -> Result<Self> {
        Self::of(database, Store::open_for_several(database)?, WAL_BYTES_MAX_DEFAULT)
    }

    fn of(database: &Database, store: Store, wal_bytes_max: u64) -> Result<Self> {
        let mut writer = Self::spawn(database, move |inbox| WriterThread::new(store, inbox, wal_bytes_max).run())?;
        writer.wal_bytes_max = wal_bytes_max;
        Ok(writer)
    }

    pub(super) fn spawn(database: &Database, work: impl FnOnce(Inbox) -> Result<()> + Send + 'static) -> Result<Self> {
        let (requests, receiver) = bounded(WRITER_QUEUE);
        let (figures, figures_receiver) = bounded(1);
        let (signal, wakes) = Signal::new();
        let signal = Arc::new(signal);
        let inbox = Inbox { requests: receiver, figures: figures_receiver, signal: Arc::clone(&signal) };
        let (end, ended) = bounded(0);
        let life = Arc::new(WriterLife { at_end: Mutex::default(), _ended: end });
        let database = Arc::new(database.clone());
        let handle = WriterHandle {
            requests,
            figures,
            database,
            life: Arc::downgrade(&life),
            ended,
            batches: BATCHES_PER_INGEST,
            spare_batches: Arc::default(),
            large_element: Arc::default(),
            signal: Arc::clone(&signal),
        };
        let thread = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                // Dropped last, also by a panic.
                let _life = life;
                work(inbox)
            })
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start the writer's thread: {error}")))?;
        let (keeper, elsewhere, wal_bytes_max) = (None, None, WAL_BYTES_MAX_DEFAULT);
        Ok(Self { handle, thread, signal, wakes, keeper, elsewhere, wal_bytes_max })
    }

    /// Keeps days and nights current from now on. `home` is the zone of persons without any.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the thread cannot be started.
    pub fn keep_figures(&mut self, home: Option<String>) -> Result<()> {
        let (signal, wakes) = (Arc::clone(&self.signal), self.wakes.clone());
        let keeper = match &self.elsewhere {
            Some(elsewhere) => {
                let (elsewhere, ended) = (Arc::clone(elsewhere), self.handle.ended.clone());
                Keeper::start(move |stop| elsewhere.keep(home, (&signal, &wakes, &ended), stop))
            }
            None => {
                let deriver = self.deriver(home);
                Keeper::start(move |stop| deriver.keep(&signal, &wakes, stop))
            }
        };
        self.keeper = Some(keeper?);
        Ok(())
    }

    /// Brings days and nights up to what is stored. In PostgreSQL only those of persons whose rows this writer has brought.
    ///
    /// # Errors
    ///
    /// What keeps the database from being read or written. All uploads are stored nevertheless.
    pub fn derive(&self, home: Option<String>) -> Result<()> {
        match &self.elsewhere {
            Some(elsewhere) => elsewhere.derive(home, &self.handle.ended),
            None => self.deriver(home).derive(),
        }
    }

    pub(super) fn deriver(&self, home: Option<String>) -> Deriver {
        let WriterHandle { database, figures, ended, .. } = self.handle.clone();
        let files = Arc::new(database.open_files());
        Deriver { database, figures, ended, wishes: Wishes { home }, files, wal_bytes_max: self.wal_bytes_max }
    }

    /// A handle for an ingest.
    #[must_use]
    pub fn handle(&self) -> &WriterHandle {
        &self.handle
    }

    /// Commits what was sent so far and moves the WAL into the database. Later requests are refused.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if the thread has panicked, or if acknowledged rows may not be in the database's files. The message
    /// says why: the files were moved, deleted or overwritten, or the WAL could not be moved.
    pub fn stop(self) -> Result<()> {
        let Self { handle, thread, signal, keeper, .. } = self;
        if let Some(keeper) = keeper {
            keeper.stop(&signal);
        }
        // If the thread has ended, there is nothing to stop.
        let _ = handle.requests.send(Request::Stop);
        thread.join().unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for WriterLife {
    fn drop(&mut self) {
        let at_end = std::mem::take(&mut *lock(&self.at_end));
        at_end.into_iter().for_each(|call_back| call_back());
    }
}

impl std::fmt::Debug for WriterLife {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriterLife").finish_non_exhaustive()
    }
}

impl WriterHandle {
    /// The database.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Whether the writer's thread runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.life.strong_count() > 0
    }

    /// Calls back when the writer's thread has ended, or at once if it has: nothing can be stored after that.
    pub(crate) fn at_end(&self, call_back: impl FnOnce() + Send + 'static) {
        match self.life.upgrade() {
            // If the thread ends right now, the last reference to its life is this one.
            Some(life) => lock(&life.at_end).push(Box::new(call_back)),
            None => call_back(),
        }
    }

    /// Calls back after each commit, in the writer's thread, instead of what did before.
    pub(crate) fn at_commit(&self, call_back: impl Fn() + Send + 'static) {
        self.signal.at_commit(Box::new(call_back));
    }

    /// Requests that wait for the writer.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn large_element(&self) -> &Mutex<()> {
        &self.large_element
    }

    /// Begins to enter an ingest into the ledger. [`Session::upload`] waits for it.
    pub(super) fn start(&self, origin: Origin) -> Result<Session> {
        let (started, answer) = bounded(1);
        // Each batch has room for its answer: the writer never waits for an ingest.
        let (written_sender, written) = bounded(BATCHES_PER_INGEST);
        let start = Start { origin, started_ms: now_ms(), started, written: written_sender };
        let (requests, ended) = (self.requests.clone(), self.ended.clone());
        requests.send(Request::Start(start)).map_err(|_| gone())?;
        Ok(Session { requests, written, ended, entry: Entry::UnderWay(answer), is_finished: false })
    }
}

impl Session {
    /// The number of the ingest in the ledger, once it is committed.
    pub(super) fn upload(&mut self) -> Result<i64> {
        if let Entry::UnderWay(answer) = &self.entry {
            self.entry = match wait(answer, &self.ended).flatten() {
                Ok(upload) => Entry::Committed(upload),
                Err(error) => Entry::Failed(error),
            };
        }
        match &self.entry {
            Entry::Committed(upload) => Ok(*upload),
            Entry::Failed(error) => Err(error.clone()),
            Entry::UnderWay(_) => Err(gone()),
        }
    }

    /// Sends rows. [`Session::receive`] brings the batch back.
    pub(super) fn write(&mut self, batch: Box<Batch>) -> Result<()> {
        let upload = self.upload()?;
        self.requests.send(Request::Write { upload, batch }).map_err(|_| gone())
    }

    /// Waits until the rows of the oldest batch are in the open transaction. Returns the batch, empty.
    pub(super) fn receive(&self) -> Result<Box<Batch>> {
        wait(&self.written, &self.ended)?
    }

    /// Takes the permit for a large element, for which the writer frees memory. It does so before it writes further rows.
    pub(super) fn begin_large<'p>(&self, permits: &'p Mutex<()>) -> Permit<'p> {
        // The mutex guards no data, so a panic while it was held does not matter.
        let permit = Permit { requests: self.requests.clone(), _held: lock(permits) };
        let (freed, answer) = bounded(1);
        if self.requests.send(Request::BeginLarge { freed }).is_ok() {
            // If the writer has ended, the next batch says so.
            let _ = wait(&answer, &self.ended);
        }
        permit
    }

    /// Ends the ingest and waits for the commit. Returns what is stored, and why that is not all.
    pub(super) fn finish(mut self, end: UploadEnd) -> (Counts, Result<()>) {
        self.is_finished = true;
        let (finished, answer) = bounded(1);
        let sent = self.upload().and_then(|upload| {
            let request = Request::Finish { upload, end: Box::new(end), finished };
            self.requests.send(request).map_err(|_| gone())
        });
        match sent.and_then(|()| wait(&answer, &self.ended)) {
            Ok(Finished { stored, error }) => (stored, error.map_or(Ok(()), Err)),
            Err(error) => (Counts::default(), Err(error)),
        }
    }
}

/// Held while an element is decoded that takes many times its length, until the writer is done with its text. Its holder waits
/// only for the writer, never for a client.
pub(super) struct Permit<'p> {
    requests: Sender<Request>,
    _held: MutexGuard<'p, ()>,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // If the writer has ended, it has no memory.
        let _ = self.requests.send(Request::EndLarge);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.is_finished
            && let Ok(upload) = self.upload()
        {
            // If the writer has ended, nothing is left to abort.
            let _ = self.requests.send(Request::Abandon { upload });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::OriginKind;

    fn origin() -> Origin {
        Origin { kind: OriginKind::Http, sender: "test".to_owned(), person: None, token: None }
    }

    #[test]
    fn a_writer_that_panics_is_noticed_and_no_ingest_waits_for_it() {
        let writer = Writer::spawn(&Database::new("none.db"), |inbox| {
            let request = inbox.requests.recv();
            panic!("at {request:?}");
        })
        .unwrap();
        let handle = writer.handle().clone();
        let (sender, ends) = bounded(1);
        handle.at_end(move || sender.send("ended").unwrap());
        assert!(handle.is_alive());
        // The request that makes it panic, and those that wait behind it.
        let asked: Vec<_> = (0..3)
            .map(|_| {
                let handle = handle.clone();
                thread::spawn(move || handle.start(origin()).and_then(|mut session| session.upload()))
            })
            .collect();
        for asked in asked {
            assert_eq!(asked.join().unwrap().unwrap_err().kind(), ErrorKind::Store);
        }
        assert_eq!(ends.recv(), Ok("ended"));
        assert!(!handle.is_alive());
        assert_eq!(handle.start(origin()).unwrap_err().kind(), ErrorKind::Store);
        let (sender, ends) = bounded(1);
        handle.at_end(move || sender.send("ended before").unwrap());
        assert_eq!(ends.try_recv(), Ok("ended before"));
        assert!(writer.stop().is_err());
    }
}
