//! `healthsink token new`: makes a token, and prints it once.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::FalseyValueParser;
use serde::Serialize;

use super::quota::QuotaArguments;
use crate::cli::arguments::{AppArguments, DatabaseArgument, parse_name, parse_period, whose};
use crate::cli::print::{Form, FormArgument, print_to_reader, write_json};
use crate::cli::qr::draw;
use crate::cli::sign_in;
use crate::cli::store::{Place, StoreArgument};
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::time::{DAY_MS, parse_day, to_iso_seconds};
use crate::serve::app::AppSettings;
use crate::serve::config::UPLOAD_PATH_DEFAULT;
use crate::serve::facts::ServerFacts;
use crate::store::{NewToken, TokenDigest, TokenScope, now_ms, private, secret};

#[derive(Debug, Args)]
pub(in crate::cli) struct NewArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// Person whose records its uploads are, and whose it reads [default: the only person, or `me`]
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
    #[command(flatten)]
    quota: QuotaArguments,
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
    pub(super) fn run(&self) -> Result<()> {
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
        let kept = self.store.kept(&self.database)?;
        let person = match whose(self.person.clone(), &kept) {
            // It reads the data of all.
            Err(error) if error.kind() == ErrorKind::Usage && self.all_people => kept.first_person()?,
            person => person?,
        };
        let token = secret::token()?;
        if let Some(file) = &self.out {
            write_new(file, &token)?;
        }
        let digest = TokenDigest::of(token.as_bytes());
        let is_new_database = place.file().is_some_and(|file| !file.exists());
        let label = self.label.as_deref();
        let (scope, is_of_all) = (self.scope, self.all_people);
        let new = NewToken {
            digest: &digest,
            person: &person,
            label,
            scope,
            is_of_all,
            created_ms,
            expires_ms,
            quota: self.quota.quota(),
        };
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
pub(super) enum Expiry {
    /// So long after it was made.
    After(i64),
    /// At this time.
    At(i64),
}

pub(super) fn parse_expiry(text: &str) -> Result<Expiry, String> {
    let wrong = || "write a time such as 90d, 12h or 2w, or a day such as 2027-01-31".to_owned();
    if let Some(day_ms) = parse_day(text) {
        let at_ms = day_ms + DAY_MS;
        // Behind the year 9999 no time can be shown, as if there were none.
        return if to_iso_seconds(at_ms).is_empty() { Err(wrong()) } else { Ok(Expiry::At(at_ms)) };
    }
    parse_period(text).map(Expiry::After).ok_or_else(wrong)
}

impl Expiry {
    /// Returns the time at which a token expires that is made now.
    pub(super) fn after(self, now_ms: i64) -> Result<i64> {
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

    /// Settings of the app, as far as the flags or a server that runs say them.
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
    /// Settings of the app.
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

fn write_new(path: &Path, token: &str) -> Result<()> {
    let written =
        private::create_new(path).and_then(|mut file| writeln!(file, "{token}").and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let message =
            format!("cannot write the token to {}: {error}; name a file that does not exist yet", path.display());
        Error::new(ErrorKind::Io, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::HOUR_MS;

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
