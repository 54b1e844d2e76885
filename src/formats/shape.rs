//! What a JSON document is, by the keys at known places. It takes bytes as they come, and no more than it needs.
//!
//! The order of keys makes no difference where one key suffices. Sections that two programs have under one name are judged by
//! the keys of their elements.

use crate::model::limits::{SHAPE_LEVELS_MAX, SHAPE_NAME_BYTES_MAX};

/// The origin of a JSON document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// Health Export Pro's.
    Payload,
    /// Health Auto Export's.
    AutoExport,
    /// A FHIR resource.
    Fhir,
}

/// Kinds of places in the document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// A list of documents.
    Documents,
    Document,
    /// The value of `data`.
    Data,
    /// A section that both programs have.
    Section,
    /// An element of one.
    Element,
    /// Anything else.
    Other,
}

/// Reads a document until its shape is known.
#[derive(Debug)]
pub(crate) struct Detector {
    /// The arrays and objects around the next byte, as far as they are places.
    places: [Place; SHAPE_LEVELS_MAX],
    depth: usize,
    /// Arrays and objects inside the innermost place that are none.
    below: u64,
    in_string: bool,
    is_escaped: bool,
    expects_name: bool,
    name: [u8; SHAPE_NAME_BYTES_MAX],
    name_bytes: usize,
    /// What the value of the last name is, if it is an array or object of the right kind.
    next: Place,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            places: [Place::Other; SHAPE_LEVELS_MAX],
            depth: 0,
            below: 0,
            in_string: false,
            is_escaped: false,
            expects_name: false,
            name: [0; SHAPE_NAME_BYTES_MAX],
            name_bytes: 0,
            next: Place::Other,
        }
    }
}

impl Detector {
    /// Takes the next bytes. Returns the shape as soon as it is known.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Option<Shape> {
        bytes.iter().find_map(|byte| self.accept(*byte))
    }

    fn accept(&mut self, byte: u8) -> Option<Shape> {
        if self.in_string {
            return self.accept_text(byte);
        }
        if self.below == 0 && self.is_misplaced(byte) {
            // The reader of payloads reports the fault, without waiting for what the client sends behind it.
            return Some(Shape::Payload);
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.name_bytes = 0;
            }
            b'{' | b'[' => self.open(byte),
            b'}' | b']' if self.below > 0 => self.below -= 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.expects_name = false;
            }
            b',' => self.expects_name = self.below == 0 && self.is_in_object(),
            b':' => self.expects_name = false,
            _ => {}
        }
        None
    }

    /// Whether a byte cannot stand here in JSON, as far as that is seen without reading values.
    fn is_misplaced(&self, byte: u8) -> bool {
        let is_mark = !byte.is_ascii();
        match self.place() {
            // Some programs write `null` for a document without records.
            None => !is_mark && !byte.is_ascii_whitespace() && !matches!(byte, b'{' | b'[' | b'n' | b'u' | b'l'),
            Some(_) => self.expects_name && !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'}'),
        }
    }

    fn accept_text(&mut self, byte: u8) -> Option<Shape> {
        if !std::mem::take(&mut self.is_escaped) {
            match byte {
                b'\\' => self.is_escaped = true,
                b'"' => {
                    self.in_string = false;
                    // Behind a name comes its value.
                    return if std::mem::take(&mut self.expects_name) { self.judge_name() } else { None };
                }
                _ => {}
            }
        }
        if self.expects_name {
            if let Some(place) = self.name.get_mut(self.name_bytes) {
                *place = byte;
            }
            self.name_bytes += 1;
        }
        None
    }

    fn place(&self) -> Option<Place> {
        self.depth.checked_sub(1).and_then(|index| self.places.get(index)).copied()
    }

    fn is_in_object(&self) -> bool {
        matches!(self.place(), Some(Place::Document | Place::Data | Place::Element))
    }

    fn open(&mut self, bracket: u8) {
        let next = std::mem::replace(&mut self.next, Place::Other);
        let place = match (self.place(), bracket, next) {
            _ if self.below > 0 => Place::Other,
            (None, b'[', _) => Place::Documents,
            (None | Some(Place::Documents), b'{', _) => Place::Document,
            (Some(Place::Document), b'{', Place::Data) => Place::Data,
            (Some(Place::Document | Place::Data), b'[', Place::Section) => Place::Section,
            // A metric by itself has its points there.
            (Some(Place::Document), b'[', Place::Data) => Place::Section,
            (Some(Place::Section), b'{', _) => Place::Element,
            _ => Place::Other,
        };
        self.expects_name = false;
        if place == Place::Other || self.depth == SHAPE_LEVELS_MAX {
            self.below += 1;
            return;
        }
        self.places[self.depth] = place;
        self.depth += 1;
        self.expects_name = self.is_in_object();
    }

    fn judge_name(&mut self) -> Option<Shape> {
        // A name that is longer than all that are known begins like one of them at most.
        let name = &self.name[..self.name_bytes.min(SHAPE_NAME_BYTES_MAX)];
        let judged = match self.place() {
            Some(Place::Document) => of_document(name),
            Some(Place::Data) => of_section(name),
            Some(Place::Element) => of_element(name),
            _ => Judged::Nothing,
        };
        self.next = Place::Other;
        match judged {
            Judged::Known(shape) => return Some(shape),
            Judged::Inside(place) => self.next = place,
            Judged::Nothing => {}
        }
        None
    }
}

/// The meaning of a name.
enum Judged {
    Known(Shape),
    /// Its value may say it.
    Inside(Place),
    Nothing,
}

fn of_document(name: &[u8]) -> Judged {
    match name {
        // The other keys around the data, such as `exportDate`, may be anybody's.
        b"workoutRoutes" => Judged::Known(Shape::Payload),
        b"resourceType" => Judged::Known(Shape::Fhir),
        b"data" => Judged::Inside(Place::Data),
        // Some programs send the sections without the object around them.
        _ => of_section(name),
    }
}

fn of_section(name: &[u8]) -> Judged {
    match name {
        b"metrics" | b"symptoms" | b"ecg" | b"cycleTracking" | b"heartRateNotifications" => {
            Judged::Known(Shape::AutoExport)
        }
        b"workouts" | b"medications" | b"stateOfMind" => Judged::Inside(Place::Section),
        b"medicationDoseEvents" => Judged::Known(Shape::Payload),
        _ if name.starts_with(b"HK") => Judged::Known(Shape::Payload),
        _ => Judged::Nothing,
    }
}

/// The exporters whose documents have a section of this name.
pub(crate) fn shape_of_section(name: &str) -> Option<Shape> {
    match of_section(name.as_bytes()) {
        Judged::Known(shape) => Some(shape),
        _ => None,
    }
}

/// Why a document of another program than those before it is not read.
pub(crate) const MIXED: &str = "a document of Health Export Pro and one of Health Auto Export follow each other; keep the documents of \
    each app apart";

fn of_element(name: &[u8]) -> Judged {
    match name {
        b"uuid" | b"startDate" | b"endDate" | b"sourceRevision" | b"device" | b"workoutActivityType" => {
            Judged::Known(Shape::Payload)
        }
        b"durationSeconds" | b"allStatistics" | b"events" | b"activities" | b"hasSchedule" | b"generalForm" => {
            Judged::Known(Shape::Payload)
        }
        b"id" | b"name" | b"start" | b"end" | b"date" | b"scheduledDate" | b"status" | b"dosage" | b"codings" => {
            Judged::Known(Shape::AutoExport)
        }
        b"route" | b"heartRateData" | b"heartRateRecovery" | b"heartRate" | b"isIndoor" | b"activeEnergy" => {
            Judged::Known(Shape::AutoExport)
        }
        b"activeEnergyBurned" | b"stepCount" | b"stepCadence" | b"valenceClassification" | b"basalEnergyBurned" => {
            Judged::Known(Shape::AutoExport)
        }
        b"cyclingDistance" | b"swimDistance" | b"flightsClimbed" | b"avgHeartRate" | b"maxHeartRate" | b"intensity" => {
            Judged::Known(Shape::AutoExport)
        }
        b"walkingAndRunningDistance" | b"elevation" | b"elevationUp" | b"elevationDown" | b"avgSpeed" | b"maxSpeed" => {
            Judged::Known(Shape::AutoExport)
        }
        b"speed" | b"cyclingSpeed" | b"cyclingPower" | b"cyclingCadence" | b"swimCadence" | b"swimStroke" => {
            Judged::Known(Shape::AutoExport)
        }
        b"totalSwimmingStrokeCount" | b"lapLength" | b"strokeStyle" | b"totalEnergy" | b"temperature" | b"humidity" => {
            Judged::Known(Shape::AutoExport)
        }
        _ => Judged::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let check = |json: &str, expected: Option<Shape>| {
            assert_eq!(Detector::default().feed(json.as_bytes()), expected, "{json}");
            let mut detector = Detector::default();
            let by_byte = json.as_bytes().iter().find_map(|byte| detector.feed(&[*byte]));
            assert_eq!(by_byte, expected, "{json}, byte by byte");
        };
        let (payload, auto_export) = (Some(Shape::Payload), Some(Shape::AutoExport));
        check(" \n{\"data\":{}}\n", None);
        check(r#"{"data":{"notes":[{"start":1,"uuid":2}]},"note":"exportDate"}"#, None);
        for before in ["null", "null\nnull\n", "\u{feff}null null"] {
            check(before, None);
            check(&format!("{before} {{\"data\":{{\"metrics\":["), auto_export);
            check(&format!("{before} {{\"data\":{{\"HKQuantityTypeIdentifierStepCount\":["), payload);
        }
        check(r#"[null,{"metrics":["#, auto_export);
        // One metric, or a list of them, without what stands around them.
        check(r#"{"name":"x","units":"u","data":[{"date":"#, auto_export);
        check(r#"{"data":[{"name":"x","data":["#, auto_export);
        check(r#"{"data":[{"uuid":"x","#, payload);
        for faulty in ["true", "hello", "{'data'", "{\"data\":{}}x", "{5", "[{,"] {
            check(faulty, payload);
        }
        let around = ["exportDate", "startDate", "endDate", "syncSource", "characteristics"]
            .map(|key| format!("\"{key}\":{{\"a\":1}},"));
        let around = around.concat();
        check(&format!(r#"{{{around}"data":{{"metrics":["#), auto_export);
        check(&format!(r#"{{{around}"data":{{"HKQuantityTypeIdentifierStepCount":["#), payload);
        check(&format!(r#"{{{around}"data":{{}}}}"#), None);
        check(r#"{"note":{"workoutRoutes":1},"workoutRoutes":2}"#, payload);
        check(r#"{"data":{"HKQuantityTypeIdentifierHeartRateOfALongName":[]}}"#, payload);
        check(r#"{"data":{"notes":["metrics",{"metrics":1}],"medicationDoseEvents":[]}}"#, payload);
        check(r#"{"data":{"workouts":[{"metadata":{"start":1},"uuid":"x"}]}}"#, payload);
        check(r#"{"data":{"medications":[{"displayText":"name","isArchived":true,"hasSchedule":true}]}}"#, payload);
        check(r#"{"data":{"stateOfMind":[{"valence":1,"startDate":"x"}]}}"#, payload);
        for section in ["metrics", "symptoms", "ecg", "cycleTracking", "heartRateNotifications"] {
            check(&format!(r#"{{"data":{{"{section}":["#), auto_export);
            check(&format!(r#"[ {{"{section}" :"#), auto_export);
        }
        check(r#"{"data":{"workouts":[null,5,{"metadata":{"uuid":1},"start":"x"}]}}"#, auto_export);
        check(r#"{"data":{"workouts":[],"medications":[{"displayText":"A","nickname":"B","dosage":1}]}}"#, auto_export);
        check(r#"{"data":{"stateOfMind":[{"kind":"x","id":"y"}]}}"#, auto_export);
        // A long series may be first.
        for first in ["route", "heartRateData", "walkingAndRunningDistance", "elevation", "cyclingPower", "temperature"]
        {
            check(&format!(r#"{{"data":{{"workouts":[{{"{first}":[{{"qty":1"#), auto_export);
        }
        check(r#"{"data":{}} {"data":{"ecg":[]}}"#, auto_export);
        check(r#"{"\"metrics":1,"id":"x","resourceType":"Observation"}"#, Some(Shape::Fhir));
    }
}
