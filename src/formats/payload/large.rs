//! An element longer than a group: read from where it waits outside of memory, straight into the text that is stored.
//!
//! A list of its values would take many times its length. So its long members become canonical text one by one, and the
//! small rest is decoded like any element, with an empty list in the place of each.

use std::io::{self, Read};

use struson::reader::{JsonReader, JsonReaderPosition, JsonStreamReader, JsonSyntaxError, ReaderError, ValueType};

use super::grammar::reader_settings;
use super::nesting::Nesting;
use crate::formats::flaw::Flaw;
use crate::formats::json::{write_f64, write_integer, write_string, write_text};
use crate::formats::surrogates::{self, HalfPairs};
use crate::model::limits::{
    ELEMENT_BYTES_MAX, ELEMENT_READ_BYTES, GROUP_BYTES, NESTING_MAX, NUMBER_BYTES_MAX, SCALAR_BYTES,
    SHARED_TEXT_BYTES_MAX, SKELETON_NESTING_MAX,
};

/// Judges whether a text inside so many arrays and objects is JSON, whatever its values.
pub(super) fn judge_source(source: impl Read, nesting: u32) -> Result<(), ReaderError> {
    let mut json = Fixed::new(source, nesting).json();
    json.skip_value()?;
    json.consume_trailing_whitespace()
}

/// Stands for a long member in the rest: no field has such a value.
const PLACEHOLDER: &str = "[]";

/// The canonical text of an element.
#[derive(Debug, Default)]
pub(super) struct Canonical {
    text: String,
    /// Members of an object in order, while they are moved.
    sorted: String,
    /// The members of the element, if it is an object.
    members: Vec<Member>,
    /// Members of all objects that are not over, and bytes of their names.
    open: usize,
    names: usize,
    flaw: Option<Flaw>,
}

/// What elements are rejected for if there is too much of it.
const NAMES: &str = "bytes in names and short values of fields";

/// Bytes of a member beside its texts: its place in a list that doubles, in both lengths for a moment, and what the rest has of it.
const MEMBER_COST: usize = 5 * size_of::<Member>();

/// A member of an object: its name, and where name and value stand in the text.
#[derive(Debug)]
struct Member {
    name: String,
    start: usize,
    value: usize,
    end: usize,
}

/// The rest of an object without its long members.
#[derive(Debug, Default)]
pub(super) struct Rest<'c> {
    pub(super) text: String,
    /// Places of the long members among all, and their values.
    pub(super) long: Vec<(usize, &'c str)>,
}

impl Canonical {
    /// Reads an element inside so many arrays and objects. `reopen` returns its text from the beginning. An error says why it is not
    /// JSON.
    pub(super) fn read<S: Read>(reopen: impl Fn() -> S, nesting: u32) -> Result<Result<Self, Flaw>, ReaderError> {
        let read = Self::read_once(reopen(), nesting);
        match &read {
            Err(ReaderError::IoError { location: JsonReaderPosition { data_pos: None, .. }, .. }) => {
                judge_source(reopen(), nesting).and(read)
            }
            _ => read,
        }
    }

    fn read_once(source: impl Read, nesting: u32) -> Result<Result<Self, Flaw>, ReaderError> {
        let mut canonical = Self::default();
        // By doubling, twice as much would be touched.
        canonical.text.reserve_exact(ELEMENT_BYTES_MAX);
        let mut json = Fixed::new(source, nesting).json();
        canonical.value(&mut json, 1)?;
        let has_halves = json.reader_mut().pairs.has_marked();
        // It frees the reader's copy of the last text.
        json.consume_trailing_whitespace()?;
        if has_halves {
            surrogates::restore(&mut canonical.text);
        }
        Ok(match canonical.flaw.take() {
            Some(flaw) => Err(flaw),
            None => Ok(canonical),
        })
    }

    /// Whether it is an object.
    pub(super) fn is_object(&self) -> bool {
        self.text.starts_with('{')
    }

    /// The text of a value that is kept as a whole.
    pub(super) fn into_text(mut self) -> String {
        let mut members = std::mem::take(&mut self.members);
        self.sort(1, &mut members);
        self.text
    }

    /// Whether there is memory for what the rest has of an object's members: each name and each short value is in memory six times,
    /// another value twice. A member takes as much as a name that is as long as its entry.
    pub(super) fn check_rest(&self) -> Result<(), Flaw> {
        let of_member = |member: &Member| {
            let value = member.end - member.value;
            member.name.len() + size_of::<Member>() + if value <= SCALAR_BYTES { value } else { 0 }
        };
        let bytes: usize = self.members.iter().map(of_member).sum();
        let room = (ELEMENT_BYTES_MAX + GROUP_BYTES).saturating_sub(self.text.len()) / 2;
        if bytes > room { Err(Flaw::TooMany(NAMES, room)) } else { Ok(()) }
    }

    /// An object without its long members.
    pub(super) fn rest(&self) -> Rest<'_> {
        let mut rest = Rest::default();
        rest.text.push('{');
        for (place, member) in self.members.iter().enumerate() {
            if place > 0 {
                rest.text.push(',');
            }
            let value = &self.text[member.value..member.end];
            rest.text.push_str(&self.text[member.start..member.value]);
            // Fields of records are short, and may stand behind any number of others.
            let is_short = value.len() <= SCALAR_BYTES && !value.starts_with(['[', '{']);
            let is_full = rest.text.len() + value.len() > GROUP_BYTES;
            if !is_short && (is_full || value.len() > SHARED_TEXT_BYTES_MAX) {
                rest.text.push_str(PLACEHOLDER);
                rest.long.push((place, value));
            } else {
                rest.text.push_str(value);
            }
        }
        rest.text.push('}');
        rest
    }

    /// Returns whether there is room for so many bytes more and nothing is wrong. Notes the fault if there is no room.
    fn claim_room(&mut self, more: usize) -> bool {
        let (bytes, members) = (self.text.len() + more, self.open * MEMBER_COST);
        // A few names cost nothing, so that an element of exactly the greatest length fits.
        let beside = (members + self.names).saturating_sub(GROUP_BYTES);
        if self.flaw.is_none() && bytes + beside > ELEMENT_BYTES_MAX {
            self.flaw = Some(if bytes > ELEMENT_BYTES_MAX {
                Flaw::TooLong(ELEMENT_BYTES_MAX as u64)
            } else if members > self.names {
                Flaw::TooMany("fields", self.open)
            } else {
                Flaw::TooMany(NAMES, self.names)
            });
        }
        self.flaw.is_none()
    }

    /// Reads a value inside so many arrays and objects of the element, itself among them.
    fn value<R: Read>(&mut self, json: &mut JsonStreamReader<R>, depth: u32) -> Result<(), ReaderError> {
        let kind = json.peek()?;
        if depth > NESTING_MAX && matches!(kind, ValueType::Array | ValueType::Object) {
            self.flaw.get_or_insert(Flaw::TooDeep(NESTING_MAX as usize));
        }
        if !self.claim_room(0) {
            return json.skip_value();
        }
        match kind {
            ValueType::String => self.text(json)?,
            ValueType::Number => {
                let number = json.next_number_as_str()?;
                self.number(number);
            }
            ValueType::Boolean => self.text.push_str(if json.next_bool()? { "true" } else { "false" }),
            ValueType::Null => {
                json.next_null()?;
                self.text.push_str("null");
            }
            ValueType::Array => {
                json.begin_array()?;
                self.text.push('[');
                let mut separator = "";
                while json.has_next()? {
                    if self.flaw.is_none() {
                        self.text.push_str(separator);
                    }
                    separator = ",";
                    self.value(json, depth + 1)?;
                }
                json.end_array()?;
                self.text.push(']');
            }
            ValueType::Object => self.object(json, depth)?,
        }
        Ok(())
    }

    /// Reads a text piece by piece: struson's copy of a long one would be as long again.
    fn text<R: Read>(&mut self, json: &mut JsonStreamReader<R>) -> Result<(), ReaderError> {
        self.text.push('"');
        let (mut reader, mut piece, mut held) = (json.next_string_reader()?, [0; ELEMENT_READ_BYTES], 0);
        loop {
            let read = reader.read(&mut piece[held..]).map_err(text_error)?;
            let bytes = held + read;
            // A piece may end within a character.
            let whole = match std::str::from_utf8(&piece[..bytes]) {
                Ok(whole) => whole,
                Err(error) => std::str::from_utf8(&piece[..error.valid_up_to()]).unwrap_or_default(),
            };
            if self.claim_room(whole.len()) {
                write_text(whole, &mut self.text);
            }
            held = bytes - whole.len();
            piece.copy_within(bytes - held..bytes, 0);
            if read == 0 {
                self.text.push('"');
                return Ok(());
            }
        }
    }

    fn object<R: Read>(&mut self, json: &mut JsonStreamReader<R>, depth: u32) -> Result<(), ReaderError> {
        json.begin_object()?;
        self.text.push('{');
        let (begin, open, names, mut members) = (self.text.len(), self.open, self.names, Vec::new());
        while json.has_next()? {
            if !self.claim_room(0) {
                json.skip_name()?;
                json.skip_value()?;
                continue;
            }
            if self.text.len() > begin {
                self.text.push(',');
            }
            let (start, name) = (self.text.len(), json.next_name_owned()?);
            self.string(&name);
            self.text.push(':');
            let value = self.text.len();
            self.open += 1;
            self.names += name.len();
            self.value(json, depth + 1)?;
            members.push(Member { name, start, value, end: self.text.len() });
        }
        json.end_object()?;
        self.text.push('}');
        if depth == 1 {
            self.members = members;
        } else {
            (self.open, self.names) = (open, names);
            self.sort(begin, &mut members);
        }
        Ok(())
    }

    /// Puts the members of an object, which ends the text, in order. Equal names stay in theirs.
    fn sort(&mut self, begin: usize, members: &mut [Member]) {
        if self.flaw.is_some() || members.is_sorted_by(|one, other| one.name <= other.name) {
            return;
        }
        members.sort_by(|one, other| one.name.cmp(&other.name));
        let Self { text, sorted, .. } = self;
        sorted.clear();
        sorted.reserve_exact(text.len() - begin);
        for member in members {
            if !sorted.is_empty() {
                sorted.push(',');
            }
            sorted.push_str(&text[member.start..member.end]);
        }
        text.truncate(begin);
        text.push_str(sorted);
        text.push('}');
        sorted.clear();
        sorted.shrink_to(ELEMENT_READ_BYTES);
    }

    fn string(&mut self, text: &str) {
        if self.claim_room(text.len()) {
            write_string(text, &mut self.text);
        }
    }

    /// Writes a number as the decoder of small elements would.
    fn number(&mut self, text: &str) {
        let is_whole = !text.contains(['.', 'e', 'E']);
        if let (true, Ok(number)) = (is_whole, text.parse::<u64>()) {
            write_integer(number, &mut self.text);
        } else {
            match text.parse::<f64>() {
                // All digits of an integer stay, also the sign of a zero.
                Ok(number) if number.is_finite() && is_whole => self.text.push_str(text),
                Ok(number) if number.is_finite() => write_f64(number, &mut self.text),
                _ => {
                    let name = self.text.rsplit('"').nth(1).unwrap_or_default().to_owned();
                    self.flaw = Some(Flaw::NumberTooLarge(name, text.chars().take(NUMBER_BYTES_MAX).collect()));
                }
            }
        }
    }
}

/// The error of a text that is read piece by piece. Only one of the grammar has a place and its cause.
fn text_error(error: io::Error) -> ReaderError {
    match error.downcast::<JsonSyntaxError>() {
        Ok(error) => ReaderError::SyntaxError(error),
        Err(error) => {
            let location = JsonReaderPosition { path: None, line_pos: None, data_pos: None };
            ReaderError::IoError { error, location }
        }
    }
}

/// A text in which half pairs are marked, and blanks stand for what is nested too deeply to be judged. It keeps its length.
struct Fixed<R> {
    source: R,
    pairs: HalfPairs,
    nesting: Nesting,
    levels: u64,
    /// What was read, and what of it is fixed and was not given yet.
    read: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
}

impl<R: Read> Fixed<R> {
    /// Fixes a text inside so many arrays and objects.
    fn new(source: R, nesting: u32) -> Self {
        let levels = u64::from(SKELETON_NESTING_MAX.saturating_sub(nesting));
        let (pairs, nesting) = (HalfPairs::default(), Nesting::of(0));
        Self { source, pairs, nesting, levels, read: vec![0; ELEMENT_READ_BYTES], ready: Vec::new(), given: 0 }
    }

    fn json(self) -> JsonStreamReader<Self> {
        JsonStreamReader::new_custom(self, reader_settings())
    }
}

impl<R: Read> Read for Fixed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            (self.given, _) = (0, self.ready.clear());
            let read = self.source.read(&mut self.read)?;
            for byte in &self.read[..read] {
                let byte = if self.nesting.feed(*byte) >= self.levels { b' ' } else { *byte };
                if self.pairs.passes(byte) {
                    self.ready.push(byte);
                } else {
                    self.ready.extend_from_slice(self.pairs.feed(byte).as_slice());
                }
            }
            if read == 0 {
                self.ready.extend_from_slice(self.pairs.flush().as_slice());
                if self.ready.is_empty() {
                    return Ok(0);
                }
            }
        }
        let ready = &self.ready[self.given..];
        let bytes = ready.len().min(out.len());
        out[..bytes].copy_from_slice(&ready[..bytes]);
        self.given += bytes;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::canonical::of_text;

    fn read(json: &str) -> Result<Canonical, Flaw> {
        Canonical::read(|| json.as_bytes(), 0).expect("it is JSON")
    }

    #[test]
    fn it_is_the_form_of_all_records() {
        for json in [
            "{}",
            "[]",
            "[[],{},[1,2]]",
            r#" { "b" : {"d":1 , "c":[{"z":1,"y":2e3},[]]},"a":null} "#,
            r#"{"b":1,"a":2,"b":{"c":3},"a":4}"#,
            r#"[-0,-0.0,1E5,-7,18446744073709551615,-9223372036854775808,0.1,1e-7]"#,
            r#"{"v":23.084741592407227,"t":"a\n\u00e9\ud83d\ude00","f":false,"n":[true]}"#,
        ] {
            assert_eq!(read(json).unwrap().into_text(), of_text(json), "{json}");
        }
        for json in
            [r#"["\ud83d","\ude00"]"#, "[18446744073709551616,-9223372036854775809,123456789012345678901234567890]"]
        {
            assert_eq!(read(json).unwrap().into_text(), json);
        }
    }

    #[test]
    fn what_is_too_much_is_named() {
        let check = |json: &str, expected: &str| assert_eq!(read(json).unwrap_err().to_string(), expected);
        check(r#"{"a":[1,1e400]}"#, "`a` is 1e400: numbers reach from -1.8e308 to 1.8e308");
        for depth in [65, 500, 3000] {
            check(&["[".repeat(depth), "]".repeat(depth)].concat(), "nested deeper than 64 levels");
        }
        let too_long = "longer than 4194304 bytes";
        check(&format!("[\"{}\"]", "x".repeat(ELEMENT_BYTES_MAX)), too_long);
        check(&format!("[{}0]", "1e15,".repeat(ELEMENT_BYTES_MAX / 10)), too_long);
        let many = read(&format!("{{{}\"\":0}}", "\"\":0,".repeat(ELEMENT_BYTES_MAX / 10))).unwrap_err().to_string();
        assert!(many.starts_with("more than 1") && many.ends_with(" fields"), "{many}");
        assert!(Canonical::read(|| r#"{"a":[1,}"#.as_bytes(), 0).is_err());
    }

    /// Pieces of a long text end anywhere.
    #[test]
    fn long_texts_are_whole() {
        for unit in ["x", "\\n", "\\u00e9", "é", "€", "😀", "x€", "xy😀"] {
            for bytes in [ELEMENT_READ_BYTES - 2, 3 * ELEMENT_READ_BYTES, 5 * ELEMENT_READ_BYTES + 1] {
                let json = format!("[\"{}\",{{\"{unit}\":\"\"}}]", unit.repeat(bytes / unit.len()));
                assert_eq!(read(&json).unwrap().into_text(), of_text(&json), "{unit} {bytes}");
            }
        }
        let check = |bytes: &[u8], expected: Option<u64>| {
            let json = [format!("[\"{}", "x".repeat(10_000)).as_bytes(), bytes].concat();
            let error = Canonical::read(|| &*json, 0).unwrap_err();
            let (ReaderError::IoError { location, .. } | ReaderError::SyntaxError(JsonSyntaxError { location, .. })) =
                error
            else {
                panic!("{error}");
            };
            assert_eq!(location.data_pos, expected, "{bytes:?}");
        };
        check(b"\xff\"]", Some(10_002));
        check(b"\\x\"]", Some(10_002));
        check(b"", Some(10_002));
        check(b"\n\"]", Some(10_002));
    }

    #[test]
    fn names_are_not_too_long_together() {
        let check = |names: usize, value: usize, expected: Option<&str>| {
            let json =
                format!("{{\"{}\":0,\"{}\":\"{}\"}}", "n".repeat(names / 2), "m".repeat(names / 2), "x".repeat(value));
            let flaw = read(&json).unwrap().check_rest().err();
            assert_eq!(flaw.map(|flaw| flaw.to_string()).as_deref(), expected, "{names} {value}");
        };
        check(1_000_000, 1_000_000, None);
        check(20_000, ELEMENT_BYTES_MAX - 30_000, None);
        check(2_000_000, 0, Some("more than 1129914 bytes in names and short values of fields"));
    }

    #[test]
    fn long_members_are_apart() {
        let long = format!("[{}1]", "1,".repeat(SHARED_TEXT_BYTES_MAX));
        let json = format!(r#"{{"uuid":"x","events":{long},"b":{{"z":1,"y":2}},"metadata":{{"k":{long}}}}}"#);
        let canonical = read(&json).unwrap();
        let rest = canonical.rest();
        assert_eq!(rest.text, r#"{"uuid":"x","events":[],"b":{"y":2,"z":1},"metadata":[]}"#);
        assert_eq!(rest.long, [(1, long.as_str()), (3, format!("{{\"k\":{long}}}").as_str())]);
    }
}
