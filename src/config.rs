//! Flags and environment to what they mean. Nothing is opened or read here.

use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BACKUPS_KEPT_MAX, BODY_BYTES_MAX_DEFAULT};

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
  healthsink serve --listen 0.0.0.0:3000 --token-file token from other machines, with a bearer token
  healthsink import export.zip                              Apple's own export, as the phone makes it
  healthsink import export-2025.json backup.json.gz         saved payloads
  healthsink status                                         what is there, and is the phone still sending?
  healthsink backup /mnt/backups --keep 14                  a verified copy, while the server runs
  healthsink check                                          is the database sound?
  healthsink restore healthsink-20260101T030000Z.db         a backup in its place, with the server stopped
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
struct DatabaseArgument {
    /// The SQLite file; made if it is not there
    #[arg(long, env = "HEALTHSINK_DB", default_value = "health.db", value_name = "FILE")]
    db: PathBuf,
}

#[derive(Debug, Args)]
struct ServeArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Address and port to listen on; 0.0.0.0:3000 for all of this machine's addresses
    #[arg(long, env = "HEALTHSINK_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Path that the app posts to
    #[arg(long, env = "HEALTHSINK_PATH", default_value = "/api/health-data", value_name = "PATH")]
    path: String,
    /// File whose first line is the token that the app must send (its "API key")
    #[arg(long, env = "HEALTHSINK_TOKEN_FILE", value_name = "FILE", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    token_file: Option<PathBuf>,
    /// Header that carries the token, instead of `Authorization: Bearer TOKEN`
    #[arg(long, env = "HEALTHSINK_AUTH_HEADER", value_name = "NAME")]
    auth_header: Option<String>,
    /// Accept uploads from other machines without a token: anyone who reaches the address can write
    #[arg(long, env = "HEALTHSINK_NO_AUTH", value_parser = clap::builder::FalseyValueParser::new())]
    no_auth: bool,
    /// Longest body, after decompression; with K, M or G for KiB, MiB or GiB
    #[arg(long, env = "HEALTHSINK_MAX_BODY", default_value_t = Bytes(BODY_BYTES_MAX_DEFAULT), value_name = "BYTES")]
    max_body: Bytes,
    /// Address and port that tells /metrics and /healthz to anyone who reaches it; without it, /metrics needs the token
    #[arg(long, env = "HEALTHSINK_METRICS_LISTEN", value_name = "ADDRESS", value_parser = optional_address)]
    metrics_listen: Option<OptionalAddress>,
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

#[derive(Debug, Args)]
struct BackupArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// File to write, or a folder, in which it is named healthsink-YYYYMMDDTHHMMSSZ.db
    #[arg(value_name = "DEST")]
    target: PathBuf,
    /// In a folder: keep the newest N backups of that name, and remove those before them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(BACKUPS_KEPT_MAX)))]
    keep: Option<u32>,
    /// Print what was done as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
struct CheckArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Print what was found as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
struct RestoreArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// What `backup` has written
    #[arg(value_name = "BACKUP")]
    backup: PathBuf,
    /// Also where the database is too damaged to tell whether a server has it open: make sure that none has
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
struct HealthcheckArguments {
    /// Where the server listens, as it was told
    #[arg(long, env = "HEALTHSINK_LISTEN", default_value = "127.0.0.1:3000", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where it tells its metrics; asked instead if it is given
    #[arg(long, env = "HEALTHSINK_METRICS_LISTEN", value_name = "ADDRESS", value_parser = optional_address)]
    metrics_listen: Option<OptionalAddress>,
}

/// In a compose file, an empty variable means that it is not set.
#[derive(Clone, Copy, Debug)]
struct OptionalAddress(Option<SocketAddr>);

fn optional_address(text: &str) -> Result<OptionalAddress, std::net::AddrParseError> {
    if text.is_empty() { Ok(OptionalAddress(None)) } else { text.parse().map(|address| OptionalAddress(Some(address))) }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one object a line.
    Json,
}

/// A number of bytes, as typed: `64M`.
#[derive(Clone, Copy, Debug)]
struct Bytes(u64);

impl std::str::FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, shift) = match text.char_indices().last() {
            Some((at, 'k' | 'K')) => (&text[..at], 10),
            Some((at, 'm' | 'M')) => (&text[..at], 20),
            Some((at, 'g' | 'G')) => (&text[..at], 30),
            _ => (text, 0),
        };
        let number: u64 = digits.parse().map_err(|_| "a number of bytes is wanted, such as 64M or 2G".to_owned())?;
        number
            .checked_mul(1 << shift)
            .filter(|bytes| *bytes > 0)
            .map(Self)
            .ok_or_else(|| "a number between 1 and 16E is wanted".to_owned())
    }
}

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            bytes if bytes % (1 << 30) == 0 => write!(f, "{}G", bytes >> 30),
            bytes if bytes % (1 << 20) == 0 => write!(f, "{}M", bytes >> 20),
            bytes => write!(f, "{bytes}"),
        }
    }
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
    /// Copy the database.
    Backup(Backup),
    /// Look it through.
    Check(Check),
    /// Put a backup in its place.
    Restore(Restore),
    /// Ask a server on this machine.
    Healthcheck(Healthcheck),
}

/// What `serve` needs to know.
#[derive(Clone, Debug)]
pub struct Serve {
    /// The database.
    pub db: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Path of the uploads.
    pub path: String,
    /// How clients authenticate.
    pub auth: Auth,
    /// Longest body, after decompression.
    pub body_bytes_max: u64,
    /// Where the metrics are told to anyone; with the token on [`Serve::listen`] if nowhere.
    pub metrics_listen: Option<SocketAddr>,
}

/// How clients authenticate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer` with the token of this file.
    Bearer {
        /// File that holds the token.
        token_file: PathBuf,
    },
    /// A header of its own with the token of this file.
    Header {
        /// The header's name.
        name: String,
        /// File that holds the token.
        token_file: PathBuf,
    },
}

/// What `import` needs to know.
#[derive(Clone, Debug)]
pub struct Import {
    /// The database.
    pub db: PathBuf,
    /// The inputs; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Whether the summary is printed as JSON.
    pub json: bool,
    /// Whose records they are; `me` unless said otherwise.
    pub person: Option<String>,
    /// Whether nothing is written.
    pub dry_run: bool,
}

/// What `status` needs to know.
#[derive(Clone, Debug)]
pub struct Status {
    /// The database.
    pub db: PathBuf,
    /// Whether it is printed as JSON.
    pub json: bool,
}

/// What `backup` needs to know.
#[derive(Clone, Debug)]
pub struct Backup {
    /// The database.
    pub db: PathBuf,
    /// A file, or a folder.
    pub target: PathBuf,
    /// Backups to keep in the folder.
    pub keep: Option<u32>,
    /// Whether what was done is printed as JSON.
    pub json: bool,
}

/// What `check` needs to know.
#[derive(Clone, Debug)]
pub struct Check {
    /// The database.
    pub db: PathBuf,
    /// Whether it is printed as JSON.
    pub json: bool,
}

/// What `restore` needs to know.
#[derive(Clone, Debug)]
pub struct Restore {
    /// The database.
    pub db: PathBuf,
    /// The backup.
    pub backup: PathBuf,
    /// Whether a database that is too damaged to be held is replaced, too.
    pub force: bool,
}

/// What `healthcheck` needs to know.
#[derive(Clone, Debug)]
pub struct Healthcheck {
    /// Address of the server.
    pub address: SocketAddr,
}

/// Reads the command line and the environment. Prints help, or what is wrong, and exits where clap does.
///
/// # Errors
///
/// [`ErrorKind::Usage`] if flags that are right by themselves do not go together.
pub fn from_command_line(arguments: impl IntoIterator<Item = OsString>) -> Result<Config> {
    let Arguments { log_level, log_format, command } = Arguments::parse_from(arguments);
    let command = match command {
        CommandArguments::Serve(serve) => Command::Serve(meant(serve)?),
        CommandArguments::Import(ImportArguments { database, json, person, dry_run, files }) => {
            Command::Import(Import { db: database.db, files, json, person, dry_run })
        }
        CommandArguments::Status(StatusArguments { database, json }) => {
            Command::Status(Status { db: database.db, json })
        }
        CommandArguments::Backup(BackupArguments { database, target, keep, json }) => {
            Command::Backup(Backup { db: database.db, target, keep, json })
        }
        CommandArguments::Check(CheckArguments { database, json }) => Command::Check(Check { db: database.db, json }),
        CommandArguments::Restore(RestoreArguments { database, backup, force }) => {
            Command::Restore(Restore { db: database.db, backup, force })
        }
        CommandArguments::Healthcheck(HealthcheckArguments { listen, metrics_listen }) => {
            let asked = metrics_listen.and_then(|address| address.0).unwrap_or(listen);
            Command::Healthcheck(Healthcheck { address: reachable(asked) })
        }
    };
    Ok(Config { log_level, log_format, command })
}

fn meant(arguments: ServeArguments) -> Result<Serve> {
    let ServeArguments { database, listen, path, token_file, auth_header, no_auth, max_body, metrics_listen } =
        arguments;
    let usage = |message: String| Err(Error::new(ErrorKind::Usage, message));
    if !path.starts_with('/') || [HEALTH_PATH, METRICS_PATH].contains(&path.as_str()) || path.contains(['?', '#', ' '])
    {
        return usage(format!(
            "--path {path} cannot be served; it begins with / and is neither {HEALTH_PATH} nor {METRICS_PATH}"
        ));
    }
    // In a compose file, an empty variable means that it is not set.
    let token_file = token_file.filter(|file| !file.as_os_str().is_empty());
    let auth_header = auth_header.filter(|name| !name.is_empty());
    if auth_header.is_some() && token_file.is_none() {
        return usage("--auth-header names the header of a token: give the token with --token-file".to_owned());
    }
    if no_auth && token_file.is_some() {
        return usage("--no-auth and --token-file contradict each other; leave out one of them".to_owned());
    }
    let auth = match (token_file, auth_header) {
        (Some(token_file), None) => Auth::Bearer { token_file },
        (Some(token_file), Some(name)) => Auth::Header { name, token_file },
        (None, _) => Auth::None,
    };
    if auth == Auth::None && !no_auth && !listen.ip().to_canonical().is_loopback() {
        return usage(format!(
            "{listen} can be reached from other machines, and there is no token: give one with --token-file, or say --no-auth"
        ));
    }
    let metrics_listen = metrics_listen.and_then(|address| address.0);
    Ok(Serve { db: database.db, listen, path, auth, body_bytes_max: max_body.0, metrics_listen })
}

/// Where this machine reaches what listens on an address: all addresses are the machine's own, too.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    }
    address
}

/// Where a monitor asks.
pub const HEALTH_PATH: &str = "/healthz";

/// Where Prometheus asks.
pub const METRICS_PATH: &str = "/metrics";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn serve(arguments: &[&str]) -> Result<Serve> {
        let words = ["healthsink", "serve"].iter().chain(arguments);
        let Arguments { command, .. } =
            Arguments::try_parse_from(words).map_err(|error| Error::new(ErrorKind::Usage, error.to_string()))?;
        match command {
            CommandArguments::Serve(serve) => meant(serve),
            _ => unreachable!("the words say serve"),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_a_token_only_this_machine_is_served() {
        assert_eq!(serve(&[]).unwrap().auth, Auth::None);
        assert!(serve(&["--listen", "[::1]:80"]).is_ok());
        let error = serve(&["--listen", "0.0.0.0:3000"]).unwrap_err();
        assert!(error.kind() == ErrorKind::Usage && error.to_string().contains("--token-file"), "{error}");
        assert!(serve(&["--listen", "0.0.0.0:3000", "--no-auth"]).is_ok());
        assert!(serve(&["--listen", "0.0.0.0:3000", "--token-file", "t"]).is_ok());
        assert!(serve(&["--token-file", "t", "--no-auth"]).is_err());
        assert!(serve(&["--auth-header", "X-Key"]).is_err());
        assert_eq!(serve(&["--token-file", "", "--auth-header", ""]).unwrap().auth, Auth::None);
        let auth = serve(&["--auth-header", "X-Key", "--token-file", "t"]).unwrap().auth;
        assert_eq!(auth, Auth::Header { name: "X-Key".into(), token_file: "t".into() });
    }

    #[test]
    fn paths_and_sizes() {
        assert!(serve(&["--path", "api"]).is_err());
        assert!(serve(&["--path", "/healthz"]).is_err());
        assert!(serve(&["--path", "/metrics"]).is_err());
        assert_eq!(serve(&["--path", "/x"]).unwrap().path, "/x");
        let check = |text, expected| {
            assert_eq!(serve(&["--max-body", text]).ok().map(|serve| serve.body_bytes_max), expected, "{text}")
        };
        check("64M", Some(64 << 20));
        check("2g", Some(2 << 30));
        check("1000", Some(1000));
        check("0", None);
        check("x", None);
        check("", None);
        check("99999999999G", None);
        assert_eq!(serve(&[]).unwrap().body_bytes_max, BODY_BYTES_MAX_DEFAULT);
    }
}
