//! Web pages of other origins that may read the API (CORS): those that `--cors` names, with a token in the header, never by a cookie.

use std::fmt;
use std::str::FromStr;

use hyper::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_NONE_MATCH, ORIGIN, RETRY_AFTER, VARY,
};
use hyper::{Method, Uri};

use super::answer::Answer;
use crate::model::error::{Error, Result};
use crate::model::limits::CORS_AGE;

/// Paths that pages of other origins may request.
const PATHS: [&str; 2] = ["/api/v1/", "/openapi."];

/// An origin as browsers write it: `https://dash.example:8443`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebOrigin(String);

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebOrigin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let bare = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let parts = bare.parse::<Uri>().ok().map(Uri::into_parts);
        let is_origin = parts.is_some_and(|parts| {
            let is_web = parts.scheme.is_some_and(|scheme| ["http", "https"].contains(&scheme.as_str()));
            let has_path = parts.path_and_query.is_some_and(|path| path.as_str() != "/");
            let has_host = parts.authority.is_some_and(|host| !host.as_str().contains('@'));
            is_web && has_host && !has_path
        });
        if !is_origin {
            let message = format!("--cors {text} is not an origin; write one such as https://dash.example.com:8443");
            return Err(Error::usage(message));
        }
        // Browsers leave out the ports that are usual.
        let port = if bare.starts_with("https:") { ":443" } else { ":80" };
        Ok(Self(bare.strip_suffix(port).unwrap_or(&bare).to_owned()))
    }
}

/// The relation of a request to other origins.
#[derive(Debug)]
pub(super) struct CrossOrigin {
    /// The origin, if it may read the answer.
    allowed: Option<HeaderValue>,
    is_preflight: bool,
}

impl CrossOrigin {
    /// Missing unless origins are named, and may reach the path.
    pub(super) fn of(origins: &[WebOrigin], (method, path): (&Method, &str), headers: &HeaderMap) -> Option<Self> {
        if origins.is_empty() || !PATHS.iter().any(|start| path.starts_with(start)) {
            return None;
        }
        let mut sent = headers.get_all(ORIGIN).iter();
        let origin = sent.next().filter(|_| sent.next().is_none());
        let is_named = |origin: &&HeaderValue| origins.iter().any(|named| named.0.as_bytes() == origin.as_bytes());
        let is_preflight = method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Some(Self { allowed: origin.filter(is_named).cloned(), is_preflight })
    }

    /// Says in an answer who may read it. `token` is the header that carries the token.
    pub(super) fn describe(self, mut answer: Answer, token: &HeaderName) -> Answer {
        let headers = answer.headers_mut();
        headers.append(VARY, HeaderValue::from_static("origin"));
        let Some(origin) = self.allowed else {
            return answer;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let mut set = |name: HeaderName, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        if self.is_preflight {
            let sent = [token.as_str(), ACCEPT.as_str(), IF_NONE_MATCH.as_str(), "last-event-id"];
            set(ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD".to_owned());
            set(ACCESS_CONTROL_ALLOW_HEADERS, sent.join(", "));
            set(ACCESS_CONTROL_MAX_AGE, CORS_AGE.as_secs().to_string());
        } else {
            set(ACCESS_CONTROL_EXPOSE_HEADERS, [ETAG, RETRY_AFTER].map(|name| name.to_string()).join(", "));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_as_typed() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(text.parse::<WebOrigin>().ok().map(|origin| origin.to_string()).as_deref(), expected, "{text}");
        };
        check("https://dash.example.com", Some("https://dash.example.com"));
        check("HTTPS://Dash.example.com/", Some("https://dash.example.com"));
        check("http://localhost:5173", Some("http://localhost:5173"));
        check("https://dash.example.com:443", Some("https://dash.example.com"));
        check("http://[::1]:80", Some("http://[::1]"));
        for wrong in
            ["*", "null", "", "dash.example.com", "https://", "https://a.example/x", "https://u@a.example", "file:///x"]
        {
            check(wrong, None);
        }
    }
}
