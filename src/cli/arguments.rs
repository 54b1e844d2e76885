//! Flags and values that several commands share.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::table::is_unseen;
use crate::model::error::{self, ErrorKind};
use crate::model::limits::{INGESTS_MAX, NAME_BYTES_MAX};
use crate::model::time::{DAY_MS, HOUR_MS};
use crate::serve::is_own_path;
use crate::serve::public_url::PublicUrl;
use crate::statistics::Zones;
use crate::store::Kept;

/// The outcome of a command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// All was done, and all is well.
    Done,
    /// An input was not imported whole, or the database is damaged. The command has printed which.
    Incomplete,
    /// A signal has stopped it in order; with the exit code that says which.
    Stopped(u8),
    /// An error has ended it, and was printed.
    Failed(ErrorKind),
}

impl Outcome {
    pub(super) fn done_if(is_done: bool) -> Self {
        if is_done { Self::Done } else { Self::Incomplete }
    }
}

/// The file of a command that names none.
pub(super) const DB_DEFAULT: &str = "health.db";

#[derive(Debug, Args)]
pub(super) struct DatabaseArgument {
    /// The SQLite file; `serve`, `import` and `token new` create it
    #[arg(long, env = "HEALTHSINK_DB", default_value = DB_DEFAULT, value_name = "FILE")]
    pub(super) db: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct GroupArgument {
    /// Let the file's group read it (mode 0640), for programs of other users such as Grafana and Datasette
    #[arg(long, env = "HEALTHSINK_GROUP_READABLE", value_parser = FalseyValueParser::new())]
    pub(super) group_readable: bool,
}

#[derive(Debug, Args)]
pub(super) struct ZoneArgument {
    /// Home time zone of persons without one, such as Europe/Berlin: days are local, and the data may name no zone
    #[arg(long, env = "HEALTHSINK_ZONE", value_name = "ZONE", value_parser = parse_zone)]
    pub(super) zone: Option<String>,
}

/// A time zone by its name in the tz database.
pub(super) fn parse_zone(text: &str) -> Result<String, String> {
    let mut zones = Zones::default();
    let zone = zones.add(text).ok_or("write a name of the tz database, such as Europe/Berlin or America/New_York")?;
    Ok(zones.name(zone).to_owned())
}

/// What the app must know, as `serve` was given it.
#[derive(Debug, Args)]
pub(super) struct AppArguments {
    /// Path that the app posts to
    #[arg(long, env = "HEALTHSINK_PATH", default_value = "/api/health-data", value_name = "PATH", value_parser = parse_path)]
    pub(super) path: String,
    /// URL by which phones reach the server, if a proxy, a container or a service hides it: shown for the app
    #[arg(long, env = "HEALTHSINK_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<PublicUrl>,
    /// Header that carries the token, instead of `Authorization: Bearer TOKEN`
    #[arg(long, env = "HEALTHSINK_AUTH_HEADER", value_name = "NAME")]
    pub(super) auth_header: Option<String>,
}

/// A person or a label: a name of one line without unseen characters. Names that only look alike (other letters, NFC and NFD)
/// stay different names.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    let is_usable = !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text.trim().len() == text.len()
        && !text.contains(is_unseen);
    if is_usable {
        return Ok(text.to_owned());
    }
    Err(format!("a name has 1 to {NAME_BYTES_MAX} bytes, no invisible characters and no space around it"))
}

/// A period such as `90d`, `12h` or `2w`, in milliseconds.
pub(super) fn parse_period(text: &str) -> Option<i64> {
    let unit_ms = match text.as_bytes().last()? {
        b'h' => HOUR_MS,
        b'd' => DAY_MS,
        b'w' => 7 * DAY_MS,
        _ => return None,
    };
    let number: u16 = text[..text.len() - 1].parse().ok().filter(|number| *number > 0)?;
    Some(i64::from(number) * unit_ms)
}

/// A path that the app posts to.
pub(super) fn parse_path(text: &str) -> Result<String, String> {
    if is_own_path(text) {
        return Err("the server has something else at this path; choose another, such as /api/health-data".to_owned());
    }
    if text.starts_with('/') && !text.contains(['?', '#', ' ']) && !text.contains(is_unseen) {
        return Ok(text.to_owned());
    }
    Err("begin it with /, without ? and #, such as /api/health-data".to_owned())
}

/// An address to listen on, as people write it: `0.0.0.0:3000`, or only `3000` or `:3000` for all of this machine's addresses.
pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let address = match host {
        "" => Some(Ipv4Addr::UNSPECIFIED),
        "localhost" => Some(Ipv4Addr::LOCALHOST),
        _ => None,
    };
    if let (Some(address), Ok(port)) = (address, port.parse()) {
        return Ok(SocketAddr::new(address.into(), port));
    }
    match text.parse::<IpAddr>() {
        Ok(address) => Err(format!("the port is missing; write {}", SocketAddr::new(address, 3000))),
        Err(_) => {
            Err("write an address and a port up to 65535, such as 0.0.0.0:3000, localhost:3000 or :3000".to_owned())
        }
    }
}

/// A number of bytes, as typed: `64M`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes(pub(super) u64);

impl std::str::FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, shift) = match text.char_indices().last() {
            Some((at, 'k' | 'K')) => (&text[..at], 10),
            Some((at, 'm' | 'M')) => (&text[..at], 20),
            Some((at, 'g' | 'G')) => (&text[..at], 30),
            _ => (text, 0),
        };
        let number: u64 = digits.parse().map_err(|_| "give a number of bytes, such as 64M or 2G".to_owned())?;
        number
            .checked_mul(1 << shift)
            .filter(|bytes| *bytes > 0)
            .map(Self)
            .ok_or_else(|| "give a number from 1 to below 16E".to_owned())
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

/// A number of uploads, as typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ingests(pub(super) usize);

impl std::str::FromStr for Ingests {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| (1..=INGESTS_MAX).contains(number));
        number.map(Self).ok_or_else(|| format!("give a number from 1 to {INGESTS_MAX}"))
    }
}

impl std::fmt::Display for Ingests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns whom a command means: who was named, or the only person with data or a token, or the first person if nobody has any.
///
/// # Errors
///
/// If several persons have data or tokens, and none was named.
pub(super) fn whose(person: Option<String>, kept: &Kept) -> error::Result<String> {
    person.map_or_else(|| kept.only_person()?.map_or_else(|| kept.first_person(), Ok), Ok)
}

/// A word of a command as a shell reads it.
pub(super) fn shell_word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+@:".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let text: String = text.chars().filter(|letter| !letter.is_control()).collect();
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let parsed = parse_listen(text).map(|address| address.to_string());
            match expected {
                Ok(address) => assert_eq!(parsed.as_deref(), Ok(address), "{text}"),
                Err(part) => assert!(parsed.as_ref().is_err_and(|error| error.contains(part)), "{text}: {parsed:?}"),
            }
        };
        check("192.0.2.2:80", Ok("192.0.2.2:80"));
        check("[::1]:80", Ok("[::1]:80"));
        check("3000", Ok("0.0.0.0:3000"));
        check(":3000", Ok("0.0.0.0:3000"));
        check("localhost:3000", Ok("127.0.0.1:3000"));
        check("192.0.2.2", Err("write 192.0.2.2:3000"));
        check("::1", Err("write [::1]:3000"));
        check("0.0.0.0:80000", Err("up to 65535"));
        check("pi.local:3000", Err("such as 0.0.0.0:3000"));
        check("", Err("such as"));
    }

    #[test]
    fn zones_are_those_of_the_tz_database() {
        assert_eq!(parse_zone("Europe/Berlin").as_deref(), Ok("Europe/Berlin"));
        for text in ["", "Berlin", "CET+1", "../etc/localtime", "Europe/Berlin "] {
            assert!(parse_zone(text).unwrap_err().contains("Europe/Berlin"), "{text}");
        }
    }

    #[test]
    fn a_path_is_none_of_the_servers_own() {
        let check = |text: &str, part: Option<&str>| match (parse_path(text), part) {
            (Ok(path), None) => assert_eq!(path, text),
            (Err(error), Some(part)) => assert!(error.contains(part), "{text}: {error}"),
            (parsed, _) => panic!("{text}: {parsed:?}"),
        };
        // The page and uploads can share `/`: one has GET, the other POST.
        for text in ["/", "/api/health-data", "/up", "/plainer", "/api/v1", "/ü"] {
            check(text, None);
        }
        let own = ["/healthz", "/metrics", "/session", "/session/end", "/plain", "/plain/", "//docs", "/api/v1/days"];
        for text in own.into_iter().chain(["/api/v1/nights/x", "/assets/x", "/openapi.yaml", "/licences"]) {
            check(text, Some("something else"));
        }
        for text in ["up", "", "/a?b", "/a#b", "/a b"] {
            check(text, Some("begin it with /"));
        }
    }

    #[test]
    fn names_are_one_line() {
        let check = |text: &str, expected: bool| assert_eq!(parse_name(text).is_ok(), expected, "{text:?}");
        check("anna", true);
        check("Anna Müller", true);
        check("", false);
        check(" anna", false);
        check("an\nna", false);
        check("an\x1b[1mna", false);
        check("Анна 安娜 👧🏽", true);
        for unseen in [
            '\u{200b}',
            '\u{202e}',
            '\u{2028}',
            '\u{2029}',
            '\u{feff}',
            '\u{a0}',
            '\u{202f}',
            '\u{3000}',
            '\u{ad}',
            '\u{2066}',
            '\u{85}',
            '\u{e0041}',
        ] {
            check(&format!("an{unseen}na"), false);
        }
        check(&"x".repeat(NAME_BYTES_MAX), true);
        check(&"x".repeat(NAME_BYTES_MAX + 1), false);
    }
}
