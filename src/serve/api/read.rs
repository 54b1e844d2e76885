//! What a path of the API accepts, what its answer looks like, and the question that it asks.

use super::parameters::{Given, Parameter, Wrong};
use crate::model::identity;
use crate::model::record::Uuid;
use crate::store::questions::{Kind, Question, Range, Unanswered};

/// What a path of the API accepts and asks.
pub(in crate::serve) struct Read {
    pub(super) parameters: &'static [Parameter],
    pub(super) shape: Shape,
    pub(super) tag: Tag,
    pub(super) ask: Ask,
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// Rows, also as CSV and in lines.
    Table,
    /// One object.
    Object,
    /// A line on a map.
    GeoJson,
    /// A file of locations.
    Gpx,
    /// A picture.
    Svg,
}

/// What the tag of an answer is made from: all that the answer depends on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tag {
    /// The answer has no tag.
    Never,
    /// What `changes` notes.
    Rows,
    /// The same, the last upload, and whether one is under way.
    RowsAndUploads,
}

#[cfg(test)]
impl Read {
    /// The names of its parameters.
    pub(in crate::serve) fn parameter_names(&self) -> impl Iterator<Item = &'static str> {
        self.parameters.iter().map(|parameter| parameter.name())
    }

    /// The statuses that it may answer beside 200. A path with a name in it may lead to nothing.
    pub(in crate::serve) fn statuses(&self, has_name: bool) -> Vec<&'static str> {
        let mut statuses = vec!["400", "401", "403", "406", "429", "500", "503"];
        if self.tag != Tag::Never {
            statuses.push("304");
        }
        // Of a type without samples nothing can be explained.
        let has = |parameter| self.parameters.contains(&parameter);
        let is_of_one_day = self.shape == Shape::Object && has(Parameter::From) && !has(Parameter::To);
        if has_name || is_of_one_day {
            statuses.push("404");
        }
        statuses
    }
}

/// Makes the question of a request.
pub(super) type Ask = fn(Asked) -> Result<Box<dyn Question>, Unasked>;

/// What a request asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) given: Given,
    /// The names in the path.
    pub(super) names: Vec<String>,
    /// Whose rows, which the caller may read.
    pub(super) person: String,
    /// Whether the caller may read everyone's, and names nobody.
    pub(super) is_of_all: bool,
    /// Rows at most; none for an answer of any length.
    pub(super) limit: Option<u64>,
}

/// Why a request asks for nothing.
#[derive(Debug)]
pub(super) enum Unasked {
    Wrong(Wrong),
    NotFound(&'static str),
}

impl From<Wrong> for Unasked {
    fn from(wrong: Wrong) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<Unanswered> for Unasked {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Parameter(name, accepts) => Self::Wrong(Wrong::of(name, &accepts)),
            _ => Self::NotFound("nothing is here"),
        }
    }
}

impl Asked {
    /// Whose rows, and when.
    pub(super) fn range(&self) -> Range {
        let Given { from, to, tz, .. } = &self.given;
        Range { person: self.person.clone(), from: *from, to: *to, zone: tz.clone() }
    }

    /// The types, each once.
    pub(super) fn kinds(&self) -> Result<Vec<Kind>, Wrong> {
        let mut kinds: Vec<Kind> = Vec::new();
        for kind in self.given.types.iter().map(|name| Kind::named(name)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if kinds.is_empty() { Err(Wrong::value(Parameter::Type)) } else { Ok(kinds) }
    }

    /// The only type.
    pub(super) fn kind(&self) -> Result<Kind, Wrong> {
        let mut kinds = self.kinds()?;
        kinds
            .pop()
            .filter(|_| kinds.is_empty())
            .ok_or_else(|| Wrong::of("type", "one name of a type, such as steps or heart_rate"))
    }

    /// The only word that filters, if there is one.
    pub(super) fn word(&self) -> Result<Option<String>, Wrong> {
        match self.given.types.as_slice() {
            [] => Ok(None),
            [word] => Ok(Some(word.clone())),
            _ => Err(Wrong::of("type", "one word here")),
        }
    }

    /// The identity in the path.
    pub(super) fn uuid(&self) -> Result<Uuid, Unasked> {
        let text = self.names.first().map(String::as_str).unwrap_or_default();
        identity::parse_any(text)
            .ok_or(Unasked::NotFound("an identity has 32 hexadecimal digits, as /api/v1/workouts lists them"))
    }
}
