//! `electrocardiograms/*.csv`: lines that describe the recording, then one voltage a line.
//!
//! The descriptions are in the phone's language and in a fixed order. Where their names are unknown, their places identify
//! them. All of them are kept as they are.

use std::io::{self, BufRead};

use crate::formats::flaw::Flaw;
use crate::formats::json::{JsonArray, JsonObject, write_f64};
use crate::formats::output::{Location, Output};
use crate::model::error::{Result, from_io};
use crate::model::identity::{derive, digest};
use crate::model::limits::{ECG_DESCRIPTIONS_MAX, ECG_FILE_BYTES_MAX, ECG_REJECT_BYTES_MAX};
use crate::model::record::Electrocardiogram;
use crate::model::time;

/// A recording as far as it was read.
#[derive(Debug, Default)]
struct Recording {
    descriptions: Vec<(String, String)>,
    /// JSON list of numbers.
    voltages: String,
    start_ms: Option<i64>,
    /// Place of the description that is the date of the recording.
    date_place: usize,
}

/// Reads a recording, and rejects a file that is not one. Adds the bytes of the file to `bytes`.
pub(super) fn read(file: &str, source: impl BufRead, bytes: &mut u64, output: &mut Output<'_>) -> Result<()> {
    let mut limited = source.take(ECG_FILE_BYTES_MAX as u64 + 1);
    let (mut line, mut head) = (0, String::new());
    let recording = Recording::read(&mut limited, |text| {
        line += 1;
        if head.len() < ECG_REJECT_BYTES_MAX {
            head.push_str(text);
        }
    });
    *bytes += ECG_FILE_BYTES_MAX as u64 + 1 - limited.limit();
    let recording = recording.map_err(|error| from_io(error).at(None, Some(file), None))?;
    let recording = match recording {
        _ if limited.limit() == 0 => Err(Flaw::TooLong(ECG_FILE_BYTES_MAX as u64)),
        recording => recording,
    };
    match recording {
        Ok(recording) => {
            recording.push(output);
            output.hand_over_if_full()
        }
        Err(flaw) => {
            let part = format!("line {line}");
            let location = Location { section: file, part: &part, index: None, offset: 0 };
            output.reject(location, &flaw, head.as_bytes().into())
        }
    }
}

impl Recording {
    /// Reads all lines. `see` gets each as it is in the file.
    fn read(source: &mut impl BufRead, mut see: impl FnMut(&str)) -> io::Result<Result<Self, Flaw>> {
        let (mut recording, mut voltages, mut text) = (Self::default(), String::new(), String::new());
        let mut list = JsonArray::begin(&mut voltages);
        loop {
            text.clear();
            match source.read_line(&mut text) {
                Ok(0) => break,
                Ok(_) => see(&text),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(Err(Flaw::NotUtf8)),
                Err(error) => return Err(error),
            }
            match text.trim_start_matches('\u{feff}').trim() {
                "" => {}
                line => match voltage(line) {
                    Some(number) => write_f64(number, list.element()),
                    None => recording.describe(line),
                },
            }
        }
        let has_voltages = !list.is_empty();
        list.end();
        recording.voltages = voltages;
        Ok(match recording.start_ms {
            _ if recording.descriptions.len() > ECG_DESCRIPTIONS_MAX => {
                Err(Flaw::TooMany("descriptions", ECG_DESCRIPTIONS_MAX))
            }
            None => Err(Flaw::NoRecording("date")),
            Some(_) if !has_voltages => Err(Flaw::NoRecording("voltages")),
            Some(_) => Ok(recording),
        })
    }

    fn describe(&mut self, line: &str) {
        let (key, value) = line.split_once(',').unwrap_or((line, ""));
        let value = value.trim().trim_matches('"');
        if self.start_ms.is_none() {
            self.start_ms = time::parse(value);
            self.date_place = self.descriptions.len();
        }
        // One more than there may be is enough to reject them.
        if self.descriptions.len() <= ECG_DESCRIPTIONS_MAX {
            self.descriptions.push((key.trim().trim_matches('"').to_owned(), value.to_owned()));
        }
    }

    fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.descriptions.iter().find(|(known, _)| known == key)?;
        (!value.is_empty()).then_some(value)
    }

    /// The description that follows the date of the recording at this distance.
    fn behind_date(&self, rows: usize) -> Option<&str> {
        let (_, value) = self.descriptions.get(self.date_place + rows)?;
        (!value.is_empty()).then_some(value)
    }

    /// Apple writes classification, symptoms, software, device and sample rate behind the date.
    fn classification(&self) -> Option<&str> {
        self.get("Classification").or_else(|| self.behind_date(1))
    }

    /// Samples per second.
    fn rate_hz(&self) -> Option<f64> {
        let values = || self.descriptions.iter().map(|(_, value)| value.as_str());
        let named = self.get("Sample Rate").and_then(|value| frequency(value, |_| true));
        let hertz =
            |unit: &str| unit.get(..2).is_some_and(|start| ["hz", "he"].contains(&&*start.to_ascii_lowercase()));
        named
            .or_else(|| values().find_map(|value| frequency(value, hertz)))
            .or_else(|| frequency(self.behind_date(5)?, |unit| !unit.is_empty()))
    }

    /// Apple writes lead and unit at the end.
    fn unit(&self) -> Option<&str> {
        let last = self.descriptions.last().map(|(_, value)| value.as_str());
        self.get("Unit").or_else(|| last.filter(|unit| unit.ends_with('V')))
    }

    fn push(mut self, output: &mut Output<'_>) {
        let texts = &mut output.batch.texts;
        let classification = self.classification().map(|text| texts.intern(text));
        let (rate_hz, unit) = (self.rate_hz(), self.unit().map(|text| texts.intern(text)));
        self.descriptions.sort();
        self.descriptions.dedup();
        let mut header = String::new();
        let mut object = JsonObject::begin(&mut header);
        for (key, value) in &self.descriptions {
            object.string(key, value);
        }
        object.end();
        let start_ms = self.start_ms.unwrap_or_default();
        let uuid = derive(&digest(&[b"ECG", &start_ms.to_le_bytes(), self.voltages.as_bytes()]));
        let (voltages, header) = (texts.intern(&self.voltages), texts.intern(&header));
        let row = Electrocardiogram { uuid, start_ms, classification, rate_hz, unit, voltages, header };
        output.batch.rows.electrocardiograms.push(row);
    }
}

/// A line that is only a number, with a point or a comma.
fn voltage(line: &str) -> Option<f64> {
    let line = line.trim_matches('"');
    if !line.starts_with(|first: char| first.is_ascii_digit() || "-+.,".contains(first)) {
        return None;
    }
    let number = line.parse().ok().or_else(|| line.replacen(',', ".", 1).parse().ok());
    number.filter(|number: &f64| number.is_finite())
}

/// The number before a unit of frequency, with a point or a comma: `512 hertz`, `511,4 Hz`, `512赫兹`.
fn frequency(text: &str, is_unit: impl Fn(&str) -> bool) -> Option<f64> {
    let end = text.find(|next: char| !next.is_ascii_digit() && !".,".contains(next)).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    if !is_unit(unit.trim()) {
        return None;
    }
    number.replacen(',', ".", 1).parse().ok()
}
