//! The sections of a payload.

use crate::kind::{KINDS, KindNumber};
use crate::order::Order;
use crate::shares::Limit;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Samples(KindNumber),
    Workouts,
    Doses,
    Definitions,
    /// The elements are points; the only section outside `data`.
    Routes,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct SectionLimit {
    pub(crate) section: Section,
    pub(crate) limit: Limit,
}

/// What the envelope contains and how sections are laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) end_ms: i64,
    pub(crate) order: Order,
    pub(crate) with_characteristics: bool,
    /// The workouts that routes may belong to; those written so far, where it is not known.
    pub(crate) workouts: Option<u64>,
}

impl Section {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Samples(number) => KINDS[usize::from(number)].identifier,
            Self::Workouts => "workouts",
            Self::Doses => "medicationDoseEvents",
            Self::Definitions => "medications",
            Self::Routes => "workoutRoutes",
        }
    }
}
