//! Which rows are to be forgotten, as conditions of their tables.

use rusqlite::Connection;

use super::named;
use super::tables::{PersonTable, TABLES};
use crate::model::error::{Error, Result};
use crate::model::healthkit::{CORRELATION_TYPE, identifier_of, is_named, short};
use crate::model::identity::hex;
use crate::model::time::to_iso_seconds;
use crate::store::clock::ISO_SECONDS;
use crate::store::database::Database;
use crate::store::failure::open_error;
use crate::store::lookup::find_type;
use crate::store::tables::{RowKind, TableName};

/// What is to be forgotten.
#[derive(Clone, Debug)]
pub enum Selection {
    /// All data of a person.
    Person(String),
    /// What an upload has brought.
    Upload(i64),
    /// A type, or a table such as `workouts`.
    Type(TypeSelection),
}

/// The rows of a type that begin in a period.
#[derive(Clone, Debug)]
pub struct TypeSelection {
    /// HealthKit's identifier, its short form, or the name of a section or table.
    pub kind: String,
    /// The first moment.
    pub from_ms: Option<i64>,
    /// The first moment that is not included.
    pub to_ms: Option<i64>,
    /// Whose; all persons' if none.
    pub person: Option<String>,
}

/// The rows of one person.
pub(super) struct Scope {
    pub(super) person: i64,
    pub(super) name: String,
    pub(super) parts: Vec<Part>,
}

/// Rows of a table with a condition.
pub(super) struct Part {
    pub(super) table: PersonTable,
    pub(super) filter: String,
}

/// The workouts that are to be forgotten with all that belongs to them, under all of their identities.
const GONE: &str = "temp.gone_workouts";

impl Selection {
    /// Returns what the ledger says of it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Person(name) => format!("all of {name}"),
            Self::Upload(upload) => format!("upload {upload}"),
            Self::Type(TypeSelection { kind, from_ms, to_ms, .. }) => {
                let shown = |word: &str, ms: Option<i64>| {
                    // The last days of the year 9999 cannot be written, and nothing is behind them.
                    let time = ms.map(to_iso_seconds).filter(|time| !time.is_empty());
                    time.map(|time| format!(" {word} {time}")).unwrap_or_default()
                };
                format!("{kind}{}{}", shown("from", *from_ms), shown("before", *to_ms))
            }
        }
    }

    /// Finds the rows. Those of workouts are listed in a temporary table.
    pub(super) fn scopes(&self, connection: &Connection, database: &Database) -> Result<Vec<Scope>> {
        let fail = |error| open_error(database, &error);
        let persons = match self {
            Self::Person(name) => vec![(named::find(connection, database, name)?, name.clone())],
            Self::Upload(upload) => vec![only_person_of(connection, database, *upload)?],
            Self::Type(TypeSelection { person: Some(name), .. }) => {
                vec![(named::find(connection, database, name)?, name.clone())]
            }
            Self::Type(_) => all_persons(connection).map_err(fail)?,
        };
        let parts = match self {
            Self::Person(_) => everything(),
            Self::Upload(upload) => everything_of(*upload),
            Self::Type(selection) => selection.parts(connection).map_err(fail)?,
        };
        if parts.is_empty() {
            let message = format!("nothing is of type {}; `healthsink status` lists the types", self.text());
            return Err(Error::usage(message));
        }
        let mut scopes = Vec::new();
        for (person, name) in persons {
            let parts = parts.iter().map(|part| Part { table: part.table, filter: part.filter.clone() }).collect();
            scopes.push(Scope { person, name, parts });
        }
        Ok(scopes)
    }
}

fn everything() -> Vec<Part> {
    TABLES.iter().map(|table| Part { table: *table, filter: "TRUE".to_owned() }).collect()
}

/// What an upload has brought if all rows that the ledger counts are of it. Others may have brought rows that it does not count.
fn everything_of(upload: i64) -> Vec<Part> {
    let started = format!("(SELECT started_ms FROM uploads WHERE id = {upload})");
    let filter = |table: TableName| match table {
        TableName::Rejects | TableName::OtherRecords => format!("upload_id = {upload}"),
        // Uploads before or after it have not sent this value.
        TableName::Characteristics => format!("first_seen_ms = {started} AND last_seen_ms = {started}"),
        _ => "TRUE".to_owned(),
    };
    TABLES.iter().map(|table| Part { table: *table, filter: filter(table.name) }).collect()
}

fn all_persons(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut select = connection.prepare("SELECT id, name FROM persons ORDER BY id")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The person of an upload, if no other upload has brought or changed rows of that person: no row names its upload.
fn only_person_of(connection: &Connection, database: &Database, upload: i64) -> Result<(i64, String)> {
    let fail = |error| open_error(database, &error);
    let sql = format!(
        "SELECT u.person_id, p.name, u.new,
           (SELECT count(*) FROM uploads o WHERE o.person_id = u.person_id AND o.id <> u.id AND o.new + o.updated + o.merged > 0),
           strftime({ISO_SECONDS}, u.started_ms / 1000, 'unixepoch')
         FROM uploads u JOIN persons p ON p.id = u.person_id WHERE u.id = ?1"
    );
    let mut select = connection.prepare(&sql).map_err(fail)?;
    let mut rows = select.query([upload]).map_err(fail)?;
    let Some(row) = rows.next().map_err(fail)? else {
        return Err(Error::usage(format!("there is no upload {upload}; `healthsink status` lists the last ones")));
    };
    let values = || Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
    let (person, name, new, others, started): (i64, String, i64, i64, String) = values().map_err(fail)?;
    if new == 0 {
        return Err(Error::usage(format!(
            "upload {upload} has brought no new row, so nothing of it is to be forgotten"
        )));
    }
    if others > 0 {
        return Err(Error::usage(format!(
            "rows do not name their upload, and other uploads ({others}) have also brought or changed rows of {name}: forget --type \
             with --from and --to, or restore a backup from before {started} and import again what came since"
        )));
    }
    Ok((person, name))
}

/// The names that sections and imports have for a table whose rows have no type, beside its own; `None` if it is no such table.
fn other_names(table: RowKind) -> Option<&'static [&'static str]> {
    match table {
        RowKind::MedicationDoses => Some(&["medicationDoseEvents"]),
        RowKind::Electrocardiograms => Some(&["ecg"]),
        RowKind::ActivitySummaries => Some(&["activity_summary"]),
        RowKind::Workouts | RowKind::BeatLists | RowKind::Medications | RowKind::Characteristics => Some(&[]),
        RowKind::Samples
        | RowKind::RoutePoints
        | RowKind::Correlations
        | RowKind::Aggregates
        | RowKind::OtherRecords
        | RowKind::Rejects => None,
    }
}

/// The table that a name means.
fn table_of(name: &str) -> Option<TableName> {
    let is_meant = |table: &&RowKind| {
        let known = table.table().text();
        let others = other_names(**table);
        others.is_some_and(|others| is_named(known, name) || others.iter().any(|other| is_named(other, name)))
    };
    RowKind::ALL.iter().find(is_meant).map(|table| table.table())
}

/// Which rows of a table a type has.
enum RowsOfType {
    /// Those of the types of samples that it means.
    ByTypeId,
    /// Those with a name that it means in this column.
    ByName(&'static str),
    /// Those of a section that it means, if no period is given: they have no time.
    BySection,
    /// All of the period, if the table is meant, or this type of samples.
    All(Option<&'static str>),
    /// The same for local days.
    AllByDay,
    /// All if no period is given: they have no time.
    AllWithoutTime,
    /// Those of the workouts of the period, if workouts are meant; this column has the workout.
    OfWorkout(&'static str),
    /// None: they are no data, or other code deletes them.
    Left,
}

fn rows_of_type(table: TableName) -> RowsOfType {
    match table {
        TableName::Samples | TableName::MergedSamples => RowsOfType::ByTypeId,
        TableName::Correlations => RowsOfType::ByName("type"),
        TableName::Aggregates => RowsOfType::ByName("metric"),
        TableName::OtherRecords | TableName::Rejects => RowsOfType::BySection,
        TableName::BeatLists => RowsOfType::All(Some("HeartRateVariabilitySDNN")),
        TableName::MedicationDoses | TableName::Electrocardiograms => RowsOfType::All(None),
        TableName::ActivitySummaries => RowsOfType::AllByDay,
        TableName::Medications | TableName::Characteristics => RowsOfType::AllWithoutTime,
        TableName::Workouts => RowsOfType::OfWorkout("uuid"),
        TableName::WorkoutAliases => RowsOfType::OfWorkout("derived"),
        TableName::WorkoutIdentities => RowsOfType::OfWorkout("identity"),
        TableName::WorkoutRoutes | TableName::RouteFiles | TableName::RoutePoints => RowsOfType::OfWorkout("workout"),
        // Which types imports have brought stays; marks of missing samples leave with their samples.
        TableName::SampleOrigins | TableName::MissingSamples => RowsOfType::Left,
        TableName::Persons
        | TableName::Tokens
        | TableName::Sessions
        | TableName::SignInCodes
        | TableName::Types
        | TableName::Units
        | TableName::Sources
        | TableName::SharedMetadata
        | TableName::LongTexts
        | TableName::Zones
        | TableName::CategoryValues
        | TableName::WorkoutActivityTypes
        | TableName::Uploads
        | TableName::Changes
        | TableName::ImportNumbers
        | TableName::ZoneEntries
        | TableName::HomeZones
        | TableName::SourceOrders
        | TableName::Days
        | TableName::Hours
        | TableName::Nights
        | TableName::NightSegments
        | TableName::WorkoutDays
        | TableName::DoseDays
        | TableName::ZoneChanges
        | TableName::SourceGroups
        | TableName::SampleLengths
        | TableName::ShadowedSamples
        | TableName::DerivedState => RowsOfType::Left,
    }
}

/// A text as SQL, whatever it holds.
fn quoted(text: &str) -> String {
    format!("CAST(x'{}' AS TEXT)", hex(text.as_bytes()))
}

impl TypeSelection {
    /// Whether a type, a correlation, a figure of Health Auto Export or a section is meant. All of them have everyday names.
    fn is_meant(&self, name: &str) -> bool {
        let bare = name.strip_prefix(CORRELATION_TYPE).unwrap_or(name);
        let meant = identifier_of(&self.kind);
        let is_same_type = meant.is_some() && identifier_of(bare) == meant;
        is_same_type
            || is_named(name, &self.kind)
            || is_named(bare, &self.kind)
            || table_of(name).is_some_and(|table| Some(table) == table_of(&self.kind))
    }

    /// The condition that a row begins in the period.
    fn period(&self) -> String {
        let from = self.from_ms.map(|ms| format!(" AND start_ms >= {ms}")).unwrap_or_default();
        let to = self.to_ms.map(|ms| format!(" AND start_ms < {ms}")).unwrap_or_default();
        format!("TRUE{from}{to}")
    }

    /// The condition that a day begins in the period.
    fn days(&self) -> String {
        let from = self.from_ms.map(|ms| format!(" AND unixepoch(day) * 1000 >= {ms}")).unwrap_or_default();
        let to = self.to_ms.map(|ms| format!(" AND unixepoch(day) * 1000 < {ms}")).unwrap_or_default();
        format!("TRUE{from}{to}")
    }

    /// The condition that the first of a group of locations is in the period.
    fn first_points(&self) -> String {
        let from = self.from_ms.map(|ms| format!(" AND min(time_ms) >= {ms}")).unwrap_or_default();
        let to = self.to_ms.map(|ms| format!(" AND min(time_ms) < {ms}")).unwrap_or_default();
        format!("TRUE{from}{to}")
    }

    fn has_period(&self) -> bool {
        self.from_ms.is_some() || self.to_ms.is_some()
    }

    /// The tables with rows of this type, and which of their rows.
    fn parts(&self, connection: &Connection) -> rusqlite::Result<Vec<Part>> {
        let types = self.names(connection, "SELECT name FROM types")?;
        let meant = table_of(&self.kind);
        if meant == Some(TableName::Workouts) {
            list_workouts(connection, &self.period(), &self.first_points())?;
        }
        let mut parts = Vec::new();
        for table in TABLES {
            self.add_parts(connection, table, (&types, meant), &mut parts)?;
        }
        Ok(parts)
    }

    /// Adds which rows of a table are of this type: of the types of samples that it means, or of the table without types.
    fn add_parts(
        &self,
        connection: &Connection,
        table: PersonTable,
        (types, meant): (&[String], Option<TableName>),
        parts: &mut Vec<Part>,
    ) -> rusqlite::Result<()> {
        let name = table.name;
        let is_meant = meant == Some(name);
        let period = self.period();
        let mut add = |table: PersonTable, filter: String| parts.push(Part { table, filter });
        match rows_of_type(name) {
            RowsOfType::ByTypeId => {
                for kind in types {
                    if let Some(id) = find_type(connection, kind)? {
                        add(table.within_first_key(), format!("type_id = {id} AND {period}"));
                    }
                }
            }
            RowsOfType::ByName(column) => {
                for kind in self.names(connection, &format!("SELECT DISTINCT {column} FROM {name}"))? {
                    add(table.within_first_key(), format!("{column} = {} AND {period}", quoted(&kind)));
                }
                // Correlations repeat their members.
                for kind in types.iter().filter(|_| name == TableName::Correlations).map(|kind| quoted(kind)) {
                    let is_member = format!("m.value ->> '$.type' = {kind}");
                    add(table, format!("{period} AND EXISTS (SELECT 1 FROM json_each(members) m WHERE {is_member})"));
                }
            }
            RowsOfType::BySection if !self.has_period() => {
                for section in self.names(connection, &format!("SELECT DISTINCT section FROM {name}"))? {
                    add(table, format!("section = {}", quoted(&section)));
                }
            }
            RowsOfType::All(of) => {
                if is_meant || of.is_some_and(|of| types.iter().any(|kind| short(kind) == of)) {
                    add(table, period);
                }
            }
            RowsOfType::AllByDay if is_meant => add(table, self.days()),
            RowsOfType::AllWithoutTime if is_meant && !self.has_period() => add(table, "TRUE".to_owned()),
            RowsOfType::OfWorkout(column) if meant == Some(TableName::Workouts) => {
                let is_it = format!("g.person_id = {name}.person_id AND g.workout = {name}.{column}");
                add(table, format!("EXISTS (SELECT 1 FROM {GONE} g WHERE {is_it})"));
            }
            RowsOfType::BySection
            | RowsOfType::AllByDay
            | RowsOfType::AllWithoutTime
            | RowsOfType::OfWorkout(_)
            | RowsOfType::Left => {}
        }
        Ok(())
    }

    /// The names of a list that this type means.
    fn names(&self, connection: &Connection, list: &str) -> rusqlite::Result<Vec<String>> {
        let mut select = connection.prepare(list)?;
        let mut rows = select.query([])?;
        let mut names = Vec::new();
        while let Some(row) = rows.next()? {
            let name = row.get_ref(0)?.as_str().unwrap_or_default();
            if self.is_meant(name) {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}

/// Lists the workouts of a period, with the identities under which other exporters' rows and locations of them are kept. Routes that
/// came without their workout are in the list if they begin in the period.
fn list_workouts(connection: &Connection, period: &str, first_points: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "CREATE TEMP TABLE gone_workouts (person_id INTEGER NOT NULL, workout BLOB NOT NULL, PRIMARY KEY (person_id, workout)) WITHOUT ROWID;
         INSERT INTO {GONE} SELECT person_id, uuid FROM workouts WHERE {period};
         INSERT OR IGNORE INTO {GONE} SELECT a.person_id, a.derived FROM workout_aliases a
           JOIN {GONE} g ON g.person_id = a.person_id AND g.workout = a.uuid;
         INSERT OR IGNORE INTO {GONE} SELECT i.person_id, i.identity FROM workout_identities i
           JOIN {GONE} g ON g.person_id = i.person_id AND g.workout = i.workout;
         INSERT OR IGNORE INTO {GONE} SELECT person_id, workout FROM route_points r
           WHERE NOT EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = r.person_id AND w.uuid = r.workout)
             AND NOT EXISTS (SELECT 1 FROM workout_aliases a WHERE a.person_id = r.person_id AND a.derived = r.workout)
             AND NOT EXISTS (SELECT 1 FROM workout_identities i WHERE i.person_id = r.person_id AND i.identity = r.workout)
           GROUP BY person_id, workout HAVING {first_points};"
    ))
}
