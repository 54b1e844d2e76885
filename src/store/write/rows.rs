//! The kinds of rows. Those that are never merged have their table here, and a function that writes it.

use rusqlite::params;

use super::batch::{BatchWriter, Kind, Ledger, Source};
use super::changes::ChangeKey;
use super::lent;
use super::sql_value::sql_values;
use super::table::Column::{Key, KeyOrNull, Value};
use super::table::Table;
use crate::model::record::{Dose, Rows, Span};
use crate::store::tables::RowKind;

/// All kinds of rows, in the order in which a batch's rows are written.
pub(in crate::store) static KINDS: [Kind; Rows::KINDS] = [
    any(RowKind::Samples, Rows::NO_SPAN, Ledger::All, |writer| writer.write_samples()),
    imported(RowKind::Samples, Rows::NO_SPAN, Ledger::All, |writer| writer.write_derived_samples()),
    any(RowKind::Workouts, Rows::SPAN_OF_WORKOUTS, Ledger::All, |writer| writer.write_workouts()),
    any(RowKind::RoutePoints, Rows::SPAN_OF_ROUTE_POINTS, Ledger::All, |writer| writer.write_route_points()),
    any(RowKind::MedicationDoses, Rows::SPAN_OF_DOSES, Ledger::All, |writer| writer.write_doses()),
    any(RowKind::Medications, Rows::NO_SPAN, Ledger::All, |writer| writer.write_medications()),
    any(RowKind::Characteristics, Rows::NO_SPAN, Ledger::Nothing, |writer| writer.write_characteristics()),
    any(RowKind::OtherRecords, Rows::NO_SPAN, Ledger::Where("in_data"), |writer| writer.write_others()),
    any(RowKind::Rejects, Rows::NO_SPAN, Ledger::Nothing, |writer| writer.write_rejects()),
    imported(RowKind::BeatLists, Rows::NO_SPAN, Ledger::Nothing, |writer| writer.write_beat_lists()),
    imported(RowKind::Correlations, Rows::SPAN_OF_CORRELATIONS, Ledger::All, |writer| writer.write_correlations()),
    imported(RowKind::ActivitySummaries, Rows::NO_SPAN, Ledger::All, |writer| writer.write_activity_summaries()),
    imported(RowKind::Electrocardiograms, Rows::SPAN_OF_ELECTROCARDIOGRAMS, Ledger::All, |writer| {
        writer.write_electrocardiograms()
    }),
    imported(RowKind::Aggregates, Rows::SPAN_OF_AGGREGATES, Ledger::All, |writer| writer.write_aggregates()),
];

/// The kinds other than samples, whose table has by far the most rows: it is counted by type and in one pass.
pub(in crate::store) fn rare_kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| kind.rows != RowKind::Samples)
}

type Write = fn(&mut BatchWriter<'_>) -> rusqlite::Result<()>;

const fn any(rows: RowKind, span: Span, ledger: Ledger, write: Write) -> Kind {
    Kind { rows, span, source: Source::Any, ledger, write }
}

const fn imported(rows: RowKind, span: Span, ledger: Ledger, write: Write) -> Kind {
    Kind { rows, span, source: Source::Imports, ledger, write }
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

/// The time of a dose, with that for which it is scheduled.
const FORMER_DOSE: &str =
    "SELECT min(start_ms, coalesce(scheduled_ms, start_ms)), max(start_ms, coalesce(scheduled_ms, start_ms))
    FROM medication_doses WHERE person_id = ?1 AND uuid = ?2";

impl BatchWriter<'_> {
    pub(super) fn write_doses(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.doses;
        self.counts.medications += rows.len() as u64;
        let values = |writer: &mut Self, row: &Dose| {
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
        };
        self.upsert_all_after(&DOSES, rows, values, Self::note_former_dose)
    }

    /// Notes the time of a dose that is about to change: figures of that time are made again.
    fn note_former_dose(&mut self, row: &Dose) -> rusqlite::Result<()> {
        let person = self.upload.person;
        let mut select = self.connection.prepare_cached(FORMER_DOSE)?;
        let span = select.query_row(params![person, &row.uuid[..]], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.ids.changes.note_span(ChangeKey::of_rows(person, RowKind::MedicationDoses), Some(span), true);
        Ok(())
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
            let values = sql_values![self.upload.person, texts.get(row.key), texts.get(row.value), self.now_ms];
            lent::execute(self.connection, CHARACTERISTICS, values)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_rows_is_written() {
        for rows in RowKind::ALL {
            assert!(KINDS.iter().any(|kind| kind.rows == *rows), "{rows:?}");
        }
    }
}
