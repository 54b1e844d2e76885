//! Finds the end of an element: bracket depth, strings and escapes, 64 bytes at a time, and nothing else of JSON's grammar.
//!
//! A vector register compares sixteen bytes at once, on Arm as on x86. The result is only a frame: the element decoder judges
//! whether its content is JSON.

use wide::u8x16;

const EVEN_BITS: u64 = 0x5555_5555_5555_5555;
/// Bytes of a block: as many as a word has bits.
pub(crate) const BLOCK: usize = 64;
const LANES: usize = 16;
/// The bit in which the two opening brackets differ, and the two closing ones. No other byte differs from them only in it.
const BRACKET_KIND: u8 = b'[' ^ b'{';

/// Scanner for the end of one array or object, in pieces of any length.
#[derive(Debug, Default)]
pub(crate) struct ElementScan {
    depth: u32,
    /// All ones inside a string, else zero.
    in_string: u64,
    /// One if the byte before was a backslash that escapes the next byte, else zero.
    escapes_next: u64,
}

/// A bit for each byte of a block that belongs to a class.
struct Masks {
    quote: u64,
    backslash: u64,
    open: u64,
    close: u64,
}

impl ElementScan {
    /// Scans the next piece; the first one begins with the opening bracket. Returns the length up to and including the closing
    /// bracket, or nothing if it is not in this piece.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = self.block(block, BLOCK) {
                return Some(index * BLOCK + end);
            }
        }
        if rest.is_empty() {
            return None;
        }
        let mut block = [b' '; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        self.block(&block, rest.len()).map(|end| blocks.len() * BLOCK + end)
    }

    /// Scans the first `len` bytes of a block, 1 to 64; the bytes behind them are blanks.
    fn block(&mut self, block: &[u8; BLOCK], len: usize) -> Option<usize> {
        let masks = Masks::of(block);
        let escaped = self.escaped(masks.backslash, len);
        let quotes = masks.quote & !escaped;
        let string = prefix_xor(quotes) ^ self.in_string;
        let (open, close) = (masks.open & !string, masks.close & !string);
        let closed = close.count_ones();
        if self.depth > closed {
            self.depth = (self.depth - closed).saturating_add(open.count_ones());
        } else if let Some(end) = self.end(open, close) {
            return Some(end);
        }
        // Blanks behind a short block open and close nothing, so its last bit is the state at its end.
        self.in_string = ((string >> 63) & 1).wrapping_neg();
        None
    }

    /// Returns the length up to the end, for a block in which the element may end: counts bracket by bracket.
    fn end(&mut self, open: u64, close: u64) -> Option<usize> {
        let mut brackets = open | close;
        while brackets != 0 {
            let at = brackets.trailing_zeros();
            if open >> at & 1 == 1 {
                self.depth = self.depth.saturating_add(1);
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(at as usize + 1);
                }
            }
            brackets &= brackets - 1;
        }
        None
    }

    /// Returns the bytes that a backslash escapes, as in simdjson: runs of odd length escape.
    fn escaped(&mut self, backslash: u64, len: usize) -> u64 {
        if backslash == 0 {
            let escaped = self.escapes_next;
            self.escapes_next = 0;
            return escaped;
        }
        let backslash = backslash & !self.escapes_next;
        let follows_escape = (backslash << 1) | self.escapes_next;
        let odd_starts = backslash & !EVEN_BITS & !follows_escape;
        let (even_starts, _) = odd_starts.overflowing_add(backslash);
        let invert = even_starts << 1;
        let escaped = (EVEN_BITS ^ invert) & follows_escape;
        // A backslash in the last place escapes the first byte of the next piece, unless it is itself escaped.
        let last = 1_u64 << (len - 1);
        self.escapes_next = u64::from(backslash & last != 0 && escaped & last == 0);
        escaped
    }
}

impl Masks {
    fn of(block: &[u8; BLOCK]) -> Self {
        Self {
            quote: places(block, 0, b'"'),
            backslash: places(block, 0, b'\\'),
            open: places(block, BRACKET_KIND, b'{'),
            close: places(block, BRACKET_KIND, b'}'),
        }
    }
}

/// Returns a bit for each place of a block with this byte, or with one that differs from it only in bits of `ignored`. The
/// byte has those bits.
pub(crate) fn places(block: &[u8; BLOCK], ignored: u8, byte: u8) -> u64 {
    let lanes = block.as_chunks::<LANES>().0.iter().enumerate();
    lanes.fold(0, |bits, (index, lane)| {
        let same = (u8x16::new(*lane) | u8x16::splat(ignored)).simd_eq(u8x16::splat(byte));
        bits | u64::from(same.to_bitmask()) << (LANES * index)
    })
}

/// Each bit becomes the parity of the bits up to and including it.
pub(crate) fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same result, a byte at a time.
    fn slow(bytes: &[u8]) -> Option<usize> {
        let (mut depth, mut string, mut escape) = (0_u32, false, false);
        for (index, byte) in bytes.iter().enumerate() {
            // A backslash escapes only a quote or a backslash. Outside strings neither is JSON.
            let escaped = std::mem::take(&mut escape);
            match byte {
                b'\\' => escape = !escaped,
                b'"' => string ^= !escaped,
                b'{' | b'[' if !string => depth += 1,
                b'}' | b']' if !string => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(index + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn in_pieces(bytes: &[u8], piece: usize) -> Option<usize> {
        let mut scan = ElementScan::default();
        let mut done = 0;
        for part in bytes.chunks(piece) {
            if let Some(end) = scan.feed(part) {
                return Some(done + end);
            }
            done += part.len();
        }
        None
    }

    #[test]
    fn ends_are_found() {
        let check = |text: &str, expected: Option<usize>| {
            for piece in 1..=text.len() {
                assert_eq!(in_pieces(text.as_bytes(), piece), expected, "{text} in pieces of {piece}");
            }
        };
        check("{}", Some(2));
        check("{} , {}", Some(2));
        check(r#"{"a":[1,{"b":"}"}]} "#, Some(19));
        check(r#"{"a":"\""} "#, Some(10));
        check(r#"{"a":"\\"} "#, Some(10));
        check(r#"{"a":"\\\"}"} "#, Some(13));
        check(r#"{"a":"}"#, None);
    }

    #[test]
    fn each_byte_is_of_its_class_wherever_it_stands() {
        for byte in 0..=255_u8 {
            for other in [0, b'"', b'{', 0x80, 0xff, byte ^ 1, byte ^ 0x80] {
                for place in 0..BLOCK {
                    let mut block = [other; BLOCK];
                    block[place] = byte;
                    let masks = Masks::of(&block);
                    let bit = |mask: u64| mask >> place & 1 == 1;
                    assert_eq!(bit(masks.quote), byte == b'"');
                    assert_eq!(bit(masks.backslash), byte == b'\\');
                    assert_eq!(bit(masks.open), b"{[".contains(&byte));
                    assert_eq!(bit(masks.close), b"}]".contains(&byte));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_end_where_the_slow_scanner_says(
            tail in proptest::collection::vec(prop::sample::select(br#"{}[]"\\\\a:y_ "#.to_vec()), 0..300),
            piece in 1_usize..130,
        ) {
            let mut bytes = vec![b'{'];
            bytes.extend(tail);
            prop_assert_eq!(in_pieces(&bytes, piece), slow(&bytes));
        }
    }
}
