//! The writer's thread: requests, and the transaction that is open between them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, after, never, select};

use super::active::{Active, Ending, InTransaction};
use super::figures::Signal;
use super::inbox::Inbox;
use super::request::{Figures, Finished, Request, Start};
use super::wal::{Backlog, WalWatch};
use super::write_back::WriteBack;
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{
    BATCH_ROWS_MAX, CHECKPOINT_RETRY, COMMIT_IDLE, COMMIT_SHARED, INGESTS_MAX, LARGE_CACHE_BYTES, LATE_ENDS_MAX,
    PAGE_CACHE_BYTES, TRANSACTION_BYTES_MAX, TRANSACTION_ROWS_MAX, TRANSACTION_TIME_IF_AWAITED,
};
use crate::model::line_limit::LineLimit;
use crate::store::clock::now_ms;
use crate::store::{Store, UploadEnd, UploadState};

pub(super) struct WriterThread {
    pub(super) store: Store,
    requests: Receiver<Request>,
    /// Derived rows, which wait until nothing else is to be done.
    figures: Receiver<Figures>,
    signal: Arc<Signal>,
    active: Vec<Active>,
    pub(super) is_in_transaction: bool,
    /// When the last transaction began.
    begun: Option<Instant>,
    /// Since when an ingest that has ended waits for the commit.
    ended: Option<Instant>,
    /// Rows in the open transaction, and bytes of their texts.
    rows: usize,
    text_bytes: usize,
    /// Ends that could not be entered, the newest last.
    late: VecDeque<LateEnd>,
    pub(super) wal: WalWatch,
    write_back: WriteBack,
    /// The log line about a transaction that was undone.
    undone: LineLimit,
}

/// The end of an ingest that is still running according to the ledger.
#[derive(Debug)]
struct LateEnd {
    upload: i64,
    /// What is stored of it.
    stored: Counts,
    end: Box<UploadEnd>,
}

impl WriterThread {
    pub(super) fn new(store: Store, inbox: Inbox, wal_bytes_max: u64) -> Self {
        let Inbox { requests, figures, signal } = inbox;
        let write_back = WriteBack::of(&store.database);
        Self {
            store,
            requests,
            figures,
            signal,
            active: Vec::with_capacity(INGESTS_MAX),
            is_in_transaction: false,
            begun: None,
            ended: None,
            rows: 0,
            text_bytes: 0,
            late: VecDeque::new(),
            wal: WalWatch::new(wal_bytes_max),
            write_back,
            undone: LineLimit::default(),
        }
    }

    /// Serves requests until it is stopped. Fails if what was acknowledged may not be in the database's files.
    pub(super) fn run(mut self) -> Result<()> {
        loop {
            self.signal.note_ingests(self.active.len());
            match self.next_request() {
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(request) => self.serve(request),
                Err(RecvTimeoutError::Timeout) if self.is_in_transaction => self.commit(),
                Err(RecvTimeoutError::Timeout) => self.wal.move_into_database(&mut self.store),
            }
        }
        self.commit();
        self.store.checkpoint_at_end()
    }

    /// The next request, or a timeout when it is time to commit or to move the WAL.
    fn next_request(&self) -> Result<Request, RecvTimeoutError> {
        if self.is_long() || self.is_in_transaction && self.keeps_others_waiting() {
            return Err(RecvTimeoutError::Timeout);
        }
        if self.ended.is_some_and(|ended| ended.elapsed() >= COMMIT_SHARED) {
            return Err(RecvTimeoutError::Timeout);
        }
        if self.active.iter().any(Active::has_ended) {
            // Others that are about to end share the commit, but no answer waits for a request that is not there yet.
            return self.requests.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
        if self.is_in_transaction {
            return self.requests.recv_timeout(COMMIT_IDLE);
        }
        match self.wal.backlog() {
            Backlog::Nothing => self.next_or_figures(None),
            Backlog::Some => self.next_or_figures(Some(COMMIT_IDLE)),
            Backlog::Held => self.next_or_figures(Some(CHECKPOINT_RETRY)),
        }
    }

    /// The next request, or derived rows if none is there.
    fn next_or_figures(&self, wait: Option<Duration>) -> Result<Request, RecvTimeoutError> {
        if let Ok(request) = self.requests.try_recv() {
            return Ok(request);
        }
        let timeout = wait.map_or_else(never, after);
        select! {
            recv(self.requests) -> request => request.map_err(RecvTimeoutError::from),
            recv(self.figures) -> figures => figures.map(Request::Figures).map_err(RecvTimeoutError::from),
            recv(timeout) -> _ => Err(RecvTimeoutError::Timeout),
        }
    }

    /// Stores derived rows in a separate transaction. If that fails, no upload is concerned.
    fn store_figures(&mut self, Figures { chunk, stored }: Figures) {
        let outcome = self.apart(|store| store.store_derived(&chunk));
        // A run that has ended needs no answer.
        let _ = stored.try_send(outcome);
    }

    fn is_long(&self) -> bool {
        self.rows >= TRANSACTION_ROWS_MAX || self.text_bytes >= TRANSACTION_BYTES_MAX
    }

    /// Whether the open transaction has lasted for a while, and another program waits to write.
    fn keeps_others_waiting(&self) -> bool {
        self.begun.is_some_and(|begun| begun.elapsed() >= TRANSACTION_TIME_IF_AWAITED) && self.store.is_awaited()
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Start(start) => self.start(&start),
            Request::Write { upload, batch } => self.write(upload, batch),
            Request::Finish { upload, end, finished } => self.finish(upload, end, Some(finished)),
            Request::Stop => {}
            Request::Figures(figures) => self.store_figures(figures),
            Request::BeginLarge { freed } => {
                self.store.limit_cache(LARGE_CACHE_BYTES);
                let _ = freed.try_send(());
            }
            Request::EndLarge => self.store.limit_cache(PAGE_CACHE_BYTES),
            Request::Session(session) => self.change_session(session),
            Request::Abandon { upload } => {
                let end = UploadEnd {
                    state: UploadState::Aborted,
                    finished_ms: Some(now_ms()),
                    body_bytes: 0,
                    envelope: Envelope::default(),
                    error: Some("the program failed while reading it".to_owned()),
                };
                self.finish(upload, Box::new(end), None);
            }
        }
    }

    pub(super) fn begin(&mut self) -> Result<()> {
        if !self.is_in_transaction {
            self.store.begin()?;
            self.is_in_transaction = true;
            self.begun = Some(Instant::now());
        }
        Ok(())
    }

    fn position(&self, upload: i64) -> Option<usize> {
        self.active.iter().position(|active| active.key.id == upload)
    }

    pub(super) fn check_room(&mut self) -> Result<()> {
        self.wal.check_room(&mut self.store, self.is_in_transaction)
    }

    fn start(&mut self, start: &Start) {
        if let Err(error) = self.store.check_files().and_then(|_| self.check_room()) {
            let _ = start.started.try_send(Err(error));
            return;
        }
        let entered = self.begin().and_then(|()| self.store.start_upload(&start.origin, start.started_ms));
        match entered.and_then(|key| Ok((key, self.store.last_other()?))) {
            Ok((key, others_before)) => {
                self.active.push(Active::new(key, others_before, start));
                // The number is given to the ingest only after the commit: if the row were undone later, the next ingest
                // would get the same number.
                self.commit();
                self.answer_start(key.id, &start.started);
            }
            Err(error) => {
                // Then nothing was written, and the rows of others stay.
                if error.kind() != ErrorKind::Revoked {
                    self.undo(&error);
                }
                let _ = start.started.try_send(Err(error));
            }
        }
    }

    /// Answers a start, and forgets the ingest if the commit of its row has failed.
    fn answer_start(&mut self, upload: i64, started: &Sender<Result<i64>>) {
        let Some(index) = self.position(upload) else {
            return;
        };
        let answer = match self.active[index].lost().cloned() {
            None => Ok(upload),
            Some(error) => {
                self.active.swap_remove(index);
                Err(error)
            }
        };
        let _ = started.try_send(answer);
    }

    fn write(&mut self, upload: i64, mut batch: Box<Batch>) {
        if batch.begins_document {
            self.settle(upload);
        }
        let room = self.check_room();
        let Some(index) = self.position(upload) else {
            return;
        };
        if let Err(error) = room {
            // The open transaction holds none of its rows, only what others need to end.
            self.active[index].lose(&error);
        }
        let active = &self.active[index];
        if let Some(error) = active.lost() {
            return active.answer_batch(Err(error.clone()));
        }
        let begun = self.begin();
        let active = &mut self.active[index];
        let (key, started_ms) = (active.key, active.started_ms);
        match begun.and_then(|()| self.store.write(key, started_ms, &mut active.ordinal, &batch)) {
            Ok(counts) => {
                active.note_rows(counts);
                self.rows += batch.rows.len();
                self.write_back.note_rows(batch.rows.len());
                self.text_bytes += batch.texts.bytes();
                batch.clear();
                active.answer_batch(Ok(batch));
            }
            Err(error) => {
                active.in_transaction = InTransaction::Uncounted;
                active.answer_batch(Err(error.clone()));
                self.undo(&error);
            }
        }
    }

    /// Begins a transaction for rows of an ingest, and returns its index. Returns `None` if it has ended or lost its rows.
    fn begin_for(&mut self, upload: i64) -> Option<usize> {
        let ready = self.check_room().and_then(|()| self.begin());
        let index = self.position(upload)?;
        let active = &mut self.active[index];
        if let Err(error) = &ready {
            active.lose(error);
        }
        active.lost().is_none().then_some(index)
    }

    /// Writes an ingest's waiting records, at most a transaction's rows at a time.
    fn settle(&mut self, upload: i64) {
        while self.store.has_waiting(upload) {
            let Some(index) = self.begin_for(upload) else {
                return;
            };
            let active = &mut self.active[index];
            match self.store.settle(active.key, active.started_ms) {
                Ok(None) => return,
                Ok(Some(counts)) => {
                    active.note_rows(counts);
                    self.rows += BATCH_ROWS_MAX;
                    if self.is_long() || self.keeps_others_waiting() {
                        self.commit();
                    }
                }
                Err(error) => {
                    active.in_transaction = InTransaction::Uncounted;
                    return self.undo(&error);
                }
            }
        }
    }

    /// Marks what a complete export no longer has, a type at a time, and ends the marks of what an import has.
    fn mark_missing(&mut self, upload: i64, end: &UploadEnd) {
        let Some(index) = self.position(upload).filter(|_| self.store.is_import(upload)) else {
            return;
        };
        let import = self.active[index].ended_import(end);
        let mut left = None;
        while let Some(index) = self.begin_for(upload) {
            let active = &mut self.active[index];
            active.in_transaction = InTransaction::Uncounted;
            let marked = match &mut left {
                None => self.store.begin_missing(import).map(|types| left = Some(types)),
                Some(types) => match types.pop() {
                    Some(kind) => self.store.mark_missing(import, kind).map(|counts| active.note_rows(counts)),
                    None => return,
                },
            };
            if let Err(error) = marked {
                return self.undo(&error);
            }
            if self.keeps_others_waiting() {
                self.commit();
            }
        }
    }

    fn finish(&mut self, upload: i64, mut end: Box<UploadEnd>, finished: Option<Sender<Finished>>) {
        self.settle(upload);
        self.mark_missing(upload, &end);
        let begun = self.begin();
        let Some(index) = self.position(upload) else {
            return;
        };
        let active = &mut self.active[index];
        active.note_loss_in(&mut end);
        let total = active.total();
        if let UploadState::Foreign { others_before } = &mut end.state {
            *others_before = active.others_before;
            if total != Counts::default() {
                end.state = UploadState::Aborted;
            }
        }
        let entered = begun
            .and_then(|()| self.store.record_progress(upload, &total))
            .and_then(|()| self.store.finish_upload(upload, &end));
        active.note_end(Ending { end: Some(end), finished });
        self.ended.get_or_insert_with(Instant::now);
        if let Err(error) = entered {
            self.undo(&error);
        }
    }

    /// Commits the open transaction with the counts of all that it holds, and answers the ingests that wait for it.
    pub(super) fn commit(&mut self) {
        if !self.is_in_transaction {
            return;
        }
        let is_awaited = self.active.iter().any(Active::has_ended);
        self.wal.prepare_commit(&mut self.store, is_awaited);
        let committed = self.record_counts().and_then(|()| self.enter_late_ends()).and_then(|()| self.store.commit());
        if let Err(error) = committed {
            return self.undo(&error);
        }
        self.is_in_transaction = false;
        self.wal.note_commit();
        self.write_back.note_commit();
        self.signal.note_rows();
        (self.rows, self.text_bytes, self.ended) = (0, 0, None);
        self.late.clear();
        self.active.iter_mut().for_each(Active::note_commit);
        let files = self.store.check_files();
        if let Err(error) = &files {
            self.disown(error);
        }
        self.dismiss_ended();
        if let Ok(wal_bytes) = files {
            self.wal.check_growth(&mut self.store, wal_bytes);
        }
    }

    fn record_counts(&mut self) -> Result<()> {
        for active in &mut self.active {
            if active.in_transaction == InTransaction::Uncounted {
                self.store.record_progress(active.key.id, &active.total())?;
                active.in_transaction = InTransaction::Recorded;
            }
        }
        Ok(())
    }

    /// Enters the ends of ingests whose transaction was undone.
    fn enter_late_ends(&mut self) -> Result<()> {
        for LateEnd { upload, stored, end } in &self.late {
            self.store.record_progress(*upload, stored)?;
            self.store.finish_upload(*upload, end)?;
        }
        Ok(())
    }

    /// Answers the ingests that have ended, and forgets them.
    fn dismiss_ended(&mut self) {
        self.active.retain(|active| {
            active.answer_end();
            !active.has_ended()
        });
    }

    /// Undoes the open transaction after a failure: every ingest that had rows in it has lost them.
    pub(super) fn undo(&mut self, error: &Error) {
        // On a full disk, each upload of each client would be a line.
        if self.is_in_transaction
            && let Some(left_out) = self.undone.count(Instant::now())
        {
            tracing::error!(%error, left_out, "the transaction was undone");
        }
        self.store.rollback();
        self.is_in_transaction = false;
        (self.rows, self.text_bytes, self.ended) = (0, 0, None);
        for active in &mut self.active {
            active.has_lost_claims = true;
            // Without its end the ingest would be running according to the ledger for as long as this program does.
            if let Some(end) = active.note_undone(error) {
                if self.late.len() == LATE_ENDS_MAX {
                    self.late.pop_front();
                }
                self.late.push_back(LateEnd { upload: active.key.id, stored: active.stored(), end });
            }
        }
        if error.kind() == ErrorKind::Full {
            self.wal.give_back(&mut self.store);
        }
        self.dismiss_ended();
    }

    /// Acknowledges nothing of what was committed, since it is in files that no longer have their names.
    fn disown(&mut self, error: &Error) {
        tracing::error!(%error, "what was committed may be lost");
        self.store.save_wal();
        for active in &mut self.active {
            active.disown(error);
        }
    }
}
