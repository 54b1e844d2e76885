//! Why an element is rejected. An input as a whole fails with [`crate::model::error::Error`].

use std::borrow::Cow;
use std::fmt;

use crate::model::limits::{DETAIL_CHARACTERS_MAX, DETAIL_DIGITS_MAX};
use crate::model::locale::{Unreadable, unclear_year};

/// The fault of an element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    /// The expected kind, such as `an object`.
    Not(&'static str),
    /// A field, by its name, as in most of these.
    Missing(&'static str),
    NotAUuid(&'static str),
    /// What a uuid identifies that is one of a derived identity.
    ReservedUuid(&'static str),
    NotADate(&'static str),
    NotADay(&'static str),
    /// A date of another calendar than the Gregorian, and which years it may have.
    Calendar(&'static str, String),
    NotANumber(Cow<'static, str>),
    /// A number with a separator that may begin decimals or separate thousands: its name and its readings.
    TwoReadings(Cow<'static, str>, String),
    NotAText(&'static str),
    OutOfRange(&'static str),
    /// The end is before the start.
    EndsEarly,
    Repeated(&'static str),
    GivenTwice(Cow<'static, str>),
    /// A number beyond the range of doubles: the name before it, and its digits.
    NumberTooLarge(String, String),
    /// The key of a route names no workout.
    NoWorkout,
    /// A name, text or number outside an element is longer than so many bytes, and was cut.
    Cut(usize),
    /// A name has more than so many bytes, and was cut.
    LongName(usize),
    /// A metric's name is missing, or follows its data where too many do.
    NoMetric,
    /// Bytes that an element may have.
    TooLong(u64),
    /// Bytes that an element may have with control characters escaped.
    TooLongEscaped(u64),
    /// Levels that elements may nest.
    TooDeep(usize),
    /// The things that are too many, and their limit.
    TooMany(&'static str, usize),
    /// The next element begins where this one is not closed.
    NotClosed,
    /// XML that the parser refuses, and why.
    NotXml(String),
    /// An entity that XML does not define.
    Entity(String),
    /// JSON that the parser refuses, and why.
    NotJson(String),
    NotUtf8,
    /// Values that the decoder cannot represent, and why.
    Undecodable(String),
    /// An electrocardiogram without the date of its recording, or without voltages.
    NoRecording(&'static str),
}

/// The value of a field, or its flaw. Where most values are there, `ok_or` would make a flaw for each and drop it.
pub(crate) fn or_flaw<T>(value: Option<T>, flaw: fn(&'static str) -> Flaw, field: &'static str) -> Result<T, Flaw> {
    match value {
        Some(value) => Ok(value),
        None => Err(flaw(field)),
    }
}

impl Flaw {
    /// Why a field's text is not read as a date.
    pub(crate) fn not_a_date(field: &'static str, text: &str) -> Self {
        unclear_year(text).map_or(Self::NotADate(field), |years| Self::Calendar(field, years))
    }

    /// Why a field's text is not read as a day.
    pub(crate) fn not_a_day(field: &'static str, text: &str) -> Self {
        unclear_year(text).map_or(Self::NotADay(field), |years| Self::Calendar(field, years))
    }

    /// Why a field's text is not read as a number.
    pub(crate) fn unreadable(field: impl Into<Cow<'static, str>>, why: Unreadable) -> Self {
        match why {
            Unreadable::NotANumber => Self::NotANumber(field.into()),
            Unreadable::TwoReadings(decimal, grouped) => {
                Self::TwoReadings(field.into(), format!("{decimal} or {grouped}"))
            }
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Not(what) => write!(f, "not {what}"),
            Self::Missing(field) => write!(f, "no `{field}`"),
            Self::NotAUuid(field) => write!(f, "`{field}` is not a uuid"),
            Self::ReservedUuid(what) => {
                write!(f, "{what} begins with 6873 and is of version 8: such uuids are reserved for records of imports")
            }
            Self::NotADate(field) => write!(f, "`{field}` is not a date with time and offset"),
            Self::NotADay(field) => write!(f, "`{field}` is not a day of a year, such as 2026-03-01"),
            Self::Calendar(field, years) => {
                write!(f, "`{field}` has {years}: choose the Gregorian calendar on the phone, and export again")
            }
            Self::NotANumber(field) => write!(f, "`{field:.DETAIL_CHARACTERS_MAX$}` is not a number"),
            Self::TwoReadings(field, readings) => {
                write!(
                    f,
                    "`{field:.DETAIL_CHARACTERS_MAX$}` is {readings}, and the other numbers of the file do not show which"
                )
            }
            Self::NotAText(field) => write!(f, "`{field}` is not a text"),
            Self::OutOfRange(field) => write!(f, "`{field}` is out of range"),
            Self::EndsEarly => f.write_str("it ends before it begins"),
            Self::Repeated(field) => write!(f, "not well-formed: `{field}` is given twice"),
            Self::GivenTwice(field) => write!(f, "`{field:.DETAIL_CHARACTERS_MAX$}` is given twice"),
            Self::NumberTooLarge(field, number) => {
                let dots = if number.chars().nth(DETAIL_DIGITS_MAX).is_some() { "…" } else { "" };
                write!(
                    f,
                    "`{field:.DETAIL_CHARACTERS_MAX$}` is {number:.DETAIL_DIGITS_MAX$}{dots}: numbers reach from -1.8e308 to 1.8e308"
                )
            }
            Self::NoWorkout => f.write_str("the key of its route is not the uuid of a workout"),
            Self::Cut(bytes) => {
                write!(f, "a name, text or number outside an element is longer than {bytes} bytes: the rest is cut off")
            }
            Self::LongName(bytes) => write!(f, "a name is longer than {bytes} bytes"),
            Self::NoMetric => f.write_str("its metric has no name"),
            Self::TooLong(bytes) => write!(f, "longer than {bytes} bytes"),
            Self::TooLongEscaped(bytes) => {
                write!(f, "longer than {bytes} bytes once its control characters are escaped")
            }
            Self::TooDeep(levels) => write!(f, "nested deeper than {levels} levels"),
            Self::TooMany(what, count) => write!(f, "more than {count} {what}"),
            Self::NotClosed => f.write_str("not closed where the next element begins"),
            Self::NotXml(why) => write!(f, "not well-formed: {why:.DETAIL_CHARACTERS_MAX$}"),
            Self::Entity(name) => write!(f, "refers to an unknown entity: `{name:.DETAIL_CHARACTERS_MAX$}`"),
            Self::NotJson(why) => write!(f, "not JSON: {why:.DETAIL_CHARACTERS_MAX$}"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Undecodable(why) => write!(f, "{why:.DETAIL_CHARACTERS_MAX$}"),
            Self::NoRecording(what) => write!(f, "no {what}: not an electrocardiogram of Apple's export"),
        }
    }
}
