//! Queries of the database file, beside the program that writes it.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};

/// Returns the names of a query's columns, in their order.
pub fn columns(database: &Path, sql: &str) -> Vec<String> {
    let connection = open(database);
    let select = connection.prepare(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    select.column_names().map(str::to_owned).collect()
}

fn open(database: &Path) -> Connection {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.busy_timeout(crate::wait::PATIENCE).unwrap();
    connection
}

/// Returns rows as objects; bytes as hexadecimal digits.
pub fn rows(database: &Path, sql: &str) -> Vec<Value> {
    let connection = open(database);
    let mut select = connection.prepare(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    let names: Vec<String> = select.column_names().map(str::to_owned).collect();
    let rows = select.query_map([], |row| {
        let mut object = Map::new();
        for (index, name) in names.iter().enumerate() {
            object.insert(name.clone(), value(row.get_ref(index)?));
        }
        Ok(Value::Object(object))
    });
    rows.unwrap().map(|row| row.unwrap_or_else(|error| panic!("{error}: {sql}"))).collect()
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => json!(number),
        ValueRef::Real(number) => json!(number),
        ValueRef::Text(text) => json!(std::str::from_utf8(text).unwrap()),
        ValueRef::Blob(bytes) => json!(bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>()),
    }
}

/// Returns the only value of the only row.
pub fn one(database: &Path, sql: &str) -> Value {
    let rows = rows(database, sql);
    match rows.as_slice() {
        [Value::Object(row)] if row.len() == 1 => row.values().next().cloned().unwrap(),
        _ => panic!("{sql}: {rows:?}"),
    }
}

/// Returns the number of rows of a table.
pub fn count(database: &Path, table: &str) -> u64 {
    one(database, &format!("SELECT count(*) FROM {table}")).as_u64().unwrap()
}

/// Returns all received data without times and uploads: equal for equal data, however it was sent.
pub fn contents(database: &Path) -> Vec<Vec<Value>> {
    const TABLES: [&str; 6] = [
        "SELECT * FROM sample_details ORDER BY type, start_ms, uuid",
        "SELECT * FROM workout_details ORDER BY uuid",
        "SELECT * FROM route_points ORDER BY workout, time_ms, latitude, longitude, ordinal",
        "SELECT d.*, s.json AS source, NULL AS source_id FROM medication_doses d LEFT JOIN sources s ON s.id = d.source_id ORDER BY uuid",
        "SELECT * FROM medications ORDER BY display_text, general_form",
        "SELECT key, value FROM characteristics ORDER BY key",
    ];
    TABLES.iter().map(|sql| rows(database, sql)).collect()
}
