//! Nesting beyond what is read: of a value that goes deeper, the walk sees the levels above only.
//!
//! The skeleton drops what is deeper, and a lifted element is judged with blanks in its place. Both follow brackets and
//! strings as the search for an element's end does, so the same bytes are left out with and without the lifter.

/// Counts open brackets outside strings.
#[derive(Debug)]
pub(crate) struct Nesting {
    depth: u64,
    in_string: bool,
    is_escaped: bool,
}

impl Nesting {
    /// A count that begins inside so many brackets.
    pub(crate) fn of(depth: u64) -> Self {
        Self { depth, in_string: false, is_escaped: false }
    }

    /// Takes a byte. Returns the number of brackets around it: a bracket is not inside itself.
    pub(crate) fn feed(&mut self, byte: u8) -> u64 {
        let before = self.depth;
        let is_escaped = std::mem::take(&mut self.is_escaped);
        match byte {
            b'\\' => self.is_escaped = !is_escaped,
            b'"' => self.in_string ^= !is_escaped,
            b'{' | b'[' if !self.in_string => self.depth += 1,
            b'}' | b']' if !self.in_string => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        before.min(self.depth)
    }
}

/// Writes blanks over all that is inside `levels` brackets or more. The text keeps its length.
pub(crate) fn blank_below(levels: u32, text: &mut [u8]) {
    let mut nesting = Nesting::of(0);
    for byte in text {
        if nesting.feed(*byte) >= u64::from(levels) {
            *byte = b' ';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deeper_is_blank() {
        let check = |text: &str, expected: &str| {
            let mut bytes = text.as_bytes().to_vec();
            blank_below(2, &mut bytes);
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        };
        check(r#"{"a":[1,{"b":2}],"c":3}"#, r#"{"a":[         ],"c":3}"#);
        check("[]", "[]");
        check("[[]]", "[[]]");
        check("[[[]]]", "[[  ]]");
        check(r#"{"a\"[[[":["]\\",1]}"#, r#"{"a\"[[[":[       ]}"#);
        check("[[[", "[[ ");
        check("]]]]", "]]]]");
    }
}
