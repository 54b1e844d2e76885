//! The SQL of a workbench for a table: loading a row, and reading those that were changed.

use super::tables::{CHANGES, Dictionary, SAMPLES, Statements, Table};
use crate::store::tables::WITH_LONG_TEXTS;

impl Dictionary {
    fn of_column(name: &str) -> Option<Self> {
        Some(match name {
            "type_id" => Self::Types,
            "unit_id" => Self::Units,
            "source_id" => Self::Sources,
            "metadata_id" => Self::SharedMetadata,
            "zone_id" => Self::Zones,
            _ => return None,
        })
    }
}

impl Table {
    /// The statements, which are made once.
    pub(super) fn sql(&self) -> &Statements {
        self.statements.get_or_init(|| self.make())
    }

    /// Whether a row has texts that SQLite keeps apart if they are long.
    pub(super) fn has_long_texts(&self) -> bool {
        WITH_LONG_TEXTS.contains(&self.table)
    }

    fn make(&self) -> Statements {
        let name = self.name;
        let mut columns: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        if self.has_arrival {
            columns.push("rowid");
        }
        let numbers: Vec<String> = (1..=columns.len()).map(|number| format!("?{number}")).collect();
        let place = |key: &str| columns.iter().position(|column| *column == key).map_or(0, |place| place + 1);
        let touched: Vec<&str> = self.key_columns().map(|key| if key == "rowid" { "arrival" } else { key }).collect();
        let keys: Vec<&str> = self.key_columns().collect();
        let of_row = |names: &[&str]| {
            let equal = names.iter().zip(&keys).map(|(name, key)| format!("{name} = ?{}", place(key)));
            equal.collect::<Vec<_>>().join(" AND ")
        };
        let joined: Vec<String> = keys.iter().zip(&touched).map(|(key, name)| format!("m.{key} = t.{name}")).collect();
        let joined = joined.join(" AND ");
        let values: Vec<String> = columns.iter().map(|column| self.value(column)).collect();
        let long = if self.has_long_texts() { "LEFT JOIN long_texts l ON l.id = CAST(m.other AS INTEGER)" } else { "" };
        let unless_touched = if self.is_recorded() {
            format!("WHERE NOT EXISTS (SELECT 1 FROM touched_{name} WHERE {})", of_row(&touched))
        } else {
            "WHERE TRUE".to_owned()
        };
        let references = self.columns.iter().enumerate();
        Statements {
            load: format!(
                "INSERT INTO {name} ({}) SELECT {} {unless_touched} ON CONFLICT DO NOTHING",
                columns.join(", "),
                numbers.join(", ")
            ),
            has: format!(
                "SELECT 1 FROM {name} WHERE {} UNION ALL SELECT 1 FROM touched_{name} WHERE {}",
                of_row(&keys),
                of_row(&touched)
            ),
            deleted: format!(
                "SELECT t.{} FROM touched_{name} t WHERE NOT EXISTS (SELECT 1 FROM {name} m WHERE {joined})",
                touched.join(", t.")
            ),
            put: format!(
                "SELECT {} FROM touched_{name} t CROSS JOIN {name} m {long} WHERE {joined}",
                values.join(", ")
            ),
            forget: format!("DELETE FROM touched_{name}"),
            clear: format!("DELETE FROM {name}"),
            references: references
                .filter_map(|(place, column)| Some((place, Dictionary::of_column(column.name)?)))
                .collect(),
        }
    }

    /// A value of a row as the other database has it.
    fn value(&self, column: &str) -> String {
        match column {
            "number" if *self == CHANGES => "NULL".to_owned(),
            "metadata" if *self == SAMPLES => "coalesce(m.metadata, l.metadata)".to_owned(),
            "other" if self.has_long_texts() => "iif(l.id IS NULL, m.other, l.other)".to_owned(),
            _ => format!("m.{column}"),
        }
    }
}
