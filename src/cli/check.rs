//! `healthsink check`: what is damaged in the database, and what to do about it.

use std::io::{self, Write};

use clap::Args;

use super::arguments::{DatabaseArgument, Outcome};
use super::print::{Printable, ResultArgument};
use crate::model::error::Result;
use crate::store::{Database, Finding, Report, Severity, plural};

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    result: ResultArgument,
}

impl CheckArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        let report = Database::new(&self.database.db).check()?;
        self.result.print(&report)?;
        Ok(Outcome::done_if(report.ok))
    }
}

impl Printable for Report {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        for (place, Finding { severity, check, message, remedy }) in self.findings.iter().enumerate() {
            let severity = match severity {
                Severity::Damage => "damage",
                Severity::Note => "note",
            };
            writeln!(out, "{severity}: {check}: {message}")?;
            // Findings in a row with the same remedy have it once.
            if self.findings.get(place + 1).is_none_or(|next| next.remedy != *remedy) {
                writeln!(out, "  {remedy}")?;
            }
        }
        let verdict = if self.ok { "sound" } else { "damaged" };
        writeln!(out, "{verdict}: {}, {}", plural(self.uploads, "upload"), plural(self.rows, "row"))
    }
}
