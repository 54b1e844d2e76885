//! Whether each row has values that this program writes, and agrees with other rows about them. One pass for each table.

use rusqlite::Connection;

use super::report::{RESTORE, Report, SEND_AGAIN, plural};
use crate::model::limits::REJECTS_PER_UPLOAD_MAX;
use crate::store::write::{has_beats_digest, has_other_digest, has_reject_digest};

/// The first version whose tables have all columns that are named here.
const FIRST_VERSION: u32 = 2;

/// Columns of canonical JSON. An empty `other` belongs to a long text.
const JSON: [(&str, &[&str]); 15] = [
    ("sources", &["json"]),
    ("shared_metadata", &["json"]),
    ("long_texts", &["metadata", "other"]),
    ("samples", &["metadata", "other"]),
    ("merged_samples", &["metadata", "other"]),
    ("workouts", &["statistics", "events", "activities", "metadata", "other"]),
    ("workout_aliases", &["statistics", "events", "activities", "metadata", "other"]),
    ("route_points", &["other"]),
    ("beat_lists", &["beats"]),
    ("correlations", &["metadata", "members", "other"]),
    ("activity_summaries", &["other"]),
    ("electrocardiograms", &["voltages", "header"]),
    ("aggregates", &["other"]),
    ("medication_doses", &["metadata", "other"]),
    ("medications", &["other"]),
];

/// Columns of a fixed length in bytes.
const LENGTHS: [(&str, &[&str], u32); 12] = [
    ("samples", &["uuid"], 16),
    ("workouts", &["uuid"], 16),
    ("workout_aliases", &["derived"], 16),
    ("workout_identities", &["identity"], 16),
    ("route_points", &["workout"], 16),
    ("route_files", &["file"], 6),
    ("route_files", &["workout"], 16),
    ("beat_lists", &["hash"], 16),
    ("correlations", &["uuid"], 16),
    ("electrocardiograms", &["uuid"], 16),
    ("medication_doses", &["uuid"], 16),
    ("tokens", &["digest"], 32),
];

/// Columns of 0 and 1.
const FLAGS: [(&str, &[&str]); 2] =
    [("medications", &["is_archived", "has_schedule"]), ("other_records", &["in_data"])];

/// What else holds for each row: the table, what is true of a faulty row, and how that is said.
const RULES: [(&str, &str, &str); 13] = [
    ("samples", "metadata_id IS NOT NULL AND metadata IS NOT NULL", "have two texts of metadata"),
    ("route_points", "min(ordinal, place, route) < 0", "have a place below zero"),
    (
        "aggregates",
        "interval NOT IN ('', 'minute', 'hour', 'day', 'week', 'month', 'year', 'unknown')",
        "have an unknown interval",
    ),
    ("uploads", "state NOT IN ('running', 'done', 'aborted', 'interrupted')", "have an unknown state"),
    ("uploads", "origin NOT IN ('http', 'import', 'merge', 'forget')", "have an unknown origin"),
    ("uploads", "state IN ('done', 'aborted') AND finished_ms IS NULL", "are finished without a time"),
    (
        "uploads",
        "state IN ('running', 'interrupted') AND finished_ms IS NOT NULL",
        "have a time of an end that they lack",
    ),
    ("uploads", "state = 'done' AND error IS NOT NULL", "are done with an error"),
    ("uploads", "state = 'aborted' AND error IS NULL", "are aborted without a reason"),
    (
        "uploads",
        "token_id IS NOT NULL AND (origin <> 'http'
           OR person_id <> (SELECT t.person_id FROM tokens t WHERE t.id = uploads.token_id))",
        "have a token of another person",
    ),
    ("rejects", "person_id <> (SELECT u.person_id FROM uploads u WHERE u.id = upload_id)", "are of another person"),
    ("rejects", "raw_bytes < octet_length(raw)", "are longer than they were"),
    ("rejects", "ordinal < 0", "have a number below zero"),
];

/// Finds rows with values that this program does not write.
pub(super) fn check(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < FIRST_VERSION {
        return Ok(());
    }
    let mut conditions: Vec<(&str, String, String)> = Vec::new();
    for (table, columns) in JSON {
        let faults = columns.iter().map(|column| {
            (table, format!("{column} <> '' AND NOT json_valid({column})"), format!("have `{column}` that is not JSON"))
        });
        conditions.extend(faults);
    }
    for (table, columns, bytes) in LENGTHS {
        let faults = columns.iter().map(|column| {
            (table, format!("length({column}) <> {bytes}"), format!("have `{column}` that is not of {bytes} bytes"))
        });
        conditions.extend(faults);
    }
    for (table, columns) in FLAGS {
        let faults = columns
            .iter()
            .map(|column| (table, format!("{column} NOT IN (0, 1)"), format!("have `{column}` that is not 0 or 1")));
        conditions.extend(faults);
    }
    conditions.extend(RULES.map(|(table, faulty, fault)| (table, faulty.to_owned(), fault.to_owned())));
    conditions.push((
        "rejects",
        format!("ordinal > {REJECTS_PER_UPLOAD_MAX}"),
        "have a number beyond those that are kept".to_owned(),
    ));
    conditions.sort_by_key(|(table, ..)| *table);
    for rules in conditions.chunk_by(|(one, ..), (other, ..)| one == other) {
        check_table(connection, rules, report)?;
    }
    check_digests(connection, report)
}

/// Counts the rows that break each of a table's rules, in one pass.
fn check_table(connection: &Connection, rules: &[(&str, String, String)], report: &mut Report) -> rusqlite::Result<()> {
    let Some((table, ..)) = rules.first() else {
        return Ok(());
    };
    let counts: Vec<String> = rules.iter().map(|(_, faulty, _)| format!("count(*) FILTER (WHERE {faulty})")).collect();
    let sql = format!("SELECT {} FROM {table}", counts.join(", "));
    let counts = connection.query_row(&sql, [], |row| {
        (0..rules.len()).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<i64>>>()
    })?;
    for ((_, _, fault), faults) in rules.iter().zip(counts).filter(|(_, faults)| *faults > 0) {
        report.add_damage("values", format!("{} of {table} {fault}", plural(faults, "row")), RESTORE);
    }
    Ok(())
}

/// A table whose rows have a digest of their texts, what is read of it, and whether it fits.
type Digests = (&'static str, &'static str, fn(&rusqlite::Row<'_>) -> rusqlite::Result<bool>);

const DIGESTS: [Digests; 3] = [
    ("other_records", "SELECT * FROM other_records", has_other_digest),
    ("rejects", "SELECT hash, section, reason, raw, raw_bytes FROM rejects", has_reject_digest),
    ("beat_lists", "SELECT hash, end_ms, beats FROM beat_lists", has_beats_digest),
];

/// Finds texts that changed since their digest was made.
fn check_digests(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    for (table, sql, has_digest) in DIGESTS {
        let mut select = connection.prepare(sql)?;
        let mut rows = select.query([])?;
        let mut changed = 0;
        while let Some(row) = rows.next()? {
            changed += i64::from(!has_digest(row)?);
        }
        if changed > 0 {
            let message = format!("{} of {table} changed after they were stored", plural(changed, "row"));
            report.add_damage("values", message, SEND_AGAIN);
        }
    }
    Ok(())
}
