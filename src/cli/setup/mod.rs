//! `healthsink setup`: from nothing to a phone that sends. It asks how the phone reaches this machine and whose data it is, makes
//! the token, shows what to type into the app, serves, and reports the first upload.
//!
//! Nothing is written before the last answer. After that, the token is the only change.

mod arrival;
mod ask;
mod code;
mod plan;
mod report;
mod running;

use std::io::{self, IsTerminal};
use std::net::SocketAddr;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};

use self::arrival::Arrival;
use self::ask::Questions;
use self::code::Codes;
use self::plan::{Plan, Reach};
use self::report::{Report, revoke};
use self::running::find;
use super::arguments::{AppArguments, DatabaseArgument, Outcome, parse_listen, parse_name};
use super::print::{Form, FormArgument};
use super::token::add;
use crate::model::error::Result;
use crate::serve::config::Serve;
use crate::serve::{check_settings, serve};
use crate::store::{Database, now_ms};

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
    #[arg(long, short, env = "HEALTHSINK_YES", value_parser = FalseyValueParser::new())]
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
        let is_asking = !self.yes && self.form.form() == Form::Text && io::stdin().is_terminal();
        let mut questions = Questions::new(is_asking);
        let database = Database::new(&self.database.db);
        let reach = questions.reach(self.reach)?;
        let public_url = questions.public_url(reach, self.app.public_url.clone())?;
        let person = questions.person(self.person.clone(), only_person(&database))?;
        let boots = questions.boot(self.boot.map(|boot| boot == Boot::Yes))?;
        let plan = Plan::new(reach, public_url, self.listen, &database, boots)?;
        let config = self.config(&plan, person.clone());
        // Whatever the flags have wrong is said before there is a token.
        check_settings(&config)?;
        let running = find(plan.listen)?;
        let began_ms = now_ms();
        if let Some(running) = &running {
            // Any program may hold the port. It sees a token that is revoked at once, never the one that stays.
            let (probe, secret) = add(&database, &person, Some("a test of setup"))?;
            let checked = running.check_token(&config, &secret);
            database.revoke_token(probe, now_ms())?;
            checked?;
        }
        let (id, token) = add(&database, &person, Some(&self.label))?;
        let report = Report::new(&config, &plan, (&person, &self.label), (id, &token), running.is_some());
        let codes = Codes { page: !self.no_qr, token: self.qr_token };
        report.print(self.form.form(), codes).map_err(|error| {
            revoke(&database, id, &format!("the result cannot be printed ({error}), so nobody has seen the token"))
        })?;
        if self.no_wait {
            return Ok(Outcome::Done);
        }
        let arrival = Arrival { database, token: id, since_ms: began_ms, form: self.form.form() };
        wait(&config, running.is_some(), arrival)
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

/// The person of a database whose tokens are all of one person.
fn only_person(database: &Database) -> Option<String> {
    let tokens = if database.exists() { database.tokens().unwrap_or_default() } else { Vec::new() };
    let mut persons: Vec<String> = tokens.into_iter().map(|token| token.person).collect();
    persons.sort_unstable();
    persons.dedup();
    match persons.len() {
        1 => persons.pop(),
        _ => None,
    }
}
