//! What the elements of an export leave for later ones, each part within a bound.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;

use super::element::Element;
use super::names::{exact_key, folded_key};
use super::source::Sources;
use crate::formats::equals::Equals;
use crate::formats::output::Output;
use crate::model::identity::derive;
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

/// Routes by the files that hold them: by the folded names, or by the exact ones where two files have the same folded name.
#[derive(Debug, Default)]
pub(super) struct Routes(HashMap<[u8; 16], Reference, RandomState>);

/// A workout's reference to a file.
#[derive(Debug)]
struct Reference {
    route: Route,
    /// A part of the exact key.
    exact: [u8; 8],
    /// Whether another file has the same folded name.
    is_ambiguous: bool,
    is_found: bool,
}

impl Routes {
    /// Remembers which workout refers to a file. The first to refer to it keeps it.
    pub(super) fn note(&mut self, path: &str, route: Route, output: &mut Output<'_>) {
        if self.0.len() >= ROUTE_FILES_MAX {
            return output.within("FileReference beyond the limit of files", 1);
        }
        let (folded, key) = (folded_key(path), exact_key(path));
        let exact = part(&key);
        let reference = || Reference { route, exact, is_ambiguous: false, is_found: false };
        let known = self.0.entry(folded).or_insert_with(reference);
        let known = if known.exact == exact {
            known
        } else {
            known.is_ambiguous = true;
            self.0.entry(key).or_insert_with(reference)
        };
        if known.route.workout != route.workout {
            output.within("FileReference to a route of another workout, which keeps it", 1);
        }
    }

    /// The route in a file. A file that no workout refers to gets a workout made from its name.
    pub(super) fn find(&mut self, path: &str, output: &mut Output<'_>) -> Route {
        let (folded, exact) = (folded_key(path), exact_key(path));
        let is_it = |known: &Reference| known.exact == part(&exact);
        let key =
            if self.0.get(&folded).is_some_and(|known| is_it(known) || !known.is_ambiguous) { folded } else { exact };
        if let Some(known) = self.0.get_mut(&key) {
            // Two files for one reference: the second is another route.
            if is_it(known) || !known.is_found {
                known.is_found = true;
                return known.route;
            }
        }
        output.within("route file that no workout refers to", 1);
        Route { workout: derive(&exact), number: 0 }
    }

    /// Reports the files that were not there.
    pub(super) fn finish(&self, output: &mut Output<'_>) {
        let missing = self.0.values().filter(|known| !known.is_found).count() as u64;
        if missing > 0 {
            output.within("FileReference to a route file that is missing", missing);
        }
    }
}

/// The first half of a key.
fn part(key: &[u8; 16]) -> [u8; 8] {
    key.first_chunk().copied().unwrap_or_default()
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
