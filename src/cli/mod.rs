//! Flags and environment to what they mean. Nothing is opened or read here.

mod arguments;
pub mod backup;
pub mod check;
pub mod healthcheck;
mod keep;
mod serve;
pub mod status;
pub mod token;
mod token_arguments;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::import::Import;
use crate::model::error::Result;
use crate::serve::config::Serve;
use arguments::{DatabaseArgument, name};
pub use keep::{Backup, Check, Healthcheck, Restore};
use keep::{BackupArguments, CheckArguments, HealthcheckArguments, RestoreArguments};
use serve::ServeArguments;
use token_arguments::TokenArguments;
pub use token_arguments::{Token, TokenAction};

/// As typed.
#[derive(Debug, Parser)]
#[command(name = "healthsink", version, about = ABOUT, after_help = EXAMPLES, propagate_version = true)]
struct Arguments {
    /// How much to log on standard error: off, error, warn, info, debug
    #[arg(
        long,
        alias = "log",
        global = true,
        env = "HEALTHSINK_LOG_LEVEL",
        default_value = "info",
        value_name = "LEVEL"
    )]
    log_level: tracing::level_filters::LevelFilter,
    /// How log lines look: text, json
    #[arg(
        long,
        global = true,
        env = "HEALTHSINK_LOG_FORMAT",
        default_value = "text",
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    log_format: LogFormat,
    #[command(subcommand)]
    command: CommandArguments,
}

const ABOUT: &str = "Receives Apple Health data from the app Health Export Pro and keeps it in a SQLite file.

Bodies of any length are read as they arrive, in flat memory. An answer of 200 means that every record is on the disk;
sending the same again stores nothing twice. Every flag can be set as an environment variable, too.";

const EXAMPLES: &str = "Examples:
  healthsink serve                                          on this machine only, without a token
  healthsink token new --person anna --label phone          a token for the app: shown once
  healthsink serve --listen 0.0.0.0:3000                    from other machines, with a token
  healthsink serve --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key privkey.pem
  healthsink import export.zip                              Apple's own export, as the phone makes it
  healthsink import export-2025.json backup.json.gz         saved payloads
  healthsink status                                         what is there, and is the phone still sending?
  healthsink backup /mnt/backups --keep 14                  a verified copy, while the server runs
  healthsink check                                          is the database sound?
  healthsink restore health-20260101T030000Z.db             a backup in its place, with the server stopped
  sqlite3 health.db 'SELECT * FROM heart_rate LIMIT 5'      the result

Exit codes: 0 done, 1 failed: an input not ingested whole (what could be is stored), a database that is damaged; 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum CommandArguments {
    /// Receive what the app sends
    Serve(ServeArguments),
    /// Take in years of history: Apple's export, payloads of Health Export Pro, exports of Health Auto Export
    Import(ImportArguments),
    /// Tell what the database holds and what the last uploads were
    Status(StatusArguments),
    /// Say who may send: make, list and revoke tokens, also while the server runs
    #[command(subcommand)]
    Token(TokenArguments),
    /// Make a verified copy of the database, while the server runs
    Backup(BackupArguments),
    /// Look the database through, while the server runs, and say what to do about what is found
    Check(CheckArguments),
    /// Put a backup in the place of the database, which is kept under another name
    Restore(RestoreArguments),
    /// Ask a server on this machine whether it is well: for containers
    Healthcheck(HealthcheckArguments),
}

#[derive(Debug, Args)]
struct ImportArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Print the summary as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
    /// Whose records they are
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME")]
    person: Option<String>,
    /// Read everything and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Files, folders, archives: export.zip, export.xml, JSON, also with gzip or zstd; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct StatusArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Print it as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// As meant.
#[derive(Clone, Debug)]
pub struct Config {
    /// How much to log.
    pub log_level: tracing::level_filters::LevelFilter,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What to do.
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Receive uploads.
    Serve(Serve),
    /// Ingest files.
    Import(Import),
    /// Tell what is there.
    Status(Status),
    /// Say who may send.
    Token(Token),
    /// Copy the database.
    Backup(Backup),
    /// Look it through.
    Check(Check),
    /// Put a backup in its place.
    Restore(Restore),
    /// Ask a server on this machine.
    Healthcheck(Healthcheck),
}

/// What `status` needs to know.
#[derive(Clone, Debug)]
pub struct Status {
    /// The database.
    pub db: PathBuf,
    /// Whether it is printed as JSON.
    pub json: bool,
}

/// In a compose file or a unit's settings, an empty variable means that it is not set.
fn set_variables_only(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|argument| match argument.get_env() {
        Some(name) if is_empty(name) => argument.env(None::<&str>),
        _ => argument,
    });
    command.mut_subcommands(set_variables_only)
}

/// Reads the command line and the environment. Prints help, or what is wrong, and exits where clap does.
///
/// # Errors
///
/// [`crate::model::error::ErrorKind::Usage`] if flags that are right by themselves do not go together.
pub fn from_command_line(arguments: impl IntoIterator<Item = OsString>) -> Result<Config> {
    let matches = set_variables_only(Arguments::command()).get_matches_from(arguments);
    let Arguments { log_level, log_format, command } =
        Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let command = match command {
        CommandArguments::Serve(arguments) => Command::Serve(serve::meant(arguments)?),
        CommandArguments::Import(ImportArguments { database, json, person, dry_run, files }) => {
            let person = person.map(|person| name("--person", person)).transpose()?;
            Command::Import(Import { db: database.db, files, json, person, dry_run })
        }
        CommandArguments::Status(StatusArguments { database, json }) => {
            Command::Status(Status { db: database.db, json })
        }
        CommandArguments::Token(arguments) => Command::Token(token_arguments::meant(arguments)?),
        CommandArguments::Backup(arguments) => Command::Backup(arguments.into()),
        CommandArguments::Check(arguments) => Command::Check(arguments.into()),
        CommandArguments::Restore(arguments) => Command::Restore(arguments.into()),
        CommandArguments::Healthcheck(arguments) => Command::Healthcheck(arguments.into()),
    };
    Ok(Config { log_level, log_format, command })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
