//! Slots for connections. When all are taken, a new connection evicts an idle one: of the address with the most connections,
//! the one that has been idle for longest. A connection with a request under way is never evicted.
//!
//! So a thousand silent connections block nobody. A new connection always gets [`CONNECTION_GRACE`] to send its request.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::model::limits::{CONNECTION_GRACE, STAYING_CONNECTIONS_MAX};
use crate::model::lock::lock;
use crate::serve::network::subscriber;

/// All slots.
#[derive(Debug)]
pub(in crate::serve) struct Slots {
    max: usize,
    taken: Mutex<Vec<Arc<Held>>>,
    freed: Notify,
}

/// A connection's slot; free again when this is dropped.
#[derive(Debug)]
pub(in crate::serve) struct Slot {
    held: Arc<Held>,
    slots: Arc<Slots>,
}

/// Marks a request as under way while this lives.
#[derive(Debug)]
pub(in crate::serve) struct UnderWay(Arc<Held>);

#[derive(Debug)]
struct Held {
    address: IpAddr,
    load: watch::Sender<Load>,
    is_evicted: AtomicBool,
    evicted: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Load {
    requests: usize,
    /// When the last request ended; counts only while there are no requests.
    idle_since: Instant,
}

impl Slots {
    pub(in crate::serve) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, taken: Mutex::new(Vec::with_capacity(max)), freed: Notify::new() })
    }

    /// Ready once a slot is free or can be freed.
    pub(in crate::serve) async fn available(&self) {
        let asked = Instant::now();
        while let Some(wait) = self.wait_left(asked, Instant::now()) {
            let _ = timeout(wait, self.freed.notified()).await;
        }
    }

    /// How long a caller that waits since `asked` still has to wait, at least; `None` if a slot is available. Connections that
    /// keep sending requests can make it wait for the grace, but not longer.
    fn wait_left(&self, asked: Instant, now: Instant) -> Option<Duration> {
        let taken = self.taken();
        if staying(&taken).count() < taken.len() {
            // An evicted connection holds its descriptor and memory until its task has run.
            return Some(CONNECTION_GRACE);
        }
        if staying(&taken).count() < self.max {
            return None;
        }
        let since = first_to_evict(&taken).and_then(Held::idle_since).map(|since| since.min(asked));
        let wait = since.map(|since| CONNECTION_GRACE.saturating_sub(now.saturating_duration_since(since)));
        Some(wait.unwrap_or(CONNECTION_GRACE)).filter(|wait| !wait.is_zero())
    }

    /// Takes a slot. If none is free, evicts another connection.
    pub(in crate::serve) fn take(self: &Arc<Self>, address: IpAddr, now: Instant) -> Slot {
        let mut taken = self.taken();
        while staying(&taken).count() >= self.max {
            let Some(evicted) = first_to_evict(&taken) else {
                break;
            };
            evicted.evict();
        }
        let connection = Arc::new(Held {
            address: subscriber(address),
            load: watch::Sender::new(Load { requests: 0, idle_since: now }),
            is_evicted: AtomicBool::new(false),
            evicted: Notify::new(),
        });
        taken.push(Arc::clone(&connection));
        Slot { held: connection, slots: Arc::clone(self) }
    }

    /// Evicts a connection that has had its grace, for its file descriptor. Ready once a connection has ended, or after `wait`.
    pub(in crate::serve) async fn free_one(&self, wait: Duration) {
        self.evict_one(Instant::now());
        let _ = timeout(wait, self.freed.notified()).await;
    }

    fn evict_one(&self, now: Instant) {
        let taken = self.taken();
        let had_grace = |held: &&Held| {
            held.idle_since().is_some_and(|since| now.saturating_duration_since(since) >= CONNECTION_GRACE)
        };
        if let Some(held) = first_to_evict(&taken).filter(had_grace) {
            held.evict();
        }
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<Held>>> {
        lock(&self.taken)
    }
}

fn staying(taken: &[Arc<Held>]) -> impl Iterator<Item = &Arc<Held>> {
    taken.iter().filter(|connection| !connection.is_evicted.load(Ordering::Relaxed))
}

/// Of the address with the most connections, the one that has been idle for longest.
fn first_to_evict(taken: &[Arc<Held>]) -> Option<&Held> {
    let mut held: HashMap<IpAddr, usize> = HashMap::new();
    for connection in staying(taken) {
        *held.entry(connection.address).or_default() += 1;
    }
    let idle = staying(taken).filter_map(|connection| Some((connection.idle_since()?, connection)));
    let first = idle.max_by_key(|(since, connection)| (held.get(&connection.address), Reverse(*since)));
    first.map(|(_, connection)| &**connection)
}

impl Slot {
    /// Whether few connections are open. A connection that stays may have grown its buffers to their limit.
    pub(super) fn may_stay(&self) -> bool {
        self.slots.taken().len() <= STAYING_CONNECTIONS_MAX
    }

    /// Whether no request is under way.
    #[cfg(test)]
    pub(in crate::serve) fn is_idle(&self) -> bool {
        self.held.idle_since().is_some()
    }

    /// Counts a request until the returned guard is dropped.
    pub(in crate::serve) fn begin_request(&self) -> UnderWay {
        self.held.load.send_modify(|load| load.requests += 1);
        UnderWay(Arc::clone(&self.held))
    }

    /// Ready once the connection is evicted, unless a request has begun by then.
    pub(in crate::serve) async fn evicted(&self) {
        loop {
            self.held.evicted.notified().await;
            if self.held.idle_since().is_some() {
                return;
            }
            self.held.is_evicted.store(false, Ordering::Relaxed);
            self.slots.freed.notify_one();
        }
    }

    /// Ready once no request has been under way for this long.
    pub(in crate::serve) async fn idle_for(&self, time: Duration) {
        let mut load = self.held.load.subscribe();
        loop {
            // The sender lives as long as this slot.
            let _ = load.wait_for(|load| load.requests == 0).await;
            if timeout(time, load.changed()).await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.taken().retain(|connection| !Arc::ptr_eq(connection, &self.held));
        self.slots.freed.notify_one();
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.load.send_modify(|load| {
            load.requests -= 1;
            load.idle_since = Instant::now();
        });
    }
}

impl Held {
    fn evict(&self) {
        self.is_evicted.store(true, Ordering::Relaxed);
        self.evicted.notify_one();
    }

    /// Since when the connection is idle; `None` while a request is under way.
    fn idle_since(&self) -> Option<Instant> {
        let load = self.load.borrow();
        (load.requests == 0).then_some(load.idle_since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::{Context, Poll, Waker};

    const AFTER: fn(u64) -> Duration = Duration::from_secs;

    fn address(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    fn is_evicted(slot: &Slot) -> bool {
        let mut evicted = std::pin::pin!(slot.evicted());
        evicted.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn the_longest_idle_connection_is_evicted() {
        let (slots, now) = (Slots::new(3), Instant::now());
        let taken: Vec<Slot> = [2, 0, 1].iter().map(|after| slots.take(address(1), now + AFTER(*after))).collect();
        assert_eq!(taken.iter().map(is_evicted).collect::<Vec<_>>(), [false; 3], "a slot is free");
        let _newcomer = slots.take(address(1), now + AFTER(3));
        assert_eq!(taken.iter().map(is_evicted).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn a_connection_with_a_request_is_not_evicted() {
        let (slots, now) = (Slots::new(2), Instant::now());
        let (uploading, idle) = (slots.take(address(1), now), slots.take(address(1), now + AFTER(1)));
        let under_way = uploading.begin_request();
        let also = uploading.begin_request();
        let newcomer = slots.take(address(1), now + AFTER(2));
        assert!(!is_evicted(&uploading) && is_evicted(&idle) && !is_evicted(&newcomer));
        drop(also);
        drop(idle);
        let _another = slots.take(address(1), now + AFTER(3));
        assert!(!is_evicted(&uploading) && is_evicted(&newcomer), "one of its two requests is still under way");
        drop(under_way);
        drop(newcomer);
        let _next = slots.take(address(1), now + AFTER(4));
        assert!(is_evicted(&uploading), "the request has ended");
    }

    #[test]
    fn a_request_in_time_prevents_the_eviction() {
        let (slots, now) = (Slots::new(1), Instant::now());
        let slot = slots.take(address(1), now);
        let newcomer = slots.take(address(1), now + AFTER(1));
        let _under_way = slot.begin_request();
        assert!(!is_evicted(&slot), "a request began in time");
        // It takes its slot again, so the next connection needs two evictions.
        let _next = slots.take(address(1), now + AFTER(2));
        assert!(is_evicted(&newcomer) && !is_evicted(&slot));
    }

    #[test]
    fn an_address_with_many_connections_does_not_evict_others() {
        let (slots, now) = (Slots::new(10), Instant::now());
        let bystander = slots.take(address(1), now);
        let many: Vec<Slot> = (0..100).map(|number| slots.take(address(2), now + AFTER(1 + number))).collect();
        assert!(!is_evicted(&bystander));
        assert_eq!(many.iter().filter(|slot| is_evicted(slot)).count(), 91);
        assert!(many[91..].iter().all(|slot| !is_evicted(slot)), "the newest stay");
    }

    #[test]
    fn a_connection_after_its_grace_is_evicted_for_its_descriptor() {
        let (slots, now) = (Slots::new(9), Instant::now());
        let taken = [0, 1].map(|after| slots.take(address(1), now + AFTER(after)));
        slots.evict_one(now + CONNECTION_GRACE / 2);
        assert!(!taken.iter().any(is_evicted), "none has had its grace");
        slots.evict_one(now + CONNECTION_GRACE);
        assert_eq!(taken.iter().map(is_evicted).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn an_evicted_connection_had_its_grace() {
        let (slots, now) = (Slots::new(3), Instant::now());
        let bystander = slots.take(address(1), now);
        let flood = [2, 3].map(|after| slots.take(address(2), now + AFTER(after)));
        assert_eq!(
            slots.wait_left(now + AFTER(2), now + AFTER(2)),
            Some(CONNECTION_GRACE),
            "another connection has been idle for long"
        );
        assert_eq!(slots.wait_left(now + AFTER(2) + CONNECTION_GRACE, now + AFTER(2) + CONNECTION_GRACE), None);
        let later = now + AFTER(2) + CONNECTION_GRACE;
        let _newcomer = slots.take(address(3), later);
        assert_eq!(slots.wait_left(now, later + AFTER(9)), Some(CONNECTION_GRACE), "the evicted one is still there");
        assert!(!is_evicted(&bystander) && is_evicted(&flood[0]) && !is_evicted(&flood[1]));
    }

    #[test]
    fn restless_connections_delay_others_by_the_grace_only() {
        let (slots, now) = (Slots::new(1), Instant::now());
        let restless = slots.take(address(1), now + AFTER(1));
        assert_eq!(slots.wait_left(now + AFTER(1), now + AFTER(1)), Some(CONNECTION_GRACE));
        assert_eq!(
            slots.wait_left(now + AFTER(1) - CONNECTION_GRACE, now + AFTER(1)),
            None,
            "it has waited for the grace"
        );
        let request = restless.begin_request();
        assert_eq!(slots.wait_left(now, now + AFTER(1)), Some(CONNECTION_GRACE), "none can be evicted");
        drop(request);
    }

    #[test]
    fn a_slot_is_available_once_a_connection_was_idle_for_the_grace() {
        let (slots, now) = (Slots::new(2), Instant::now());
        assert_eq!(slots.wait_left(now, now), None);
        let (first, second) = (slots.take(address(1), now), slots.take(address(1), now + CONNECTION_GRACE / 2));
        assert_eq!(slots.wait_left(now, now), Some(CONNECTION_GRACE));
        assert_eq!(slots.wait_left(now + CONNECTION_GRACE / 2, now + CONNECTION_GRACE / 2), Some(CONNECTION_GRACE / 2));
        assert_eq!(slots.wait_left(now + CONNECTION_GRACE, now + CONNECTION_GRACE), None);
        let requests = (first.begin_request(), second.begin_request());
        assert_eq!(
            slots.wait_left(now + 2 * CONNECTION_GRACE, now + 2 * CONNECTION_GRACE),
            Some(CONNECTION_GRACE),
            "none can be evicted"
        );
        drop((requests, first));
        assert_eq!(slots.wait_left(now, now), None);
    }
}
