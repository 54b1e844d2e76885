//! What imports remember of stored rows: the numbers of those that they brought, and which exporters a type has.

use rusqlite::Connection;

use super::report::{Report, plural};

/// Without numbers the rows are as before any import: the next one numbers those that it brings.
const NUMBER_AGAIN: &str = "no row is lost; stop the server and run in `sqlite3`: UPDATE samples SET import_number = NULL; \
    UPDATE correlations SET import_number = NULL; DELETE FROM import_numbers; INSERT INTO import_numbers VALUES (0)";

/// Whether a sample's identity is derived.
const IS_DERIVED: &str =
    "(substr(s.uuid, 1, 2) = x'6873' AND substr(s.uuid, 7, 1) >= x'80' AND substr(s.uuid, 7, 1) < x'90')";

/// Checks what imports remember.
pub(super) fn check(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    // An import may run beside this.
    let state = connection.unchecked_transaction()?;
    check_origins(&state, report)?;
    // Version 1 has no such table.
    if state.table_exists(None, "import_numbers")? {
        check_numbers(&state, report)?;
    }
    state.commit()
}

/// Rows of `sample_origins` that no sample has: the app's have no unit, and others have one that is stored.
const IS_UNKNOWN_ORIGIN: &str = "is_derived NOT IN (0, 1) OR (is_derived = 0 AND unit_id <> 0)
    OR (unit_id <> 0 AND unit_id NOT IN (SELECT id FROM units))";

/// Checks that each sample's exporter and unit are in `sample_origins`: otherwise merging would miss a record that two exporters
/// bring.
fn check_origins(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let missing = count(&format!(
        "SELECT count(*) FROM samples s WHERE NOT EXISTS (SELECT 1 FROM sample_origins o
           WHERE o.person_id = s.person_id AND o.type_id = s.type_id AND o.is_derived = {IS_DERIVED}
             AND o.unit_id = iif({IS_DERIVED}, coalesce(s.unit_id, 0), 0))"
    ))?;
    let unknown = count(&format!("SELECT count(*) FROM sample_origins WHERE {IS_UNKNOWN_ORIGIN}"))?;
    let message = match (missing, unknown) {
        (0, 0) => return Ok(()),
        (0, _) => format!("{} of sample_origins have an unknown exporter or unit", plural(unknown, "row")),
        _ => format!("the exporters of {} are missing in sample_origins", plural(missing, "sample")),
    };
    let unknown = IS_UNKNOWN_ORIGIN.split_whitespace().collect::<Vec<_>>().join(" ");
    let remedy = format!(
        "no row is lost; stop the server and run in `sqlite3`: DELETE FROM sample_origins WHERE {unknown}; \
         INSERT OR IGNORE INTO sample_origins SELECT DISTINCT person_id, type_id, {IS_DERIVED}, \
         iif({IS_DERIVED}, coalesce(unit_id, 0), 0) FROM samples s"
    );
    report.add_damage("imports", message, remedy);
    Ok(())
}

/// Checks that the rows that imports brought are numbered from 1 to `last`. Their number and the sum of
/// their squares show it without remembering each.
fn check_numbers(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let (rows, last): (i64, i64) =
        connection.query_row("SELECT count(*), coalesce(max(last), 0) FROM import_numbers", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let (mut count, mut sum, mut least, mut greatest) = (0_i64, 0_i128, i64::MAX, 0_i64);
    for table in ["samples", "correlations"] {
        let sql = format!("SELECT import_number FROM {table} WHERE import_number IS NOT NULL");
        let mut select = connection.prepare(&sql)?;
        let mut numbers = select.query([])?;
        while let Some(row) = numbers.next()? {
            let number: i64 = row.get(0)?;
            count += 1;
            sum = sum.wrapping_add(i128::from(number) * i128::from(number));
            (least, greatest) = (least.min(number), greatest.max(number));
        }
    }
    let squares = |n: i128| n * (n + 1) * (2 * n + 1) / 6;
    let is_numbered = count == 0 || (least == 1 && greatest == count && sum == squares(i128::from(count)));
    if rows != 1 {
        report.add_damage(
            "imports",
            format!("import_numbers has {} instead of one", plural(rows, "row")),
            NUMBER_AGAIN,
        );
    } else if !is_numbered || last != count {
        let message = format!("{} of imports are not numbered from 1 to {last}", plural(count, "row"));
        report.add_damage("imports", message, NUMBER_AGAIN);
    }
    Ok(())
}
