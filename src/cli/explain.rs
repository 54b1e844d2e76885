//! `healthsink explain`: the parts of one figure.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use clap::Args;

use super::arguments::{DatabaseArgument, Outcome, parse_name, whose};
use super::print::{FormArgument, Printable, print};
use super::report::parse_local_day;
use super::store::StoreArgument;
use super::table::{Align, Table, named, shown};
use crate::model::error::Result;
use crate::model::healthkit::name_of;
use crate::model::limits::EXPLAINED_STRETCHES_MAX;
use crate::statistics::LocalDay;
use crate::store::{Explanation, NightFigures, SourcePart};

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// The person [default: the only person, or `me`]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    /// The type, such as steps or StepCount
    #[arg(long = "type", env = "HEALTHSINK_TYPE", value_name = "TYPE")]
    kind: String,
    /// The local date, such as 2026-01-31
    #[arg(long, env = "HEALTHSINK_DAY", value_name = "DAY", value_parser = parse_local_day)]
    day: LocalDay,
    #[command(flatten)]
    form: FormArgument,
}

impl ExplainArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        let kept = self.store.kept(&self.database)?;
        let explanation = kept.explain(&whose(self.person, &kept)?, &self.kind, self.day)?;
        print(&explanation, self.form.form())?;
        Ok(Outcome::Done)
    }
}

impl Printable for Explanation {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let zone = self.zone.as_deref().unwrap_or("UTC, zone unknown");
        let value = self.value.map_or_else(|| "no figure".to_owned(), |value| format!("{value:.3} {}", self.unit));
        let (when, lasts) = if self.night.is_some() { ("in the night to", "night") } else { ("on", "day") };
        writeln!(out, "{} {when} {} ({}): {value}", shown(&name_of(&self.kind)), self.day, shown(zone))?;
        // The last day of the calendar has no end.
        if !self.from.is_empty() && !self.to.is_empty() {
            write!(out, "The {lasts} lasts from {} to {}. ", self.from, self.to)?;
        }
        let samples = if self.count == 1 { "sample counts" } else { "samples count" };
        writeln!(out, "{} {samples}.", self.count)?;
        if let Some(naive) = self.naive {
            writeln!(out, "Adding up all rows would make {naive:.3}.")?;
        }
        for mark in &self.marks {
            writeln!(out, "It is {}.", mark.text())?;
        }
        if let Some(night) = &self.night {
            write_night(night, out)?;
        }
        write_sources(self, out)?;
        write_stretches(self, out)?;
        for (reason, count) in &self.left_out {
            writeln!(out, "\nleft out: {count} ({reason})")?;
        }
        Ok(())
    }
}

fn write_night(night: &NightFigures, out: &mut dyn Write) -> io::Result<()> {
    let estimated = if night.is_in_bed_estimated { ", from its first to its last sample" } else { "" };
    let stages: Vec<String> = night.stages.iter().map(|(stage, minutes)| format!("{minutes:.1} {stage}")).collect();
    writeln!(out, "Minutes: {:.1} in bed{estimated}; {}.", night.in_bed_min, stages.join(", "))?;
    let mut table =
        Table::new([("period", Align::Left), ("from", Align::Left), ("to", Align::Left), ("asleep", Align::Right)]);
    for period in &night.periods {
        table.push([period.kind, &period.from, &period.to, &format!("{:.1}", period.asleep_min)]);
    }
    writeln!(out)?;
    table.write(out)
}

/// The keys of the sources of an explanation, by their names.
struct Names<'a>(BTreeMap<&'a str, BTreeSet<&'a str>>);

impl<'a> Names<'a> {
    fn of(explanation: &'a Explanation) -> Self {
        let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let parts = explanation.sources.iter().map(|part| (part.source.as_str(), part.key.as_str()));
        for (name, key) in
            parts.chain(explanation.stretches.iter().map(|part| (part.source.as_str(), part.key.as_str())))
        {
            keys.entry(name).or_default().insert(key);
        }
        Self(keys)
    }

    /// The name of a source, with its key if another one has the same name.
    fn shown(&self, name: &str, key: &str) -> String {
        match self.0.get(name).map_or(0, BTreeSet::len) {
            0 | 1 => named(name).to_owned(),
            _ => format!("{} ({key})", named(name)),
        }
    }
}

fn write_sources(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    if explanation.sources.is_empty() {
        return Ok(());
    }
    let right = |heading| (heading, Align::Right);
    // A mean of a source is no part of the mean of all.
    let value = match explanation.adds_up {
        true if explanation.night.is_some() => "asleep",
        true => "adds",
        // Of a category it is only known when it counts.
        false if explanation.sources.iter().all(|part| part.value.is_none()) => "",
        false => "mean",
    };
    let count = if explanation.night.is_some() { "parts" } else { "samples" };
    let figure = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let cells = |part: &SourcePart| (figure(part.value), part.count.to_string(), format!("{:.1}", part.covered_min));
    let (source, names) = (("source", Align::Left), Names::of(explanation));
    writeln!(out)?;
    // A mean has nothing that a better source hides, and its samples may have no length.
    if explanation.sources.iter().all(|part| part.recorded.is_none()) {
        let has_minutes = explanation.sources.iter().any(|part| part.covered_min > 0.0);
        let mut table =
            Table::new([source, right(value), right(count), right(if has_minutes { "minutes" } else { "" })]);
        for part in &explanation.sources {
            let (value, count, minutes) = cells(part);
            let minutes = if has_minutes { minutes } else { String::new() };
            table.push([&names.shown(&part.source, &part.key), &value, &count, &minutes]);
        }
        return table.write(out);
    }
    let mut table = Table::new([source, right(value), right("recorded"), right(count), right("minutes")]);
    for part in &explanation.sources {
        let (value, count, minutes) = cells(part);
        let name = names.shown(&part.source, &part.key);
        table.push([&name, &value, &figure(part.recorded), &count, &minutes]);
    }
    table.write(out)
}

fn write_stretches(explanation: &Explanation, out: &mut dyn Write) -> io::Result<()> {
    if explanation.stretches.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([("from", Align::Left), ("to", Align::Left), ("counts", Align::Left)]);
    let names = Names::of(explanation);
    for part in explanation.stretches.iter().take(EXPLAINED_STRETCHES_MAX) {
        let source = names.shown(&part.source, &part.key);
        let counts = part.stage.map_or_else(|| source.clone(), |stage| format!("{stage}: {source}"));
        table.push([&part.from, &part.to, &counts]);
    }
    writeln!(out)?;
    table.write(out)?;
    match explanation.stretches.len().saturating_sub(EXPLAINED_STRETCHES_MAX) {
        0 => Ok(()),
        more => writeln!(out, "… and {more} more; `--json` lists all"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_one_name_are_told_apart() {
        let keys =
            [("Watch", vec!["com.apple.health.1", "Watch"]), ("App", vec!["com.example"]), ("", vec!["com.none"])];
        let names = Names(keys.into_iter().map(|(name, keys)| (name, keys.into_iter().collect())).collect());
        assert_eq!(names.shown("Watch", "com.apple.health.1"), "Watch (com.apple.health.1)");
        assert_eq!(names.shown("Watch", "Watch"), "Watch (Watch)");
        assert_eq!(names.shown("App", "com.example"), "App");
        assert_eq!(names.shown("", "com.none"), "(no name)");
    }
}
