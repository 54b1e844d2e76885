//! One record that came both ways is one: from the app with HealthKit's identity, from an export with a derived one.
//!
//! The app's row stays or takes the other's place, and keeps what only the export said. A match is same person, type and
//! source, start and end in the same seconds, and the same value. Types that came one way only, which is the rule, cost one
//! look into a small map. An export's sample in another unit than an earlier export's is the same one, too.

mod names;
mod workout;

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::identity::is_derived;
use crate::model::limits::{ABSORBED_MAX, DICTIONARY_ENTRIES_MAX};
use crate::model::record::Uuid;
use crate::model::units;
pub(in crate::store) use workout::{Position, Workouts};

/// What a sample is recognized by.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Twin {
    pub(in crate::store) kind: i64,
    pub(in crate::store) start_ms: i64,
    pub(in crate::store) end_ms: Option<i64>,
    pub(in crate::store) value: Option<f64>,
    pub(in crate::store) unit: Option<i64>,
    pub(in crate::store) source: Option<i64>,
}

/// What an export says of a sample beyond that.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Details<'a> {
    pub(in crate::store) creation_ms: Option<i64>,
    pub(in crate::store) metadata: Option<&'a str>,
    pub(in crate::store) other: Option<&'a str>,
}

/// A sample that was found, and what is said of it beyond what it is recognized by.
#[derive(Debug)]
struct Found {
    start_ms: i64,
    uuid: Uuid,
    creation_ms: Option<i64>,
    metadata: Option<String>,
    other: Option<String>,
}

/// What there is of a type when an import's sample of it comes.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::store) struct Known {
    /// The app has sent samples of it.
    pub(in crate::store) has_app: bool,
    /// No import before this one has brought any.
    pub(in crate::store) is_fresh: bool,
    /// An import before this one has brought some in another unit.
    pub(in crate::store) has_other_unit: bool,
}

/// Person, type and unit, 0 if there is none.
type Origin = (i64, i64, i64);

/// What is remembered between rows; but for the import under way, all of it can be read from the database again.
#[derive(Debug, Default)]
pub(in crate::store) struct Merge {
    data_version: i64,
    /// Whether types of the app have derived samples, too.
    apps: HashMap<(i64, i64), bool, RandomState>,
    last_app: Option<((i64, i64), bool)>,
    known: HashMap<Origin, Known, RandomState>,
    last_known: Option<(Origin, Known)>,
    source_names: HashMap<i64, Box<str>, RandomState>,
    unit_names: HashMap<i64, Box<str>, RandomState>,
    import: Import,
    pub(in crate::store) workouts: Workouts,
}

/// The import under way.
#[derive(Debug, Default)]
struct Import {
    upload: i64,
    /// Types and units that it was the first to bring: a derived sample of them is of this import.
    brought: HashSet<Origin, RandomState>,
    /// Samples that a derived one was matched with, the last ones of them: each takes one.
    absorbed: HashSet<Uuid, RandomState>,
    absorbed_before: HashSet<Uuid, RandomState>,
}

impl Import {
    fn has_absorbed(&self, uuid: &Uuid) -> bool {
        self.absorbed.contains(uuid) || self.absorbed_before.contains(uuid)
    }

    fn absorb(&mut self, uuid: Uuid) {
        if self.absorbed.len() >= ABSORBED_MAX {
            self.absorbed_before = std::mem::take(&mut self.absorbed);
        }
        self.absorbed.insert(uuid);
    }
}

const ADD_ORIGIN: &str = "INSERT INTO sample_origins VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

const KEEP_CREATION: &str = "UPDATE samples SET creation_ms = ?5
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";

/// Metadata under names that the app's lacks, and fields without a column.
const KEEP_REST: &str = "INSERT INTO merged_samples (person_id, type_id, start_ms, uuid, metadata, other)
    SELECT ?1, ?2, ?3, ?4, rest, ?6 FROM (
      SELECT nullif(json_group_object(e.key, iif(e.type = 'array', json(e.value), e.value)), '{}') AS rest FROM json_each(?5) e
      WHERE e.key NOT IN (
        SELECT a.key FROM samples s LEFT JOIN shared_metadata m ON m.id = s.metadata_id, json_each(coalesce(m.json, s.metadata)) a
        WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms = ?3 AND s.uuid = ?4))
    WHERE rest IS NOT NULL OR ?6 IS NOT NULL
    ON CONFLICT DO UPDATE SET metadata = excluded.metadata, other = excluded.other
      WHERE (metadata, other) IS NOT (excluded.metadata, excluded.other)";

const OF_SECOND: &str =
    "SELECT start_ms, uuid, end_ms, value, unit_id, source_id, creation_ms, metadata_id, metadata, other FROM samples
    WHERE person_id = ?1 AND type_id = ?2 AND start_ms >= ?3 AND start_ms < ?3 + 1000";

const IN_OTHER_UNIT: &str = "SELECT s.uuid, s.value, s.unit_id FROM samples s LEFT JOIN shared_metadata m ON m.id = s.metadata_id
    WHERE s.person_id = ?1 AND s.type_id = ?2 AND s.start_ms = ?3 AND s.end_ms IS ?4 AND s.unit_id IS NOT ?5 AND s.source_id IS ?6
      AND s.creation_ms IS ?7 AND coalesce(m.json, s.metadata) IS ?8 AND s.other IS ?9";

impl Merge {
    /// A transaction begins: what another process has written meanwhile must not be overlooked.
    pub(in crate::store) fn begin(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let version = connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        if version != self.data_version {
            self.data_version = version;
            self.forget();
            self.workouts = Workouts::default();
        }
        Ok(())
    }

    /// An import's rows follow.
    pub(in crate::store) fn enter(&mut self, upload: i64) {
        if self.import.upload != upload {
            self.import = Import { upload, ..Import::default() };
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.apps.clear();
        self.last_app = None;
        self.known.clear();
        self.last_known = None;
    }

    /// A sample of the app was not there before: does it take the place of a derived one?
    pub(in crate::store) fn app_sample(
        &mut self,
        connection: &Connection,
        person: i64,
        uuid: &Uuid,
        sample: &Twin,
        metadata: Option<&str>,
    ) -> rusqlite::Result<bool> {
        if !self.has_derived(connection, (person, sample.kind))? {
            return Ok(false);
        }
        let Some(derived) = self.find(connection, person, sample, true)? else {
            return Ok(false);
        };
        let sql = "DELETE FROM samples WHERE person_id = ?1 AND type_id = ?2 AND start_ms = ?3 AND uuid = ?4";
        let keys = params![person, sample.kind, derived.start_ms, &derived.uuid[..]];
        connection.prepare_cached(sql)?.execute(keys)?;
        let details = Details {
            creation_ms: derived.creation_ms,
            metadata: derived.metadata.as_deref(),
            other: derived.other.as_deref(),
        };
        let app = Details { creation_ms: None, metadata, other: None };
        keep(connection, (person, sample.kind, sample.start_ms, uuid), app, details)?;
        Ok(true)
    }

    /// Whether a type of the app has derived samples, too.
    fn has_derived(&mut self, connection: &Connection, key: (i64, i64)) -> rusqlite::Result<bool> {
        if let Some((last, has_derived)) = self.last_app
            && last == key
        {
            return Ok(has_derived);
        }
        let has_derived = match self.apps.get(&key) {
            Some(has_derived) => *has_derived,
            None => {
                let is_new = connection.prepare_cached(ADD_ORIGIN)?.execute(params![key.0, key.1, false, 0])? == 1;
                if is_new {
                    self.known.clear();
                    self.last_known = None;
                }
                if self.apps.len() >= DICTIONARY_ENTRIES_MAX {
                    self.apps.clear();
                }
                let has_derived = origins(connection, key)?.iter().any(|(is_derived, _)| *is_derived);
                self.apps.insert(key, has_derived);
                has_derived
            }
        };
        self.last_app = Some((key, has_derived));
        Ok(has_derived)
    }

    /// A derived sample comes: what is there of its type?
    pub(in crate::store) fn derived_sample(
        &mut self,
        connection: &Connection,
        person: i64,
        kind: i64,
        unit: Option<i64>,
    ) -> rusqlite::Result<Known> {
        let origin = (person, kind, unit.unwrap_or_default());
        if let Some((last, known)) = self.last_known
            && last == origin
        {
            return Ok(known);
        }
        let known = match self.known.get(&origin) {
            Some(known) => *known,
            None => self.read_known(connection, origin)?,
        };
        self.last_known = Some((origin, known));
        Ok(known)
    }

    fn read_known(&mut self, connection: &Connection, origin: Origin) -> rusqlite::Result<Known> {
        let (person, kind, unit) = origin;
        let brought = &mut self.import.brought;
        let is_new = connection.prepare_cached(ADD_ORIGIN)?.execute(params![person, kind, true, unit])? == 1;
        if is_new {
            self.apps.clear();
            self.last_app = None;
            if brought.len() < DICTIONARY_ENTRIES_MAX {
                brought.insert(origin);
            }
        }
        let mut known = Known { is_fresh: true, ..Known::default() };
        for (is_derived, other) in origins(connection, (person, kind))? {
            let is_before = is_derived && !brought.contains(&(person, kind, other));
            known.has_app |= !is_derived;
            known.is_fresh &= !is_before;
            known.has_other_unit |= is_before && other != unit;
        }
        if self.known.len() >= DICTIONARY_ENTRIES_MAX {
            self.known.clear();
        }
        self.known.insert(origin, known);
        Ok(known)
    }

    /// Whether the app has sent this derived sample, and no other of this import was that one.
    pub(in crate::store) fn is_absorbed(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &Twin,
        details: Details<'_>,
    ) -> rusqlite::Result<bool> {
        let Some(found) = self.find(connection, person, sample, false)? else {
            return Ok(false);
        };
        let app = Details { creation_ms: found.creation_ms, metadata: found.metadata.as_deref(), other: None };
        keep(connection, (person, sample.kind, found.start_ms, &found.uuid), app, details)?;
        self.import.absorb(found.uuid);
        Ok(true)
    }

    /// Whether an earlier import has brought this derived sample in another unit: the phone's preferred one has changed.
    pub(in crate::store) fn is_in_other_unit(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &Twin,
        details: Details<'_>,
    ) -> rusqlite::Result<bool> {
        let mut select = connection.prepare_cached(IN_OTHER_UNIT)?;
        let Twin { kind, start_ms, end_ms, unit, source, .. } = *sample;
        let Details { creation_ms, metadata, other } = details;
        let mut rows =
            select.query(params![person, kind, start_ms, end_ms, unit, source, creation_ms, metadata, other])?;
        while let Some(row) = rows.next()? {
            let uuid: Uuid = row.get(0)?;
            if is_derived(&uuid)
                && !self.import.has_absorbed(&uuid)
                && self.is_same_value(connection, (row.get(1)?, row.get(2)?), (sample.value, unit), true)?
            {
                self.import.absorb(uuid);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A sample with the other kind of identity that is the same as this one.
    fn find(
        &mut self,
        connection: &Connection,
        person: i64,
        sample: &Twin,
        wants_derived: bool,
    ) -> rusqlite::Result<Option<Found>> {
        let second = sample.start_ms.div_euclid(1000);
        let end_second = sample.end_ms.map(|end| end.div_euclid(1000));
        let mut select = connection.prepare_cached(OF_SECOND)?;
        let mut rows = select.query(params![person, sample.kind, second * 1000])?;
        while let Some(row) = rows.next()? {
            let uuid: Uuid = row.get(1)?;
            let end: Option<i64> = row.get(2)?;
            if is_derived(&uuid) != wants_derived || end.map(|end| end.div_euclid(1000)) != end_second {
                continue;
            }
            // A derived one that the app's takes the place of is gone: only the app's could be matched twice.
            if !wants_derived && self.import.has_absorbed(&uuid) {
                continue;
            }
            let found = (row.get(3)?, row.get(4)?);
            let own = (sample.value, sample.unit);
            let (app, derived) = if wants_derived { (own, found) } else { (found, own) };
            if self.is_same_value(connection, app, derived, false)?
                && self.is_same_source(connection, sample.source, row.get(5)?)?
            {
                let (creation_ms, other) = (row.get(6)?, row.get(9)?);
                let metadata = match row.get::<_, Option<i64>>(7)? {
                    Some(shared) => connection
                        .prepare_cached("SELECT json FROM shared_metadata WHERE id = ?1")?
                        .query_row([shared], |row| row.get(0))?,
                    None => row.get(8)?,
                };
                return Ok(Some(Found { start_ms: row.get(0)?, uuid, creation_ms, metadata, other }));
            }
        }
        Ok(None)
    }

    fn is_same_value(
        &mut self,
        connection: &Connection,
        one: (Option<f64>, Option<i64>),
        derived: (Option<f64>, Option<i64>),
        are_both_rounded: bool,
    ) -> rusqlite::Result<bool> {
        if one.1 == derived.1 {
            return Ok(units::is_same((one.0, None), (derived.0, None), are_both_rounded));
        }
        let sql = "SELECT name FROM units WHERE id = ?1";
        let units = [one.1, derived.1].map(Option::unwrap_or_default);
        remember(&mut self.unit_names, connection, sql, units)?;
        let name = |unit: Option<i64>| unit.and_then(|unit| self.unit_names.get(&unit)).map(AsRef::as_ref);
        Ok(units::is_same((one.0, name(one.1)), (derived.0, name(derived.1)), are_both_rounded))
    }

    fn is_same_source(
        &mut self,
        connection: &Connection,
        one: Option<i64>,
        other: Option<i64>,
    ) -> rusqlite::Result<bool> {
        if one == other {
            return Ok(true);
        }
        let (Some(one), Some(other)) = (one, other) else {
            return Ok(false);
        };
        let sql = "SELECT coalesce(name, '') FROM sources WHERE id = ?1";
        remember(&mut self.source_names, connection, sql, [one, other])?;
        Ok(self.source_names.get(&one) == self.source_names.get(&other))
    }
}

/// Keeps with a sample of the app what an export says of it beyond what the app said.
fn keep(
    connection: &Connection,
    sample: (i64, i64, i64, &Uuid),
    app: Details<'_>,
    export: Details<'_>,
) -> rusqlite::Result<()> {
    let (person, kind, start_ms, uuid) = sample;
    let Details { creation_ms, metadata, other } = export;
    if creation_ms.is_some() && creation_ms != app.creation_ms {
        connection.prepare_cached(KEEP_CREATION)?.execute(params![person, kind, start_ms, &uuid[..], creation_ms])?;
    }
    let says_more = metadata.is_some_and(|metadata| !names::are_all_in(metadata, app.metadata.unwrap_or_default()));
    if says_more || other.is_some() {
        let mut insert = connection.prepare_cached(KEEP_REST)?;
        insert.execute(params![person, kind, start_ms, &uuid[..], metadata, other])?;
    }
    Ok(())
}

/// Whether a type's samples are derived, and in what units.
fn origins(connection: &Connection, (person, kind): (i64, i64)) -> rusqlite::Result<Vec<(bool, i64)>> {
    connection
        .prepare_cached("SELECT is_derived, unit_id FROM sample_origins WHERE person_id = ?1 AND type_id = ?2")?
        .query_map(params![person, kind], |row| Ok((row.get(0)?, row.get(1)?)))?
        .take(DICTIONARY_ENTRIES_MAX)
        .collect()
}

/// Puts the names of two ids, which are to be compared, into the map; in a full one another makes room.
fn remember(
    names: &mut HashMap<i64, Box<str>, RandomState>,
    connection: &Connection,
    sql: &str,
    pair: [i64; 2],
) -> rusqlite::Result<()> {
    for id in pair {
        if names.contains_key(&id) {
            continue;
        }
        if names.len() >= DICTIONARY_ENTRIES_MAX
            && let Some(other) = names.keys().find(|other| !pair.contains(other)).copied()
        {
            names.remove(&other);
        }
        let name: Option<String> = connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
        names.insert(id, name.unwrap_or_default().into());
    }
    Ok(())
}
