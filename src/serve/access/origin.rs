//! Whether a change is asked for by healthsink's own page, and not by one of another site.
//!
//! A browser names the site of each page that sends a form or a script's POST. What does not name this server is refused, also
//! what names nothing: a command gives an `Origin` itself.

use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Request};

use crate::serve::public_url::PublicUrl;

/// A browser's own word, which no page can change. Browsers send it over HTTPS, and to this machine.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Whether the page that makes a request is this server's. `public` is what `--public-url` names.
pub(in crate::serve) fn is_own<B>(request: &Request<B>, public: Option<&PublicUrl>) -> bool {
    let headers = request.headers();
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter().peekable();
    if sites.peek().is_some() {
        return sites.all(|site| site == "same-origin");
    }
    let Some(origin) = only(headers, ORIGIN) else { return false };
    let Some((scheme, origin)) = origin.split_once("://") else { return false };
    let asked = request.uri().authority().map(Authority::as_str).or_else(|| only(headers, HOST));
    let is_same = |host: &str| with_port(host, scheme).is_some_and(|host| with_port(origin, scheme) == Some(host));
    // A page over HTTP may be anyone's on the way: it is not that of a URL with HTTPS.
    let public = public.filter(|url| url.scheme() == scheme).map(|url| url.site_and_path().0);
    ["http", "https"].contains(&scheme) && asked.into_iter().chain(public).any(is_same)
}

/// Whether a browser has asked by HTTPS, as far as headers show it.
pub(in crate::serve) fn is_https(headers: &HeaderMap) -> bool {
    let is_secure = |name: HeaderName, start: &str| only(headers, name).is_some_and(|value| value.starts_with(start));
    is_secure(ORIGIN, "https://") || is_secure(X_FORWARDED_PROTO, "https")
}

/// The value of a header that comes once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// The name and the port of a host. `None` for anything else, such as one with a user.
fn with_port(host: &str, scheme: &str) -> Option<(String, u16)> {
    let authority: Authority = host.parse().ok()?;
    let rest = host.strip_prefix(authority.host())?;
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => {
            if scheme == "https" {
                443
            } else {
                80
            }
        }
        None => return None,
        Some(port) => port.parse().ok()?,
    };
    Some((authority.host().to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)], public: Option<&str>, expected: bool) {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let url = public.map(|url| url.parse().unwrap());
        assert_eq!(is_own(&request.body(()).unwrap(), url.as_ref()), expected, "{headers:?} {public:?}");
    }

    #[test]
    fn only_the_own_page_asks_for_changes() {
        let host = ("host", "pi.local:3000");
        check(&[host, ("origin", "http://pi.local:3000")], None, true);
        check(&[host, ("origin", "http://PI.local:3000")], None, true);
        check(&[("host", "pi.local"), ("origin", "http://pi.local:80")], None, true);
        check(&[("host", "pi.local"), ("origin", "https://pi.local")], None, true);
        check(&[("host", "[fd00::1]:3000"), ("origin", "http://[fd00::1]:3000")], None, true);
        for origin in [
            "http://pi.local",
            "http://pi.local:3001",
            "http://evil.example:3000",
            "null",
            "",
            "pi.local:3000",
            "http://",
            "http://pi.local:3000@evil.example",
            "http://evil@pi.local:3000",
            "ftp://pi.local:3000",
            "http://pi.local:3000/x",
        ] {
            check(&[host, ("origin", origin)], None, false);
        }
        check(&[host], None, false);
        check(&[host, ("referer", "http://pi.local:3000/")], None, false);
        check(&[host, ("origin", "http://pi.local:3000"), ("origin", "http://evil.example")], None, false);
        check(&[("origin", "http://pi.local:3000")], None, false);
    }

    /// A proxy may ask for another host.
    #[test]
    fn the_public_url_is_the_own_page() {
        let public = Some("https://health.example.com/sink");
        check(&[("host", "127.0.0.1:3000"), ("origin", "https://health.example.com")], public, true);
        check(&[("host", "127.0.0.1:3000"), ("origin", "https://health.example.com:8443")], public, false);
        check(&[("host", "127.0.0.1:3000"), ("origin", "https://evil.example")], public, false);
        check(&[("host", "127.0.0.1:3000"), ("origin", "http://health.example.com")], public, false);
        check(&[("host", "127.0.0.1:3000"), ("origin", "http://health.example.com:443")], public, false);
        let public = Some("http://pi.local:8080");
        check(&[("host", "127.0.0.1:3000"), ("origin", "http://pi.local:8080")], public, true);
        check(&[("host", "127.0.0.1:3000"), ("origin", "https://pi.local:8080")], public, false);
    }

    #[test]
    fn the_browsers_word_counts_more() {
        let own = ("origin", "http://pi.local");
        check(&[("host", "pi.local"), own, ("sec-fetch-site", "same-site")], None, false);
        check(&[("host", "pi.local"), own, ("sec-fetch-site", "cross-site")], None, false);
        check(&[("host", "pi.local"), own, ("sec-fetch-site", "none")], None, false);
        check(&[("host", "upstream"), ("sec-fetch-site", "same-origin"), ("origin", "null")], None, true);
        check(
            &[("host", "pi.local"), ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            None,
            false,
        );
    }

    #[test]
    fn what_came_by_https() {
        let check = |name: &'static str, value: &'static str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.append(name, value.parse().unwrap());
            assert_eq!(is_https(&headers), expected, "{name}: {value}");
        };
        check("origin", "https://pi.local", true);
        check("origin", "http://pi.local", false);
        check("x-forwarded-proto", "https", true);
        check("x-forwarded-proto", "http", false);
        check("host", "https", false);
    }
}
