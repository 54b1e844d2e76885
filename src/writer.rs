//! The one writer thread. It owns the database; everyone else sends it requests over one bounded queue.
//!
//! Batches go into an open transaction and come back emptied at once. What is said to be stored is said after COMMIT:
//! when an ingest finishes, when enough rows have gathered, or when nothing has come for a while. Ingests that finish at
//! the same time share a commit. With nothing left to do it moves the log into the database, which no answer waits for then.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::batch::Batch;
use crate::counts::Counts;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BATCHES_PER_INGEST, COMMIT_IDLE, INGESTS_MAX, TRANSACTION_ROWS_MAX, WRITER_QUEUE};
use crate::store::{Store, UploadEnd, UploadKey, UploadStart, UploadState};

/// The running writer. [`Writer::stop`] ends it, or the end of its last handle.
#[derive(Debug)]
pub struct Writer {
    handle: WriterHandle,
    thread: JoinHandle<()>,
}

/// A way to send requests to the writer.
#[derive(Clone, Debug)]
pub struct WriterHandle {
    requests: Sender<Request>,
    /// The thread holds the other end for as long as it runs.
    life: Weak<()>,
}

/// One ingest's side of the conversation with the writer. Dropped unfinished, the ingest counts as aborted.
#[derive(Debug)]
pub(crate) struct Session {
    requests: Sender<Request>,
    replies: Receiver<Reply>,
    upload: i64,
    is_finished: bool,
}

#[derive(Debug)]
enum Request {
    Start {
        start: UploadStart,
        reply: Sender<Reply>,
    },
    Write {
        upload: i64,
        batch: Box<Batch>,
    },
    Finish {
        upload: i64,
        end: Box<UploadEnd>,
    },
    /// The ingest has panicked.
    Abandon {
        upload: i64,
    },
    /// Commit and end, whoever still holds a handle.
    Stop,
}

/// The writer's answers, in the order of an ingest's requests.
#[derive(Debug)]
pub(crate) enum Reply {
    Started(i64),
    /// The emptied batch: its rows are in the open transaction.
    Written(Box<Batch>),
    /// All is committed.
    Finished(Counts),
    /// Nothing of the open transaction is stored; `stored` was committed before.
    Failed {
        error: Error,
        stored: Counts,
    },
}

impl Writer {
    /// Opens the database and starts the thread.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if the database cannot be opened, [`ErrorKind::Io`] if the thread cannot be started.
    pub fn start(path: &Path) -> Result<Self> {
        let store = Store::open(path)?;
        let (requests, receiver) = bounded(WRITER_QUEUE);
        let life = Arc::new(());
        let handle = WriterHandle { requests, life: Arc::downgrade(&life) };
        let thread = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                WriterThread::new(store, receiver).run();
                drop(life);
            })
            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot start the writer's thread: {error}")))?;
        Ok(Self { handle, thread })
    }

    /// A handle for an ingest.
    #[must_use]
    pub fn handle(&self) -> &WriterHandle {
        &self.handle
    }

    /// Waits until what was sent so far is committed and the log is moved into the database. What comes later is refused.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if the thread has panicked.
    pub fn stop(self) -> Result<()> {
        let Self { handle, thread } = self;
        // A thread that has gone needs no telling.
        let _ = handle.requests.send(Request::Stop);
        thread.join().map_err(|_| gone())
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Store, "the writer has stopped; restart the program and send again")
}

/// Now, in milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl WriterHandle {
    /// Whether the writer's thread runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.life.strong_count() > 0
    }

    /// Requests that wait for the writer.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.requests.len()
    }

    pub(crate) fn start(&self, start: UploadStart) -> Result<Session> {
        // Room for an answer to each request under way: the writer never waits for an ingest.
        let (reply, replies) = bounded(BATCHES_PER_INGEST + 2);
        let requests = self.requests.clone();
        requests.send(Request::Start { start, reply }).map_err(|_| gone())?;
        match replies.recv() {
            Ok(Reply::Started(upload)) => Ok(Session { requests, replies, upload, is_finished: false }),
            Ok(Reply::Failed { error, .. }) => Err(error),
            _ => Err(gone()),
        }
    }
}

impl Session {
    /// The number of the ingest in the ledger.
    pub(crate) fn upload(&self) -> i64 {
        self.upload
    }

    /// Sends rows; [`Session::receive`] brings the batch back.
    pub(crate) fn write(&self, batch: Box<Batch>) -> Result<()> {
        self.requests.send(Request::Write { upload: self.upload, batch }).map_err(|_| gone())
    }

    /// Sends the end; [`Session::receive`] brings the counts, once all is committed.
    pub(crate) fn finish(&mut self, end: UploadEnd) -> Result<()> {
        self.is_finished = true;
        self.requests.send(Request::Finish { upload: self.upload, end: Box::new(end) }).map_err(|_| gone())
    }

    /// Waits for the next answer.
    pub(crate) fn receive(&self) -> Reply {
        self.replies.recv().unwrap_or_else(|_| Reply::Failed { error: gone(), stored: Counts::default() })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.is_finished {
            // A writer that has gone needs no telling.
            let _ = self.requests.send(Request::Abandon { upload: self.upload });
        }
    }
}

/// An ingest under way.
#[derive(Debug)]
struct Active {
    upload: i64,
    person: i64,
    started_ms: i64,
    reply: Sender<Reply>,
    /// Number of its next reject.
    ordinal: u64,
    /// Counts of what is committed, and of what is in the open transaction.
    stored: Counts,
    open: Counts,
    /// Whether the open transaction holds anything of it …
    is_touched: bool,
    /// … and whether its counts there are behind.
    is_behind: bool,
    is_finished: bool,
    /// Why a transaction that held some of it was undone.
    lost: Option<Error>,
}

impl Active {
    fn total(&self) -> Counts {
        let mut total = self.stored;
        total += self.open;
        total
    }

    /// Answers. A session that is gone needs none, and there is room for every answer.
    fn answer(&self, reply: Reply) {
        let _ = self.reply.try_send(reply);
    }
}

struct WriterThread {
    store: Store,
    requests: Receiver<Request>,
    active: Vec<Active>,
    is_in_transaction: bool,
    /// Rows in the open transaction.
    rows: usize,
    /// Whether something was committed since the log was last moved into the database.
    has_log: bool,
}

impl WriterThread {
    fn new(store: Store, requests: Receiver<Request>) -> Self {
        Self {
            store,
            requests,
            active: Vec::with_capacity(INGESTS_MAX),
            is_in_transaction: false,
            rows: 0,
            has_log: false,
        }
    }

    fn run(mut self) {
        loop {
            let is_finishing = self.active.iter().any(|active| active.is_finished);
            let request = if self.rows >= TRANSACTION_ROWS_MAX {
                Err(RecvTimeoutError::Timeout)
            } else if is_finishing {
                // Others that are about to finish share the commit, but nobody waits for one that is not there yet.
                self.requests.try_recv().map_err(|_| RecvTimeoutError::Timeout)
            } else if self.is_in_transaction || self.has_log {
                self.requests.recv_timeout(COMMIT_IDLE)
            } else {
                self.requests.recv().map_err(RecvTimeoutError::from)
            };
            match request {
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(request) => self.serve(request),
                Err(RecvTimeoutError::Timeout) if self.is_in_transaction => self.commit(),
                Err(RecvTimeoutError::Timeout) => {
                    self.store.checkpoint_quietly();
                    self.has_log = false;
                }
            }
        }
        self.commit();
        self.store.checkpoint();
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Start { start, reply } => self.start(&start, reply),
            Request::Write { upload, batch } => self.write(upload, batch),
            Request::Finish { upload, end } => self.finish(upload, &end),
            Request::Stop => {}
            Request::Abandon { upload } => {
                let end = UploadEnd {
                    state: UploadState::Aborted,
                    finished_ms: now_ms(),
                    body_bytes: 0,
                    envelope: crate::record::Envelope::default(),
                    error: Some("the program failed while reading it".to_owned()),
                };
                self.finish(upload, &end);
            }
        }
    }

    fn begin(&mut self) -> Result<()> {
        if !self.is_in_transaction {
            self.store.begin()?;
            self.is_in_transaction = true;
        }
        Ok(())
    }

    fn start(&mut self, start: &UploadStart, reply: Sender<Reply>) {
        let started = self.store.check_file().and_then(|()| self.begin()).and_then(|()| self.store.start_upload(start));
        match started {
            Ok(UploadKey { id: upload, person }) => {
                let active = Active {
                    upload,
                    person,
                    started_ms: start.started_ms,
                    reply,
                    ordinal: 0,
                    stored: Counts::default(),
                    open: Counts::default(),
                    is_touched: true,
                    is_behind: false,
                    is_finished: false,
                    lost: None,
                };
                self.active.push(active);
                // A number that was told must not be given again: if this row were undone later, the next ingest got it.
                self.commit();
                self.answer_start(upload);
            }
            Err(error) => {
                if self.is_in_transaction {
                    self.undo(&error);
                }
                let _ = reply.try_send(Reply::Failed { error, stored: Counts::default() });
            }
        }
    }

    /// Tells an ingest that it has begun, unless the commit of its row has failed.
    fn answer_start(&mut self, upload: i64) {
        self.active.retain(|active| {
            if active.upload != upload {
                return true;
            }
            match &active.lost {
                None => active.answer(Reply::Started(upload)),
                Some(error) => active.answer(Reply::Failed { error: error.clone(), stored: Counts::default() }),
            }
            active.lost.is_none()
        });
    }

    fn write(&mut self, upload: i64, mut batch: Box<Batch>) {
        let begun = self.begin();
        let Some(active) = self.active.iter_mut().find(|active| active.upload == upload) else {
            return;
        };
        if let Some(error) = &active.lost {
            return active.answer(Reply::Failed { error: error.clone(), stored: active.stored });
        }
        let key = UploadKey { id: upload, person: active.person };
        let written = begun.and_then(|()| self.store.write(key, active.started_ms, &mut active.ordinal, &batch));
        match written {
            Ok(counts) => {
                active.open += counts;
                active.is_touched = true;
                active.is_behind = true;
                self.rows += batch.rows();
                batch.clear();
                active.answer(Reply::Written(batch));
            }
            Err(error) => {
                active.is_touched = true;
                let failed = (active.reply.clone(), active.stored);
                self.undo(&error);
                let _ = failed.0.try_send(Reply::Failed { error, stored: failed.1 });
            }
        }
    }

    fn finish(&mut self, upload: i64, end: &UploadEnd) {
        let begun = self.begin();
        let Some(index) = self.active.iter().position(|active| active.upload == upload) else {
            return;
        };
        let total = self.active[index].total();
        let entered = begun
            .and_then(|()| self.store.record_progress(upload, &total))
            .and_then(|()| self.store.finish_upload(upload, end));
        let active = &mut self.active[index];
        active.is_touched = true;
        active.is_behind = false;
        active.is_finished = true;
        if let Err(error) = entered {
            self.undo(&error);
            self.dismiss_finished();
        }
    }

    /// Commits the open transaction, with the counts of all that it holds, and answers those who wait for it.
    fn commit(&mut self) {
        if !self.is_in_transaction {
            return;
        }
        let committed = self.record_counts().and_then(|()| self.store.commit());
        match committed {
            Ok(()) => {
                self.is_in_transaction = false;
                self.has_log = true;
                self.rows = 0;
                for active in &mut self.active {
                    active.stored = active.total();
                    active.open = Counts::default();
                    active.is_touched = false;
                }
            }
            Err(error) => self.undo(&error),
        }
        self.dismiss_finished();
    }

    fn record_counts(&mut self) -> Result<()> {
        for active in self.active.iter_mut().filter(|active| active.is_behind) {
            self.store.record_progress(active.upload, &active.total())?;
            active.is_behind = false;
        }
        Ok(())
    }

    /// Answers those who have finished, and forgets them.
    fn dismiss_finished(&mut self) {
        self.active.retain(|active| {
            if active.is_finished {
                active.answer(match &active.lost {
                    None => Reply::Finished(active.stored),
                    Some(error) => Reply::Failed { error: error.clone(), stored: active.stored },
                });
            }
            !active.is_finished
        });
    }

    /// Undoes the open transaction after a failure: every ingest that had rows in it has lost them.
    fn undo(&mut self, error: &Error) {
        tracing::error!(%error, "the transaction was undone");
        self.store.rollback();
        self.is_in_transaction = false;
        self.rows = 0;
        for active in self.active.iter_mut().filter(|active| active.is_touched) {
            active.open = Counts::default();
            active.is_touched = false;
            active.is_behind = false;
            active.lost.get_or_insert_with(|| error.clone());
        }
    }
}
