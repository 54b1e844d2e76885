//! `electrocardiograms/*.csv`: lines that describe the recording, then one voltage a line.
//!
//! The descriptions are in the phone's language, in an order that is always the same: what their names do not tell, their
//! places do. All of them are kept as they are.

use std::io::{self, BufRead};

use super::Reader;
use super::element::member;
use crate::formats::json::{write_f64, write_string};
use crate::formats::output::{Output, Place};
use crate::model::error::{Result, from_io};
use crate::model::identity::{derive, digest};
use crate::model::limits::ECG_FILE_BYTES_MAX;
use crate::model::record::Electrocardiogram;
use crate::model::time;

/// A recording as far as it was read.
#[derive(Debug, Default)]
struct Recording {
    header: Vec<(String, String)>,
    voltages: String,
    start_ms: Option<i64>,
    /// Number of the description that is the date of the recording.
    date_row: usize,
}

impl Reader<'_> {
    /// Reads a recording; one that is none is rejected.
    pub(crate) fn ecg(&mut self, path: &str, source: impl BufRead, output: &mut Output<'_>) -> Result<()> {
        let mut text = String::new();
        let mut limited = source.take(ECG_FILE_BYTES_MAX as u64 + 1);
        let mut recording = Recording::default();
        let (mut line, mut raw) = (0, String::new());
        let outcome = loop {
            text.clear();
            match limited.read_line(&mut text) {
                Ok(0) => break Ok(()),
                Ok(_) => {
                    line += 1;
                    if raw.len() < 4096 {
                        raw.push_str(&text);
                    }
                    recording.line(text.trim_start_matches('\u{feff}').trim());
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => break Err("not UTF-8"),
                Err(error) => return Err(from_io(error).at(None, Some(path), None)),
            }
        };
        self.bytes += ECG_FILE_BYTES_MAX as u64 + 1 - limited.limit();
        let flaw = match (outcome, recording.start_ms) {
            (Err(flaw), _) => Some(flaw),
            _ if limited.limit() == 0 => Some("it is longer than an element may be"),
            (_, None) => Some("it has no date of recording"),
            _ if recording.voltages.is_empty() => Some("it has no voltages"),
            _ => None,
        };
        if let Some(flaw) = flaw {
            return output.reject(Place { file: path, line, offset: 0 }, flaw, raw.as_bytes(), raw.len() as u64);
        }
        recording.push(output);
        output.make_room()
    }
}

impl Recording {
    fn line(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        if let Some(number) = voltage(line) {
            self.voltages.push(if self.voltages.is_empty() { '[' } else { ',' });
            write_f64(number, &mut self.voltages);
            return;
        }
        let (key, value) = line.split_once(',').unwrap_or((line, ""));
        let value = value.trim().trim_matches('"');
        if self.start_ms.is_none() {
            self.start_ms = time::parse(value);
            self.date_row = self.header.len();
        }
        if self.header.len() < 64 {
            self.header.push((key.trim().trim_matches('"').to_owned(), value.to_owned()));
        }
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.header
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// What stands so many rows behind the date of the recording.
    fn behind_date(&self, rows: usize) -> Option<&str> {
        let (_, value) = self.header.get(self.date_row + rows)?;
        (!value.is_empty()).then_some(value)
    }

    /// Apple writes classification, symptoms, software, device and sample rate behind the date …
    fn classification(&self) -> Option<&str> {
        self.get("Classification").or_else(|| self.behind_date(1))
    }

    fn rate_hz(&self) -> Option<f64> {
        let values = || self.header.iter().map(|(_, value)| value.as_str());
        let named = self.get("Sample Rate").and_then(|value| frequency(value, |_| true));
        let hertz =
            |unit: &str| unit.get(..2).is_some_and(|start| ["hz", "he"].contains(&&*start.to_ascii_lowercase()));
        named
            .or_else(|| values().find_map(|value| frequency(value, hertz)))
            .or_else(|| frequency(self.behind_date(5)?, |unit| !unit.is_empty()))
    }

    /// … and lead and unit at the end.
    fn unit(&self) -> Option<&str> {
        let last = self.header.last().map(|(_, value)| value.as_str());
        self.get("Unit").or_else(|| last.filter(|unit| unit.ends_with('V')))
    }

    fn push(mut self, output: &mut Output<'_>) {
        self.voltages.push(']');
        let texts = &mut output.batch.texts;
        let classification = self.classification().map(|text| texts.intern(text));
        let (rate_hz, unit) = (self.rate_hz(), self.unit().map(|text| texts.intern(text)));
        let mut header = String::from("{");
        let mut is_first = true;
        self.header.sort();
        self.header.dedup();
        for (key, value) in &self.header {
            member(key, &mut header, &mut is_first);
            write_string(value, &mut header);
        }
        header.push('}');
        let start_ms = self.start_ms.unwrap_or_default();
        let uuid = derive(&digest(&[b"ECG", &start_ms.to_le_bytes(), self.voltages.as_bytes()]));
        let row = Electrocardiogram {
            uuid,
            start_ms,
            classification,
            rate_hz,
            unit,
            voltages: texts.intern(&self.voltages),
            header: texts.intern(&header),
        };
        output.batch.rows.electrocardiograms.push(row);
        output.tally.row("electrocardiograms", Some(start_ms));
    }
}

/// A line that is a number alone, with a point or a comma.
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
