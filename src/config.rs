//! Flags and environment to what they mean. Nothing is opened or read here.

mod network;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{BODY_BYTES_MAX_DEFAULT, NAME_BYTES_MAX, TRUSTED_PROXIES_MAX};

pub use network::Network;

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
  healthsink token new --person anna --label phone          a token for the app: shown once
  healthsink serve --listen 0.0.0.0:3000                    from other machines, with a token
  healthsink serve --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key privkey.pem
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
    /// Say who may send: make, list and revoke tokens, also while the server runs
    #[command(subcommand)]
    Token(TokenArguments),
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
    /// File whose first line is a token that is accepted beside those of `healthsink token`
    #[arg(long, env = "HEALTHSINK_TOKEN_FILE", value_name = "FILE", value_parser = a_path())]
    token_file: Option<PathBuf>,
    /// Whose records come with the token of --token-file, or without any [default: me]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME")]
    person: Option<String>,
    /// Header that carries the token, instead of `Authorization: Bearer TOKEN`
    #[arg(long, env = "HEALTHSINK_AUTH_HEADER", value_name = "NAME")]
    auth_header: Option<String>,
    /// Serve HTTPS with the certificate in this PEM file, the chain behind it; read anew when it changes
    #[arg(long, env = "HEALTHSINK_TLS_CERT", value_name = "FILE", value_parser = a_path())]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in a PEM file
    #[arg(long, env = "HEALTHSINK_TLS_KEY", value_name = "FILE", value_parser = a_path())]
    tls_key: Option<PathBuf>,
    /// Address or network (10.0.0.0/8) of the reverse proxy whose X-Forwarded-For is believed; several with commas
    #[arg(long, env = "HEALTHSINK_TRUSTED_PROXY", value_name = "ADDRESS", value_delimiter = ',')]
    trusted_proxy: Vec<String>,
    /// Accept uploads from other machines while there is no token: anyone who reaches the address can write
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

#[derive(Debug, Subcommand)]
enum TokenArguments {
    /// Make a token and show it, this once: the database keeps its digest alone
    New(TokenNewArguments),
    /// List tokens: whose they are, when they were last used, which are revoked
    List(TokenListArguments),
    /// Revoke tokens: the next request with one of them fails; an upload under way may finish
    Revoke(TokenRevokeArguments),
}

#[derive(Debug, Args)]
struct TokenNewArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Whose records its uploads are [default: me]
    #[arg(long, env = "HEALTHSINK_PERSON", value_name = "NAME")]
    person: Option<String>,
    /// What it is for, to tell it from the person's others: phone, tablet
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Write it to a new file that is yours alone, rather than to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print number, person, label and token as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
struct TokenListArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Print it as JSON
    #[arg(long, env = "HEALTHSINK_JSON", value_parser = clap::builder::FalseyValueParser::new())]
    json: bool,
}

#[derive(Debug, Args)]
struct TokenRevokeArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    /// Numbers of tokens, as `healthsink token list` tells them
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
}

/// A path; an empty variable, as in a compose file, is one that is not set.
fn a_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
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
    /// Say who may send.
    Token(Token),
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
    /// The certificate of HTTPS; plain HTTP if none.
    pub tls: Option<TlsFiles>,
    /// Peers whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
    /// Longest body, after decompression.
    pub body_bytes_max: u64,
}

/// How clients authenticate, beside the tokens in the database.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Auth {
    /// Header of its own that carries the token; `Authorization: Bearer` if none.
    pub header: Option<String>,
    /// File whose first line is one more token.
    pub token_file: Option<PathBuf>,
    /// Whose records come with that token, or without any; `me` if none.
    pub person: Option<String>,
    /// Whether other machines may upload for as long as there is no token.
    pub is_optional: bool,
}

/// Where the certificate is, in PEM.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// The certificate and the chain behind it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
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

/// What `token` needs to know.
#[derive(Clone, Debug)]
pub struct Token {
    /// The database.
    pub db: PathBuf,
    /// What to do with its tokens.
    pub action: TokenAction,
}

/// What to do with tokens.
#[derive(Clone, Debug)]
pub enum TokenAction {
    /// Make one.
    New {
        /// Whose records its uploads are.
        person: String,
        /// What it is for.
        label: Option<String>,
        /// File to write it to; standard output if none.
        out: Option<PathBuf>,
        /// Whether it is printed as JSON.
        json: bool,
    },
    /// List all.
    List {
        /// Whether they are printed as JSON.
        json: bool,
    },
    /// Revoke some.
    Revoke {
        /// Their numbers.
        ids: Vec<i64>,
    },
}

/// The person whose records they are if nobody is named.
const ME: &str = "me";

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
            let person = text(person).map(|person| name("--person", person)).transpose()?;
            Command::Import(Import { db: database.db, files, json, person, dry_run })
        }
        CommandArguments::Status(StatusArguments { database, json }) => {
            Command::Status(Status { db: database.db, json })
        }
        CommandArguments::Token(token) => Command::Token(meant_token(token)?),
    };
    Ok(Config { log, command })
}

/// In a compose file, an empty variable means that it is not set.
fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn usage<T>(message: String) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
}

fn meant(arguments: ServeArguments) -> Result<Serve> {
    let ServeArguments { database, listen, path, no_auth, max_body, .. } = arguments;
    if !path.starts_with('/') || path == HEALTH_PATH || path.contains(['?', '#', ' ']) {
        return usage(format!("--path {path} cannot be served; it begins with / and is not {HEALTH_PATH}"));
    }
    let file = |file: Option<PathBuf>| file.filter(|file| !file.as_os_str().is_empty());
    let token_file = file(arguments.token_file);
    if no_auth && token_file.is_some() {
        return usage("--no-auth and --token-file contradict each other; leave out one of them".to_owned());
    }
    let person = text(arguments.person).map(|person| name("--person", person)).transpose()?;
    let auth = Auth { header: text(arguments.auth_header), token_file, person, is_optional: no_auth };
    let tls = match (file(arguments.tls_cert), file(arguments.tls_key)) {
        (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
        (None, None) => None,
        _ => return usage("--tls-cert and --tls-key belong together; give both".to_owned()),
    };
    let proxies = arguments.trusted_proxy.iter().filter(|proxy| !proxy.is_empty());
    let trusted_proxies = proxies.map(|proxy| proxy.parse()).collect::<Result<Vec<Network>>>()?;
    if trusted_proxies.len() > TRUSTED_PROXIES_MAX {
        return usage(format!(
            "--trusted-proxy takes {TRUSTED_PROXIES_MAX} at most; name a network, such as 10.0.0.0/8"
        ));
    }
    Ok(Serve { db: database.db, listen, path, auth, tls, trusted_proxies, body_bytes_max: max_body.0 })
}

fn meant_token(arguments: TokenArguments) -> Result<Token> {
    let (database, action) = match arguments {
        TokenArguments::New(TokenNewArguments { database, person, label, out, json }) => {
            let person = name("--person", text(person).unwrap_or_else(|| ME.to_owned()))?;
            let label = label.map(|label| name("--label", label)).transpose()?;
            (database, TokenAction::New { person, label, out, json })
        }
        TokenArguments::List(TokenListArguments { database, json }) => (database, TokenAction::List { json }),
        TokenArguments::Revoke(TokenRevokeArguments { database, ids }) => (database, TokenAction::Revoke { ids }),
    };
    Ok(Token { db: database.db, action })
}

/// A name that can be told in one line, and that is not two for the eye.
fn name(flag: &str, text: String) -> Result<String> {
    let is_usable = !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text.trim().len() == text.len()
        && !text.contains(char::is_control);
    if is_usable {
        return Ok(text);
    }
    usage(format!(
        "{flag} wants a name of 1 to {NAME_BYTES_MAX} bytes, without control characters and without space around it"
    ))
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
    fn flags_that_do_not_go_together_are_refused() {
        assert_eq!(serve(&[]).unwrap().auth, Auth::default());
        assert!(serve(&["--no-auth"]).unwrap().auth.is_optional);
        assert!(serve(&["--token-file", "t", "--no-auth"]).is_err());
        assert_eq!(serve(&["--token-file", "", "--auth-header", ""]).unwrap().auth, Auth::default());
        let auth = serve(&["--auth-header", "X-Key", "--token-file", "t", "--person", "anna"]).unwrap().auth;
        let expected = Auth {
            header: Some("X-Key".into()),
            token_file: Some("t".into()),
            person: Some("anna".into()),
            is_optional: false,
        };
        assert_eq!(auth, expected);
        assert!(serve(&["--tls-cert", "c"]).is_err() && serve(&["--tls-key", "k"]).is_err());
        let tls = serve(&["--tls-cert", "c", "--tls-key", "k"]).unwrap().tls;
        assert_eq!(tls, Some(TlsFiles { cert: "c".into(), key: "k".into() }));
        assert_eq!(serve(&["--tls-cert", "", "--tls-key", ""]).unwrap().tls, None);
        assert_eq!(serve(&["--trusted-proxy", "127.0.0.1,10.0.0.0/8"]).unwrap().trusted_proxies.len(), 2);
        assert!(serve(&["--trusted-proxy", &["::1"; TRUSTED_PROXIES_MAX + 1].join(",")]).is_err());
        assert!(serve(&["--trusted-proxy", "caddy"]).is_err());
    }

    #[test]
    fn names_are_one_line() {
        let check =
            |text: &str, expected: bool| assert_eq!(name("--person", text.to_owned()).is_ok(), expected, "{text:?}");
        check("anna", true);
        check("Anna Müller", true);
        check("", false);
        check(" anna", false);
        check("an\nna", false);
        check("an\x1b[1mna", false);
        check(&"x".repeat(NAME_BYTES_MAX), true);
        check(&"x".repeat(NAME_BYTES_MAX + 1), false);
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
