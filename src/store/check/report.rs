//! The report of a check.

use std::borrow::Cow;

use serde::Serialize;

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether nothing is damaged.
    pub ok: bool,
    /// Uploads in the ledger.
    pub uploads: i64,
    /// Rows that uploads and imports have brought.
    pub rows: i64,
    /// The findings.
    pub findings: Vec<Finding>,
}

/// One finding of a check.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which check found it: `integrity`, `schema`, `references`, `values`, `imports` or `ledger`.
    pub check: &'static str,
    /// The fault.
    pub message: String,
    /// The remedy.
    pub remedy: Cow<'static, str>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something is lost or wrong.
    Damage,
    /// Nothing is lost.
    Note,
}

pub(super) const RESTORE: &str = "stop the server, keep a copy of the file, and `healthsink restore` the last backup; then send or import again what came since";
pub(super) const SEND_AGAIN: &str =
    "if nobody deleted rows by hand, restore a backup, or send and import again: rows that exist are not duplicated";
pub(super) const COMPUTE_AGAIN: &str = "no row is lost; run in `sqlite3`: DELETE FROM derived_state -- the next start of `healthsink serve` or `healthsink import` computes all figures again";
pub(super) const REPORT: &str = "keep a copy of the file and report it: healthsink never writes this";

impl Report {
    pub(super) fn add_damage(&mut self, check: &'static str, message: String, remedy: impl Into<Cow<'static, str>>) {
        self.findings.push(Finding { severity: Severity::Damage, check, message, remedy: remedy.into() });
    }

    pub(super) fn add_note(&mut self, check: &'static str, message: String, remedy: impl Into<Cow<'static, str>>) {
        self.findings.push(Finding { severity: Severity::Note, check, message, remedy: remedy.into() });
    }

    pub(super) fn has_damage(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Damage)
    }
}

/// A number and what it counts: `1 row`, `1200 rows`.
pub(crate) fn plural(number: i64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
