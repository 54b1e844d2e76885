//! What an ingest and the writer send each other. Each kind of answer has its own channel.

use crossbeam_channel::Sender;

use crate::model::batch::Batch;
use crate::model::counts::Counts;
use crate::model::error::{Error, Result};
use crate::store::derive::Chunk;
use crate::store::{Origin, SessionChange, UploadEnd};

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Request {
    Start(Start),
    /// Write the rows of a batch.
    Write {
        upload: i64,
        batch: Box<Batch>,
    },
    Finish {
        upload: i64,
        end: Box<UploadEnd>,
        finished: Sender<Finished>,
    },
    /// A browser signs in or out.
    Session(SessionRequest),
    /// Derived rows; they come by another queue, when nothing else is to be done.
    Figures(Figures),
    /// An ingest begins to decode a large element: the database's page cache becomes small, and its memory free.
    BeginLarge {
        /// Answers when that is done.
        freed: Sender<()>,
    },
    /// The text of that element is stored.
    EndLarge,
    /// The ingest has panicked.
    Abandon {
        upload: i64,
    },
    /// Commit and end, even if others still hold a handle.
    Stop,
}

/// A new ingest.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) origin: Origin,
    pub(super) started_ms: i64,
    /// The number of the upload, once it is committed.
    pub(super) started: Sender<Result<i64>>,
    /// Each batch once its rows are in the open transaction, or why they are not. The order is that of the requests.
    pub(super) written: Sender<Result<Box<Batch>>>,
}

/// A change of a session.
#[derive(Debug)]
pub(super) struct SessionRequest {
    pub(super) change: SessionChange,
    /// The number of its token, once it is committed; none if nobody waits for it.
    pub(super) changed: Option<Sender<Result<Option<i64>>>>,
}

/// Derived rows for the writer.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) chunk: Chunk,
    /// Whether they are committed, or their run was overtaken.
    pub(super) stored: Sender<Result<bool>>,
}

/// How an ingest ended.
#[derive(Debug)]
pub(super) struct Finished {
    /// What is committed.
    pub(super) stored: Counts,
    /// Why that is not all.
    pub(super) error: Option<Error>,
}
