//! One ingest: decode, send batches, wait for the commit, sum up. It is synchronous; HTTP and `import` bring a reader.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::answer::gone;
use super::session::{Permit, Session, WriterHandle};
use crate::model::allocator::return_freed_memory;
use crate::model::batch::{Batch, Decoded, Overflow, Sink};
use crate::model::counts::Counts;
use crate::model::envelope::Envelope;
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::clock::now_ms;
use crate::store::database::Database;
use crate::store::spool::SpoolOverflow;
use crate::store::{Origin, UploadEnd, UploadState};

/// What an ingest has done. All of it is on the disk.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its number in the ledger.
    pub upload: i64,
    /// Bytes of the body, after decompression.
    pub body_bytes: u64,
    /// What became of the records.
    pub counts: Counts,
}

/// An ingest that did not reach its end.
#[derive(Clone, Debug)]
pub struct Aborted {
    /// Why.
    pub error: Error,
    /// What was done before. Its records are stored, and sending them again costs nothing. `None` if the ingest is not in the
    /// ledger: it could not be entered, or its input was none that this program reads.
    pub summary: Option<Summary>,
}

/// Stores what `fill` reads: it hands full batches to the sink and leaves the rest in the batch it was given.
///
/// # Errors
///
/// [`Aborted`] if the input cannot be read to its end, or cannot be stored. Its summary counts what is stored.
pub fn ingest_with(
    origin: Origin,
    writer: &WriterHandle,
    fill: impl FnOnce(&mut Box<Batch>, &mut dyn Sink) -> Decoded,
) -> Result<Summary, Aborted> {
    let not_entered = |error| Aborted { error, summary: None };
    let session = writer.start(origin).map_err(not_entered)?;
    let mut exchange = Exchange {
        session,
        batches: writer.batches,
        spare: Spare { left: &writer.spare_batches, is_taken: false },
        made: 1,
        under_way: 0,
        empty: Vec::new(),
        large_element: writer.large_element(),
        permit: None,
        database: writer.database(),
    };
    let mut batch = Box::<Batch>::default();
    let Decoded { outcome, body_bytes } = fill(&mut batch, &mut exchange);
    // What was read before an error is stored like the rest.
    let sent = if batch.is_empty() { Ok(()) } else { exchange.send(batch) };
    let outcome = match (sent.and_then(|()| exchange.collect()), outcome) {
        (Ok(()), outcome) => outcome,
        (Err(error), _) => Err(error),
    };
    let upload = exchange.session.upload().map_err(not_entered)?;
    let end = end_of(body_bytes, &outcome);
    let is_foreign = matches!(end.state, UploadState::Foreign { .. });
    let (counts, committed) = exchange.session.finish(end);
    let is_entered = !is_foreign || counts != Counts::default();
    let summary = is_entered.then_some(Summary { upload, body_bytes, counts });
    match (outcome.and(committed), summary) {
        (Ok(()), Some(summary)) => Ok(summary),
        (Ok(()), None) => Err(not_entered(gone())),
        (Err(error), summary) => Err(Aborted { error, summary }),
    }
}

fn end_of(body_bytes: u64, outcome: &Result<Envelope>) -> UploadEnd {
    let (state, envelope, error) = match outcome {
        Ok(envelope) => (UploadState::Done, envelope.clone(), None),
        Err(error) if error.kind() == ErrorKind::Cancelled => (UploadState::Interrupted, Envelope::default(), None),
        Err(error) => {
            let is_foreign = error.kind() == ErrorKind::Shape;
            let state =
                if is_foreign { UploadState::Foreign { others_before: i64::MAX } } else { UploadState::Aborted };
            (state, Envelope::default(), Some(error.to_string()))
        }
    };
    let finished_ms = (state != UploadState::Interrupted).then(now_ms);
    UploadEnd { state, finished_ms, body_bytes, envelope, error }
}

/// A batch beyond those of each ingest: how many are left for all of them, and whether this one has one.
struct Spare<'a> {
    left: &'a AtomicUsize,
    is_taken: bool,
}

impl Spare<'_> {
    /// Takes one, if one is left.
    fn take(&mut self) -> bool {
        let is_left = || self.left.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        let takes = !self.is_taken && is_left();
        self.is_taken |= takes;
        takes
    }
}

impl Drop for Spare<'_> {
    fn drop(&mut self) {
        self.left.fetch_add(usize::from(self.is_taken), Ordering::Relaxed);
    }
}

/// Exchanges full batches for empty ones.
struct Exchange<'a> {
    session: Session,
    /// Batches that may exist.
    batches: usize,
    spare: Spare<'a>,
    /// Batches that exist, including the one that is being filled.
    made: usize,
    /// Batches that the writer has.
    under_way: usize,
    /// Batches that came back before they were needed.
    #[expect(clippy::vec_box, reason = "they go to the writer and come back in their boxes")]
    empty: Vec<Box<Batch>>,
    large_element: &'a Mutex<()>,
    permit: Option<Permit<'a>>,
    database: &'a Database,
}

impl Exchange<'_> {
    fn send(&mut self, mut batch: Box<Batch>) -> Result<()> {
        batch.sort();
        self.session.write(batch)?;
        self.under_way += 1;
        Ok(())
    }

    /// Waits for a batch to come back.
    fn receive(&mut self) -> Result<Box<Batch>> {
        self.under_way -= 1;
        let mut batch = self.session.receive()?;
        batch.trim();
        Ok(batch)
    }

    /// Waits for all batches. The first error counts.
    fn collect(&mut self) -> Result<()> {
        let mut outcome = Ok(());
        while self.under_way > 0 {
            let received = self.receive().map(|_| ());
            outcome = outcome.and(received);
        }
        outcome
    }
}

impl Sink for Exchange<'_> {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        let empty = if let Some(empty) = self.empty.pop() {
            Some(empty)
        } else if self.made < self.batches + usize::from(self.spare.is_taken) || self.spare.take() {
            self.made += 1;
            Some(Box::default())
        } else if self.under_way > 0 {
            Some(self.receive()?)
        } else {
            None
        };
        let is_large = batch.is_large();
        let is_only = empty.is_none();
        let full = std::mem::replace(batch, empty.unwrap_or_else(|| Box::new(Batch::without_memory())));
        if is_large {
            return_freed_memory();
        }
        self.send(full)?;
        if is_only {
            *batch = self.receive()?;
        }
        while is_large && self.under_way > 0 {
            let emptied = self.receive()?;
            self.empty.push(emptied);
        }
        Ok(())
    }

    fn begin_large(&mut self) {
        self.permit = Some(self.session.begin_large(self.large_element));
        // Only the batch that is filled takes memory beside the element.
        self.made -= self.empty.len();
        self.empty.clear();
        return_freed_memory();
    }

    fn end_large(&mut self) {
        self.permit = None;
    }

    fn overflow(&mut self) -> Box<dyn Overflow> {
        Box::new(SpoolOverflow::beside(self.database))
    }
}
