//! All tables of the schema, and what each of them has. Other files name tables by this list. A `match` over it, or over [`RowKind`],
//! has no arm for the rest, so the compiler names each place that a new table needs.

/// The content of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Content {
    /// Persons and their rights.
    Household,
    /// Texts and codes that rows refer to.
    Dictionary,
    /// Rows that uploads and imports bring.
    Rows,
    /// Kept beside such rows.
    Beside,
    /// Which upload brought rows, and which rows were changed.
    Ledger,
    /// Entered by an owner, for the figures.
    Decision,
    /// Computed from the rows.
    Figure,
}

macro_rules! tables {
    ($($content:ident: $($table:ident = $name:literal),+;)+) => {
        /// A table.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub(in crate::store) enum TableName {
            $($($table),+),+
        }

        impl TableName {
            /// All tables.
            pub(in crate::store) const ALL: &[Self] = &[$($(Self::$table),+),+];

            /// The name in SQL.
            pub(in crate::store) const fn text(self) -> &'static str {
                match self {
                    $($(Self::$table => $name),+),+
                }
            }

            /// Its content.
            pub(in crate::store) const fn content(self) -> Content {
                match self {
                    $($(Self::$table)|+ => Content::$content),+
                }
            }
        }
    };
}

tables! {
    Household: Persons = "persons", Tokens = "tokens", Sessions = "sessions", SignInCodes = "sign_in_codes";
    Dictionary:
        Types = "types", Units = "units", Sources = "sources", SharedMetadata = "shared_metadata",
        LongTexts = "long_texts", Zones = "zones", CategoryValues = "category_values",
        WorkoutActivityTypes = "workout_activity_types";
    Rows:
        Samples = "samples", Workouts = "workouts", RoutePoints = "route_points", BeatLists = "beat_lists",
        Correlations = "correlations", ActivitySummaries = "activity_summaries",
        Electrocardiograms = "electrocardiograms", Aggregates = "aggregates", MedicationDoses = "medication_doses",
        Medications = "medications", Characteristics = "characteristics", OtherRecords = "other_records",
        Rejects = "rejects";
    Beside:
        MergedSamples = "merged_samples", SampleOrigins = "sample_origins", MissingSamples = "missing_samples",
        WorkoutAliases = "workout_aliases", WorkoutIdentities = "workout_identities",
        WorkoutRoutes = "workout_routes", RouteFiles = "route_files";
    Ledger: Uploads = "uploads", Changes = "changes", ImportNumbers = "import_numbers";
    Decision: ZoneEntries = "zone_entries", HomeZones = "home_zones", SourceOrders = "source_orders";
    Figure:
        Days = "days", Hours = "hours", Nights = "nights", NightSegments = "night_segments",
        WorkoutDays = "workout_days", DoseDays = "dose_days", ZoneChanges = "zone_changes",
        SourceGroups = "source_groups", SampleLengths = "sample_lengths", ShadowedSamples = "shadowed_samples",
        DerivedState = "derived_state";
}

/// The tables whose column `other` holds the number of a row of `long_texts` if the texts of the row are long.
pub(in crate::store) const WITH_LONG_TEXTS: [TableName; 2] = [TableName::Samples, TableName::RoutePoints];

impl TableName {
    /// The tables whose rows are this.
    pub(in crate::store) fn with(content: Content) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |table| table.content() == content)
    }
}

/// Whether a table holds only what is computed from the rows.
pub(in crate::store) fn is_of_figures(name: &str) -> bool {
    TableName::with(Content::Figure).any(|table| table.text() == name)
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

macro_rules! row_kinds {
    ($($kind:ident),+) => {
        /// A table with rows that uploads and imports bring.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum RowKind {
            $(#[doc = concat!("`TableName::", stringify!($kind), "`.")] $kind),+
        }

        impl RowKind {
            /// All of them.
            pub(in crate::store) const ALL: &[Self] = &[$(Self::$kind),+];

            /// The table.
            pub(in crate::store) const fn table(self) -> TableName {
                match self {
                    $(Self::$kind => TableName::$kind),+
                }
            }
        }
    };
}

row_kinds! {
    Samples, Workouts, RoutePoints, BeatLists, Correlations, ActivitySummaries, Electrocardiograms, Aggregates,
    MedicationDoses, Medications, Characteristics, OtherRecords, Rejects
}

/// The kind of an entry in `changes`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ChangeKind {
    /// Rows of a table.
    Rows(RowKind),
    /// Figures are made in another way; no row was changed.
    Rules,
    /// Any row may be gone.
    Everything,
}

impl ChangeKind {
    /// Returns the kind by its text in `changes`. [`ChangeKind::Everything`] covers what is unknown.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text == Self::Rules.text() {
            return Self::Rules;
        }
        let known = RowKind::ALL.iter().find(|kind| kind.table().text() == text);
        known.map_or(Self::Everything, |kind| Self::Rows(*kind))
    }

    /// Returns the text in `changes`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Rows(kind) => kind.table().text(),
            Self::Rules => "rules",
            Self::Everything => "rows",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::schema;
    use crate::store::version::VERSION;

    fn names(connection: &rusqlite::Connection, sql: &str) -> BTreeSet<String> {
        let mut select = connection.prepare(sql).unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn tables_are_those_of_the_schema() {
        let connection = schema::in_memory(VERSION).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let listed: BTreeSet<String> = TableName::ALL.iter().map(TableName::to_string).collect();
        assert_eq!(names(&connection, sql), listed);
        let sql = "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'person_id'
            WHERE m.type = 'table'";
        let of_persons = names(&connection, sql);
        for table in TableName::ALL {
            let name = table.to_string();
            match table.content() {
                Content::Dictionary => assert!(!of_persons.contains(&name), "{name}"),
                Content::Rows | Content::Beside | Content::Decision | Content::Figure => {
                    assert!(of_persons.contains(&name), "{name}");
                }
                Content::Household | Content::Ledger => {}
            }
        }
    }

    #[test]
    fn kinds_of_rows_are_the_tables_with_rows() {
        let kinds: Vec<TableName> = RowKind::ALL.iter().map(|kind| kind.table()).collect();
        assert_eq!(kinds, TableName::with(Content::Rows).collect::<Vec<_>>());
    }

    #[test]
    fn kinds_of_changes_are_read_as_they_are_written() {
        let kinds = RowKind::ALL.iter().map(|kind| ChangeKind::Rows(*kind));
        for kind in kinds.chain([ChangeKind::Rules, ChangeKind::Everything]) {
            assert_eq!(ChangeKind::of(kind.text()), kind);
        }
        assert_eq!(ChangeKind::of("a later table"), ChangeKind::Everything);
    }
}
