//! The one writer thread. It owns the database; everyone else sends it requests over one bounded queue.
//!
//! Batches go into an open transaction and come back emptied at once. What is said to be stored is said after COMMIT:
//! when an ingest finishes, when enough rows have gathered, or when nothing has come for a while. Ingests that finish at
//! the same time share a commit. With nothing left to do it moves the log into the database, which no answer waits for then.

pub mod ingest;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select};

use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    BATCHES_PER_INGEST, CHECKPOINT_RETRY, CHECKPOINT_WAIT, COMMIT_IDLE, INGESTS_MAX, LATE_ENDS_MAX,
    TRANSACTION_BYTES_MAX, TRANSACTION_ROWS_MAX, WAL_BYTES_MAX_DEFAULT, WAL_KEEP_BYTES, WRITER_QUEUE,
};
use crate::store::{Checkpoint, Store, UploadEnd, UploadKey, UploadStart, UploadState};

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
    life: Weak<Life>,
    /// Disconnected by the thread's end. The queue alone does not tell: what waits in it then stays there, unanswered.
    ended: Receiver<Infallible>,
    /// The permit to decode a large element and to have it written: all ingests of this writer share one.
    large_element: Arc<Mutex<()>>,
}

/// Held by the writer's thread. Its end, by a panic too, is told to those who asked for it.
struct Life {
    at_end: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    _ended: Sender<Infallible>,
}

/// One ingest's side of the conversation with the writer. Dropped unfinished, the ingest counts as aborted.
#[derive(Debug)]
pub(crate) struct Session {
    requests: Sender<Request>,
    replies: Receiver<Reply>,
    ended: Receiver<Infallible>,
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
    /// [`ErrorKind::Store`] if the database cannot be opened, [`ErrorKind::Full`] or [`ErrorKind::Busy`] if there is no space
    /// for it or another program has it, [`ErrorKind::Io`] if the thread cannot be started.
    pub fn start(path: &Path) -> Result<Self> {
        Self::with_log(path, WAL_BYTES_MAX_DEFAULT)
    }

    /// The same, with a limit for the write-ahead log.
    ///
    /// # Errors
    ///
    /// As [`Writer::start`].
    pub fn with_log(path: &Path, wal_bytes_max: u64) -> Result<Self> {
        let store = Store::open(path)?;
        Self::spawn(move |requests| WriterThread::new(store, requests, wal_bytes_max).run())
    }

    fn spawn(work: impl FnOnce(Receiver<Request>) + Send + 'static) -> Result<Self> {
        let (requests, receiver) = bounded(WRITER_QUEUE);
        let (end, ended) = bounded(0);
        let life = Arc::new(Life { at_end: Mutex::default(), _ended: end });
        let handle = WriterHandle { requests, life: Arc::downgrade(&life), ended, large_element: Arc::default() };
        let thread = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                // Dropped last, and by a panic, too.
                let _life = life;
                work(receiver);
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

impl Drop for Life {
    fn drop(&mut self) {
        let at_end = std::mem::take(self.at_end.get_mut().unwrap_or_else(PoisonError::into_inner));
        at_end.into_iter().for_each(|tell| tell());
    }
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Life").finish_non_exhaustive()
    }
}

/// The writer's thread has ended before its time.
pub(crate) fn gone() -> Error {
    Error::new(
        ErrorKind::Store,
        "the database's writer has failed; what was acknowledged is stored, start the program again and send the rest again",
    )
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

    /// Calls back once the writer's thread has ended, or at once if it has: nothing more can be stored then.
    pub(crate) fn at_end(&self, tell: impl FnOnce() + Send + 'static) {
        match self.life.upgrade() {
            // If the thread ends right now, the last to let go of its life is here.
            Some(life) => life.at_end.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(tell)),
            None => tell(),
        }
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
        let ended = self.ended.clone();
        match next_reply(&replies, &ended) {
            Some(Reply::Started(upload)) => Ok(Session { requests, replies, ended, upload, is_finished: false }),
            Some(Reply::Failed { error, .. }) => Err(error),
            _ => Err(gone()),
        }
    }
}

/// Waits for an answer; none if the writer has ended without one.
fn next_reply(replies: &Receiver<Reply>, ended: &Receiver<Infallible>) -> Option<Reply> {
    select! {
        recv(replies) -> reply => reply.ok(),
        // What it has said before its end counts.
        recv(ended) -> _ => replies.try_recv().ok(),
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
        next_reply(&self.replies, &self.ended)
            .unwrap_or_else(|| Reply::Failed { error: gone(), stored: Counts::default() })
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
    /// How it ended, until that is committed.
    end: Option<Box<UploadEnd>>,
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
    /// Rows in the open transaction, and bytes of their texts.
    rows: usize,
    text_bytes: usize,
    /// Ends that could not be entered, the newest last.
    late: VecDeque<LateEnd>,
    log: Log,
}

/// The end of an ingest of which the ledger still says that it runs.
#[derive(Debug)]
struct LateEnd {
    upload: i64,
    /// What is stored of it.
    stored: Counts,
    end: Box<UploadEnd>,
}

/// What the writer knows of the write-ahead log.
#[derive(Clone, Copy, Debug, Default)]
struct Log {
    bytes_max: u64,
    /// Whether something was committed since it was last moved into the database.
    is_behind: bool,
    /// Whether a reader, or a full disk, was in the way the last time.
    is_held: bool,
    /// Whether it takes space that others need.
    must_be_cut: bool,
    /// Whether it is at its limit: no new rows.
    is_full: bool,
    /// Whether it was said that it grows …
    has_warned_of_growth: bool,
    /// … and that it cannot be moved.
    has_warned_of_failure: bool,
    /// When readers were last waited for.
    waited: Option<Instant>,
}

impl Log {
    /// Length from which it is worth asking who keeps it from being begun anew.
    fn long_bytes(&self) -> u64 {
        (self.bytes_max / 4).max(WAL_KEEP_BYTES).min(self.bytes_max)
    }
}

impl WriterThread {
    fn new(store: Store, requests: Receiver<Request>, wal_bytes_max: u64) -> Self {
        Self {
            store,
            requests,
            active: Vec::with_capacity(INGESTS_MAX),
            is_in_transaction: false,
            rows: 0,
            text_bytes: 0,
            late: VecDeque::new(),
            log: Log { bytes_max: wal_bytes_max, ..Log::default() },
        }
    }

    fn run(mut self) {
        loop {
            let is_finishing = self.active.iter().any(|active| active.is_finished);
            let request = if self.rows >= TRANSACTION_ROWS_MAX || self.text_bytes >= TRANSACTION_BYTES_MAX {
                Err(RecvTimeoutError::Timeout)
            } else if is_finishing {
                // Others that are about to finish share the commit, but nobody waits for one that is not there yet.
                self.requests.try_recv().map_err(|_| RecvTimeoutError::Timeout)
            } else if self.is_in_transaction {
                self.requests.recv_timeout(COMMIT_IDLE)
            } else if self.log.is_behind {
                self.requests.recv_timeout(if self.log.is_held { CHECKPOINT_RETRY } else { COMMIT_IDLE })
            } else {
                self.requests.recv().map_err(RecvTimeoutError::from)
            };
            match request {
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(request) => self.serve(request),
                Err(RecvTimeoutError::Timeout) if self.is_in_transaction => self.commit(),
                Err(RecvTimeoutError::Timeout) => self.move_log(),
            }
        }
        self.commit();
        self.store.checkpoint_at_end();
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Start { start, reply } => self.start(&start, reply),
            Request::Write { upload, batch } => self.write(upload, batch),
            Request::Finish { upload, end } => self.finish(upload, end),
            Request::Stop => {}
            Request::Abandon { upload } => {
                let end = UploadEnd {
                    state: UploadState::Aborted,
                    finished_ms: now_ms(),
                    body_bytes: 0,
                    envelope: crate::model::record::Envelope::default(),
                    error: Some("the program failed while reading it".to_owned()),
                };
                self.finish(upload, Box::new(end));
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
        if let Err(error) = self.store.check_files().and_then(|_| self.check_log()) {
            let _ = reply.try_send(Reply::Failed { error, stored: Counts::default() });
            return;
        }
        let started = self.begin().and_then(|()| self.store.start_upload(start));
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
                    end: None,
                    lost: None,
                };
                self.active.push(active);
                // A number that was told must not be given again: if this row were undone later, the next ingest got it.
                self.commit();
                self.answer_start(upload);
            }
            Err(error) => {
                self.undo(&error);
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
        let is_open = self.check_log();
        let Some(active) = self.active.iter_mut().find(|active| active.upload == upload) else {
            return;
        };
        if let Err(error) = is_open {
            // The transaction holds none of its rows, but what others need to end.
            active.lost.get_or_insert(error);
        }
        if let Some(error) = &active.lost {
            return active.answer(Reply::Failed { error: error.clone(), stored: active.stored });
        }
        let begun = self.begin();
        let Some(active) = self.active.iter_mut().find(|active| active.upload == upload) else {
            return;
        };
        let key = UploadKey { id: upload, person: active.person };
        let written = begun.and_then(|()| self.store.write(key, active.started_ms, &mut active.ordinal, &batch));
        match written {
            Ok(counts) => {
                active.open += counts;
                active.is_touched = true;
                active.is_behind = true;
                self.rows += batch.rows.len();
                self.text_bytes += batch.texts.bytes();
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

    fn finish(&mut self, upload: i64, mut end: Box<UploadEnd>) {
        let begun = self.begin();
        let Some(index) = self.active.iter().position(|active| active.upload == upload) else {
            return;
        };
        let active = &mut self.active[index];
        // Read to its end, but not all of it is stored.
        if let Some(lost) = &active.lost
            && end.state == UploadState::Done
        {
            end.state = UploadState::Aborted;
            end.error = Some(lost.to_string());
        }
        let total = active.total();
        let entered = begun
            .and_then(|()| self.store.record_progress(upload, &total))
            .and_then(|()| self.store.finish_upload(upload, &end));
        let active = &mut self.active[index];
        active.is_touched = true;
        active.is_behind = false;
        active.is_finished = true;
        active.end = Some(end);
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
        let committed = self.record_counts().and_then(|()| self.enter_late_ends()).and_then(|()| self.store.commit());
        match committed {
            Ok(()) => {
                self.is_in_transaction = false;
                self.log.is_behind = true;
                (self.rows, self.text_bytes) = (0, 0);
                self.late.clear();
                for active in &mut self.active {
                    active.stored = active.total();
                    active.open = Counts::default();
                    active.is_touched = false;
                    active.end = None;
                }
                match self.store.check_files() {
                    Ok(log_bytes) => self.watch_log(log_bytes),
                    Err(error) => self.disown(&error),
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

    /// Enters the ends of ingests that failed in a transaction that was undone.
    fn enter_late_ends(&mut self) -> Result<()> {
        for LateEnd { upload, stored, end } in &self.late {
            self.store.record_progress(*upload, stored)?;
            self.store.finish_upload(*upload, end)?;
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
        if self.is_in_transaction {
            tracing::error!(%error, "the transaction was undone");
        }
        self.store.rollback();
        self.is_in_transaction = false;
        (self.rows, self.text_bytes) = (0, 0);
        for active in self.active.iter_mut().filter(|active| active.is_touched) {
            active.open = Counts::default();
            active.is_touched = false;
            active.is_behind = false;
            let lost = active.lost.get_or_insert_with(|| error.clone());
            if let Some(mut end) = active.end.take() {
                // The ledger says that it runs, and would for as long as this program does.
                if end.state == UploadState::Done {
                    (end.state, end.error) = (UploadState::Aborted, Some(lost.to_string()));
                }
                if self.late.len() == LATE_ENDS_MAX {
                    self.late.pop_front();
                }
                self.late.push_back(LateEnd { upload: active.upload, stored: active.stored, end });
            }
        }
        if error.kind() == ErrorKind::Full {
            // What was undone takes space in the log that a smaller upload could use, and others on this disk.
            self.log.is_behind = true;
            self.log.must_be_cut = true;
            self.move_log();
        }
    }

    /// What was committed is in files that nobody will find: so nothing of it is acknowledged.
    fn disown(&mut self, error: &Error) {
        tracing::error!(%error, "what was committed may be lost");
        self.store.save_log();
        for active in &mut self.active {
            active.stored = Counts::default();
            active.lost.get_or_insert_with(|| error.clone());
        }
    }

    /// Moves the write-ahead log into the database, as far as readers and the disk allow.
    fn move_log(&mut self) {
        let is_to_be_cut = self.log.must_be_cut
            || self.log.is_full
            || self.store.check_files().is_ok_and(|bytes| bytes > WAL_KEEP_BYTES);
        let is_whole = self.checkpoint(if is_to_be_cut { Checkpoint::Cut } else { Checkpoint::Move });
        self.log.is_held = !is_whole;
        self.log.is_behind = !is_whole;
    }

    fn checkpoint(&mut self, wanted: Checkpoint) -> bool {
        let outcome = self.store.checkpoint(wanted);
        if let Err(error) = &outcome
            && !self.log.has_warned_of_failure
        {
            tracing::warn!(%error, "could not move the write-ahead log into the database; it is tried again");
            self.log.has_warned_of_failure = true;
        }
        let is_whole = outcome.unwrap_or(false);
        if is_whole {
            self.log.has_warned_of_growth = false;
            self.log.has_warned_of_failure = false;
        }
        if is_whole && wanted != Checkpoint::Move {
            if self.log.is_full {
                tracing::info!("the write-ahead log is free again; uploads are taken");
            }
            self.log.must_be_cut = false;
            self.log.is_full = false;
        }
        is_whole
    }

    /// After a commit: whether the log has grown to where it must not go on.
    fn watch_log(&mut self, bytes: u64) {
        if bytes <= self.log.long_bytes() || self.checkpoint(Checkpoint::Cut) {
            self.log.is_full = false;
            return;
        }
        if !self.log.has_warned_of_growth {
            let limit_bytes = self.log.bytes_max;
            tracing::warn!(
                bytes,
                limit_bytes,
                "the write-ahead log grows, since a program that reads the database does not end; at its limit nothing more is taken"
            );
            self.log.has_warned_of_growth = true;
        }
        self.log.is_full = bytes > self.log.bytes_max && !self.wait_for_readers();
    }

    /// Waits for readers that end by themselves: short ones that overlap leave no moment without one. At most once in a while,
    /// since uploads wait meanwhile.
    fn wait_for_readers(&mut self) -> bool {
        if self.log.waited.is_some_and(|waited| waited.elapsed() < 2 * CHECKPOINT_WAIT) {
            return self.checkpoint(Checkpoint::Cut);
        }
        let is_whole = self.checkpoint(Checkpoint::CutPatiently);
        self.log.waited = Some(Instant::now());
        is_whole
    }

    /// Whether the log has room for rows. If it had none, the reader may have gone.
    fn check_log(&mut self) -> Result<()> {
        if !self.log.is_full || !self.is_in_transaction && self.wait_for_readers() {
            return Ok(());
        }
        let message = format!(
            "the write-ahead log is at its limit of {} MiB, since a program that reads the database does not end; end that and send again",
            self.log.bytes_max >> 20
        );
        Err(Error::new(ErrorKind::Busy, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> UploadStart {
        UploadStart { origin: "http", sender: "test".to_owned(), person: None, token: None, started_ms: 0 }
    }

    #[test]
    fn a_writer_that_panics_is_noticed_and_nobody_waits_for_it() {
        let writer = Writer::spawn(|requests| {
            let request = requests.recv();
            panic!("at {request:?}");
        })
        .unwrap();
        let handle = writer.handle().clone();
        let (tell, told) = bounded(1);
        handle.at_end(move || tell.send("ended").unwrap());
        assert!(handle.is_alive());
        // The request that makes it panic, and those that wait behind it.
        let asked: Vec<_> = (0..3)
            .map(|_| {
                let handle = handle.clone();
                thread::spawn(move || handle.start(start()).map(|_| ()))
            })
            .collect();
        for asked in asked {
            assert_eq!(asked.join().unwrap().unwrap_err().kind(), ErrorKind::Store);
        }
        assert_eq!(told.recv(), Ok("ended"));
        assert!(!handle.is_alive());
        assert_eq!(handle.start(start()).unwrap_err().kind(), ErrorKind::Store);
        let (tell, told) = bounded(1);
        handle.at_end(move || tell.send("ended before").unwrap());
        assert_eq!(told.try_recv(), Ok("ended before"));
        assert!(writer.stop().is_err());
    }
}
