//! Follows the structure of the body as far as needed to know where elements begin, and keeps names, strings, numbers and
//! nesting short.
//!
//! It takes a byte at a time, for the few bytes that are not inside elements. Bytes that are not JSON do no harm here:
//! struson sees them at the same place and ends the upload there.

use super::keys::Role;
use super::nesting::Nesting;
use crate::model::limits::{NESTING_MAX, SKELETON_NAME_BYTES_MAX, SKELETON_NESTING_MAX};

/// The action for a byte.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It belongs to the skeleton.
    Keep,
    /// It is the rest of a name, a string or a number that is too long.
    DropLong,
    /// It is nested too deeply: the value around it is rejected.
    DropDeep,
    /// It belongs to the skeleton and ends what was dropped.
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

/// The place of the next byte.
#[derive(Debug)]
enum Inside {
    /// Brackets, separators, numbers and words.
    Structure,
    /// A name or string.
    Text(Text),
    /// Values below the deepest level that struson reads.
    Depths(Nesting),
}

/// State inside a name or string.
#[derive(Debug, Default)]
struct Text {
    bytes: usize,
    is_name: bool,
    name: [u8; SKELETON_NAME_BYTES_MAX],
    escape: Escape,
    has_escape: bool,
    is_cut: bool,
}

/// Place in an escape such as `\n` or `\u00e9`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Escape {
    #[default]
    Outside,
    AfterBackslash,
    /// So many digits are still to come.
    Digits(u8),
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Skeleton {
    frames: Vec<Frame>,
    inside: Inside,
    text_bytes_max: usize,
    /// Bytes of the number under way: struson would gather any number of digits.
    number_bytes: usize,
    finds_elements: bool,
    /// Arrays and objects that are open below the frames: nothing there is an element.
    below: u32,
}

impl Skeleton {
    /// A skeleton that finds elements.
    pub(crate) fn with_elements(text_bytes_max: usize) -> Self {
        Self { finds_elements: true, ..Self::without_elements(text_bytes_max) }
    }

    /// A skeleton that is the whole body.
    pub(crate) fn without_elements(text_bytes_max: usize) -> Self {
        Self {
            frames: Vec::with_capacity(8),
            inside: Inside::Structure,
            text_bytes_max,
            number_bytes: 0,
            finds_elements: false,
            below: 0,
        }
    }

    /// Whether the place is inside a name or string.
    #[cfg(test)]
    pub(crate) fn is_in_text(&self) -> bool {
        matches!(self.inside, Inside::Text(_))
    }

    pub(crate) fn accept(&mut self, byte: u8) -> Verdict {
        match &mut self.inside {
            Inside::Structure => self.accept_outside(byte),
            Inside::Text(text) if byte != b'"' || text.escape != Escape::Outside => {
                if text.accept(byte, self.text_bytes_max) { Verdict::Keep } else { Verdict::DropLong }
            }
            Inside::Text(_) => self.end_text(),
            Inside::Depths(nesting) => {
                if nesting.feed(byte) > 0 {
                    return Verdict::DropDeep;
                }
                self.inside = Inside::Structure;
                self.accept_structure(byte);
                Verdict::KeepAfterDropped
            }
        }
    }

    /// A byte outside names and strings.
    fn accept_outside(&mut self, byte: u8) -> Verdict {
        if matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
            self.number_bytes += 1;
            return if self.number_bytes > self.text_bytes_max { Verdict::DropLong } else { Verdict::Keep };
        }
        let is_cut = std::mem::take(&mut self.number_bytes) > self.text_bytes_max;
        match self.accept_structure(byte) {
            Verdict::Keep if is_cut => Verdict::KeepAfterDropped,
            verdict => verdict,
        }
    }

    /// A byte outside names, strings and numbers.
    fn accept_structure(&mut self, byte: u8) -> Verdict {
        match byte {
            b'{' if self.finds_elements
                && self.below == 0
                && self.frames.last().is_some_and(|frame| frame.role.holds_elements()) =>
            {
                return Verdict::Element;
            }
            b'{' | b'[' => self.open(byte),
            b'}' | b']' if self.below > 0 => self.below -= 1,
            b'}' | b']' => {
                self.frames.pop();
            }
            b'"' => {
                let is_name = self.below == 0 && self.frames.last().is_some_and(|frame| frame.expects_name);
                self.inside = Inside::Text(Text { is_name, ..Text::default() });
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

    fn open(&mut self, bracket: u8) {
        if self.frames.len() <= NESTING_MAX as usize {
            let role = self.frames.last().map_or(Role::Body, |frame| frame.next).opened_by(bracket);
            let is_object = bracket == b'{';
            self.frames.push(Frame { role, next: role.element(), is_object, expects_name: is_object });
            return;
        }
        self.below += 1;
        if self.below + NESTING_MAX + 1 == SKELETON_NESTING_MAX {
            self.inside = Inside::Depths(Nesting::of(1));
        }
    }

    fn end_text(&mut self) -> Verdict {
        let Inside::Text(text) = std::mem::replace(&mut self.inside, Inside::Structure) else {
            return Verdict::Keep;
        };
        if text.is_name
            && let Some(frame) = self.frames.last_mut()
        {
            // A name with an escape arrives as it is written. It may be a section of the body, which is not known here, so
            // nothing is lifted out of it. A name longer than all that matter matches none of them.
            let is_known = frame.role != Role::Body || !text.has_escape;
            let name = text.name.get(..text.bytes).unwrap_or_default();
            frame.next = if is_known { frame.role.member(name) } else { Role::Whole };
        }
        if text.is_cut { Verdict::KeepAfterDropped } else { Verdict::Keep }
    }
}

impl Text {
    /// Takes a byte of the text. Returns false after the limit, which falls between two characters.
    fn accept(&mut self, byte: u8, bytes_max: usize) -> bool {
        let begins_character = self.escape == Escape::Outside && !(0x80..0xc0).contains(&byte);
        self.is_cut |= begins_character && self.bytes >= bytes_max;
        self.escape = match self.escape {
            Escape::Outside if byte == b'\\' => {
                self.has_escape = true;
                Escape::AfterBackslash
            }
            Escape::AfterBackslash if byte == b'u' => Escape::Digits(4),
            Escape::Digits(digits @ 2..) => Escape::Digits(digits - 1),
            _ => Escape::Outside,
        };
        if let Some(place) = self.name.get_mut(self.bytes) {
            *place = byte;
        }
        self.bytes += 1;
        !self.is_cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str, text_bytes_max: usize) -> String {
        let mut skeleton = Skeleton::without_elements(text_bytes_max);
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
        // Half of a pair stays behind, and becomes U+FFFD like any other half.
        check(r#"["\ud83d\ude00\ud83d\ude00"]"#, r#"["\ud83d"]"#);
        check(r#"["\u00d83\u00d83"]"#, r#"["\u00d8"]"#);
        check("[1234,12345,-1.2e3 ,true]", "[1234,1234,-1.2 ,true]");
    }

    #[test]
    fn values_below_the_deepest_level_are_dropped() {
        let levels = SKELETON_NESTING_MAX as usize;
        let nested = |depth: usize, inner: &str| [&"[".repeat(depth), inner, &"]".repeat(depth)].concat();
        let expected = nested(levels, "");
        for inner in ["", "1", r#""]\"]",{}"#, "[[[1],2]]", "\\[\\\"]"] {
            assert_eq!(kept(&nested(levels, inner), 1000), expected, "{inner}");
        }
        let between = |inner: &str| format!("{{\"a\":{},\"b\":[1]}}", nested(levels - 1, inner));
        assert_eq!(kept(&between("[2]"), 1000), between(""));
    }

    #[test]
    fn elements_begin_where_the_shape_says() {
        let check = |text: &str, expected: &[usize]| {
            let mut skeleton = Skeleton::with_elements(1000);
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
