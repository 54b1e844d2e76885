//! Which source counts before which: the owner's order for a type, then the default one.

use crate::model::limits::SOURCE_GROUPS_MAX;

use super::source::Class;

/// A source group: its index in the list that [`Ranks::new`] gets.
pub type GroupId = u32;

/// What the default rank of a source group depends on.
#[derive(Clone, Copy, Debug)]
pub struct Group<'a> {
    /// As [`super::Source::group`] returns it.
    pub key: &'a str,
    /// Its class.
    pub class: Class,
    /// Start of its first sample of any type, in milliseconds since 1970 UTC.
    pub first_ms: i64,
}

/// The owner's order of sources for a type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order<'a> {
    /// Keys of groups, the best one first. Groups that are missing follow in default order.
    pub listed: &'a [&'a str],
    /// Keys of groups that do not count.
    pub ignored: &'a [&'a str],
}

/// The ranks of all source groups for one type.
#[derive(Clone, Debug, Default)]
pub struct Ranks {
    /// By group; `None` for ignored ones.
    ranks: Vec<Option<u16>>,
    /// By rank.
    groups: Vec<GroupId>,
}

impl Ranks {
    /// Ranks groups. Beyond [`SOURCE_GROUPS_MAX`] groups, the last ones count as one.
    #[must_use]
    pub fn new(groups: &[Group<'_>], order: Order<'_>) -> Self {
        let mut sorted: Vec<(GroupId, &Group<'_>)> = (0..).zip(groups).collect();
        sorted.retain(|(_, group)| !order.ignored.contains(&group.key));
        sorted.sort_by_cached_key(|(_, group)| {
            let listed = order.listed.iter().position(|key| *key == group.key).unwrap_or(usize::MAX);
            // The group that began last is the best of its class.
            (listed, group.class, std::cmp::Reverse(group.first_ms), group.key)
        });
        let mut ranks = vec![None; groups.len()];
        for (place, (group, _)) in sorted.iter().enumerate() {
            ranks[*group as usize] = u16::try_from(place.min(SOURCE_GROUPS_MAX - 1)).ok();
        }
        sorted.truncate(SOURCE_GROUPS_MAX);
        Self { ranks, groups: sorted.into_iter().map(|(group, _)| group).collect() }
    }

    /// Returns the rank of a group, 0 for the best; `None` if it is ignored or unknown.
    #[must_use]
    pub fn rank(&self, group: GroupId) -> Option<u16> {
        self.ranks.get(group as usize).copied().flatten()
    }

    /// Returns the group of a rank.
    #[must_use]
    pub fn group(&self, rank: u16) -> Option<GroupId> {
        self.groups.get(usize::from(rank)).copied()
    }

    /// Returns how many ranks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether no group counts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: [Group<'_>; 6] = [
        Group { key: "app", class: Class::App, first_ms: 5 },
        Group { key: "phone", class: Class::Phone, first_ms: 1 },
        Group { key: "old watch", class: Class::Watch, first_ms: 2 },
        Group { key: "watch", class: Class::Watch, first_ms: 9 },
        Group { key: "health", class: Class::Manual, first_ms: 0 },
        Group { key: "new app", class: Class::App, first_ms: 7 },
    ];

    #[test]
    fn orders() {
        let check = |order: Order<'_>, expected: &[&str]| {
            let ranks = Ranks::new(&GROUPS, order);
            let keys: Vec<&str> = ranks.groups.iter().map(|group| GROUPS[*group as usize].key).collect();
            assert_eq!(keys, expected);
            for group in 0..6 {
                assert_eq!(ranks.rank(group).and_then(|rank| ranks.group(rank)), ranks.rank(group).map(|_| group));
            }
            assert_eq!(ranks.rank(6), None);
        };
        check(Order::default(), &["health", "watch", "old watch", "phone", "new app", "app"]);
        check(
            Order { listed: &["phone", "gone", "app"], ignored: &["health"] },
            &["phone", "app", "watch", "old watch", "new app"],
        );
    }

    #[test]
    fn too_many_groups_share_the_last_rank() {
        let keys: Vec<String> = (0..SOURCE_GROUPS_MAX + 9).map(|number| format!("{number:05}")).collect();
        let groups: Vec<Group<'_>> = keys.iter().map(|key| Group { key, class: Class::App, first_ms: 0 }).collect();
        let ranks = Ranks::new(&groups, Order::default());
        assert_eq!(ranks.len(), SOURCE_GROUPS_MAX);
        assert_eq!(
            ranks.rank(GroupId::try_from(groups.len() - 1).unwrap()),
            ranks.group(1023).and_then(|g| ranks.rank(g))
        );
    }
}
