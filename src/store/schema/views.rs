//! The views. They hold no data, so the program makes them again whenever it opens a database for writing and a text differs.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::store::notice::Notice;

/// A view of the program.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct View {
    pub(in crate::store) name: &'static str,
    /// The statement that makes it, as SQLite keeps it.
    pub(in crate::store) sql: &'static str,
}

/// Returns the views in the order in which they are made.
pub(in crate::store) fn all() -> impl Iterator<Item = View> {
    const START: &str = "CREATE VIEW ";
    include_str!("views.sql").split(";\n").filter_map(|statement| {
        let (_, sql) = statement.split_at(statement.find("\nCREATE VIEW ")? + 1);
        let name = sql.strip_prefix(START)?.split_whitespace().next()?;
        Some(View { name, sql })
    })
}

/// Makes the views of which the database has another text or none. Does not write if it has them all.
pub(super) fn bring(connection: &mut Connection) -> rusqlite::Result<()> {
    if outdated(connection)?.is_empty() {
        return Ok(());
    }
    // Another program may be doing the same, so the texts are read again once only this one may write.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    make_outdated(&transaction)?;
    transaction.commit()
}

/// The same in an open transaction.
pub(super) fn make_outdated(connection: &Connection) -> rusqlite::Result<()> {
    outdated(connection)?.into_iter().try_for_each(|view| make(connection, view))
}

/// Drops the views, so that a step can replace tables which they name.
pub(super) fn drop_all(connection: &Connection) -> rusqlite::Result<()> {
    all()
        .filter(|view| kind_of(connection, view.name).is_ok_and(|kind| kind.as_deref() == Some("view")))
        .try_for_each(|view| connection.execute_batch(&format!("DROP VIEW {}", view.name)))
}

/// Returns the views whose text is another one or missing.
fn outdated(connection: &Connection) -> rusqlite::Result<Vec<View>> {
    let mut outdated: Vec<View> = all().collect();
    // The table has no index by name, so it is read once.
    let mut select = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'view'")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        // A damaged text may be no UTF-8.
        let (name, sql) = (row.get_ref(0)?.as_bytes()?, row.get_ref(1)?.as_bytes()?);
        outdated.retain(|view| view.name.as_bytes() != name || view.sql.as_bytes() != sql);
    }
    Ok(outdated)
}

fn make(connection: &Connection, View { name, sql }: View) -> rusqlite::Result<()> {
    match kind_of(connection, name)?.as_deref() {
        None => connection.execute_batch(sql),
        Some("view") => connection.execute_batch(&format!("DROP VIEW {name}; {sql}")),
        // It may hold the owner's data.
        Some(kind) => {
            let message = format!(
                "the {kind} {name} has the name of a view of healthsink, which is not made; rename the {kind} in `sqlite3`"
            );
            Notice::Warning(message).log();
            Ok(())
        }
    }
}

/// The kind of object with this name, if there is one. SQLite compares names without case.
fn kind_of(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("SELECT type FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE", [name], |row| row.get(0))
        .optional()
}

#[cfg(test)]
mod tests {
    use crate::model::units::{Dimension, factor};

    /// The numbers behind each unit that a statement converts: `WHEN 'mi' THEN 1.609344`, `('mi', 1.609344)`.
    fn factors(sql: &str) -> Vec<(&str, f64)> {
        let pairs = sql.split('\'').collect::<Vec<_>>();
        let pairs = pairs.windows(2).filter_map(|pair| {
            let rest = pair[1].strip_prefix(" THEN ").or_else(|| pair[1].strip_prefix(", "))?;
            let end = rest.find(|byte: char| !byte.is_ascii_digit() && byte != '.').unwrap_or(rest.len());
            Some((pair[0], rest[..end].parse().ok()?))
        });
        pairs.collect()
    }

    #[test]
    fn factors_of_units_in_sql_are_those_of_the_model() {
        let listings = include_str!("../read/questions/listings.rs");
        let mut checked = 0;
        for (unit, number) in factors(include_str!("views.sql")).into_iter().chain(factors(listings)) {
            let length = factor(unit, Dimension::Length).map(|metres| metres / 1000.0);
            let Some(expected) = length.or_else(|| factor(unit, Dimension::Mass)) else { continue };
            assert!((number / expected - 1.0).abs() < 1e-12, "{unit}: {number}, not {expected}");
            checked += 1;
        }
        assert_eq!(checked, 4 * 7 + 5, "three distances of views, one of listings, one mass");
    }
}
