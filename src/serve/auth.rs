//! Who may upload: a token in a header, compared in constant time.

use std::io::Read;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderName};

use crate::config::Auth;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::TOKEN_BYTES_MAX;

/// What a request must carry. The token itself is not kept, only its digest.
pub(super) struct Credentials(Option<Expected>);

struct Expected {
    header: HeaderName,
    is_bearer: bool,
    token: blake3::Hash,
}

impl Credentials {
    /// Reads the token file, if there is to be one.
    pub(super) fn load(auth: &Auth) -> Result<Self> {
        let usage = |message: String| Error::new(ErrorKind::Usage, message);
        let (header, token_file) = match auth {
            Auth::None => return Ok(Self(None)),
            Auth::Bearer { token_file } => (AUTHORIZATION, token_file),
            Auth::Header { name, token_file } => {
                let header = name.parse().map_err(|_| usage(format!("--auth-header {name} is not a header's name")))?;
                (header, token_file)
            }
        };
        let shown = token_file.display();
        let mut text = String::new();
        let file = std::fs::File::open(token_file)
            .map_err(|error| usage(format!("cannot read the token file {shown}: {error}")))?;
        #[expect(clippy::disallowed_methods, reason = "bounded by take")]
        file.take(TOKEN_BYTES_MAX as u64 + 1)
            .read_to_string(&mut text)
            .map_err(|error| usage(format!("cannot read the token file {shown}: {error}")))?;
        let token = text.lines().next().unwrap_or_default().trim();
        if token.is_empty() || text.len() > TOKEN_BYTES_MAX {
            return Err(usage(format!(
                "the first line of the token file {shown} must be the token, at most {TOKEN_BYTES_MAX} bytes"
            )));
        }
        let is_bearer = matches!(auth, Auth::Bearer { .. });
        Ok(Self(Some(Expected { header, is_bearer, token: blake3::hash(token.as_bytes()) })))
    }

    /// Whether there is a token at all.
    pub(super) fn are_needed(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the request may upload.
    pub(super) fn admit(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = &self.0 else { return true };
        let mut values = headers.get_all(&expected.header).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let value = value.as_bytes().trim_ascii();
        let token = if expected.is_bearer { bearer(value) } else { Some(value) };
        // Comparing digests takes the same time wherever they differ: blake3's `==` is constant-time.
        token.is_some_and(|token| blake3::hash(token) == expected.token)
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn credentials(token: &str, header: Option<&str>) -> Result<Credentials> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(token.as_bytes()).unwrap();
        let token_file = file.path().to_owned();
        Credentials::load(&match header {
            None => Auth::Bearer { token_file },
            Some(name) => Auth::Header { name: name.to_owned(), token_file },
        })
    }

    #[test]
    fn only_the_token_is_admitted() {
        let check = |credentials: &Credentials, sent: &[(&'static str, &'static str)], expected: bool| {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(*name, value.parse().unwrap());
            }
            assert_eq!(credentials.admit(&headers), expected, "{sent:?}");
        };
        let by_bearer = credentials("s3cret\n", None).unwrap();
        check(&by_bearer, &[("authorization", "Bearer s3cret")], true);
        check(&by_bearer, &[("authorization", "bearer  s3cret")], true);
        check(&by_bearer, &[("authorization", "Bearer s3cre")], false);
        check(&by_bearer, &[("authorization", "Bearer s3cret2")], false);
        check(&by_bearer, &[("authorization", "Basic s3cret")], false);
        check(&by_bearer, &[("authorization", "s3cret")], false);
        check(&by_bearer, &[("authorization", "Bearer x"), ("authorization", "Bearer s3cret")], false);
        check(&by_bearer, &[], false);
        let by_header = credentials("s3cret", Some("X-Key")).unwrap();
        check(&by_header, &[("x-key", "s3cret")], true);
        check(&by_header, &[("x-key", "")], false);
        check(&by_header, &[("authorization", "Bearer s3cret")], false);
        check(&Credentials::load(&Auth::None).unwrap(), &[], true);
    }

    #[test]
    fn unusable_tokens_are_refused() {
        assert!(credentials("\n", None).is_err());
        assert!(credentials("s3cret", Some("no header")).is_err());
        assert!(credentials(&"x".repeat(TOKEN_BYTES_MAX + 1), None).is_err());
        assert!(Credentials::load(&Auth::Bearer { token_file: "/nowhere/token".into() }).is_err());
    }
}
