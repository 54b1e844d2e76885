//! The command line: the commands, the flags that all of them share, and the environment.

use std::ffi::{OsStr, OsString};
use std::sync::LazyLock;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use super::arguments::Outcome;
use super::backup::BackupArguments;
use super::check::CheckArguments;
use super::completions::CompletionsArguments;
use super::demo::DemoArguments;
use super::explain::ExplainArguments;
use super::follow::FollowArguments;
use super::forget::ForgetArguments;
use super::healthcheck::HealthcheckArguments;
use super::import::ImportArguments;
use super::log::{self, LogArguments, LogThread};
use super::man::ManArguments;
use super::people::PeopleArguments;
use super::report::ReportArguments;
use super::restore::RestoreArguments;
use super::serve::ServeArguments;
use super::sessions::SessionsArguments;
use super::setup::SetupArguments;
use super::sources::SourcesArguments;
use super::status::StatusArguments;
use super::store::MigrateArguments;
use super::token::TokenArguments;
use super::verify::VerifyArguments;
use super::zones::ZonesArguments;
use crate::model::error::Result;
use crate::store::sqlite_version;

#[derive(Debug, Parser)]
#[command(name = NAME, version, about = ABOUT, after_help = EXAMPLES, propagate_version = true)]
#[command(long_version = LONG_VERSION.as_str())]
struct CommandLine {
    #[command(flatten)]
    log: LogArguments,
    #[command(subcommand)]
    command: Command,
}

const NAME: &str = "healthsink";

const ABOUT: &str = "Receives Apple Health data from the app Health Export Pro into a SQLite file.

The server reads bodies of any length as they arrive, in flat memory. It answers
200 once every record is on the disk. Sending the same data again stores nothing
twice.

Every flag is also an environment variable, except --force, --yes, what forget
is to delete, and --person of status: HEALTHSINK_DB is --db.";

const EXAMPLES: &str = "Examples:
  healthsink demo                           look at a made-up household
  healthsink setup                          ask, make a token, serve
  healthsink serve                          receive from this machine only
  healthsink token new --person anna        a token for the app, printed once
  healthsink serve --listen :3000           receive from other machines
  healthsink serve --listen :8443 --tls-cert fullchain.pem --tls-key privkey.pem
  healthsink import export.zip              import Apple's export
  healthsink import 2025.json 2026.json.gz  import saved payloads
  healthsink status                         what is stored, when data last came
  healthsink report                         the last days beside the last 28
  healthsink follow --help                  send what changes to InfluxDB
  healthsink backup /mnt/backups --keep 14  a verified copy, any time
  healthsink people merge me anna           data under the wrong person
  healthsink forget --person ben            delete somebody's data
  healthsink check                          look for damage
  healthsink restore health-20260101T030000Z.db
  sqlite3 health.db 'SELECT * FROM heart_rate LIMIT 5'

Exit codes:
  0  done
  1  failed, damage found, an input not imported whole, a silent phone
  2  wrong usage
  130, 143  import stopped by Ctrl-C or SIGTERM; what it read is stored";

#[derive(Debug, Subcommand)]
enum Command {
    /// Set up a phone: ask, make its token, show what to type into the app, serve, report the first upload
    Setup(Box<SetupArguments>),
    /// Look at the program without a phone: serve a made-up household of ten years, apart from any real file
    Demo(DemoArguments),
    /// Receive what the app sends
    Serve(Box<ServeArguments>),
    /// Import years of history: Apple's export, payloads of Health Export Pro, exports of Health Auto Export
    Import(ImportArguments),
    /// Show what the database holds and what the last uploads were
    Status(StatusArguments),
    /// Show the last days of a person: steps, energy, heart, sleep, weight, workouts, doses
    Report(ReportArguments),
    /// Show the parts of a day's figure: which source counted when, what was left out
    Explain(ExplainArguments),
    /// Compare rings of days and statistics of workouts with the figures that their samples make
    Verify(VerifyArguments),
    /// List sources, and decide which of them counts before which
    #[command(subcommand)]
    Sources(SourcesArguments),
    /// Show in which time zone a person was, and correct it
    #[command(subcommand)]
    Zones(ZonesArguments),
    /// Make, list and revoke the tokens that uploads and reads need, also while the server runs
    #[command(subcommand)]
    Token(TokenArguments),
    /// List the browsers that are signed in to the page, and sign them out
    #[command(subcommand)]
    Sessions(SessionsArguments),
    /// List persons, rename them, and give one person's data to another
    #[command(subcommand)]
    People(PeopleArguments),
    /// Delete a person's data or a type of data, and say what may bring it back
    Forget(ForgetArguments),
    /// Send what has changed to InfluxDB or a webhook, later than the upload and as often as it takes
    Follow(Box<FollowArguments>),
    /// Make a verified copy of the database, while the server runs
    Backup(BackupArguments),
    /// Look for damage, while the server runs, and say what to do about it
    Check(CheckArguments),
    /// Replace the database by a backup, and keep the old one under another name
    Restore(RestoreArguments),
    /// Make the tables of a PostgreSQL database, or bring them up to date; then `serve --store` uses it
    Migrate(MigrateArguments),
    /// Ask a server on this machine whether it is healthy, for containers
    Healthcheck(HealthcheckArguments),
    /// Print a script that completes commands and flags in a shell
    Completions(CompletionsArguments),
    /// Print the manual page, or write one for each command
    Man(ManArguments),
}

/// Version, the commit of the build and the SQLite inside: what a report of a fault needs.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let commit = option_env!("HEALTHSINK_COMMIT").filter(|commit| !commit.is_empty()).unwrap_or("commit unknown");
    format!("{} ({commit})\nSQLite {}", env!("CARGO_PKG_VERSION"), sqlite_version())
});

/// Runs the command that the command line names, and prints the error that ended it. clap prints help and what is wrong with
/// a flag, and exits.
pub fn run(words: impl IntoIterator<Item = OsString>) -> Outcome {
    let words: Vec<OsString> = words.into_iter().collect();
    let command = without_variables(CommandLine::command(), &|name| is_ignored(name, &words))
        .mut_subcommands(|command| command.display_name(NAME));
    let matches = command.get_matches_from(words);
    let CommandLine { log, command } = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // The server must not wait for whatever reads its standard error.
    let thread = if matches!(command, Command::Serve(_) | Command::Setup(_) | Command::Demo(_)) {
        LogThread::Own
    } else {
        LogThread::Caller
    };
    // Dropping the guard writes the lines that still wait.
    let _guard = log::start(&log, thread);
    command.run().unwrap_or_else(|error| {
        log.print_last(&error);
        Outcome::Failed(error.kind())
    })
}

impl Command {
    fn run(self) -> Result<Outcome> {
        match self {
            Self::Setup(arguments) => arguments.run(),
            Self::Demo(arguments) => arguments.run(),
            Self::Serve(arguments) => arguments.run(),
            Self::Import(arguments) => arguments.run(),
            Self::Status(arguments) => arguments.run(),
            Self::Report(arguments) => arguments.run(),
            Self::Explain(arguments) => arguments.run(),
            Self::Verify(arguments) => arguments.run(),
            Self::Sources(arguments) => arguments.run(),
            Self::Zones(arguments) => arguments.run(),
            Self::Token(arguments) => arguments.run(),
            Self::Sessions(arguments) => arguments.run(),
            Self::People(arguments) => arguments.run(),
            Self::Forget(arguments) => arguments.run(),
            Self::Follow(arguments) => arguments.run(),
            Self::Backup(arguments) => arguments.run(),
            Self::Check(arguments) => arguments.run(),
            Self::Restore(arguments) => arguments.run(),
            Self::Migrate(arguments) => arguments.run(),
            Self::Healthcheck(arguments) => arguments.run(),
            Self::Completions(arguments) => arguments.run(CommandLine::command()),
            Self::Man(arguments) => arguments.run(CommandLine::command()),
        }
    }
}

/// Whether the variable of a switch is set, as clap reads it.
fn is_on(name: &str) -> bool {
    let value = std::env::var_os(name).unwrap_or_default().to_string_lossy().to_lowercase();
    !["", "0", "f", "false", "n", "no", "off"].contains(&value.as_str())
}

/// Whether a variable does not count: it is empty, as compose files and systemd units leave unset ones, or it contradicts a flag
/// that was typed.
fn is_ignored(name: &OsStr, words: &[OsString]) -> bool {
    let is_typed = |flags: &[&str]| words.iter().any(|word| flags.iter().any(|flag| word == flag));
    let is_contradicted = match name.to_str() {
        Some("HEALTHSINK_QUIET") => is_typed(&["--json"]) || is_on("HEALTHSINK_JSON"),
        Some("HEALTHSINK_JSON") => is_typed(&["--quiet", "-q"]),
        _ => false,
    };
    is_contradicted || std::env::var_os(name).is_some_and(|value| value.is_empty())
}

/// The same command without some of its variables.
fn without_variables(command: clap::Command, is_ignored: &dyn Fn(&OsStr) -> bool) -> clap::Command {
    let command = command.mut_args(|argument| match argument.get_env() {
        Some(name) if is_ignored(name) => argument.env(None::<&str>),
        _ => argument,
    });
    command.mut_subcommands(|command| without_variables(command, is_ignored))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    /// clap wraps what flags say, but breaks these lines badly.
    #[test]
    fn examples_fit_in_a_terminal() {
        let (mut commands, mut texts) = (vec![CommandLine::command()], vec![ABOUT.to_owned()]);
        while let Some(command) = commands.pop() {
            texts.extend(command.get_after_help().map(ToString::to_string));
            commands.extend(command.get_subcommands().cloned());
        }
        for line in texts.iter().flat_map(|text| text.lines()) {
            assert!(line.chars().count() <= HELP_COLUMNS_MAX, "{line}");
        }
    }

    const HELP_COLUMNS_MAX: usize = 80;

    /// Flags without a variable: `--all`, `--force` and `--yes` must be typed each time, the others print and exit.
    const WITHOUT_VARIABLE: [&str; 5] = ["all", "force", "help", "version", "yes"];

    /// What `forget` deletes must be typed also: a variable that is meant for other commands would name a person.
    const SELECTING: [&str; 5] = ["from", "person", "to", "type", "upload"];

    #[test]
    fn every_flag_is_also_a_variable() {
        let mut commands = vec![CommandLine::command()];
        let mut flags = 0;
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments() {
                let Some(flag) = argument.get_long().filter(|flag| !WITHOUT_VARIABLE.contains(flag)) else { continue };
                let expected = format!("HEALTHSINK_{}", flag.to_uppercase().replace('-', "_"));
                let variable = argument.get_env().and_then(OsStr::to_str);
                // The variable of `--db` names a real file, and that of `--person` would hide a server's other persons.
                let is_apart = match command.get_name() {
                    "demo" => flag == "db",
                    "status" => flag == "person",
                    "forget" => SELECTING.contains(&flag),
                    _ => false,
                };
                if is_apart {
                    assert_eq!(variable, None, "{} --{flag}", command.get_name());
                    continue;
                }
                assert_eq!(variable, Some(expected.as_str()), "{} --{flag}", command.get_name());
                flags += 1;
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(flags > 30, "only {flags} flags were found");
    }
}
