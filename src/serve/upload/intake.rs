//! Permits for uploads: how many may run at once, which upload waits for one, and which is aborted for another.
//!
//! At most [`UPLOADS_WAITING_MAX`] uploads wait. A free permit goes to the sender with the fewest running uploads, and among
//! those to the upload that came first. A full queue drops the last upload of the sender that has the most in it. So one token
//! can keep nobody else out. If there are several permits, it leaves one to others.
//!
//! Only an upload that waits for its client can lose its permit. Its records so far are kept, as when a client disconnects.
//! So a few clients that trickle cannot keep out everyone else.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::model::limits::{PERMIT_LOOK_INTERVAL, PERMIT_WAIT, UPLOAD_PAUSE, UPLOADS_WAITING_MAX, ZSTD_BODIES_MAX};
use crate::model::lock::lock;
use crate::serve::access::auth::Sender;

/// All permits.
#[derive(Debug)]
pub(in crate::serve) struct Intake {
    permits: usize,
    uploads: Mutex<Uploads>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct Uploads {
    running: Vec<Arc<Upload>>,
    /// The first to come first.
    waiting: Vec<Arc<Upload>>,
}

/// An upload's place among those that run or wait; free again when this is dropped.
#[derive(Debug)]
pub(in crate::serve) struct Permit {
    upload: Arc<Upload>,
    intake: Arc<Intake>,
}

/// Conditions of an upload beside a permit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Window {
    Small,
    /// That of a zstd body, of which there are [`ZSTD_BODIES_MAX`].
    Wide,
}

/// Why an upload gets no permit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Denied {
    /// All permits are taken, or all windows.
    AllTaken,
    /// The sender has as many as it may have.
    SendersTaken,
    /// The server is stopping.
    Stopping,
}

/// An upload under way: whether it waits for its client, and whether another upload needs its permit.
#[derive(Debug)]
pub(in crate::serve) struct Upload {
    sender: Sender,
    window: Window,
    pace: Mutex<Pace>,
    needed: Notify,
    /// Notified when it no longer waits for a permit.
    left_queue: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    /// `None` while the server does not wait for the client.
    wait: Option<Wait>,
    is_needed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    since: Instant,
    /// When the client becomes too slow to keep others waiting.
    slow_from: Instant,
}

/// Marks an upload's permit as needed while this lives.
struct Need(Arc<Upload>);

impl Intake {
    /// An intake for this many uploads at once.
    pub(in crate::serve) fn new(permits: usize) -> Arc<Self> {
        Arc::new(Self { permits, uploads: Mutex::default(), ended: Notify::new() })
    }

    pub(in crate::serve) fn permits(&self) -> usize {
        self.permits
    }

    pub(in crate::serve) fn under_way(&self) -> usize {
        self.uploads().running.len()
    }

    /// Whether an upload is under way that does not wait for its client, or does only for a moment.
    pub(in crate::serve) fn is_at_work(&self) -> bool {
        self.uploads().running.iter().any(|upload| upload.is_at_work())
    }

    /// Uploads that wait for a permit.
    pub(in crate::serve) fn waiting(&self) -> usize {
        self.uploads().waiting.len()
    }

    /// Ready once no upload is under way.
    pub(in crate::serve) async fn ended(&self) {
        while self.under_way() > 0 {
            self.ended.notified().await;
        }
    }

    /// Returns a permit once it is this upload's turn, if need be that of an upload whose client is slow.
    pub(super) async fn take(self: &Arc<Self>, sender: Sender, window: Window) -> Result<Permit, Denied> {
        let permit = self.enter(Upload::of(sender, window));
        let (upload, began) = (&permit.upload, Instant::now());
        // Dropped at the end, also if another permit became free or the caller is gone.
        let mut need = None;
        loop {
            let left = PERMIT_WAIT.saturating_sub(began.elapsed());
            match self.place_of(upload) {
                Place::Running => return Ok(permit),
                Place::Waiting if !left.is_zero() => {}
                Place::Waiting | Place::Nowhere => return Err(self.uploads().denial(upload, self.permits)),
            }
            // The one that was needed may have ended for another, or may have gone on.
            drop(need.take());
            need = self.need_slowest(Instant::now(), upload);
            let _ = timeout(left.min(PERMIT_LOOK_INTERVAL), upload.left_queue.notified()).await;
        }
    }

    /// Lets an upload of an unknown sender run, for tests of others.
    #[cfg(test)]
    pub(in crate::serve) fn enter_unnamed(self: &Arc<Self>) -> Permit {
        self.enter(Upload::of(Sender::Anyone, Window::Small))
    }

    /// Has all uploads wait for their clients, for tests of others.
    #[cfg(test)]
    pub(in crate::serve) fn wait_for_clients(&self) {
        let since = Instant::now().checked_sub(UPLOAD_PAUSE);
        let wait = since.map(|since| Wait { since, slow_from: Instant::now() });
        self.uploads().running.iter().for_each(|upload| upload.pace().wait = wait);
    }

    /// Puts an upload into the queue, or lets it run at once.
    fn enter(self: &Arc<Self>, upload: Arc<Upload>) -> Permit {
        let mut uploads = self.uploads();
        uploads.waiting.push(Arc::clone(&upload));
        uploads.start(self.permits);
        if uploads.waiting.len() > UPLOADS_WAITING_MAX {
            uploads.drop_one();
        }
        drop(uploads);
        Permit { upload, intake: Arc::clone(self) }
    }

    fn place_of(&self, upload: &Arc<Upload>) -> Place {
        let uploads = self.uploads();
        let is_in = |list: &[Arc<Upload>]| list.iter().any(|other| Arc::ptr_eq(other, upload));
        if is_in(&uploads.running) {
            Place::Running
        } else if is_in(&uploads.waiting) {
            Place::Waiting
        } else {
            Place::Nowhere
        }
    }

    /// Marks the permit of the slowest upload as needed, of those whose end lets another one run. Each permit is needed by one
    /// newcomer at a time.
    fn need_slowest(&self, now: Instant, by: &Upload) -> Option<Need> {
        let uploads = self.uploads();
        let (has_share, has_window) = (uploads.has_share(by.sender, self.permits), uploads.has_window(by.window));
        let helps = |upload: &Upload| {
            (!has_share || upload.sender == by.sender) && (has_window || upload.window == Window::Wide)
        };
        let slow = uploads.running.iter().filter(|upload| helps(upload));
        let slow = slow.filter_map(|upload| Some((upload.slow_since(now)?, upload)));
        let (_, slowest) = slow.min_by_key(|(since, _)| *since)?;
        slowest.pace().is_needed = true;
        slowest.needed.notify_one();
        Some(Need(Arc::clone(slowest)))
    }

    fn uploads(&self) -> MutexGuard<'_, Uploads> {
        lock(&self.uploads)
    }
}

/// Where an upload is.
enum Place {
    Running,
    Waiting,
    /// It was dropped from the queue.
    Nowhere,
}

impl Uploads {
    /// Starts uploads that wait, as far as permits are free.
    fn start(&mut self, permits: usize) {
        while let Some(next) = self.next(permits) {
            let upload = self.waiting.remove(next);
            upload.left_queue.notify_one();
            self.running.push(upload);
        }
    }

    /// Returns the index of the upload that gets the next permit.
    fn next(&self, permits: usize) -> Option<usize> {
        if self.running.len() >= permits {
            return None;
        }
        let may_run = |upload: &Upload| !self.has_share(upload.sender, permits) && self.has_window(upload.window);
        let waiting = self.waiting.iter().enumerate().filter(|(_, upload)| may_run(upload));
        // Of equals, this is the first.
        waiting.min_by_key(|(_, upload)| number_of(&self.running, upload.sender)).map(|(index, _)| index)
    }

    /// Drops the last upload of the sender that has the most in the queue.
    fn drop_one(&mut self) {
        let waiting = self.waiting.iter().enumerate();
        // Of equals, this is the last.
        let last = waiting.max_by_key(|(_, upload)| number_of(&self.waiting, upload.sender)).map(|(index, _)| index);
        if let Some(last) = last {
            self.waiting.remove(last).left_queue.notify_one();
        }
    }

    /// Whether a sender has all permits but the one that it leaves to others. Without tokens, and with one permit, each sender
    /// may have all.
    fn has_share(&self, sender: Sender, permits: usize) -> bool {
        sender != Sender::Anyone && permits > 1 && number_of(&self.running, sender) + 1 >= permits
    }

    /// Whether there is a window for another upload that needs it.
    fn has_window(&self, window: Window) -> bool {
        let taken = || self.running.iter().filter(|upload| upload.window == Window::Wide).count();
        window == Window::Small || taken() < ZSTD_BODIES_MAX
    }

    /// Why an upload has not got a permit.
    fn denial(&self, upload: &Upload, permits: usize) -> Denied {
        if self.has_share(upload.sender, permits) { Denied::SendersTaken } else { Denied::AllTaken }
    }
}

fn number_of(uploads: &[Arc<Upload>], sender: Sender) -> usize {
    uploads.iter().filter(|upload| upload.sender == sender).count()
}

impl Permit {
    /// The upload that holds the permit.
    pub(super) fn upload(&self) -> Arc<Upload> {
        Arc::clone(&self.upload)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut uploads = self.intake.uploads();
        let is_other = |upload: &Arc<Upload>| !Arc::ptr_eq(upload, &self.upload);
        uploads.running.retain(is_other);
        uploads.waiting.retain(is_other);
        uploads.start(self.intake.permits);
        drop(uploads);
        self.intake.ended.notify_one();
    }
}

impl Drop for Need {
    fn drop(&mut self) {
        self.0.pace().is_needed = false;
    }
}

impl Upload {
    fn of(sender: Sender, window: Window) -> Arc<Self> {
        let (needed, left_queue) = (Notify::new(), Notify::new());
        Arc::new(Self { sender, window, pace: Mutex::default(), needed, left_queue })
    }

    /// Notes that the server waits for the client, and when the client becomes too slow.
    pub(super) fn start_waiting(&self, slow_from: Instant) {
        self.pace().wait = Some(Wait { since: Instant::now(), slow_from });
    }

    /// Notes that the server does not wait for the client.
    pub(super) fn stop_waiting(&self) {
        self.pace().wait = None;
    }

    /// Ready once the client is too slow and another upload needs the permit.
    pub(super) async fn evicted(&self) {
        loop {
            self.needed.notified().await;
            let Pace { wait, is_needed } = *self.pace();
            if is_needed && wait.is_some_and(|wait| wait.slow_from <= Instant::now()) {
                return;
            }
        }
    }

    /// Between two frames of a fast client there are moments without work.
    fn is_at_work(&self) -> bool {
        self.pace().wait.is_none_or(|wait| wait.since.elapsed() < UPLOAD_PAUSE)
    }

    /// Since when the client is too slow, unless the permit is already needed.
    fn slow_since(&self, now: Instant) -> Option<Instant> {
        let Pace { wait, is_needed } = *self.pace();
        wait.map(|wait| wait.slow_from).filter(|from| !is_needed && *from <= now)
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
    const ANNA: Sender = Sender::Token(1);
    const BEN: Sender = Sender::Token(2);
    const CARA: Sender = Sender::Token(3);

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test)
    }

    #[test]
    fn a_fast_client_is_at_work_between_two_frames() {
        let intake = Intake::new(1);
        assert!(!intake.is_at_work());
        let permit = intake.enter_unnamed();
        assert!(intake.is_at_work());
        let later = Instant::now() + Duration::from_secs(3600);
        permit.upload().pace().wait = Some(Wait { since: later, slow_from: later });
        assert!(intake.is_at_work());
        intake.wait_for_clients();
        assert!(!intake.is_at_work());
        permit.upload().stop_waiting();
        assert!(intake.is_at_work());
    }

    /// An upload that asks for a permit.
    type Asking<'a> = Pin<Box<dyn Future<Output = Result<Permit, Denied>> + 'a>>;

    /// Its outcome, if it has one by now.
    fn outcome(asking: &mut Asking<'_>) -> Option<Result<Permit, Denied>> {
        match asking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }

    /// Asks for a permit, and returns it or the upload that waits for one.
    fn ask(intake: &Arc<Intake>, sender: Sender, window: Window) -> Result<Permit, Asking<'_>> {
        let mut asking: Asking<'_> = Box::pin(intake.take(sender, window));
        match outcome(&mut asking) {
            Some(outcome) => Ok(outcome.unwrap()),
            None => Err(asking),
        }
    }

    fn take(intake: &Arc<Intake>, sender: Sender) -> Permit {
        ask(intake, sender, Window::Small).ok().expect("a permit is free")
    }

    fn wait(intake: &Arc<Intake>, sender: Sender) -> Asking<'_> {
        ask(intake, sender, Window::Small).expect_err("no permit is free")
    }

    fn is_evicted(upload: &Upload) -> bool {
        let mut evicted = std::pin::pin!(upload.evicted());
        evicted.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn permits_are_bounded_and_become_free() {
        run(async {
            let intake = Intake::new(2);
            let (first, _second) = (take(&intake, ANYONE), take(&intake, ANYONE));
            let mut third = wait(&intake, ANYONE);
            assert_eq!((intake.under_way(), intake.waiting()), (2, 1), "no client is slow");
            drop(first);
            let third = outcome(&mut third).unwrap().unwrap();
            assert_eq!((intake.under_way(), intake.waiting()), (2, 0));
            drop(third);
            assert_eq!(intake.under_way(), 1);
        });
    }

    #[test]
    fn uploads_are_served_in_the_order_in_which_they_came() {
        run(async {
            let intake = Intake::new(1);
            let mut running = take(&intake, ANYONE);
            let mut waiting: Vec<_> = (0..UPLOADS_WAITING_MAX).map(|_| wait(&intake, ANYONE)).collect();
            let full = outcome(&mut (Box::pin(intake.take(ANYONE, Window::Small)) as Asking<'_>));
            assert_eq!(full.unwrap().unwrap_err(), Denied::AllTaken, "the queue is full");
            while !waiting.is_empty() {
                drop(running);
                let mut first = waiting.remove(0);
                assert!(waiting.iter_mut().all(|later| outcome(later).is_none()));
                running = outcome(&mut first).unwrap().unwrap();
            }
        });
    }

    #[test]
    fn an_upload_that_is_gone_leaves_the_queue() {
        run(async {
            let intake = Intake::new(1);
            let running = take(&intake, ANYONE);
            let (gone, mut next) = (wait(&intake, ANYONE), wait(&intake, ANYONE));
            drop(gone);
            drop(running);
            assert!(outcome(&mut next).is_some());
        });
    }

    #[test]
    fn a_token_leaves_a_permit_to_others() {
        let check = |permits: usize, senders: &[Sender], expected: &[bool]| {
            run(async {
                let intake = Intake::new(permits);
                let asked: Vec<_> = senders.iter().map(|sender| ask(&intake, *sender, Window::Small)).collect();
                let taken: Vec<bool> = asked.iter().map(Result::is_ok).collect();
                assert_eq!(taken, expected, "{permits} {senders:?}");
            });
        };
        check(1, &[ANNA, BEN], &[true, false]);
        check(2, &[ANNA, ANNA, BEN, BEN], &[true, false, true, false]);
        check(2, &[Sender::FileToken, Sender::FileToken, ANNA], &[true, false, true]);
        check(3, &[ANNA, ANNA, ANNA, BEN, BEN], &[true, true, false, true, false]);
        check(3, &[ANYONE, ANYONE, ANYONE, ANYONE], &[true, true, true, false]);
    }

    #[test]
    fn the_sender_with_the_fewest_uploads_is_served_first() {
        run(async {
            let intake = Intake::new(3);
            let (first, second, third) = (take(&intake, ANNA), take(&intake, ANNA), take(&intake, BEN));
            let (mut annas, mut bens, mut caras) = (wait(&intake, ANNA), wait(&intake, BEN), wait(&intake, CARA));
            drop(second);
            let caras = outcome(&mut caras).unwrap().unwrap();
            assert!(outcome(&mut annas).is_none() && outcome(&mut bens).is_none());
            drop(third);
            let bens = outcome(&mut bens).unwrap().unwrap();
            drop(caras);
            assert!(outcome(&mut annas).is_some());
            drop((first, bens));
        });
    }

    #[test]
    fn one_token_does_not_fill_the_queue() {
        run(async {
            let intake = Intake::new(1);
            let running = take(&intake, ANNA);
            let mut annas: Vec<_> = (0..UPLOADS_WAITING_MAX).map(|_| wait(&intake, ANNA)).collect();
            let mut bens = wait(&intake, BEN);
            let dropped: Vec<bool> = annas.iter_mut().map(|asking| outcome(asking).is_some()).collect();
            let last = UPLOADS_WAITING_MAX - 1;
            assert_eq!(dropped.iter().position(|is_dropped| *is_dropped), Some(last), "the last one: {dropped:?}");
            drop(annas.pop());
            drop(running);
            let first = outcome(&mut annas[0]).unwrap().unwrap();
            assert!(outcome(&mut bens).is_none(), "it came later");
            drop((first, annas));
            assert!(outcome(&mut bens).is_some());
        });
    }

    #[test]
    fn a_zstd_body_waits_for_the_window_and_keeps_nobody_else_waiting() {
        run(async {
            let intake = Intake::new(4);
            let wide: Vec<_> = (0..ZSTD_BODIES_MAX).map(|_| ask(&intake, ANNA, Window::Wide).ok().unwrap()).collect();
            let mut next = ask(&intake, BEN, Window::Wide).expect_err("no window is free");
            let small = take(&intake, CARA);
            assert!(outcome(&mut next).is_none());
            small.upload().start_waiting(Instant::now());
            wide[0].upload().start_waiting(Instant::now());
            let need = intake.need_slowest(Instant::now(), &Upload::of(BEN, Window::Wide)).unwrap();
            assert!(Arc::ptr_eq(&need.0, &wide[0].upload()), "its end frees a window");
            drop(wide);
            assert!(outcome(&mut next).is_some());
        });
    }

    #[test]
    fn the_slowest_upload_is_evicted_once() {
        run(async {
            let intake = Intake::new(3);
            let now = Instant::now();
            let (busy, slow, slower) = (take(&intake, ANYONE), take(&intake, ANYONE), take(&intake, ANYONE));
            busy.upload().start_waiting(now + Duration::from_secs(3600));
            slow.upload().start_waiting(now);
            slower.upload().start_waiting(now - Duration::from_secs(1));
            let mut newcomer = wait(&intake, ANYONE);
            assert!(is_evicted(&slower.upload()) && !is_evicted(&slow.upload()));
            let mut another = wait(&intake, ANYONE);
            assert!(is_evicted(&slow.upload()));
            let _third = wait(&intake, ANYONE);
            assert!(!is_evicted(&busy.upload()));
            drop(slower);
            let _newcomer = outcome(&mut newcomer).unwrap().unwrap();
            drop(slow);
            let _another = outcome(&mut another).unwrap().unwrap();
        });
    }

    /// It becomes slow while another one waits.
    #[test]
    fn an_upload_that_becomes_slow_is_evicted() {
        run(async {
            let intake = Intake::new(1);
            let slow = take(&intake, ANYONE);
            let newcomer = tokio::spawn({
                let intake = Arc::clone(&intake);
                async move { intake.take(ANYONE, Window::Small).await }
            });
            while intake.waiting() == 0 {
                tokio::task::yield_now().await;
            }
            slow.upload().start_waiting(Instant::now());
            slow.upload().evicted().await;
            drop(slow);
            assert!(newcomer.await.unwrap().is_ok());
        });
    }

    #[test]
    fn an_upload_that_went_on_keeps_its_permit() {
        let (intake, now) = (Intake::new(1), Instant::now());
        let later = now + Duration::from_secs(3600);
        run(async {
            let permit = take(&intake, ANYONE);
            let (upload, by) = (permit.upload(), Upload::of(ANYONE, Window::Small));
            upload.start_waiting(now);
            let need = intake.need_slowest(now, &by).unwrap();
            upload.stop_waiting();
            upload.start_waiting(later);
            assert!(!is_evicted(&upload), "not slow any more");
            assert!(intake.need_slowest(later, &by).is_none(), "still needed by another");
            drop(need);
            upload.start_waiting(now);
            assert!(!is_evicted(&upload), "slow again, but not needed");
            let _need = intake.need_slowest(now, &by).unwrap();
            assert!(is_evicted(&upload), "it can be needed again");
        });
    }

    #[test]
    fn an_upload_keeps_a_permit_that_is_not_needed_any_more() {
        run(async {
            let intake = Intake::new(2);
            let (slow, other) = (take(&intake, ANYONE), take(&intake, ANYONE));
            slow.upload().start_waiting(Instant::now());
            let mut newcomer = wait(&intake, ANYONE);
            drop(other);
            let newcomer = outcome(&mut newcomer).unwrap().expect("the other permit");
            drop(newcomer);
            assert!(!is_evicted(&slow.upload()));
        });
    }

    #[test]
    fn an_upload_that_does_not_wait_is_not_slow() {
        run(async {
            let intake = Intake::new(1);
            let permit = take(&intake, ANYONE);
            permit.upload().start_waiting(Instant::now());
            permit.upload().stop_waiting();
            let _newcomer = wait(&intake, ANYONE);
            assert!(!is_evicted(&permit.upload()));
        });
    }

    /// Connections that a phone has lost hold its share until they are noticed.
    #[test]
    fn a_sender_with_its_share_evicts_its_own_slowest_upload() {
        run(async {
            let intake = Intake::new(3);
            let now = Instant::now();
            let (first, second, other) = (take(&intake, ANNA), take(&intake, ANNA), take(&intake, BEN));
            other.upload().start_waiting(now - Duration::from_secs(2));
            first.upload().start_waiting(now - Duration::from_secs(1));
            second.upload().start_waiting(now + Duration::from_secs(3600));
            let mut newcomer = wait(&intake, ANNA);
            assert!(is_evicted(&first.upload()));
            assert!(!is_evicted(&other.upload()), "another sender's upload stays, though it is slower");
            drop(first);
            assert!(outcome(&mut newcomer).unwrap().is_ok());
        });
    }
}
