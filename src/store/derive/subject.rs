//! Whose samples are read, and of which type.

use crate::statistics::{LocalDay, Timeline};
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

/// Days in order; those that touch or overlap are one. The first days are in order.
pub(super) fn joined_days(days: impl Iterator<Item = (LocalDay, LocalDay)>) -> Vec<(LocalDay, LocalDay)> {
    let mut windows: Vec<(LocalDay, LocalDay)> = Vec::new();
    for (first, last) in days {
        match windows.last_mut() {
            Some(window) if first <= window.1.next() => window.1 = window.1.max(last),
            _ => windows.push((first, last)),
        }
    }
    windows
}
