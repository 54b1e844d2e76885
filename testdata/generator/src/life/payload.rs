//! What the devices of a made-up person store, as the app sends it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::place::Place;
use crate::clock::push_iso;

/// A source of samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Device {
    Watch,
    Phone,
    App,
    /// Another app, which is installed later and so counts before the first one.
    Other,
}

impl Device {
    fn json(self) -> &'static str {
        match self {
            Self::Watch => {
                r#"{"source":{"name":"Watch","bundleIdentifier":"com.apple.health.00000000-0000-4000-8000-000000000001"},"productType":"Watch7,1"}"#
            }
            Self::Phone => {
                r#"{"source":{"name":"Phone","bundleIdentifier":"com.apple.health.00000000-0000-4000-8000-000000000002"},"productType":"iPhone17,1"}"#
            }
            Self::App => r#"{"source":{"name":"App","bundleIdentifier":"com.example.app"},"productType":"iPhone17,1"}"#,
            Self::Other => {
                r#"{"source":{"name":"Other","bundleIdentifier":"com.example.other"},"productType":"iPhone17,1"}"#
            }
        }
    }
}

/// Samples and workouts as JSON, by section.
#[derive(Debug, Default)]
pub(super) struct Devices {
    sections: BTreeMap<String, Vec<String>>,
    count: u64,
}

impl Devices {
    /// Stores a sample of a quantity.
    pub(super) fn quantity(&mut self, kind: &str, unit: &str, device: Device, [from_ms, to_ms]: [i64; 2], value: i64) {
        let fields = format!(r#""value":{value},"unit":"{unit}""#);
        self.push(&["HKQuantityTypeIdentifier", kind].concat(), device, [from_ms, to_ms], &fields);
    }

    /// Stores a sample of a category, with the zone that Apple's apps write.
    pub(super) fn category(&mut self, kind: &str, device: Device, times: [i64; 2], value: i64, place: Place) {
        let fields = format!(r#""value":{value},"metadata":{{"HKTimeZone":"{}"}}"#, place.zone());
        self.push(&["HKCategoryTypeIdentifier", kind].concat(), device, times, &fields);
    }

    /// Stores a workout of the watch, and its energy if that is known.
    pub(super) fn workout(&mut self, times: [i64; 2], activity: i64, energy: Option<i64>, place: Place) {
        let seconds = (times[1] - times[0]) / 1000;
        let statistics = energy.map_or_else(String::new, |energy| {
            format!(
                r#","allStatistics":{{"HKQuantityTypeIdentifierActiveEnergyBurned":{{"sumQuantity":{{"quantity":{energy},"unit":"kcal"}}}}}}"#
            )
        });
        let fields = format!(
            r#""workoutActivityType":{activity},"durationSeconds":{seconds},"metadata":{{"HKTimeZone":"{}"}}{statistics}"#,
            place.zone()
        );
        self.push("workouts", Device::Watch, times, &fields);
    }

    fn push(&mut self, section: &str, device: Device, times: [i64; 2], fields: &str) {
        self.count += 1;
        let [start, end] = times.map(|at_ms| {
            let mut text = Vec::new();
            push_iso(&mut text, at_ms);
            String::from_utf8(text).unwrap_or_default()
        });
        let (number, source) = (self.count, device.json());
        let element = format!(
            r#"{{"uuid":"00000000-0000-4000-9000-{number:012x}","startDate":"{start}","endDate":"{end}",{fields},"sourceRevision":{source}}}"#
        );
        self.sections.entry(section.to_owned()).or_default().push(element);
    }

    /// Writes everything as one payload.
    pub(super) fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"{\"data\":{")?;
        for (place, (section, elements)) in self.sections.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(out, "{comma}\"{section}\":[")?;
            for (place, element) in elements.iter().enumerate() {
                let comma = if place > 0 { "," } else { "" };
                write!(out, "{comma}\n{element}")?;
            }
            out.write_all(b"]")?;
        }
        out.write_all(b"}}\n")
    }
}
