//! Halves of surrogate pairs: JavaScript cuts texts between any two UTF-16 units, and writes `\ud83d` for what is left of
//! an emoji. JSON's grammar allows it, but UTF-8 has no such character. One such name of a watch must not cost all of its
//! samples.
//!
//! While a text is decoded, a mark stands for each half: two characters of Unicode that no text should have, as long as the
//! escape. JSON that is kept has the escape again ([`restore`]); a column has U+FFFD in its place ([`plain`]).

use std::borrow::Cow;

/// Writes a mark over every escape that is half of a pair. Returns whether there was one. The text keeps its length.
pub(crate) fn mark_half_pairs(text: &mut [u8]) -> bool {
    let mut pairs = HalfPairs::default();
    // The output is as long as the input, and never ahead of it.
    let mut at = 0;
    for index in 0..text.len() {
        let byte = text[index];
        let out = pairs.feed(byte);
        text[at..at + out.len].copy_from_slice(out.as_slice());
        at += out.len;
    }
    let out = pairs.flush();
    text[at..at + out.len].copy_from_slice(out.as_slice());
    pairs.has_marked
}

/// What a mark begins with in UTF-8: U+FDD0 and the seven characters behind it, which are no characters.
const MARK: [u8; 2] = [0xef, 0xb7];

/// The escape that a mark stands for, if these bytes begin with one.
fn escape_of(bytes: &[u8]) -> Option<[u8; ESCAPE]> {
    let [0xef, 0xb7, high @ 0x90..=0x97, 0xee, middle @ 0x80..=0x83, low @ 0x80..=0xbf, ..] = *bytes else {
        return None;
    };
    let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit & 15)];
    let byte = (middle & 3) << 6 | low & 0x3f;
    Some([b'\\', b'u', b'd', hex(8 + (high & 7)), hex(byte >> 4), hex(byte)])
}

/// The mark for half of a pair.
fn mark_of(unit: u16) -> [u8; ESCAPE] {
    let [high, low] = unit.to_be_bytes();
    [0xef, 0xb7, 0x90 | high & 7, 0xee, 0x80 | low >> 6, 0x80 | low & 0x3f]
}

/// Places of the marks in a text.
fn marks(text: &[u8]) -> impl Iterator<Item = (usize, [u8; ESCAPE])> {
    memchr::memmem::find_iter(text, &MARK).filter_map(|at| Some((at, escape_of(&text[at..])?)))
}

/// Writes the escapes of half pairs over their marks in JSON. The text keeps its length.
pub(crate) fn restore(json: &mut String) {
    let first = |text: &[u8]| marks(text).next();
    if first(json.as_bytes()).is_none() {
        return;
    }
    let (mut bytes, mut from) = (std::mem::take(json).into_bytes(), 0);
    // A list of all places could be longer than the text.
    while let Some((at, escape)) = first(&bytes[from..]) {
        from += at + ESCAPE;
        bytes[from - ESCAPE..from].copy_from_slice(&escape);
    }
    *json = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
}

/// Returns a text with U+FFFD in the place of each mark.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let (mut plain, mut from) = (String::new(), 0);
    for (at, _) in marks(text.as_bytes()) {
        plain.push_str(&text[from..at]);
        plain.push('\u{fffd}');
        from = at + ESCAPE;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    plain.push_str(&text[from..]);
    Cow::Owned(plain)
}

/// The same for a text that arrives byte by byte. An escape is held back until its pair is complete or cannot be.
#[derive(Debug, Default)]
pub(crate) struct HalfPairs {
    /// One escape and the part of the next that has arrived: `\ud83d\ude0`.
    held: Bytes,
    has_marked: bool,
}

impl HalfPairs {
    /// Whether there was a half.
    pub(crate) fn has_marked(&self) -> bool {
        self.has_marked
    }

    /// Whether nothing is held back.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.len == 0
    }

    /// Whether [`HalfPairs::feed`] would return only this byte.
    pub(crate) fn passes(&self, byte: u8) -> bool {
        self.is_empty() && byte != b'\\'
    }

    /// Takes a byte. Returns those that are no longer held back.
    pub(crate) fn feed(&mut self, byte: u8) -> Bytes {
        let mut out = Bytes::default();
        let fits = match self.held.len % ESCAPE {
            0 => byte == b'\\',
            1 => byte == b'u',
            _ => byte.is_ascii_hexdigit(),
        };
        if !fits {
            // A byte behind a backslash belongs to it; anywhere else a backslash begins an escape.
            let is_escaped = self.held.len % ESCAPE == 1;
            out = self.flush();
            if byte == b'\\' && !is_escaped {
                self.held.push(byte);
            } else {
                out.push(byte);
            }
            return out;
        }
        self.held.push(byte);
        if self.held.len.is_multiple_of(ESCAPE) {
            match (unit(&self.held, 0), unit(&self.held, 1)) {
                (Unit::High(_), Unit::None) => {}
                (Unit::High(_), Unit::High(_)) => {
                    let second = self.held.split_off(ESCAPE);
                    out = self.flush();
                    self.held = second;
                }
                _ => out = self.flush(),
            }
        }
        out
    }

    /// Returns all that is held back: nothing more follows.
    pub(crate) fn flush(&mut self) -> Bytes {
        let mut out = std::mem::take(&mut self.held);
        let half = match unit(&out, 0) {
            Unit::High(half) if !matches!(unit(&out, 1), Unit::Low(_)) => Some(half),
            Unit::Low(half) => Some(half),
            _ => None,
        };
        if let Some(half) = half {
            out.bytes[..ESCAPE].copy_from_slice(&mark_of(half));
            self.has_marked = true;
        }
        out
    }
}

/// Length of `\u0000`.
const ESCAPE: usize = 6;

/// The character of an escape.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unit {
    /// First half of a pair.
    High(u16),
    /// Second half of a pair.
    Low(u16),
    Other,
    /// No such escape is held.
    None,
}

/// Returns what the nth held escape stands for.
fn unit(held: &Bytes, nth: usize) -> Unit {
    let digits = held.as_slice().get(nth * ESCAPE + 2..(nth + 1) * ESCAPE);
    let Some(digits) = digits.and_then(|digits| std::str::from_utf8(digits).ok()) else {
        return Unit::None;
    };
    match u16::from_str_radix(digits, 16) {
        Ok(half @ 0xd800..0xdc00) => Unit::High(half),
        Ok(half @ 0xdc00..0xe000) => Unit::Low(half),
        _ => Unit::Other,
    }
}

/// A few bytes: two escapes and one more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bytes {
    bytes: [u8; 2 * ESCAPE + 1],
    len: usize,
}

impl Bytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn split_off(&mut self, at: usize) -> Self {
        let mut rest = Self::default();
        for byte in &self.bytes[at..self.len] {
            rest.push(*byte);
        }
        self.len = at;
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_marked_and_pairs_stay() {
        let check = |text: &str, halves: &[&str]| {
            let mut bytes = text.as_bytes().to_vec();
            assert_eq!(mark_half_pairs(&mut bytes), !halves.is_empty(), "{text}");
            assert_eq!(bytes.len(), text.len());
            let marked = String::from_utf8(bytes).unwrap();
            let mut restored = marked.clone();
            restore(&mut restored);
            let lower = halves.iter().fold(text.to_owned(), |text, half| text.replace(half, &half.to_lowercase()));
            assert_eq!(restored, lower);
            let expected = halves.iter().fold(text.to_owned(), |text, half| text.replacen(half, "\u{fffd}", 1));
            assert_eq!(plain(&marked), expected);
        };
        check(r#""Watch \ud83d""#, &[r"\ud83d"]);
        check(r#""\ud83d\ude00""#, &[]);
        check(r#""\ude00\uD83D\ud83d\ude00\u00e9""#, &[r"\ude00", r"\uD83D"]);
        check(r#""\\ud83d""#, &[]);
        check(r#""\\\ud83d\n""#, &[r"\ud83d"]);
        check(r#""\ud83d\ude0""#, &[r"\ud83d"]);
        check(r#""\ud83d\n\ude00""#, &[r"\ud83d", r"\ude00"]);
        check(r#""\ud83d\u00e9""#, &[r"\ud83d"]);
        check(r#""\ud83d\ud83c\u12\ud83b\\""#, &[r"\ud83d", r"\ud83c", r"\ud83b"]);
        check(r#""\ud83""#, &[]);
        check(r#""\u+83d""#, &[]);
        check("\\", &[]);
    }

    #[test]
    fn each_half_has_its_mark() {
        for half in 0xd800..0xe000_u16 {
            let mut text = format!("{{\"\\u{half:04x}\":0}}").into_bytes();
            assert!(mark_half_pairs(&mut text));
            let mut text = String::from_utf8(text).unwrap();
            assert_eq!(plain(&text), "{\"\u{fffd}\":0}");
            restore(&mut text);
            assert_eq!(text, format!("{{\"\\u{half:04x}\":0}}"));
        }
        assert_eq!(plain("\u{fdd0}x\u{fdcf}\u{e000}"), "\u{fdd0}x\u{fdcf}\u{e000}");
    }
}
