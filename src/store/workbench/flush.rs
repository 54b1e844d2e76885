//! What a workbench has changed on its way to the other database.

use std::sync::LazyLock;

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection};

use super::failure::store_failure;
use super::remote::{Operation, Remote};
use super::tables::{IMPORT_NUMBERS, TABLES, Table};
use crate::model::error::Result;
use crate::model::limits::WORKBENCH_COLUMNS_MAX;

/// Finds the tables with changed rows. There are more tables than a connection keeps statements, and most have none.
static TOUCHED: LazyLock<String> = LazyLock::new(|| {
    let places = TABLES.iter().enumerate().filter(|(_, table)| table.is_recorded());
    let one = |(place, table): (usize, &&Table)| {
        format!("SELECT {place} WHERE EXISTS (SELECT 1 FROM touched_{})", table.name)
    };
    places.map(one).collect::<Vec<_>>().join(" UNION ALL ")
});

/// Hands over all changes since the last time: deletions, then rows.
pub(super) fn flush(connection: &Connection, remote: &mut impl Remote) -> Result<()> {
    let touched = touched(connection).map_err(store_failure)?;
    for table in touched.iter().copied() {
        let select = connection.prepare_cached(&table.sql().deleted).map_err(store_failure)?;
        send(select, remote, (table, Operation::Delete), table.key_columns().count())?;
    }
    for table in touched {
        let select = connection.prepare_cached(&table.sql().put).map_err(store_failure)?;
        send(select, remote, (table, Operation::Put), table.width())?;
        let forget = || connection.prepare_cached(&table.sql().forget)?.execute([]);
        forget().map_err(store_failure)?;
    }
    // They have their numbers there.
    connection.execute_batch("DELETE FROM changes; DELETE FROM touched_changes").map_err(store_failure)
}

/// The tables with changed rows, in their order.
fn touched(connection: &Connection) -> rusqlite::Result<Vec<&'static Table>> {
    let mut select = connection.prepare_cached(&TOUCHED)?;
    let mut rows = select.query([])?;
    let mut tables = Vec::new();
    while let Some(row) = rows.next()? {
        let place: i64 = row.get(0)?;
        tables.extend(usize::try_from(place).ok().and_then(|place| TABLES.get(place)).copied());
    }
    Ok(tables)
}

/// Hands over the last number of imports.
pub(super) fn flush_number(connection: &Connection, remote: &mut impl Remote, person: i64) -> Result<()> {
    let read = || connection.prepare_cached("SELECT ?1, last FROM import_numbers");
    let mut select = read().map_err(store_failure)?;
    select.raw_bind_parameter(1, person).map_err(store_failure)?;
    send(select, remote, (&IMPORT_NUMBERS, Operation::Put), IMPORT_NUMBERS.width())
}

fn send(
    mut select: CachedStatement<'_>,
    remote: &mut impl Remote,
    (table, operation): (&'static Table, Operation),
    width: usize,
) -> Result<()> {
    let mut rows = select.raw_query();
    let mut has_begun = false;
    while let Some(row) = rows.next().map_err(store_failure)? {
        if !has_begun {
            remote.begin(table, operation)?;
            has_begun = true;
        }
        let mut cells = [ValueRef::Null; WORKBENCH_COLUMNS_MAX];
        for (place, cell) in cells.iter_mut().take(width).enumerate() {
            *cell = row.get_ref(place).map_err(store_failure)?;
        }
        remote.change(&cells[..width])?;
    }
    if has_begun { remote.end() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_cells() {
        assert!(TABLES.iter().all(|table| table.width() < WORKBENCH_COLUMNS_MAX));
    }
}
