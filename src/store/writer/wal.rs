//! When the WAL is moved into the database, and when it has grown to its limit.

use std::time::Instant;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{CHECKPOINT_WAIT, WAL_KEEP_BYTES};
use crate::store::{AutoCheckpoint, Checkpoint, Store};

/// What the writer knows of the WAL.
#[derive(Debug)]
pub(super) struct WalWatch {
    bytes_max: u64,
    backlog: Backlog,
    space: Space,
    warned: Warned,
    auto_checkpoint: AutoCheckpoint,
    /// When the writer last waited for readers.
    waited: Option<Instant>,
}

/// Commits that are only in the WAL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Backlog {
    Nothing,
    Some,
    /// A reader or a full disk prevented the last move.
    Held,
}

/// The space that the WAL takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Space {
    Enough,
    /// Others need the space.
    ToBeCut,
    /// It is at its limit: no new rows.
    Full,
}

/// What has been logged and is not logged again until it is over.
#[derive(Clone, Copy, Debug, Default)]
struct Warned {
    growth: bool,
    failure: bool,
}

impl WalWatch {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            backlog: Backlog::Nothing,
            space: Space::Enough,
            warned: Warned::default(),
            auto_checkpoint: AutoCheckpoint::On,
            waited: None,
        }
    }

    pub(super) fn backlog(&self) -> Backlog {
        self.backlog
    }

    /// Before a commit: no answer waits for a checkpoint, which writes thousands of pages and waits for the disk twice.
    pub(super) fn prepare_commit(&mut self, store: &mut Store, is_awaited: bool) {
        let wanted = if is_awaited { AutoCheckpoint::Off } else { AutoCheckpoint::On };
        if self.auto_checkpoint != wanted && store.set_auto_checkpoint(wanted).is_ok() {
            self.auto_checkpoint = wanted;
        }
    }

    /// Notes that something was committed.
    pub(super) fn note_commit(&mut self) {
        if self.backlog == Backlog::Nothing {
            self.backlog = Backlog::Some;
        }
    }

    /// Gives the space of an undone transaction back: a smaller upload could use it, and others on this disk.
    pub(super) fn give_back(&mut self, store: &mut Store) {
        if self.space == Space::Enough {
            self.space = Space::ToBeCut;
        }
        self.move_into_database(store);
    }

    /// Moves the WAL into the database, as far as readers and the disk allow.
    pub(super) fn move_into_database(&mut self, store: &mut Store) {
        let is_to_be_cut = self.space != Space::Enough || store.check_files().is_ok_and(|bytes| bytes > WAL_KEEP_BYTES);
        let is_whole = self.checkpoint(store, if is_to_be_cut { Checkpoint::Cut } else { Checkpoint::Move });
        self.backlog = if is_whole { Backlog::Nothing } else { Backlog::Held };
    }

    /// After a commit and its answers: checks whether the WAL has grown to its limit.
    pub(super) fn check_growth(&mut self, store: &mut Store, bytes: u64) {
        if bytes > WAL_KEEP_BYTES && self.auto_checkpoint == AutoCheckpoint::Off {
            self.checkpoint(store, Checkpoint::Move);
        }
        if bytes <= self.long_bytes() || self.checkpoint(store, Checkpoint::Cut) {
            if self.space == Space::Full {
                self.space = Space::Enough;
            }
            return;
        }
        if !self.warned.growth {
            let limit_bytes = self.bytes_max;
            tracing::warn!(
                bytes,
                limit_bytes,
                "the WAL grows because a program that reads the database does not end; at its limit uploads are refused"
            );
            self.warned.growth = true;
        }
        if bytes <= self.bytes_max || self.wait_for_readers(store) {
            if self.space == Space::Full {
                self.space = Space::Enough;
            }
        } else {
            self.space = Space::Full;
        }
    }

    /// Fails if the WAL has no room for rows. At its limit it is checked again whether the reader has ended, unless a
    /// transaction is open.
    pub(super) fn check_room(&mut self, store: &mut Store, is_in_transaction: bool) -> Result<()> {
        if self.space != Space::Full || !is_in_transaction && self.wait_for_readers(store) {
            return Ok(());
        }
        let message = format!(
            "the WAL is at its limit of {} MiB because a program that reads the database does not end; end that \
             program and try again",
            self.bytes_max >> 20
        );
        Err(Error::new(ErrorKind::Busy, message))
    }

    /// The length from which a checkpoint is tried after each commit, to see whether a reader prevents it.
    fn long_bytes(&self) -> u64 {
        (self.bytes_max / 4).max(WAL_KEEP_BYTES).min(self.bytes_max)
    }

    fn checkpoint(&mut self, store: &mut Store, wanted: Checkpoint) -> bool {
        let outcome = store.checkpoint(wanted);
        if let Err(error) = &outcome
            && !self.warned.failure
        {
            tracing::warn!(%error, "could not move the WAL into the database; it is retried");
            self.warned.failure = true;
        }
        let is_whole = outcome.unwrap_or(false);
        if is_whole {
            self.warned = Warned::default();
        }
        if is_whole && wanted != Checkpoint::Move {
            if self.space == Space::Full {
                tracing::info!("the WAL is free again; uploads are accepted");
            }
            self.space = Space::Enough;
        }
        is_whole
    }

    /// Waits for readers that end by themselves: short ones that overlap leave no moment without a reader. Uploads wait
    /// meanwhile, so this is done only once in a while.
    fn wait_for_readers(&mut self, store: &mut Store) -> bool {
        if self.waited.is_some_and(|waited| waited.elapsed() < 2 * CHECKPOINT_WAIT) {
            return self.checkpoint(store, Checkpoint::Cut);
        }
        let is_whole = self.checkpoint(store, Checkpoint::CutPatiently);
        self.waited = Some(Instant::now());
        is_whole
    }
}
