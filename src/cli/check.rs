//! `healthsink check`: what is damaged in the database, and what to do about it.

use std::io::{self, Write};

use clap::Args;

use super::arguments::{DatabaseArgument, Outcome};
use super::print::{Printable, ResultArgument};
use crate::model::error::Result;
use crate::store::{Database, Finding, Report, Severity};

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
        for Finding { severity, check, message, remedy } in &self.findings {
            let severity = match severity {
                Severity::Damage => "damage",
                Severity::Note => "note",
            };
            writeln!(out, "{severity}: {check}: {message}\n  {remedy}")?;
        }
        let verdict = if self.ok { "sound" } else { "damaged" };
        writeln!(out, "{verdict}: {} uploads, {} rows", self.uploads, self.rows)
    }
}
