//! What the elements of an export leave for later ones, each part within a bound.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::element::Element;
use super::source::Sources;
use crate::formats::equals::Equals;
use crate::formats::output::Output;
use crate::model::identity::{derive, digest};
use crate::model::limits::{ROUTE_FILES_MAX, TALLY_NAME_BYTES_MAX, WITHIN_NAMES_MAX};
use crate::model::record::Uuid;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) sources: Sources,
    pub(super) equals: Equals,
    pub(super) routes: Routes,
    pub(super) within: Within,
}

/// The workout that a route belongs to, and its number among the workout's routes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) workout: Uuid,
    pub(super) number: u32,
}

/// Routes by the files that hold them.
#[derive(Debug, Default)]
pub(super) struct Routes(HashMap<[u8; 16], Route, RandomState>);

impl Routes {
    /// Remembers which workout refers to a file. The first to refer to it keeps it.
    pub(super) fn note(&mut self, path: &str, route: Route, output: &mut Output<'_>) {
        if self.0.len() >= ROUTE_FILES_MAX {
            return output.within("FileReference beyond the limit of files", 1);
        }
        let known = self.0.entry(route_key(path)).or_insert(route);
        if known.workout != route.workout {
            output.within("FileReference to a route of another workout, which keeps it", 1);
        }
    }

    /// The route in a file. A file that no workout refers to gets a workout made from its name.
    pub(super) fn find(&self, path: &str, output: &mut Output<'_>) -> Route {
        let key = route_key(path);
        self.0.get(&key).copied().unwrap_or_else(|| {
            output.within("route file that no workout refers to", 1);
            Route { workout: derive(&key), number: 0 }
        })
    }
}

/// What identifies a file of an export: the same for `/workout-routes/x.gpx` and `apple_health_export/workout-routes/x.gpx`.
fn route_key(path: &str) -> [u8; 16] {
    let path = path.replace('\\', "/");
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let (file, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    digest(&[folder.as_bytes(), file.as_bytes()])
}

/// Elements that the rows of the elements around them keep.
#[derive(Debug, Default)]
pub(super) struct Within {
    pub(super) metadata: u64,
    pub(super) beat_lists: u64,
    pub(super) beats: u64,
    names: BTreeMap<String, u64>,
    /// Elements with long names, or with names beyond those that are counted separately.
    unnamed: u64,
}

impl Within {
    /// Counts an element and all in it.
    pub(super) fn add(&mut self, element: Element<'_>) {
        let name = element.name();
        if let Some(count) = self.names.get_mut(name) {
            *count += 1;
        } else if self.names.len() < WITHIN_NAMES_MAX && name.len() <= TALLY_NAME_BYTES_MAX {
            self.names.insert(name.to_owned(), 1);
        } else {
            self.unnamed += 1;
        }
        for child in element.children() {
            self.add(child);
        }
    }

    /// Moves the counts to the account.
    pub(super) fn finish(self, output: &mut Output<'_>) {
        let fixed = [
            ("MetadataEntry", self.metadata),
            ("HeartRateVariabilityMetadataList", self.beat_lists),
            ("InstantaneousBeatsPerMinute", self.beats),
            ("elements with further names", self.unnamed),
        ];
        for (name, count) in fixed.into_iter().filter(|(_, count)| *count > 0) {
            output.within(name, count);
        }
        for (name, count) in self.names {
            output.within(&name, count);
        }
    }
}
