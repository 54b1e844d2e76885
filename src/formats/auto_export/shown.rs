//! What the first pass learns of points and workouts: their times, and how their numbers are written that are texts.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bounded::Passed;
use super::fields::{FIGURES, NUMBERS, STARTS, time};
use super::interval::Times;
use super::order::Order;
use super::value::{Budget, any_seed, scalars};
use crate::model::locale::{NumberStyle, parse_date};

/// What a text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Number,
    /// A number of degrees, of which only one reading is on Earth.
    Degrees,
    /// The date that makes a point of an item.
    Date,
    Other,
}

impl Kind {
    /// What a member of this name is, if it is a text.
    fn of(name: &str) -> Self {
        match name {
            "latitude" | "lat" | "longitude" | "lon" => Self::Degrees,
            "date" => Self::Date,
            _ if NUMBERS.contains(&name) || FIGURES.contains(&name) => Self::Number,
            _ => Self::Other,
        }
    }
}

/// A value of a workout.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Member,
    /// An item of a list that is a member.
    Item,
    Within,
}

/// The numbers of a workout's member that are texts. The points of its list are elements by themselves: the rest stays in the
/// workout.
pub(super) struct Figures<'s> {
    passed: &'s Passed,
    style: &'s mut NumberStyle,
    kind: Kind,
    place: Place,
    /// Whether all items are points.
    is_route: bool,
    /// Whether the item is one.
    is_point: bool,
    /// The order of those of a series.
    order: Order,
}

impl<'s> Figures<'s> {
    /// Those of the member of this name.
    pub(super) fn of(name: &str, passed: &'s Passed, style: &'s mut NumberStyle) -> Self {
        let is_route = name == "route";
        Self {
            passed,
            style,
            kind: Kind::of(name),
            place: Place::Member,
            is_route,
            is_point: false,
            order: Order::default(),
        }
    }

    /// Whether equal points of a series may stand far apart.
    pub(super) fn are_scattered(&self) -> bool {
        !self.is_route && self.order.is_scattered()
    }
}

any_seed!(&mut Figures<'_>, ());

impl<'de> Visitor<'de> for &mut Figures<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let place = std::mem::replace(&mut self.place, Place::Within);
        while let Some(key) = map.next_key::<String>()? {
            self.kind = Kind::of(&key);
            // Only the item's own date counts.
            if self.kind == Kind::Date && place != Place::Item {
                self.kind = Kind::Other;
            }
            map.next_value_seed(&mut *self)?;
        }
        self.place = place;
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let place = self.place;
        self.place = if place == Place::Member { Place::Item } else { Place::Within };
        loop {
            self.kind = Kind::Other;
            if place == Place::Member {
                self.is_point = self.is_route;
            }
            let before = self.passed.bytes();
            if list.next_element_seed(&mut *self)?.is_none() {
                self.place = place;
                return Ok(());
            }
            if place == Place::Member && self.is_point {
                self.passed.leave_out(before);
            }
        }
    }

    scalars!((), |self, _value| Ok(()));

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        match self.kind {
            Kind::Number => _ = self.style.learn(text),
            Kind::Degrees => self.style.learn_within(text, -180.0..180.0),
            Kind::Date => {
                let date = parse_date(text);
                self.is_point |= date.is_some();
                date.into_iter().for_each(|ms| self.order.add(ms));
            }
            Kind::Other => {}
        }
        Ok(())
    }
}

/// The dates of a metric's points.
pub(super) struct Points<'s> {
    pub(super) passed: &'s Passed,
    pub(super) times: &'s mut Times,
    pub(super) order: &'s mut Order,
    pub(super) style: &'s mut NumberStyle,
}

/// One point: the first of its dates that begins it, and its numbers that are texts.
struct Point<'s>(&'s mut Times, &'s mut Order, &'s mut NumberStyle);

any_seed!(Points<'_>, ());

impl<'de> Visitor<'de> for Points<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of points")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.passed.begin_element();
        while list.next_element_seed(Point(self.times, self.order, self.style))?.is_some() {
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
                number.as_str().into_iter().for_each(|text| _ = self.2.learn(text));
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
            self.1.add(ms);
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
