//! The rings of a day: of two, that of the later hour stays.

use rusqlite::{OptionalExtension, params};

use super::batch::BatchWriter;
use super::rows::ACTIVITY_SUMMARIES;
use super::upsert::sql_values;
use crate::model::counts::Outcome;
use crate::model::record::ActivitySummary;
use crate::model::units::{Dimension, factor};

const STORED_RINGS: &str =
    "SELECT active_energy, active_energy_goal, move_min, exercise_min, stand_hours, move_goal_min,
    exercise_goal_min, stand_goal_hours, energy_unit FROM activity_summaries WHERE person_id = ?1 AND day = ?2";

impl BatchWriter<'_> {
    /// Writes the rings of days. Of two of one day, that of the later hour stays: it has more energy, or more of the rest.
    pub(super) fn write_activity_summaries(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.activity_summaries;
        self.counts.other += rows.len() as u64;
        for row in rows {
            if self.is_of_earlier_hour(row)? {
                self.counts.note(Outcome::Unchanged);
                continue;
            }
            self.upsert_all(&ACTIVITY_SUMMARIES, std::slice::from_ref(row), |writer, row| {
                Ok(sql_values![
                    writer.upload.person,
                    writer.batch.texts.get(row.day),
                    row.active_energy,
                    row.active_energy_goal,
                    row.move_min,
                    row.move_goal_min,
                    row.exercise_min,
                    row.exercise_goal_min,
                    row.stand_hours,
                    row.stand_goal_hours,
                    writer.text(row.energy_unit),
                    writer.text(row.other)
                ])
            })?;
        }
        Ok(())
    }

    /// Whether the stored rings of the day show more than these. What is absent is less than anything else.
    fn is_of_earlier_hour(&self, row: &ActivitySummary) -> rusqlite::Result<bool> {
        let mut stored = self.connection.prepare_cached(STORED_RINGS)?;
        let key = params![self.upload.person, self.batch.texts.get(row.day)];
        let stored = stored.query_row(key, |stored| {
            let mut figures = [None; 8];
            for (column, figure) in figures.iter_mut().enumerate() {
                *figure = stored.get(column)?;
            }
            let unit = stored.get_ref(figures.len())?.as_str_or_null()?;
            Ok(with_kilocalories(figures, unit))
        });
        let figures = [
            row.active_energy,
            row.active_energy_goal,
            row.move_min,
            row.exercise_min,
            row.stand_hours,
            row.move_goal_min,
            row.exercise_goal_min,
            row.stand_goal_hours,
        ];
        let figures = with_kilocalories(figures, self.text(row.energy_unit));
        Ok(stored.optional()?.is_some_and(|stored| stored > figures))
    }
}

/// The figures of a day in the order in which they count, the first two of them converted to kilocalories.
fn with_kilocalories(mut figures: [Option<f64>; 8], unit: Option<&str>) -> [Option<f64>; 8] {
    let factor = unit.and_then(|unit| factor(unit, Dimension::Energy)).unwrap_or(1.0);
    for energy in &mut figures[..2] {
        *energy = energy.map(|energy| energy * factor);
    }
    figures
}
