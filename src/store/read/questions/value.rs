//! What a question hands out: names with values, lists of rows. A sink makes bytes of them; nothing here knows JSON or CSV.

use crate::model::record::Uuid;

/// A value of an answer. Absence is [`Value::Null`], never 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Not known, or not there.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(&'a str),
    /// JSON, as it is stored.
    Json(&'a str),
    /// Texts.
    Texts(&'a [String]),
    /// An instant, in milliseconds since 1970 UTC.
    Time(i64),
    /// An identity.
    Identity(Uuid),
}

impl<'a> Value<'a> {
    /// The text, or [`Value::Null`].
    #[must_use]
    pub fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    /// The JSON, or [`Value::Null`].
    #[must_use]
    pub fn json(json: Option<&'a str>) -> Self {
        json.map_or(Self::Null, Self::Json)
    }

    /// The number, or [`Value::Null`].
    #[must_use]
    pub fn real(number: Option<f64>) -> Self {
        number.map_or(Self::Null, Self::Real)
    }

    /// The whole number, or [`Value::Null`].
    #[must_use]
    pub fn integer(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Integer)
    }

    /// The instant, or [`Value::Null`].
    #[must_use]
    pub fn time(at_ms: Option<i64>) -> Self {
        at_ms.map_or(Self::Null, Self::Time)
    }
}

/// A name with its value.
pub type Field<'a> = (&'static str, Value<'a>);

/// Takes an answer: for each series its head, its lists with their rows, and its tail.
pub trait Sink {
    /// Begins a series. A series without lists is one object.
    fn begin(&mut self, head: &[Field<'_>]);

    /// Begins a list of the series. Every row has these columns.
    fn list(&mut self, name: &'static str, columns: &[&'static str]);

    /// Takes a row of the list, and returns whether another one fits into this page.
    fn row(&mut self, row: &[Value<'_>]) -> bool;

    /// Ends the series.
    fn end(&mut self, tail: &[Field<'_>]);

    /// Begins a part of the series under a name: until [`Sink::close`], series are inside of this one. A sink that has only tables
    /// need not take parts.
    fn open(&mut self, _name: &'static str, _part: Part) {}

    /// Ends the part.
    fn close(&mut self) {}
}

/// What a part of a series has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// One series.
    One,
    /// A list of any number of series.
    Many,
}

/// Where a question is after a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress {
    /// The page is full; the next one continues behind it.
    More,
    /// The answer is complete.
    End,
}
