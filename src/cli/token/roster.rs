//! The CSV file of `healthsink token import`: a heading with the names of the columns, then a line for each token.
//!
//! Fields are separated by commas, semicolons or tabs, as the heading shows. Quotes are those of RFC 4180.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::new::{Expiry, parse_expiry};
use super::quota::{Limit, parse_bytes, parse_number};
use crate::cli::arguments::parse_name;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{ROSTER_BYTES_MAX, ROSTER_FAULTS_SHOWN_MAX, ROSTER_LINES_MAX};

/// A token that is to be made. Flags fill empty fields.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Entry {
    /// Where it begins in the file, from 1.
    pub(super) line: usize,
    pub(super) person: String,
    pub(super) label: Option<String>,
    pub(super) expires: Option<Expiry>,
    pub(super) bytes_per_day: Option<Limit>,
    pub(super) rejects_per_day: Option<Limit>,
}

/// Faults, by line.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<String>, usize);

/// A column by its name in the heading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    Person,
    Label,
    Expires,
    BytesPerDay,
    RejectsPerDay,
}

impl Column {
    const ALL: [(&'static str, Self); 5] = [
        ("person", Self::Person),
        ("label", Self::Label),
        ("expires", Self::Expires),
        ("bytes_per_day", Self::BytesPerDay),
        ("rejects_per_day", Self::RejectsPerDay),
    ];
}

impl Faults {
    pub(super) fn add(&mut self, line: usize, what: impl std::fmt::Display) {
        if self.0.len() < ROSTER_FAULTS_SHOWN_MAX {
            self.0.push(format!("line {line}: {what}"));
        }
        self.1 += 1;
    }

    /// Fails if there is any.
    pub(super) fn check(&self, path: &Path) -> Result<()> {
        let Self(shown, count) = self;
        if shown.is_empty() {
            return Ok(());
        }
        let more = match count - shown.len() {
            0 => String::new(),
            more => format!("\n  and {more} more"),
        };
        let lines = shown.join("\n  ");
        Err(Error::usage(format!("no token was made, because of {}:\n  {lines}{more}", path.display())))
    }
}

/// Reads the file. Each fault names its line.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>> {
    let failed =
        |error: std::io::Error| Error::new(ErrorKind::Usage, format!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    File::open(path).and_then(|file| file.take(ROSTER_BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > ROSTER_BYTES_MAX {
        return Err(Error::usage(format!("{} has more than {ROSTER_BYTES_MAX} bytes; divide it", path.display())));
    }
    let mut faults = Faults::default();
    let entries = match String::from_utf8(bytes) {
        Ok(text) => parse(text.trim_start_matches('\u{feff}'), &mut faults),
        Err(error) => {
            let before =
                error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            faults.add(before + 1, "it is not UTF-8; save the file as CSV UTF-8");
            Vec::new()
        }
    };
    faults.check(path)?;
    Ok(entries)
}

fn parse(text: &str, faults: &mut Faults) -> Vec<Entry> {
    let heading = text.lines().next().unwrap_or_default();
    let separator = [b';', b'\t'].into_iter().find(|byte| heading.as_bytes().contains(byte)).map_or(',', char::from);
    let mut records = Records { text, line: 1, separator };
    let columns = match records.next_record() {
        Ok(Some((_, names))) => columns_of(&names, faults),
        Ok(None) => {
            faults.add(1, "the file is empty; its first line names the columns, such as person,label");
            return Vec::new();
        }
        Err((line, what)) => {
            faults.add(line, what);
            return Vec::new();
        }
    };
    let mut entries = Vec::new();
    loop {
        match records.next_record() {
            Ok(Some((line, _))) if entries.len() >= ROSTER_LINES_MAX => {
                faults.add(line, format!("a file has at most {ROSTER_LINES_MAX} tokens; divide it"));
                return entries;
            }
            Ok(Some((line, fields))) => entries.push(entry_of(line, &fields, &columns, faults)),
            Ok(None) => return entries,
            Err((line, what)) => {
                faults.add(line, what);
                return entries;
            }
        }
    }
}

fn columns_of(names: &[String], faults: &mut Faults) -> Vec<Option<Column>> {
    let known = Column::ALL.map(|(name, _)| name).join(", ");
    let mut columns = Vec::new();
    for name in names {
        let name = name.trim().to_lowercase();
        let column = Column::ALL.iter().find(|(known, _)| *known == name).map(|(_, column)| *column);
        match column {
            None => faults.add(1, format!("the column {} is unknown; the columns are {known}", name.escape_debug())),
            Some(_) if columns.contains(&column) => faults.add(1, format!("the column {name} comes twice")),
            Some(_) => {}
        }
        columns.push(column);
    }
    if !columns.contains(&Some(Column::Person)) {
        faults.add(1, format!("the column person is missing; the first line names the columns: {known}"));
    }
    columns
}

fn entry_of(line: usize, fields: &[String], columns: &[Option<Column>], faults: &mut Faults) -> Entry {
    let mut entry = Entry { line, ..Entry::default() };
    if fields.len() != columns.len() {
        faults.add(line, format!("it has {} fields, and the first line {}", fields.len(), columns.len()));
        return entry;
    }
    let mut is_named = false;
    for (field, column) in fields.iter().zip(columns) {
        let field = field.trim();
        let Some(column) = column.filter(|_| !field.is_empty()) else { continue };
        is_named |= column == Column::Person;
        let set = match column {
            Column::Person => parse_name(field).map(|person| entry.person = person),
            Column::Label => parse_name(field).map(|label| entry.label = Some(label)),
            Column::Expires => parse_expiry(field).map(|expires| entry.expires = Some(expires)),
            Column::BytesPerDay => parse_bytes(field).map(|most| entry.bytes_per_day = Some(most)),
            Column::RejectsPerDay => parse_number(field).map(|most| entry.rejects_per_day = Some(most)),
        };
        if let Err(what) = set {
            let name = Column::ALL.iter().find(|(_, known)| *known == column).map_or("", |(name, _)| name);
            faults.add(line, format!("{name}: {what}"));
        }
    }
    if !is_named {
        faults.add(line, "the person is missing");
    }
    entry
}

/// The records of a file.
struct Records<'t> {
    text: &'t str,
    line: usize,
    separator: char,
}

type Record = Option<(usize, Vec<String>)>;

impl Records<'_> {
    /// The next record that is not empty, with its line; or a fault with its line.
    fn next_record(&mut self) -> Result<Record, (usize, &'static str)> {
        while !self.text.is_empty() {
            let (line, fields) = (self.line, self.record()?);
            if fields.iter().any(|field| !field.trim().is_empty()) {
                return Ok(Some((line, fields)));
            }
        }
        Ok(None)
    }

    fn record(&mut self) -> Result<Vec<String>, (usize, &'static str)> {
        let mut fields = Vec::new();
        loop {
            fields.push(self.field()?);
            let mut letters = self.text.chars();
            match letters.next() {
                Some(letter) if letter == self.separator => self.text = letters.as_str(),
                Some('\r') if letters.as_str().starts_with('\n') => return Ok(self.end_line(2, fields)),
                Some(_) => return Ok(self.end_line(1, fields)),
                None => return Ok(fields),
            }
        }
    }

    fn end_line(&mut self, bytes: usize, fields: Vec<String>) -> Vec<String> {
        self.text = &self.text[bytes..];
        self.line += 1;
        fields
    }

    /// A field up to its separator or the end of the line, which stay.
    fn field(&mut self) -> Result<String, (usize, &'static str)> {
        let Some(mut rest) = self.text.strip_prefix('"') else {
            let end = self.text.find([self.separator, '\n', '\r']).unwrap_or(self.text.len());
            let (field, rest) = self.text.split_at(end);
            self.text = rest;
            return Ok(field.to_owned());
        };
        let (begin, mut field) = (self.line, String::new());
        loop {
            let Some((before, behind)) = rest.split_once('"') else {
                return Err((begin, "a quote does not end"));
            };
            self.line += before.matches('\n').count();
            field.push_str(before);
            rest = behind;
            match behind.strip_prefix('"') {
                Some(behind) => {
                    field.push('"');
                    rest = behind;
                }
                None => break,
            }
        }
        self.text = rest;
        if rest.is_empty() || rest.starts_with([self.separator, '\n', '\r']) {
            Ok(field)
        } else {
            Err((self.line, "a letter follows the end of a quote"))
        }
    }
}

/// A field as it is written: with quotes if it needs them.
pub(super) fn quoted(field: &str) -> String {
    let is_plain = !field.contains(['"', ',', '\n', '\r', ';']);
    if is_plain { field.to_owned() } else { format!("\"{}\"", field.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(text: &str) -> Vec<(usize, String, Option<String>)> {
        let mut faults = Faults::default();
        let entries = parse(text, &mut faults);
        assert!(faults.0.is_empty(), "{text:?}: {faults:?}");
        entries.into_iter().map(|entry| (entry.line, entry.person, entry.label)).collect()
    }

    #[test]
    fn lines_as_spreadsheets_write_them() {
        let expected = [(2, "p-1".to_owned(), Some("phone".to_owned())), (3, "p-2".to_owned(), None)];
        for text in [
            "person,label\np-1,phone\np-2,\n",
            "person;label\r\np-1;phone\r\np-2;",
            "Label\t person\nphone\tp-1\n\tp-2\n\n\n",
            "\"person\",\"label\"\r\n\"p-1\",\"phone\"\r\n\"p-2\",\"\"\r\n,\r\n",
        ] {
            assert_eq!(people(text), expected, "{text:?}");
        }
        assert_eq!(people("person\n\"a \"\"b\"\", c\"\n"), [(2, "a \"b\", c".to_owned(), None)]);
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(quoted("p-1"), "p-1");
        assert_eq!(people("person,label\n"), []);
    }

    #[test]
    fn faults_name_their_lines() {
        let check = |text: &str, expected: &[&str]| {
            let mut faults = Faults::default();
            parse(text, &mut faults);
            assert_eq!(faults.0.len(), expected.len(), "{text:?}: {faults:?}");
            faults.0.iter().zip(expected).for_each(|(fault, part)| assert!(fault.contains(part), "{text:?}: {fault}"));
        };
        check("", &["line 1: the file is empty"]);
        check("person,lable\np-1,x\n", &["line 1: the column lable is unknown; the columns are person, label"]);
        check("label\nphone\n", &["line 1: the column person is missing", "line 2: the person is missing"]);
        check("person,person\na,b\n", &["line 1: the column person comes twice"]);
        check("person,label\np-1\n\np-2,a,b\n", &["line 2: it has 1 fields, and the first line 2", "line 4: it has 3"]);
        check("person,expires\np-1,soon\n,90d\n", &["line 2: expires: write a time", "line 3: the person is missing"]);
        check(
            "person,bytes_per_day,rejects_per_day\np-1,lots,0\n",
            &["line 2: bytes_per_day", "line 2: rejects_per_day"],
        );
        check("person\n\"p\n-1\"\nan\u{200b}na\n", &["line 2: person: a name", "line 4: person: a name"]);
        check("person\np-1\n\"p-2\n", &["line 3: a quote does not end"]);
        check("person\n\"p-1\"x\n", &["line 2: a letter follows"]);
    }
}
