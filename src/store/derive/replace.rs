//! Rows of a derived table in the order of their places, sent to the writer a chunk at a time.

use rusqlite::types::Value;

use super::chunk::{DerivedTable, Part, Row, Rows};
use super::halt::Step;
use super::sender::Sender;

/// Replaces the rows of a table between two places.
#[derive(Debug)]
pub(super) struct Replacing {
    open: Rows,
    to: Value,
}

impl Replacing {
    pub(super) fn new(table: &'static DerivedTable, scope: Vec<Value>, from: Value, to: Value) -> Self {
        Self { open: Rows { table, scope, from, after: None, to: to.clone(), rows: Vec::new() }, to }
    }

    /// Adds a row behind all earlier ones.
    pub(super) fn push(&mut self, row: Row, sender: &mut Sender<'_>) -> Step<()> {
        if self.open.is_full_for(&row) {
            self.send(sender)?;
        }
        self.open.rows.push(row);
        Ok(())
    }

    /// Sends what is left.
    pub(super) fn finish(self, sender: &mut Sender<'_>) -> Step<()> {
        sender.send(Part::Rows(Rows { to: self.to, ..self.open }))
    }

    fn send(&mut self, sender: &mut Sender<'_>) -> Step<()> {
        let Rows { table, scope, from, after, rows, .. } = &mut self.open;
        let last = rows.last().map_or(Value::Null, |row| row[table.place].clone());
        let full = Rows {
            table,
            scope: scope.clone(),
            from: from.clone(),
            after: after.clone(),
            to: last.clone(),
            rows: std::mem::take(rows),
        };
        *after = Some(last);
        sender.send(Part::Rows(full))
    }
}
