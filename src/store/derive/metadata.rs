//! What figures need of a sample's metadata: the zone, the reason for insulin, and whether the owner entered it by hand.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use serde_json::Value;

use crate::model::limits::METADATA_READ_MAX;

/// The members of metadata that count. The app sends numbers and truths, Apple's export has texts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(super) struct Metadata {
    #[serde(rename = "HKTimeZone", default)]
    zone: Value,
    #[serde(rename = "HKWasUserEntered", default)]
    was_entered: Value,
    #[serde(rename = "HKInsulinDeliveryReason", default)]
    insulin_reason: Value,
}

impl Metadata {
    /// Reads a text; nothing counts in one that is not an object.
    fn of(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// Returns the name of the time zone.
    pub(super) fn zone(&self) -> Option<&str> {
        self.zone.as_str()
    }

    /// Whether the owner entered it by hand.
    pub(super) fn was_entered(&self) -> bool {
        match &self.was_entered {
            Value::Bool(is_true) => *is_true,
            value => number(value) == Some(1),
        }
    }

    /// Returns HealthKit's number of the reason for insulin.
    pub(super) fn insulin_reason(&self) -> Option<i64> {
        number(&self.insulin_reason)
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    }
}

/// Metadata by id: many samples share one.
#[derive(Debug, Default)]
pub(super) struct SharedTexts {
    known: HashMap<i64, Metadata, RandomState>,
    absent: Metadata,
}

impl SharedTexts {
    /// Returns the metadata of a sample, of which one of the two is set if it has any.
    pub(super) fn read(
        &mut self,
        connection: &Connection,
        id: Option<i64>,
        own: Option<&str>,
    ) -> rusqlite::Result<&Metadata> {
        match (id, own) {
            (Some(id), _) => self.shared(connection, id),
            (None, Some(own)) => {
                self.absent = Metadata::of(own);
                Ok(&self.absent)
            }
            (None, None) => {
                self.absent = Metadata::default();
                Ok(&self.absent)
            }
        }
    }

    fn shared(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<&Metadata> {
        if !self.known.contains_key(&id) {
            if self.known.len() >= METADATA_READ_MAX {
                self.known.clear();
            }
            let mut select = connection.prepare_cached("SELECT json FROM shared_metadata WHERE id = ?1")?;
            let json: Option<String> = select.query_row([id], |row| row.get(0)).optional()?;
            self.known.insert(id, json.as_deref().map(Metadata::of).unwrap_or_default());
        }
        Ok(self.known.get(&id).unwrap_or(&self.absent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_as_exporters_write_them() {
        let check = |json: &str, zone: Option<&str>, was_entered: bool, reason: Option<i64>| {
            let metadata = Metadata::of(json);
            let found = (metadata.zone(), metadata.was_entered(), metadata.insulin_reason());
            assert_eq!(found, (zone, was_entered, reason), "{json}");
        };
        check(r#"{"HKTimeZone":"Europe/Berlin","HKWasUserEntered":true}"#, Some("Europe/Berlin"), true, None);
        check(r#"{"HKWasUserEntered":"1","HKInsulinDeliveryReason":"2","x":{}}"#, None, true, Some(2));
        check(r#"{"HKWasUserEntered":1,"HKInsulinDeliveryReason":1}"#, None, true, Some(1));
        check(r#"{"HKWasUserEntered":false,"HKTimeZone":7}"#, None, false, None);
        check("[1]", None, false, None);
        check("", None, false, None);
    }
}
