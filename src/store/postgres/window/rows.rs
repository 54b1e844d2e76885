//! The rows of a look, some at a time.

use std::collections::VecDeque;

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use tokio_postgres::Row;

use super::failure::malformed;
use super::look::Look;
use super::plan::Plan;
use super::select::Select;
use super::texts;
use crate::model::limits::{WINDOW_BYTES, WINDOW_ROWS_FIRST, WINDOW_ROWS_MAX};
use crate::store::postgres::tables::Form;
use crate::store::postgres::transfer::read;
use crate::store::workbench::tables::Table;

/// A row.
enum Found {
    /// Of PostgreSQL.
    Row(Row),
    /// Of texts that are remembered, with all columns.
    Text(Vec<Value>),
}

/// Rows of a look that are not read yet. The first one is the present one.
#[derive(Default)]
pub(super) struct Rows {
    rows: VecDeque<Found>,
    places: Vec<Option<(usize, Form)>>,
    /// The cursor from which further rows come.
    cursor: Option<u32>,
    /// How many are brought next.
    next: usize,
}

/// A value of a row.
struct Cell<'v>(ValueRef<'v>);

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

impl Rows {
    /// Looks for rows.
    pub(super) fn find(
        look: &mut Look,
        table: &'static Table,
        plan: &Plan,
        values: &[ValueRef<'_>],
    ) -> rusqlite::Result<Self> {
        if let Some(id) = texts::id_of(table, plan, values) {
            let found = look.text_by_id(table, id)?;
            return Ok(Self { rows: found.into_iter().map(Found::Text).collect(), ..Self::default() });
        }
        let Some(mut select) = Select::of(table, plan, values) else {
            return Ok(Self::default());
        };
        if plan.is_single {
            let rows = look.rows(&select.sql, &select.values)?;
            return Ok(Self {
                places: select.places,
                rows: rows.into_iter().map(Found::Row).collect(),
                ..Self::default()
            });
        }
        let wanted = match values.get(plan.conditions.len()).filter(|_| plan.has_limit) {
            Some(ValueRef::Integer(limit)) => usize::try_from(*limit).unwrap_or(WINDOW_ROWS_FIRST),
            _ => WINDOW_ROWS_FIRST,
        };
        let first = wanted.clamp(1, WINDOW_ROWS_FIRST);
        let (cursor, rows) = look.open(&select.sql, &select.values, first)?;
        let mut found = Self { places: std::mem::take(&mut select.places), cursor, next: first, ..Self::default() };
        found.add(look, table, rows)?;
        Ok(found)
    }

    fn add(&mut self, look: &mut Look, table: &'static Table, rows: Vec<Row>) -> rusqlite::Result<()> {
        let bytes: usize = rows.iter().map(|row| row.raw_size_bytes()).sum();
        let full = if bytes > WINDOW_BYTES { self.next / 2 } else { self.next.saturating_mul(4) };
        self.next = full.clamp(1, WINDOW_ROWS_MAX);
        for row in rows {
            let found = match texts::of_row(table, &row, &self.places)? {
                Some((id, text)) => Found::Text(look.texts.put(table, id, &text)?),
                None => Found::Row(row),
            };
            self.rows.push_back(found);
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Goes on to the next row.
    pub(super) fn next(&mut self, look: &mut Look, table: &'static Table) -> rusqlite::Result<()> {
        self.rows.pop_front();
        if self.rows.is_empty()
            && let Some(cursor) = self.cursor
        {
            let rows = look.fetch(cursor, self.next)?;
            if rows.len() < self.next {
                self.close(look);
            }
            self.add(look, table, rows)?;
        }
        Ok(())
    }

    /// Wants no further rows.
    pub(super) fn close(&mut self, look: &mut Look) {
        if let Some(cursor) = self.cursor.take() {
            look.close(cursor);
        }
    }

    /// Calls `use_value` with a column of the present row; the arrival is the last one.
    pub(super) fn with_column<T>(
        &self,
        column: usize,
        use_value: impl FnOnce(&dyn ToSql) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let value = match self.rows.front() {
            Some(Found::Text(values)) => values.get(column).map_or(ValueRef::Null, ValueRef::from),
            Some(Found::Row(row)) => match self.places.get(column).copied().flatten() {
                Some((place, form)) => read(row, place, form).map_err(|error| malformed(error.message()))?,
                None => ValueRef::Null,
            },
            None => ValueRef::Null,
        };
        use_value(&Cell(value))
    }

    /// The arrival of the present row.
    pub(super) fn arrival(&self, table: &Table) -> rusqlite::Result<i64> {
        let arrival = self.places.get(table.columns.len()).copied().flatten();
        let value = match (self.rows.front(), arrival) {
            (Some(Found::Row(row)), Some((place, form))) => read(row, place, form),
            _ => Ok(ValueRef::Integer(0)),
        };
        value.map_err(|error| malformed(error.message()))?.as_i64().map_err(|_| malformed("a row has no number"))
    }
}
