//! Follows the structure of the body as far as needed to know where elements begin, and keeps names, strings and numbers short.
//!
//! A byte at a time, for the few bytes that are not inside elements. What is no JSON does no harm here: struson sees it
//! at the same place and ends the upload there.

use super::shape::Role;
use crate::model::limits::NESTING_MAX;

/// Longer names are of no section that the lifter knows.
const NAME_BYTES: usize = 16;

/// What to do with a byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It belongs to the skeleton.
    Keep,
    /// It is the rest of a name, a string or a number that is too long.
    Drop,
    /// It belongs to the skeleton and ends what was too long.
    KeepAfterDropped,
    /// It is the opening bracket of an element. The structure stays as it was.
    Element,
}

/// State inside an array or object.
#[derive(Clone, Copy, Debug)]
struct Frame {
    role: Role,
    /// Role of the value that comes next, if it is an array or object of the right kind.
    next: Role,
    is_object: bool,
    expects_name: bool,
}

/// State inside a name or string.
#[derive(Debug, Default)]
struct Text {
    bytes: usize,
    /// After a backslash.
    escape: bool,
    /// Digits still to come of a `\u` escape.
    hex_digits: u8,
    /// The escape begins with a D, so it may be half of a surrogate pair …
    surrogate: bool,
    /// … and it is the first half: the second must not be cut off.
    first_half: bool,
    dropped: bool,
    has_escape: bool,
    is_name: bool,
    name: [u8; NAME_BYTES],
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Skeleton {
    frames: Vec<Frame>,
    text: Option<Text>,
    text_bytes_max: usize,
    /// Bytes of the number under way: struson would gather any number of digits.
    number_bytes: usize,
    finds_elements: bool,
    /// Arrays and objects that are open below the nesting limit: nothing there is an element.
    below: u64,
}

impl Skeleton {
    pub(crate) fn new(finds_elements: bool, text_bytes_max: usize) -> Self {
        Self { frames: Vec::with_capacity(8), text: None, text_bytes_max, number_bytes: 0, finds_elements, below: 0 }
    }

    /// Whether the place is inside a name or string.
    #[cfg(test)]
    pub(crate) fn is_in_text(&self) -> bool {
        self.text.is_some()
    }

    pub(crate) fn accept(&mut self, byte: u8) -> Verdict {
        if let Some(text) = &mut self.text {
            if byte != b'"' || text.is_in_escape() {
                return if text.accept(byte, self.text_bytes_max) { Verdict::Keep } else { Verdict::Drop };
            }
            return self.end_text();
        }
        if matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
            self.number_bytes += 1;
            return if self.number_bytes > self.text_bytes_max { Verdict::Drop } else { Verdict::Keep };
        }
        let dropped = std::mem::take(&mut self.number_bytes) > self.text_bytes_max;
        match self.accept_structure(byte) {
            Verdict::Keep if dropped => Verdict::KeepAfterDropped,
            verdict => verdict,
        }
    }

    /// A byte outside of names, strings and numbers.
    fn accept_structure(&mut self, byte: u8) -> Verdict {
        match byte {
            b'{' if self.finds_elements
                && self.below == 0
                && self.frames.last().is_some_and(|frame| frame.role == Role::Elements) =>
            {
                return Verdict::Element;
            }
            b'{' | b'[' => self.open(byte == b'{'),
            b'}' | b']' if self.below > 0 => self.below -= 1,
            b'}' | b']' => {
                self.frames.pop();
            }
            b'"' => {
                let is_name = self.below == 0 && self.frames.last().is_some_and(|frame| frame.expects_name);
                self.text = Some(Text { is_name, ..Text::default() });
            }
            b',' | b':' => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.expects_name = frame.is_object && byte == b',';
                }
            }
            _ => {}
        }
        Verdict::Keep
    }

    fn open(&mut self, is_object: bool) {
        if self.below > 0 || self.frames.len() > NESTING_MAX as usize {
            self.below += 1;
            return;
        }
        let role = self.frames.last().map_or(Role::Body, |frame| frame.next).opened_by(is_object);
        self.frames.push(Frame { role, next: role.child(), is_object, expects_name: is_object });
    }

    fn end_text(&mut self) -> Verdict {
        let Some(text) = self.text.take() else {
            return Verdict::Keep;
        };
        if text.is_name
            && let Some(frame) = self.frames.last_mut()
        {
            // A name with an escape arrives as it is written: which section of the body it is, is not known here, so
            // nothing is lifted out of it. A name that is longer than any that matters matches none.
            let is_known = frame.role != Role::Body || !text.has_escape;
            let name = text.name.get(..text.bytes).unwrap_or_default();
            frame.next = if is_known { frame.role.member(name) } else { Role::Other };
        }
        if text.dropped { Verdict::KeepAfterDropped } else { Verdict::Keep }
    }
}

impl Text {
    fn is_in_escape(&self) -> bool {
        self.escape || self.hex_digits > 0
    }

    /// Takes a byte of the text. False once the limit is passed: it is passed between two characters.
    fn accept(&mut self, byte: u8, bytes_max: usize) -> bool {
        let begins_character = !self.is_in_escape() && !(0x80..0xc0).contains(&byte);
        if begins_character {
            self.dropped |= self.bytes >= bytes_max && !self.first_half;
            self.first_half = false;
        }
        match (self.hex_digits, self.escape) {
            (4, _) => self.surrogate = byte.eq_ignore_ascii_case(&b'd'),
            (3, _) => self.first_half = self.surrogate && matches!(byte, b'8' | b'9' | b'a' | b'b' | b'A' | b'B'),
            (1 | 2, _) => {}
            (_, true) => {
                self.escape = false;
                self.hex_digits = if byte == b'u' { 5 } else { 0 };
            }
            (_, false) => {
                self.escape = byte == b'\\';
                self.has_escape |= self.escape;
            }
        }
        self.hex_digits = self.hex_digits.saturating_sub(1);
        if let Some(place) = self.name.get_mut(self.bytes) {
            *place = byte;
        }
        self.bytes += 1;
        !self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str, text_bytes_max: usize) -> String {
        let mut skeleton = Skeleton::new(false, text_bytes_max);
        let kept = |byte: &u8| matches!(skeleton.accept(*byte), Verdict::Keep | Verdict::KeepAfterDropped);
        String::from_utf8(text.bytes().filter(kept).collect()).unwrap()
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let check = |text: &str, expected: &str| assert_eq!(kept(text, 4), expected, "{text}");
        check(r#"{"abcd":"abcd"}"#, r#"{"abcd":"abcd"}"#);
        check(r#"{"abcde":"abcdef"}"#, r#"{"abcd":"abcd"}"#);
        check(r#"["abcü!"]"#, r#"["abcü"]"#);
        check(r#"["abc\"def\\"]"#, r#"["abc\""]"#);
        check(r#"["a\u00e9bc"]"#, r#"["a\u00e9"]"#);
        check(r#"["\ud83d\ude00\ud83d\ude00"]"#, r#"["\ud83d\ude00"]"#);
        check(r#"["\uD83D\uDE00x"]"#, r#"["\uD83D\uDE00"]"#);
        check(r#"["\u00d83\u00d83"]"#, r#"["\u00d8"]"#);
        check("[1234,12345,-1.2e3 ,true]", "[1234,1234,-1.2 ,true]");
    }

    #[test]
    fn elements_begin_where_the_shape_says() {
        let check = |text: &str, expected: &[usize]| {
            let mut skeleton = Skeleton::new(true, 1000);
            let mut depth = 0;
            let mut found = Vec::new();
            for (place, byte) in text.bytes().enumerate() {
                // Elements here hold no brackets and no strings.
                match byte {
                    b'}' if depth > 0 => depth -= 1,
                    _ if depth > 0 => {}
                    _ => {
                        if skeleton.accept(byte) == Verdict::Element {
                            found.push(place);
                            depth = 1;
                        }
                    }
                }
            }
            assert_eq!(found, expected, "{text}");
            assert!(!skeleton.is_in_text());
        };
        check(r#"{"data":{"a":[{},{1}, {}]}}"#, &[14, 17, 22]);
        check(r#"{"data":[{}],"other":{"a":[{}],"b":{"c":[{}]}},"x":[{}]}"#, &[27, 52]);
        check(r#"{"exportDate":[{}],"characteristics":{"a":[{}]},"\u0078":[{}]}"#, &[]);
        check(r#"{"data":{"a":{"b":[{}]},"c":[[{}],{}]}}"#, &[34]);
        check(r#"{"workoutRoutes":{"u":[{"x":[{}],"locations":[{}]},{"locations":{}}]}}"#, &[46]);
        check(r#"{"d\u0061ta":{"a":[{}]}}"#, &[]);
        check(r#"{"x":"data","data":{"a":["data",{}]}}"#, &[32]);
    }
}
