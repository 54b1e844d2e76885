//! What the devices of a person have stored, as the app sends it: one payload for some days.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::random::Random;
use crate::model::time::push_iso;

/// A source of samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Device {
    Watch,
    Phone,
    Scale,
}

impl Device {
    /// Its name, its bundle, its model. Apple writes a no-break space between the words.
    fn source(self) -> [&'static str; 3] {
        match self {
            Self::Watch => ["Apple\u{a0}Watch", "com.apple.health.4B1D0C3E-0000-4000-8000-000000000001", "Watch7,1"],
            Self::Phone => ["iPhone", "com.apple.health.4B1D0C3E-0000-4000-8000-000000000002", "iPhone17,1"],
            Self::Scale => ["Scale", "com.example.scale", "iPhone17,1"],
        }
    }
}

/// Samples, workouts and doses by section, as text. What has not ended yet is left out.
#[derive(Debug)]
pub(super) struct Payload {
    now_ms: i64,
    /// Makes identities.
    random: Random,
    sections: BTreeMap<String, String>,
    routes: String,
}

impl Payload {
    pub(super) fn new(now_ms: i64, random: Random) -> Self {
        Self { now_ms, random, sections: BTreeMap::new(), routes: String::new() }
    }

    /// Whether something has ended.
    pub(super) fn has_ended(&self, to_ms: i64) -> bool {
        to_ms <= self.now_ms
    }

    /// A quantity with a unit.
    pub(super) fn quantity(&mut self, kind: &str, device: Device, times: [i64; 2], (value, unit): (f64, &str)) {
        let fields = format!(r#""value":{},"unit":"{unit}""#, rounded(value));
        self.push(&format!("HKQuantityTypeIdentifier{kind}"), device, times, &fields);
    }

    /// A category, with the zone that Apple's apps write.
    pub(super) fn category(&mut self, kind: &str, device: Device, times: [i64; 2], (value, zone): (i64, &str)) {
        let fields = format!(r#""value":{value},"metadata":{{"HKTimeZone":"{zone}"}}"#);
        self.push(&format!("HKCategoryTypeIdentifier{kind}"), device, times, &fields);
    }

    /// A workout with these fields. Returns its identity, unless it has not ended.
    pub(super) fn workout(&mut self, times: [i64; 2], fields: &str) -> Option<String> {
        self.push("workouts", Device::Watch, times, fields)
    }

    /// A dose that was due.
    pub(super) fn dose(&mut self, name: &str, [due_ms, at_ms]: [i64; 2], status: u8) {
        let fields = format!(
            r#""medicationName":"{name}","scheduleType":2,"logStatus":{status},"doseQuantity":1,"unit":"count","scheduledDate":"{}""#,
            iso(due_ms)
        );
        self.push("medicationDoseEvents", Device::Phone, [at_ms; 2], &fields);
    }

    /// A medication.
    pub(super) fn medication(&mut self, name: &str, form: &str) {
        let element =
            format!(r#"{{"displayText":"{name}","generalForm":"{form}","isArchived":false,"hasSchedule":true}}"#);
        self.element("medications", &element);
    }

    /// The locations of a workout.
    pub(super) fn route(&mut self, workout: &str, locations: &str) {
        let comma = if self.routes.is_empty() { "" } else { "," };
        let _ = write!(self.routes, r#"{comma}"{workout}":[{{"locations":[{locations}]}}]"#);
    }

    /// An element as it is, which may be one that cannot be stored.
    pub(super) fn element(&mut self, section: &str, element: &str) {
        let elements = self.sections.entry(section.to_owned()).or_default();
        if !elements.is_empty() {
            elements.push(',');
        }
        elements.push_str(element);
    }

    fn push(&mut self, section: &str, device: Device, [from_ms, to_ms]: [i64; 2], fields: &str) -> Option<String> {
        if !self.has_ended(to_ms) {
            return None;
        }
        let (one, other) = (self.random.next(), self.random.next());
        // Of version 4, as HealthKit's are.
        let uuid = format!(
            "{:08X}-{:04X}-4{:03X}-{:04X}-{:012X}",
            one >> 32,
            one >> 16 & 0xffff,
            one & 0xfff,
            0x8000 | other >> 48 & 0x3fff,
            other & 0xffff_ffff_ffff
        );
        let [name, bundle, model] = device.source();
        let (start, end) = (iso(from_ms), iso(to_ms));
        let element = format!(
            r#"{{"uuid":"{uuid}","startDate":"{start}","endDate":"{end}",{fields},"sourceRevision":{{"source":{{"name":"{name}","bundleIdentifier":"{bundle}"}},"version":"26.1","productType":"{model}"}}}}"#
        );
        self.element(section, &element);
        Some(uuid)
    }

    /// The body that the app posts.
    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = String::from(r#"{"syncSource":"automatic","data":{"#);
        for (place, (section, elements)) in self.sections.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let _ = write!(body, r#"{comma}"{section}":[{elements}]"#);
        }
        let _ = write!(body, r#"}},"workoutRoutes":{{{}}}}}"#, self.routes);
        body.into_bytes()
    }
}

/// A number with at most four decimals.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// An instant as text.
pub(super) fn iso(at_ms: i64) -> String {
    let mut text = Vec::new();
    push_iso(at_ms, &mut text);
    String::from_utf8(text).unwrap_or_default()
}
