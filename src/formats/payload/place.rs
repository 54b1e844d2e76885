//! Where the walk over the skeleton is, and what is wrong there.

use std::io::{self, BufRead, Read};

use struson::reader::ReaderError;

use super::grammar::{cut_error, is_cut, syntax_error};
use super::large::judge_source;
use super::lift::Lifter;
use super::section::Section;
use crate::model::error::{Error, from_io};
use crate::model::limits::NUMBER_BYTES_MAX;

/// Where the walk is.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) section: Section,
    /// Index in the array of elements under way.
    pub(super) index: Option<u64>,
    /// Arrays and objects around the next value.
    pub(super) nesting: u32,
}

/// Returns our error for struson's.
pub(super) fn failure<R: BufRead>(error: &ReaderError, lifter: &mut Lifter<R>, place: &Place) -> Error {
    let Place { section, index, nesting } = place;
    if let Some(failure) = lifter.take_failure() {
        return from_io(failure).at(Some(lifter.body_bytes()), section.named(), *index);
    }
    if !is_cut(error, |at| lifter.rest_from(at)) {
        return syntax_error(error, |at| lifter.offset(at), section, *index);
    }
    // An element with a bracket or a quote too few takes the rest of the body: the fault is inside it, not at the end.
    let end = lifter.body_bytes();
    if let Some((offset, text)) = lifter.under_way()
        && let Err(fault) = judge_source(text, *nesting)
        && !is_cut(&fault, |at| rest_of(lifter.under_way()?.1, at))
    {
        return syntax_error(&fault, |at| offset + at, section, *index);
    }
    cut_error(end, section, *index)
}

/// Returns a text from a place on, if that is short.
fn rest_of(mut text: impl Read, at: u64) -> Option<Vec<u8>> {
    io::copy(&mut text.by_ref().take(at), &mut io::sink()).ok()?;
    let mut rest = Vec::new();
    io::copy(&mut text.take(NUMBER_BYTES_MAX as u64 + 1), &mut rest).ok()?;
    Some(rest).filter(|rest| rest.len() <= NUMBER_BYTES_MAX)
}
