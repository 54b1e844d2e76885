//! The tables of a workbench as PostgreSQL has them: names and types of columns, keys, and the statements that change rows.

use crate::model::error::{Error, ErrorKind, Result};
use crate::store::workbench::tables::{ARRIVAL, CHANGES, Column, Kind, Table};

/// Columns of milliseconds that are times. Others are lengths of time.
const TIMES: [&str; 21] = [
    "start_ms",
    "end_ms",
    "time_ms",
    "creation_ms",
    "scheduled_ms",
    "first_seen_ms",
    "last_seen_ms",
    "started_ms",
    "finished_ms",
    "export_ms",
    "created_ms",
    "missing_since_ms",
    "from_ms",
    "to_ms",
    "first_ms",
    "last_ms",
    "bedtime_ms",
    "wake_ms",
    "expires_ms",
    "revoked_ms",
    "last_used_ms",
];

/// Columns of bytes that are identities.
const UUIDS: [&str; 5] = ["uuid", "derived", "identity", "workout", "shadowed_by"];

/// The form of a column in PostgreSQL.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Integer,
    Time,
    Real,
    Text,
    Uuid,
    Bytes,
}

impl Form {
    pub(super) fn of(column: &Column) -> Self {
        match column.kind {
            Kind::Integer if TIMES.contains(&column.name) => Self::Time,
            Kind::Integer => Self::Integer,
            Kind::Real => Self::Real,
            Kind::Text => Self::Text,
            Kind::Blob if UUIDS.contains(&column.name) => Self::Uuid,
            Kind::Blob => Self::Bytes,
        }
    }

    /// The name of a column of this form.
    pub(super) fn name(self, column: &str) -> String {
        match (self, column.strip_suffix("_ms")) {
            (Self::Time, Some(start)) => format!("{start}_at"),
            _ => column.to_owned(),
        }
    }

    /// The type, for an array of it.
    pub(super) fn cast(self) -> &'static str {
        match self {
            Self::Integer => "bigint",
            Self::Time => "timestamptz",
            Self::Real => "double precision",
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Bytes => "bytea",
        }
    }
}

/// The form of a column.
pub(super) fn form_of(table: &Table, column: &str) -> Result<Form> {
    if column == ARRIVAL {
        return Ok(Form::Integer);
    }
    let found = table.columns.iter().find(|known| known.name == column).map(Form::of);
    found.ok_or_else(|| Error::new(ErrorKind::Store, format!("{} has no column {column}", table.name)))
}

/// The names of all columns, with the arrival.
pub(super) fn names_of(table: &Table) -> impl Iterator<Item = String> {
    let names = table.columns.iter().map(|column| Form::of(column).name(column.name));
    names.chain(table.has_arrival.then(|| ARRIVAL.to_owned()))
}

/// The columns of the key, in the order in which a deletion has them. The person is the last if the workbench's key lacks it.
pub(super) fn keys_of(table: &Table) -> impl Iterator<Item = String> {
    let keys = table.columns[..table.keys].iter().map(|column| Form::of(column).name(column.name));
    let arrival = table.has_equal_keys().then(|| ARRIVAL.to_owned());
    let has_person = table.columns[..table.keys].iter().any(|column| column.name == "person_id");
    let person = (table.is_of_persons() && !has_person).then(|| "person_id".to_owned());
    keys.chain(arrival).chain(person)
}

/// Their forms.
pub(super) fn key_forms(table: &Table) -> impl Iterator<Item = Form> {
    table.columns[..table.keys].iter().map(Form::of).chain([Form::Integer; 2])
}

/// All columns of `t`, separated.
pub(super) fn select_list(table: &Table) -> String {
    names_of(table).map(|name| format!("t.{name}")).collect::<Vec<_>>().join(", ")
}

/// Puts the rows of the stage into the table, in the order of the key.
pub(super) fn put(table: &Table) -> String {
    let name = table.name;
    let is_numbered = |column: &String| table.name == CHANGES.name && column == "number";
    let columns: Vec<String> = names_of(table).filter(|column| !is_numbered(column)).collect();
    let list = columns.join(", ");
    if table.name == CHANGES.name {
        return format!("INSERT INTO {name} ({list}) SELECT {list} FROM bench_{name}");
    }
    let keys: Vec<String> = keys_of(table).collect();
    let values: Vec<&String> = columns.iter().filter(|column| !keys.contains(column)).collect();
    let key = keys.join(", ");
    let of = |prefix: &str| values.iter().map(|value| format!("{prefix}{value}")).collect::<Vec<_>>().join(", ");
    let (old, new) = (of("t."), of("excluded."));
    let action = if values.is_empty() {
        "NOTHING".to_owned()
    } else {
        let set = values.iter().map(|value| format!("{value} = excluded.{value}")).collect::<Vec<_>>().join(", ");
        format!("UPDATE SET {set} WHERE ({old}) IS DISTINCT FROM ({new})")
    };
    format!(
        "INSERT INTO {name} AS t ({list}) SELECT {list} FROM bench_{name} ORDER BY {key} ON CONFLICT ({key}) DO {action}"
    )
}

/// Deletes the rows whose keys are in the stage. Citus takes no table of one session beside a distributed one, but a query of it.
pub(super) fn delete(table: &Table) -> String {
    let name = table.name;
    let same: Vec<String> = keys_of(table).map(|key| format!("t.{key} = g.{key}")).collect();
    format!("DELETE FROM {name} t USING (SELECT * FROM bench_{name}) g WHERE {}", same.join(" AND "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::tables::{Content, TableName};
    use crate::store::workbench::tables::{HOUSEHOLD, TABLES};

    /// Columns that only PostgreSQL has, by table.
    const FURTHER: [(&str, &str); 2] = [("changes", "txid"), ("persons", "has_imports")];

    /// Tables that only PostgreSQL has: a file has files beside it, and looks for texts that no row has.
    const FURTHER_TABLES: [&str; 3] = ["followers", "person_metadata", "person_sources"];

    /// The columns of each table of the schema, with their types.
    fn declared() -> BTreeMap<&'static str, BTreeMap<String, String>> {
        let tables = include_str!("schema.sql").split("CREATE TABLE ").skip(1);
        let tables = tables.map(|text| text.split_once(" (\n").zip(text.find("\n);")).unwrap());
        tables
            .map(|((name, columns), _)| {
                let columns = columns.split("\n);").next().unwrap().lines();
                let columns = columns.filter(|line| !line.starts_with("  PRIMARY") && !line.starts_with("  UNIQUE"));
                let column = |line: &str| {
                    let (name, rest) = line.trim().trim_end_matches(',').split_once(' ').unwrap();
                    let ends = [" NOT NULL", " DEFAULT", " GENERATED", " REFERENCES", " UNIQUE", " COLLATE"];
                    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
                    (name.to_owned(), rest[..end].to_owned())
                };
                (name, columns.map(column).collect())
            })
            .collect()
    }

    #[test]
    fn every_column_of_a_workbench_is_in_the_schema_with_its_type() {
        let declared = declared();
        for table in TABLES.iter().chain(HOUSEHOLD) {
            let mut columns = declared[table.name].clone();
            for (_, column) in FURTHER.iter().filter(|(name, _)| *name == table.name) {
                assert!(columns.remove(*column).is_some(), "{}", table.name);
            }
            let forms = table.columns.iter().map(|column| Form::of(column).cast());
            let forms = forms.chain(table.has_arrival.then_some("bigint")).map(str::to_owned);
            let expected: BTreeMap<String, String> = names_of(table).zip(forms).collect();
            assert_eq!(columns, expected, "{}", table.name);
        }
        let others = TableName::with(Content::Household).map(TableName::text);
        let known = TABLES.iter().map(|table| table.name).chain(others).chain(FURTHER_TABLES);
        let known = known.collect::<std::collections::BTreeSet<_>>();
        assert_eq!(declared.into_keys().collect::<std::collections::BTreeSet<_>>(), known);
    }

    /// Tables that an engine has on every node. Of these only tokens name a person.
    const SHARED: [&str; 10] = [
        "persons",
        "tokens",
        "sessions",
        "sign_in_codes",
        "types",
        "units",
        "sources",
        "shared_metadata",
        "zones",
        "followers",
    ];

    /// An engine that distributes tables by person compares rows of one node only: each key of theirs has the person.
    #[test]
    fn every_key_of_a_distributed_table_begins_with_the_person() {
        let schema = include_str!("schema.sql");
        let mut of_persons = Vec::new();
        for (table, columns) in declared() {
            let start = schema.find(&format!("CREATE TABLE {table} (")).unwrap();
            let text = &schema[start..start + schema[start..].find("\n);").unwrap()];
            let keys: Vec<&str> =
                ["PRIMARY KEY (", "UNIQUE ("].iter().flat_map(|key| text.split(key).skip(1)).collect();
            assert!(!keys.is_empty(), "{table}");
            if SHARED.contains(&table) {
                assert_eq!(columns.contains_key("person_id"), table == "tokens", "{table}");
                continue;
            }
            of_persons.push(table);
            assert_eq!(columns["person_id"], "bigint", "{table}");
            assert!(!text.contains("UNIQUE,") && !text.contains("PRIMARY KEY,"), "{table}");
            keys.iter().for_each(|key| assert!(key.starts_with("person_id"), "{table}: {key}"));
            // References of such a table are to tables of every node.
            for target in text.split("REFERENCES ").skip(1) {
                let target = target.split(' ').next().unwrap();
                assert!(SHARED.contains(&target), "{table} refers to {target}");
            }
        }
        for index in schema.split("CREATE UNIQUE INDEX ").skip(1) {
            let (_, table) = index.split_once("ON ").unwrap();
            let (table, columns) = table.split_once(" (").unwrap();
            assert!(of_persons.contains(&table) && columns.starts_with("person_id"), "{index}");
        }
        for table in TABLES.iter().filter(|table| table.is_of_persons()) {
            assert!(of_persons.contains(&table.name), "{}", table.name);
            assert!(keys_of(table).any(|key| key == "person_id"), "{}", table.name);
        }
        let file = include_str!("../../../packaging/postgres/citus.sql");
        let named = file.split("create_reference_table('").skip(1).map(|rest| rest.split('\'').next().unwrap());
        let named: Vec<&str> = named.filter(|name| *name != "healthsink_version").collect();
        assert_eq!(named, SHARED);
    }

    #[test]
    fn statements_of_tables() {
        let find = |name| TABLES.iter().find(|table| table.name == name).unwrap();
        assert_eq!(
            put(find("workout_routes")),
            "INSERT INTO workout_routes AS t (person_id, workout) SELECT person_id, workout FROM bench_workout_routes \
             ORDER BY person_id, workout ON CONFLICT (person_id, workout) DO NOTHING"
        );
        assert_eq!(
            delete(find("rejects")),
            "DELETE FROM rejects t USING (SELECT * FROM bench_rejects) g WHERE t.upload_id = g.upload_id AND t.ordinal = g.ordinal AND \
             t.person_id = g.person_id"
        );
        assert_eq!(keys_of(find("medications")).collect::<Vec<_>>(), ["person_id", "arrival"]);
        assert!(put(find("changes")).starts_with("INSERT INTO changes (person_id, kind,"));
    }
}
