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
    /// An earlier import has brought some in another unit.
    pub(in crate::store) has_other_unit: bool,
}

/// Units in which earlier imports have brought a type.
#[derive(Clone, Copy, Debug)]
enum Earlier {
    Nothing,
    One(i64),
    Several,
}

#[derive(Clone, Copy, Debug)]
struct Origins {
    has_app: bool,
    earlier: Earlier,
}

/// What is remembered of types. The database has all of it, except which types the present import was the first to bring.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// Whether types of the app also have derived samples.
    has_derived: HashMap<Kind, bool, RandomState>,
    last_app: Option<(Kind, bool)>,
    origins: HashMap<Kind, Origins, RandomState>,
    known: HashMap<Origin, Known, RandomState>,
    last_known: Option<(Origin, Known)>,
    brought: HashSet<Origin, RandomState>,
}

const ADD_ORIGIN: &str = "INSERT INTO sample_origins VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

const HAS_DERIVED: &str =
    "SELECT 1 FROM sample_origins WHERE person_id = ?1 AND type_id = ?2 AND is_derived = 1 LIMIT 1";

const ORIGINS: &str =
    "SELECT is_derived, unit_id FROM sample_origins WHERE person_id = ?1 AND type_id = ?2 ORDER BY is_derived";

impl Kinds {
    /// Forgets what another connection may have changed.
    pub(super) fn forget(&mut self) {
        self.forget_app();
        self.forget_derived();
    }

    /// Begins an import.
    pub(super) fn begin_import(&mut self) {
        self.brought.clear();
        self.forget();
    }

    fn forget_app(&mut self) {
        self.has_derived.clear();
        self.last_app = None;
    }

    fn forget_derived(&mut self) {
        self.origins.clear();
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
        if connection.prepare_cached(ADD_ORIGIN)?.execute(params![person, kind, true, unit])? == 1 {
            self.forget_app();
            if self.brought.len() < DICTIONARY_ENTRIES_MAX {
                self.brought.insert(origin);
            }
        }
        let Origins { has_app, earlier } = match self.origins.get(&(person, kind)) {
            Some(origins) => *origins,
            None => self.read_origins(connection, (person, kind))?,
        };
        let (is_fresh, has_other_unit) = match earlier {
            Earlier::Nothing => (true, false),
            Earlier::One(other) => (false, other != unit),
            Earlier::Several => (false, true),
        };
        let known = Known { has_app, is_fresh, has_other_unit };
        if self.known.len() >= DICTIONARY_ENTRIES_MAX {
            self.known.clear();
        }
        self.known.insert(origin, known);
        Ok(known)
    }

    /// Reads the origins of a type up to the second unit of an earlier import. It skips what the present import brought, at
    /// most [`DICTIONARY_ENTRIES_MAX`] rows over all types.
    fn read_origins(&mut self, connection: &Connection, kind: Kind) -> rusqlite::Result<Origins> {
        let mut origins = Origins { has_app: false, earlier: Earlier::Nothing };
        let mut select = connection.prepare_cached(ORIGINS)?;
        let mut rows = select.query(params![kind.0, kind.1])?;
        while let Some(row) = rows.next()? {
            let (is_derived, unit): (bool, i64) = (row.get(0)?, row.get(1)?);
            if !is_derived {
                origins.has_app = true;
            } else if !self.brought.contains(&(kind.0, kind.1, unit)) {
                match origins.earlier {
                    Earlier::Nothing => origins.earlier = Earlier::One(unit),
                    Earlier::One(_) | Earlier::Several => {
                        origins.earlier = Earlier::Several;
                        break;
                    }
                }
            }
        }
        if self.origins.len() >= DICTIONARY_ENTRIES_MAX {
            self.origins.clear();
        }
        self.origins.insert(kind, origins);
        Ok(origins)
    }
}
