//! `healthsink zones`: in which time zone a person was when, and where that is known from.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::arguments::{DatabaseArgument, Outcome, parse_name, parse_zone, whose};
use super::print::{FormArgument, Printable, ResultArgument, print};
use super::sources::decide;
use super::store::StoreArgument;
use super::table::{Align, Table};
use crate::model::error::{Error, Result};
use crate::model::time::parse;
use crate::store::{Decision, ZoneRow};

#[derive(Debug, Subcommand)]
pub(super) enum ZonesArguments {
    /// List the zones that samples name, entries by hand and the home zone
    List(ListArguments),
    /// Set the home zone: it counts where no sample names a zone
    Home(HomeArguments),
    /// Enter where the person was, for a time about which samples are wrong or silent
    Add(AddArguments),
    /// Remove an entry
    Remove(RemoveArguments),
}

/// The person whose zones are meant.
#[derive(Debug, Args)]
pub(super) struct Scope {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// The person [default: the only person, or `me`]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    form: FormArgument,
}

#[derive(Debug, Args)]
pub(super) struct HomeArguments {
    #[command(flatten)]
    scope: Scope,
    /// Time zone, such as Europe/Berlin; omit it to remove the home zone
    #[arg(value_name = "ZONE", value_parser = parse_zone)]
    zone: Option<String>,
    #[command(flatten)]
    result: ResultArgument,
}

#[derive(Debug, Args)]
pub(super) struct AddArguments {
    #[command(flatten)]
    scope: Scope,
    /// The first instant, such as 2026-01-31T08:00:00+01:00
    #[arg(long, env = "HEALTHSINK_FROM", value_name = "TIME", value_parser = parse_instant)]
    from: i64,
    /// The instant behind it; without it, the entry holds for good
    #[arg(long, env = "HEALTHSINK_TO", value_name = "TIME", value_parser = parse_instant)]
    to: Option<i64>,
    /// Such as Asia/Tokyo
    #[arg(value_name = "ZONE", value_parser = parse_zone)]
    zone: String,
    #[command(flatten)]
    result: ResultArgument,
}

#[derive(Debug, Args)]
pub(super) struct RemoveArguments {
    #[command(flatten)]
    scope: Scope,
    /// The first instant of the entry
    #[arg(long, env = "HEALTHSINK_FROM", value_name = "TIME", value_parser = parse_instant)]
    from: i64,
    #[command(flatten)]
    result: ResultArgument,
}

/// An instant with its offset, in milliseconds since 1970 UTC.
fn parse_instant(text: &str) -> std::result::Result<i64, String> {
    parse(text).ok_or_else(|| "write a time with its offset, such as 2026-01-31T08:00:00+01:00".to_owned())
}

impl ZonesArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        let (scope, decision, result) = match self {
            Self::List(ListArguments { scope, form }) => {
                print(&scope.list()?, form.form())?;
                return Ok(Outcome::Done);
            }
            Self::Home(HomeArguments { scope, zone, result }) => (scope, Decision::Home(zone), result),
            Self::Add(AddArguments { scope, from, to, zone, result }) => {
                if to.is_some_and(|to| to <= from) {
                    return Err(Error::usage("--to is not behind --from; exchange them"));
                }
                (scope, Decision::Stay { from_ms: from, to_ms: to, zone: Some(zone) }, result)
            }
            Self::Remove(RemoveArguments { scope, from, result }) => {
                (scope, Decision::Stay { from_ms: from, to_ms: None, zone: None }, result)
            }
        };
        decide(&scope.store.kept(&scope.database)?, scope.person.clone(), &decision)?;
        result.print(&scope.list()?)?;
        Ok(Outcome::Done)
    }
}

impl Scope {
    fn list(&self) -> Result<Zones> {
        let kept = self.store.kept(&self.database)?;
        let person = whose(self.person.clone(), &kept)?;
        kept.zones(&person).map(Zones)
    }
}

/// The list.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Zones(Vec<ZoneRow>);

impl Printable for Zones {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.0.is_empty() {
            writeln!(out, "No zone is known, so days are those of UTC; `healthsink zones home ZONE` sets one.")?;
            return writeln!(out, "A night whose own samples name a zone is in that zone.");
        }
        let mut table = Table::new([
            ("from", Align::Left),
            ("to", Align::Left),
            ("zone", Align::Left),
            ("known from", Align::Left),
        ]);
        for row in &self.0 {
            let [from, to] = [&row.from, &row.to].map(|at| at.as_deref().unwrap_or_default());
            table.push([from, to, &row.zone, row.why]);
        }
        table.write(out)
    }
}
