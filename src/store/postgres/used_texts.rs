//! Which sources and which shared metadata the rows of a person have: erasing a person deletes those that no other person has.
//!
//! A row of `person_sources` refers to its text, so the text stays while any transaction adds one.

use std::collections::BTreeSet;

use tokio_postgres::error::SqlState;

use super::dictionary::{Dictionary, Texts};
use super::fault::{away, fault};
use super::link::Link;
use crate::model::error::Result;
use crate::model::limits::DICTIONARY_IDS_MAX;

/// Texts that an upload has met, and those of them that its open transaction enters.
#[derive(Debug, Default)]
pub(super) struct UsedTexts {
    sources: Used,
    metadata: Used,
}

#[derive(Debug, Default)]
struct Used {
    entered: BTreeSet<i64>,
    new: BTreeSet<i64>,
}

const ENTER_SOURCES: &str =
    "INSERT INTO person_sources (person_id, source_id) SELECT $1, id FROM unnest($2::bigint[]) AS new (id)
    ORDER BY id ON CONFLICT DO NOTHING";

const ENTER_METADATA: &str =
    "INSERT INTO person_metadata (person_id, metadata_id) SELECT $1, id FROM unnest($2::bigint[]) AS new (id)
    ORDER BY id ON CONFLICT DO NOTHING";

impl UsedTexts {
    /// Notes that a row has a text. Other texts are of no person.
    pub(super) fn note(&mut self, table: Texts, id: i64) {
        let used = match table {
            Texts::Sources => &mut self.sources,
            Texts::Metadata => &mut self.metadata,
            Texts::Types | Texts::Units | Texts::Zones => return,
        };
        if !used.entered.contains(&id) {
            used.new.insert(id);
        }
    }

    /// Enters what is new, in the open transaction. Fails if a text was deleted since this process has entered it.
    pub(super) fn enter(&self, link: &Link, dictionary: &Dictionary, person: i64) -> Result<()> {
        for (sql, used) in [(ENTER_SOURCES, &self.sources), (ENTER_METADATA, &self.metadata)] {
            if used.new.is_empty() {
                continue;
            }
            let ids: Vec<i64> = used.new.iter().copied().collect();
            let statement = link.prepared(sql)?;
            let entered = link.wait_for(link.client().execute(&statement, &[&person, &ids]))?;
            entered.map_err(|error| {
                if error.code() == Some(&SqlState::FOREIGN_KEY_VIOLATION) {
                    dictionary.forget();
                    return away("a text that the rows have was erased with a person");
                }
                fault(&error)
            })?;
        }
        Ok(())
    }

    /// Notes that the transaction is committed.
    pub(super) fn note_commit(&mut self) {
        for used in [&mut self.sources, &mut self.metadata] {
            used.entered.append(&mut used.new);
            if used.entered.len() > DICTIONARY_IDS_MAX {
                used.entered.clear();
            }
        }
    }

    /// Notes that the transaction was undone.
    pub(super) fn note_rollback(&mut self) {
        self.sources.new.clear();
        self.metadata.new.clear();
    }
}
