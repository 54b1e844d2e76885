//! The URL of a target, as it is typed.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

use crate::model::error::{Error, Result};
use crate::model::limits::FOLLOW_URL_BYTES_MAX;

/// A URL of a server, with a path that may be empty.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl {
    pub(super) is_https: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// Host and port, as a request names them.
    pub(super) authority: String,
    /// Empty, or begins with a slash and ends with none; with a query if it has one.
    path: String,
}

impl BaseUrl {
    /// Whether everything travels encrypted, or stays on this machine.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.is_https || matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1")
    }

    /// The path and query behind the host; at least a slash.
    pub(in crate::follow) fn target(&self, behind: &str) -> String {
        let target = [self.path.as_str(), behind].concat();
        if target.starts_with('/') { target } else { format!("/{target}") }
    }

    /// Whether it has a query, to which nothing can be added.
    #[must_use]
    pub fn has_query(&self) -> bool {
        self.path.contains('?')
    }
}

impl fmt::Display for BaseUrl {
    /// Without path and query: any part of them may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        let path = if self.path.is_empty() { "" } else { "/…" };
        write!(f, "{scheme}://{}{path}", self.authority)
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        const EXPECTED: &str = "write a URL such as http://127.0.0.1:8086 or https://influx.example.com";
        if text.len() > FOLLOW_URL_BYTES_MAX {
            return Err(Error::usage(format!("the URL is longer than {FOLLOW_URL_BYTES_MAX} bytes")));
        }
        let uri: Uri = text.parse().map_err(|_| Error::usage(EXPECTED))?;
        let is_https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(Error::usage(EXPECTED)),
        };
        let authority = uri.authority().ok_or_else(|| Error::usage(EXPECTED))?;
        if authority.as_str().contains('@') {
            return Err(Error::usage("a URL with a password would be in logs; give the password in a file"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let has_port = authority.as_str().len() > authority.host().len();
        if has_port && authority.port_u16().is_none() {
            return Err(Error::usage("behind the colon of a URL's host stands a port from 1 to 65535"));
        }
        let port = authority.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let path = uri.path_and_query().map_or("", |path| path.as_str()).trim_end_matches('/').to_owned();
        if host.is_empty() {
            return Err(Error::usage(EXPECTED));
        }
        Ok(Self { is_https, host, port, authority: authority.as_str().to_owned(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_as_people_write_them() {
        let check = |text: &str, host: &str, port, target: &str| {
            let url: BaseUrl = text.parse().unwrap();
            assert_eq!((url.host.as_str(), url.port, url.target("/x").as_str()), (host, port, target), "{text}");
        };
        check("http://127.0.0.1:8086", "127.0.0.1", 8086, "/x");
        check("http://localhost:8086/", "localhost", 8086, "/x");
        check("https://influx.example.com", "influx.example.com", 443, "/x");
        check("https://example.com/influx/", "example.com", 443, "/influx/x");
        check("http://[::1]:8086", "::1", 8086, "/x");
        for wrong in [
            "",
            "influx:8086",
            "ftp://a",
            "http://",
            "http://user:secret@a",
            "http://a:99999",
            "http://a:",
            "/path",
            "http://a b",
        ] {
            assert!(wrong.parse::<BaseUrl>().is_err(), "{wrong}");
        }
        let shown = |text: &str| text.parse::<BaseUrl>().unwrap().to_string();
        assert_eq!(shown("https://ha.local:8123/bot12:secret/send"), "https://ha.local:8123/…");
        assert_eq!(shown("https://ntfy.example.com/?auth=secret"), "https://ntfy.example.com/…");
        assert_eq!(shown("http://127.0.0.1:8086/"), "http://127.0.0.1:8086");
        let is_private = |text: &str| text.parse::<BaseUrl>().unwrap().is_private();
        assert_eq!(["https://a.b", "http://[::1]", "http://a.b"].map(is_private), [true, true, false]);
    }
}
