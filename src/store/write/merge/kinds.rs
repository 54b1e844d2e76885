//! Which exporters a type has come from, looked up before a sample of it is merged. Most types come from one exporter only;
//! their samples cost one look-up in a small map.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use rusqlite::{Connection, params};

use crate::model::limits::DICTIONARY_ENTRIES_MAX;

/// Person and type.
type Kind = (i64, i64);

/// Person, type and unit, 0 for no unit.
type Origin = (i64, i64, i64);

/// Rows that the database has of a type when an import's sample of it arrives.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::store) struct Known {
    /// The app has sent samples of it.
    pub(in crate::store) has_app: bool,
    /// No earlier import has brought any.
    pub(in crate::store) is_fresh: bool,
}

impl Known {
    /// Whether a record may match a row that this import has not brought.
    pub(in crate::store) fn needs_search(self) -> bool {
        self.has_app || !self.is_fresh
    }
}

/// What is remembered of types. The database has all of it, except which types the present import was the first to bring.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// Whether types of the app also have derived samples.
    has_derived: HashMap<Kind, bool, RandomState>,
    last_app: Option<(Kind, bool)>,
    known: HashMap<Origin, Known, RandomState>,
    last_known: Option<(Origin, Known)>,
    /// Types of which the present import has brought the first derived sample.
    fresh: HashSet<Kind, RandomState>,
}

const ADD_ORIGIN: &str = "INSERT INTO sample_origins VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

const HAS_DERIVED: &str =
    "SELECT 1 FROM sample_origins WHERE person_id = ?1 AND type_id = ?2 AND is_derived = 1 LIMIT 1";

const HAS_APP: &str = "SELECT 1 FROM sample_origins WHERE person_id = ?1 AND type_id = ?2 AND is_derived = 0 LIMIT 1";

impl Kinds {
    /// Forgets what another connection may have changed.
    pub(super) fn forget(&mut self) {
        self.forget_app();
        self.forget_derived();
    }

    /// Begins an import.
    pub(super) fn begin_import(&mut self) {
        self.fresh.clear();
        self.forget();
    }

    fn forget_app(&mut self) {
        self.has_derived.clear();
        self.last_app = None;
    }

    fn forget_derived(&mut self) {
        self.known.clear();
        self.last_known = None;
    }

    /// Notes that the app sends a type. Returns whether there are derived samples of it.
    pub(super) fn note_app(&mut self, connection: &Connection, kind: Kind) -> rusqlite::Result<bool> {
        if let Some((last, has_derived)) = self.last_app
            && last == kind
        {
            return Ok(has_derived);
        }
        let has_derived = match self.has_derived.get(&kind) {
            Some(has_derived) => *has_derived,
            None => self.read_app(connection, kind)?,
        };
        self.last_app = Some((kind, has_derived));
        Ok(has_derived)
    }

    fn read_app(&mut self, connection: &Connection, kind: Kind) -> rusqlite::Result<bool> {
        if connection.prepare_cached(ADD_ORIGIN)?.execute(params![kind.0, kind.1, false, 0])? == 1 {
            self.forget_derived();
        }
        let has_derived = connection.prepare_cached(HAS_DERIVED)?.exists(params![kind.0, kind.1])?;
        if self.has_derived.len() >= DICTIONARY_ENTRIES_MAX {
            self.has_derived.clear();
        }
        self.has_derived.insert(kind, has_derived);
        Ok(has_derived)
    }

    /// Notes that the import brings a type in a unit. Returns what was there before.
    pub(super) fn note_derived(
        &mut self,
        connection: &Connection,
        kind: Kind,
        unit: Option<i64>,
    ) -> rusqlite::Result<Known> {
        let origin = (kind.0, kind.1, unit.unwrap_or_default());
        if let Some((last, known)) = self.last_known
            && last == origin
        {
            return Ok(known);
        }
        let known = match self.known.get(&origin) {
            Some(known) => *known,
            None => self.read_derived(connection, origin)?,
        };
        self.last_known = Some((origin, known));
        Ok(known)
    }

    fn read_derived(&mut self, connection: &Connection, origin: Origin) -> rusqlite::Result<Known> {
        let (person, kind, unit) = origin;
        let is_fresh = self.fresh.contains(&(person, kind))
            || !connection.prepare_cached(HAS_DERIVED)?.exists(params![person, kind])?
                && self.fresh.len() < DICTIONARY_ENTRIES_MAX
                && self.fresh.insert((person, kind));
        if connection.prepare_cached(ADD_ORIGIN)?.execute(params![person, kind, true, unit])? == 1 {
            self.forget_app();
        }
        let has_app = connection.prepare_cached(HAS_APP)?.exists(params![person, kind])?;
        let known = Known { has_app, is_fresh };
        if self.known.len() >= DICTIONARY_ENTRIES_MAX {
            self.known.clear();
        }
        self.known.insert(origin, known);
        Ok(known)
    }
}
