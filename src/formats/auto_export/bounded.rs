//! A bound on the length of each text and number: serde gathers them in memory before anybody can measure them.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::model::limits::{AUTO_EXPORT_OTHER_BYTES_MAX, GROUP_BYTES_MAX};

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// How far a document was read. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed {
    bytes: Rc<Cell<u64>>,
    /// Where the element under way begins.
    element: Rc<Cell<u64>>,
    /// Whether an element was large.
    is_large: Rc<Cell<bool>>,
    /// How many bytes of a mark have passed before a document; `None` within one.
    mark: Rc<Cell<Option<usize>>>,
}

impl Passed {
    /// Bytes that were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Whether an element was so large that not all ingests may have one at once.
    pub(super) fn is_large(&self) -> bool {
        self.is_large.get()
    }

    /// Forgets that one was.
    pub(super) fn forget_large(&self) {
        self.is_large.set(false);
    }

    /// Begins the next document, before which a byte-order mark may stand.
    pub(super) fn begin_document(&self) {
        self.mark.set(Some(0));
    }

    /// Replaces the mark before a document by blanks. Nothing else outside of a document has its bytes.
    fn blank_mark(&self, read: &mut [u8]) {
        for byte in read {
            let Some(passed) = self.mark.get() else {
                return;
            };
            if BYTE_ORDER_MARK.get(passed) == Some(byte) {
                self.mark.set(Some(passed + 1));
                *byte = b' ';
            } else if !byte.is_ascii_whitespace() {
                self.mark.set(None);
            }
        }
    }

    /// Begins the next element.
    pub(super) fn begin_element(&self) {
        self.element.set(self.bytes.get());
    }

    /// A reader that leaves out the rest of texts and numbers that are too long.
    pub(super) fn watch<R>(&self, source: R) -> Bounded<R> {
        Bounded { source, passed: self.clone(), token: Token::default() }
    }
}

/// Reads on without the rest of what is too long. Of a text, it leaves more than may be stored, so its element is rejected.
pub(super) struct Bounded<R> {
    source: R,
    passed: Passed,
    token: Token,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.source.read(out)?;
            self.passed.blank_mark(&mut out[..read]);
            let Passed { bytes, element, is_large, .. } = &self.passed;
            bytes.set(bytes.get() + read as u64);
            if bytes.get() - element.get() > GROUP_BYTES_MAX as u64 {
                is_large.set(true);
            }
            let mut kept = 0;
            for index in 0..read {
                if self.token.keeps(out[index]) {
                    out[kept] = out[index];
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

/// The text or number under way.
#[derive(Debug, Default)]
struct Token {
    /// Bytes of it; an escape counts as one.
    bytes: usize,
    in_text: bool,
    escape: Escape,
    /// Whether the escape before is the first half of a pair: the second half must follow.
    is_half: bool,
    is_digit: bool,
    is_cut: bool,
}

/// Place in an escape.
#[derive(Clone, Copy, Debug, Default)]
enum Escape {
    #[default]
    Outside,
    AfterBackslash,
    /// So many digits are still to come.
    Digits(u8),
}

impl Token {
    /// Takes a byte. Returns whether it stays.
    fn keeps(&mut self, byte: u8) -> bool {
        if self.in_text {
            return self.keeps_in_text(byte);
        }
        if matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
            // A number that ends in a digit is a number.
            self.is_cut |= self.is_digit && self.bytes > AUTO_EXPORT_OTHER_BYTES_MAX;
            self.is_digit = byte.is_ascii_digit();
            self.bytes += 1;
            return !self.is_cut;
        }
        *self = Self { in_text: byte == b'"', ..Self::default() };
        true
    }

    fn keeps_in_text(&mut self, byte: u8) -> bool {
        match self.escape {
            Escape::AfterBackslash => {
                self.is_half = false;
                self.escape = if byte == b'u' { Escape::Digits(4) } else { Escape::Outside };
            }
            Escape::Digits(left) => {
                match left {
                    4 => self.is_half = byte.eq_ignore_ascii_case(&b'd'),
                    3 => self.is_half &= matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
                    _ => {}
                }
                self.escape = if left > 1 { Escape::Digits(left - 1) } else { Escape::Outside };
            }
            Escape::Outside if byte == b'"' => {
                *self = Self::default();
                return true;
            }
            Escape::Outside => {
                let is_inside = (0x80..0xc0).contains(&byte) || self.is_half && byte == b'\\';
                self.is_cut |= !is_inside && self.bytes > AUTO_EXPORT_OTHER_BYTES_MAX;
                self.bytes += 1;
                if byte == b'\\' {
                    self.escape = Escape::AfterBackslash;
                } else {
                    self.is_half = false;
                }
            }
        }
        !self.is_cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn long_texts_and_numbers_are_cut_and_stay_json() {
        for unit in ["x", "é", "😀", "\\n", "\\\\", "\\u00e9", "\\ud83d\\ude00", "x\\ud83D\\uDE00"] {
            let text = unit.repeat(AUTO_EXPORT_OTHER_BYTES_MAX + 100);
            for json in [format!("[\"{text}\",\"{unit}\",1.5]"), format!("{{\"{text}\":0,\"{unit}\":[\"\\\"\"]}}")] {
                let passed = Passed::default();
                let value: Value = serde_json::from_reader(passed.watch(json.as_bytes())).unwrap();
                let longest = match &value {
                    Value::Array(items) => items[0].as_str().unwrap().len(),
                    object => object.as_object().unwrap().keys().map(String::len).max().unwrap(),
                };
                assert!((1..=16).contains(&(longest / 2 / (AUTO_EXPORT_OTHER_BYTES_MAX / 2))), "{unit}: {longest}");
                assert!(longest > AUTO_EXPORT_OTHER_BYTES_MAX, "{unit}: {longest}");
                assert_eq!(passed.bytes(), json.len() as u64);
            }
        }
        let digits = "1".repeat(2 * AUTO_EXPORT_OTHER_BYTES_MAX);
        let json = format!("[0.{digits},-2,\"1\"]");
        let value: Value = serde_json::from_reader(Passed::default().watch(json.as_bytes())).unwrap();
        assert_eq!(value, serde_json::json!([0.111_111_111_111_111_1, -2, "1"]));
    }
}
