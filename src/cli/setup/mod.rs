//! `healthsink setup`: from nothing to a phone that sends. It asks how the phone reaches this machine and whose data it is, makes
//! the token, shows what to type into the app, serves, and reports the first upload.
//!
//! Nothing is written before the last answer. After that, the token, one for the page and a code to sign in are the only changes.

mod app;
mod arrival;
mod ask;
mod plan;
mod report;
mod running;

use std::io::{self, IsTerminal};
use std::net::SocketAddr;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use self::app::App;
use self::arrival::{Arrival, Snapshot};
use self::ask::Questions;
use self::plan::{Plan, Reach};
use self::report::{Codes, Report, revoke};
use self::running::find;
use super::arguments::{AppArguments, DatabaseArgument, Outcome, parse_listen, parse_name, whose};
use super::print::{Form, FormArgument};
use super::sign_in;
use super::token::add;
use crate::model::error::Result;
use crate::serve::config::{Serve, UPLOAD_PATH_DEFAULT};
use crate::serve::facts::ServerFacts;
use crate::serve::{check_listen, check_settings, serve};
use crate::store::{Database, TokenRow};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SetupArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// How the phone reaches this machine: home (its Wi-Fi, plain HTTP), vpn (such as Tailscale), domain (HTTPS by a proxy)
    #[arg(long, env = "HEALTHSINK_REACH", value_name = "WAY", hide_possible_values = true)]
    reach: Option<Reach>,
    /// Person whose data the phone sends
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME", value_parser = parse_name)]
    person: Option<String>,
    /// What the token is for, to distinguish it from others of the person
    #[arg(long, env = "HEALTHSINK_LABEL", value_name = "TEXT", value_parser = parse_name, default_value = "phone")]
    label: String,
    /// Whether the server starts with this machine: yes shows the command for that
    #[arg(long, env = "HEALTHSINK_BOOT", value_name = "YES|NO", hide_possible_values = true)]
    boot: Option<Boot>,
    /// Address and port to listen on [default: by --reach]
    #[arg(long, env = "HEALTHSINK_LISTEN", value_name = "ADDRESS", value_parser = parse_listen)]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    app: AppArguments,
    /// Ask nothing: what no flag says is --reach home, the only person there is or `me`, --boot no
    // Without a variable: it must be typed each time.
    #[arg(long, short)]
    yes: bool,
    /// Make the token, show what to type, and end: do not serve, and do not wait for the first upload
    #[arg(long, env = "HEALTHSINK_NO_WAIT", value_parser = FalseyValueParser::new())]
    no_wait: bool,
    /// Draw no QR code
    #[arg(long, env = "HEALTHSINK_NO_QR", value_parser = FalseyValueParser::new())]
    no_qr: bool,
    /// Draw the token as a second QR code, to copy it on the phone
    #[arg(long, env = "HEALTHSINK_QR_TOKEN", value_parser = FalseyValueParser::new(), conflicts_with = "no_qr")]
    qr_token: bool,
    #[command(flatten)]
    form: FormArgument,
}

const EXAMPLES: &str = "Examples:
  healthsink setup                       ask for everything
  healthsink setup --yes --person anna   the home network, without a question
  healthsink setup --reach domain --public-url https://health.example.com
  healthsink setup --yes --no-wait --json";

/// An answer to a question of yes or no.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Boot {
    Yes,
    No,
}

impl SetupArguments {
    pub(super) fn run(self) -> Result<Outcome> {
        let database = Database::new(&self.database.db);
        let known = ServerFacts::of(&database);
        let is_asking = !self.yes && self.form.form() == Form::Text;
        let mut questions = Questions::new(is_asking, io::stdin().is_terminal());
        // A server that runs is reached as its flags say.
        let reach = match (&known, self.reach, &self.app.public_url) {
            (Some(_), None, None) => Reach::Home,
            (_, given, _) => questions.reach(given)?,
        };
        let path = known.as_ref().map_or(self.app.path.as_str(), |server| &server.path);
        let public_url = questions.public_url(reach, self.app.public_url.clone())?;
        let public_url = public_url.map(|url| url.without_path(path));
        let person = questions.person(self.person.clone(), || whose(None, &database.clone().into()))?;
        let boots = questions.boot(self.boot.map(|boot| boot == Boot::Yes))?;
        let listen = known.as_ref().map_or(self.listen, |server| Some(server.listen));
        let plan = Plan::new(reach, public_url, listen, &database, boots.then_some(&person))?;
        let config = self.config(&plan, person.clone());
        // Whatever the flags have wrong is said before there is a token.
        check_settings(&config)?;
        let running = known.map_or_else(|| find(&database, plan.listen), |server| Ok(Some(server)))?;
        if running.is_none() && !self.no_wait {
            check_listen(plan.listen)?;
        }
        if let Some(server) = &running {
            self.warn_of_dropped_flags(server);
        }
        let earlier_tokens = self.equal_tokens(&database, &person);
        self.warn_of_equal_tokens(&earlier_tokens, &person);
        let began = Snapshot::of(&database);
        let (id, token) = add(&database, &person, Some(&self.label))?;
        let app = running.as_ref().map_or_else(|| App::of(&config), |server| App::of_server(server, &config));
        let mut report = Report::new(&config, &plan, app, (&person, &self.label), (id, &token), running.is_some());
        report.earlier_tokens = earlier_tokens;
        if let Some(url) = report.page_url() {
            // The phone sends without it.
            match sign_in::token(&database, &person).and_then(|token| sign_in::link(&database, token, url)) {
                Ok(link) => report.sign_in = Some(link),
                Err(error) => {
                    tracing::warn!(%error, "no link for the page; `healthsink token new --scope read --qr` makes one")
                }
            }
        }
        let codes = Codes { page: !self.no_qr, token: self.qr_token };
        report.print(self.form.form(), codes).map_err(|error| {
            revoke(&database, id, &format!("the result cannot be printed ({error}), so nobody has seen the token"))
        })?;
        if self.no_wait {
            return Ok(Outcome::Done);
        }
        let arrival = Arrival { database, token: id, seen: began, form: self.form.form() };
        wait(&config, running.is_some(), arrival)
    }

    /// Logs flags that only a new start of the server that runs would heed.
    fn warn_of_dropped_flags(&self, server: &ServerFacts) {
        let AppArguments { path, auth_header, .. } = &self.app;
        let is_own = |header: &String| server.header.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(header));
        let dropped = [
            ("--listen", self.listen.is_some_and(|listen| listen != server.listen)),
            ("--path", *path != server.path && path != UPLOAD_PATH_DEFAULT),
            ("--auth-header", auth_header.as_ref().is_some_and(|header| !is_own(header))),
        ];
        for (flag, _) in dropped.into_iter().filter(|(_, is_dropped)| *is_dropped) {
            tracing::warn!("a server runs already, so {flag} changes nothing: restart the server with it");
        }
    }

    /// The valid tokens that the person has of this label.
    fn equal_tokens(&self, database: &Database, person: &str) -> Vec<i64> {
        let tokens = if database.exists() { database.tokens().unwrap_or_default() } else { Vec::new() };
        let is_equal = |token: &TokenRow| {
            token.person == person
                && token.label.as_deref() == Some(&self.label)
                && token.revoked.is_none()
                && !token.is_expired
        };
        tokens.into_iter().filter(is_equal).map(|token| token.id).collect()
    }

    /// Logs that there are such tokens: nobody can read them again, so setup makes another one, and a phone may still use them.
    fn warn_of_equal_tokens(&self, tokens: &[i64], person: &str) {
        let label = &self.label;
        let ids = tokens.iter().map(i64::to_string).collect::<Vec<_>>();
        let (has, them) = match ids.as_slice() {
            [] => return,
            [id] => (format!("token {id}"), "it"),
            ids => (format!("{} tokens", ids.len()), "them"),
        };
        let ids = ids.join(" ");
        tracing::warn!(
            "{person} has {has} for `{label}` already, and gets another one; if no phone uses {them}: `healthsink token revoke {ids}`; \
             name another phone with --label"
        );
    }

    fn config(&self, plan: &Plan, person: String) -> Serve {
        let mut config = Serve::new(self.database.db.clone());
        config.listen = plan.listen;
        config.path.clone_from(&self.app.path);
        config.public_url.clone_from(&plan.public_url);
        config.trusted_proxies.clone_from(&plan.trusted_proxies);
        config.auth.header.clone_from(&self.app.auth_header);
        config.auth.person = Some(person);
        config
    }
}

/// Waits for the first upload: beside the server that runs, or while serving.
fn wait(config: &Serve, is_running: bool, arrival: Arrival) -> Result<Outcome> {
    if is_running {
        arrival.wait()?;
        return Ok(Outcome::Done);
    }
    let watch = arrival.watch()?;
    let served = serve(config);
    watch.end();
    served.map(|()| Outcome::Done)
}
