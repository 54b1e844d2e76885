//! Uploads under way: how many there may be, and which of them gives its turn to another when all are taken.
//!
//! An upload whose client keeps us waiting, and no other, may lose its turn to one that comes: what it sent is kept, as when a
//! client goes away. So a few clients that trickle cannot keep everyone else out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::model::limits::TURN_WAIT;

/// The turns that there are.
#[derive(Debug)]
pub(in crate::serve) struct Intake {
    places: usize,
    free: Arc<Semaphore>,
    /// Those that have a turn.
    uploads: Mutex<Vec<Arc<Upload>>>,
}

/// An upload's turn; given back when dropped.
#[derive(Debug)]
pub(in crate::serve) struct Turn {
    upload: Arc<Upload>,
    intake: Arc<Intake>,
    _permit: OwnedSemaphorePermit,
}

/// What others may know of an upload, and tell it.
#[derive(Debug, Default)]
pub(in crate::serve) struct Upload {
    pace: Mutex<Pace>,
    gives_way: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// From when on its client is too slow to keep others waiting; none while we do not wait for the client.
    is_slow_from: Option<Instant>,
    /// Another waits for its turn.
    is_asked: bool,
}

/// An upload that is asked for its turn, for as long as this lives.
struct Asked(Arc<Upload>);

impl Intake {
    /// For so many uploads at once.
    pub(in crate::serve) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            places,
            free: Arc::new(Semaphore::new(places)),
            uploads: Mutex::new(Vec::with_capacity(places)),
        })
    }

    pub(in crate::serve) fn places(&self) -> usize {
        self.places
    }

    pub(in crate::serve) fn under_way(&self) -> usize {
        self.places - self.free.available_permits()
    }

    /// Ready when no upload is under way, for good.
    pub(in crate::serve) async fn ended(&self) {
        let all = u32::try_from(self.places).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(all).await;
    }

    /// A turn, that of an upload whose client keeps us waiting if need be; none if all others are at work.
    pub(in crate::serve) async fn take(self: &Arc<Self>) -> Option<Turn> {
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                // Taken back at the end, also if another turn came free, or if whoever asked has gone.
                let _asked = self.ask_slowest(Instant::now())?;
                // What it sent is committed first. Whoever waits is served before those who come now.
                timeout(TURN_WAIT, Arc::clone(&self.free).acquire_owned()).await.ok()?.ok()?
            }
        };
        let upload = Arc::new(Upload::default());
        self.uploads().push(Arc::clone(&upload));
        Some(Turn { upload, intake: Arc::clone(self), _permit: permit })
    }

    /// Asks the upload that is waited for, and has been for longest. One asks it at a time.
    fn ask_slowest(&self, now: Instant) -> Option<Asked> {
        let uploads = self.uploads();
        let slow = uploads.iter().filter_map(|upload| Some((upload.slow_from(now)?, upload)));
        let (_, slowest) = slow.min_by_key(|(from, _)| *from)?;
        slowest.pace().is_asked = true;
        slowest.gives_way.notify_one();
        Some(Asked(Arc::clone(slowest)))
    }

    fn uploads(&self) -> MutexGuard<'_, Vec<Arc<Upload>>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The upload whose turn it is.
    pub(in crate::serve) fn upload(&self) -> Arc<Upload> {
        Arc::clone(&self.upload)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.intake.uploads().retain(|upload| !Arc::ptr_eq(upload, &self.upload));
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.pace().is_asked = false;
    }
}

impl Upload {
    /// Says that its client is waited for, and from when on that is too long.
    pub(in crate::serve) fn waits(&self, is_slow_from: Instant) {
        self.pace().is_slow_from = Some(is_slow_from);
    }

    /// Says that its client is not waited for.
    pub(in crate::serve) fn is_busy(&self) {
        self.pace().is_slow_from = None;
    }

    /// Ready once another takes its turn; not if it has gone on since it was asked, or if nobody waits for it any more.
    pub(in crate::serve) async fn gives_way(&self) {
        loop {
            self.gives_way.notified().await;
            let Pace { is_slow_from, is_asked } = *self.pace();
            if is_asked && is_slow_from.is_some_and(|from| from <= Instant::now()) {
                return;
            }
        }
    }

    /// Since when it is too slow, if it is, and nobody has asked it yet.
    fn slow_from(&self, now: Instant) -> Option<Instant> {
        let Pace { is_slow_from, is_asked } = *self.pace();
        is_slow_from.filter(|from| !is_asked && *from <= now)
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};
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

    /// Whether it is told now to give its turn to another.
    fn gives_way(upload: &Upload) -> bool {
        let mut gives_way = std::pin::pin!(upload.gives_way());
        gives_way.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn one_that_went_on_since_it_was_asked_keeps_its_turn() {
        let (intake, now) = (Intake::new(1), Instant::now());
        let later = now + Duration::from_secs(3600);
        run(async {
            let turn = intake.take().await.unwrap();
            let upload = turn.upload();
            upload.waits(now);
            let asked = intake.ask_slowest(now).unwrap();
            upload.is_busy();
            upload.waits(later);
            assert!(!gives_way(&upload), "it is not slow any more");
            assert!(intake.ask_slowest(later).is_none(), "somebody waits for it still");
            drop(asked);
            upload.waits(now);
            assert!(!gives_way(&upload), "slow again, but nobody waits for it");
            let _asked = intake.ask_slowest(now).unwrap();
            assert!(gives_way(&upload), "it can be asked again");
        });
    }

    #[test]
    fn one_that_is_not_waited_for_any_more_keeps_its_turn() {
        run(async {
            let intake = Intake::new(2);
            let (slow, other) = (intake.take().await.unwrap(), intake.take().await.unwrap());
            slow.upload().waits(Instant::now());
            let mut newcomer = Box::pin(intake.take());
            let poll = |newcomer: Pin<&mut _>| Future::poll(newcomer, &mut Context::from_waker(Waker::noop()));
            assert!(poll(newcomer.as_mut()).is_pending(), "asks the slow one");
            drop(other);
            let newcomer = newcomer.await.expect("the other turn");
            assert!(!gives_way(&slow.upload()));
            drop(newcomer);
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
}
