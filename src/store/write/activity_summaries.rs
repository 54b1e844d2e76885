//! The rings of a day: of two, that of the later hour stays.

use rusqlite::{OptionalExtension, params};

use super::batch::BatchWriter;
use super::rows::ACTIVITY_SUMMARIES;
use super::sql_value::sql_values;
use super::upsert::Upsert;
use crate::model::counts::Outcome;
use crate::model::measurement::is_same;
use crate::model::record::ActivitySummary;
use crate::model::units::{Dimension, factor};

const STORED_RINGS: &str =
    "SELECT active_energy, active_energy_goal, move_min, exercise_min, stand_hours, move_goal_min,
    exercise_goal_min, stand_goal_hours, energy_unit FROM activity_summaries WHERE person_id = ?1 AND day = ?2";

/// The rings of a day that are stored: eight figures as they are, and the unit of the first two.
struct Stored {
    figures: [Option<f64>; 8],
    unit: Option<String>,
}

impl BatchWriter<'_> {
    /// Writes the rings of days. Of two of one day, that of the later hour stays: it has more energy, or more of the rest.
    pub(super) fn write_activity_summaries(&mut self) -> rusqlite::Result<()> {
        let rows = &self.batch.rows.activity_summaries;
        self.counts.other += rows.len() as u64;
        for row in rows {
            let stored = self.stored_rings(row)?;
            if stored.as_ref().is_some_and(|stored| self.is_of_earlier_hour(row, stored)) {
                self.counts.note(Outcome::Unchanged);
                continue;
            }
            self.write_rings(row, stored.as_ref().filter(|stored| self.has_same_energy_in_another_unit(row, stored)))?;
        }
        Ok(())
    }

    /// Writes a row, with the energy of the stored one if that is the same.
    fn write_rings(&mut self, row: &ActivitySummary, same: Option<&Stored>) -> rusqlite::Result<()> {
        let sent = [row.active_energy, row.active_energy_goal];
        let energy = same.map_or(sent, |stored| [stored.figures[0], stored.figures[1]]);
        let values = sql_values![
            self.upload.person,
            self.batch.texts.get(row.day),
            energy[0],
            energy[1],
            row.move_min,
            row.move_goal_min,
            row.exercise_min,
            row.exercise_goal_min,
            row.stand_hours,
            row.stand_goal_hours,
            same.map_or(self.text(row.energy_unit), |stored| stored.unit.as_deref()),
            self.text(row.other)
        ];
        let mut upsert = Upsert::new(self.connection, &ACTIVITY_SUMMARIES, self.ids.expects_known)?;
        self.counts.note(upsert.write(&values)?);
        self.ids.expects_known = upsert.expects_known();
        Ok(())
    }

    fn stored_rings(&self, row: &ActivitySummary) -> rusqlite::Result<Option<Stored>> {
        let mut select = self.connection.prepare_cached(STORED_RINGS)?;
        let key = params![self.upload.person, self.batch.texts.get(row.day)];
        let stored = select.query_row(key, |stored| {
            let mut figures = [None; 8];
            for (column, figure) in figures.iter_mut().enumerate() {
                *figure = stored.get(column)?;
            }
            Ok(Stored { figures, unit: stored.get(figures.len())? })
        });
        stored.optional()
    }

    /// Whether the stored rings of the day show more than these. What is absent is less than anything else.
    fn is_of_earlier_hour(&self, row: &ActivitySummary, stored: &Stored) -> bool {
        if self.has_same_energy_in_another_unit(row, stored) {
            return stored.figures[2..] > figures(row)[2..];
        }
        let unit = self.text(row.energy_unit);
        with_kilocalories(stored.figures, stored.unit.as_deref()) > with_kilocalories(figures(row), unit)
    }

    /// Whether the energies are the stored ones in another unit, or in the same unit under another name.
    fn has_same_energy_in_another_unit(&self, row: &ActivitySummary, stored: &Stored) -> bool {
        let unit = self.text(row.energy_unit);
        let (Some(own), Some(known)) = (unit, stored.unit.as_deref()) else {
            return false;
        };
        let is_energy = |unit: &str| factor(unit, Dimension::Energy).is_some();
        let is_same = |(one, other): (&Option<f64>, &Option<f64>)| is_same((*one, Some(known)), (*other, Some(own)));
        own != known
            && is_energy(own)
            && is_energy(known)
            && stored.figures[..2].iter().zip(&figures(row)[..2]).all(is_same)
    }
}

/// The figures of a day in the order in which they count.
fn figures(row: &ActivitySummary) -> [Option<f64>; 8] {
    [
        row.active_energy,
        row.active_energy_goal,
        row.move_min,
        row.exercise_min,
        row.stand_hours,
        row.move_goal_min,
        row.exercise_goal_min,
        row.stand_goal_hours,
    ]
}

/// The same, with the first two converted to kilocalories.
fn with_kilocalories(mut figures: [Option<f64>; 8], unit: Option<&str>) -> [Option<f64>; 8] {
    let factor = unit.and_then(|unit| factor(unit, Dimension::Energy)).unwrap_or(1.0);
    for energy in &mut figures[..2] {
        *energy = energy.map(|energy| energy * factor);
    }
    figures
}
