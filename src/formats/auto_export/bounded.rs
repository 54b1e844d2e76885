//! What passes on to serde_json. A fault of one value must cost only its element, and serde_json ends the document at some:
//! numbers beyond doubles, halves of surrogate pairs, deep nesting. And it gathers a text in memory before anybody can measure
//! it. So other values stand for the faults, which are noted, and the rest of a long text waits beside the stream.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use serde::de::{Deserializer, Error, Visitor};

use super::integers;
use crate::formats::flaw::Flaw;
use crate::formats::surrogates::{self, HalfPairs};
use crate::model::limits::{
    AUTO_EXPORT_NAME_BYTES_MAX, AUTO_EXPORT_NUMBER_BYTES_MAX, AUTO_EXPORT_OTHER_BYTES_MAX, AUTO_EXPORT_TEXT_BYTES,
    GROUP_BYTES_MAX, NESTING_MAX,
};

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Integers of fewer digits are within the range of doubles.
const LARGE_DIGITS: usize = 300;

/// How far a document was read, and what was found. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed(Rc<State>);

#[derive(Debug, Default)]
struct State {
    bytes: Cell<u64>,
    /// Where the element under way begins, and the arrays and objects around it.
    element: Cell<u64>,
    element_depth: Cell<u64>,
    /// Arrays and objects around the next byte.
    depth: Cell<u64>,
    /// Whether an element was large.
    is_large: Cell<bool>,
    /// How many bytes of a mark have passed before a document; `None` within one.
    mark: Cell<Option<usize>>,
    /// What is wrong with the element under way.
    flaw: RefCell<Option<Flaw>>,
    /// Whether marks stand for halves of surrogate pairs, or for numbers.
    has_marks: Cell<bool>,
    /// The rest of the last text, if it is long.
    rest: RefCell<Rest>,
}

impl Passed {
    /// Bytes that were read.
    pub(super) fn bytes(&self) -> u64 {
        self.0.bytes.get()
    }

    /// Whether an element was so large that not all ingests may have one at once.
    pub(super) fn is_large(&self) -> bool {
        self.0.is_large.get()
    }

    /// Forgets that one was.
    pub(super) fn forget_large(&self) {
        self.0.is_large.set(false);
    }

    /// Begins the next document, before which a byte-order mark may stand.
    pub(super) fn begin_document(&self) {
        self.0.mark.set(Some(0));
    }

    /// Begins the next element.
    pub(super) fn begin_element(&self) {
        self.0.element.set(self.bytes());
        self.0.element_depth.set(self.0.depth.get());
    }

    /// Leaves out of the element's bytes those that were read since.
    pub(super) fn leave_out(&self, since: u64) {
        let State { element, bytes, .. } = &*self.0;
        element.set(element.get() + (bytes.get() - since));
    }

    /// Takes what is wrong with the element that was read.
    pub(super) fn take_flaw(&self) -> Option<Flaw> {
        self.0.flaw.take()
    }

    fn note(&self, flaw: Flaw) {
        self.0.flaw.borrow_mut().get_or_insert(flaw);
    }

    /// Whether the text that was read has a rest.
    pub(super) fn has_rest(&self) -> bool {
        !self.0.rest.borrow().is_empty()
    }

    /// Takes the rest of the text that was read, if it is long.
    pub(super) fn take_rest(&self) -> Option<Rest> {
        let rest = self.0.rest.take();
        (!rest.is_empty()).then_some(rest)
    }

    /// Writes what marks stand for in JSON: halves of surrogate pairs and numbers as they were sent.
    pub(super) fn restore(&self, json: &mut String) {
        if self.0.has_marks.get() {
            surrogates::restore(json);
            integers::restore(json);
        }
    }

    /// Replaces the mark before a document by a blank. Nothing else outside of a document has its bytes.
    fn blank_mark(&self, byte: u8) -> u8 {
        let Some(passed) = self.0.mark.get() else {
            return byte;
        };
        if BYTE_ORDER_MARK.get(passed) == Some(&byte) {
            self.0.mark.set(Some(passed + 1));
            return b' ';
        }
        if !byte.is_ascii_whitespace() {
            self.0.mark.set(None);
        }
        byte
    }

    /// A reader of a source that replaces what would end the document.
    pub(super) fn watch<R>(&self, source: R) -> Bounded<R> {
        Bounded { source, given: 0, has_ended: false, filter: Filter::new(self.clone()) }
    }
}

/// The rest of a long text in JSON. It is passed on in pieces, and each piece is freed: so the text is in memory once.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Each piece is a text between quotes: neither a character nor an escape goes on in the next one.
    pieces: Vec<Vec<u8>>,
    bytes: usize,
}

impl Rest {
    /// Its length in JSON.
    pub(super) fn len(&self) -> usize {
        self.bytes
    }

    fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Adds a part. If it is `inside` of a character, it belongs to the last one.
    fn push(&mut self, part: &[u8], is_inside: bool) {
        self.bytes += part.len();
        match self.pieces.last_mut() {
            Some(piece) if is_inside || piece.len() < AUTO_EXPORT_TEXT_BYTES => {
                piece.pop();
                piece.extend_from_slice(part);
                piece.push(b'"');
            }
            _ => {
                let mut piece = Vec::with_capacity(AUTO_EXPORT_TEXT_BYTES + AUTO_EXPORT_NAME_BYTES_MAX);
                piece.push(b'"');
                piece.extend_from_slice(part);
                piece.push(b'"');
                self.pieces.push(piece);
            }
        }
    }

    /// Passes it on, and frees each piece. Returns what is wrong with it.
    pub(super) fn read(self, mut take: impl FnMut(&str)) -> Result<(), Flaw> {
        self.pieces.into_iter().try_for_each(|piece| read_piece(&piece, &mut take))
    }

    /// Passes it on.
    pub(super) fn look_at(&self, mut take: impl FnMut(&str)) -> Result<(), Flaw> {
        self.pieces.iter().try_for_each(|piece| read_piece(piece, &mut take))
    }
}

fn read_piece(piece: &[u8], take: impl FnMut(&str)) -> Result<(), Flaw> {
    serde_json::Deserializer::from_slice(piece)
        .deserialize_str(Text(take))
        .map_err(|error| Flaw::NotJson(error.to_string()))
}

struct Text<F>(F);

impl<F: FnMut(&str)> Visitor<'_> for Text<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<(), E> {
        (self.0)(text);
        Ok(())
    }
}

/// See the module's description.
pub(super) struct Bounded<R> {
    source: R,
    filter: Filter,
    /// Bytes that were given of those that are ready.
    given: usize,
    has_ended: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let ready = &self.filter.ready[self.given..];
            if !ready.is_empty() {
                let bytes = ready.len().min(out.len());
                out[..bytes].copy_from_slice(&ready[..bytes]);
                self.given += bytes;
                return Ok(bytes);
            }
            (self.given, _) = (0, self.filter.ready.clear());
            let mut byte = [0];
            if self.has_ended || self.source.read(&mut byte)? == 0 {
                if std::mem::replace(&mut self.has_ended, true) {
                    return Ok(0);
                }
                self.filter.finish();
                continue;
            }
            let State { bytes, element, is_large, .. } = &*self.filter.passed.0;
            bytes.set(bytes.get() + 1);
            if bytes.get() - element.get() > GROUP_BYTES_MAX as u64 {
                is_large.set(true);
            }
            let byte = self.filter.passed.blank_mark(byte[0]);
            self.filter.feed(byte);
        }
    }
}

/// Takes bytes of JSON, and makes ready those that serde_json may see.
#[derive(Debug)]
struct Filter {
    passed: Passed,
    ready: Vec<u8>,
    /// The number under way, as far as its value depends on it.
    number: Vec<u8>,
    is_number_cut: bool,
    in_exponent: bool,
    /// The beginning of the last text, and of the last one that is a name.
    text: Vec<u8>,
    name: Vec<u8>,
    in_text: bool,
    is_escaped: bool,
    pairs: HalfPairs,
    /// Bytes of the text under way.
    text_bytes: usize,
    /// Whether the rest of the last text is beside the stream.
    is_long: bool,
    is_rest_cut: bool,
    /// The depth that is left out, with what is in it.
    left_out: Option<u64>,
}

impl Filter {
    fn new(passed: Passed) -> Self {
        Self {
            passed,
            ready: Vec::new(),
            number: Vec::new(),
            is_number_cut: false,
            in_exponent: false,
            text: Vec::new(),
            name: Vec::new(),
            in_text: false,
            is_escaped: false,
            pairs: HalfPairs::default(),
            text_bytes: 0,
            is_long: false,
            is_rest_cut: false,
            left_out: None,
        }
    }

    fn feed(&mut self, byte: u8) {
        if self.in_text {
            return self.feed_text(byte);
        }
        let is_part = match byte {
            b'0'..=b'9' | b'-' => true,
            b'+' | b'.' | b'e' | b'E' => !self.number.is_empty(),
            _ => false,
        };
        if is_part {
            return self.feed_number(byte);
        }
        self.end_number();
        match byte {
            b'"' => {
                (self.in_text, self.is_long, self.text_bytes) = (true, false, 0);
                self.text.clear();
                self.passed.0.rest.take();
            }
            b':' => {
                std::mem::swap(&mut self.name, &mut self.text);
                // The rest of a name that its reader has not taken.
                if !self.passed.0.rest.take().is_empty() {
                    self.passed.note(Flaw::LongName(AUTO_EXPORT_TEXT_BYTES));
                }
            }
            b'{' | b'[' => self.open(),
            b'}' | b']' if self.close() => return,
            _ => {}
        }
        self.pass(&[byte]);
    }

    /// Nothing follows.
    fn finish(&mut self) {
        self.end_number();
        let held = self.pairs.flush();
        self.pass(held.as_slice());
    }

    fn pass(&mut self, bytes: &[u8]) {
        if self.left_out.is_none() {
            self.ready.extend_from_slice(bytes);
        }
    }

    /// Opens an array or object. Null stands for one that is nested too deeply.
    fn open(&mut self) {
        let State { depth, element_depth, .. } = &*self.passed.0;
        depth.set(depth.get() + 1);
        if self.left_out.is_none() && depth.get().saturating_sub(element_depth.get()) > u64::from(NESTING_MAX) {
            let depth = depth.get();
            self.pass(b"null");
            self.left_out = Some(depth);
            self.passed.note(Flaw::TooDeep(NESTING_MAX as usize));
        }
    }

    /// Closes an array or object. Returns whether it was left out.
    fn close(&mut self) -> bool {
        let depth = self.passed.0.depth.get();
        self.passed.0.depth.set(depth.saturating_sub(1));
        let is_left_out = self.left_out == Some(depth);
        if is_left_out {
            self.left_out = None;
        }
        is_left_out
    }

    fn feed_number(&mut self, byte: u8) {
        let held = self.number.len();
        // Digits far behind the point make no difference, but an exponent behind them does.
        self.in_exponent |= matches!(byte, b'e' | b'E');
        let counts = self.in_exponent || !byte.is_ascii_digit();
        if held < AUTO_EXPORT_NUMBER_BYTES_MAX || counts && held < 2 * AUTO_EXPORT_NUMBER_BYTES_MAX {
            self.number.push(byte);
        } else {
            self.is_number_cut = true;
        }
    }

    /// Passes a number on. A text stands for one beyond the range of doubles.
    fn end_number(&mut self) {
        if self.number.is_empty() {
            return;
        }
        let number = std::mem::take(&mut self.number);
        let is_cut = std::mem::take(&mut self.is_number_cut);
        let has_exponent = std::mem::take(&mut self.in_exponent);
        let is_beyond = (has_exponent || number.len() > LARGE_DIGITS) && {
            let is_long_integer = is_cut && !has_exponent && !number.contains(&b'.');
            is_long_integer || std::str::from_utf8(&number).is_ok_and(|text| text.parse().is_ok_and(f64::is_infinite))
        };
        if is_beyond {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            self.passed.note(Flaw::NumberTooLarge(text(&self.name), text(&number)));
            self.pass(&[b"\"", number.as_slice(), b"\""].concat());
        } else if integers::is_changed(&number) {
            self.passed.0.has_marks.set(true);
            self.pass(&integers::marked(&number));
        } else {
            self.pass(&number);
        }
        self.number = number;
        self.number.clear();
    }

    fn feed_text(&mut self, byte: u8) {
        if !std::mem::take(&mut self.is_escaped) {
            self.is_escaped = byte == b'\\';
            self.in_text = byte != b'"';
        }
        if !self.in_text {
            // What is held belongs to the text.
            let held = self.pairs.flush();
            self.pass_text(held.as_slice());
            self.passed.0.has_marks.set(self.passed.0.has_marks.get() | self.pairs.has_marked());
            return self.pass(b"\"");
        }
        if self.pairs.passes(byte) {
            return self.pass_text(&[byte]);
        }
        let released = self.pairs.feed(byte);
        self.pass_text(released.as_slice());
    }

    /// Passes on what belongs together in a text: a byte, or escapes.
    fn pass_text(&mut self, part: &[u8]) {
        let Some(first) = part.first() else { return };
        let is_inside = (0x80..0xc0).contains(first);
        self.text_bytes += part.len();
        if self.text.len() < AUTO_EXPORT_NAME_BYTES_MAX {
            self.text.extend_from_slice(part);
        }
        self.is_long |= !is_inside && self.text_bytes > AUTO_EXPORT_TEXT_BYTES;
        if !self.is_long {
            return self.pass(part);
        }
        let mut rest = self.passed.0.rest.borrow_mut();
        // Of a text, it keeps more than may be stored, so its element is rejected.
        self.is_rest_cut &= is_inside;
        self.is_rest_cut |= !is_inside && rest.len() > AUTO_EXPORT_OTHER_BYTES_MAX;
        if !self.is_rest_cut {
            rest.push(part, is_inside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(json: &str) -> (Value, Passed) {
        let passed = Passed::default();
        let value = serde_json::from_reader(passed.watch(json.as_bytes())).unwrap();
        assert_eq!(passed.bytes(), json.len() as u64);
        (value, passed)
    }

    #[test]
    fn the_rest_of_a_long_text_is_beside_it() {
        for unit in ["x", "é", "😀", "\\n", "\\\\", "\\u00e9", "\\ud83d\\ude00", "x\\ud83D\\uDE00"] {
            for bytes in [AUTO_EXPORT_TEXT_BYTES / 2, 2 * AUTO_EXPORT_TEXT_BYTES, 2 * AUTO_EXPORT_OTHER_BYTES_MAX] {
                let text = unit.repeat(bytes / unit.len());
                let (value, passed) = read(&format!("[1.5,\"{text}\"]"));
                let mut whole = value[1].as_str().unwrap().to_owned();
                assert!(whole.len() <= AUTO_EXPORT_TEXT_BYTES + unit.len());
                if let Some(rest) = passed.take_rest() {
                    assert!(rest.len() <= AUTO_EXPORT_OTHER_BYTES_MAX + 20);
                    assert_eq!(rest.read(|rest| whole.push_str(rest)), Ok(()));
                }
                let expected: String = serde_json::from_str(&format!("\"{text}\"")).unwrap();
                assert!(expected.starts_with(&whole), "{unit}");
                assert!(whole.len() == expected.len() || bytes > AUTO_EXPORT_OTHER_BYTES_MAX, "{unit} {bytes}");
                // A text behind it has no rest.
                assert!(read(&format!("[\"{text}\",\"x\"]")).1.take_rest().is_none());
            }
        }
        let (_, passed) = read(&format!("{{\"{}\":1}}", "x".repeat(2 * AUTO_EXPORT_TEXT_BYTES)));
        assert_eq!(passed.take_flaw(), Some(Flaw::LongName(AUTO_EXPORT_TEXT_BYTES)));
    }

    #[test]
    fn what_would_end_the_document_is_noted() {
        let check = |json: &str, expected: Value, flaw: Option<&str>| {
            let (value, passed) = read(json);
            assert_eq!((value, passed.take_flaw().map(|flaw| flaw.to_string()).as_deref()), (expected, flaw), "{json}");
        };
        let beyond = |name: &str, number: &str| format!("`{name}` is {number}: numbers reach from -1.8e308 to 1.8e308");
        check(r#"{"a":1e400,"b":-1E+500}"#, json!({"a": "1e400", "b": "-1E+500"}), Some(&beyond("a", "1e400")));
        check(r#"{"a":"b","c":[1,2,-1e309]}"#, json!({"a": "b", "c": [1, 2, "-1e309"]}), Some(&beyond("c", "-1e309")));
        check(
            "[1e308,1e-400,-0.5,true,false,null,\"1e400\"]",
            json!([1e308, 0.0, -0.5, true, false, null, "1e400"]),
            None,
        );
        let digits = "1".repeat(400);
        let shown = format!("{}…", &digits[..40]);
        check(&digits, json!(digits), Some(&beyond("", &shown)));
        let digits = "1".repeat(2 * AUTO_EXPORT_OTHER_BYTES_MAX);
        check(&format!("[0.{digits},-2,\"1\"]"), json!([0.111_111_111_111_111_1, -2, "1"]), None);
        check(&format!("[0.{digits}e2]"), json!([11.111_111_111_111_11]), None);
        assert!(read(&format!("[{digits}]")).1.take_flaw().is_some());
        let deep = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
        let (open, close) = ("[".repeat(63), "]".repeat(63));
        let expected = serde_json::from_str(&format!("[{open}null{close},\"[\"]")).unwrap();
        check(&format!("[{},\"[\"]", deep(100_000)), expected, Some("nested deeper than 64 levels"));
        assert_eq!(read(&deep(64)).1.take_flaw(), None);
        let (value, passed) = read(r#"["a\ud83d","\ud83d\ude00","\ude00b"]"#);
        let mut text = value.to_string();
        passed.restore(&mut text);
        assert_eq!((text.as_str(), passed.take_flaw()), (r#"["a\ud83d","😀","\ude00b"]"#, None));
    }
}
