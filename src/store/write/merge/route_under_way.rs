//! A route on its way to the table: which of its locations have the same time, or are equal.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::model::identity::{digest, is_derived};
use crate::model::limits::{ROUTE_LOCATIONS_COUNTED_MAX, ROUTES_REPLACED_MAX, TIME_LOCATIONS_COUNTED_MAX};
use crate::model::record::Uuid;
use crate::model::route::RouteFile;

/// A route that an upload brings.
#[derive(Debug)]
pub(in crate::store) struct Route {
    /// The workout's identity in the upload, and the number of the route.
    pub(super) brought: (Uuid, u32),
    /// The identity under which the locations are stored.
    pub(super) workout: Uuid,
    /// The number of the route there.
    pub(super) number: u32,
    /// The file that it comes from, until its first location.
    pub(super) file: Option<RouteFile>,
    /// What may be this route under another identity, until one of them is found to be.
    pub(super) forms: Option<Vec<Form>>,
    /// How many of its locations were compared with theirs.
    pub(super) compared_forms: u32,
    pub(super) others: Option<Others>,
    /// Workouts that another exporter may have brought the route for; empty once the route has its place.
    pub(super) rivals: Option<Vec<Rival>>,
    /// How many of its locations were compared with theirs.
    pub(super) compared: u32,
    /// The last location: its time, its latitude and longitude, and its place among the locations of that time.
    last: (i64, [u64; 2], i64),
    counted: Counted,
    /// Whether every location is counted, since an earlier file may have others.
    is_whole: bool,
    /// Whether the next location is the first of another track.
    begins_track: bool,
}

/// Time, latitude, longitude and ordinal of a stored location.
pub(super) type LocationKey = (i64, f64, f64, i64);

/// How often each location came. Unless the route is a whole file, only locations of one time that follow each other count.
#[derive(Debug, Default)]
struct Counted {
    counts: HashMap<u64, Count, RandomState>,
    /// Whether the bound was reached, so that some are not counted.
    is_full: bool,
    /// The number of the track.
    track: u8,
}

/// How often a location came: at most in one track, and in the last one that has it. That one's number is in the last byte, so
/// that the bound of their memory holds.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    most: u32,
    in_track: u32,
}

impl Count {
    /// Counts a location of a track. Returns how many equal ones of this track came before.
    fn add(&mut self, track: u8) -> u32 {
        let before = if self.in_track & 0xff == u32::from(track) { self.in_track >> 8 } else { 0 };
        // Further equal ones are one.
        let count = (before + 1).min(u32::MAX >> 8);
        (self.in_track, self.most) = (count << 8 | u32::from(track), self.most.max(count));
        before
    }
}

/// An equal workout that another exporter has brought with a route, while its own form of the route's workout has none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rival {
    /// The identity of its locations.
    pub(super) found: Uuid,
    /// The less preferred of the two workouts, and the identity under which it is kept.
    pub(super) moved: Uuid,
    pub(super) from: Uuid,
    /// Where it belongs if they have the same route.
    pub(super) to: Uuid,
    /// The workout of the same exporter that is kept there.
    pub(super) instead: Option<Uuid>,
}

/// What may be a route under another identity.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// A route that came without its workout.
    Lone(Uuid),
    /// A stored workout around the time of a route that came without one.
    Around(Uuid),
}

/// What identifies a location of an upload.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Location {
    pub(in crate::store) workout: Uuid,
    pub(in crate::store) route: u32,
    pub(in crate::store) time_ms: i64,
    pub(in crate::store) latitude: f64,
    pub(in crate::store) longitude: f64,
}

/// Where a location is stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Place {
    pub(in crate::store) workout: Uuid,
    pub(in crate::store) route: u32,
    pub(in crate::store) ordinal: i64,
    pub(in crate::store) place: i64,
}

/// Other exporters' rows of a workout.
#[derive(Clone, Copy, Debug)]
pub(super) enum Others {
    Nobody,
    /// The workout is kept under another identity.
    KeptAs(Uuid),
    /// Other rows are kept under the workout's identity.
    Merged,
}

impl Counted {
    /// Counts a location. Returns how many equal ones came before.
    fn count(&mut self, time_ms: i64, position: [u64; 2], most: usize) -> u32 {
        let key = key(time_ms, position);
        if let Some(count) = self.counts.get_mut(&key) {
            return count.add(self.track);
        }
        if self.counts.len() >= most {
            self.is_full = true;
        } else {
            let mut count = Count::default();
            count.add(self.track);
            self.counts.insert(key, count);
        }
        0
    }

    fn of(&self, time_ms: i64, position: [u64; 2]) -> i64 {
        self.counts.get(&key(time_ms, position)).copied().unwrap_or_default().most.into()
    }
}

fn key(time_ms: i64, position: [u64; 2]) -> u64 {
    let [latitude, longitude] = position.map(u64::to_le_bytes);
    let digest = digest(&[&time_ms.to_le_bytes(), &latitude, &longitude]);
    u64::from_le_bytes([digest[0], digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]])
}

/// SQLite does not distinguish the two zeros.
fn position(latitude: f64, longitude: f64) -> [u64; 2] {
    [latitude, longitude].map(|degrees| (degrees + 0.0).to_bits())
}

impl Route {
    pub(super) fn begin(brought: (Uuid, u32), workout: Uuid) -> Self {
        // A first location has the place of a first one of its time.
        let (last, counted) = ((i64::MIN, [0; 2], 0), Counted::default());
        Self {
            brought,
            workout,
            number: brought.1,
            file: None,
            forms: None,
            compared_forms: 0,
            others: None,
            rivals: None,
            compared: 0,
            last,
            counted,
            is_whole: false,
            begins_track: false,
        }
    }

    /// Begins a route that is a whole file.
    pub(super) fn begin_whole(brought: (Uuid, u32), workout: Uuid, file: Option<RouteFile>) -> Self {
        Self { is_whole: brought.1 < ROUTES_REPLACED_MAX, file, ..Self::begin(brought, workout) }
    }

    /// Begins another track of the file: what it has in common with an earlier one is stored once.
    pub(super) fn begin_track(&mut self) {
        self.counted.track = self.counted.track.wrapping_add(1);
        self.begins_track = true;
    }

    /// Changes where the locations are stored.
    pub(super) fn move_to(&mut self, workout: Uuid, number: u32) {
        (self.workout, self.number) = (workout, number);
        (self.others, self.rivals, self.forms) = (None, None, None);
    }

    /// Whether its place is found, and no other exporter has brought its workout.
    pub(super) fn is_decided(&self) -> bool {
        let is_compared =
            self.forms.as_ref().is_some_and(Vec::is_empty) && self.rivals.as_ref().is_some_and(Vec::is_empty);
        is_compared && self.file.is_none() && matches!(self.others, Some(Others::Nobody))
    }

    /// Whether there is a file with locations, and all of them are counted.
    pub(super) fn is_counted(&self) -> bool {
        self.is_whole && !self.counted.is_full && !self.counted.counts.is_empty()
    }

    /// Whether the upload has brought a stored location.
    pub(super) fn has_brought(&self, (time_ms, latitude, longitude, ordinal): LocationKey) -> bool {
        let repeat = ordinal - self.base();
        repeat < self.counted.of(time_ms, position(latitude, longitude))
    }

    /// The least ordinal of the route's locations.
    fn base(&self) -> i64 {
        if is_derived(&self.workout) { i64::from(self.number) << 32 } else { 0 }
    }

    /// Returns where the next location of the route is stored.
    pub(super) fn next(&mut self, location: &Location) -> Place {
        let position = position(location.latitude, location.longitude);
        // A repeated track has the places of the first.
        if std::mem::take(&mut self.begins_track) && self.counted.of(location.time_ms, position) > 0 {
            self.last = (i64::MIN, [0; 2], 0);
        }
        let (last_ms, last_position, last_place) = self.last;
        let place = if last_ms == location.time_ms { last_place + 1 } else { 0 };
        let repeat = if self.is_whole {
            self.counted.count(location.time_ms, position, ROUTE_LOCATIONS_COUNTED_MAX)
        } else if place == 0 {
            if last_place > 0 {
                self.counted = Counted::default();
            }
            0
        } else {
            if place == 1 {
                self.counted.count(last_ms, last_position, TIME_LOCATIONS_COUNTED_MAX);
            }
            self.counted.count(location.time_ms, position, TIME_LOCATIONS_COUNTED_MAX)
        };
        self.last = (location.time_ms, position, place);
        let ordinal = self.base() + i64::from(repeat);
        Place { workout: self.workout, route: self.number, ordinal, place }
    }
}
