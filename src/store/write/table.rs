//! The columns of a table, from which its statements are made.

use std::fmt::Write;
use std::sync::OnceLock;

use crate::model::limits::INSERT_ROWS;

/// A function of SQL, called with the identity of each row that is not inserted since it is stored. It is false, so nothing is updated.
pub(super) const IS_STORED: &str = "is_stored";

/// A column of a table, in the order of the parameters.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Column {
    /// Part of the identity.
    Key(&'static str),
    /// Part of the identity, where null is one of the values. The index has this text in its place, which no value is.
    KeyOrNull(&'static str, &'static str),
    /// Compared, and replaced by an update.
    Value(&'static str),
    /// Kept as first sent: neither compared nor updated.
    First(&'static str),
    /// The id of a text in `shared_metadata`. The next column holds the text if it is not shared.
    Shared(&'static str),
    /// The text of the column before, unless it is shared.
    Unshared(&'static str),
}

/// A table and its columns.
#[derive(Debug)]
pub(in crate::store) struct Table {
    name: &'static str,
    columns: &'static [Column],
    statements: OnceLock<Statements>,
    several: OnceLock<String>,
}

/// The statements that [`super::upsert::Upsert`] writes a row with.
#[derive(Debug)]
pub(in crate::store) struct Statements {
    pub(in crate::store) insert: String,
    pub(in crate::store) same: String,
    pub(in crate::store) update: String,
}

impl Column {
    fn name(self) -> &'static str {
        match self {
            Self::Key(name)
            | Self::KeyOrNull(name, _)
            | Self::Value(name)
            | Self::First(name)
            | Self::Shared(name)
            | Self::Unshared(name) => name,
        }
    }
}

impl Table {
    pub(in crate::store) const fn new(name: &'static str, columns: &'static [Column]) -> Self {
        Self { name, columns, statements: OnceLock::new(), several: OnceLock::new() }
    }

    /// The statements, which are built once.
    pub(in crate::store) fn statements(&self) -> &Statements {
        self.statements.get_or_init(|| Statements { insert: self.insert(), same: self.same(), update: self.update() })
    }

    /// The statement of [`super::insert::Inserts`], for a table whose first columns are its whole identity.
    pub(super) fn insert_several(&self) -> &str {
        self.several.get_or_init(|| self.several())
    }

    /// How many of the first columns identify a row.
    pub(super) fn keys_count(&self) -> usize {
        self.columns.iter().take_while(|column| matches!(column, Column::Key(_))).count()
    }

    /// The columns with the numbers of their parameters.
    fn numbered(&self) -> impl Iterator<Item = (usize, Column)> {
        self.columns.iter().enumerate().map(|(index, column)| (index + 1, *column))
    }

    /// Those of a kind as `name operator ?number`, separated.
    fn list(&self, operator: &str, separator: &str, is_listed: fn(Column) -> bool) -> String {
        let listed = self.numbered().filter(|(_, column)| is_listed(*column));
        let listed: Vec<String> =
            listed.map(|(number, column)| format!("{} {operator} ?{number}", column.name())).collect();
        listed.join(separator)
    }

    fn keys(&self) -> String {
        let keys = self.list("=", " AND ", |column| matches!(column, Column::Key(_)));
        let nullable = self.numbered().filter_map(|(number, column)| match column {
            // As the index has it: with IS, SQLite would read all rows with the same other keys.
            Column::KeyOrNull(name, absent) => {
                Some(format!(" AND coalesce({name}, {absent}) = coalesce(?{number}, {absent})"))
            }
            _ => None,
        });
        keys + &nullable.collect::<String>()
    }

    fn insert(&self) -> String {
        let names: Vec<&str> = self.numbered().map(|(_, column)| column.name()).collect();
        let numbers: Vec<String> = self.numbered().map(|(number, _)| format!("?{number}")).collect();
        let (table, names, numbers) = (self.name, names.join(", "), numbers.join(", "));
        format!("INSERT INTO {table} ({names}) VALUES ({numbers}) ON CONFLICT DO NOTHING")
    }

    fn several(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name()).collect();
        let row = |number: usize| {
            let numbers: Vec<_> =
                (1..=names.len()).map(|column| format!("?{}", number * names.len() + column)).collect();
            format!("({})", numbers.join(", "))
        };
        let rows = (0..INSERT_ROWS).map(row).collect::<Vec<_>>().join(", ");
        let (keys, others) = names.split_at(self.keys_count());
        let identity = keys.iter().map(|key| format!("excluded.{key}")).collect::<Vec<_>>().join(", ");
        // Nothing is updated, but only an update has a condition.
        let update = others.first().map_or(String::new(), |name| format!("UPDATE SET {name} = {name}"));
        format!(
            "INSERT INTO {} ({}) VALUES {rows} ON CONFLICT ({}) DO {update} WHERE {IS_STORED}({identity})",
            self.name,
            names.join(", "),
            keys.join(", ")
        )
    }

    fn same(&self) -> String {
        let values = self.list("IS", " AND ", |column| matches!(column, Column::Value(_)));
        let mut sql = format!("SELECT 1 FROM {} WHERE {} AND {values}", self.name, self.keys());
        for pair in self.numbered().collect::<Vec<_>>().windows(2) {
            if let [(id, Column::Shared(id_name)), (text, Column::Unshared(text_name))] = pair {
                // Metadata that became shared after the row was written is the same metadata.
                let _ = write!(
                    sql,
                    " AND (({id_name} IS ?{id} AND {text_name} IS ?{text}) \
                     OR coalesce((SELECT json FROM shared_metadata WHERE id = {}.{id_name}), {text_name}) \
                     IS coalesce((SELECT json FROM shared_metadata WHERE id = ?{id}), ?{text}))",
                    self.name
                );
            }
        }
        sql
    }

    fn update(&self) -> String {
        let values =
            self.list("=", ", ", |column| !matches!(column, Column::Key(_) | Column::KeyOrNull(..) | Column::First(_)));
        format!("UPDATE {} SET {values} WHERE {}", self.name, self.keys())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Column::{First, Key, Shared, Unshared, Value};

    #[test]
    fn statements_of_a_table_with_every_kind_of_column() {
        static TABLE: Table = Table::new(
            "notes",
            &[Key("day"), Key("uuid"), First("number"), Value("text"), Shared("id"), Unshared("json"), Value("other")],
        );
        let Statements { insert, same, update } = TABLE.statements();
        assert_eq!(
            insert,
            "INSERT INTO notes (day, uuid, number, text, id, json, other) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT DO NOTHING"
        );
        assert_eq!(
            same,
            "SELECT 1 FROM notes WHERE day = ?1 AND uuid = ?2 AND text IS ?4 AND other IS ?7 AND ((id IS ?5 AND json IS ?6) \
             OR coalesce((SELECT json FROM shared_metadata WHERE id = notes.id), json) \
             IS coalesce((SELECT json FROM shared_metadata WHERE id = ?5), ?6))"
        );
        assert_eq!(update, "UPDATE notes SET text = ?4, id = ?5, json = ?6, other = ?7 WHERE day = ?1 AND uuid = ?2");
    }
}
