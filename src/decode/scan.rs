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
    /// Brackets, and some bytes that JSON has only in strings.
    bracket: u64,
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
        let mut brackets = masks.bracket & !string;
        while brackets != 0 {
            let at = brackets.trailing_zeros() as usize;
            match block[at] {
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
            brackets &= brackets - 1;
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
        let (mut quote, mut backslash, mut bracket) = (0, 0, 0);
        for (index, word) in block.chunks_exact(8).enumerate() {
            let word = u64::from_le_bytes(word.try_into().expect("a block is eight words"));
            // The four brackets differ from `{` in these three bits only, as do `y`, `Y`, `_` and the delete character.
            let folded = (word ^ (LANES * u64::from(b'{'))) & (LANES * 0xd9);
            // Each word's answers go to a bit of their own in every byte …
            let shift = 7 - index;
            quote |= zero_bytes(word ^ (LANES * u64::from(b'"'))) >> shift;
            backslash |= zero_bytes(word ^ (LANES * u64::from(b'\\'))) >> shift;
            bracket |= zero_bytes(folded) >> shift;
        }
        // … and one turn for each class puts them in the order of the bytes.
        let backslash = if backslash == 0 { 0 } else { transpose(backslash) };
        Self { quote: transpose(quote), backslash, bracket: transpose(bracket) }
    }
}

/// The high bit of each byte that is zero, exactly: no carry crosses a byte.
fn zero_bytes(word: u64) -> u64 {
    !(((word & LOW_7_BITS) + LOW_7_BITS) | word | LOW_7_BITS)
}

/// Turns a matrix of eight by eight bits: bit `8 a + b` goes to `8 b + a` (Hacker's Delight, 7-3).
fn transpose(mut bits: u64) -> u64 {
    for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0x0000_0000_f0f0_f0f0)] {
        let swap = (bits ^ (bits >> shift)) & mask;
        bits ^= swap ^ (swap << shift);
    }
    bits
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
            // A backslash takes its meaning from a quote or a backslash alone. Outside strings neither is JSON anyway.
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
                    assert_eq!(bit(masks.bracket), b"{}[]yY_\x7f".contains(&byte));
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
