//! The address of a PostgreSQL database, as it is typed: `postgres://USER@HOST:PORT/DB?sslmode=…&sslrootcert=…`.
//!
//! A password never stands in it: the list of processes shows command lines. It comes from a file, or from the variables of libpq.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::model::error::{Error, Result};
use crate::model::limits::PASSWORD_FILE_BYTES_MAX;

const PORT_DEFAULT: u16 = 5432;

/// Where Debian's PostgreSQL has its socket.
const SOCKET_FOLDER: &str = "/var/run/postgresql";

/// Where a PostgreSQL database is, and as whom to connect.
#[derive(Clone, Eq, PartialEq)]
pub struct Address {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) encryption: Encryption,
    pub(super) password: Option<String>,
}

/// Where the server listens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Host {
    /// A name or an address.
    Network(String),
    /// The folder of a Unix socket.
    Socket(PathBuf),
}

/// Whether TLS protects the connection. A certificate that is not verified would protect nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Encryption {
    Off,
    /// With the certificates in a file, or those of the system.
    Verified(Option<PathBuf>),
}

impl std::str::FromStr for Address {
    type Err = Error;

    /// Reads an address, without its password.
    fn from_str(text: &str) -> Result<Self> {
        let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let rest = rest.ok_or_else(|| wrong("it begins with postgres://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        if user.contains(':') {
            return Err(wrong(
                "it holds a password, which others can see; give it by --store-password-file or PGPASSFILE",
            ));
        }
        let (host, port) = host_and_port(place)?;
        let mut address = Self {
            host,
            port,
            user: decoded(user)?,
            database: decoded(database)?,
            encryption: Encryption::Off,
            password: None,
        };
        let mut encryption = (None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value)?;
            match name {
                "host" if value.starts_with('/') => address.host = Host::Socket(value.into()),
                "host" => address.host = Host::Network(value),
                "port" => address.port = value.parse().map_err(|_| wrong("its port is a number up to 65535"))?,
                "user" => address.user = value,
                "sslmode" => encryption.0 = Some(value),
                "sslrootcert" => encryption.1 = Some(PathBuf::from(value)),
                _ => return Err(wrong("it takes host, port, user, sslmode and sslrootcert behind the ?")),
            }
        }
        if address.user.is_empty() {
            return Err(wrong("it names no user; write postgres://USER@HOST/DB"));
        }
        if address.database.is_empty() {
            address.database.clone_from(&address.user);
        }
        address.encryption = encryption_of(&address.host, encryption)?;
        Ok(address)
    }
}

impl Address {
    /// The same address with a password: the first line of a file, or else that of `PGPASSWORD` or `PGPASSFILE`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::model::error::ErrorKind::Usage) if a file cannot be read, or if others can read it.
    pub fn with_password(mut self, file: Option<&Path>) -> Result<Self> {
        self.password = match file {
            Some(file) => Some(read("--store-password-file", file)?.lines().next().unwrap_or_default().to_owned()),
            None => match std::env::var("PGPASSWORD") {
                Ok(password) if !password.is_empty() => Some(password),
                _ => self.listed_password()?,
            },
        };
        Ok(self)
    }

    /// The password in the file of `PGPASSFILE`, whose lines are `HOST:PORT:DATABASE:USER:PASSWORD`.
    fn listed_password(&self) -> Result<Option<String>> {
        let Some(file) = std::env::var_os("PGPASSFILE").filter(|file| !file.is_empty()) else { return Ok(None) };
        let text = read("PGPASSFILE", Path::new(&file))?;
        Ok(text.lines().find_map(|line| self.password_in(line)))
    }

    fn password_in(&self, line: &str) -> Option<String> {
        let fields = fields_of(line);
        let [host, port, database, user, password] = <[String; 5]>::try_from(fields).ok()?;
        let own_host = match &self.host {
            Host::Network(name) => name.clone(),
            Host::Socket(_) => "localhost".to_owned(),
        };
        let own = [own_host, self.port.to_string(), self.database.clone(), self.user.clone()];
        let is_own = [host, port, database, user].iter().zip(&own).all(|(field, own)| field == "*" || field == own);
        is_own.then_some(password)
    }
}

/// Without the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, user, database, .. } = self;
        match host {
            Host::Network(name) if name.contains(':') => write!(f, "postgres://{user}@[{name}]:{port}/{database}"),
            Host::Network(name) => write!(f, "postgres://{user}@{name}:{port}/{database}"),
            Host::Socket(folder) => write!(f, "postgres://{user}@/{database}?host={}&port={port}", folder.display()),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

fn wrong(what: &str) -> Error {
    Error::usage(format!("--store is an address such as postgres://USER@HOST/DB: {what}"))
}

fn host_and_port(place: &str) -> Result<(Host, u16)> {
    let (host, port) = match place.rsplit_once(':') {
        // The last colon of an address in brackets may be inside.
        Some((host, port)) if !port.ends_with(']') => {
            (host, port.parse().map_err(|_| wrong("its port is a number up to 65535"))?)
        }
        _ => (place, PORT_DEFAULT),
    };
    let host = decoded(host.trim_start_matches('[').trim_end_matches(']'))?;
    Ok(match host.as_str() {
        "" => (Host::Socket(SOCKET_FOLDER.into()), port),
        folder if folder.starts_with('/') => (Host::Socket(folder.into()), port),
        _ => (Host::Network(host), port),
    })
}

fn encryption_of(host: &Host, (mode, roots): (Option<String>, Option<PathBuf>)) -> Result<Encryption> {
    let is_near = match host {
        Host::Socket(_) => true,
        Host::Network(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
    };
    match (mode.as_deref(), roots) {
        (Some("disable"), None) => Ok(Encryption::Off),
        (None, None) if is_near => Ok(Encryption::Off),
        (Some("verify-full") | None, roots) => Ok(Encryption::Verified(roots)),
        (Some("disable"), Some(_)) => {
            Err(wrong("sslmode=disable and sslrootcert contradict each other; omit one of them"))
        }
        _ => Err(wrong(
            "sslmode is verify-full, which is the default for other machines, or disable; the others protect from nobody",
        )),
    }
}

/// A part of the address without its percent signs.
fn decoded(text: &str) -> Result<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let code = behind.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.filter(|code| *code != 0).ok_or_else(|| wrong("two hexadecimal digits follow each %"))?);
        rest = &behind[2..];
    }
    String::from_utf8(bytes).map_err(|_| wrong("it is UTF-8"))
}

/// The fields of a line of a password file; a backslash protects colons and backslashes.
fn fields_of(line: &str) -> Vec<String> {
    let (mut fields, mut letters) = (vec![String::new()], line.chars());
    while let Some(letter) = letters.next() {
        let last = fields.len() - 1;
        match letter {
            '\\' => fields[last].extend(letters.next()),
            ':' => fields.push(String::new()),
            letter => fields[last].push(letter),
        }
    }
    fields
}

fn read(flag: &str, path: &Path) -> Result<String> {
    let shown = path.display();
    let failed = |error: std::io::Error| Error::usage(format!("cannot read {flag} {shown}: {error}"));
    let about = std::fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(Error::usage(format!("{flag} {shown} is not a regular file; name one")));
    }
    if about.permissions().mode() & 0o077 != 0 {
        return Err(Error::usage(format!("others can read {flag} {shown}; make it yours only, with mode 0600")));
    }
    let mut text = String::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    File::open(path).and_then(|file| file.take(PASSWORD_FILE_BYTES_MAX).read_to_string(&mut text)).map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Address {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn addresses_as_people_write_them() {
        let check = |text: &str, expected: &str| assert_eq!(parsed(text).to_string(), expected, "{text}");
        check("postgres://anna@db.example.com/health", "postgres://anna@db.example.com:5432/health");
        check("postgresql://anna@[::1]:5433/health", "postgres://anna@[::1]:5433/health");
        check("postgres://anna@localhost", "postgres://anna@localhost:5432/anna");
        check("postgres://anna@/health?host=/tmp/x%20y", "postgres://anna@/health?host=/tmp/x y&port=5432");
        check("postgres://anna@%2Ftmp:5433/health", "postgres://anna@/health?host=/tmp&port=5433");
        check("postgres:///health?user=anna", "postgres://anna@/health?host=/var/run/postgresql&port=5432");
    }

    #[test]
    fn wrong_addresses_say_what_is_wrong_and_no_password() {
        let check = |text: &str, part: &str| {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("secret"), "{text}: {error}");
        };
        check("mysql://anna@localhost/health", "postgres://");
        check("postgres://anna:secret@localhost/health", "--store-password-file");
        check("postgres://localhost/health", "names no user");
        check("postgres://anna@localhost:99999/health", "65535");
        check("postgres://anna@db/health?sslmode=require", "verify-full");
        check("postgres://anna@db/health?sslmode=disable&sslrootcert=x", "contradict");
        check("postgres://anna@db/health?password=secret", "it takes host");
        check("postgres://an%zzna@db/health", "hexadecimal");
    }

    #[test]
    fn only_other_machines_need_tls() {
        let check = |text: &str, expected: Encryption| assert_eq!(parsed(text).encryption, expected, "{text}");
        check("postgres://anna@localhost/health", Encryption::Off);
        check("postgres://anna@127.0.0.1/health", Encryption::Off);
        check("postgres://anna@/health", Encryption::Off);
        check("postgres://anna@db/health", Encryption::Verified(None));
        check("postgres://anna@db/health?sslmode=disable", Encryption::Off);
        let roots = Encryption::Verified(Some("/r.pem".into()));
        check("postgres://anna@localhost/health?sslmode=verify-full&sslrootcert=/r.pem", roots);
    }

    #[test]
    fn passwords_come_from_a_line_that_fits_and_are_never_shown() {
        let address = parsed("postgres://anna@db:5433/health");
        let check =
            |line: &str, expected: Option<&str>| assert_eq!(address.password_in(line).as_deref(), expected, "{line}");
        check("db:5433:health:anna:se\\:cr\\\\et", Some("se:cr\\et"));
        check("*:*:*:anna:secret", Some("secret"));
        check("db:5432:health:anna:secret", None);
        check("db:5433:health:ben:secret", None);
        check("# db:5433", None);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "secret\n").unwrap();
        let with = address.clone().with_password(Some(file.path())).unwrap();
        assert_eq!(with.password.as_deref(), Some("secret"));
        assert!(!format!("{with:?} {with}").contains("secret"));
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(address.with_password(Some(file.path())).unwrap_err().message().contains("0600"));
    }
}
