//! `healthsink token import`: a token for each line of a file, all or none.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;
use serde::Serialize;

use super::new::{Expiry, parse_expiry};
use super::quota::{Limit, QuotaArguments};
use super::roster::{Entry, Faults, quoted, read};
use crate::cli::arguments::{DatabaseArgument, parse_name};
use crate::cli::print::{Form, FormArgument, print_to_reader, write_json};
use crate::cli::store::{Place, StoreArgument};
use crate::cli::table::counted;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::quota::Quota;
use crate::model::time::to_iso_seconds;
use crate::store::{NewToken, TokenDigest, TokenScope, now_ms, private, secret};

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArguments {
    /// CSV file whose first line names its columns: person, and also label, expires, bytes_per_day, rejects_per_day
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// Label of tokens whose line has none
    #[arg(long, env = "HEALTHSINK_LABEL", value_name = "TEXT", value_parser = parse_name)]
    label: Option<String>,
    /// When tokens expire whose line does not say it: after a time such as 90d, 12h or 2w, or with the end of a day (UTC) [default: never]
    #[arg(long, env = "HEALTHSINK_EXPIRES", value_name = "WHEN", value_parser = parse_expiry)]
    expires: Option<Expiry>,
    #[command(flatten)]
    quota: QuotaArguments,
    /// Write the tokens to a new CSV file that only you can read, instead of standard output
    #[arg(long, env = "HEALTHSINK_OUT", value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leave out lines whose person has a valid token of that label, instead of refusing the file
    #[arg(long, env = "HEALTHSINK_SKIP_KNOWN", value_parser = FalseyValueParser::new())]
    skip_known: bool,
    /// Only print what would be done
    #[arg(long, env = "HEALTHSINK_DRY_RUN", value_parser = FalseyValueParser::new())]
    dry_run: bool,
    #[command(flatten)]
    form: FormArgument,
}

/// A line that becomes a token.
struct Line {
    entry: Entry,
    expires_ms: Option<i64>,
    quota: Quota,
    token: String,
    digest: TokenDigest,
}

/// A token as it is printed.
#[derive(Serialize)]
struct Made<'a> {
    line: usize,
    /// Missing in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    person: &'a str,
    label: Option<&'a str>,
    expires: Option<String>,
    bytes_per_day: Option<u64>,
    rejects_per_day: Option<u64>,
    /// Unless it is in the file, or not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

/// All of them.
#[derive(Serialize)]
struct Imported<'a> {
    dry_run: bool,
    /// Lines that were left out.
    skipped: usize,
    file: Option<&'a Path>,
    database: PathBuf,
    tokens: Vec<Made<'a>>,
}

impl ImportArguments {
    pub(super) fn run(&self) -> Result<()> {
        let place = self.store.place(&self.database)?;
        let created_ms = now_ms();
        let (lines, skipped) = self.lines(&place, created_ms)?;
        if self.dry_run {
            return self.print(&place, (&lines, skipped), None).map_err(not_printed);
        }
        let new: Vec<NewToken<'_>> = lines.iter().map(|line| line.new_token(created_ms)).collect();
        let mut written = None;
        let added = place.add_tokens(&new, &mut |ids| {
            // Before the commit, so that no token is stored that nobody has seen.
            if let Some(path) = &self.out {
                write_file(path, &lines, ids)?;
                written = Some(path);
            }
            Ok(())
        });
        let ids = added.inspect_err(|_| {
            if let Some(path) = written {
                // The file is new; if it stays, its tokens open nothing.
                let _ = std::fs::remove_file(path);
            }
        })?;
        let Err(error) = self.print(&place, (&lines, skipped), Some(&ids)) else { return Ok(()) };
        if self.out.is_some() {
            return Err(not_printed(error));
        }
        for id in ids {
            place.revoke_token(id)?;
        }
        let message = format!(
            "the tokens cannot be printed: {error}; nobody has seen them all, so they are revoked: import the file again"
        );
        Err(Error::new(ErrorKind::Io, message))
    }

    /// The lines that become tokens, and how many are left out.
    fn lines(&self, place: &Place, created_ms: i64) -> Result<(Vec<Line>, usize)> {
        let (mut lines, mut faults) = (Vec::new(), Faults::default());
        let mut seen: HashMap<(String, Option<String>), usize> = HashMap::new();
        let flags = self.quota.quota();
        for mut entry in read(&self.file)? {
            let number = entry.line;
            entry.label = entry.label.or_else(|| self.label.clone());
            let key = (entry.person.clone(), entry.label.clone());
            if let Some(first) = seen.insert(key, number) {
                let label = shown(entry.label.as_deref());
                faults.add(number, format!("{}{label} is also in line {first}", entry.person));
            }
            let expires = entry.expires.or(self.expires).map(|expiry| expiry.after(created_ms)).transpose();
            let limit = |own: Option<Limit>, flag| own.map_or(flag, |Limit(most)| most);
            let quota = Quota {
                bytes: limit(entry.bytes_per_day, flags.bytes),
                rejects: limit(entry.rejects_per_day, flags.rejects),
            };
            match expires {
                Ok(expires_ms) => {
                    let token = secret::token()?;
                    let digest = TokenDigest::of(token.as_bytes());
                    lines.push(Line { entry, expires_ms, quota, token, digest });
                }
                Err(error) => faults.add(number, error),
            }
        }
        let known = place.known_tokens(&lines.iter().map(|line| line.new_token(created_ms)).collect::<Vec<_>>())?;
        let skipped = known.iter().flatten().count();
        if !self.skip_known {
            for (line, token) in lines.iter().zip(&known).filter_map(|(line, token)| Some((line, (*token)?))) {
                let Entry { line, person, label, .. } = &line.entry;
                let label = shown(label.as_deref());
                faults.add(*line, format!("{person} has a valid token{label} already, number {token}; add --skip-known to leave out such lines"));
            }
        }
        faults.check(&self.file)?;
        let mut known = known.iter();
        lines.retain(|_| known.next().is_some_and(Option::is_none));
        Ok((lines, skipped))
    }

    /// Prints tokens on standard output as CSV or JSON, and a sentence about them on standard error.
    fn print(&self, place: &Place, (lines, skipped): (&[Line], usize), ids: Option<&[i64]>) -> io::Result<()> {
        let is_seen = ids.is_some() && self.out.is_none();
        if self.form.form() == Form::Json {
            let id_of = |place: usize| ids.and_then(|ids| ids.get(place).copied());
            let tokens = lines.iter().enumerate().map(|(place, line)| line.made(id_of(place), is_seen)).collect();
            let file = self.out.as_deref();
            let imported = Imported { dry_run: ids.is_none(), skipped, file, database: place.shown(), tokens };
            return print_to_reader(|out| write_json(&imported, out));
        }
        let tokens = counted(lines.len() as u64, "token");
        let left_out =
            if skipped > 0 { format!(", {} left out", counted(skipped as u64, "line")) } else { String::new() };
        let what = match (ids, &self.out) {
            (None, _) => "would be made",
            (Some(_), Some(path)) => &format!("written to {}", path.display()),
            (Some(_), None) => "printed below, only this once",
        };
        let _ = writeln!(io::stderr(), "{tokens} {what}{left_out}, in {}", place.shown().display());
        match ids {
            Some(ids) if is_seen => print_to_reader(|out| write_csv(out, lines, ids)),
            _ => Ok(()),
        }
    }
}

impl Line {
    fn new_token(&self, created_ms: i64) -> NewToken<'_> {
        let Self { entry: Entry { person, label, .. }, expires_ms, quota, digest, .. } = self;
        NewToken {
            digest,
            person,
            label: label.as_deref(),
            scope: TokenScope::Send,
            is_of_all: false,
            created_ms,
            expires_ms: *expires_ms,
            quota: *quota,
        }
    }

    fn made(&self, id: Option<i64>, is_seen: bool) -> Made<'_> {
        let Self { entry: Entry { line, person, label, .. }, expires_ms, quota, token, .. } = self;
        Made {
            line: *line,
            id,
            person,
            label: label.as_deref(),
            expires: expires_ms.map(to_iso_seconds),
            bytes_per_day: quota.bytes,
            rejects_per_day: quota.rejects,
            token: is_seen.then_some(token),
        }
    }
}

fn shown(label: Option<&str>) -> String {
    label.map_or_else(|| " without a label".to_owned(), |label| format!(" with label {label}"))
}

fn not_printed(error: io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the result cannot be printed: {error}"))
}

fn write_csv(out: &mut dyn Write, lines: &[Line], ids: &[i64]) -> io::Result<()> {
    writeln!(out, "person,label,id,expires,token")?;
    lines.iter().zip(ids).try_for_each(|(line, id)| {
        let Entry { person, label, .. } = &line.entry;
        let [person, label] = [person, label.as_deref().unwrap_or_default()].map(quoted);
        let expires = line.expires_ms.map(to_iso_seconds).unwrap_or_default();
        writeln!(out, "{person},{label},{id},{expires},{}", line.token)
    })
}

fn write_file(path: &Path, lines: &[Line], ids: &[i64]) -> Result<()> {
    let written = private::create_new(path).and_then(|file| {
        let mut out = io::BufWriter::new(file);
        let written = write_csv(&mut out, lines, ids).and_then(|()| out.into_inner()?.sync_all());
        // A file that is not whole is of no use.
        written.inspect_err(|_| _ = std::fs::remove_file(path))
    });
    written.map_err(|error| {
        let shown = path.display();
        Error::new(
            ErrorKind::Io,
            format!("cannot write the tokens to {shown}: {error}; name a file that does not exist yet"),
        )
    })
}
