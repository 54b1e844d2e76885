//! What setup prints: the token, and what to type into the app, as text, as a QR code or as JSON.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::app::App;
use super::plan::Plan;
use crate::cli::arguments::shell_word;
use crate::cli::print::{Form, print_to_reader, write_json};
use crate::cli::qr::draw;
use crate::cli::table::shown_within;
use crate::model::error::{Error, ErrorKind};
use crate::serve::config::{Serve, UPLOAD_PATH_DEFAULT};
use crate::serve::reach::speaks_mdns;
use crate::store::{Database, now_ms};

/// Columns of a name in a line.
const NAME_COLUMNS: usize = 24;

/// Which codes are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Codes {
    /// The link that signs a browser in.
    pub(super) page: bool,
    /// The token.
    pub(super) token: bool,
}

/// What to type into the app.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report<'a> {
    id: i64,
    person: &'a str,
    label: &'a str,
    token: &'a str,
    /// Valid tokens that the person had for the same label. They cannot be shown again, and stay valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier_tokens: Vec<i64>,
    /// `None` if a phone cannot reach the server at all.
    base_url: Option<String>,
    /// Further URLs that may work.
    other_base_urls: Vec<String>,
    endpoint_path: String,
    authentication: &'static str,
    header: String,
    database: PathBuf,
    /// Whether a server runs already.
    is_running: bool,
    /// The command that starts this server again; `None` beside a server that runs.
    serve: Option<String>,
    steps: Vec<Step<'a>>,
    /// The link that signs a browser in to the page; `None` if a phone cannot reach that.
    pub(super) sign_in: Option<String>,
    #[serde(skip)]
    has_gap: bool,
}

/// Steps that remain for the user.
#[derive(Debug, Serialize)]
struct Step<'a> {
    what: &'a str,
    text: &'a str,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        config: &'a Serve,
        plan: &'a Plan,
        App { urls, has_gap, path, header }: App,
        (person, label): (&'a str, &'a str),
        (id, token): (i64, &'a str),
        is_running: bool,
    ) -> Self {
        let mut urls = urls.into_iter();
        let database = std::path::absolute(&config.db).unwrap_or_else(|_| config.db.clone());
        Self {
            id,
            person,
            label,
            token,
            earlier_tokens: Vec::new(),
            base_url: urls.next(),
            other_base_urls: urls.collect(),
            endpoint_path: path,
            authentication: if header.is_some() { "Custom Header" } else { "Bearer" },
            header: header.unwrap_or_else(|| "Authorization".to_owned()),
            database,
            is_running,
            serve: (!is_running).then(|| serve_command(config)),
            steps: plan.steps.iter().map(|(what, text)| Step { what, text }).collect(),
            sign_in: None,
            has_gap,
        }
    }

    /// The URL of the page, if a phone reaches it.
    pub(super) fn page_url(&self) -> Option<&str> {
        self.base_url.as_deref().filter(|_| !self.has_gap)
    }

    /// Prints it on standard output.
    ///
    /// # Errors
    ///
    /// Also if its reader has gone: nobody has seen the token then.
    pub(super) fn print(&self, form: Form, codes: Codes) -> io::Result<()> {
        print_to_reader(|out| match form {
            Form::Json => write_json(self, out),
            Form::Text => self.write_text(codes, out),
        })
    }

    fn write_text(&self, codes: Codes, out: &mut dyn Write) -> io::Result<()> {
        let Self { id, person, label, token, .. } = self;
        let [person, label] = [person, label].map(|name| shown_within(name, NAME_COLUMNS));
        writeln!(out, "Token {id} of {person} ({label}) is in\n{}.\n", self.database.display())?;
        writeln!(out, "Type into the app:")?;
        match &self.base_url {
            Some(url) => writeln!(out, "  base URL        {url}")?,
            None if self.is_running => writeln!(
                out,
                "  base URL        a phone cannot reach the server that runs: start it with\n                  --listen :3000, or with --public-url"
            )?,
            None => writeln!(
                out,
                "  base URL        a phone cannot reach this address: give --public-url,\n                  or --listen :3000"
            )?,
        }
        if self.has_gap {
            writeln!(
                out,
                "                  (this machine cannot see its address from outside:\n                  --public-url names it)"
            )?;
        }
        for other in &self.other_base_urls {
            let host = other.split('/').nth(2).and_then(|host| host.split(':').next()).unwrap_or_default();
            let hint = if host.ends_with(".local") && !speaks_mdns() { " (if this machine runs Avahi)" } else { "" };
            writeln!(out, "               or {other}{hint}")?;
        }
        writeln!(out, "  endpoint path   {}", self.endpoint_path)?;
        writeln!(out, "  authentication  {}", self.authentication)?;
        if self.authentication != "Bearer" {
            writeln!(out, "  header name     {}", self.header)?;
        }
        writeln!(out, "  API key         {token}\n\nThe API key is shown only this once.")?;
        for Step { what, text } in &self.steps {
            writeln!(out, "\n{what}:")?;
            text.lines().try_for_each(|line| writeln!(out, "  {line}"))?;
        }
        self.write_codes(codes, out)?;
        if let Some(command) = &self.serve {
            writeln!(out, "\nTo start the server again later:\n  {command}")?;
        }
        writeln!(out, "\nThen export in the app.")
    }

    fn write_codes(&self, codes: Codes, out: &mut dyn Write) -> io::Result<()> {
        let is_terminal = io::stdout().is_terminal();
        if let Some(link) = &self.sign_in {
            writeln!(
                out,
                "\nTo look at the data, open this link on the phone. It signs the browser in once,\nwithin 10 minutes; later: healthsink token new --scope read --qr --person {}\n  {link}",
                shell_word(self.person)
            )?;
        }
        if let Some(link) = self.sign_in.as_ref().filter(|_| codes.page) {
            writeln!(
                out,
                "\nThe phone's camera opens it with this code. If it does not, the phone does not\nreach this machine: see docs/phone.md.\n"
            )?;
            draw(link, is_terminal, out)?;
        }
        if codes.token {
            writeln!(
                out,
                "\nThis code is the API key. On the phone, hold the camera's preview and choose\nCopy. Do not tap the preview: that may search the web for the key.\n"
            )?;
            draw(self.token, is_terminal, out)?;
        }
        Ok(())
    }
}

/// Returns the command that starts a server with these settings.
fn serve_command(config: &Serve) -> String {
    let database = std::path::absolute(&config.db).unwrap_or_else(|_| config.db.clone());
    let database = database.display().to_string().replace('\'', r"'\''");
    let mut command = format!("healthsink serve --listen {} --db '{database}'", config.listen);
    let mut add = |flag: &str, value: &dyn fmt::Display| command.push_str(&format!(" --{flag} '{value}'"));
    config.trusted_proxies.iter().for_each(|network| add("trusted-proxy", network));
    if let Some(url) = &config.public_url {
        add("public-url", url);
    }
    if config.path != UPLOAD_PATH_DEFAULT {
        add("path", &config.path);
    }
    if let Some(name) = &config.auth.header {
        add("auth-header", name);
    }
    command
}

/// Revokes a token that nobody can use. Returns the error that says so.
pub(super) fn revoke(database: &Database, id: i64, reason: &str) -> Error {
    match database.revoke_token(id, now_ms()) {
        Ok(_) => Error::new(ErrorKind::Io, format!("{reason}; the new token is revoked: run setup again")),
        Err(error) => Error::new(error.kind(), format!("{reason}; token {id} cannot be revoked: {error}")),
    }
}
