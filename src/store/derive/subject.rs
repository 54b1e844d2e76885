//! Whose samples are read, and of which type.

use crate::statistics::Timeline;
use crate::store::supplied::Supplied;

/// What the days of all types of a person have in common.
#[derive(Debug)]
pub(super) struct Person<'a> {
    pub(super) connection: Supplied<'a>,
    pub(super) id: i64,
    pub(super) timeline: &'a Timeline,
    /// Spans of workouts.
    pub(super) workouts: &'a [(i64, i64)],
}

/// A type.
#[derive(Debug)]
pub(super) struct Kind<'a> {
    pub(super) id: i64,
    pub(super) name: &'a str,
    pub(super) longest_ms: i64,
}
