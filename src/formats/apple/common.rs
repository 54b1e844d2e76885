//! The attributes that records, correlations and workouts have in common.

use super::element::{Element, plain};
use crate::formats::flaw::{Flaw, or_flaw};
use crate::model::locale::{of_phone, parse_date};
use crate::model::time;

/// The attributes as they are in the file, dates read.
#[derive(Debug, Default)]
pub(super) struct Common<'a> {
    kind: Option<&'a str>,
    pub(super) unit: Option<&'a str>,
    pub(super) value: Option<&'a str>,
    pub(super) source: SourceAttributes<'a>,
    pub(super) creation_ms: Option<i64>,
    pub(super) start_ms: Option<i64>,
    pub(super) end_ms: Option<i64>,
    /// Whether there are attributes without a field here.
    pub(super) has_more: bool,
}

/// The attributes that say where a record comes from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SourceAttributes<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) device: Option<&'a str>,
}

/// Attributes that [`Common`] has a field for; the source's come last.
pub(super) const KNOWN: [&str; 9] =
    ["type", "unit", "value", "creationDate", "startDate", "endDate", "sourceName", "sourceVersion", "device"];

impl<'a> Common<'a> {
    pub(super) fn read(element: Element<'a>) -> Result<Self, Flaw> {
        let mut common = Self::default();
        for (key, value) in element.attributes() {
            match key {
                "type" => set_text(&mut common.kind, "type", value)?,
                "unit" => set_text(&mut common.unit, "unit", value)?,
                "value" => set_text(&mut common.value, "value", value)?,
                "sourceName" => set_text(&mut common.source.name, "sourceName", value)?,
                "sourceVersion" => set_text(&mut common.source.version, "sourceVersion", value)?,
                "device" => set_text(&mut common.source.device, "device", value)?,
                "creationDate" => set_date(&mut common.creation_ms, "creationDate", value)?,
                "startDate" => set_date(&mut common.start_ms, "startDate", value)?,
                "endDate" => set_date(&mut common.end_ms, "endDate", value)?,
                _ => common.has_more = true,
            }
        }
        Ok(common)
    }

    /// The type, which every record has.
    pub(super) fn kind(&self) -> Result<&'a str, Flaw> {
        or_flaw(self.kind, Flaw::Missing, "type")
    }

    /// The start, which every record has.
    pub(super) fn start_ms(&self) -> Result<i64, Flaw> {
        or_flaw(self.start_ms, Flaw::Missing, "startDate")
    }

    /// Whether the end is before the start.
    pub(super) fn ends_early(&self) -> bool {
        self.end_ms < self.start_ms && self.end_ms.is_some()
    }

    /// Start, end and creation as bytes, for an identity.
    pub(super) fn times(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        for (place, time) in [self.start_ms, self.end_ms, self.creation_ms].into_iter().enumerate() {
            bytes[8 * place..8 * place + 8].copy_from_slice(&time.unwrap_or(i64::MIN).to_le_bytes());
        }
        bytes
    }
}

/// Sets a date. Programs write `creationDate=""` for one that is missing.
fn set_date(field: &mut Option<i64>, name: &'static str, value: &str) -> Result<(), Flaw> {
    let date = match time::parse(value) {
        Some(ms) => of_phone(ms, value),
        None => parse_date(&plain(value)),
    };
    match date {
        Some(date) => set_once(field, name, date),
        None if value.trim().is_empty() => Ok(()),
        None => Err(Flaw::not_a_date(name, &plain(value))),
    }
}

/// Sets a text, unless it is empty: then the attribute counts as absent.
fn set_text<'a>(field: &mut Option<&'a str>, name: &'static str, value: &'a str) -> Result<(), Flaw> {
    if value.is_empty() { Ok(()) } else { set_once(field, name, value) }
}

/// Sets a field that an element may have only once.
fn set_once<T>(field: &mut Option<T>, name: &'static str, value: T) -> Result<(), Flaw> {
    if field.is_some() {
        return Err(Flaw::Repeated(name));
    }
    *field = Some(value);
    Ok(())
}
