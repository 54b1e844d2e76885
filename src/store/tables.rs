//! The tables whose rows uploads and imports bring: one list for all who count them.

/// A table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) ledger: Ledger,
}

/// Who fills a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Source {
    /// Uploads and imports.
    Any,
    /// Only imports.
    Imports,
}

/// Which rows the ledger counts as new.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ledger {
    All,
    /// Those for which this holds.
    Where(&'static str),
    Nothing,
}

/// The table with by far the most rows. It is counted by type and in one pass, so it is not among [`TABLES`].
pub(super) const SAMPLES: &str = "samples";

pub(super) const TABLES: [Table; 12] = [
    any("workouts", Ledger::All),
    any("route_points", Ledger::All),
    any("medication_doses", Ledger::All),
    any("medications", Ledger::All),
    any("characteristics", Ledger::Nothing),
    any("other_records", Ledger::Where("in_data")),
    any("rejects", Ledger::Nothing),
    imported("beat_lists", Ledger::Nothing),
    imported("correlations", Ledger::All),
    imported("activity_summaries", Ledger::All),
    imported("electrocardiograms", Ledger::All),
    imported("aggregates", Ledger::All),
];

const fn any(name: &'static str, ledger: Ledger) -> Table {
    Table { name, source: Source::Any, ledger }
}

const fn imported(name: &'static str, ledger: Ledger) -> Table {
    Table { name, source: Source::Imports, ledger }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::Store;

    /// Tables without rows of uploads: dictionaries, long texts, what is remembered for merging, the ledger itself.
    const OTHERS: [&str; 14] = [
        "persons",
        "tokens",
        "types",
        "units",
        "sources",
        "shared_metadata",
        "long_texts",
        "merged_samples",
        "sample_origins",
        "import_numbers",
        "workout_aliases",
        "uploads",
        "category_values",
        "workout_activity_types",
    ];

    #[test]
    fn every_table_of_the_schema_is_in_one_list() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Store::open(file.path()).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut select = store.connection.prepare(sql).unwrap();
        let found: BTreeSet<String> =
            select.query_map([], |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect();
        let listed = TABLES.iter().map(|table| table.name).chain(OTHERS).chain([SAMPLES]);
        assert_eq!(found, listed.map(str::to_owned).collect());
    }
}
