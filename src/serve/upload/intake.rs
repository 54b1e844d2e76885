//! Permits for uploads: how many may run at once, and which upload is aborted for another when all permits are taken.
//!
//! Only an upload that waits for its client can lose its permit. Its records so far are kept, as when a client disconnects.
//! So a few clients that trickle cannot keep out everyone else. Nor can one token: if there are several permits, it leaves one
//! to others.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::model::limits::PERMIT_WAIT;
use crate::model::lock::lock;
use crate::serve::access::auth::Sender;

/// All permits.
#[derive(Debug)]
pub(in crate::serve) struct Intake {
    permits: usize,
    free: Arc<Semaphore>,
    /// Uploads that hold a permit.
    uploads: Mutex<Vec<Arc<Upload>>>,
}

/// An upload's permit; free again when this is dropped.
#[derive(Debug)]
pub(in crate::serve) struct Permit {
    upload: Arc<Upload>,
    intake: Arc<Intake>,
    /// `None` only while this is dropped.
    permit: Option<OwnedSemaphorePermit>,
}

/// Why an upload gets no permit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Denied {
    /// All permits are taken.
    AllTaken,
    /// The sender has as many as it may have.
    SendersTaken,
}

/// An upload under way: whether it waits for its client, and whether another upload needs its permit.
#[derive(Debug)]
pub(in crate::serve) struct Upload {
    sender: Sender,
    pace: Mutex<Pace>,
    needed: Notify,
    /// Notified once the permit is free again.
    ended: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// When the client becomes too slow to keep others waiting; `None` while the server does not wait for it.
    slow_from: Option<Instant>,
    is_needed: bool,
}

/// Marks an upload's permit as needed while this lives.
struct Need(Arc<Upload>);

impl Intake {
    /// An intake for this many uploads at once.
    pub(in crate::serve) fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self {
            permits,
            free: Arc::new(Semaphore::new(permits)),
            uploads: Mutex::new(Vec::with_capacity(permits)),
        })
    }

    pub(in crate::serve) fn permits(&self) -> usize {
        self.permits
    }

    pub(in crate::serve) fn under_way(&self) -> usize {
        self.permits - self.free.available_permits()
    }

    /// Ready once no upload is under way.
    pub(in crate::serve) async fn ended(&self) {
        let all = u32::try_from(self.permits).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(all).await;
    }

    /// Returns a permit, if need be that of an upload whose client is slow. Fails if no upload waits for a slow client.
    pub(super) async fn take(self: &Arc<Self>, sender: Sender) -> Result<Permit, Denied> {
        if self.has_its_share(sender, &self.uploads()) {
            let need = self.need_slowest(Instant::now(), Some(sender)).ok_or(Denied::SendersTaken)?;
            timeout(PERMIT_WAIT, need.0.ended.notified()).await.map_err(|_| Denied::SendersTaken)?;
        }
        let permit = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                // Dropped at the end, also if another permit became free or the caller is gone.
                let _need = self.need_slowest(Instant::now(), None).ok_or(Denied::AllTaken)?;
                // The slow upload commits first. Those that wait are served before new ones.
                let freed = timeout(PERMIT_WAIT, Arc::clone(&self.free).acquire_owned()).await;
                freed.ok().and_then(Result::ok).ok_or(Denied::AllTaken)?
            }
        };
        let mut uploads = self.uploads();
        if self.has_its_share(sender, &uploads) {
            // Another request with the same token came first.
            return Err(Denied::SendersTaken);
        }
        let upload = Arc::new(Upload::of(sender));
        uploads.push(Arc::clone(&upload));
        drop(uploads);
        Ok(Permit { upload, intake: Arc::clone(self), permit: Some(permit) })
    }

    /// Whether a sender has all permits but the one that it leaves to others. Without tokens, and with one permit, each sender
    /// may have all.
    fn has_its_share(&self, sender: Sender, uploads: &[Arc<Upload>]) -> bool {
        let own = || uploads.iter().filter(|upload| upload.sender == sender).count();
        sender != Sender::Anyone && self.permits > 1 && own() + 1 >= self.permits
    }

    /// Marks the permit of the slowest upload as needed, of all uploads or of one sender's. Each permit is needed by one
    /// newcomer at a time.
    fn need_slowest(&self, now: Instant, of: Option<Sender>) -> Option<Need> {
        let uploads = self.uploads();
        let slow = uploads.iter().filter_map(|upload| Some((upload.slow_since(now)?, upload)));
        let slow = slow.filter(|(_, upload)| of.is_none_or(|sender| upload.sender == sender));
        let (_, slowest) = slow.min_by_key(|(since, _)| *since)?;
        slowest.pace().is_needed = true;
        slowest.needed.notify_one();
        Some(Need(Arc::clone(slowest)))
    }

    fn uploads(&self) -> MutexGuard<'_, Vec<Arc<Upload>>> {
        lock(&self.uploads)
    }
}

impl Permit {
    /// The upload that holds the permit.
    pub(super) fn upload(&self) -> Arc<Upload> {
        Arc::clone(&self.upload)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.intake.uploads().retain(|upload| !Arc::ptr_eq(upload, &self.upload));
        drop(self.permit.take());
        self.upload.ended.notify_one();
    }
}

impl Drop for Need {
    fn drop(&mut self) {
        self.0.pace().is_needed = false;
    }
}

impl Upload {
    fn of(sender: Sender) -> Self {
        Self { sender, pace: Mutex::default(), needed: Notify::new(), ended: Notify::new() }
    }

    /// Notes that the server waits for the client, and when the client becomes too slow.
    pub(super) fn start_waiting(&self, slow_from: Instant) {
        self.pace().slow_from = Some(slow_from);
    }

    /// Notes that the server does not wait for the client.
    pub(super) fn stop_waiting(&self) {
        self.pace().slow_from = None;
    }

    /// Ready once the client is too slow and another upload needs the permit.
    pub(super) async fn evicted(&self) {
        loop {
            self.needed.notified().await;
            let Pace { slow_from, is_needed } = *self.pace();
            if is_needed && slow_from.is_some_and(|from| from <= Instant::now()) {
                return;
            }
        }
    }

    /// Since when the client is too slow, unless the permit is already needed.
    fn slow_since(&self, now: Instant) -> Option<Instant> {
        let Pace { slow_from, is_needed } = *self.pace();
        slow_from.filter(|from| !is_needed && *from <= now)
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        lock(&self.pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    const ANYONE: Sender = Sender::Anyone;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test)
    }

    #[test]
    fn permits_are_bounded_and_become_free() {
        run(async {
            let intake = Intake::new(2);
            let first = intake.take(ANYONE).await.unwrap();
            let _second = intake.take(ANYONE).await.unwrap();
            assert_eq!((intake.under_way(), intake.take(ANYONE).await.is_err()), (2, true), "no client is slow");
            drop(first);
            assert_eq!((intake.under_way(), intake.uploads().len()), (1, 1));
            assert!(intake.take(ANYONE).await.is_ok());
        });
    }

    #[test]
    fn the_slowest_upload_is_evicted_once() {
        run(async {
            let intake = Intake::new(3);
            let now = Instant::now();
            let (busy, slow, slower) = (
                intake.take(ANYONE).await.unwrap(),
                intake.take(ANYONE).await.unwrap(),
                intake.take(ANYONE).await.unwrap(),
            );
            busy.upload().start_waiting(now + Duration::from_secs(3600));
            slow.upload().start_waiting(now);
            slower.upload().start_waiting(now - Duration::from_secs(1));
            let newcomer = tokio::spawn({
                let intake = Arc::clone(&intake);
                async move { intake.take(ANYONE).await }
            });
            slower.upload().evicted().await;
            drop(slower);
            let newcomer = newcomer.await.unwrap().expect("the freed permit");
            let another = tokio::spawn({
                let intake = Arc::clone(&intake);
                async move { intake.take(ANYONE).await }
            });
            slow.upload().evicted().await;
            // Its permit is needed already, so a third upload finds none.
            assert!(intake.take(ANYONE).await.is_err());
            drop(slow);
            assert!(another.await.unwrap().is_ok());
            drop((busy, newcomer));
            assert_eq!((intake.under_way(), intake.uploads().len()), (0, 0));
        });
    }

    fn is_evicted(upload: &Upload) -> bool {
        let mut evicted = std::pin::pin!(upload.evicted());
        evicted.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn an_upload_that_went_on_keeps_its_permit() {
        let (intake, now) = (Intake::new(1), Instant::now());
        let later = now + Duration::from_secs(3600);
        run(async {
            let permit = intake.take(ANYONE).await.unwrap();
            let upload = permit.upload();
            upload.start_waiting(now);
            let need = intake.need_slowest(now, None).unwrap();
            upload.stop_waiting();
            upload.start_waiting(later);
            assert!(!is_evicted(&upload), "not slow any more");
            assert!(intake.need_slowest(later, None).is_none(), "still needed by another");
            drop(need);
            upload.start_waiting(now);
            assert!(!is_evicted(&upload), "slow again, but not needed");
            let _need = intake.need_slowest(now, None).unwrap();
            assert!(is_evicted(&upload), "it can be needed again");
        });
    }

    #[test]
    fn an_upload_keeps_a_permit_that_is_not_needed_any_more() {
        run(async {
            let intake = Intake::new(2);
            let (slow, other) = (intake.take(ANYONE).await.unwrap(), intake.take(ANYONE).await.unwrap());
            slow.upload().start_waiting(Instant::now());
            let mut newcomer = Box::pin(intake.take(ANYONE));
            let poll = |newcomer: Pin<&mut _>| Future::poll(newcomer, &mut Context::from_waker(Waker::noop()));
            assert!(poll(newcomer.as_mut()).is_pending(), "needs the slow one's permit");
            drop(other);
            let newcomer = newcomer.await.expect("the other permit");
            assert!(!is_evicted(&slow.upload()));
            drop(newcomer);
        });
    }

    #[test]
    fn an_upload_that_does_not_wait_is_not_slow() {
        run(async {
            let intake = Intake::new(1);
            let permit = intake.take(ANYONE).await.unwrap();
            permit.upload().start_waiting(Instant::now());
            permit.upload().stop_waiting();
            assert!(intake.take(ANYONE).await.is_err());
        });
    }

    /// Takes permits for these senders one after the other, and returns which are denied.
    fn denied(permits: usize, senders: &[Sender]) -> Vec<Option<Denied>> {
        run(async {
            let intake = Intake::new(permits);
            let mut taken = Vec::new();
            for sender in senders {
                taken.push(intake.take(*sender).await);
            }
            taken.into_iter().map(Result::err).collect()
        })
    }

    #[test]
    fn a_token_leaves_a_permit_to_others() {
        let [anna, ben, file] = [Sender::Token(1), Sender::Token(2), Sender::FileToken];
        let (full, share) = (Some(Denied::AllTaken), Some(Denied::SendersTaken));
        let check = |permits: usize, senders: &[Sender], expected: &[Option<Denied>]| {
            assert_eq!(denied(permits, senders), expected, "{permits} {senders:?}");
        };
        check(1, &[anna, ben], &[None, full]);
        check(2, &[anna, anna, ben, ben], &[None, share, None, share]);
        check(2, &[file, file, anna], &[None, share, None]);
        check(3, &[anna, anna, anna, ben, ben], &[None, None, share, None, full]);
        check(3, &[ANYONE, ANYONE, ANYONE, ANYONE], &[None, None, None, full]);
    }

    /// Connections that a phone has lost hold its share until they are noticed.
    #[test]
    fn a_sender_with_its_share_evicts_its_own_slowest_upload() {
        run(async {
            let intake = Intake::new(3);
            let [anna, ben] = [Sender::Token(1), Sender::Token(2)];
            let now = Instant::now();
            let (first, second) = (intake.take(anna).await.unwrap(), intake.take(anna).await.unwrap());
            let other = intake.take(ben).await.unwrap();
            other.upload().start_waiting(now - Duration::from_secs(2));
            first.upload().start_waiting(now - Duration::from_secs(1));
            second.upload().start_waiting(now + Duration::from_secs(3600));
            let newcomer = tokio::spawn({
                let intake = Arc::clone(&intake);
                async move { intake.take(anna).await }
            });
            first.upload().evicted().await;
            assert!(!is_evicted(&other.upload()), "another sender's upload stays, though it is slower");
            drop(first);
            assert!(newcomer.await.unwrap().is_ok());
        });
    }
}
