//! Closes the gaps that deleted rows leave in numbers: those of imported rows, and the rowids by which the ledger counts.
//!
//! The last rows get the free numbers. A bit for each number shows which are free.

use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use crate::model::limits::BATCH_ROWS_MAX;
use crate::store::tables::TableName;
use crate::store::write::ledger::{SIDE_TABLES, side_rows};

/// The tables with numbers of imports, and their keys.
const NUMBERED: [(&str, &str, usize); 2] =
    [("samples", "person_id, type_id, start_ms, uuid", 4), ("correlations", "person_id, type, start_ms, uuid", 4)];

/// Tables of the ledger whose rows are never deleted, and whose numbers others refer to.
const WITHOUT_GAPS: [TableName; 2] = [TableName::Persons, TableName::Tokens];

/// Closes all gaps, and enters the last rowids into the ledger.
pub(super) fn close(connection: &Connection) -> rusqlite::Result<()> {
    close_import_numbers(connection)?;
    for table in SIDE_TABLES.into_iter().filter(|table| !WITHOUT_GAPS.contains(table)) {
        close_rowids(connection, table)?;
    }
    let sql = format!("UPDATE uploads SET side_rows = {0} WHERE side_rows > {0}", side_rows());
    connection.execute(&sql, []).map(|_| ())
}

/// The numbers from 1 to some last one that are free, in rising order.
struct Free {
    bits: Vec<u64>,
    next: usize,
}

impl Free {
    fn up_to(last: i64) -> Self {
        Self { bits: vec![0; usize::try_from(last).unwrap_or_default() / 64 + 1], next: 1 }
    }

    fn take(&mut self, number: i64) {
        if let Ok(number) = usize::try_from(number)
            && let Some(word) = self.bits.get_mut(number / 64)
        {
            *word |= 1 << (number % 64);
        }
    }

    fn next(&mut self) -> i64 {
        while self.bits.get(self.next / 64).is_some_and(|word| word >> (self.next % 64) & 1 == 1) {
            self.next += 1;
        }
        self.next += 1;
        i64::try_from(self.next - 1).unwrap_or(i64::MAX)
    }
}

fn close_import_numbers(connection: &Connection) -> rusqlite::Result<()> {
    let mut rows = 0;
    for (table, ..) in NUMBERED {
        let sql = format!("SELECT count(import_number) FROM {table}");
        rows += connection.query_row(&sql, [], |row| row.get::<_, i64>(0))?;
    }
    let mut free = Free::up_to(rows);
    for (table, ..) in NUMBERED {
        let mut select =
            connection.prepare(&format!("SELECT import_number FROM {table} WHERE import_number <= {rows}"))?;
        let mut numbers = select.query([])?;
        while let Some(row) = numbers.next()? {
            free.take(row.get(0)?);
        }
    }
    for (table, keys, count) in NUMBERED {
        let places = (2..count + 2).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ");
        let first =
            format!("SELECT {keys} FROM {table} WHERE import_number > ?1 ORDER BY {keys} LIMIT {BATCH_ROWS_MAX}");
        let further = format!(
            "SELECT {keys} FROM {table} WHERE import_number > ?1 AND ({keys}) > ({places}) ORDER BY {keys} LIMIT {BATCH_ROWS_MAX}"
        );
        let update = format!("UPDATE {table} SET import_number = ?1 WHERE ({keys}) = ({places})");
        let mut last: Option<Vec<Value>> = None;
        loop {
            let sql = if last.is_some() { &further } else { &first };
            let values = [Value::Integer(rows)].into_iter().chain(last.take().into_iter().flatten());
            let mut select = connection.prepare_cached(sql)?;
            let found =
                select.query_map(params_from_iter(values), |row| (0..count).map(|key| row.get(key)).collect())?;
            let found: Vec<Vec<Value>> = found.collect::<rusqlite::Result<_>>()?;
            for key in &found {
                let values = [Value::Integer(free.next())].into_iter().chain(key.iter().cloned());
                connection.prepare_cached(&update)?.execute(params_from_iter(values))?;
            }
            last = found.into_iter().next_back();
            if last.is_none() {
                break;
            }
        }
    }
    connection.execute("UPDATE import_numbers SET last = ?1", [rows]).map(|_| ())
}

fn close_rowids(connection: &Connection, table: TableName) -> rusqlite::Result<()> {
    let (last, rows): (i64, i64) =
        connection.query_row(&format!("SELECT coalesce(max(rowid), 0), count(*) FROM {table}"), [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if last == rows {
        return Ok(());
    }
    let mut free = Free::up_to(rows);
    let mut select = connection.prepare(&format!("SELECT rowid FROM {table} WHERE rowid <= ?1"))?;
    let mut taken = select.query([rows])?;
    while let Some(row) = taken.next()? {
        free.take(row.get(0)?);
    }
    loop {
        let sql = format!("SELECT rowid FROM {table} WHERE rowid > ?1 ORDER BY rowid LIMIT {BATCH_ROWS_MAX}");
        let mut select = connection.prepare_cached(&sql)?;
        let found = select.query_map([rows], |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()?;
        if found.is_empty() {
            return Ok(());
        }
        for rowid in found {
            let sql = format!("UPDATE {table} SET rowid = ?2 WHERE rowid = ?1");
            connection.prepare_cached(&sql)?.execute(params![rowid, free.next()])?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;
    use crate::store::version::VERSION;

    #[test]
    fn free_numbers_come_in_their_order() {
        let mut free = Free::up_to(130);
        (1..=130).filter(|number| ![1, 64, 65, 129].contains(number)).for_each(|number| free.take(number));
        free.take(1000);
        assert_eq!([free.next(), free.next(), free.next(), free.next()], [1, 64, 65, 129]);
    }

    #[test]
    fn every_table_with_numbers_of_imports_is_listed() {
        let connection = schema::in_memory(VERSION).unwrap();
        let sql = "SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ON c.name = 'import_number'
            WHERE m.type = 'table' ORDER BY m.name DESC";
        let mut select = connection.prepare(sql).unwrap();
        let found: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(found, NUMBERED.map(|(table, ..)| table));
    }
}
