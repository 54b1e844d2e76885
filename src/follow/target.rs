//! What a target is: it takes the rows of whole ranges, or only learns which ranges have changed.

use std::time::Duration;

use crate::model::error::Error;
use crate::model::record::Uuid;

/// Instants that targets have, in seconds since 1970 UTC: those with nanoseconds in 64 bits, in the years 1677 to 2262.
pub(super) const INSTANTS_S: (i64, i64) = (-9_223_372_036, 9_223_372_036);

/// A place where changes go.
///
/// A run over changes calls [`Target::begin`] for each range and [`Target::take`] for its rows. It calls [`Target::deliver`] after each page
/// and at the end. A step that fails with [`Fault::Later`] is called again, and goes on where it was.
pub trait Target {
    /// What it is and where, for people, without secrets.
    fn title(&self) -> &str;

    /// Whether it takes rows. Otherwise it learns the ranges, with the numbers of their rows.
    fn takes_rows(&self) -> bool;

    /// How often a step may fail before the run is given up, and begun again later with all that has changed meanwhile.
    fn tries_max(&self) -> Option<u32> {
        None
    }

    /// Learns how many points it has taken in earlier runs.
    fn resume(&mut self, _sent: u64) {}

    /// Begins a range. If rows of it were removed, those that the target has go first.
    ///
    /// # Errors
    ///
    /// Why it cannot be done.
    fn begin(&mut self, range: &ChangedRange<'_>) -> Step;

    /// Takes a row. Returns whether another one fits before the next delivery.
    fn take(&mut self, point: &Point<'_>) -> bool;

    /// Delivers what it has taken. At the end of the run, also what it has gathered of the ranges.
    ///
    /// # Errors
    ///
    /// Why it cannot be done.
    fn deliver(&mut self, stage: Stage) -> Step;

    /// Forgets what it has gathered: the run is given up.
    fn give_up(&mut self) {}

    /// Returns what was delivered since the last call.
    fn delivered(&mut self) -> Delivered;
}

/// What became of a step.
pub type Step = Result<(), Fault>;

/// Why a target has not taken something.
#[derive(Debug)]
pub enum Fault {
    /// It may later: it is not reached, busy, or out of order.
    Later {
        /// What is wrong.
        message: String,
        /// How long it asks to wait.
        after: Option<Duration>,
    },
    /// Somebody has to change something first: a token, a name.
    Stop(Error),
    /// The program is to end.
    Stopping,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// After a page of rows.
    Page,
    /// All ranges of the changes between these two numbers have been begun, and their rows taken.
    End {
        /// The change before the first one.
        behind: i64,
        /// The last one.
        until: i64,
    },
}

/// What a target has taken for good.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Delivered {
    /// Points or messages.
    pub sent: u64,
    /// Points that it refuses, now and later.
    pub rejected: u64,
    /// Deletions that it does not know.
    pub undeleted: u64,
}

/// A range of time in which rows have changed.
#[derive(Clone, Debug)]
pub struct ChangedRange<'a> {
    /// Whose.
    pub person: &'a str,
    /// Where its rows go: a measurement. `None` for all that a target has of the person.
    pub measurement: Option<&'a str>,
    /// The first and the last instant, in milliseconds since 1970 UTC; `None` for all of the time.
    pub span_ms: Option<(i64, i64)>,
    /// Whether the target may have rows of it that are no longer there.
    pub is_removed: bool,
    /// Its first and last local day, and the rows in it, for a target that takes none.
    pub summary: Option<Summary>,
}

/// A range for a target that takes no rows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Summary {
    /// The first and the last local day; `None` for all of the time.
    pub days: Option<(String, String)>,
    /// How many rows are there now; `None` if they are too many to count.
    pub rows: Option<i64>,
}

/// A row as a point in time.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Where it belongs.
    pub measurement: &'a str,
    /// What distinguishes its series, sorted by name. Empty values are left out.
    pub tags: &'a [(&'static str, &'a str)],
    /// What it says.
    pub fields: &'a [(&'static str, FieldValue<'a>)],
    /// When, in nanoseconds since 1970 UTC. Of rows of a series with one start each further one is a nanosecond later.
    pub at_ns: i64,
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldValue<'a> {
    /// A number.
    Float(f64),
    /// A whole number that stays one.
    Integer(i64),
    /// A text.
    Text(&'a str),
    /// An identity.
    Identity(Uuid),
}
