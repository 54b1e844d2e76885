//! Rows that refer to missing rows.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::report::{COMPUTE_AGAIN, REPORT, RESTORE, Report, SEND_AGAIN, plural};
use crate::store::tables::{WITH_LONG_TEXTS, is_of_figures};

/// A reference that the schema does not declare, since its columns are only a part of the row's own key.
struct Reference {
    child: &'static str,
    parent: &'static str,
    /// The columns of the child, and those of the parent.
    columns: &'static [(&'static str, &'static str)],
}

/// Rows that are kept beside a row of another exporter, and that row.
const UNDECLARED: [Reference; 2] = [
    Reference {
        child: "merged_samples",
        parent: "samples",
        columns: &[("person_id", "person_id"), ("type_id", "type_id"), ("start_ms", "start_ms"), ("uuid", "uuid")],
    },
    Reference {
        child: "workout_aliases",
        parent: "workouts",
        columns: &[("person_id", "person_id"), ("uuid", "uuid")],
    },
];

/// Workouts that are stored, and also kept with another exporter's row.
const STORED_TWICE: &str = "SELECT count(*) FROM workout_aliases a
    JOIN workouts w ON w.person_id = a.person_id AND w.uuid = a.derived";

/// Further identities of workouts that are neither stored nor kept with another exporter's row.
const LOST_IDENTITIES: &str = "SELECT count(*) FROM workout_identities i
    WHERE NOT EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = i.person_id AND w.uuid = i.workout)
      AND NOT EXISTS (SELECT 1 FROM workout_aliases a WHERE a.person_id = i.person_id AND a.derived = i.workout)";

/// Routes of imported workouts that are neither stored nor kept with another: an import brings both. The app may send a route
/// without its workout. The search skips from workout to workout.
const LONELY_ROUTES: &str = "WITH RECURSIVE routes (person_id, workout) AS (
      SELECT * FROM (SELECT person_id, workout FROM route_points ORDER BY 1, 2 LIMIT 1)
      UNION ALL
      SELECT (SELECT r.person_id FROM route_points r WHERE (r.person_id, r.workout) > (routes.person_id, routes.workout)
          ORDER BY r.person_id, r.workout LIMIT 1),
        (SELECT r.workout FROM route_points r WHERE (r.person_id, r.workout) > (routes.person_id, routes.workout)
          ORDER BY r.person_id, r.workout LIMIT 1)
      FROM routes WHERE routes.workout IS NOT NULL)
    SELECT count(*) FROM routes r WHERE workout >= x'6873' AND workout < x'6874'
      AND NOT EXISTS (SELECT 1 FROM workouts w WHERE w.person_id = r.person_id AND w.uuid = r.workout)
      AND NOT EXISTS (SELECT 1 FROM workout_aliases a WHERE a.person_id = r.person_id AND a.derived = r.workout)";

/// Finds rows that refer to missing rows: by the keys that the schema declares, and by those that it cannot declare.
pub(super) fn check(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    check_declared(connection, report)?;
    check_long_texts(connection, report)?;
    for Reference { child, parent, columns } in UNDECLARED {
        let is_same: Vec<String> = columns.iter().map(|(child, parent)| format!("p.{parent} = c.{child}")).collect();
        let sql = format!(
            "SELECT count(*) FROM {child} c WHERE NOT EXISTS (SELECT 1 FROM {parent} p WHERE {})",
            is_same.join(" AND ")
        );
        let faults = count(connection, &sql)?;
        if faults > 0 {
            let message = format!("{} of {child} belong to missing rows of {parent}", plural(faults, "row"));
            report.add_damage("references", message, SEND_AGAIN);
        }
    }
    let twice = count(connection, STORED_TWICE)?;
    if twice > 0 {
        let message = format!("{} of workout_aliases are also in workouts", plural(twice, "row"));
        report.add_damage("references", message, REPORT);
    }
    // Version 1 has no such table.
    if connection.table_exists(None, "workout_identities")? {
        let lost = count(connection, LOST_IDENTITIES)?;
        if lost > 0 {
            let message = format!("{} of workout_identities lead to missing workouts", plural(lost, "row"));
            report.add_damage("references", message, SEND_AGAIN);
        }
    }
    let lonely = count(connection, LONELY_ROUTES)?;
    if lonely > 0 {
        let message = format!("the routes of {} of an import are stored without it", plural(lonely, "workout"));
        let remedy =
            "normal if the export does not name the route's file, or if the workout was rejected; else import it again";
        report.add_note("references", message, remedy);
    }
    Ok(())
}

/// Checks that each long text belongs to one row: as many rows refer to texts as there are texts.
fn check_long_texts(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    // Version 1 has no such table.
    if !connection.table_exists(None, "long_texts")? {
        return Ok(());
    }
    let mut referring = 0;
    for table in WITH_LONG_TEXTS {
        let texts = count(connection, &format!("SELECT count(*) FROM {table} WHERE CAST(other AS INTEGER) > 0"))?;
        let present = format!("SELECT count(*) FROM {table} r JOIN long_texts l ON l.id = CAST(r.other AS INTEGER)");
        let present = count(connection, &present)?;
        if texts > present {
            let message = format!("{} of {table} refer to missing rows of long_texts", plural(texts - present, "row"));
            report.add_damage("references", message, RESTORE);
        }
        referring += present;
    }
    let unused = count(connection, "SELECT count(*) FROM long_texts")? - referring;
    if unused > 0 {
        let message = format!("{} of long_texts belong to no row", plural(unused, "row"));
        report.add_note("references", message, REPORT);
    } else if unused < 0 {
        let message = format!("{} of long_texts belong to more than one row", plural(-unused, "row"));
        report.add_damage("references", message, REPORT);
    }
    Ok(())
}

fn check_declared(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut faults: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut check = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        *faults.entry((row.get(0)?, row.get(2)?)).or_default() += 1;
    }
    for ((table, parent), faults) in faults {
        let message = format!("{} of {table} refer to missing rows of {parent}", plural(faults, "row"));
        if [&table, &parent].iter().all(|name| is_of_figures(name)) {
            report.add_note("references", message, COMPUTE_AGAIN);
        } else {
            report.add_damage("references", message, RESTORE);
        }
    }
    Ok(())
}

fn count(connection: &Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.query_row(sql, [], |row| row.get(0))
}
