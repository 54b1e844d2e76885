//! `healthsink forget`: deletes data, and says what may bring it back.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::builder::FalseyValueParser;
use clap::{ArgGroup, Args};
use serde::Serialize;

use super::arguments::{DatabaseArgument, Outcome, parse_name};
use super::consent::{ConsentArguments, renew_figures};
use super::copies::lossy;
use super::erase::Erasure;
use super::print::{Printable, ResultArgument};
use super::store::{Place, StoreArgument};
use super::table::{Align, Table, counted, grouped};
use crate::model::error::{Error, Result};
use crate::model::time::{DAY_MS, parse, parse_day};
use crate::store::{Copies, Forgotten, Selection, TypeSelection, Vacuum};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("selection").required(true).multiple(true).args(["person", "upload", "type"]))]
pub(super) struct ForgetArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// All data of this person, whose tokens are then revoked; with --type only the person's data of that type
    #[arg(long, value_name = "NAME", value_parser = parse_name, conflicts_with = "upload")]
    person: Option<String>,
    /// What this upload has brought; possible if no other upload has brought or changed rows of its person
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["type", "from", "to"])]
    upload: Option<i64>,
    /// A type such as steps or HeartRate, or a table such as workouts, as `healthsink status` lists them
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
    /// Only what begins at or after this day or time (UTC), such as 2026-01-31 or 2026-01-31T10:00:00Z
    #[arg(long, value_name = "TIME", requires = "type", value_parser = parse_from)]
    from: Option<i64>,
    /// Only what begins before the end of this day, or before this time (UTC)
    #[arg(long, value_name = "TIME", requires = "type", value_parser = parse_to)]
    to: Option<i64>,
    /// With --person: erase also what the ledger and tokens say of the person, and write a proof of that to this new file
    #[arg(long, env = "HEALTHSINK_PROOF", value_name = "FILE", requires = "person", conflicts_with = "type")]
    proof: Option<PathBuf>,
    /// A folder with backups, which the proof is to name also if they still have the person; may be given several times
    #[arg(long, env = "HEALTHSINK_BACKUPS", value_name = "FOLDER", requires = "proof")]
    backups: Vec<PathBuf>,
    /// Make the file smaller afterwards; needs twice its size on the disk
    #[arg(long, env = "HEALTHSINK_VACUUM", value_parser = FalseyValueParser::new())]
    vacuum: bool,
    #[command(flatten)]
    consent: ConsentArguments,
    #[command(flatten)]
    result: ResultArgument,
}

fn parse_from(text: &str) -> Result<i64, String> {
    parse_day(text).or_else(|| parse(text)).ok_or_else(|| "write a day or a time such as 2026-01-31".to_owned())
}

fn parse_to(text: &str) -> Result<i64, String> {
    parse_day(text).map(|day_ms| day_ms + DAY_MS).map_or_else(|| parse_from(text), Ok)
}

/// The result of `forget`, or its plan.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    what: String,
    dry_run: bool,
    #[serde(flatten)]
    forgotten: Forgotten,
    /// The copy that was made before.
    backup: Option<String>,
    /// Databases and backups nearby, which may still hold it.
    copies: Vec<String>,
    /// How many more there are.
    more_copies: usize,
    bytes_before: u64,
    bytes: u64,
    seconds: f64,
}

impl Printable for Done {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Forgotten { rows, tables, tokens, left_in_wal } = &self.forgotten;
        let mut table = Table::new([("person", Align::Left), ("table", Align::Left), ("rows", Align::Right)]);
        for forgotten in tables {
            table.push([&forgotten.person, forgotten.table, &grouped(forgotten.rows)]);
        }
        table.write(out)?;
        let verb = if self.dry_run { "would be " } else { "" };
        writeln!(out, "{verb}forgotten: {} ({})", counted(*rows, "row"), self.what)?;
        if *tokens > 0 {
            let tokens = counted(*tokens, "token");
            writeln!(out, "{verb}revoked: {tokens}, so that no phone sends it again")?;
        }
        if self.dry_run {
            return Ok(());
        }
        writeln!(
            out,
            "a phone with a valid token sends again what its next exports cover; an import adds again all of its files"
        )?;
        for copy in &self.copies {
            writeln!(out, "may still be in {copy}")?;
        }
        if self.more_copies > 0 {
            writeln!(out, "may still be in {} more backups and databases beside these", self.more_copies)?;
        }
        if *left_in_wal {
            writeln!(
                out,
                "another program is reading the database, so its WAL still has the rows: end that program, then start any command \
                 that writes, such as `healthsink zones home ZONE`, or the server"
            )?;
        }
        writeln!(
            out,
            "backups in other places may also have it; the ledger keeps when it came and how many rows that were"
        )?;
        #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
        let [before, after] = [self.bytes_before, self.bytes].map(|bytes| bytes as f64 / 1e6);
        writeln!(out, "{before:.1} MB before, {after:.1} MB now, in {:.1} s", self.seconds)
    }
}

impl ForgetArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        let place = self.store.place(&self.database)?;
        let smaller = if self.vacuum { Vacuum::Yes } else { Vacuum::No };
        if let (Some(proof), Some(person)) = (&self.proof, &self.person) {
            let (backups, consent, result) = (self.backups.as_slice(), &self.consent, self.result);
            Erasure { place, person, proof, backups, smaller, consent, result }.run()?;
            return Ok(Outcome::Done);
        }
        let Place::File(database) = place else {
            return Err(Error::usage(
                "in PostgreSQL a person is erased as a whole: give --person and --proof; for less, use SQL",
            ));
        };
        if self.from.zip(self.to).is_some_and(|(from, to)| from >= to) {
            return Err(Error::usage("--from is not before --to, so no time is between them; exchange the two"));
        }
        let selection = self.selection();
        let planned = database.plan_forget(&selection)?;
        let size = || database.sizes().database + database.sizes().wal;
        let bytes_before = size();
        let done = |forgotten, backup, copies: Copies, seconds| Done {
            what: selection.text(),
            dry_run: self.consent.dry_run,
            forgotten,
            backup,
            copies: copies.paths.iter().map(|path| lossy(path)).collect(),
            more_copies: copies.more,
            bytes_before,
            bytes: size(),
            seconds,
        };
        if self.consent.dry_run {
            self.result.print(&done(planned, None, Copies::default(), 0.0))?;
            return Ok(Outcome::Done);
        }
        if self.vacuum {
            database.check_space(2 + u64::from(self.consent.makes_backup()))?;
        }
        let tokens = if planned.tokens > 0 {
            format!(", and revokes {}", counted(planned.tokens, "token"))
        } else {
            String::new()
        };
        let question = format!("This deletes {} ({}){tokens}.", counted(planned.rows, "row"), selection.text());
        self.consent.ask(&question)?;
        let mut began = Instant::now();
        let (forgotten, backup) =
            self.consent.change(&database, "forget", self.result.is_quiet(), |backed_up, enter| {
                began = Instant::now();
                database.forget(&selection, smaller, backed_up, enter)
            })?;
        let copies = database.copies_nearby();
        let seconds = began.elapsed().as_secs_f64();
        self.result.print(&done(forgotten, backup.as_deref().map(lossy), copies, seconds))?;
        renew_figures(&database, self.result.is_quiet());
        Ok(Outcome::Done)
    }

    fn selection(&self) -> Selection {
        match (&self.r#type, self.upload, &self.person) {
            (Some(kind), _, person) => {
                let (kind, person) = (kind.clone(), person.clone());
                Selection::Type(TypeSelection { kind, from_ms: self.from, to_ms: self.to, person })
            }
            (None, Some(upload), _) => Selection::Upload(upload),
            (None, None, person) => Selection::Person(person.clone().unwrap_or_default()),
        }
    }
}
