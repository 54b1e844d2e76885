//! Values as they are typed, which several commands have. In a compose file, an empty variable means that it is not set.

use std::ffi::OsString;
use std::net::{AddrParseError, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::{INGESTS_MAX, NAME_BYTES_MAX};

#[derive(Debug, Args)]
pub(super) struct DatabaseArgument {
    /// The SQLite file; made if it is not there
    #[arg(long, env = "HEALTHSINK_DB", default_value = "health.db", value_name = "FILE")]
    pub(super) db: PathBuf,
}

/// A path; clap's own parser refuses an empty one.
pub(super) fn a_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(|text: OsString| PathBuf::from(text))
}

/// An address; none if it is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct OptionalAddress(pub(super) Option<SocketAddr>);

pub(super) fn optional_address(text: &str) -> Result<OptionalAddress, AddrParseError> {
    if text.is_empty() { Ok(OptionalAddress(None)) } else { text.parse().map(|address| OptionalAddress(Some(address))) }
}

/// A text; none if it is empty.
pub(super) fn text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A name that can be told in one line, and that is not two for the eye.
pub(super) fn name(flag: &str, text: String) -> Result<String> {
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

pub(super) fn usage<T>(message: String) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
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

/// How many uploads at once, as typed; as many as there can be if it is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ingests(pub(super) usize);

impl std::str::FromStr for Ingests {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(INGESTS_MAX));
        }
        let number = text.parse().ok().filter(|number| (1..=INGESTS_MAX).contains(number));
        number.map(Self).ok_or_else(|| format!("a number between 1 and {INGESTS_MAX} is wanted"))
    }
}

impl std::fmt::Display for Ingests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
