//! What the first pass learns of points and workouts: their times, and how their numbers are written that are texts.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bounded::Passed;
use super::fields::{FIGURES, NUMBERS, STARTS, time};
use super::interval::Times;
use super::value::{Budget, any_seed, scalars};
use crate::model::locale::NumberStyle;

/// What a text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Number,
    /// A number of degrees, of which only one reading is on Earth.
    Degrees,
    Other,
}

impl Kind {
    /// What a member of this name is, if it is a text.
    fn of(name: &str) -> Self {
        match name {
            "latitude" | "lat" | "longitude" | "lon" => Self::Degrees,
            _ if NUMBERS.contains(&name) || FIGURES.contains(&name) => Self::Number,
            _ => Self::Other,
        }
    }
}

/// The numbers of a workout's member that are texts.
pub(super) struct Figures<'s> {
    passed: &'s Passed,
    style: &'s mut NumberStyle,
    kind: Kind,
    /// Whether it is the member itself: together, the elements of its list may be longer than one element.
    is_outermost: bool,
}

impl<'s> Figures<'s> {
    /// Those of the member of this name.
    pub(super) fn of(name: &str, passed: &'s Passed, style: &'s mut NumberStyle) -> Self {
        Self { passed, style, kind: Kind::of(name), is_outermost: true }
    }

    fn inner(&mut self, kind: Kind) -> Figures<'_> {
        Figures { passed: self.passed, style: self.style, kind, is_outermost: false }
    }
}

any_seed!(Figures<'_>, ());

impl<'de> Visitor<'de> for Figures<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            map.next_value_seed(self.inner(Kind::of(&key)))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        loop {
            if self.is_outermost {
                self.passed.begin_element();
            }
            if list.next_element_seed(self.inner(Kind::Other))?.is_none() {
                return Ok(());
            }
        }
    }

    scalars!((), |self, _value| Ok(()));

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        match self.kind {
            Kind::Number => _ = self.style.learn(text),
            Kind::Degrees => self.style.learn_within(text, -180.0..180.0),
            Kind::Other => {}
        }
        Ok(())
    }
}

/// The dates of a metric's points.
pub(super) struct Points<'s> {
    pub(super) passed: &'s Passed,
    pub(super) times: &'s mut Times,
    pub(super) style: &'s mut NumberStyle,
}

/// One point: the first of its dates that begins it, and its numbers that are texts.
struct Point<'s>(&'s mut Times, &'s mut NumberStyle);

any_seed!(Points<'_>, ());

impl<'de> Visitor<'de> for Points<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of points")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.passed.begin_element();
        while list.next_element_seed(Point(self.times, self.style))?.is_some() {
            self.passed.begin_element();
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        IgnoredAny.visit_map(map).map(|_| ())
    }

    scalars!((), |self, _value| Ok(()));

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

any_seed!(Point<'_>, ());

impl<'de> Visitor<'de> for Point<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a point")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut first: Option<(usize, String, i64)> = None;
        while let Some(key) = map.next_key::<String>()? {
            if NUMBERS.contains(&&*key) {
                let number = map.next_value_seed(&mut Budget::default())?;
                number.as_str().into_iter().for_each(|text| _ = self.1.learn(text));
                continue;
            }
            let Some(rank) = STARTS.iter().position(|start| *start == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let date = map.next_value_seed(&mut Budget::default())?;
            if let (Some(text), Some(ms)) = (date.as_str(), time(Some(&date)))
                && first.as_ref().is_none_or(|(known, ..)| rank < *known)
            {
                first = Some((rank, text.to_owned(), ms));
            }
        }
        if let Some((_, text, ms)) = first {
            self.0.add(&text, ms);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        IgnoredAny.visit_seq(list).map(|_| ())
    }

    scalars!((), |self, _value| Ok(()));

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
