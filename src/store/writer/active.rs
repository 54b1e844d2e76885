//! An ingest as the writer sees it.

use crossbeam_channel::Sender;

use super::request::{Finished, Start};
use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::{Error, Result};
use crate::store::clock::now_ms;
use crate::store::write::EndedImport;
use crate::store::write::ledger::{UploadEnd, UploadKey, UploadState};

/// An ingest that the writer has entered and not yet dismissed.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) key: UploadKey,
    pub(super) started_ms: i64,
    written: Sender<Result<Box<Batch>>>,
    /// The last of the other records before it.
    pub(super) others_before: i64,
    /// Number of its next reject.
    pub(super) ordinal: u64,
    /// Counts of what is committed, and of what is in the open transaction.
    stored: Counts,
    open: Counts,
    pub(super) in_transaction: InTransaction,
    /// Whether the writer has forgotten which rows its records are.
    pub(super) has_lost_claims: bool,
    state: State,
}

/// What the open transaction holds of an ingest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InTransaction {
    Nothing,
    /// Its rows, or its start or end, and the counts of all.
    Recorded,
    /// Rows that the counts in the ledger do not cover yet.
    Uncounted,
}

/// Where an ingest is between its start and its dismissal.
#[derive(Debug)]
enum State {
    /// It may send further rows.
    Running,
    /// It has ended, and waits for the commit.
    Ended(Ending),
    /// A transaction that held some of it was undone: it may not send further rows.
    Lost { error: Error, ending: Option<Ending> },
}

/// An ingest's end, and where the answer to it goes.
#[derive(Debug)]
pub(super) struct Ending {
    /// Until it is committed, or kept for a later transaction.
    pub(super) end: Option<Box<UploadEnd>>,
    /// `None` if the ingest has panicked.
    pub(super) finished: Option<Sender<Finished>>,
}

impl Active {
    pub(super) fn new(key: UploadKey, others_before: i64, start: &Start) -> Self {
        Self {
            key,
            started_ms: start.started_ms,
            written: start.written.clone(),
            others_before,
            ordinal: 0,
            stored: Counts::default(),
            open: Counts::default(),
            in_transaction: InTransaction::Recorded,
            has_lost_claims: false,
            state: State::Running,
        }
    }

    /// What is known of it at its end, and whether its records are all that Apple's Health had when it was exported.
    pub(super) fn ended_import(&self, end: &UploadEnd) -> EndedImport {
        let is_whole = end.state == UploadState::Done
            && end.envelope.is_whole
            && !self.has_lost_claims
            && self.total().rejected == 0
            && self.lost().is_none();
        let export_ms = end.envelope.export_ms;
        EndedImport { upload: self.key, is_whole, export_ms, now_ms: self.started_ms }
    }

    pub(super) fn stored(&self) -> Counts {
        self.stored
    }

    /// Counts of what is committed and of what is in the open transaction.
    pub(super) fn total(&self) -> Counts {
        let mut total = self.stored;
        total += self.open;
        total
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended(_) | State::Lost { ending: Some(_), .. })
    }

    /// Why its rows are lost, if they are.
    pub(super) fn lost(&self) -> Option<&Error> {
        match &self.state {
            State::Lost { error, .. } => Some(error),
            State::Running | State::Ended(_) => None,
        }
    }

    /// Refuses all further rows. The first reason counts.
    pub(super) fn lose(&mut self, error: &Error) {
        self.state = match std::mem::replace(&mut self.state, State::Running) {
            State::Running => State::Lost { error: error.clone(), ending: None },
            State::Ended(ending) => State::Lost { error: error.clone(), ending: Some(ending) },
            lost @ State::Lost { .. } => lost,
        };
    }

    pub(super) fn note_end(&mut self, ended: Ending) {
        self.in_transaction = InTransaction::Recorded;
        self.state = match std::mem::replace(&mut self.state, State::Running) {
            State::Running | State::Ended(_) => State::Ended(ended),
            State::Lost { error, .. } => State::Lost { error, ending: Some(ended) },
        };
    }

    pub(super) fn note_rows(&mut self, counts: Counts) {
        self.open += counts;
        self.in_transaction = InTransaction::Uncounted;
    }

    pub(super) fn note_commit(&mut self) {
        self.stored = self.total();
        self.open = Counts::default();
        self.in_transaction = InTransaction::Nothing;
        self.take_end();
    }

    /// Notes that the open transaction was undone, if it held something of this ingest. Returns an end that is to be entered
    /// later.
    pub(super) fn note_undone(&mut self, error: &Error) -> Option<Box<UploadEnd>> {
        if self.in_transaction == InTransaction::Nothing {
            return None;
        }
        self.open = Counts::default();
        self.in_transaction = InTransaction::Nothing;
        self.lose(error);
        let mut end = self.take_end()?;
        self.note_loss_in(&mut end);
        Some(end)
    }

    /// Notes that what was committed is in files that no longer have their names.
    pub(super) fn disown(&mut self, error: &Error) {
        self.stored = Counts::default();
        self.lose(error);
    }

    /// An input that was read to its end did not end well if some of it is lost.
    pub(super) fn note_loss_in(&self, end: &mut UploadEnd) {
        if let Some(lost) = self.lost()
            && matches!(end.state, UploadState::Done | UploadState::Interrupted)
        {
            end.finished_ms = end.finished_ms.or_else(|| Some(now_ms()));
            (end.state, end.error) = (UploadState::Aborted, Some(lost.to_string()));
        }
    }

    fn take_end(&mut self) -> Option<Box<UploadEnd>> {
        match &mut self.state {
            State::Ended(ending) | State::Lost { ending: Some(ending), .. } => ending.end.take(),
            State::Running | State::Lost { ending: None, .. } => None,
        }
    }

    /// Answers a batch. A session that is gone needs no answer, and there is room for every answer.
    pub(super) fn answer_batch(&self, written: Result<Box<Batch>>) {
        let _ = self.written.try_send(written);
    }

    /// Answers an end.
    pub(super) fn answer_end(&self) {
        let (ending, error) = match &self.state {
            State::Ended(ending) => (ending, None),
            State::Lost { ending: Some(ending), error } => (ending, Some(error.clone())),
            State::Running | State::Lost { ending: None, .. } => return,
        };
        if let Some(finished) = &ending.finished {
            let _ = finished.try_send(Finished { stored: self.stored, error });
        }
    }
}
