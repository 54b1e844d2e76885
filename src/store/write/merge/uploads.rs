//! What an upload under way remembers: which stored workouts its workouts are, and the route that it brings.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

use super::route_under_way::Route;
use crate::model::identity::digest;
use crate::model::limits::{INGESTS_MAX, WORKOUT_CLAIMS_MAX};
use crate::model::record::Uuid;

/// Workouts of one activity that start and end in the same seconds, those with derived identities apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) person: i64,
    pub(super) activity_type: Option<i64>,
    pub(super) start_s: i64,
    pub(super) end_s: Option<i64>,
    pub(super) is_derived: bool,
}

impl Group {
    fn digest(&self) -> u64 {
        let Self { person, activity_type, start_s, end_s, is_derived } = *self;
        let numbers =
            [person, activity_type.unwrap_or(i64::MIN), start_s, end_s.unwrap_or(i64::MIN), is_derived.into()];
        half(&digest(&numbers.each_ref().map(|number| number.to_le_bytes()).each_ref().map(|bytes| &bytes[..])))
    }
}

/// The half of an identity that has no mark.
fn half(uuid: &Uuid) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = *uuid;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// One upload. Its documents follow each other, and each may claim a stored workout.
#[derive(Debug, Default)]
pub(in crate::store) struct WorkoutUpload {
    upload: i64,
    /// Halves of the identities of stored workouts that are one of the upload's.
    claimed: HashSet<u64, RandomState>,
    /// How many the documents before have claimed.
    claimed_before: usize,
    /// The rowid up to which every workout of a group is claimed, for groups with many claims.
    passed: HashMap<u64, i64, RandomState>,
    pub(super) route: Option<Route>,
}

impl WorkoutUpload {
    pub(super) fn has_claimed(&self, uuid: &Uuid) -> bool {
        self.claimed.contains(&half(uuid))
    }

    /// Whether nothing that is stored decides any more on a location: where it belongs, and what becomes of other exporters' ones.
    pub(in crate::store) fn has_decided(&self, brought: (Uuid, u32)) -> bool {
        self.route.as_ref().is_some_and(|route| route.brought == brought && route.is_decided())
    }

    /// How many workouts were claimed, by all documents.
    pub(super) fn claims(&self) -> usize {
        self.claimed_before + self.claimed.len()
    }

    /// Whether it can claim no further workouts.
    pub(super) fn is_full(&self) -> bool {
        self.claimed.len() >= WORKOUT_CLAIMS_MAX
    }

    pub(super) fn claim(&mut self, uuid: &Uuid) {
        if !self.is_full() {
            self.claimed.insert(half(uuid));
        }
    }

    /// Moves the claims of stored workouts that have changed places.
    pub(super) fn move_claims(&mut self, claims: [(Uuid, bool); 2]) {
        for (uuid, is_claimed) in claims {
            if is_claimed {
                self.claim(&uuid);
            } else {
                self.claimed.remove(&half(&uuid));
            }
        }
    }

    /// The rowid behind which workouts of a group may be unclaimed.
    pub(super) fn passed(&self, group: &Group) -> i64 {
        self.passed.get(&group.digest()).copied().unwrap_or(i64::MIN)
    }

    /// Notes that all workouts of a group up to this rowid are claimed, further [`WORKOUT_MATCHES_MAX`] at least.
    ///
    /// [`WORKOUT_MATCHES_MAX`]: crate::model::limits::WORKOUT_MATCHES_MAX
    pub(super) fn pass(&mut self, group: &Group, rowid: i64) {
        self.passed.insert(group.digest(), rowid);
    }

    /// Lets the route under way go to another identity.
    pub(super) fn move_route(&mut self, from: &Uuid, (workout, number): (Uuid, u32)) {
        if let Some(route) = self.route.as_mut().filter(|route| route.workout == *from) {
            route.move_to(workout, number);
        }
    }

    /// Forgets which exporters have brought the route under way.
    pub(super) fn forget_others(&mut self) {
        if let Some(route) = &mut self.route {
            route.others = None;
            route.rivals = None;
        }
    }
}

/// The uploads under way, the last one last.
#[derive(Debug, Default)]
pub(super) struct WorkoutUploads(Vec<WorkoutUpload>);

impl WorkoutUploads {
    /// Takes what an upload remembers. [`WorkoutUploads::put`] brings it back.
    pub(super) fn take(&mut self, upload: i64) -> WorkoutUpload {
        match self.0.iter().position(|import| import.upload == upload) {
            Some(place) => self.0.remove(place),
            None => WorkoutUpload { upload, ..WorkoutUpload::default() },
        }
    }

    pub(super) fn put(&mut self, import: WorkoutUpload) {
        if self.0.len() >= INGESTS_MAX {
            self.0.remove(0);
        }
        self.0.push(import);
    }

    /// Begins another document, whose workouts may be those of the one before.
    pub(super) fn begin_document(&mut self, upload: i64) {
        if let Some(import) = self.0.iter_mut().find(|import| import.upload == upload) {
            let claimed_before = import.claims();
            *import = WorkoutUpload { upload, claimed_before, ..WorkoutUpload::default() };
        }
    }

    pub(super) fn end(&mut self, upload: i64) {
        self.0.retain(|import| import.upload != upload);
    }

    /// The identity under which the locations of an upload's route under way are stored.
    #[cfg(feature = "postgres")]
    pub(super) fn route_under_way(&self, upload: i64) -> Option<Uuid> {
        let import = self.0.iter().find(|import| import.upload == upload)?;
        import.route.as_ref().map(|route| route.workout)
    }

    /// Forgets which exporters have brought the routes under way.
    pub(super) fn forget_others(&mut self) {
        self.0.iter_mut().for_each(WorkoutUpload::forget_others);
    }

    /// Lets routes under way go to another identity.
    pub(super) fn move_routes(&mut self, from: &Uuid, to: (Uuid, u32)) {
        self.0.iter_mut().for_each(|import| import.move_route(from, to));
    }
}
