//! `ActivitySummary`, `Me`, and elements that are kept whole: audiograms, vision prescriptions, what is yet to come.

use super::element::{Element, plain};
use super::record::write_unknown;
use crate::formats::output::Output;
use crate::model::record::{ActivitySummary, Characteristic, OtherRecord};
use crate::model::time::parse_day;

const VALUES: [&str; 8] = [
    "activeEnergyBurned",
    "activeEnergyBurnedGoal",
    "appleMoveTime",
    "appleMoveTimeGoal",
    "appleExerciseTime",
    "appleExerciseTimeGoal",
    "appleStandHours",
    "appleStandHoursGoal",
];

/// The rings of a day.
pub(super) fn read(element: Element<'_>, output: &mut Output<'_>) -> Result<(), String> {
    let day = element.get("dateComponents").filter(|day| !day.is_empty()).ok_or("no `dateComponents`")?;
    let mut values = [None; 8];
    for (value, name) in values.iter_mut().zip(VALUES) {
        if let Some(text) = element.get(name) {
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            *value = Some(number.ok_or_else(|| format!("`{name}` is not a number"))?);
        }
    }
    let known = [&VALUES[..], &["dateComponents", "activeEnergyBurnedUnit"]].concat();
    let mut other = String::new();
    if element.has_children() || element.attributes().any(|(key, _)| !known.contains(&key)) {
        write_unknown(element, &known, |_| true, false, &mut other);
    }
    let texts = &mut output.batch.texts;
    let row = ActivitySummary {
        day: texts.intern(&plain(day)),
        values,
        energy_unit: element.get("activeEnergyBurnedUnit").map(|unit| texts.intern(&plain(unit))),
        other: (!other.is_empty()).then(|| texts.intern(&other)),
    };
    output.batch.rows.activity_summaries.push(row);
    output.tally.row("ActivitySummary", parse_day(day));
    Ok(())
}

/// The person's characteristics, under Apple's names for them: the app's own, which may say it in other words, stay.
pub(super) fn characteristics(element: Element<'_>, output: &mut Output<'_>) {
    for (key, value) in element.attributes() {
        let texts = &mut output.batch.texts;
        let row = Characteristic { key: texts.intern(key), value: texts.intern(&plain(value)) };
        output.batch.rows.characteristics.push(row);
    }
}

/// An element that this version has no table for, as JSON.
pub(super) fn other(element: Element<'_>, output: &mut Output<'_>) {
    let mut json = String::new();
    element.write_json(&mut json);
    keep(element.name(), &json, output);
}

/// An element that says something of the export, not of a person: it is kept, and is no record.
pub(super) fn keep_aside(element: Element<'_>, output: &mut Output<'_>) {
    let mut json = String::new();
    element.write_json(&mut json);
    let texts = &mut output.batch.texts;
    let row = OtherRecord { section: texts.intern(element.name()), in_data: false, json: texts.intern(&json) };
    output.batch.rows.others.push(row);
    output.tally.within(element.name(), 1);
}

/// Keeps JSON as a record of a section; it is not copied if it is the batch's first text.
pub(in crate::formats) fn keep_owned(section: &str, json: String, output: &mut Output<'_>) {
    let texts = &mut output.batch.texts;
    let json = texts.intern_owned(json);
    let row = OtherRecord { section: texts.intern(section), in_data: true, json };
    output.batch.rows.others.push(row);
    output.tally.row(section, None);
}

/// Keeps JSON as a record of a section.
pub(super) fn keep(section: &str, json: &str, output: &mut Output<'_>) {
    let texts = &mut output.batch.texts;
    let row = OtherRecord { section: texts.intern(section), in_data: true, json: texts.intern(json) };
    output.batch.rows.others.push(row);
    output.tally.row(section, None);
}
