//! Secrets that nobody can guess: tokens, ids of sessions, codes for signing in. Their bits are the operating system's.

use super::tokens::TOKEN_PREFIX;
use crate::model::error::{Error, ErrorKind, Result};

/// Random bytes of a token and of a session: too many to guess, and a whole number of letters.
const RANDOM_BYTES: usize = 20;

/// Random bytes of a code, which is valid for minutes.
const CODE_RANDOM_BYTES: usize = 10;

/// None looks like a digit, and none needs shift.
const ALPHABET: [u8; 32] = *b"abcdefghijklmnopqrstuvwxyz234567";

/// Returns a new token.
pub(crate) fn token() -> Result<String> {
    Ok(TOKEN_PREFIX.to_owned() + &letters::<RANDOM_BYTES>()?)
}

/// Returns the id of a new session.
pub(crate) fn session() -> Result<String> {
    letters::<RANDOM_BYTES>()
}

/// Returns a new code for signing in.
pub(crate) fn code() -> Result<String> {
    letters::<CODE_RANDOM_BYTES>()
}

/// Whether a text has the form of a session's id. Other texts need no look-up.
pub(crate) fn is_session_shaped(text: &[u8]) -> bool {
    has_letters(text, RANDOM_BYTES)
}

/// Whether a text has the form of a code.
pub(crate) fn is_code_shaped(text: &[u8]) -> bool {
    has_letters(text, CODE_RANDOM_BYTES)
}

fn has_letters(text: &[u8], bytes: usize) -> bool {
    text.len() * 5 == bytes * 8 && text.iter().all(|byte| ALPHABET.contains(byte))
}

fn letters<const BYTES: usize>() -> Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Io, format!("the operating system returns no random bytes: {error}")))?;
    let mut text = String::new();
    // Five bytes are eight letters.
    for group in bytes.chunks(5) {
        let bits = group.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        text.extend((0..8).rev().map(|place| char::from(ALPHABET[(bits >> (5 * place) & 31) as usize])));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::is_token_shaped;
    use std::collections::HashSet;

    #[test]
    fn secrets_have_their_shape_and_differ() {
        let tokens: HashSet<String> = (0..64).map(|_| token().unwrap()).collect();
        assert_eq!(tokens.len(), 64);
        let letters: HashSet<char> = tokens.iter().flat_map(|token| token[TOKEN_PREFIX.len()..].chars()).collect();
        assert_eq!(letters.len(), ALPHABET.len(), "all bits are used: {letters:?}");
        assert!(tokens.iter().all(|token| is_token_shaped(token.as_bytes())), "{tokens:?}");
        let (session, code) = (session().unwrap(), code().unwrap());
        assert!(is_session_shaped(session.as_bytes()) && !is_code_shaped(session.as_bytes()), "{session}");
        assert!(is_code_shaped(code.as_bytes()) && !is_session_shaped(code.as_bytes()), "{code}");
        assert!(!is_code_shaped(b"ABCDEFGHIJKLMNOP") && !is_code_shaped(b""));
    }
}
