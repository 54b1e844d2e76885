//! Rows of one series with the same start: each further one is a nanosecond later, so that none replaces another.
//!
//! Rows come in the order of their keys. So the number of a row is the same whenever its range is sent, unless rows of its start are
//! added or removed. An added one only adds a number at the end of its series.

use crate::follow::names::tag_text;
use crate::model::limits::FOLLOW_EQUAL_SERIES_MAX;

/// Counts rows of the same start.
#[derive(Debug, Default)]
pub(super) struct Equals {
    at_ms: Option<i64>,
    /// The series of this start by their digests, each with its rows so far.
    seen: Vec<(u64, u32)>,
}

impl Equals {
    /// Returns how many rows of the same start and series came before.
    pub(super) fn count(&mut self, at_ms: i64, tags: &[(&'static str, &str)]) -> u32 {
        let series = digest(tags);
        if self.at_ms != Some(at_ms) {
            self.at_ms = Some(at_ms);
            self.seen.clear();
        }
        if let Some((_, rows)) = self.seen.iter_mut().find(|(known, _)| *known == series) {
            *rows = rows.saturating_add(1);
            return *rows;
        }
        // Beyond, each row is apart from all others.
        if self.seen.len() >= FOLLOW_EQUAL_SERIES_MAX {
            let (_, rows) = &mut self.seen[0];
            *rows = rows.saturating_add(1);
            return *rows;
        }
        self.seen.push((series, 0));
        0
    }
}

/// FNV-1a in 64 bits: short texts as the target has them, each distinguished from its neighbour by a byte that no text has.
fn digest(tags: &[(&'static str, &str)]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x100_0000_01b3;
    let add = |digest: u64, byte: u8| (digest ^ u64::from(byte)).wrapping_mul(PRIME);
    tags.iter().fold(OFFSET, |digest, (_, value)| add(tag_text(value).bytes().fold(digest, add), 0xff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_start_and_series_are_counted() {
        let mut equals = Equals::default();
        let mut check = |at_ms, source, expected| {
            assert_eq!(equals.count(at_ms, &[("person", "anna"), ("source", source)]), expected, "{at_ms} {source}");
        };
        for (at_ms, source, expected) in [
            (1, "watch", 0),
            (1, "phone", 0),
            (1, "watch", 1),
            (1, "watch \n", 2),
            (1, "phone", 1),
            (2, "watch", 0),
            (1, "watch", 0),
        ] {
            check(at_ms, source, expected);
        }
        assert_ne!(digest(&[("a", "xy"), ("b", "")]), digest(&[("a", "x"), ("b", "y")]));
    }
}
