//! Tables of figures that somebody has dropped. They hold nothing that the rows do not, so they are made again, empty, and
//! all figures are computed.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::notice::Notice;
use crate::store::tables::{Content, TableName};

/// Makes the tables of figures that the database lacks. Does not write if it has them all.
pub(super) fn bring(connection: &mut Connection) -> rusqlite::Result<()> {
    if missing(connection)?.is_empty() {
        return Ok(());
    }
    // Another program may be doing the same, so it is looked up again once only this one may write.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables = missing(&transaction)?;
    if tables.is_empty() {
        return Ok(());
    }
    tables.iter().filter_map(|table| statement(*table)).try_for_each(|sql| transaction.execute_batch(sql))?;
    transaction.execute_batch("DELETE FROM derived_state")?;
    transaction.commit()?;
    let names = tables.iter().map(|table| table.text()).collect::<Vec<_>>().join(", ");
    let message = format!(
        "dropped tables of figures are made again: {names}; the next start of the server or the next import computes all figures"
    );
    Notice::Warning(message).log();
    Ok(())
}

/// Returns the tables of figures of whose name nothing is in the database. SQLite compares names without case.
fn missing(connection: &Connection) -> rusqlite::Result<Vec<TableName>> {
    let mut missing: Vec<TableName> = TableName::with(Content::Figure).collect();
    let mut select = connection.prepare("SELECT name FROM sqlite_schema")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        // A damaged text may be no UTF-8.
        let name = row.get_ref(0)?.as_bytes()?;
        missing.retain(|table| !table.text().as_bytes().eq_ignore_ascii_case(name));
    }
    Ok(missing)
}

/// The statement that makes a table.
fn statement(table: TableName) -> Option<&'static str> {
    let start = format!("CREATE TABLE {table} (");
    let statements = include_str!("tables.sql").split_inclusive(";\n");
    statements.filter_map(|sql| Some(&sql[sql.find("CREATE ")?..])).find(|sql| sql.starts_with(&start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_of_figures_has_its_statement() {
        for table in TableName::with(Content::Figure) {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(statement(table).unwrap()).unwrap();
            assert!(connection.table_exists(None, table.text()).unwrap(), "{table}");
        }
    }
}
