//! Files that a follower is given: tokens, passwords, certificates. None is a file of the database.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::model::error::{Error, Result};
use crate::model::limits::{TLS_FILE_BYTES_MAX, TOKEN_BYTES_MAX};
use crate::store::{Notice, private};

/// Returns the first line of a file with a secret.
///
/// # Errors
///
/// [`Usage`](crate::model::error::ErrorKind::Usage) if the file cannot be read, or does not begin with a secret.
pub fn secret(flag: &str, path: &Path) -> Result<String> {
    let bytes = read(flag, path, TOKEN_BYTES_MAX)?;
    let text = String::from_utf8_lossy(&bytes);
    // Editors on Windows begin a file with an invisible mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let secret = text.lines().next().unwrap_or_default().trim();
    if secret.is_empty() || secret.contains(|letter: char| letter.is_control() || !letter.is_ascii()) {
        let shown = path.display();
        return Err(Error::usage(format!("{flag} {shown} must begin with the secret on one line, in plain letters")));
    }
    private::exposure(path).into_iter().for_each(Notice::log);
    Ok(secret.to_owned())
}

/// Returns the content of a file with certificates.
pub(super) fn certificates(flag: &str, path: &Path) -> Result<Vec<u8>> {
    read(flag, path, TLS_FILE_BYTES_MAX)
}

fn read(flag: &str, path: &Path, bytes_max: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    File::open(path)
        .and_then(|file| file.take(bytes_max as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| Error::usage(format!("cannot read {flag} {}: {error}", path.display())))?;
    if bytes.len() > bytes_max {
        return Err(Error::usage(format!("{flag} {} is longer than {bytes_max} bytes", path.display())));
    }
    Ok(bytes)
}
