//! `electrocardiograms/*.csv`: lines that describe the recording, then one voltage a line.
//!
//! The descriptions are in the phone's language and in a fixed order. Where their names are unknown, their places identify
//! them. All of them are kept as they are. The voltages have the separators of the phone's language: all of them together
//! show which. A line that is not a number, or that is one only with other separators, is rejected, and `null` keeps its place
//! in time. Spreadsheets save such files with `;`, and with empty cells at the ends of lines. A file may hold several recordings,
//! one behind the other.

use std::io::{self, BufRead};

use super::lines::{Lines, text_of};
use crate::formats::flaw::Flaw;
use crate::formats::json::{JsonArray, JsonObject, write_f64, write_string};
use crate::formats::output::{Location, Output};
use crate::model::error::{Result, from_io};
use crate::model::identity::{derive, digest};
use crate::model::limits::{ECG_DESCRIPTIONS_MAX, ECG_FILE_BYTES_MAX, ECG_LINES_REJECTED_MAX};
use crate::model::locale::{NumberStyle, Unreadable, parse_date, unclear_year};
use crate::model::record::Electrocardiogram;

/// Samples per second of any electrocardiogram: a number outside has another reading.
const RATE_HZ: std::ops::Range<f64> = 10.0..10_000.0;

/// Microvolts of any electrocardiogram: a number outside has another reading.
const VOLTAGE: std::ops::Range<f64> = -100_000.0..100_000.0;

/// For each line that contradicts the separators of the others, at least so many must show them.
const LINES_FOR_AN_ODD_ONE: u32 = 8;

/// Separators of the cells of a line.
const CELLS: [char; 3] = [',', ';', '\t'];

/// A file as far as it was read.
#[derive(Debug, Default)]
struct Recording {
    descriptions: Vec<(String, String)>,
    /// The lines from the first voltage on, each with its end.
    lines: String,
    /// Number of the first of these lines.
    first_line: u64,
    start_ms: Option<i64>,
    /// What a date of another calendar means, if there was one instead.
    unclear: Option<Flaw>,
    /// Place of the description that is the date of the recording.
    date_place: usize,
    shown: Shown,
}

/// How many numbers show that decimals begin with a point, and with a comma.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    points: u32,
    commas: u32,
}

impl Shown {
    /// Counts a number, of which only a reading within the range is meant.
    fn count(&mut self, text: &str, range: std::ops::Range<f64>) {
        let mut style = NumberStyle::default();
        style.learn_within(text, range);
        match style.decimal_point() {
            Some(true) => self.points += 1,
            Some(false) => self.commas += 1,
            None => {}
        }
    }

    /// The separators of nearly all numbers.
    fn style(self) -> NumberStyle {
        let mut style = NumberStyle::default();
        let few = self.points.max(self.commas) / LINES_FOR_AN_ODD_ONE;
        if self.points > few {
            style.learn("0.5");
        }
        if self.commas > few {
            style.learn("0,5");
        }
        style
    }
}

/// Lines that are not voltages, each with its number.
type BadLines<'a> = Vec<(u64, &'a str, Flaw)>;

/// Reads a recording, and rejects a file that is not one. Adds the bytes of the file to `bytes`.
pub(super) fn read(file: &str, source: impl BufRead, bytes: &mut u64, output: &mut Output<'_>) -> Result<()> {
    let mut lines = Lines::new(source.take(ECG_FILE_BYTES_MAX as u64 + 1));
    let read = read_all(file, &mut lines, output);
    *bytes += ECG_FILE_BYTES_MAX as u64 + 1 - lines.source.limit();
    read
}

fn read_all<S: BufRead>(file: &str, lines: &mut Lines<io::Take<S>>, output: &mut Output<'_>) -> Result<()> {
    loop {
        let recording = Recording::read(lines).map_err(|error| from_io(error).at(None, Some(file), None))?;
        let (line, head) = (lines.number.max(1), std::mem::take(&mut lines.head));
        if lines.source.limit() == 0 {
            return reject(file, line, &Flaw::TooLong(ECG_FILE_BYTES_MAX as u64), &head, output);
        }
        match recording {
            Ok(recording) => store(file, &recording, &head, output)?,
            Err(flaw) => reject(file, line, &flaw, &head, output)?,
        }
        if lines.is_at_end {
            return Ok(());
        }
    }
}

/// Makes a row of a recording, and rejects of its lines that are not voltages.
fn store(file: &str, recording: &Recording, head: &str, output: &mut Output<'_>) -> Result<()> {
    match recording.voltages() {
        Ok((voltages, bad_lines)) => {
            recording.push(&voltages, output);
            output.hand_over_if_full()?;
            bad_lines.iter().try_for_each(|(line, text, flaw)| reject(file, *line, flaw, text, output))
        }
        Err((line, flaw)) => reject(file, line, &flaw, head, output),
    }
}

fn reject(file: &str, line: u64, flaw: &Flaw, raw: &str, output: &mut Output<'_>) -> Result<()> {
    let part = format!("line {line}");
    let location = Location { section: file, part: &part, index: None, offset: 0 };
    output.reject(location, flaw, raw.as_bytes().into())
}

impl Recording {
    /// Reads the lines up to those of another recording.
    fn read<S: BufRead>(lines: &mut Lines<S>) -> io::Result<Result<Self, Flaw>> {
        let (mut recording, mut is_behind_blank) = (Self::default(), false);
        while let Some(line) = lines.next()? {
            let text = &lines.text[line.clone()];
            if recording.is_over_at(text) {
                lines.go_back(line.start);
                break;
            }
            recording.add(text, lines.number, &mut is_behind_blank);
            lines.see(line.start);
        }
        Ok(match recording.start_ms {
            _ if recording.descriptions.len() > ECG_DESCRIPTIONS_MAX => {
                Err(Flaw::TooMany("descriptions", ECG_DESCRIPTIONS_MAX))
            }
            None => Err(recording.unclear.unwrap_or(Flaw::NoRecording("date"))),
            Some(_) if recording.lines.is_empty() => Err(Flaw::NoRecording("voltages")),
            Some(_) => Ok(recording),
        })
    }

    /// Whether a line behind the voltages is the first description of another recording.
    fn is_over_at(&self, text: &str) -> bool {
        let first = self.descriptions.first().filter(|_| !self.lines.is_empty());
        first.is_some_and(|(name, _)| !name.is_empty() && *name == description(cells_of(text)).0)
    }

    /// Adds a line.
    fn add(&mut self, text: &str, line: u64, is_behind_blank: &mut bool) {
        let text = cells_of(text);
        let was_behind_blank = std::mem::replace(is_behind_blank, text.is_empty());
        // Apple writes a blank line between the unit and the voltages, of which the first may be no number.
        let is_begun = !self.lines.is_empty() || was_behind_blank && self.unit().is_some();
        if text.is_empty() && self.lines.is_empty() {
            return;
        }
        if !is_begun && voltage(text, NumberStyle::default()) == Err(Unreadable::NotANumber) {
            return self.describe(text);
        }
        if self.lines.is_empty() {
            self.first_line = line;
        }
        if !has_pairs(text) {
            self.shown.count(unquoted(text), VOLTAGE);
        }
        self.lines.push_str(text);
        self.lines.push('\n');
    }

    fn describe(&mut self, line: &str) {
        let (key, value) = description(line);
        if self.start_ms.is_none() {
            self.start_ms = parse_date(value);
            self.unclear = self.unclear.take().or_else(|| Some(Flaw::Calendar("date", unclear_year(value)?)));
            self.date_place = self.descriptions.len();
        }
        // One more than there may be is enough to reject them.
        if self.descriptions.len() <= ECG_DESCRIPTIONS_MAX {
            self.descriptions.push((key.to_owned(), value.to_owned()));
        }
    }

    /// The voltages as a JSON list, and the lines that are not numbers. The error has the line.
    fn voltages(&self) -> Result<(String, BadLines<'_>), (u64, Flaw)> {
        let (mut voltages, mut bad_lines, mut has_numbers) = (String::new(), BadLines::new(), false);
        let mut list = JsonArray::begin(&mut voltages);
        let style = self.whole_style();
        // English writes decimal points, unless the numbers show something else.
        let is_english = style == NumberStyle::default()
            && ["Recorded Date", "Sample Rate"].iter().any(|name| self.get(name).is_some());
        let skips_blanks = self.has_blanks_as_ends();
        for (line, text) in (self.first_line..).zip(self.lines.trim_end().lines()) {
            match voltage(text, style) {
                _ if text.is_empty() && skips_blanks => {}
                Ok(number) => {
                    has_numbers = true;
                    write_f64(number, list.element());
                }
                Err(Unreadable::TwoReadings(decimal, _)) if is_english && text.contains('.') => {
                    has_numbers = true;
                    write_f64(decimal, list.element());
                }
                Err(why @ Unreadable::TwoReadings(..)) => return Err((line, Flaw::unreadable("voltage", why))),
                Err(_) if bad_lines.len() >= ECG_LINES_REJECTED_MAX => {
                    return Err((line, Flaw::TooMany("lines that are not numbers", ECG_LINES_REJECTED_MAX)));
                }
                Err(why) => {
                    list.element().push_str("null");
                    bad_lines.push((line, text, Flaw::unreadable("voltage", why)));
                }
            }
        }
        list.end();
        if !has_numbers {
            return Err((self.first_line, Flaw::NoRecording("voltages")));
        }
        Ok((voltages, bad_lines))
    }

    /// Whether every other line is blank, as where programs have doubled the ends of lines. Otherwise a blank line is a voltage
    /// that is missing.
    fn has_blanks_as_ends(&self) -> bool {
        let (mut lines, mut blanks) = (0, 0);
        for line in self.lines.trim_end().lines() {
            lines += 1;
            blanks += usize::from(line.is_empty());
        }
        blanks >= lines / 2
    }

    /// Separators that voltages and sample rate show.
    fn whole_style(&self) -> NumberStyle {
        let mut shown = self.shown;
        if let Some((number, _)) = self.rate() {
            shown.count(number, RATE_HZ);
        }
        shown.style()
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

    /// The number and the unit of the sample rate.
    fn rate(&self) -> Option<(&str, &str)> {
        let named = self.get("Sample Rate").and_then(number_and_unit);
        named
            .or_else(|| {
                let mut values = self.descriptions.iter().filter_map(|(_, value)| number_and_unit(value));
                values.find(|(_, unit)| is_hertz(unit))
            })
            .or_else(|| number_and_unit(self.behind_date(5)?).filter(|(_, unit)| !unit.is_empty()))
    }

    /// Samples per second.
    fn rate_hz(&self) -> Option<f64> {
        let (number, _) = self.rate()?;
        match self.whole_style().read(number) {
            Ok(number) => Some(number),
            Err(Unreadable::TwoReadings(decimal, grouped)) => {
                [decimal, grouped].into_iter().find(|number| RATE_HZ.contains(number))
            }
            Err(Unreadable::NotANumber) => None,
        }
    }

    /// Apple writes lead and unit at the end.
    fn unit(&self) -> Option<&str> {
        let is_volt = |unit: &&str| {
            let unit = unit.trim_end_matches(|next: char| !next.is_alphanumeric());
            let small = unit.to_lowercase();
            unit.ends_with(['V', 'В'])
                || ["volt", "вольт", "فولت", "伏", "ボルト", "볼트", "वोल्ट"].iter().any(|word| small.contains(word))
        };
        let last = self.descriptions.last().map(|(_, value)| value.as_str());
        self.get("Unit").or_else(|| last.filter(is_volt))
    }

    fn push(&self, voltages: &str, output: &mut Output<'_>) {
        let texts = &mut output.batch.texts;
        let classification = self.classification().map(|text| texts.intern(text));
        let (rate_hz, unit) = (self.rate_hz(), self.unit().map(|text| texts.intern(text)));
        let mut descriptions: Vec<_> = self.descriptions.iter().collect();
        descriptions.sort();
        descriptions.dedup();
        let mut header = String::new();
        let mut object = JsonObject::begin(&mut header);
        for same in descriptions.chunk_by(|one, other| one.0 == other.0) {
            match same {
                [(key, value)] => object.string(key, value),
                // Two descriptions of one name, as device and unit in Swedish.
                same => {
                    let mut values = object.array(&same[0].0);
                    same.iter().for_each(|(_, value)| write_string(value, values.element()));
                    values.end();
                }
            }
        }
        object.end();
        let start_ms = self.start_ms.unwrap_or_default();
        let uuid = derive(&digest(&[b"ECG", &start_ms.to_le_bytes(), voltages.as_bytes()]));
        let (voltages, header) = (texts.intern(voltages), texts.intern(&header));
        let row = Electrocardiogram { uuid, start_ms, classification, rate_hz, unit, voltages, header };
        output.batch.rows.electrocardiograms.push(row);
    }
}

/// The name and the value of a description.
fn description(line: &str) -> (&str, &str) {
    let (key, value) = line.split_once(CELLS).unwrap_or((line, ""));
    (unquoted(key.trim()), unquoted(value.trim()))
}

fn unquoted(text: &str) -> &str {
    text.trim_matches('"')
}

/// A line that is only a number, with the file's separators.
fn voltage(line: &str, style: NumberStyle) -> Result<f64, Unreadable> {
    let (text, mut shown) = (unquoted(line), NumberStyle::default());
    shown.learn(text);
    let is_of_file = match (style.decimal_point(), shown.decimal_point()) {
        (Some(file), Some(line)) => file == line,
        _ => true,
    };
    if is_of_file && !has_pairs(text) { style.read(text) } else { Err(Unreadable::NotANumber) }
}

/// Whether separators are two digits apart, as between India's hundred thousands, which no voltage reaches.
fn has_pairs(text: &str) -> bool {
    let mut groups =
        text.split(|next: char| !next.is_numeric()).skip_while(|group| group.is_empty()).skip(1).peekable();
    std::iter::from_fn(|| groups.next().filter(|_| groups.peek().is_some())).any(|group| group.chars().count() == 2)
}

/// A line without blanks around it and without empty cells at its end.
fn cells_of(line: &str) -> &str {
    line.trim_start_matches('\u{feff}').trim().trim_end_matches(CELLS).trim_end()
}

/// Whether a file begins like an electrocardiogram: with descriptions, of which one is a date and one a sample rate, or with
/// many lines of which most are numbers.
pub(crate) fn is_recording(head: &[u8]) -> bool {
    let text = text_of(whole_characters(head).to_vec());
    let lines = text.split(['\n', '\r']).map(cells_of).filter(|line| !line.is_empty());
    let is_number =
        |line: &&str| line.len() < 48 && voltage(line, NumberStyle::default()) != Err(Unreadable::NotANumber);
    let (numbers, others): (Vec<&str>, Vec<&str>) = lines.partition(is_number);
    let values = || others.iter().filter_map(|line| line.split_once(CELLS)).map(|(_, value)| unquoted(value.trim()));
    let is_described = values().any(|value| parse_date(value).is_some() || unclear_year(value).is_some())
        && values().any(|value| number_and_unit(value).is_some_and(|(_, unit)| is_hertz(unit)));
    let others_max = ECG_DESCRIPTIONS_MAX + ECG_LINES_REJECTED_MAX;
    (4..others_max).contains(&others.len()) && values().next().is_some() && (is_described || numbers.len() > 20)
}

/// The bytes without a character that is cut at their end.
fn whole_characters(head: &[u8]) -> &[u8] {
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_none() => &head[..error.valid_up_to()],
        _ => head,
    }
}

fn is_hertz(unit: &str) -> bool {
    let unit = unit.to_lowercase();
    ["hz", "he", "гц", "герц", "هرتز", "赫", "ヘルツ", "헤르츠"].iter().any(|start| unit.starts_with(start))
}

/// The number before a unit: `512 hertz`, `511,4 Hz`, `512赫兹`.
fn number_and_unit(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(|next: char| !next.is_alphanumeric());
    let end = text.find(char::is_alphabetic).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number, unit.trim())).filter(|(number, _)| !number.is_empty())
}
