//! Places for connections. When all are taken, the one that has been without a request for longest makes room for the next:
//! one of the address that holds most of them. A connection with a request under way is never ended for that.
//!
//! So a thousand connections that say nothing, or half of a request, or nothing more, hold up nobody. Whoever has just come has a
//! moment to say what it wants.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::model::limits::CONNECTION_GRACE;
use crate::serve::access::attempts::household;

/// All places.
#[derive(Debug)]
pub(in crate::serve) struct Places {
    max: usize,
    taken: Mutex<Vec<Arc<Connection>>>,
    given_back: Notify,
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub(in crate::serve) struct Place {
    connection: Arc<Connection>,
    places: Arc<Places>,
}

/// A request under way, for as long as this lives.
#[derive(Debug)]
pub(in crate::serve) struct UnderWay(Arc<Connection>);

#[derive(Debug)]
struct Connection {
    address: IpAddr,
    load: watch::Sender<Load>,
    /// Asked to make room.
    is_leaving: AtomicBool,
    leave: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Load {
    /// Under way.
    requests: usize,
    /// Since when there are none, if there are none.
    idle_since: Instant,
}

impl Places {
    pub(in crate::serve) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, taken: Mutex::new(Vec::with_capacity(max)), given_back: Notify::new() })
    }

    /// Ready once there is a place, or a connection that can make room.
    pub(in crate::serve) async fn room(&self) {
        let asked = Instant::now();
        while let Some(wait) = self.wait(asked, Instant::now()) {
            let _ = timeout(wait, self.given_back.notified()).await;
        }
    }

    /// How long until there is room for who asked then, at least; none if there is. Connections that ask something again and
    /// again, all of them, can make it wait for the grace, and no longer.
    fn wait(&self, asked: Instant, now: Instant) -> Option<Duration> {
        let taken = self.taken();
        if staying(&taken).count() < self.max {
            return None;
        }
        let since = first_to_leave(&taken).and_then(Connection::idle_since).map(|since| since.min(asked));
        let wait = since.map(|since| CONNECTION_GRACE.saturating_sub(now.saturating_duration_since(since)));
        Some(wait.unwrap_or(CONNECTION_GRACE)).filter(|wait| !wait.is_zero())
    }

    /// Takes a place. If there is none, another connection is told to make room.
    pub(in crate::serve) fn take(self: &Arc<Self>, address: IpAddr, now: Instant) -> Place {
        let mut taken = self.taken();
        while staying(&taken).count() >= self.max {
            let Some(leaving) = first_to_leave(&taken) else {
                break;
            };
            leaving.is_leaving.store(true, Ordering::Relaxed);
            leaving.leave.notify_one();
        }
        let connection = Arc::new(Connection {
            address: subscriber(address),
            load: watch::Sender::new(Load { requests: 0, idle_since: now }),
            is_leaving: AtomicBool::new(false),
            leave: Notify::new(),
        });
        taken.push(Arc::clone(&connection));
        Place { connection, places: Arc::clone(self) }
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<Connection>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn staying(taken: &[Arc<Connection>]) -> impl Iterator<Item = &Arc<Connection>> {
    taken.iter().filter(|connection| !connection.is_leaving.load(Ordering::Relaxed))
}

/// What counts as one address: of IPv6 a /56, which many providers give to each subscriber, and which is 256 networks.
fn subscriber(address: IpAddr) -> IpAddr {
    match household(address) {
        IpAddr::V6(network) => Ipv6Addr::from_bits(network.to_bits() >> 72 << 72).into(),
        v4 => v4,
    }
}

/// Of the address with the most connections, the one that is idle for longest.
fn first_to_leave(taken: &[Arc<Connection>]) -> Option<&Connection> {
    let mut held: HashMap<IpAddr, usize> = HashMap::new();
    for connection in staying(taken) {
        *held.entry(connection.address).or_default() += 1;
    }
    let idle = staying(taken).filter_map(|connection| Some((connection.idle_since()?, connection)));
    let first = idle.max_by_key(|(since, connection)| (held.get(&connection.address), Reverse(*since)));
    first.map(|(_, connection)| &**connection)
}

impl Place {
    /// Counts a request that begins.
    pub(in crate::serve) fn begin(&self) -> UnderWay {
        self.connection.load.send_modify(|load| load.requests += 1);
        UnderWay(Arc::clone(&self.connection))
    }

    /// Ready once the connection has to make room, unless it has a request under way by then.
    pub(in crate::serve) async fn leave(&self) {
        loop {
            self.connection.leave.notified().await;
            if self.connection.idle_since().is_some() {
                return;
            }
            self.connection.is_leaving.store(false, Ordering::Relaxed);
        }
    }

    /// Ready once no request has been under way for so long.
    pub(in crate::serve) async fn quiet(&self, time: Duration) {
        let mut load = self.connection.load.subscribe();
        loop {
            // The other end lives as long as this place.
            let _ = load.wait_for(|load| load.requests == 0).await;
            if timeout(time, load.changed()).await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().retain(|connection| !Arc::ptr_eq(connection, &self.connection));
        self.places.given_back.notify_one();
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

impl Connection {
    /// Since when no request is under way; none if one is.
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

    /// Whether it has been told to make room.
    fn leaves(place: &Place) -> bool {
        let mut leave = std::pin::pin!(place.leave());
        leave.as_mut().poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
    }

    #[test]
    fn the_one_that_is_idle_for_longest_makes_room() {
        let (places, now) = (Places::new(3), Instant::now());
        let taken: Vec<Place> = [2, 0, 1].iter().map(|after| places.take(address(1), now + AFTER(*after))).collect();
        assert_eq!(taken.iter().map(leaves).collect::<Vec<_>>(), [false; 3], "there is room");
        let _newcomer = places.take(address(1), now + AFTER(3));
        assert_eq!(taken.iter().map(leaves).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn a_request_under_way_is_left_alone() {
        let (places, now) = (Places::new(2), Instant::now());
        let (uploading, idle) = (places.take(address(1), now), places.take(address(1), now + AFTER(1)));
        let under_way = uploading.begin();
        let also = uploading.begin();
        let newcomer = places.take(address(1), now + AFTER(2));
        assert!(!leaves(&uploading) && leaves(&idle) && !leaves(&newcomer));
        drop(also);
        drop(idle);
        let _another = places.take(address(1), now + AFTER(3));
        assert!(!leaves(&uploading) && leaves(&newcomer), "one of its two requests is still under way");
        drop(under_way);
        drop(newcomer);
        let _next = places.take(address(1), now + AFTER(4));
        assert!(leaves(&uploading), "it is over");
    }

    #[test]
    fn a_request_that_came_in_time_is_left_alone_too() {
        let (places, now) = (Places::new(1), Instant::now());
        let place = places.take(address(1), now);
        let newcomer = places.take(address(1), now + AFTER(1));
        let _under_way = place.begin();
        assert!(!leaves(&place), "told to, but it has something to do now");
        // It counts again, so the next one looks for two.
        let _next = places.take(address(1), now + AFTER(2));
        assert!(leaves(&newcomer) && !leaves(&place));
    }

    #[test]
    fn an_address_with_many_connections_does_not_push_out_others() {
        let (places, now) = (Places::new(10), Instant::now());
        let bystander = places.take(address(1), now);
        let many: Vec<Place> = (0..100).map(|number| places.take(address(2), now + AFTER(1 + number))).collect();
        assert!(!leaves(&bystander));
        assert_eq!(many.iter().filter(|place| leaves(place)).count(), 91);
        assert!(many[91..].iter().all(|place| !leaves(place)), "the last ones stay");
    }

    #[test]
    fn whoever_makes_room_had_its_moment() {
        let (places, now) = (Places::new(3), Instant::now());
        let bystander = places.take(address(1), now);
        let flood = [2, 3].map(|after| places.take(address(2), now + AFTER(after)));
        assert_eq!(
            places.wait(now + AFTER(2), now + AFTER(2)),
            Some(CONNECTION_GRACE),
            "somebody else has been idle for long"
        );
        assert_eq!(places.wait(now + AFTER(2) + CONNECTION_GRACE, now + AFTER(2) + CONNECTION_GRACE), None);
        let _newcomer = places.take(address(3), now + AFTER(2) + CONNECTION_GRACE);
        assert!(!leaves(&bystander) && leaves(&flood[0]) && !leaves(&flood[1]));
    }

    #[test]
    fn those_that_ask_again_and_again_keep_nobody_waiting_for_ever() {
        let (places, now) = (Places::new(1), Instant::now());
        let restless = places.take(address(1), now + AFTER(1));
        assert_eq!(places.wait(now + AFTER(1), now + AFTER(1)), Some(CONNECTION_GRACE));
        assert_eq!(places.wait(now + AFTER(1) - CONNECTION_GRACE, now + AFTER(1)), None, "it asked so long ago");
        let request = restless.begin();
        assert_eq!(places.wait(now, now + AFTER(1)), Some(CONNECTION_GRACE), "nobody can make room");
        drop(request);
    }

    #[test]
    fn networks_of_one_subscriber_count_as_one_address() {
        let of = |text: &str| subscriber(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:ff00::1"), of("2001:db8:1:ffff:8000::"));
        assert_ne!(of("2001:db8:1:ff00::1"), of("2001:db8:1:fe00::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn there_is_room_once_somebody_was_idle_for_a_moment() {
        let (places, now) = (Places::new(2), Instant::now());
        assert_eq!(places.wait(now, now), None);
        let (first, second) = (places.take(address(1), now), places.take(address(1), now + CONNECTION_GRACE / 2));
        assert_eq!(places.wait(now, now), Some(CONNECTION_GRACE));
        assert_eq!(places.wait(now + CONNECTION_GRACE / 2, now + CONNECTION_GRACE / 2), Some(CONNECTION_GRACE / 2));
        assert_eq!(places.wait(now + CONNECTION_GRACE, now + CONNECTION_GRACE), None);
        let requests = (first.begin(), second.begin());
        assert_eq!(
            places.wait(now + 2 * CONNECTION_GRACE, now + 2 * CONNECTION_GRACE),
            Some(CONNECTION_GRACE),
            "nobody can make room"
        );
        drop((requests, first));
        assert_eq!(places.wait(now, now), None);
    }
}
