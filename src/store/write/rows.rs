//! The kinds of rows. Those that are never merged have their table here, and a function that writes it.

use rusqlite::params;

use super::batch::{BatchWriter, Kind, Ledger, Source};
use super::table::Column::{Key, KeyOrNull, Value};
use super::table::Table;
use super::upsert::sql_values;
use crate::model::record::Rows;

/// The table with by far the most rows. It is counted by type and in one pass.
pub(in crate::store) const SAMPLES: &str = "samples";

/// All kinds of rows, in the order in which a batch's rows are written.
pub(in crate::store) static KINDS: [Kind; Rows::KINDS] = [
    any(SAMPLES, Ledger::All, |writer| writer.write_samples()),
    imported(SAMPLES, Ledger::All, |writer| writer.write_derived_samples()),
    any("workouts", Ledger::All, |writer| writer.write_workouts()),
    any("route_points", Ledger::All, |writer| writer.write_route_points()),
    any("medication_doses", Ledger::All, |writer| writer.write_doses()),
    any("medications", Ledger::All, |writer| writer.write_medications()),
    any("characteristics", Ledger::Nothing, |writer| writer.write_characteristics()),
    any("other_records", Ledger::Where("in_data"), |writer| writer.write_others()),
    any("rejects", Ledger::Nothing, |writer| writer.write_rejects()),
    imported("beat_lists", Ledger::Nothing, |writer| writer.write_beat_lists()),
    imported("correlations", Ledger::All, |writer| writer.write_correlations()),
    imported("activity_summaries", Ledger::All, |writer| writer.write_activity_summaries()),
    imported("electrocardiograms", Ledger::All, |writer| writer.write_electrocardiograms()),
    imported("aggregates", Ledger::All, |writer| writer.write_aggregates()),
];

/// The kinds other than samples.
pub(in crate::store) fn rare_kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.table != SAMPLES)
}

type Write = fn(&mut BatchWriter<'_>) -> rusqlite::Result<()>;

const fn any(table: &'static str, ledger: Ledger, write: Write) -> Kind {
    Kind { table, source: Source::Any, ledger, write }
}

const fn imported(table: &'static str, ledger: Ledger, write: Write) -> Kind {
    Kind { table, source: Source::Imports, ledger, write }
}

pub(super) static DOSES: Table = Table::new(
    "medication_doses",
    &[
        Key("person_id"),
        Key("uuid"),
        Value("medication"),
        Value("nickname"),
        Value("schedule_type"),
        Value("log_status"),
        Value("quantity"),
        Value("unit"),
        Value("start_ms"),
        Value("end_ms"),
        Value("scheduled_ms"),
        Value("metadata"),
        Value("source_id"),
        Value("other"),
    ],
);

pub(super) static MEDICATIONS: Table = Table::new(
    "medications",
    &[
        Key("person_id"),
        Key("display_text"),
        Key("general_form"),
        KeyOrNull("nickname", "x''"),
        KeyOrNull("is_archived", "-1"),
        Value("has_schedule"),
        Value("other"),
    ],
);

pub(super) static ACTIVITY_SUMMARIES: Table = Table::new(
    "activity_summaries",
    &[
        Key("person_id"),
        Key("day"),
        Value("active_energy"),
        Value("active_energy_goal"),
        Value("move_min"),
        Value("move_goal_min"),
        Value("exercise_min"),
        Value("exercise_goal_min"),
        Value("stand_hours"),
        Value("stand_goal_hours"),
        Value("energy_unit"),
        Value("other"),
    ],
);

pub(super) static ELECTROCARDIOGRAMS: Table = Table::new(
    "electrocardiograms",
    &[
        Key("person_id"),
        Key("start_ms"),
        Key("uuid"),
        Value("classification"),
        Value("rate_hz"),
        Value("unit"),
        Value("voltages"),
        Value("header"),
    ],
);

const CHARACTERISTICS: &str = "INSERT INTO characteristics (person_id, key, value, first_seen_ms, last_seen_ms)
    VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO UPDATE SET
      first_seen_ms = iif(value = excluded.value, first_seen_ms, excluded.first_seen_ms),
      last_seen_ms = excluded.last_seen_ms, value = excluded.value";

impl BatchWriter<'_> {
    pub(super) fn write_doses(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.doses;
        self.counts.medications += rows.len() as u64;
        self.upsert_all(&DOSES, rows, |writer, row| {
            Ok(sql_values![
                writer.upload.person,
                row.uuid,
                writer.text(row.medication),
                writer.text(row.nickname),
                row.schedule_type,
                row.log_status,
                row.quantity,
                writer.text(row.unit),
                row.start_ms,
                row.end_ms,
                row.scheduled_ms,
                writer.text(row.metadata),
                writer.source_id(row.source)?,
                writer.text(row.other)
            ])
        })
    }

    pub(super) fn write_medications(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.medications;
        self.counts.medications += rows.len() as u64;
        self.upsert_all(&MEDICATIONS, rows, |writer, row| {
            Ok(sql_values![
                writer.upload.person,
                writer.batch.texts.get(row.display_text),
                writer.batch.texts.get(row.general_form),
                writer.text(row.nickname),
                row.is_archived,
                row.has_schedule,
                writer.text(row.other)
            ])
        })
    }

    pub(super) fn write_electrocardiograms(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.electrocardiograms;
        self.counts.other += rows.len() as u64;
        self.upsert_all(&ELECTROCARDIOGRAMS, rows, |writer, row| {
            Ok(sql_values![
                writer.upload.person,
                row.start_ms,
                row.uuid,
                writer.text(row.classification),
                row.rate_hz,
                writer.text(row.unit),
                writer.batch.texts.get(row.voltages),
                writer.batch.texts.get(row.header)
            ])
        })
    }

    pub(super) fn write_characteristics(&mut self) -> rusqlite::Result<()> {
        let (characteristics, texts) = (&self.batch.rows.characteristics, &self.batch.texts);
        for row in characteristics {
            let mut upsert = self.connection.prepare_cached(CHARACTERISTICS)?;
            upsert.execute(params![self.upload.person, texts.get(row.key), texts.get(row.value), self.now_ms])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::{Database, Store};

    /// Tables without rows of uploads: dictionaries, long texts, what is remembered for merging, the ledger itself, sessions, changes, what
    /// is derived, and what owners enter by hand.
    const OTHERS: [&str; 36] = [
        "persons",
        "tokens",
        "sessions",
        "sign_in_codes",
        "types",
        "units",
        "sources",
        "shared_metadata",
        "long_texts",
        "merged_samples",
        "sample_origins",
        "import_numbers",
        "workout_aliases",
        "workout_identities",
        "workout_routes",
        "route_files",
        "uploads",
        "category_values",
        "workout_activity_types",
        "changes",
        "derived_state",
        "zones",
        "zone_changes",
        "zone_entries",
        "home_zones",
        "source_groups",
        "source_orders",
        "sample_lengths",
        "shadowed_samples",
        "missing_samples",
        "days",
        "hours",
        "nights",
        "night_segments",
        "workout_days",
        "dose_days",
    ];

    #[test]
    fn every_table_of_the_schema_is_in_one_list() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let store = Store::open(&Database::new(file.path())).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut select = store.connection.prepare(sql).unwrap();
        let found: BTreeSet<String> =
            select.query_map([], |row| row.get(0)).unwrap().map(|name| name.unwrap()).collect();
        let listed = KINDS.iter().map(|kind| kind.table).chain(OTHERS);
        assert_eq!(found, listed.map(str::to_owned).collect());
    }
}
