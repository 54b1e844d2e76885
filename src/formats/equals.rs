//! Identities of equal records: the first has the identity of its content, each further one the next.
//!
//! The count goes over a window: at least the last [`EQUALS_WINDOW`] distinct contents are remembered. The
//! store recognizes equals that lie further apart where it can.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::model::identity::next;
use crate::model::limits::EQUALS_WINDOW;
use crate::model::record::Uuid;

/// Numbers equal contents.
#[derive(Debug, Default)]
pub(in crate::formats) struct Equals {
    /// The last one of each content.
    recent: HashMap<Uuid, Equal, RandomState>,
    earlier: HashMap<Uuid, Equal, RandomState>,
}

/// One of several records with the same content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::formats) struct Equal {
    pub(in crate::formats) identity: Uuid,
    /// Counts from 1.
    pub(in crate::formats) number: u32,
}

impl Equals {
    /// Counts one more record with this content.
    pub(in crate::formats) fn count(&mut self, content: Uuid) -> Equal {
        if self.recent.len() >= EQUALS_WINDOW {
            std::mem::swap(&mut self.recent, &mut self.earlier);
            self.recent.clear();
        }
        let known = self.recent.get(&content).or_else(|| self.earlier.get(&content));
        let equal = known.map_or(Equal { identity: content, number: 1 }, |known| Equal {
            identity: next(&known.identity),
            number: known.number.saturating_add(1),
        });
        self.recent.insert(content, equal);
        equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::identity::derive;

    #[test]
    fn equals_are_numbered_across_the_window() {
        let mut equals = Equals::default();
        let content = derive(b"a");
        assert_eq!(equals.count(content), Equal { identity: content, number: 1 });
        assert_eq!(equals.count(content), Equal { identity: next(&content), number: 2 });
        for other in 0..EQUALS_WINDOW as u64 - 1 {
            equals.count(derive(&other.to_le_bytes()));
        }
        assert_eq!(equals.count(content), Equal { identity: next(&next(&content)), number: 3 });
    }
}
