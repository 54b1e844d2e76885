//! Whether the ledger adds up, and whether the tables hold what it counts.
//!
//! Each row that the ledger counts as new must exist, except those that the ledger says were replaced by another exporter's.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::report::{REPORT, Report, SEND_AGAIN, plural};
use crate::model::limits::REJECTS_PER_UPLOAD_MAX;
use crate::store::tables::TableName;
use crate::store::write::ledger::{SIDE_TABLES, signed};
use crate::store::write::{Ledger, rare_kinds};

const ADDED: &str = "if nobody added rows by hand, keep a copy of the file and report it";

/// The ledger's kinds of records, each with its tables.
const KINDS: [(&str, &[TableName]); 4] = [
    ("measurements", &[TableName::Samples]),
    ("workouts", &[TableName::Workouts]),
    ("medications", &[TableName::MedicationDoses, TableName::Medications]),
    ("route_points", &[TableName::RoutePoints]),
];

/// The rows of a person.
#[derive(Debug, Default)]
struct Account {
    name: String,
    /// Rows that the ledger counts as new, without those that were replaced.
    expected: i64,
    /// Records of each of [`KINDS`] that the ledger counts.
    counted: [i64; KINDS.len()],
    /// Rows that exist, by table.
    rows: BTreeMap<TableName, i64>,
}

/// Checks the ledger's own sums, and its counts against the rows, in one state of the database.
pub(super) fn check(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN")?;
    report.uploads = connection.query_row("SELECT count(*) FROM uploads", [], |row| row.get(0))?;
    let rules = [
        (
            "new + updated + unchanged + merged <> measurements + medications + workouts + other + route_points",
            "have counts that do not add up",
        ),
        ("min(new, updated, unchanged, merged, removed, rejected, body_bytes) < 0", "have counts below zero"),
        (
            "(SELECT count(*) FROM rejects r WHERE r.upload_id = uploads.id) > rejected",
            "have more rejects than they count",
        ),
    ];
    for (condition, fault) in rules {
        let sql = format!("SELECT count(*), min(id) FROM uploads WHERE {condition}");
        let (faults, first): (i64, Option<i64>) =
            connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let Some(first) = first {
            let uploads = plural(faults, "upload");
            report.add_damage("ledger", format!("{uploads} of the ledger, first number {first}, {fault}"), REPORT);
        }
    }
    check_numbers(connection, report)?;
    check_rejects(connection, report)?;
    let accounts = count_rows(connection)?;
    connection.execute_batch("COMMIT")?;
    for account in accounts.values() {
        let (name, rows) = (&account.name, account.rows.values().sum::<i64>());
        report.rows += rows;
        if account.expected > rows {
            let message =
                format!("{} of {name} that the ledger counts are missing", plural(account.expected - rows, "row"));
            report.add_damage("ledger", message, SEND_AGAIN);
        } else if rows > account.expected {
            let message =
                format!("{} of {name} belong to no upload of the ledger", plural(rows - account.expected, "row"));
            report.add_damage("ledger", message, ADDED);
        }
        check_kinds(account, report);
    }
    Ok(())
}

/// Finds numbers that are missing. Rows of these tables are never deleted, and SQLite numbers them one after the other.
fn check_numbers(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    check_table(connection, TableName::Uploads, report)?;
    // Version 1 has no such column, and some of the tables have no rowid.
    if connection.prepare("SELECT side_rows FROM uploads").is_err() {
        for table in [TableName::Tokens, TableName::Persons] {
            check_table(connection, table, report)?;
        }
        return Ok(());
    }
    let mut side_rows = 0;
    for table in SIDE_TABLES {
        side_rows += check_table(connection, table, report)?;
    }
    let counted: i64 = connection.query_row("SELECT coalesce(max(side_rows), 0) FROM uploads", [], |row| row.get(0))?;
    if counted > side_rows {
        let missing = plural(counted - side_rows, "row");
        let message = format!(
            "the last {missing} of {} that the ledger counts are missing",
            SIDE_TABLES.map(TableName::text).join(", ")
        );
        report.add_damage("ledger", message, SEND_AGAIN);
    }
    Ok(())
}

/// Finds missing rows before the last one. Returns the last one's number.
fn check_table(connection: &Connection, table: TableName, report: &mut Report) -> rusqlite::Result<i64> {
    let sql = format!("SELECT coalesce(max(rowid), 0), count(*) FROM {table}");
    let (last, rows): (i64, i64) = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if last > rows {
        report.add_damage("ledger", format!("{table} lacks {}", plural(last - rows, "row")), SEND_AGAIN);
    }
    Ok(last)
}

/// Each row came with a record that the ledger counts under its kind, whatever became of it. A record that came twice is counted
/// twice, so only more rows than records are wrong.
fn check_kinds(account: &Account, report: &mut Report) {
    for ((kind, tables), counted) in KINDS.iter().zip(account.counted) {
        let rows: i64 = tables.iter().filter_map(|table| account.rows.get(table)).sum();
        if rows > counted {
            let (rows, name) = (plural(rows - counted, "row"), &account.name);
            let names: Vec<&str> = tables.iter().map(|table| table.text()).collect();
            let message = format!("{rows} of {name} in {} are more than the ledger's {kind}", names.join(" and "));
            report.add_damage("ledger", message, ADDED);
        }
    }
}

/// Finds missing rejects. An equal element moves to a person's later upload that rejects it, so only of the last such upload the
/// number is certain, unless its person has forgotten something since.
fn check_rejects(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let sql = "SELECT coalesce(sum(min(u.rejected, ?1) - (SELECT count(*) FROM rejects r WHERE r.upload_id = u.id)), 0)
        FROM uploads u WHERE u.id IN (SELECT max(id) FROM uploads WHERE rejected > 0 GROUP BY person_id)
          AND NOT EXISTS (SELECT 1 FROM uploads f WHERE f.person_id = u.person_id AND f.origin = 'forget' AND f.id > u.id)
          AND (SELECT count(*) FROM rejects r WHERE r.upload_id = u.id) < min(u.rejected, ?1)";
    let missing: i64 = connection.query_row(sql, [signed(REJECTS_PER_UPLOAD_MAX + 1)], |row| row.get(0))?;
    if missing > 0 {
        report.add_damage("ledger", format!("rejects lacks {}", plural(missing, "row")), SEND_AGAIN);
    }
    Ok(())
}

/// Counts the rows of each person.
fn count_rows(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, Account>> {
    let mut accounts: BTreeMap<i64, Account> = BTreeMap::new();
    let mut select = connection.prepare(
        "SELECT p.id, p.name, sum(new - removed), sum(measurements), sum(workouts), sum(medications), sum(route_points)
         FROM persons p LEFT JOIN uploads u ON u.person_id = p.id GROUP BY p.id",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let sum = |column| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
        let (name, expected, counted) = (row.get(1)?, sum(2)?, [sum(3)?, sum(4)?, sum(5)?, sum(6)?]);
        accounts.insert(row.get(0)?, Account { name, expected, counted, rows: BTreeMap::new() });
    }
    for kind in rare_kinds() {
        let condition = match kind.ledger {
            Ledger::All => "TRUE",
            Ledger::Where(condition) => condition,
            Ledger::Nothing => continue,
        };
        let sql = format!("SELECT person_id, count(*) FROM {} WHERE {condition} GROUP BY person_id", kind.table());
        let mut count = connection.prepare(&sql)?;
        let mut rows = count.query([])?;
        while let Some(row) = rows.next()? {
            accounts.entry(row.get(0)?).or_default().rows.insert(kind.table(), row.get(1)?);
        }
    }
    count_samples(connection, &mut accounts)?;
    Ok(accounts)
}

/// Counts the samples in one pass.
fn count_samples(connection: &Connection, accounts: &mut BTreeMap<i64, Account>) -> rusqlite::Result<()> {
    let mut count = connection.prepare("SELECT person_id, count(*) FROM samples GROUP BY person_id")?;
    let mut rows = count.query([])?;
    while let Some(row) = rows.next()? {
        *accounts.entry(row.get(0)?).or_default().rows.entry(TableName::Samples).or_default() +=
            row.get::<_, i64>(1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_counted_in_some_way() {
        for kind in rare_kinds().filter(|kind| kind.ledger != Ledger::All) {
            assert!(kind.table() == TableName::Rejects || SIDE_TABLES.contains(&kind.table()), "{}", kind.table());
        }
    }
}
