//! Which stored rows the records of an upload without HealthKit's identities have claimed, so that equal ones stay several.
//!
//! Equal records stand beside each other, so a window is enough: at least the last [`AUTO_EXPORT_REPEATS_WINDOW`] claims of
//! each upload under way are remembered.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;

use crate::model::limits::{AUTO_EXPORT_REPEATS_WINDOW, AUTO_EXPORT_SOURCES_MAX, INGESTS_MAX};

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
    /// Whether claims were forgotten.
    has_forgotten: bool,
    /// What has claimed anything, such as a source; beyond [`AUTO_EXPORT_SOURCES_MAX`] all count as such.
    owners: HashSet<u64, RandomState>,
}

impl Claimed {
    /// What an upload has claimed so far.
    pub(in crate::store) fn of(&mut self, upload: i64) -> &mut Claims {
        let place = self.0.iter().position(|claims| claims.upload == upload).unwrap_or_else(|| {
            if self.0.len() >= INGESTS_MAX {
                self.0.remove(0);
            }
            let (hasher, recent, earlier, has_forgotten, owners) = Default::default();
            self.0.push(Claims { upload, hasher, recent, earlier, has_forgotten, owners });
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
            self.has_forgotten |= !self.recent.is_empty();
            self.recent.clear();
        }
        self.recent.insert(self.hasher.hash_one(row));
    }

    /// Claims a row for an owner.
    pub(in crate::store) fn add_of(&mut self, owner: &impl Hash, row: &impl Hash) {
        self.add(row);
        if self.owners.len() <= AUTO_EXPORT_SOURCES_MAX {
            self.owners.insert(self.hasher.hash_one(owner));
        }
    }

    /// Whether an owner may have claimed a row: it has, or it has claimed others and some claims are forgotten.
    pub(in crate::store) fn may_have(&self, owner: &impl Hash, row: &impl Hash) -> bool {
        let is_owner =
            || self.owners.len() > AUTO_EXPORT_SOURCES_MAX || self.owners.contains(&self.hasher.hash_one(owner));
        self.has(row) || self.has_forgotten && is_owner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_of_forgotten_claims_may_have_any() {
        let mut claimed = Claimed::default();
        let claims = claimed.of(1);
        claims.add_of(&"watch", &0);
        assert!(claims.may_have(&"watch", &0) && !claims.may_have(&"watch", &1) && !claims.may_have(&"phone", &1));
        (10..10 + 3 * AUTO_EXPORT_REPEATS_WINDOW).for_each(|row| claims.add(&row));
        assert!(claims.may_have(&"watch", &1) && !claims.may_have(&"phone", &1));
        (0..=AUTO_EXPORT_SOURCES_MAX).for_each(|owner| claims.add_of(&owner, &0));
        assert!(claims.may_have(&"phone", &1), "too many to know");
    }

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
