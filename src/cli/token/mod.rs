//! `healthsink token`: makes, lists and revokes the tokens that uploads and reads need. A running server sees a change at once.

mod import;
mod new;
mod quota;
mod roster;

use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde::Serialize;

use self::import::ImportArguments;
use self::new::NewArguments;
use self::quota::{ChangeArguments, parse_id};
use super::arguments::{DatabaseArgument, Outcome};
use super::print::{FormArgument, Printable, ResultArgument, print};
use super::store::StoreArgument;
use super::table::{Align, Table, used_today};
use crate::model::error::{Error, Result};
use crate::model::quota::Quota;
use crate::store::{Database, NewToken, Revocation, TokenDigest, TokenRow, TokenScope, now_ms, secret};

#[derive(Debug, Subcommand)]
pub(super) enum TokenArguments {
    /// Make a token and print it once: the database keeps only its digest
    New(Box<NewArguments>),
    /// Make a token for each line of a CSV file, all or none: people of a study or a clinic, under names that you choose
    Import(ImportArguments),
    /// List tokens: whose they are, when they were last used, which are revoked
    List(ListArguments),
    /// Change how much tokens may send in a day (UTC): beyond it their uploads get 429, and others notice nothing
    Quota(ChangeArguments),
    /// Revoke tokens: the next request with one of them fails; an upload under way may finish
    Revoke(RevokeArguments),
}

impl TokenArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        match self {
            Self::New(arguments) => arguments.run(),
            Self::List(ListArguments { database, store, form }) => {
                print(&Tokens(store.place(database)?.tokens()?), form.form())
            }
            Self::Import(arguments) => arguments.run(),
            Self::Quota(arguments) => arguments.run(),
            Self::Revoke(arguments) => arguments.run(),
        }?;
        Ok(Outcome::Done)
    }
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    #[command(flatten)]
    form: FormArgument,
}

#[derive(Debug, Args)]
pub(super) struct RevokeArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// Numbers of tokens, as `healthsink token list` prints them
    #[arg(required = true, value_name = "ID", value_parser = parse_id)]
    ids: Vec<i64>,
    #[command(flatten)]
    result: ResultArgument,
}

/// The result of revoking a token.
#[derive(Serialize)]
struct Revoked {
    id: i64,
    /// Whether it was revoked already.
    before: bool,
    /// The sessions that ended with it.
    sessions: u64,
}

/// What became of those that exist.
#[derive(Serialize)]
struct RevokedTokens {
    revoked: Vec<Revoked>,
}

impl Printable for RevokedTokens {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        self.revoked.iter().try_for_each(|Revoked { id, before, sessions }| {
            let what = if *before { "was revoked before" } else { "is revoked: the next request with it fails" };
            let ended = match sessions {
                0 => String::new(),
                1 => "; 1 session has ended".to_owned(),
                _ => format!("; {sessions} sessions have ended"),
            };
            writeln!(out, "token {id} {what}{ended}")
        })
    }
}

impl RevokeArguments {
    /// Revokes all that exist, whatever else fails: a phone may be lost.
    fn run(&self) -> Result<()> {
        let (mut unknown, mut revoked) = (Vec::new(), Vec::new());
        let place = self.store.place(&self.database)?;
        for id in &self.ids {
            match place.revoke_token(*id)? {
                Some(Revocation { is_new, sessions }) => revoked.push(Revoked { id: *id, before: !is_new, sessions }),
                None => unknown.push(id.to_string()),
            }
        }
        let printed = self.result.print(&RevokedTokens { revoked });
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            return Err(Error::usage(format!("there is no token {unknown}; `healthsink token list` lists all")));
        }
        printed
    }
}

/// Makes a token for uploads and enters it. Returns its number and the token itself, which nobody can read again.
pub(super) fn add(database: &Database, person: &str, label: Option<&str>) -> Result<(i64, String)> {
    enter(database, person, label, TokenScope::Send)
}

/// The same for reading everyone's data.
pub(super) fn add_reader(database: &Database, person: &str, label: Option<&str>) -> Result<(i64, String)> {
    enter(database, person, label, TokenScope::Read)
}

fn enter(database: &Database, person: &str, label: Option<&str>, scope: TokenScope) -> Result<(i64, String)> {
    let token = secret::token()?;
    let digest = TokenDigest::of(token.as_bytes());
    let id = database.add_token(&NewToken {
        digest: &digest,
        person,
        label,
        scope,
        is_of_all: scope == TokenScope::Read,
        created_ms: now_ms(),
        expires_ms: None,
        quota: Quota::default(),
    })?;
    Ok((id, token))
}

/// All tokens of a database.
#[derive(Serialize)]
struct Tokens(Vec<TokenRow>);

impl Printable for Tokens {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.0.is_empty() {
            return writeln!(out, "No tokens yet; `healthsink token new` makes one.");
        }
        let mut table = Table::new([
            ("id", Align::Right),
            ("person", Align::Left),
            ("label", Align::Left),
            ("scope", Align::Left),
            ("created", Align::Left),
            ("last used", Align::Left),
            ("expires", Align::Left),
            ("today", Align::Left),
        ]);
        for row in &self.0 {
            let last = match (&row.revoked, &row.last_used) {
                (Some(revoked), _) => format!("revoked {revoked}"),
                (None, Some(used)) => used.clone(),
                (None, None) => "never".to_owned(),
            };
            let today = used_today((row.bytes_per_day, row.bytes_today), (row.rejects_per_day, row.rejects_today));
            let label = row.label.as_deref().unwrap_or_default();
            let expires = match &row.expires {
                Some(time) if row.is_expired => format!("expired {time}"),
                Some(time) => time.clone(),
                None => "never".to_owned(),
            };
            let scope = if row.all_people { format!("{} of all people", row.scope) } else { row.scope.clone() };
            table.push([&row.id.to_string(), &row.person, label, &scope, &row.created, &last, &expires, &today]);
        }
        table.write(out)
    }
}
