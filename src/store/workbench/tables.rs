//! The tables whose rows travel between a database and a workbench.
//!
//! Their columns are those of `schema/tables.sql`, in its order and without generated ones; a test compares both. Two differ: `import_numbers`
//! is a row for each person, and tables in which the order of arrival counts have it as one more column.

use std::sync::OnceLock;

use crate::store::tables::TableName;

/// A table.
#[derive(Debug)]
pub(in crate::store) struct Table {
    pub(in crate::store) table: TableName,
    pub(in crate::store) name: &'static str,
    pub(in crate::store) columns: &'static [Column],
    /// So many of the first columns are the key. If two rows may have these in common, the arrival belongs to the key:
    /// see [`Table::has_equal_keys`].
    pub(in crate::store) keys: usize,
    /// Whether a row has a last value behind its columns: the arrival. That is the row's number among those of its person in this
    /// table, in the order in which they came. SQLite has it as the rowid; in PostgreSQL it is a column `arrival bigint`.
    pub(in crate::store) has_arrival: bool,
    /// The statements of a workbench.
    pub(super) statements: OnceLock<Statements>,
}

/// The statements of a table.
#[derive(Debug)]
pub(super) struct Statements {
    /// Adds a row that the other database has, unless the row is here or was changed here.
    pub(super) load: String,
    /// Whether a row with this key is here or was changed here.
    pub(super) has: String,
    /// The keys of rows that were deleted.
    pub(super) deleted: String,
    /// The rows that were changed and are there.
    pub(super) put: String,
    /// Forgets which rows were changed.
    pub(super) forget: String,
    /// Removes all rows.
    pub(super) clear: String,
    /// Places of columns that refer to dictionaries.
    pub(super) references: Vec<(usize, Dictionary)>,
}

/// A table of texts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dictionary {
    Types,
    Units,
    Sources,
    SharedMetadata,
    Zones,
}

/// A column and SQLite's type of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) struct Column {
    pub(in crate::store) name: &'static str,
    pub(in crate::store) kind: Kind,
}

/// SQLite's types. The schema is strict, so a value has its column's type, or is NULL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Kind {
    Integer,
    Real,
    Text,
    Blob,
}

/// The name of the column behind all others.
pub(in crate::store) const ARRIVAL: &str = "arrival";

impl Table {
    /// Whether two rows may have equal keys, so that only the arrival distinguishes them.
    pub(in crate::store) fn has_equal_keys(&self) -> bool {
        self.name == MEDICATIONS.name
    }

    /// Whether a table has rows of persons. The others are dictionaries: an id by content, and the content.
    pub(in crate::store) fn is_of_persons(&self) -> bool {
        self.place("person_id").is_some()
    }

    /// The place of a column.
    pub(in crate::store) fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Whether a workbench notes which rows it changes. The ledger is not its own, and one number is compared.
    pub(super) fn is_recorded(&self) -> bool {
        ![UPLOADS.name, IMPORT_NUMBERS.name].contains(&self.name)
    }

    /// The columns of the key in SQLite.
    pub(super) fn key_columns(&self) -> impl Iterator<Item = &'static str> {
        let arrival = self.has_equal_keys().then_some("rowid");
        self.columns[..self.keys].iter().map(|column| column.name).chain(arrival)
    }

    /// Their names in the table of changed keys.
    pub(super) fn key_names(&self) -> String {
        let names = self.key_columns().map(|name| if name == "rowid" { ARRIVAL } else { name });
        names.collect::<Vec<_>>().join(", ")
    }

    /// The values of a row, with the arrival.
    pub(in crate::store) fn width(&self) -> usize {
        self.columns.len() + usize::from(self.has_arrival)
    }
}

/// A table is itself only.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

macro_rules! tables {
    ($(#[$about:meta])* $list:ident: $($name:ident = $table:ident ($keys:literal keys $(, $arrival:ident)?) $($column:ident $kind:ident),+;)+) => {
        $(pub(in crate::store) static $name: Table = Table {
            table: TableName::$table,
            name: TableName::$table.text(),
            columns: &[$(Column { name: stringify!($column), kind: Kind::$kind }),+],
            keys: $keys,
            has_arrival: tables!(@arrival $($arrival)?),
            statements: OnceLock::new(),
        };)+

        $(#[$about])*
        pub(in crate::store) static $list: &[&Table] = &[$(&$name),+];
    };
    (@arrival arrival) => { true };
    (@arrival) => { false };
}

tables! {
    /// Persons and their rights. They do not travel, but are read.
    HOUSEHOLD:

    PERSONS = Persons (1 keys)
        id Integer, name Text;

    TOKENS = Tokens (1 keys)
        id Integer, person_id Integer, label Text, digest Blob, created_ms Integer, last_used_ms Integer,
        revoked_ms Integer, expires_ms Integer, scope Text, all_people Integer,
        bytes_per_day Integer, rejects_per_day Integer, used_day Integer, used_bytes Integer, used_rejects Integer;

    SESSIONS = Sessions (1 keys)
        id Integer, token_id Integer, digest Blob, created_ms Integer, last_used_ms Integer, expires_ms Integer;
}

tables! {
    /// All of them. A row refers only to rows of tables before its own.
    TABLES:

    TYPES = Types (1 keys)
        id Integer, name Text;

    UNITS = Units (1 keys)
        id Integer, name Text;

    SOURCES = Sources (1 keys)
        id Integer, json Text;

    SHARED_METADATA = SharedMetadata (1 keys)
        id Integer, json Text;

    ZONES = Zones (1 keys)
        id Integer, name Text;

    SOURCE_GROUPS = SourceGroups (1 keys)
        id Integer, person_id Integer, key Text, name Text, class Text, first_ms Integer, last_ms Integer,
        sources Text;

    SAMPLES = Samples (4 keys)
        person_id Integer, type_id Integer, start_ms Integer, uuid Blob, end_ms Integer, value Real, unit_id
        Integer, source_id Integer, metadata_id Integer, metadata Text, other Text, creation_ms Integer,
        import_number Integer;

    MERGED_SAMPLES = MergedSamples (4 keys)
        person_id Integer, type_id Integer, start_ms Integer, uuid Blob, metadata Text, other Text;

    SAMPLE_ORIGINS = SampleOrigins (4 keys)
        person_id Integer, type_id Integer, is_derived Integer, unit_id Integer;

    MISSING_SAMPLES = MissingSamples (4 keys)
        person_id Integer, type_id Integer, start_ms Integer, uuid Blob, missing_since_ms Integer;

    IMPORT_NUMBERS = ImportNumbers (1 keys)
        person_id Integer, last Integer;

    WORKOUTS = Workouts (2 keys, arrival)
        person_id Integer, uuid Blob, activity_type Integer, start_ms Integer, end_ms Integer, duration_s Real,
        energy_kcal Real, distance Real, distance_unit Text, statistics Text, events Text, activities Text,
        metadata Text, source_id Integer, other Text, creation_ms Integer;

    WORKOUT_ALIASES = WorkoutAliases (2 keys, arrival)
        person_id Integer, derived Blob, uuid Blob, duration_s Real, energy_kcal Real, distance Real,
        distance_unit Text, statistics Text, events Text, activities Text, metadata Text, source_id Integer,
        other Text, creation_ms Integer;

    WORKOUT_IDENTITIES = WorkoutIdentities (2 keys)
        person_id Integer, identity Blob, workout Blob;

    WORKOUT_ROUTES = WorkoutRoutes (2 keys)
        person_id Integer, workout Blob;

    ROUTE_FILES = RouteFiles (3 keys)
        person_id Integer, file Blob, start_s Integer, workout Blob, route Integer;

    ROUTE_POINTS = RoutePoints (6 keys)
        person_id Integer, workout Blob, time_ms Integer, latitude Real, longitude Real, ordinal Integer, place
        Integer, route Integer, altitude_m Real, speed_m_s Real, course_deg Real, horizontal_accuracy_m Real,
        vertical_accuracy_m Real, other Text;

    BEAT_LISTS = BeatLists (3 keys, arrival)
        person_id Integer, start_ms Integer, hash Blob, end_ms Integer, source_id Integer, beats Text;

    CORRELATIONS = Correlations (4 keys)
        person_id Integer, type Text, start_ms Integer, uuid Blob, end_ms Integer, creation_ms Integer,
        source_id Integer, metadata Text, members Text, other Text, import_number Integer;

    ACTIVITY_SUMMARIES = ActivitySummaries (2 keys)
        person_id Integer, day Text, active_energy Real, active_energy_goal Real, energy_unit Text, move_min
        Real, move_goal_min Real, exercise_min Real, exercise_goal_min Real, stand_hours Real, stand_goal_hours
        Real, other Text;

    ELECTROCARDIOGRAMS = Electrocardiograms (3 keys)
        person_id Integer, start_ms Integer, uuid Blob, classification Text, rate_hz Real, unit Text, voltages
        Text, header Text;

    AGGREGATES = Aggregates (7 keys)
        person_id Integer, metric Text, start_ms Integer, label Text, source Text, number Integer, interval
        Text, end_ms Integer, unit Text, value Real, minimum Real, average Real, maximum Real, other Text,
        earlier Blob;

    MEDICATION_DOSES = MedicationDoses (2 keys)
        person_id Integer, uuid Blob, medication Text, nickname Text, schedule_type Integer, log_status Integer,
        quantity Real, unit Text, start_ms Integer, end_ms Integer, scheduled_ms Integer, metadata Text,
        source_id Integer, other Text;

    MEDICATIONS = Medications (1 keys, arrival)
        person_id Integer, display_text Text, general_form Text, nickname Text, is_archived Integer,
        has_schedule Integer, other Text;

    CHARACTERISTICS = Characteristics (2 keys)
        person_id Integer, key Text, value Text, first_seen_ms Integer, last_seen_ms Integer;

    OTHER_RECORDS = OtherRecords (3 keys, arrival)
        person_id Integer, section Text, hash Blob, json Text, in_data Integer, upload_id Integer, content Blob;

    REJECTS = Rejects (2 keys)
        upload_id Integer, ordinal Integer, person_id Integer, section Text, element_index Integer, byte_offset
        Integer, reason Text, raw Text, raw_bytes Integer, hash Blob;

    UPLOADS = Uploads (1 keys)
        id Integer, person_id Integer, state Text, origin Text, sender Text, token_id Integer, started_ms
        Integer, finished_ms Integer, export_ms Integer, start_ms Integer, end_ms Integer, sync_source Text,
        body_bytes Integer, measurements Integer, medications Integer, workouts Integer, other Integer,
        route_points Integer, new Integer, updated Integer, unchanged Integer, merged Integer, removed Integer,
        rejected Integer, error Text, side_rows Integer;

    CHANGES = Changes (1 keys)
        number Integer, person_id Integer, kind Text, type_id Integer, from_ms Integer, to_ms Integer, removed
        Integer;

    DERIVED_STATE = DerivedState (1 keys)
        person_id Integer, change Integer, rules Integer, tzdb Text, home Text, run Integer;

    ZONE_CHANGES = ZoneChanges (2 keys)
        person_id Integer, from_ms Integer, zone_id Integer;

    ZONE_ENTRIES = ZoneEntries (2 keys)
        person_id Integer, from_ms Integer, to_ms Integer, zone Text;

    HOME_ZONES = HomeZones (1 keys)
        person_id Integer, zone Text;

    SOURCE_ORDERS = SourceOrders (3 keys)
        person_id Integer, type Text, key Text, place Integer;

    SAMPLE_LENGTHS = SampleLengths (2 keys)
        person_id Integer, type_id Integer, longest_ms Integer;

    SHADOWED_SAMPLES = ShadowedSamples (4 keys)
        person_id Integer, type_id Integer, start_ms Integer, uuid Blob, shadowed_by Blob;

    DAYS = Days (3 keys)
        person_id Integer, type_id Integer, day Text, start_ms Integer, end_ms Integer, zone_id Integer, unit_id
        Integer, value Real, time_weighted Real, minimum Real, maximum Real, last Real, last_ms Integer, count
        Integer, covered_ms Integer, sessions Integer, naive Real, group_id Integer, details Text, has_long
        Integer, is_approximate Integer;

    HOURS = Hours (3 keys)
        person_id Integer, type_id Integer, start_ms Integer, end_ms Integer, day Text, hour Integer, value
        Real, minimum Real, maximum Real, count Integer;

    NIGHTS = Nights (2 keys)
        person_id Integer, night Text, zone_id Integer, asleep_ms Integer, asleep_main_ms Integer, awake_ms
        Integer, core_ms Integer, deep_ms Integer, rem_ms Integer, unspecified_ms Integer, in_bed_ms Integer,
        is_in_bed_estimated Integer, bedtime_ms Integer, wake_ms Integer, bedtime Text, wake_time Text,
        awakenings Integer, naps Integer, end_ms Integer, is_approximate Integer;

    NIGHT_SEGMENTS = NightSegments (4 keys)
        person_id Integer, night Text, from_ms Integer, stage Integer, to_ms Integer, group_id Integer;

    WORKOUT_DAYS = WorkoutDays (3 keys)
        person_id Integer, day Text, activity_type Integer, workouts Integer, duration_s Real, energy_kcal Real,
        distance_m Real;

    DOSE_DAYS = DoseDays (3 keys)
        person_id Integer, day Text, medication Text, due Integer, taken Integer, skipped Integer, as_needed
        Integer;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::schema;
    use crate::store::tables::Content;
    use crate::store::version::VERSION;

    #[test]
    fn tables_are_those_of_the_schema() {
        let connection = schema::in_memory(VERSION).unwrap();
        let sql = "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid";
        for table in TABLES.iter().chain(HOUSEHOLD).filter(|table| **table != &IMPORT_NUMBERS) {
            let mut select = connection.prepare(sql).unwrap();
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let columns: Vec<(String, String, i64)> =
                select.query_map([table.name], read).unwrap().map(Result::unwrap).collect();
            let expected = table.columns.iter().enumerate().map(|(place, Column { name, kind })| {
                let key = if place < table.keys && !table.has_equal_keys() { place + 1 } else { 0 };
                ((*name).to_owned(), format!("{kind:?}").to_uppercase(), i64::try_from(key).unwrap())
            });
            assert_eq!(columns, expected.collect::<Vec<_>>(), "{}", table.name);
        }
        // The other database has no rows apart for long texts, and no texts of codes.
        let without = [TableName::LongTexts, TableName::CategoryValues, TableName::WorkoutActivityTypes];
        let expected = TableName::ALL.iter().filter(|table| table.content() != Content::Household);
        let expected: BTreeSet<TableName> = expected.copied().filter(|table| !without.contains(table)).collect();
        assert_eq!(TABLES.iter().map(|table| table.table).collect::<BTreeSet<_>>(), expected);
    }
}
