//! Any split of a body into reads gives the same rows, the same rejects and the same error at the same place.

use std::io::BufReader;

use healthsink::formats::payload::Options;

use super::transcript::{Pieces, Transcript};

/// Asserts it for reads of one byte, and for reads whose lengths are drawn from the body itself.
pub fn check(body: &[u8]) {
    for lift in [true, false] {
        let options = Options { lift };
        let whole = Transcript::of(body, options);
        let same = |pieces: Transcript| {
            whole.assert_same_rows(&pieces, true);
            whole.assert_same_outcome(&pieces, true);
        };
        same(Transcript::of(Pieces::new(body, || 1), options));
        let seed = seed_of(body);
        for longest in [7, 130, 3000] {
            same(Transcript::of(Pieces::new(body, lengths(seed, longest)), options));
        }
        same(Transcript::of(BufReader::with_capacity(64, Pieces::new(body, lengths(seed, 200))), options));
    }
}

/// FNV-1a of a body: its own lengths for each, the same ones whenever it is tried.
pub fn seed_of(body: &[u8]) -> u64 {
    let offset = 0xcbf2_9ce4_8422_2325_u64;
    body.iter().fold(offset, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Lengths from 1 to `longest`, by xorshift.
pub fn lengths(seed: u64, longest: u64) -> impl FnMut() -> usize + Clone {
    let mut state = (seed ^ longest) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % longest + 1).unwrap_or(1)
    }
}
