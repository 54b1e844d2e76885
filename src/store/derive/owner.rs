//! What an owner decides of figures: the order of sources, and zones. Each change notes that figures are made in another way.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::explain::{Explanation, explain};
use super::groups::Groups;
use super::verify::{Verification, verify};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::healthkit::is_named;
use crate::model::limits::COMMAND_TIME_MAX;
use crate::model::time::to_iso_seconds;
use crate::statistics::{LocalDay, shortened};
use crate::store::database::Database;
use crate::store::failure::{command_error, open_error, store_error};
use crate::store::kept::Kept;
use crate::store::lookup::{find_person, unknown_person};
use crate::store::postgres::Glass;
use crate::store::write::changes::note_rules;

/// A source of a person, as `healthsink sources list` prints it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceRow {
    /// Its place among the sources, from 1; `None` if it does not count.
    pub place: Option<u16>,
    /// The name of one of its sources.
    pub name: String,
    /// What identifies it: a bundle, or a name in Apple's export.
    pub key: String,
    /// manual, gym, watch, phone, app or other.
    pub class: String,
    /// The day of its first sample, UTC.
    pub first: String,
    /// The day of its last sample.
    pub last: String,
}

/// A time in a zone, as `healthsink zones list` prints it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoneRow {
    /// From when on, UTC; `None` for the home zone.
    pub from: Option<String>,
    /// Until when; `None` if it holds until the next one.
    pub to: Option<String>,
    /// The zone.
    pub zone: String,
    /// home, samples or entry.
    pub why: &'static str,
}

/// What an owner decides.
#[derive(Clone, Debug)]
pub enum Decision {
    /// An order of sources for a type, or for all types; an empty one is the default order.
    Rank {
        /// As typed: `steps`, `StepCount`, or HealthKit's identifier.
        kind: Option<String>,
        /// Names or keys, the best one first.
        sources: Vec<String>,
    },
    /// Whether a source counts.
    Ignore {
        /// As for the order.
        kind: Option<String>,
        /// Its name or key.
        source: String,
        /// Whether it does not count.
        is_ignored: bool,
    },
    /// The home zone; `None` removes it.
    Home(Option<String>),
    /// Where the person was.
    Stay {
        /// The first instant, in milliseconds since 1970 UTC.
        from_ms: i64,
        /// The instant behind it, if it ended.
        to_ms: Option<i64>,
        /// The zone; `None` removes what begins then.
        zone: Option<String>,
    },
}

/// What a command cannot do.
#[derive(Debug)]
pub(in crate::store) enum Refusal {
    Sql(rusqlite::Error),
    Usage(String),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Kept {
    /// Lists a person's sources in the order in which they count for a type.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] if the person or the type is unknown, [`ErrorKind::Store`] if the database cannot be read.
    pub fn sources(&self, person: &str, kind: Option<&str>) -> Result<Vec<SourceRow>> {
        self.look(|connection| {
            let person = person_of(connection, person)?;
            let kind = kind.map(|kind| type_of(connection, kind)).transpose()?.unwrap_or_default();
            let groups = Groups::load(connection, person)?;
            let ranks = groups.ranks(&kind);
            let mut rows: Vec<SourceRow> = (0..)
                .zip(groups.rows())
                .map(|(group, row)| SourceRow {
                    place: ranks.rank(group).map(|rank| rank + 1),
                    name: row.name.clone(),
                    key: row.key.clone(),
                    class: row.class.to_owned(),
                    first: day(row.first_ms),
                    last: day(row.last_ms),
                })
                .collect();
            rows.sort_by_key(|row| (row.place.is_none(), row.place));
            Ok(rows)
        })
    }

    /// Lists the zones of a person.
    ///
    /// # Errors
    ///
    /// As for [`Kept::sources`].
    pub fn zones(&self, person: &str) -> Result<Vec<ZoneRow>> {
        self.look(|connection| {
            let person = person_of(connection, person)?;
            let sql = "SELECT NULL AS from_ms, NULL, zone, 'home' FROM home_zones WHERE person_id = ?1
                UNION ALL SELECT c.from_ms, NULL, z.name, 'samples' FROM zone_changes c JOIN zones z ON z.id = c.zone_id
                  WHERE c.person_id = ?1
                UNION ALL SELECT from_ms, to_ms, zone, 'entry' FROM zone_entries WHERE person_id = ?1 ORDER BY from_ms";
            let read = |row: &Row<'_>| {
                let (from_ms, to_ms): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?);
                let why = match row.get_ref(3)?.as_str()? {
                    "home" => "home",
                    "entry" => "entry",
                    _ => "samples",
                };
                Ok(ZoneRow { from: from_ms.map(to_iso_seconds), to: to_ms.map(to_iso_seconds), zone: row.get(2)?, why })
            };
            Ok(connection.prepare(sql)?.query_map([person], read)?.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Computes the figure of a day again, and returns its parts.
    ///
    /// # Errors
    ///
    /// As for [`Kept::sources`].
    pub fn explain(&self, person: &str, kind: &str, day: LocalDay) -> Result<Explanation> {
        self.look(|connection| {
            connection.execute_batch("BEGIN")?;
            let person = person_of(connection, person)?;
            let kind = type_of(connection, kind)?;
            let explanation = explain(connection, person, &kind, day).map_err(rusqlite::Error::from)?;
            explanation.ok_or_else(|| Refusal::Usage(format!("there are no samples of the type {kind}")))
        })
    }

    /// Compares the rings of Apple's export with the days, and the statistics of workouts with their samples.
    ///
    /// # Errors
    ///
    /// As for [`Kept::sources`].
    pub fn verify(&self, person: &str, now_ms: i64) -> Result<Verification> {
        self.look(|connection| {
            connection.execute_batch("BEGIN")?;
            let person = person_of(connection, person)?;
            Ok(verify(connection, person, now_ms).map_err(rusqlite::Error::from)?)
        })
    }

    /// Enters what an owner decides. The figures of a file change once they are computed again; those in PostgreSQL are computed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] if a name is unknown, [`ErrorKind::Store`] or [`ErrorKind::Busy`] if the database cannot be written.
    pub fn decide(&self, person: &str, decision: &Decision) -> Result<()> {
        match self {
            Self::File(database) => {
                if !database.exists() {
                    // Opening it to read has the message.
                    database.open_to_read()?;
                }
                let explain = |refusal| refused(database, refusal, command_error);
                database.write_beside_server_or(explain, |connection| {
                    let decided = Decided::of(connection, person, decision)?;
                    enter(connection, &decided, decision)
                })
            }
            Self::Postgres(address) => {
                let decided = self.look(|connection| Decided::of(connection, person, decision))?;
                address.decide(&decided, decision)
            }
        }
    }

    /// Reads one state of the database.
    fn look<T>(&self, read: impl FnOnce(&Connection) -> std::result::Result<T, Refusal>) -> Result<T> {
        match self {
            Self::File(database) => {
                let connection = database.open_to_read_current()?;
                read(&connection).map_err(|refusal| refused(database, refusal, open_error))
            }
            Self::Postgres(address) => Glass::open(address)?.look(COMMAND_TIME_MAX, read, Refusal::into_error),
        }
    }
}

fn refused(database: &Database, refusal: Refusal, explain: fn(&Database, &rusqlite::Error) -> Error) -> Error {
    match refusal {
        Refusal::Sql(error) => explain(database, &error),
        Refusal::Usage(message) => Error::new(ErrorKind::Usage, message),
    }
}

impl Refusal {
    /// The refusal beside PostgreSQL, which has its own errors.
    pub(in crate::store) fn into_error(self) -> Error {
        match self {
            Self::Sql(error) => store_error(&error),
            Self::Usage(message) => Error::new(ErrorKind::Usage, message),
        }
    }
}

/// Whose decision it is, and the type that is meant.
#[derive(Clone, Debug)]
pub(in crate::store) struct Decided {
    pub(in crate::store) person: i64,
    /// HealthKit's identifier; empty for all types.
    pub(in crate::store) kind: String,
}

impl Decided {
    fn of(connection: &Connection, person: &str, decision: &Decision) -> std::result::Result<Self, Refusal> {
        let person = person_of(connection, person)?;
        let kind = match decision {
            Decision::Rank { kind, .. } | Decision::Ignore { kind, .. } => kind.as_deref(),
            Decision::Home(_) | Decision::Stay { .. } => None,
        };
        let kind = kind.map(|kind| type_of(connection, kind)).transpose()?.unwrap_or_default();
        Ok(Self { person, kind })
    }
}

fn day(at_ms: i64) -> String {
    let mut text = to_iso_seconds(at_ms);
    text.truncate(10);
    text
}

/// Enters it.
pub(in crate::store) fn enter(
    connection: &Connection,
    Decided { person, kind }: &Decided,
    decision: &Decision,
) -> std::result::Result<(), Refusal> {
    let person = *person;
    let mut changed = None;
    match decision {
        Decision::Rank { sources, .. } => {
            let sql = "DELETE FROM source_orders WHERE person_id = ?1 AND type = ?2 AND place IS NOT NULL";
            connection.execute(sql, params![person, kind])?;
            for (place, source) in (0_i64..).zip(sources) {
                let key = key_of(connection, person, source)?;
                put_order(connection, person, kind, &key, Some(place))?;
            }
            changed = Some(kind);
        }
        Decision::Ignore { source, is_ignored, .. } => {
            let key = key_of(connection, person, source)?;
            if *is_ignored {
                put_order(connection, person, kind, &key, None)?;
            } else {
                let sql = "DELETE FROM source_orders WHERE person_id = ?1 AND type = ?2 AND key = ?3 AND place IS NULL";
                connection.execute(sql, params![person, kind, key])?;
            }
            changed = Some(kind);
        }
        Decision::Home(zone) => {
            connection.execute("DELETE FROM home_zones WHERE person_id = ?1", [person])?;
            if let Some(zone) = zone {
                connection
                    .execute("INSERT INTO home_zones (person_id, zone) VALUES (?1, ?2)", params![person, zone])?;
            }
        }
        Decision::Stay { from_ms, to_ms, zone } => put_stay(connection, person, (*from_ms, *to_ms), zone.as_deref())?,
    }
    note_rules(connection, person, changed.map(String::as_str))?;
    Ok(())
}

fn put_order(connection: &Connection, person: i64, kind: &str, key: &str, place: Option<i64>) -> rusqlite::Result<()> {
    let sql = "INSERT INTO source_orders (person_id, type, key, place) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET place = excluded.place";
    connection.execute(sql, params![person, kind, key, place]).map(|_| ())
}

fn put_stay(
    connection: &Connection,
    person: i64,
    (from_ms, to_ms): (i64, Option<i64>),
    zone: Option<&str>,
) -> std::result::Result<(), Refusal> {
    let removed =
        connection.execute("DELETE FROM zone_entries WHERE person_id = ?1 AND from_ms = ?2", [person, from_ms])?;
    let Some(zone) = zone else {
        let unknown = "no entry begins then; `healthsink zones list` shows them";
        return if removed > 0 { Ok(()) } else { Err(Refusal::Usage(unknown.to_owned())) };
    };
    let sql =
        "SELECT 1 FROM zone_entries WHERE person_id = ?1 AND from_ms < coalesce(?3, ?4) AND coalesce(to_ms, ?4) > ?2";
    if connection.prepare(sql)?.exists(params![person, from_ms, to_ms, i64::MAX])? {
        let message = "another entry is about the same time; remove it first: `healthsink zones list` shows it";
        return Err(Refusal::Usage(message.to_owned()));
    }
    let sql = "INSERT INTO zone_entries (person_id, from_ms, to_ms, zone) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, params![person, from_ms, to_ms, zone])?;
    Ok(())
}

fn person_of(connection: &Connection, name: &str) -> std::result::Result<i64, Refusal> {
    find_person(connection, name)?.ok_or_else(|| Refusal::Usage(unknown_person(name)))
}

/// The identifier of a stored type as typed.
fn type_of(connection: &Connection, typed: &str) -> std::result::Result<String, Refusal> {
    let mut select = connection.prepare("SELECT name FROM types ORDER BY name <> ?1, name DESC")?;
    let mut rows = select.query([typed])?;
    while let Some(row) = rows.next()? {
        let name = row.get_ref(0)?.as_str().unwrap_or_default();
        if is_named(name, typed) {
            return Ok(name.to_owned());
        }
    }
    Err(Refusal::Usage(format!("there are no samples of the type {typed}; `healthsink status` lists types")))
}

/// The key of a source as typed: its key, or a name that only it has.
fn key_of(connection: &Connection, person: i64, typed: &str) -> std::result::Result<String, Refusal> {
    let sql =
        "SELECT key FROM source_groups WHERE person_id = ?1 AND (key = ?2 OR name = ?2) ORDER BY key <> ?2 LIMIT 2";
    let mut select = connection.prepare(sql)?;
    let typed = &*shortened(typed);
    let found: Vec<String> =
        select.query_map(params![person, typed], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    match &found[..] {
        [key] => Ok(key.clone()),
        [key, _] if key == typed => Ok(key.clone()),
        [] => Err(Refusal::Usage(format!("there is no source {typed}; `healthsink sources list` shows them"))),
        _ => Err(Refusal::Usage(format!(
            "several sources have the name {typed}; write the key of one, as `healthsink sources list` shows it"
        ))),
    }
}
