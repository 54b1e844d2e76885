//! Flags and environment to what they mean. Nothing is opened or read here.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::BODY_BYTES_MAX_DEFAULT;

/// As typed.
#[derive(Debug, Parser)]
#[command(name = "healthsink", version, about = ABOUT, after_help = EXAMPLES, propagate_version = true)]
struct Arguments {
    /// How much to log on standard error: off, error, warn, info, debug
    #[arg(long, global = true, env = "HEALTHSINK_LOG", default_value = "info", value_name = "LEVEL")]
    log: tracing::level_filters::LevelFilter,
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
  sqlite3 health.db 'SELECT * FROM heart_rate LIMIT 5'      the result

Exit codes: 0 done, 1 an input could not be ingested whole (what could be is stored), 2 wrong usage.";

#[derive(Debug, Subcommand)]
enum CommandArguments {
    /// Receive what the app sends
    Serve(ServeArguments),
    /// Take in years of history: Apple's export, payloads of Health Export Pro, exports of Health Auto Export
    Import(ImportArguments),
    /// Tell what the database holds and what the last uploads were
    Status(StatusArguments),
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
    pub log: tracing::level_filters::LevelFilter,
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

/// Reads the command line and the environment. Prints help, or what is wrong, and exits where clap does.
///
/// # Errors
///
/// [`ErrorKind::Usage`] if flags that are right by themselves do not go together.
pub fn from_command_line(arguments: impl IntoIterator<Item = OsString>) -> Result<Config> {
    let Arguments { log, command } = Arguments::parse_from(arguments);
    let command = match command {
        CommandArguments::Serve(serve) => Command::Serve(meant(serve)?),
        CommandArguments::Import(ImportArguments { database, json, person, dry_run, files }) => {
            Command::Import(Import { db: database.db, files, json, person, dry_run })
        }
        CommandArguments::Status(StatusArguments { database, json }) => {
            Command::Status(Status { db: database.db, json })
        }
    };
    Ok(Config { log, command })
}

fn meant(arguments: ServeArguments) -> Result<Serve> {
    let ServeArguments { database, listen, path, token_file, auth_header, no_auth, max_body } = arguments;
    let usage = |message: String| Err(Error::new(ErrorKind::Usage, message));
    if !path.starts_with('/') || path == HEALTH_PATH || path.contains(['?', '#', ' ']) {
        return usage(format!("--path {path} cannot be served; it begins with / and is not {HEALTH_PATH}"));
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
    Ok(Serve { db: database.db, listen, path, auth, body_bytes_max: max_body.0 })
}

/// Where a monitor asks.
pub const HEALTH_PATH: &str = "/healthz";

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
