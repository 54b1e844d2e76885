//! `ActivitySummary` and `Me`.

use super::element::{Element, plain};
use super::kept::{grouped, has_unknown, keep_beside, write_unknown};
use super::number::number;
use super::record::intern_some;
use crate::formats::flaw::Flaw;
use crate::formats::json::JsonObject;
use crate::formats::output::Output;
use crate::model::locale::{NumberStyle, day_of_phone};
use crate::model::record::{ActivitySummary, Characteristic};

/// Attributes that have a column.
pub(super) const KNOWN: [&str; 10] = [
    "dateComponents",
    "activeEnergyBurned",
    "activeEnergyBurnedGoal",
    "activeEnergyBurnedUnit",
    "appleMoveTime",
    "appleMoveTimeGoal",
    "appleExerciseTime",
    "appleExerciseTimeGoal",
    "appleStandHours",
    "appleStandHoursGoal",
];

/// Reads the rings of a day. An attribute that is not a number is kept as it is.
pub(super) fn read(element: Element<'_>, style: NumberStyle, output: &mut Output<'_>) -> Result<(), Flaw> {
    if let Some(name) = element.repeated(&KNOWN) {
        return Err(Flaw::Repeated(name));
    }
    let number = |name: &str| element.get(name).and_then(|text| number(text, style));
    let day = element.get("dateComponents").ok_or(Flaw::Missing("dateComponents"))?;
    let day = day_of_phone(&plain(day)).ok_or_else(|| Flaw::not_a_day("dateComponents", &plain(day)))?;
    let is_text = |name: &str| name == "dateComponents" || name == "activeEnergyBurnedUnit";
    let is_read = |name: &&str| is_text(name) || element.get(name).is_none() || number(name).is_some();
    let columns: Vec<&str> = KNOWN.into_iter().filter(is_read).collect();
    let mut other = String::new();
    if has_unknown(element, &columns, |_| true) {
        let mut object = JsonObject::begin(&mut other);
        write_unknown(element, &columns, |_| true, &mut object);
        object.end();
    }
    let texts = &mut output.batch.texts;
    let row = ActivitySummary {
        day: texts.intern(&day),
        active_energy: number("activeEnergyBurned"),
        active_energy_goal: number("activeEnergyBurnedGoal"),
        move_min: number("appleMoveTime"),
        move_goal_min: number("appleMoveTimeGoal"),
        exercise_min: number("appleExerciseTime"),
        exercise_goal_min: number("appleExerciseTimeGoal"),
        stand_hours: number("appleStandHours"),
        stand_goal_hours: number("appleStandHoursGoal"),
        energy_unit: element.get("activeEnergyBurnedUnit").map(|unit| texts.intern(&plain(unit))),
        other: intern_some(&other, texts),
    };
    output.batch.rows.activity_summaries.push(row);
    Ok(())
}

/// Reads the person's characteristics, under Apple's names for them. Those of the app have other names and stay.
pub(super) fn read_characteristics(element: Element<'_>, output: &mut Output<'_>) {
    let texts = &mut output.batch.texts;
    for (key, value) in element.attributes() {
        let row = Characteristic { key: texts.intern(key), value: texts.intern(&plain(value)) };
        output.batch.rows.characteristics.push(row);
    }
    // One name has one value in the table.
    if !element.is_plain() || grouped(element.attributes()).iter().any(|(_, values)| values.len() > 1) {
        keep_beside(element, output);
    }
}
