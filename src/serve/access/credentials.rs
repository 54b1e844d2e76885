//! What a request must carry: the header, and the token in a file, if there is one.

use std::io::Read;
use std::path::Path;

use hyper::HeaderMap;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING,
};

use crate::model::error::{Error, Result};
use crate::model::limits::{TOKEN_BYTES_MAX, TOKEN_LONG_BYTES, TOKEN_SHORT_BYTES};
use crate::serve::config::Auth;
use crate::serve::obstacles::{ObstacleKind, quoted};
use crate::store::{Notice, TokenDigest, is_token_shaped, private};

/// Credentials that a request must carry. Only digests of tokens are kept.
pub(in crate::serve) struct Credentials {
    pub(super) header: HeaderName,
    /// Whether the header may carry the token without `Bearer`.
    pub(super) may_be_bare: bool,
    pub(super) file: Option<FileToken>,
    /// The person for uploads with that token, or without any.
    pub(super) person: Option<String>,
    pub(super) is_optional: bool,
}

/// The token in a file.
pub(super) struct FileToken {
    pub(super) digest: TokenDigest,
    /// Whether it is too long to be guessed.
    pub(super) is_long: bool,
}

/// Headers with a meaning for HTTP itself, which cannot carry a token.
const TAKEN_HEADERS: [HeaderName; 5] = [HOST, CONNECTION, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING];

impl Credentials {
    /// Reads the token file, if one is configured.
    pub(in crate::serve) fn load(auth: &Auth) -> Result<Self> {
        let header = match &auth.header {
            None => AUTHORIZATION,
            Some(name) => name.parse().ok().filter(|name| !TAKEN_HEADERS.contains(name)).ok_or_else(|| {
                Error::usage(format!("--auth-header {name} cannot carry a token; name another, such as X-API-Key"))
            })?,
        };
        let file = auth.token_file.as_deref().map(read_token).transpose()?;
        let may_be_bare = auth.header.is_some();
        Ok(Self { header, may_be_bare, file, person: auth.person.clone(), is_optional: auth.is_optional })
    }

    /// Whether there is a token file.
    pub(in crate::serve) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// The token that a request carries, correct or not.
    pub(super) fn presented<'a>(&self, headers: &'a HeaderMap) -> Option<&'a [u8]> {
        let mut values = headers.get_all(&self.header).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let value = value.as_bytes().trim_ascii();
        let bearer = if self.header == AUTHORIZATION { bearer(value) } else { None };
        bearer.or(self.may_be_bare.then_some(value))
    }

    /// Why a request that carries no valid token is refused, and the remedy in the app's words.
    pub(super) fn fault(&self, headers: &HeaderMap, presented: Option<&[u8]>) -> (ObstacleKind, String) {
        let name = if self.header == AUTHORIZATION { "Authorization" } else { self.header.as_str() };
        let remedy = if self.may_be_bare {
            format!("in the app choose Custom Header, name it {name}, and type the token as API key")
        } else {
            "in the app choose Bearer, and type the token as API key".to_owned()
        };
        if let Some(token) = presented {
            let looks_wrong = self.file.is_none() && !is_token_shaped(token);
            let what = if looks_wrong { "the API key is not of the form of a token" } else { "the token is unknown" };
            let message = format!("{what} (401); type it into the app again, or make one with `healthsink token new`");
            return (ObstacleKind::UnknownToken, message);
        }
        if let Some(other) = self.other_header(headers) {
            let other = quoted(other);
            return (
                ObstacleKind::OtherHeader,
                format!("the token is in the header {other}, not in {name} (401); {remedy}"),
            );
        }
        if headers.contains_key(&self.header) {
            let what = format!("the header {name} is not `Bearer TOKEN`, or comes twice");
            return (ObstacleKind::NotBearer, format!("{what} (401); {remedy}"));
        }
        (ObstacleKind::NoHeader, format!("the header {name} is missing (401); {remedy}"))
    }

    /// The header that carries what looks like a token, if it is not the one that should.
    fn other_header<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let is_token = |value: &[u8]| is_token_shaped(bearer(value).unwrap_or(value.trim_ascii()));
        let other = |(name, value): &(&HeaderName, &HeaderValue)| **name != self.header && is_token(value.as_bytes());
        headers.iter().find(other).map(|(name, _)| name.as_str())
    }
}

fn read_token(path: &Path) -> Result<FileToken> {
    let shown = path.display();
    let fail = |error: std::io::Error| Error::usage(format!("cannot read the token file {shown}: {error}"));
    let file = std::fs::File::open(path).map_err(fail)?;
    let mut text = String::new();
    #[expect(clippy::disallowed_methods, reason = "bounded by take")]
    file.take(TOKEN_BYTES_MAX as u64 + 1).read_to_string(&mut text).map_err(fail)?;
    // Editors on Windows begin a file with an invisible mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let token = text.lines().next().unwrap_or_default().trim();
    if text.trim().is_empty() {
        return Err(Error::usage(format!("the token file {shown} is empty; write the token on its first line")));
    }
    if token.is_empty() || text.len() > TOKEN_BYTES_MAX {
        return Err(Error::usage(format!(
            "the token file {shown} must begin with the token on its own line, and be at most {TOKEN_BYTES_MAX} bytes long"
        )));
    }
    private::exposure(path).into_iter().for_each(Notice::log);
    if token.len() < TOKEN_SHORT_BYTES {
        tracing::warn!(
            "the token in {shown} is shorter than {TOKEN_SHORT_BYTES} bytes and may be guessed; `healthsink token new` creates a long one"
        );
    }
    Ok(FileToken { digest: TokenDigest::of(token.as_bytes()), is_long: token.len() >= TOKEN_LONG_BYTES })
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
