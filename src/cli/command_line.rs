//! The command line: the commands, the flags that all of them share, and the environment.

use std::ffi::{OsStr, OsString};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::arguments::Outcome;
use super::backup::BackupArguments;
use super::check::CheckArguments;
use super::healthcheck::HealthcheckArguments;
use super::import::ImportArguments;
use super::log::{self, LogArguments, LogThread};
use super::restore::RestoreArguments;
use super::serve::ServeArguments;
use super::status::StatusArguments;
use super::token::TokenArguments;
use crate::model::error::Result;

#[derive(Debug, Parser)]
#[command(name = "healthsink", version, about = ABOUT, after_help = EXAMPLES, propagate_version = true)]
struct CommandLine {
    #[command(flatten)]
    log: LogArguments,
    #[command(subcommand)]
    command: Command,
}

const ABOUT: &str = "Receives Apple Health data from the app Health Export Pro and stores it in a SQLite file.

The server reads bodies of any length as they arrive, in flat memory. It answers 200 once every
record is on the disk. Sending the same data again stores nothing twice.

Every flag is also an environment variable, except --force: HEALTHSINK_DB is --db.";

const EXAMPLES: &str = "Examples:
  healthsink serve                                      receive from this machine only, without a token
  healthsink token new --person anna --label phone      make a token for the app and print it once
  healthsink serve --listen 0.0.0.0:3000                receive from other machines, with a token
  healthsink serve --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key privkey.pem
  healthsink import export.zip                          import Apple's export, as the phone makes it
  healthsink import export-2025.json backup.json.gz     import saved payloads
  healthsink status                                     show what is stored and when data last came
  healthsink backup /mnt/backups --keep 14              make a verified copy, while the server runs
  healthsink check                                      look for damage
  healthsink restore health-20260101T030000Z.db         go back to a backup, with the server stopped
  sqlite3 health.db 'SELECT * FROM heart_rate LIMIT 5'  query the result

Exit codes: 0 done; 1 failed, damage found, or an input not imported whole; 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Receive what the app sends
    Serve(ServeArguments),
    /// Import years of history: Apple's export, payloads of Health Export Pro, exports of Health Auto Export
    Import(ImportArguments),
    /// Show what the database holds and what the last uploads were
    Status(StatusArguments),
    /// Make, list and revoke the tokens that uploads need, also while the server runs
    #[command(subcommand)]
    Token(TokenArguments),
    /// Make a verified copy of the database, while the server runs
    Backup(BackupArguments),
    /// Look for damage, while the server runs, and say what to do about it
    Check(CheckArguments),
    /// Replace the database by a backup, and keep the old one under another name
    Restore(RestoreArguments),
    /// Ask a server on this machine whether it is healthy, for containers
    Healthcheck(HealthcheckArguments),
}

/// Runs the command that the command line names. clap prints help and what is wrong with a flag, and exits.
///
/// # Errors
///
/// The error that ended the command; of kind [`Usage`](crate::model::error::ErrorKind::Usage) if flags contradict
/// each other.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Result<Outcome> {
    let matches = without_empty_variables(CommandLine::command()).get_matches_from(words);
    let CommandLine { log, command } = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // The server must not wait for whatever reads its standard error.
    let thread = if matches!(command, Command::Serve(_)) { LogThread::Own } else { LogThread::Caller };
    // Dropping the guard writes the lines that still wait.
    let _guard = log::start(&log, thread);
    match command {
        Command::Serve(arguments) => arguments.run(),
        Command::Import(arguments) => arguments.run(),
        Command::Status(arguments) => arguments.run(),
        Command::Token(arguments) => arguments.run(),
        Command::Backup(arguments) => arguments.run(),
        Command::Check(arguments) => arguments.run(),
        Command::Restore(arguments) => arguments.run(),
        Command::Healthcheck(arguments) => arguments.run(),
    }
}

/// The same command, with empty variables ignored: compose files and systemd units leave unset ones empty.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|argument| match argument.get_env() {
        Some(name) if is_empty(name) => argument.env(None::<&str>),
        _ => argument,
    });
    command.mut_subcommands(without_empty_variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    /// Flags without a variable: `--force` must be typed each time, the others print and exit.
    const WITHOUT_VARIABLE: [&str; 3] = ["force", "help", "version"];

    #[test]
    fn every_flag_is_also_a_variable() {
        let mut commands = vec![CommandLine::command()];
        let mut flags = 0;
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments() {
                let Some(flag) = argument.get_long().filter(|flag| !WITHOUT_VARIABLE.contains(flag)) else { continue };
                let expected = format!("HEALTHSINK_{}", flag.to_uppercase().replace('-', "_"));
                let variable = argument.get_env().and_then(OsStr::to_str);
                assert_eq!(variable, Some(expected.as_str()), "{} --{flag}", command.get_name());
                flags += 1;
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(flags > 30, "only {flags} flags were found");
    }
}
