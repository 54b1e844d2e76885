//! Texts by their ids: types, units, sources, shared metadata, zones. Rows refer to them again and again, and they never change.
//!
//! They are in tables of another SQLite in memory, which also makes the columns of sources that are read from their JSON.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};
use tokio_postgres::Row;

use super::failure::malformed;
use super::plan::{Op, Plan};
use crate::model::limits::WINDOW_TEXTS_MAX;
use crate::store::postgres::dictionary::Texts as Dictionary;
use crate::store::postgres::tables::Form;
use crate::store::postgres::transfer::read;
use crate::store::schema;
use crate::store::workbench::content::id_of_text;
use crate::store::workbench::tables::{SOURCES, Table};

/// Texts that are remembered.
#[derive(Debug)]
pub(super) struct Texts {
    connection: Connection,
    /// For each table how many there are.
    rows: [usize; 5],
}

/// The id that a plan looks for, if the table has texts: a text has the id that is made of it.
pub(super) fn id_of(table: &Table, plan: &Plan, values: &[ValueRef<'_>]) -> Option<i64> {
    Dictionary::of(table.name)?;
    plan.conditions.iter().zip(values).find_map(|((place, op), value)| match (place, op, value) {
        (0, Op::Equal | Op::Is, ValueRef::Integer(id)) => Some(*id),
        (1, Op::Equal | Op::Is, ValueRef::Text(text)) => {
            // As it was entered.
            std::str::from_utf8(text).ok().map(id_of_text)
        }
        _ => None,
    })
}

/// The id and the text of a row, if its table makes further columns of the text.
pub(super) fn of_row(
    table: &Table,
    row: &Row,
    places: &[Option<(usize, Form)>],
) -> rusqlite::Result<Option<(i64, String)>> {
    if table != &SOURCES {
        return Ok(None);
    }
    let [Some((id, id_form)), Some((text, text_form))] = [places[0], places[1]] else {
        return Err(malformed("a source is read without its JSON"));
    };
    let cell = |place, form| read(row, place, form).map_err(|error| malformed(error.message()));
    let (id, text) = (cell(id, id_form)?, cell(text, text_form)?);
    match (id, text) {
        (ValueRef::Integer(id), ValueRef::Text(text)) => Ok(Some((id, String::from_utf8_lossy(text).into_owned()))),
        _ => Err(malformed("a source has no JSON")),
    }
}

impl Texts {
    pub(super) fn new() -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        schema::fill(&connection)?;
        Ok(Self { connection, rows: [0; 5] })
    }

    /// Returns all columns of a text that is remembered.
    pub(super) fn get(&self, table: &Table, id: i64) -> rusqlite::Result<Option<Vec<Value>>> {
        let mut select = self.connection.prepare_cached(&format!("SELECT * FROM {} WHERE id = ?1", table.name))?;
        let columns = select.column_count();
        let row = select.query_row([id], |row| (0..columns).map(|column| row.get(column)).collect());
        row.optional()
    }

    /// Remembers a text, and returns all its columns.
    pub(super) fn put(&mut self, table: &Table, id: i64, text: &str) -> rusqlite::Result<Vec<Value>> {
        let place = Dictionary::of(table.name).map_or(0, |dictionary| dictionary as usize);
        if self.rows[place] >= WINDOW_TEXTS_MAX {
            self.connection.prepare_cached(&format!("DELETE FROM {}", table.name))?.execute([])?;
            self.rows[place] = 0;
        }
        // Texts with a zero character differ from their ids, and might be equal to others.
        let sql = format!("INSERT OR REPLACE INTO {} VALUES (?1, ?2)", table.name);
        self.connection.prepare_cached(&sql)?.execute(params![id, text])?;
        self.rows[place] += 1;
        Ok(self.get(table, id)?.unwrap_or_default())
    }
}
