//! Why an element is rejected. An input as a whole fails with [`crate::model::error::Error`].

use std::borrow::Cow;
use std::fmt;

/// What is wrong with an element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    NotAnObject,
    /// A field, by its name, as in most of these.
    Missing(&'static str),
    NotADate(&'static str),
    NotANumber(Cow<'static, str>),
    OutOfRange(&'static str),
    Repeated(&'static str),
    /// A metric's name is missing, or follows its data where too many do.
    NoMetric,
    /// Bytes that an element may have.
    TooLong(u64),
    /// Bytes that an element may have with control characters escaped.
    TooLongEscaped(u64),
    /// Levels that elements may nest.
    TooDeep(usize),
    /// What there is too much of, and how much there may be.
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

/// Characters of a parser's message or an entity's name that a reason shows.
const DETAIL_CHARACTERS: usize = 200;

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("not an object"),
            Self::Missing(field) => write!(f, "no `{field}`"),
            Self::NotADate(field) => write!(f, "`{field}` is not a date with time and offset"),
            Self::NotANumber(field) => write!(f, "`{field:.DETAIL_CHARACTERS$}` is not a number"),
            Self::OutOfRange(field) => write!(f, "`{field}` is out of range"),
            Self::Repeated(field) => write!(f, "not well-formed: `{field}` is given twice"),
            Self::NoMetric => f.write_str("its metric has no name"),
            Self::TooLong(bytes) => write!(f, "longer than {bytes} bytes"),
            Self::TooLongEscaped(bytes) => {
                write!(f, "longer than {bytes} bytes once its control characters are escaped")
            }
            Self::TooDeep(levels) => write!(f, "nested deeper than {levels} levels"),
            Self::TooMany(what, count) => write!(f, "more than {count} {what}"),
            Self::NotClosed => f.write_str("not closed where the next element begins"),
            Self::NotXml(why) => write!(f, "not well-formed: {why:.DETAIL_CHARACTERS$}"),
            Self::Entity(name) => write!(f, "refers to an unknown entity: `{name:.DETAIL_CHARACTERS$}`"),
            Self::NotJson(why) => write!(f, "not JSON: {why:.DETAIL_CHARACTERS$}"),
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Undecodable(why) => write!(f, "{why:.DETAIL_CHARACTERS$}"),
            Self::NoRecording(what) => write!(f, "no {what}: not an electrocardiogram of Apple's export"),
        }
    }
}
