//! Uploads under way: how many there may be, and which of them gives its turn to another when all are taken.
//!
//! An upload whose client keeps us waiting, and no other, may lose its turn to one that comes: what it sent is kept, as when a
//! client goes away. So a few clients that trickle cannot keep everyone else out.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits::{RETRY_AFTER_SECONDS, RETRY_AFTER_SECONDS_MIN, TURN_WAIT};

/// The turns that there are.
#[derive(Debug)]
pub(super) struct Intake {
    places: usize,
    free: Arc<Semaphore>,
    /// As many as turns that are taken.
    uploads: Mutex<Vec<Arc<Upload>>>,
    refused: AtomicU32,
}

/// An upload's turn; given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    upload: Arc<Upload>,
    intake: Arc<Intake>,
    _permit: OwnedSemaphorePermit,
}

/// What others may know of an upload, and tell it.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// From when on its client is too slow to keep others waiting; none while we do not wait for the client.
    is_slow_from: Mutex<Option<Instant>>,
    gives_way: Notify,
}

impl Intake {
    /// For so many uploads at once.
    pub(super) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places,
            free: Arc::new(Semaphore::new(places)),
            uploads: Mutex::new(Vec::with_capacity(places)),
            refused: AtomicU32::new(0),
        })
    }

    pub(super) fn places(&self) -> usize {
        self.places
    }

    pub(super) fn under_way(&self) -> usize {
        self.places - self.free.available_permits()
    }

    /// Ready when no upload is under way, for good.
    pub(super) async fn ended(&self) {
        let all = u32::try_from(self.places).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(all).await;
    }

    /// A turn, that of an upload whose client keeps us waiting if need be; none if all others are at work.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Turn> {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.slowest(Instant::now())?.gives_way.notify_one();
                // What it sent is committed first. Whoever waits is served before those who come now.
                timeout(TURN_WAIT, Arc::clone(&self.free).acquire_owned()).await.ok()?.ok()?
            }
        };
        let upload = Arc::new(Upload::default());
        self.uploads().push(Arc::clone(&upload));
        Some(Turn { upload, intake: Arc::clone(self), _permit: permit })
    }

    /// The upload that is waited for, and has been for longest. It is asked once.
    fn slowest(&self, now: Instant) -> Option<Arc<Upload>> {
        let mut uploads = self.uploads();
        let slow_from = |upload: &Upload| upload.slow_from().filter(|from| *from <= now);
        let slow = uploads.iter().enumerate().filter_map(|(index, upload)| Some((slow_from(upload)?, index)));
        let (_, index) = slow.min()?;
        Some(uploads.swap_remove(index))
    }

    /// Seconds that a client is asked to wait that found no turn. Another number for the next one: all at once they came, and
    /// all at once they would come again.
    pub(super) fn retry_after(&self) -> u32 {
        let refused = self.refused.fetch_add(1, Ordering::Relaxed);
        RETRY_AFTER_SECONDS_MIN + refused % (RETRY_AFTER_SECONDS - RETRY_AFTER_SECONDS_MIN + 1)
    }

    fn uploads(&self) -> MutexGuard<'_, Vec<Arc<Upload>>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The upload whose turn it is.
    pub(super) fn upload(&self) -> Arc<Upload> {
        Arc::clone(&self.upload)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.intake.uploads().retain(|upload| !Arc::ptr_eq(upload, &self.upload));
    }
}

impl Upload {
    /// Says that its client is waited for, and from when on that is too long.
    pub(super) fn waits(&self, is_slow_from: Instant) {
        *self.lock() = Some(is_slow_from);
    }

    /// Says that its client is not waited for.
    pub(super) fn is_busy(&self) {
        *self.lock() = None;
    }

    /// Ready once another takes its turn.
    pub(super) async fn gives_way(&self) {
        self.gives_way.notified().await;
    }

    fn slow_from(&self) -> Option<Instant> {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.is_slow_from.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::time::Duration;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test)
    }

    #[test]
    fn turns_are_bounded_and_come_back() {
        run(async {
            let intake = Intake::new(2);
            let first = intake.take().await.unwrap();
            let _second = intake.take().await.unwrap();
            assert_eq!((intake.under_way(), intake.take().await.is_none()), (2, true), "none keeps us waiting");
            drop(first);
            assert_eq!((intake.under_way(), intake.uploads().len()), (1, 1));
            assert!(intake.take().await.is_some());
        });
    }

    #[test]
    fn the_slowest_gives_way_and_is_asked_once() {
        run(async {
            let intake = Intake::new(3);
            let now = Instant::now();
            let (busy, slow, slower) =
                (intake.take().await.unwrap(), intake.take().await.unwrap(), intake.take().await.unwrap());
            busy.upload().waits(now + Duration::from_secs(3600));
            slow.upload().waits(now);
            slower.upload().waits(now - Duration::from_secs(1));
            let newcomer = tokio::spawn({
                let intake = Arc::clone(&intake);
                async move { intake.take().await }
            });
            slower.upload().gives_way().await;
            drop(slower);
            let newcomer = newcomer.await.unwrap().expect("the turn that was given");
            let another = tokio::spawn({
                let intake = Arc::clone(&intake);
                async move { intake.take().await }
            });
            slow.upload().gives_way().await;
            // Asked already: a third one finds nobody to ask, though this one has not gone yet.
            assert!(intake.take().await.is_none());
            drop(slow);
            assert!(another.await.unwrap().is_some());
            drop((busy, newcomer));
            assert_eq!((intake.under_way(), intake.uploads().len()), (0, 0));
        });
    }

    #[test]
    fn whom_we_do_not_wait_for_is_not_slow() {
        run(async {
            let intake = Intake::new(1);
            let turn = intake.take().await.unwrap();
            turn.upload().waits(Instant::now());
            turn.upload().is_busy();
            assert!(intake.take().await.is_none());
        });
    }

    #[test]
    fn clients_are_asked_to_come_back_at_different_times() {
        let intake = Intake::new(1);
        let asked: Vec<u32> = (0..200).map(|_| intake.retry_after()).collect();
        let all: BTreeSet<u32> = asked.iter().copied().collect();
        assert_eq!(all, (RETRY_AFTER_SECONDS_MIN..=RETRY_AFTER_SECONDS).collect());
        let most = all.iter().map(|seconds| asked.iter().filter(|asked| *asked == seconds).count()).max();
        assert!(most <= Some(200 / all.len() + 1), "{most:?}");
    }
}
