//! Values as they are typed, which several commands have.

use std::path::PathBuf;

use clap::Args;

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{INGESTS_MAX, NAME_BYTES_MAX};

#[derive(Debug, Args)]
pub(super) struct DatabaseArgument {
    /// The SQLite file; made if it is not there
    #[arg(long, env = "HEALTHSINK_DB", default_value = "health.db", value_name = "FILE")]
    pub(super) db: PathBuf,
}

/// A name that can be told in one line, and in which all can be seen. Names whose letters look alike, or are composed in another
/// way (NFC, NFD), are two all the same.
pub(super) fn name(flag: &str, text: String) -> Result<String> {
    let is_usable = !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text.trim().len() == text.len()
        && !text.contains(is_unseen);
    if is_usable {
        return Ok(text);
    }
    usage(format!(
        "{flag} wants a name of 1 to {NAME_BYTES_MAX} bytes, without characters that cannot be seen and without space around it"
    ))
}

/// Whether a character cannot be seen, or not be told from a space: Unicode's Cc, Cf, Zl, Zp, and Zs but for the space itself.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || character.is_whitespace() && character != ' '
        || matches!(
            character,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
        )
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

/// How many uploads at once, as typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ingests(pub(super) usize);

impl std::str::FromStr for Ingests {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
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
