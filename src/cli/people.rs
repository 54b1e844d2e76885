//! `healthsink people`: whose the data is. Uploads under the wrong person are the commonest slip.

use std::io::{self, Write};
use std::time::Instant;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::arguments::{DatabaseArgument, Outcome, parse_name};
use super::consent::{ConsentArguments, renew_figures};
use super::copies::lossy;
use super::print::{FormArgument, Printable, ResultArgument, print};
use super::progress::Bar;
use super::proof::ProofArguments;
use super::table::{Align, Table, counted, grouped, shown};
use crate::model::error::Result;
use crate::store::{Database, Merged, PersonRow};

#[derive(Debug, Subcommand)]
pub(super) enum PeopleArguments {
    /// List whose data the database holds
    List(ListArguments),
    /// Give a person another name
    Rename(RenameArguments),
    /// Give all data, tokens and uploads of one person to another; records of both become one
    Merge(MergeArguments),
    /// Check a proof of `forget --proof`: its digest, and that database and backups have nothing of the person; else the exit code is 1
    Proof(ProofArguments),
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    form: FormArgument,
}

#[derive(Debug, Args)]
pub(super) struct RenameArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// The present name
    #[arg(value_parser = parse_name)]
    old: String,
    /// The new name
    #[arg(value_parser = parse_name)]
    new: String,
    #[command(flatten)]
    result: ResultArgument,
}

#[derive(Debug, Args)]
pub(super) struct MergeArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// The person whose data moves
    #[arg(value_parser = parse_name)]
    from: String,
    /// The person who gets it
    #[arg(value_parser = parse_name)]
    into: String,
    #[command(flatten)]
    consent: ConsentArguments,
    #[command(flatten)]
    result: ResultArgument,
}

impl PeopleArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        match self {
            Self::List(ListArguments { database, form }) => {
                print(&People(Database::new(&database.db).persons()?), form.form())
            }
            Self::Rename(arguments) => arguments.run(),
            Self::Merge(arguments) => arguments.run(),
            Self::Proof(arguments) => return arguments.run(),
        }?;
        Ok(Outcome::Done)
    }
}

/// All persons.
#[derive(Serialize)]
struct People(Vec<PersonRow>);

impl Printable for People {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new([
            ("person", Align::Left),
            ("samples", Align::Right),
            ("other rows", Align::Right),
            ("first sample", Align::Left),
            ("last sample", Align::Left),
            ("tokens", Align::Right),
            ("uploads", Align::Right),
        ]);
        // A name without data is left from a person who was merged or forgotten, or is the first one's.
        let used: Vec<&PersonRow> = self.0.iter().filter(|person| !person.is_unused()).collect();
        if used.is_empty() {
            return writeln!(out, "Nobody has data or a token yet.");
        }
        for person in used {
            let times = [&person.first, &person.last].map(|time| time.as_deref().unwrap_or_default());
            let numbers = [
                person.samples.to_string(),
                person.other_rows.to_string(),
                person.tokens.to_string(),
                person.uploads.to_string(),
            ];
            table.push([&person.name, &numbers[0], &numbers[1], times[0], times[1], &numbers[2], &numbers[3]]);
        }
        table.write(out)
    }
}

/// The result of `rename`.
#[derive(Serialize)]
struct Renamed<'a> {
    old: &'a str,
    new: &'a str,
}

impl Printable for Renamed<'_> {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { old, new } = self;
        writeln!(
            out,
            "{old} is {new} now: data, tokens and uploads. If a server runs with --person {old}, restart it with {new}."
        )
    }
}

impl RenameArguments {
    fn run(&self) -> Result<()> {
        let Self { old, new, .. } = self;
        Database::new(&self.database.db).rename_person(old, new)?;
        self.result.print(&Renamed { old, new })
    }
}

/// The result of `merge`, or its plan.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done<'a> {
    from: &'a str,
    into: &'a str,
    dry_run: bool,
    #[serde(flatten)]
    merged: Merged,
    backup: Option<String>,
    seconds: f64,
}

impl Printable for Done<'_> {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { from, into, merged: Merged { rows, new, updated, equal, tokens, uploads }, .. } = self;
        let [rows, tokens, uploads] =
            [(*rows, "row"), (*tokens, "token"), (*uploads, "upload")].map(|(number, what)| counted(number, what));
        if self.dry_run {
            return writeln!(out, "{into} would get from {from}: {rows}, {tokens}, {uploads}");
        }
        writeln!(
            out,
            "{into} has from {from}: {rows} ({} new, {} later states of {into}'s, {} equal), {tokens}, {uploads}, in {:.1} s",
            grouped(*new),
            grouped(*updated),
            grouped(*equal),
            self.seconds
        )?;
        if let Some(backup) = &self.backup {
            writeln!(out, "the database as it was: {backup}")?;
        }
        writeln!(out, "only the name {from} is left; if a server runs with --person {from}, restart it with {into}")
    }
}

impl MergeArguments {
    fn run(&self) -> Result<()> {
        let database = Database::new(&self.database.db);
        let (from, into) = (self.from.as_str(), self.into.as_str());
        let planned = database.plan_merge(from, into)?;
        let done = |merged, backup, seconds, dry_run| Done { from, into, dry_run, merged, backup, seconds };
        if self.consent.dry_run {
            return self.result.print(&done(planned, None, 0.0, true));
        }
        let question = format!(
            "All data of {} becomes {}'s: {}, {}, {}.",
            shown(from),
            shown(into),
            counted(planned.rows, "row"),
            counted(planned.tokens, "token"),
            counted(planned.uploads, "upload")
        );
        self.consent.ask(&question)?;
        let is_quiet = self.result.is_quiet();
        let mut began = Instant::now();
        let (merged, backup) = self.consent.change(&database, "merge", is_quiet, |backed_up, enter| {
            began = Instant::now();
            let bar = Bar::of_rows("merge", is_quiet);
            database.merge_persons((from, into), backed_up, &mut |done, whole| bar.set(done, whole), enter)
        })?;
        let backup = backup.as_deref().map(lossy);
        self.result.print(&done(merged, backup, began.elapsed().as_secs_f64(), false))?;
        renew_figures(&database, is_quiet);
        Ok(())
    }
}
