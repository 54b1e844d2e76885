//! `healthsink token`: who may send. Makes, lists and revokes tokens, beside a server that runs, which sees it at once.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::token_arguments::{Token as Config, TokenAction};
use crate::model::error::{Error, ErrorKind, Result};
use crate::store::private;
use crate::store::writer::now_ms;
use crate::store::{TOKEN_PREFIX, TokenDigest, TokenRow, add_token, revoke_token, tokens};

/// Random bytes of a token: more than can be tried, and a whole number of letters.
const RANDOM_BYTES: usize = 20;

/// What a token is written in: no letter can be taken for a digit, and it can be typed without shift.
const ALPHABET: [u8; 32] = *b"abcdefghijklmnopqrstuvwxyz234567";

/// Does what is to be done with tokens.
///
/// # Errors
///
/// [`ErrorKind::Usage`] if there is no such token, [`ErrorKind::Store`] or [`ErrorKind::Busy`] if the database cannot be
/// read or written, [`ErrorKind::Io`] if the token cannot be told; it is then revoked.
pub fn token(config: &Config) -> Result<()> {
    match &config.action {
        TokenAction::New { person, label, out, json } => {
            let made = Made::new(&config.db, person, label.as_deref(), out.as_deref())?;
            let Err(error) = tell(&made, *json) else {
                return Ok(());
            };
            let mut message = format!("cannot print: {error}");
            if made.token.is_some() {
                revoke_token(&config.db, made.id, now_ms())?;
                message.push_str("; nobody has seen the token, so it is revoked: make another");
            }
            Err(Error::new(ErrorKind::Io, message))
        }
        TokenAction::List { json } => {
            let rows = tokens(&config.db)?;
            let mut out = io::stdout().lock();
            let printed = if *json { print_json(&rows, &mut out) } else { print(&rows, &mut out) };
            told(printed)
        }
        TokenAction::Revoke { ids } => revoke(&config.db, ids),
    }
}

/// Revokes all that are known, whatever else is wrong: who revokes tokens may have lost a phone.
fn revoke(db: &Path, ids: &[i64]) -> Result<()> {
    let (mut unknown, mut printed) = (Vec::new(), Ok(()));
    for id in ids {
        let what = match revoke_token(db, *id, now_ms())? {
            Some(true) => "is revoked: the next request with it fails",
            Some(false) => "was revoked before",
            None => {
                unknown.push(id.to_string());
                continue;
            }
        };
        printed = printed.and(told(writeln!(io::stdout().lock(), "token {id} {what}")));
    }
    if !unknown.is_empty() {
        let message =
            format!("there is no token {}; `healthsink token list` tells which there are", unknown.join(", "));
        return Err(Error::new(ErrorKind::Usage, message));
    }
    printed
}

/// A new token.
#[derive(Serialize)]
struct Made<'a> {
    id: i64,
    person: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    /// Unless it is in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    /// Where the server must look for it.
    database: PathBuf,
    /// Whether that was made for it: it may be another than the server's.
    is_new_database: bool,
}

impl<'a> Made<'a> {
    /// Makes one. The file is made first and taken back if the database does not get it: a token that was entered but not
    /// shown is of no use to anyone, and one that was shown but not entered would be typed in vain.
    fn new(db: &Path, person: &'a str, label: Option<&'a str>, file: Option<&'a Path>) -> Result<Self> {
        let token = random()?;
        if let Some(file) = file {
            write_new(file, &token)?;
        }
        let digest = TokenDigest::of(token.as_bytes());
        let is_new_database = !db.exists();
        let entered = add_token(db, &digest, person, label, now_ms()).inspect_err(|_| {
            if let Some(file) = file {
                // It was ours a moment ago; that it stays harms nobody.
                let _ = std::fs::remove_file(file);
            }
        });
        let database = std::path::absolute(db).unwrap_or_else(|_| db.to_owned());
        let token = file.is_none().then_some(token);
        Ok(Self { id: entered?, person, label, token, file, database, is_new_database })
    }
}

/// The token alone goes to standard output, what is said of it to standard error.
fn tell(made: &Made<'_>, is_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if is_json {
        return print_json(made, &mut out);
    }
    let mut said = format!("token {} of {}", made.id, made.person);
    if let Some(label) = made.label {
        // A string takes all that is written.
        let _ = write!(said, " ({label})");
    }
    let new = if made.is_new_database { ", which is new" } else { "" };
    let _ = write!(said, ", entered in {}{new}, ", made.database.display());
    match made.file {
        Some(file) => {
            let _ = write!(said, "is in {}", file.display());
        }
        None => said.push_str("follows; it is shown this once"),
    }
    let _ = writeln!(io::stderr(), "{said}. In the app: authentication Bearer, API key = the token.");
    made.token.as_ref().map_or(Ok(()), |token| writeln!(out, "{token}"))
}

fn random() -> Result<String> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Io, format!("the operating system gives no randomness: {error}")))?;
    let mut token = TOKEN_PREFIX.to_owned();
    // Five bytes are eight letters.
    for group in bytes.chunks(5) {
        let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        token.extend((0..8).rev().map(|place| char::from(ALPHABET[(bits >> (5 * place) & 31) as usize])));
    }
    Ok(token)
}

fn write_new(path: &Path, token: &str) -> Result<()> {
    let written =
        private::create_new(path).and_then(|mut file| writeln!(file, "{token}").and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let message =
            format!("cannot write the token to {}: {error}; name a file that is not there yet", path.display());
        Error::new(ErrorKind::Io, message)
    })
}

fn print_json(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

fn print(rows: &[TokenRow], out: &mut impl Write) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "No tokens yet; `healthsink token new` makes one.");
    }
    let label = |row: &TokenRow| row.label.clone().unwrap_or_default();
    let width = |heading: usize, column: &dyn Fn(&TokenRow) -> usize| {
        rows.iter().map(column).max().unwrap_or_default().max(heading)
    };
    let people = width(6, &|row| row.person.chars().count());
    let labels = width(5, &|row| label(row).chars().count());
    writeln!(out, "{:>4}  {:<people$}  {:<labels$}  {:<20}  last used", "id", "person", "label", "created")?;
    for row in rows {
        let used = match (&row.revoked, &row.last_used) {
            (Some(revoked), _) => format!("revoked {revoked}"),
            (None, Some(used)) => used.clone(),
            (None, None) => "never".to_owned(),
        };
        writeln!(out, "{:>4}  {:<people$}  {:<labels$}  {:<20}  {used}", row.id, row.person, label(row), row.created)?;
    }
    Ok(())
}

fn told(printed: io::Result<()>) -> Result<()> {
    match printed {
        // A pager that was closed has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Error::new(ErrorKind::Io, format!("cannot print: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::is_token_shaped;
    use std::collections::HashSet;

    #[test]
    fn tokens_have_their_shape_and_differ() {
        let tokens: HashSet<String> = (0..64).map(|_| random().unwrap()).collect();
        assert_eq!(tokens.len(), 64);
        let letters: HashSet<char> = tokens.iter().flat_map(|token| token[TOKEN_PREFIX.len()..].chars()).collect();
        assert_eq!(letters.len(), ALPHABET.len(), "all bits are used: {letters:?}");
        assert!(tokens.iter().all(|token| is_token_shaped(token.as_bytes())), "{tokens:?}");
    }
}
