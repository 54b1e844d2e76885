//! `healthsink verify`: rings and statistics of workouts, as exporters have them, beside the figures that are made of the samples.

use std::io::{self, Write};

use clap::Args;

use super::arguments::{DatabaseArgument, Outcome, parse_name, whose};
use super::print::{FormArgument, Printable, print};
use super::store::StoreArgument;
use super::table::{Align, Table, shown};
use crate::model::error::Result;
use crate::model::healthkit::name_of;
use crate::model::limits::DIFFERENCES_LISTED_MAX;
use crate::store::{LongSamples, RingReport, Verification, WorkoutReport, now_ms};

#[derive(Debug, Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// The person [default: the only person, or `me`]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    #[command(flatten)]
    form: FormArgument,
}

impl VerifyArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        let kept = self.store.kept(&self.database)?;
        print(&kept.verify(&whose(self.person, &kept)?, now_ms())?, self.form.form())?;
        Ok(Outcome::Done)
    }
}

impl Printable for Verification {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let has_rings = self.rings.iter().any(|ring| ring.days > 0);
        if has_rings {
            write_rings(&self.rings, out)?;
        } else {
            writeln!(out, "No rings to compare with: only Apple's export has them.")?;
        }
        writeln!(out)?;
        if self.workouts.is_empty() {
            writeln!(out, "No workouts with statistics to compare with.")?;
        } else {
            write_workouts(&self.workouts, out)?;
        }
        write_long(&self.long_samples, out)
    }
}

const fn right(heading: &str) -> (&str, Align) {
    (heading, Align::Right)
}

fn share(within: u64, all: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let share = within as f64 / all as f64 * 100.0;
    format!("{share:.1} %")
}

fn write_rings(rings: &[RingReport], out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new([("ring", Align::Left), right("days"), right("within 1 %"), right("share")]);
    for ring in rings.iter().filter(|ring| ring.days > 0) {
        table.push([ring.ring, &ring.days.to_string(), &ring.within.to_string(), &share(ring.within, ring.days)]);
    }
    table.write(out)?;
    let mut table =
        Table::new([("day", Align::Left), ("", Align::Left), right("ring"), right("here"), ("reason", Align::Left)]);
    let (mut listed, mut all) = (0, 0);
    for ring in rings {
        all += ring.differences.len();
        for difference in ring.differences.iter().take(DIFFERENCES_LISTED_MAX) {
            listed += 1;
            let figure = difference.figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.1}"));
            table.push([&difference.day, ring.ring, &format!("{:.1}", difference.ring), &figure, difference.reason]);
        }
    }
    if listed > 0 {
        writeln!(out)?;
        table.write(out)?;
    }
    if all > listed {
        writeln!(out, "… and {} more; `--json` lists all", all - listed)?;
    }
    Ok(())
}

fn write_workouts(reports: &[WorkoutReport], out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new([
        ("type", Align::Left),
        ("figure", Align::Left),
        right("workouts"),
        right("within 1 %"),
        right("share"),
    ]);
    for report in reports {
        let [workouts, within] = [report.workouts, report.within].map(|count| count.to_string());
        table.push([&report.name, report.figure, &workouts, &within, &share(report.within, report.workouts)]);
    }
    table.write(out)?;
    if reports.iter().all(|report| report.reasons.is_empty()) {
        return Ok(());
    }
    let mut table =
        Table::new([("type", Align::Left), ("figure", Align::Left), right("workouts"), ("reason", Align::Left)]);
    for report in reports {
        for (reason, count) in &report.reasons {
            table.push([&report.name, report.figure, &count.to_string(), reason]);
        }
    }
    writeln!(out)?;
    table.write(out)?;
    writeln!(out, "`--json` lists the workouts")
}

fn write_long(long: &LongSamples, out: &mut dyn Write) -> io::Result<()> {
    if long.count == 0 {
        return Ok(());
    }
    writeln!(out, "\nIn no figure, since they last longer than 400 days: {}", long.count)?;
    for sample in long.samples.iter().take(DIFFERENCES_LISTED_MAX) {
        let source = sample.source.as_deref().unwrap_or("no source");
        writeln!(
            out,
            "  {} from {} to {} ({})",
            shown(&name_of(&sample.kind)),
            sample.start,
            sample.end,
            shown(source)
        )?;
    }
    let listed = u64::try_from(long.samples.len().min(DIFFERENCES_LISTED_MAX)).unwrap_or(u64::MAX);
    match long.count.saturating_sub(listed) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more"),
    }
}
