//! How many records with this content came before? Counted over a window: at least the last [`EQUALS_WINDOW`] distinct
//! contents are remembered. Equals that lie further apart are told apart by the store where it can (see `store::merge`).

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::model::identity::next;
use crate::model::limits::EQUALS_WINDOW;
use crate::model::record::Uuid;

/// Numbers equal contents.
#[derive(Debug, Default)]
pub(in crate::formats) struct Equals {
    /// For each content the identity that was given out last.
    last: HashMap<Uuid, Uuid, RandomState>,
    before: HashMap<Uuid, Uuid, RandomState>,
}

impl Equals {
    /// The identity of one more record with this content: its own for the first, the next one for each further.
    pub(in crate::formats) fn number(&mut self, content: Uuid) -> Uuid {
        if self.last.len() >= EQUALS_WINDOW {
            std::mem::swap(&mut self.last, &mut self.before);
            self.last.clear();
        }
        let known = self.last.get(&content).or_else(|| self.before.get(&content));
        let identity = known.map_or(content, next);
        self.last.insert(content, identity);
        identity
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
        assert_eq!(equals.number(content), content);
        assert_eq!(equals.number(content), next(&content));
        for other in 0..EQUALS_WINDOW as u64 - 1 {
            equals.number(derive(&other.to_le_bytes()));
        }
        assert_eq!(equals.number(content), next(&next(&content)));
    }
}
