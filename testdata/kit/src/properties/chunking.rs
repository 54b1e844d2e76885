//! Any split of a body into reads gives the same rows, the same rejects and the same error at the same place.

use std::io::BufReader;

use healthsink::formats::payload::Options;

use crate::pieces::{Pieces, lengths, seed_of};
use crate::transcript::Transcript;

/// Checks reads of one byte, and reads whose lengths are drawn from the body.
pub fn check(body: &[u8]) {
    for lift in [true, false] {
        let options = Options { lift, ..Options::default() };
        let whole = Transcript::of(body, options);
        let same = |pieces: Transcript| whole.assert_same(&pieces);
        same(Transcript::of(Pieces::new(body, || 1), options));
        let seed = seed_of(body);
        for longest in [7, 130, 3000] {
            same(Transcript::of(Pieces::new(body, lengths(seed, longest)), options));
        }
        same(Transcript::of(BufReader::with_capacity(64, Pieces::new(body, lengths(seed, 200))), options));
    }
}
