//! Where does an element end? Bracket depth, strings and escapes, 64 bytes at a time, and nothing else of JSON's grammar.
//!
//! Eight bytes of a register are compared at once with plain integer arithmetic: no `unsafe`, and the same code on every
//! machine. What this finds is only a frame: whether its content is JSON is judged by the element decoder.

const LANES: u64 = 0x0101_0101_0101_0101;
const LOW_7_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const EVEN_BITS: u64 = 0x5555_5555_5555_5555;
const BLOCK: usize = 64;

/// Scanner for the end of one array or object, fed in any pieces.
#[derive(Debug, Default)]
pub(crate) struct ElementScan {
    depth: u32,
    /// All ones inside a string, else zero.
    in_string: u64,
    /// One if the byte before was a backslash that escapes the next byte, else zero.
    escapes_next: u64,
}

/// Bit for each byte of a block that is of a class.
struct Masks {
    quote: u64,
    backslash: u64,
    open: u64,
    close: u64,
}

impl ElementScan {
    /// Scans on; the first byte ever given is the opening bracket. Returns the length up to and including the closing
    /// bracket, or none if it has not come yet.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut blocks = bytes.chunks_exact(BLOCK);
        let mut done = 0;
        for block in blocks.by_ref() {
            let block: &[u8; BLOCK] = block.try_into().expect("chunks_exact yields whole blocks");
            if let Some(end) = self.block(block, BLOCK) {
                return Some(done + end);
            }
            done += BLOCK;
        }
        let rest = blocks.remainder();
        if rest.is_empty() {
            return None;
        }
        let mut block = [b' '; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        self.block(&block, rest.len()).map(|end| done + end)
    }

    /// Scans the first `len` bytes of a block, 1 to 64; the bytes behind them are blanks.
    fn block(&mut self, block: &[u8; BLOCK], len: usize) -> Option<usize> {
        let masks = Masks::of(block);
        let escaped = self.escaped(masks.backslash, len);
        let quotes = masks.quote & !escaped;
        let string = prefix_xor(quotes) ^ self.in_string;
        let open = masks.open & !string;
        let mut brackets = open | (masks.close & !string);
        while brackets != 0 {
            let bit = brackets & brackets.wrapping_neg();
            if open & bit != 0 {
                self.depth = self.depth.saturating_add(1);
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(bit.trailing_zeros() as usize + 1);
                }
            }
            brackets ^= bit;
        }
        // Blanks behind a short block open and close nothing, so its last bit tells the state at its end.
        self.in_string = ((string >> 63) & 1).wrapping_neg();
        None
    }

    /// The bytes that a backslash before them takes the meaning from, as in simdjson: runs of odd length escape.
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
        let mut masks = Self { quote: 0, backslash: 0, open: 0, close: 0 };
        for (index, word) in block.chunks_exact(8).enumerate() {
            let word = u64::from_le_bytes(word.try_into().expect("a block is eight words"));
            // `[` and `{`, and `]` and `}`, differ in this one bit, and no other byte becomes them by it.
            let folded = word | (LANES * 0x20);
            let shift = 8 * index;
            masks.quote |= equal(word, b'"') << shift;
            masks.backslash |= equal(word, b'\\') << shift;
            masks.open |= equal(folded, b'{') << shift;
            masks.close |= equal(folded, b'}') << shift;
        }
        masks
    }
}

/// One bit for each of the word's bytes that is `byte`, the first byte's bit lowest.
fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ (LANES * u64::from(byte));
    // The high bit of each byte that is zero, exactly: no carry crosses a byte.
    let zero = !(((differs & LOW_7_BITS) + LOW_7_BITS) | differs | LOW_7_BITS);
    // Gathers the eight high bits into the top byte.
    (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Each bit becomes the parity of the bits up to and including it.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same judgement, a byte at a time.
    fn slow(bytes: &[u8]) -> Option<usize> {
        let (mut depth, mut string, mut escape) = (0_u32, false, false);
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                _ if escape => escape = false,
                // Outside a string a backslash is no JSON; both scanners let it escape all the same.
                b'\\' => escape = true,
                b'"' => string = !string,
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
    fn only_the_byte_itself_is_equal() {
        for byte in 0..=255_u8 {
            for other in 0..=255_u8 {
                let word = u64::from_le_bytes([other, byte, 0, 255, byte, other ^ 0x80, other ^ 1, byte]);
                let expected = word
                    .to_le_bytes()
                    .iter()
                    .enumerate()
                    .fold(0, |bits, (index, lane)| bits | (u64::from(*lane == byte) << index));
                assert_eq!(equal(word, byte), expected);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_end_where_the_slow_scanner_says(
            tail in proptest::collection::vec(prop::sample::select(br#"{}[]"\\\\a: "#.to_vec()), 0..300),
            piece in 1_usize..130,
        ) {
            let mut bytes = vec![b'{'];
            bytes.extend(tail);
            prop_assert_eq!(in_pieces(&bytes, piece), slow(&bytes));
        }
    }
}
