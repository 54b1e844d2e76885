//! Which records of correlations are also at the top level, where Apple writes all of them, before the correlations.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::common::Common;
use crate::model::identity::digest;
use crate::model::limits::MEMBERS_SEEN_MAX;

/// Prefixes of the types of such records: pressures of the blood, and nutrients.
const KINDS: [&str; 2] = ["HKQuantityTypeIdentifierBloodPressure", "HKQuantityTypeIdentifierDietary"];

/// The records at the top level that correlations may have.
#[derive(Debug, Default)]
pub(super) struct TopLevel {
    /// Parts of digests: one of a hundred thousand absent records is taken for another.
    seen: HashSet<u32, RandomState>,
    /// Whether there were more than can be remembered.
    is_full: bool,
}

/// Whether a record of a correlation is at the top level.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Presence {
    There,
    Absent,
    /// The file has too many to know.
    Unknown,
}

/// Whether a correlation may have records of this type.
pub(super) fn is_member(kind: &str) -> bool {
    KINDS.iter().any(|start| kind.starts_with(start))
}

impl TopLevel {
    /// Remembers a record at the top level.
    pub(super) fn note(&mut self, record: &Common<'_>) {
        if self.seen.len() < MEMBERS_SEEN_MAX {
            self.seen.insert(key(record));
        } else {
            self.is_full = true;
        }
    }

    /// Looks for a record of a correlation.
    pub(super) fn presence(&self, record: &Common<'_>) -> Presence {
        if self.seen.contains(&key(record)) {
            Presence::There
        } else if self.is_full {
            Presence::Unknown
        } else {
            Presence::Absent
        }
    }
}

fn key(record: &Common<'_>) -> u32 {
    let kind = record.kind().unwrap_or_default();
    let parts = [kind, record.unit.unwrap_or_default(), record.value.unwrap_or_default()];
    let content = [parts[0].as_bytes(), parts[1].as_bytes(), parts[2].as_bytes(), &record.times()[..16]];
    let [a, b, c, d, ..] = digest(&content);
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::super::element::Tree;
    use super::*;

    #[test]
    fn records_are_found_until_there_are_too_many() {
        let mut top = TopLevel::default();
        let mut look = |value: usize, is_noted: bool| {
            let (text, mut tree) = (format!("<Record type=\"a\" value=\"{value}\"/>"), Tree::default());
            let record = Common::read(tree.parse(&text).unwrap()).unwrap();
            if is_noted {
                top.note(&record);
            }
            top.presence(&record)
        };
        assert_eq!(
            [look(1, true), look(1, false), look(2, false)],
            [Presence::There, Presence::There, Presence::Absent]
        );
        for value in 3..MEMBERS_SEEN_MAX + 2 {
            assert_eq!(look(value, true), Presence::There);
        }
        assert_eq!(look(MEMBERS_SEEN_MAX + 2, false), Presence::Absent);
        assert_eq!(look(MEMBERS_SEEN_MAX + 2, true), Presence::Unknown);
        assert_eq!(look(1, false), Presence::There);
    }
}
