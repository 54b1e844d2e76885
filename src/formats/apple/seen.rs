//! What the elements of an export leave for later ones, each part within a bound.

use std::collections::BTreeMap;

use super::element::Element;
use super::kept::{BEAT, BEATS, METADATA};
use super::members::TopLevel;
use super::routes::Routes;
use super::source::Sources;
use crate::formats::equals::Equals;
use crate::formats::output::Output;
use crate::model::limits::{TALLY_NAME_BYTES_MAX, WITHIN_NAMES_MAX};

/// The remembered values.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) sources: Sources,
    pub(super) equals: Equals,
    pub(super) routes: Routes,
    pub(super) within: Within,
    pub(super) top_level: TopLevel,
}

/// Elements that the rows of the elements around them keep.
#[derive(Debug, Default)]
pub(super) struct Within {
    /// Those that millions of records have.
    metadata: u64,
    beat_lists: u64,
    beats: u64,
    /// Records that end before they begin.
    pub(super) early_ends: u64,
    names: BTreeMap<String, u64>,
    /// Elements with long names, or with names beyond those that are counted separately.
    unnamed: u64,
}

impl Within {
    /// Counts an element and all in it.
    pub(super) fn add(&mut self, element: Element<'_>) {
        match element.name() {
            METADATA => self.metadata += 1,
            BEATS => self.beat_lists += 1,
            BEAT => self.beats += 1,
            name => self.add_name(name),
        }
        for child in element.children() {
            self.add(child);
        }
    }

    fn add_name(&mut self, name: &str) {
        if let Some(count) = self.names.get_mut(name) {
            *count += 1;
        } else if self.names.len() < WITHIN_NAMES_MAX && name.len() <= TALLY_NAME_BYTES_MAX {
            self.names.insert(name.to_owned(), 1);
        } else {
            self.unnamed += 1;
        }
    }

    /// Moves the counts to the account.
    pub(super) fn finish(self, output: &mut Output<'_>) {
        let fixed = [
            ("elements that end before they begin, kept as they are", self.early_ends),
            (METADATA, self.metadata),
            (BEATS, self.beat_lists),
            (BEAT, self.beats),
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
