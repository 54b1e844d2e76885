//! `healthsink explain`: the parts of one figure.

use std::io::{self, Write};

use clap::Args;

use super::arguments::{DatabaseArgument, Outcome, parse_name, whose};
use super::print::{FormArgument, Printable, print};
use super::report::parse_local_day;
use super::table::{Align, Table, shown};
use crate::model::error::Result;
use crate::model::healthkit::short;
use crate::model::limits::EXPLAINED_STRETCHES_MAX;
use crate::statistics::LocalDay;
use crate::store::{Database, Explanation};

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Whose day [default: the only person, or `me`]
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
        let database = Database::new(&self.database.db);
        let explanation = database.explain(&whose(self.person, &database), &self.kind, self.day)?;
        print(&explanation, self.form.form())?;
        Ok(Outcome::Done)
    }
}

impl Printable for Explanation {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let zone = self.zone.as_deref().unwrap_or("UTC, zone unknown");
        let value = self.value.map_or_else(|| "no figure".to_owned(), |value| format!("{value:.3} {}", self.unit));
        writeln!(out, "{} on {} ({}): {value}", shown(short(&self.kind)), self.day, shown(zone))?;
        writeln!(out, "The day lasts from {} to {}. {} samples count.", self.from, self.to, self.count)?;
        if let Some(naive) = self.naive {
            writeln!(out, "Adding up all rows would make {naive:.3}.")?;
        }
        if !self.sources.is_empty() {
            let right = |heading| (heading, Align::Right);
            let mut table = Table::new([("source", Align::Left), right("adds"), right("samples"), right("minutes")]);
            for part in &self.sources {
                let value = part.value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
                table.push([&part.source, &value, &part.count.to_string(), &format!("{:.1}", part.covered_min)]);
            }
            writeln!(out)?;
            table.write(out)?;
        }
        if !self.stretches.is_empty() {
            let mut table = Table::new([("from", Align::Left), ("to", Align::Left), ("counts", Align::Left)]);
            for part in self.stretches.iter().take(EXPLAINED_STRETCHES_MAX) {
                table.push([&part.from, &part.to, &part.source]);
            }
            writeln!(out)?;
            table.write(out)?;
            match self.stretches.len().saturating_sub(EXPLAINED_STRETCHES_MAX) {
                0 => {}
                more => writeln!(out, "… and {more} more; `--json` lists all")?,
            }
        }
        for (reason, count) in &self.left_out {
            writeln!(out, "\nleft out: {count} ({reason})")?;
        }
        Ok(())
    }
}
