//! Which stored rows the records of an upload without HealthKit's identities have claimed, so that equal ones stay several.
//!
//! Equal records stand beside each other, so a window is enough: at least the last [`AUTO_EXPORT_REPEATS_WINDOW`] claims of
//! each upload under way are remembered.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;

use crate::model::limits::{AUTO_EXPORT_REPEATS_WINDOW, INGESTS_MAX};

/// The uploads under way, the last one last.
#[derive(Debug, Default)]
pub(in crate::store) struct Claimed(Vec<Claims>);

/// What an upload has claimed.
#[derive(Debug)]
pub(in crate::store) struct Claims {
    upload: i64,
    hasher: RandomState,
    recent: HashSet<u64, RandomState>,
    earlier: HashSet<u64, RandomState>,
}

impl Claimed {
    /// What an upload has claimed so far.
    pub(in crate::store) fn of(&mut self, upload: i64) -> &mut Claims {
        let place = self.0.iter().position(|claims| claims.upload == upload).unwrap_or_else(|| {
            if self.0.len() >= INGESTS_MAX {
                self.0.remove(0);
            }
            let (hasher, recent, earlier) = Default::default();
            self.0.push(Claims { upload, hasher, recent, earlier });
            self.0.len() - 1
        });
        &mut self.0[place]
    }

    /// Forgets an upload, at its end.
    pub(in crate::store) fn end(&mut self, upload: i64) {
        self.0.retain(|claims| claims.upload != upload);
    }
}

impl Claims {
    /// Whether a row was claimed.
    pub(in crate::store) fn has(&self, row: &impl Hash) -> bool {
        let row = self.hasher.hash_one(row);
        self.recent.contains(&row) || self.earlier.contains(&row)
    }

    /// Claims a row.
    pub(in crate::store) fn add(&mut self, row: &impl Hash) {
        if self.recent.len() >= AUTO_EXPORT_REPEATS_WINDOW {
            std::mem::swap(&mut self.recent, &mut self.earlier);
            self.recent.clear();
        }
        self.recent.insert(self.hasher.hash_one(row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_of_an_upload_and_end_with_it() {
        let mut claimed = Claimed::default();
        claimed.of(1).add(&7);
        assert!(claimed.of(1).has(&7) && !claimed.of(2).has(&7));
        for row in 0..AUTO_EXPORT_REPEATS_WINDOW {
            claimed.of(1).add(&(row + 100));
        }
        assert!(claimed.of(1).has(&7));
        claimed.end(1);
        assert!(!claimed.of(1).has(&7));
        (0..100).for_each(|upload| claimed.of(upload).add(&0));
        assert_eq!(claimed.0.len(), INGESTS_MAX);
    }
}
