//! Halves of surrogate pairs: JavaScript cuts texts between any two UTF-16 units, and writes `\ud83d` for what is left of
//! an emoji. JSON's grammar allows it, but UTF-8 has no such character. One such name of a watch must not cost all of its
//! samples.

/// Writes U+FFFD over every escape that is half of a pair. Returns whether there was one. The text keeps its length.
pub(crate) fn fix_half_pairs(text: &mut [u8]) -> bool {
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
    pairs.has_fixed
}

/// The same for a text that arrives byte by byte. An escape is held back until its pair is complete or cannot be.
#[derive(Debug, Default)]
pub(crate) struct HalfPairs {
    /// One escape and the part of the next that has arrived: `\ud83d\ude0`.
    held: Bytes,
    has_fixed: bool,
}

impl HalfPairs {
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
                (Unit::High, Unit::None) => {}
                (Unit::High, Unit::High) => {
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
        let is_half = match unit(&out, 0) {
            Unit::High => unit(&out, 1) != Unit::Low,
            first => first == Unit::Low,
        };
        if is_half {
            out.bytes[2..ESCAPE].copy_from_slice(b"fffd");
            self.has_fixed = true;
        }
        out
    }
}

/// Length of `\u0000`.
const ESCAPE: usize = 6;

/// What an escape stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unit {
    /// First half of a pair.
    High,
    /// Second half of a pair.
    Low,
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
        Ok(0xd800..0xdc00) => Unit::High,
        Ok(0xdc00..0xe000) => Unit::Low,
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
    fn halves_are_fixed_and_pairs_stay() {
        let check = |text: &str, expected: &str| {
            let mut bytes = text.as_bytes().to_vec();
            assert_eq!(fix_half_pairs(&mut bytes), text != expected, "{text}");
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        };
        check(r#""Watch \ud83d""#, r#""Watch \ufffd""#);
        check(r#""\ud83d\ude00""#, r#""\ud83d\ude00""#);
        check(r#""\ude00\uD83D\ud83d\ude00\u00e9""#, r#""\ufffd\ufffd\ud83d\ude00\u00e9""#);
        check(r#""\\ud83d""#, r#""\\ud83d""#);
        check(r#""\\\ud83d\n""#, r#""\\\ufffd\n""#);
        check(r#""\ud83d\ude0""#, r#""\ufffd\ude0""#);
        check(r#""\ud83d\n""#, r#""\ufffd\n""#);
        check(r#""\ud83d\u00e9""#, r#""\ufffd\u00e9""#);
        check(r#""\ud83d\ud83d\u12\ud83d\\""#, r#""\ufffd\ufffd\u12\ufffd\\""#);
        check(r#""\ud83"#, r#""\ud83"#);
        check(r#""\u+83d""#, r#""\u+83d""#);
        check("\\", "\\");
    }
}
