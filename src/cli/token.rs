//! `healthsink token`: makes, lists and revokes the tokens that uploads and reads need. A running server sees a change at once.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::arguments::{AppArguments, DatabaseArgument, Outcome, parse_name};
use super::print::{Form, FormArgument, Printable, ResultArgument, print, print_to_reader, write_json};
use super::qr::draw;
use super::sign_in;
use super::store::{Place, StoreArgument};
use super::table::{Align, Table};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::time::{DAY_MS, HOUR_MS, parse_day, to_iso_seconds};
use crate::serve::app::AppSettings;
use crate::serve::config::UPLOAD_PATH_DEFAULT;
use crate::serve::facts::ServerFacts;
use crate::store::{Database, NewToken, Revocation, TokenDigest, TokenRow, TokenScope, now_ms, private, secret};

#[derive(Debug, Subcommand)]
pub(super) enum TokenArguments {
    /// Make a token and print it once: the database keeps only its digest
    New(NewArguments),
    /// List tokens: whose they are, when they were last used, which are revoked
    List(ListArguments),
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
            Self::Revoke(arguments) => arguments.run(),
        }?;
        Ok(Outcome::Done)
    }
}

#[derive(Debug, Args)]
pub(super) struct NewArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// Person whose records its uploads are, and whose it reads [default: the first one, who is me unless renamed]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    /// What the token is for, to distinguish it from others of the person: phone, tablet
    #[arg(long, env = "HEALTHSINK_LABEL", value_name = "TEXT", value_parser = parse_name)]
    label: Option<String>,
    /// What it allows: send for uploads, read for the API, admin for both
    #[arg(long, env = "HEALTHSINK_SCOPE", value_name = "SCOPE", default_value = "send", value_parser = parse_scope)]
    scope: TokenScope,
    /// Let it read the data of all persons, not only its person's
    #[arg(long, env = "HEALTHSINK_ALL_PEOPLE", value_parser = FalseyValueParser::new())]
    all_people: bool,
    /// When it expires: after a time such as 90d, 12h or 2w, or with the end of a day (UTC) such as 2027-01-31 [default: never]
    #[arg(long, env = "HEALTHSINK_EXPIRES", value_name = "WHEN", value_parser = parse_expiry)]
    expires: Option<Expiry>,
    /// Write the token to a new file that only you can read, instead of standard output
    #[arg(long, env = "HEALTHSINK_OUT", value_name = "FILE")]
    out: Option<PathBuf>,
    /// Show a link and a QR code that sign a browser in to the page with this token, once and within 10 minutes
    #[arg(long, env = "HEALTHSINK_QR", value_parser = FalseyValueParser::new())]
    qr: bool,
    #[command(flatten)]
    app: AppArguments,
    #[command(flatten)]
    form: FormArgument,
}

impl NewArguments {
    /// Makes a token and prints it. A token that nobody could read is revoked.
    fn run(&self) -> Result<()> {
        let made = self.make()?;
        let Err(error) = made.print(self.form.form()) else {
            return Ok(());
        };
        let mut message = format!("the result cannot be printed: {error}");
        if made.token.is_some() {
            self.store.place(&self.database)?.revoke_token(made.id)?;
            message.push_str("; nobody has seen the token, so it is revoked: make another");
        }
        Err(Error::new(ErrorKind::Io, message))
    }

    /// Writes the file first, and deletes it if the database does not get the token: then no token is stored but unseen, and
    /// none is seen but not stored.
    fn make(&self) -> Result<Made<'_>> {
        let place = self.store.place(&self.database)?;
        if self.all_people && !self.scope.may_read() {
            return Err(Error::usage("--all-people is for tokens that read; add --scope read or --scope admin"));
        }
        if self.qr && !self.scope.may_read() {
            return Err(Error::usage("--qr is for tokens that read; add --scope read or --scope admin"));
        }
        let page = self.qr.then(|| self.page_url(&place)).transpose()?;
        let created_ms = now_ms();
        let expires_ms = self.expires.map(|expiry| expiry.after(created_ms)).transpose()?;
        let person = self.person.clone().map_or_else(|| place.first_person(), Ok)?;
        let token = secret::token()?;
        if let Some(file) = &self.out {
            write_new(file, &token)?;
        }
        let digest = TokenDigest::of(token.as_bytes());
        let is_new_database = place.file().is_some_and(|file| !file.exists());
        let label = self.label.as_deref();
        let (scope, is_of_all) = (self.scope, self.all_people);
        let new = NewToken { digest: &digest, person: &person, label, scope, is_of_all, created_ms, expires_ms };
        let added = place.add_token(&new).inspect_err(|_| {
            if let Some(file) = &self.out {
                // The file is new; if it stays, its token opens nothing.
                let _ = std::fs::remove_file(file);
            }
        });
        let id = added?;
        let link = |page: String| place.add_code(id).map(|code| sign_in::link_of(&code, &page));
        let sign_in = page.map(link).transpose();
        Ok(Made {
            id,
            // The token is made: it must be seen.
            sign_in: sign_in.unwrap_or_else(|error| {
                tracing::warn!(%error, "no link for the page");
                None
            }),
            person,
            label,
            scope: self.scope,
            all_people: self.all_people,
            expires: expires_ms.map(to_iso_seconds),
            token: self.out.is_none().then_some(token),
            file: self.out.as_deref(),
            database: place.shown(),
            is_new_database,
            app: self.app_words(&place),
        })
    }
}

fn parse_scope(text: &str) -> Result<TokenScope, String> {
    let known = TokenScope::ALL.into_iter().find(|scope| scope.name() == text);
    known.ok_or_else(|| "write send, read or admin".to_owned())
}

/// When a token expires, as typed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Expiry {
    /// So long after it was made.
    After(i64),
    /// At this time.
    At(i64),
}

fn parse_expiry(text: &str) -> Result<Expiry, String> {
    let wrong = || "write a time such as 90d, 12h or 2w, or a day such as 2027-01-31".to_owned();
    if let Some(day_ms) = parse_day(text) {
        let at_ms = day_ms + DAY_MS;
        // Behind the year 9999 no time can be shown, as if there were none.
        return if to_iso_seconds(at_ms).is_empty() { Err(wrong()) } else { Ok(Expiry::At(at_ms)) };
    }
    let unit_ms = match text.as_bytes().last() {
        Some(b'h') => HOUR_MS,
        Some(b'd') => DAY_MS,
        Some(b'w') => 7 * DAY_MS,
        _ => return Err(wrong()),
    };
    let number: u16 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    if number == 0 { Err(wrong()) } else { Ok(Expiry::After(i64::from(number) * unit_ms)) }
}

impl Expiry {
    /// Returns the time at which a token expires that is made now.
    fn after(self, now_ms: i64) -> Result<i64> {
        match self {
            Self::After(time_ms) => Ok(now_ms.saturating_add(time_ms)),
            Self::At(at_ms) if at_ms > now_ms => Ok(at_ms),
            Self::At(_) => Err(Error::usage("the day of --expires is over; name one in the future")),
        }
    }
}

impl NewArguments {
    /// The URL of the page: that of the flag, or the best one of the server that runs.
    fn page_url(&self, place: &Place) -> Result<String> {
        let known = self.app.public_url.as_ref().map(ToString::to_string);
        let running = || place.file().and_then(ServerFacts::of);
        let running = || running().filter(|server| !server.has_gap)?.urls.into_iter().next();
        known.or_else(running).ok_or_else(|| {
            Error::usage(match place {
                Place::File(_) => {
                    "--qr needs an address that a phone can reach: start the server on one before, or name it with --public-url"
                }
                Place::Postgres(_) => "--qr needs the address of a receiver that a phone can reach: name it with --public-url",
            })
        })
    }

    /// What to type into the app, as far as the flags or a server that runs say it.
    fn app_words(&self, place: &Place) -> String {
        let AppArguments { path, public_url, auth_header } = &self.app;
        let server = place.file().and_then(ServerFacts::of);
        let mut app = AppSettings { public_url: public_url.clone(), path: path.clone(), header: auth_header.clone() };
        if let Some(ServerFacts { path, header, .. }) = server {
            app.header = app.header.or(header);
            if app.path == UPLOAD_PATH_DEFAULT {
                app.path = path;
            }
        }
        let base = public_url.as_ref().map(|url| format!("base URL {url}, ")).unwrap_or_default();
        format!("{base}{}", app.words())
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
    #[arg(required = true, value_name = "ID")]
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

/// A new token.
#[derive(Serialize)]
struct Made<'a> {
    id: i64,
    person: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(serialize_with = "write_scope")]
    scope: TokenScope,
    all_people: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    /// Unless it is in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    /// The link that signs a browser in.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<String>,
    /// The database that the server must use.
    database: PathBuf,
    /// Whether this command created it: the server may use another.
    is_new_database: bool,
    /// What to type into the app.
    #[serde(skip)]
    app: String,
}

fn write_scope<S: serde::Serializer>(scope: &TokenScope, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(scope.name())
}

impl Made<'_> {
    /// Prints the token, and only that, on standard output; everything about it on standard error.
    fn print(&self, form: Form) -> io::Result<()> {
        if form == Form::Json {
            return print_to_reader(|out| write_json(self, out));
        }
        let label = self.label.map(|label| format!(" ({label})")).unwrap_or_default();
        let new = if self.is_new_database { ", which is new" } else { "" };
        let place = match self.file {
            Some(file) => format!("written to {}", file.display()),
            None => "printed below, only this once".to_owned(),
        };
        let until = self.expires.as_ref().map(|time| format!(", which expires at {time}")).unwrap_or_default();
        let Self { id, person, database, app, .. } = self;
        let whose = if self.all_people { "of everyone" } else { "of its person" };
        let purpose = match self.scope {
            TokenScope::Send => format!("In the app: {app}."),
            TokenScope::Read => format!("It reads the data {whose} at /api/v1, and cannot upload."),
            TokenScope::Admin => format!("It reads the data {whose} at /api/v1. In the app: {app}."),
        };
        // If standard error is closed, the token itself still counts.
        let _ = writeln!(
            io::stderr(),
            "token {id} of {person}{label}{until}, stored in {}{new}, is {place}. {purpose}",
            database.display()
        );
        if let Some(link) = &self.sign_in {
            let mut out = io::stderr();
            let _ = writeln!(out, "This link signs a browser in with it, once and within 10 minutes:\n  {link}\n");
            let _ = draw(link, out.is_terminal(), &mut out);
        }
        self.token.as_ref().map_or(Ok(()), |token| print_to_reader(|out| writeln!(out, "{token}")))
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
    })?;
    Ok((id, token))
}

fn write_new(path: &Path, token: &str) -> Result<()> {
    let written =
        private::create_new(path).and_then(|mut file| writeln!(file, "{token}").and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let message =
            format!("cannot write the token to {}: {error}; name a file that does not exist yet", path.display());
        Error::new(ErrorKind::Io, message)
    })
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
        ]);
        for row in &self.0 {
            let used = match (&row.revoked, &row.last_used) {
                (Some(revoked), _) => format!("revoked {revoked}"),
                (None, Some(used)) => used.clone(),
                (None, None) => "never".to_owned(),
            };
            let label = row.label.as_deref().unwrap_or_default();
            let expires = match &row.expires {
                Some(time) if row.is_expired => format!("expired {time}"),
                Some(time) => time.clone(),
                None => "never".to_owned(),
            };
            let scope = if row.all_people { format!("{} of all people", row.scope) } else { row.scope.clone() };
            table.push([&row.id.to_string(), &row.person, label, &scope, &row.created, &used, &expires]);
        }
        table.write(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiries_are_times_or_days() {
        let check = |text: &str, expected: Option<Expiry>| assert_eq!(parse_expiry(text).ok(), expected, "{text}");
        check("90d", Some(Expiry::After(90 * DAY_MS)));
        check("1h", Some(Expiry::After(HOUR_MS)));
        check("2w", Some(Expiry::After(14 * DAY_MS)));
        check("1970-01-31", Some(Expiry::At(31 * DAY_MS)));
        for wrong in
            ["", "d", "0d", "90", "-1d", "+1d x", "99999d", "9999-12-31", "2027-02-30", "31.1.2027", "tomorrow", "1ü"]
        {
            check(wrong, None);
        }
        assert!(Expiry::At(31 * DAY_MS).after(31 * DAY_MS).is_err());
        assert_eq!(Expiry::At(31 * DAY_MS).after(31 * DAY_MS - 1).ok(), Some(31 * DAY_MS));
    }
}
