//! `healthsink check`: what is wrong with the database and what to do, for people or as JSON.

use std::io::{self, Write};

use super::keep::Check;
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::{Finding, Report, Severity, check as examine};

/// Prints what was found. True if nothing is damaged.
///
/// # Errors
///
/// [`ErrorKind::Store`] if the database cannot be opened, [`ErrorKind::Io`] if nothing can be printed.
pub fn check(config: &Check) -> Result<bool> {
    let report = examine(&config.db)?;
    let mut out = io::stdout().lock();
    let printed = if config.json {
        serde_json::to_writer(&mut out, &report).map_err(io::Error::from).and_then(|()| writeln!(out))
    } else {
        print(&report, &mut out)
    };
    match printed {
        // A pager that was closed has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(report.ok),
        other => other.map(|()| report.ok).map_err(|error| Error::new(ErrorKind::Io, format!("cannot print: {error}"))),
    }
}

fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for Finding { severity, check, message, remedy } in &report.findings {
        let severity = match severity {
            Severity::Damage => "damage",
            Severity::Note => "note",
        };
        writeln!(out, "{severity}: {check}: {message}\n  {remedy}")?;
    }
    let verdict = if report.ok { "sound" } else { "damaged" };
    writeln!(out, "{verdict}: {} uploads, {} rows", report.uploads, report.rows)
}
