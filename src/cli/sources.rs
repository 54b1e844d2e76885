//! `healthsink sources`: which sources a person has, and which of them counts before which.

use std::io::{self, Write};

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::arguments::{DatabaseArgument, Outcome, parse_name, whose};
use super::print::{FormArgument, Printable, ResultArgument, print};
use super::store::StoreArgument;
use super::table::{Align, Table, named};
use crate::model::error::Result;
use crate::store::writer::Writer;
use crate::store::{Decision, Kept, SourceRow};

#[derive(Debug, Subcommand)]
pub(super) enum SourcesArguments {
    /// List sources in the order in which they count: the phone has its own under Data Sources & Access
    List(ListArguments),
    /// Set the order of sources for a type, as the phone shows it; without sources the default order is back
    Rank(RankArguments),
    /// Leave a source out of all figures, or of those of a type
    Ignore(IgnoreArguments),
}

/// The person and the type whose sources are meant.
#[derive(Debug, Args)]
pub(super) struct Scope {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// The person [default: the only person, or `me`]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    /// For one type only, such as steps or StepCount
    #[arg(long = "type", env = "HEALTHSINK_TYPE", value_name = "TYPE")]
    kind: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    form: FormArgument,
}

#[derive(Debug, Args)]
pub(super) struct RankArguments {
    #[command(flatten)]
    scope: Scope,
    /// Names or keys of sources, the best one first; all others follow in their default order
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    #[command(flatten)]
    result: ResultArgument,
}

#[derive(Debug, Args)]
pub(super) struct IgnoreArguments {
    #[command(flatten)]
    scope: Scope,
    /// Name or key of the source
    #[arg(value_name = "SOURCE")]
    source: String,
    /// Let it count again
    #[arg(long, env = "HEALTHSINK_UNDO", value_parser = FalseyValueParser::new())]
    undo: bool,
    #[command(flatten)]
    result: ResultArgument,
}

impl SourcesArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        match self {
            Self::List(ListArguments { scope, form }) => print(&scope.list()?, form.form())?,
            Self::Rank(RankArguments { scope, sources, result }) => {
                scope.decide(&Decision::Rank { kind: scope.kind.clone(), sources }, result)?;
            }
            Self::Ignore(IgnoreArguments { scope, source, undo, result }) => {
                scope.decide(&Decision::Ignore { kind: scope.kind.clone(), source, is_ignored: !undo }, result)?;
            }
        }
        Ok(Outcome::Done)
    }
}

impl Scope {
    fn list(&self) -> Result<Sources> {
        let kept = self.store.kept(&self.database)?;
        let person = whose(self.person.clone(), &kept)?;
        kept.sources(&person, self.kind.as_deref()).map(Sources)
    }

    /// Enters a decision, and prints the list as it is then.
    fn decide(&self, decision: &Decision, result: ResultArgument) -> Result<()> {
        decide(&self.store.kept(&self.database)?, self.person.clone(), decision)?;
        result.print(&self.list()?)
    }
}

/// Enters a decision, and computes the figures that it changes.
pub(super) fn decide(kept: &Kept, person: Option<String>, decision: &Decision) -> Result<()> {
    kept.decide(&whose(person, kept)?, decision)?;
    let Some(database) = kept.file() else { return Ok(()) };
    let writer = Writer::start(database)?;
    let derived = writer.derive(None);
    derived.and(writer.stop())
}

/// The list.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Sources(Vec<SourceRow>);

impl Printable for Sources {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.0.is_empty() {
            return writeln!(out, "No sources yet.");
        }
        let mut table = Table::new([
            ("", Align::Right),
            ("source", Align::Left),
            ("class", Align::Left),
            ("first day", Align::Left),
            ("last day", Align::Left),
            ("key", Align::Left),
        ]);
        for row in &self.0 {
            let place = row.place.map_or_else(|| "–".to_owned(), |place| place.to_string());
            table.push([&place, named(&row.name), &row.class, &row.first, &row.last, &row.key]);
        }
        table.write(out)?;
        if self.0.iter().any(|row| row.place.is_none()) {
            writeln!(out, "– does not count")?;
        }
        Ok(())
    }
}
