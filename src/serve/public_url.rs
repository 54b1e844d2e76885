//! The URL by which clients reach the server from outside, as `--public-url` names it.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

use crate::model::error::{Error, Result};
use crate::model::limits::PUBLIC_URL_BYTES_MAX;

/// A base URL for the app, without a slash at its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicUrl {
    text: String,
    host: String,
}

impl PublicUrl {
    /// The name or address in it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.text.split_once("://").map_or("", |(scheme, _)| scheme)
    }

    /// The proxy's host with its port, and its path, which is empty or begins with a slash.
    #[must_use]
    pub fn site_and_path(&self) -> (&str, &str) {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        rest.split_at(rest.find('/').unwrap_or(rest.len()))
    }

    /// Returns it without the path that the app posts to: the app adds that, and people copy it with the URL.
    #[must_use]
    pub fn without_path(self, path: &str) -> Self {
        let base = self.text.strip_suffix(path.trim_end_matches('/')).map(|base| base.trim_end_matches('/'));
        match base.filter(|base| base.split_once("://").is_some()) {
            Some(base) => Self { text: base.to_owned(), ..self },
            None => self,
        }
    }

    /// Whether it begins with `https:`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for PublicUrl {
    type Err = Error;

    /// Reads `https://health.example.com`, also with a port or a path. Letters of other scripts are written as `xn--`.
    fn from_str(text: &str) -> Result<Self> {
        let bare = text.trim().trim_end_matches('/');
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte);
        let read = || {
            let uri: Uri = bare.parse().ok().filter(|_| bare.bytes().all(is_plain))?;
            let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
            let (authority, host) = (uri.authority()?, uri.host()?.to_owned());
            let port = authority.as_str().strip_prefix(host.as_str())?;
            let is_port = port.is_empty() || authority.port_u16().is_some_and(|port| port > 0);
            let rest = uri.path().trim_end_matches('/');
            (is_port && !host.is_empty() && bare.len() <= PUBLIC_URL_BYTES_MAX)
                .then(|| Self { text: format!("{scheme}://{authority}{rest}"), host })
        };
        read().ok_or_else(|| {
            let message =
                format!("`{}` is not a URL for the app; write https://health.example.com", bare.escape_debug());
            Error::usage(message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_the_app_can_use() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let url = text.parse::<PublicUrl>().ok().map(|url| (url.to_string(), url.host().to_owned()));
            let expected = expected.map(|(url, host)| (url.to_owned(), host.to_owned()));
            assert_eq!(url, expected, "{text}");
        };
        check("https://health.example.com", Some(("https://health.example.com", "health.example.com")));
        check(" https://health.example.com// ", Some(("https://health.example.com", "health.example.com")));
        let url: PublicUrl = "https://health.example.com:8443/in/".parse().unwrap();
        assert_eq!(url.site_and_path(), ("health.example.com:8443", "/in"));
        check("http://192.168.1.20:3000/", Some(("http://192.168.1.20:3000", "192.168.1.20")));
        check("HTTPS://pi.local/health/", Some(("https://pi.local/health", "pi.local")));
        check("http://[fd00::1]:3000", Some(("http://[fd00::1]:3000", "[fd00::1]")));
        let check_path = |text: &str, path: &str, expected: &str| {
            assert_eq!(text.parse::<PublicUrl>().unwrap().without_path(path).to_string(), expected, "{text}");
        };
        check_path("https://pi.local/api/health-data/", "/api/health-data", "https://pi.local");
        check_path("https://pi.local/x/in", "/in/", "https://pi.local/x");
        check_path("https://in", "/in", "https://in");
        check_path("https://pi.local", "/", "https://pi.local");
        for wrong in [
            "",
            "health.example.com",
            "ftp://health.example.com",
            "https://",
            "https:///x",
            "https://a:0",
            "https://a:70000",
            "https://a:x",
            "https://anna@example.com",
            "https://example.com?x",
            "https://example.com#x",
            "https://example.com/<b>",
            "https://exam ple.com",
            "https://\u{fc}.example",
            "https://example.com\u{1b}[1m",
        ] {
            check(wrong, None);
        }
        check(&format!("https://{}", "a".repeat(PUBLIC_URL_BYTES_MAX)), None);
    }
}
