//! The first look at changed samples: which source groups they belong to, and how long the longest of a type is. Ranks and days
//! depend on both.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row};

use super::dirty::Dirty;
use super::groups::Groups;
use super::halt::Step;
use super::metadata::SharedTexts;
use super::samples;
use super::sender::Sender;
use crate::model::limits::{DERIVED_PAUSE_ROWS, STATISTICS_SAMPLE_MS_MAX};

/// The longest samples of a person's types.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    known: BTreeMap<i64, i64>,
    changed: BTreeMap<i64, i64>,
}

impl Lengths {
    pub(super) fn load(connection: &Connection, person: i64) -> rusqlite::Result<Self> {
        let mut select = connection.prepare("SELECT type_id, longest_ms FROM sample_lengths WHERE person_id = ?1")?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let known = select.query_map([person], read)?.collect::<rusqlite::Result<_>>()?;
        Ok(Self { known, changed: BTreeMap::new() })
    }

    /// Returns the duration of a type's longest sample.
    pub(super) fn longest_ms(&self, kind: i64) -> i64 {
        self.changed.get(&kind).or_else(|| self.known.get(&kind)).copied().unwrap_or(0)
    }

    fn note(&mut self, kind: i64, longest_ms: i64) {
        if longest_ms > self.longest_ms(kind) {
            self.changed.insert(kind, longest_ms);
        }
    }

    /// Returns those that the database does not have.
    pub(super) fn changed(&self) -> Vec<(i64, i64)> {
        self.changed.iter().map(|(kind, longest_ms)| (*kind, *longest_ms)).collect()
    }
}

/// Reads the samples that were changed.
pub(super) fn survey(
    connection: &Connection,
    person: i64,
    dirty: &Dirty,
    groups: &mut Groups,
    lengths: &mut Lengths,
    sender: &mut Sender<'_>,
) -> Step<()> {
    let mut texts = SharedTexts::default();
    let mut rows = 0_u64;
    for (kind, spans) in &dirty.surveyed {
        let mut longest_ms = 0;
        for (from_ms, to_ms) in spans {
            let read = (*from_ms, to_ms.saturating_add(1));
            samples::survey(connection, (person, *kind), read, |start_ms, end_ms, source, metadata| {
                rows += 1;
                if rows.is_multiple_of(DERIVED_PAUSE_ROWS) {
                    sender.check()?;
                }
                let length_ms = end_ms.unwrap_or(start_ms).saturating_sub(start_ms);
                if length_ms <= STATISTICS_SAMPLE_MS_MAX {
                    longest_ms = longest_ms.max(length_ms);
                }
                let group = groups.meet(connection, &mut texts, (source, start_ms), metadata)?;
                groups.note(group, start_ms);
                Ok(())
            })?;
        }
        lengths.note(*kind, longest_ms);
    }
    Ok(())
}
