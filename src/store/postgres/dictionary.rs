//! Texts that repeat: types, units, sources, metadata, zones. Their ids are made of them, so a receiver asks nobody for an id.
//!
//! A new text is entered by a short transaction of another connection, before the rows that refer to it. So two uploads that enter the
//! same texts in another order never wait for each other.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use super::link::Pool;
use crate::model::error::Result;
use crate::model::limits::DICTIONARY_IDS_MAX;
use crate::model::lock::lock;

/// A table of texts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Texts {
    Types,
    Units,
    Sources,
    Metadata,
    Zones,
}

impl Texts {
    /// The table with a name, if it is one of these.
    pub(super) fn of(table: &str) -> Option<Self> {
        Some(match table {
            "types" => Self::Types,
            "units" => Self::Units,
            "sources" => Self::Sources,
            "shared_metadata" => Self::Metadata,
            "zones" => Self::Zones,
            _ => return None,
        })
    }

    fn insert(self) -> &'static str {
        match self {
            Self::Types => {
                "INSERT INTO types (id, name) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"
            }
            Self::Units => {
                "INSERT INTO units (id, name) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"
            }
            Self::Sources => {
                "INSERT INTO sources (id, json) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"
            }
            Self::Metadata => {
                "INSERT INTO shared_metadata (id, json) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"
            }
            Self::Zones => {
                "INSERT INTO zones (id, name) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING"
            }
        }
    }
}

/// Texts that this process knows to be entered, and on the disk: it refers to them also after a crash of PostgreSQL.
#[derive(Debug)]
pub(super) struct Dictionary {
    pool: Arc<Pool>,
    known: [Mutex<HashSet<i64>>; 5],
    /// The number of erasures when they were known, which delete texts.
    erasures: AtomicI64,
}

/// Texts that may have to be entered.
#[derive(Debug, Default)]
pub(super) struct NewTexts {
    texts: Vec<(Texts, i64, String)>,
}

impl NewTexts {
    pub(super) fn add(&mut self, table: Texts, id: i64, text: &str) {
        // As the encoder writes it.
        self.texts.push((table, id, text.replace('\0', "\u{2400}")));
    }
}

impl Dictionary {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self { pool, known: Default::default(), erasures: AtomicI64::new(0) }
    }

    /// Whether a text is known to be entered.
    pub(super) fn has(&self, table: Texts, id: i64) -> bool {
        lock(&self.known[table as usize]).contains(&id)
    }

    /// Notes how many persons were erased so far. Each erasure may have deleted texts.
    pub(super) fn note_erasures(&self, erasures: i64) {
        if self.erasures.swap(erasures, Ordering::Relaxed) != erasures {
            self.forget();
        }
    }

    /// Forgets which texts are entered.
    pub(super) fn forget(&self) {
        self.known.iter().for_each(|known| lock(known).clear());
    }

    /// Enters texts, and forgets them.
    pub(super) fn enter(&self, new: &mut NewTexts) -> Result<()> {
        if new.texts.is_empty() {
            return Ok(());
        }
        // One order for all: of two that insert the same texts, the later one waits, and neither waits for the other.
        new.texts.sort_unstable_by_key(|(table, id, _)| (*table as usize, *id));
        new.texts.dedup_by_key(|(table, id, _)| (*table as usize, *id));
        let link = self.pool.take()?;
        for texts in new.texts.chunk_by(|(one, ..), (other, ..)| one == other) {
            let (ids, words): (Vec<i64>, Vec<&str>) = texts.iter().map(|(_, id, text)| (*id, text.as_str())).unzip();
            link.change(texts[0].0.insert(), &[&ids, &words])?;
            let mut known = lock(&self.known[texts[0].0 as usize]);
            if known.len() >= DICTIONARY_IDS_MAX {
                known.clear();
            }
            known.extend(ids);
        }
        self.pool.give_back(link);
        new.texts.clear();
        Ok(())
    }
}
