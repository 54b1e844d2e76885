//! Why an element is rejected.

use std::fmt;

use crate::model::limits::{ELEMENT_BYTES_MAX, ELEMENT_VALUES_MAX, NESTING_MAX};

/// What is wrong with an element. Fields go by the app's names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    TooLong,
    TooManyValues,
    TooDeep,
    NoObject,
    NoArray,
    Missing(&'static str),
    NoUuid(&'static str),
    NoDate(&'static str),
    NoNumber(&'static str),
    NoText(&'static str),
    OutOfRange(&'static str),
    RouteOfNoWorkout,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {ELEMENT_BYTES_MAX} bytes"),
            Self::TooManyValues => write!(f, "more than {ELEMENT_VALUES_MAX} values"),
            Self::TooDeep => write!(f, "nested deeper than {NESTING_MAX} levels"),
            Self::NoObject => f.write_str("not an object"),
            Self::NoArray => f.write_str("not an array"),
            Self::Missing(field) => write!(f, "no `{field}`"),
            Self::NoUuid(field) => write!(f, "`{field}` is not a uuid"),
            Self::NoDate(field) => write!(f, "`{field}` is not an ISO 8601 date with time and offset"),
            Self::NoNumber(field) => write!(f, "`{field}` is not a number"),
            Self::NoText(field) => write!(f, "`{field}` is not a text"),
            Self::OutOfRange(field) => write!(f, "`{field}` is out of range"),
            Self::RouteOfNoWorkout => f.write_str("the key of its route is not the uuid of a workout"),
        }
    }
}
