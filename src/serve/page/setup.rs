//! A page that says that healthsink runs here and what to type into the app. It shows no data and runs no script.
//!
//! Anyone may ask. Without `--public-url` it shows the address that the browser asked for: that address reached the server.

use std::future::ready;
use std::net::IpAddr;
use std::pin::Pin;

use hyper::Request;
use hyper::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::model::limits::PUBLIC_URL_BYTES_MAX;
use crate::serve::answer::{Answer, whole};
use crate::serve::call::Call;
use crate::serve::html::escaped;
use crate::serve::state::State;

const STYLE: &str = include_str!("setup.css");

/// Nothing may be loaded, embedded or sent. The page's own style is allowed by its SHA-256, which a test computes.
const POLICY: &str = "default-src 'none'; style-src 'sha256-a5FkvZK8Q4m6YHG6H10DDTJ7LDawXTkuOIwH9VLW6mA='; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
    (CACHE_CONTROL, "no-store"),
    // Strangers get this answer. Many requests on one connection would make its buffers grow.
    (CONNECTION, "close"),
];

/// Answers with the page.
pub(super) fn answer(call: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    let origin = if call.client.is_forwarded { None } else { origin(call.request, call.state.tls.is_some()) };
    let mut answer = whole("text/html; charset=utf-8", page(&call.state, origin.as_ref()));
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    Box::pin(ready(answer))
}

/// Where a browser found the page.
struct Origin {
    url: String,
    /// Whether only this machine can use it.
    is_loopback: bool,
}

/// The origin that a request names, if it looks like a name or an address: anyone can send any text.
fn origin<B>(request: &Request<B>, is_https: bool) -> Option<Origin> {
    let sent = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().authority().map(|authority| authority.as_str()).or(sent)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if host.is_empty() || host.len() > PUBLIC_URL_BYTES_MAX || !host.bytes().all(is_plain) {
        return None;
    }
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let bare = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(bare, _)| bare);
    let bare = bare.trim_start_matches('[').trim_end_matches(']');
    let is_loopback =
        bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback());
    let scheme = if is_https { "https" } else { "http" };
    Some(Origin { url: format!("{scheme}://{host}"), is_loopback })
}

/// The page. What is not fixed in it is escaped.
fn page(state: &State, origin: Option<&Origin>) -> String {
    let app = &state.app;
    let public = app.public_url.as_ref().map(ToString::to_string);
    let is_loopback = public.is_none() && origin.is_some_and(|origin| origin.is_loopback);
    let base = public.or_else(|| origin.map(|origin| origin.url.clone()));
    let base = base.map_or_else(
        || "the address of this page, as your browser shows it".to_owned(),
        |url| format!("<code>{}</code>", escaped(&url)),
    );
    let authentication = match &app.header {
        None => "Bearer".to_owned(),
        Some(name) => format!("Custom Header, named <code>{}</code>", escaped(name)),
    };
    let key = if state.is_optional {
        "none, as long as no token exists"
    } else if state.has_token_file {
        "the first line of the server’s token file, or a token that <code>healthsink token new</code> printed"
    } else {
        "the token that <code>healthsink setup</code> or <code>healthsink token new</code> printed"
    };
    let note = if is_loopback {
        "<p class=\"note\">A phone cannot reach this address, only this machine does. <code>healthsink setup</code> shows one that \
         works.</p>"
    } else {
        ""
    };
    let rows = [
        ("Base URL", base),
        ("Endpoint path", format!("<code>{}</code>", escaped(&app.path))),
        ("Authentication", authentication),
        ("API key", key.to_owned()),
    ];
    let rows: String = rows.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>")).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\"><title>healthsink</title>\
         <style>{STYLE}</style></head><body><main><h1>healthsink runs here</h1>\
         <p>It receives Apple Health data from the app Health Export Pro. This page shows no data.</p>{note}\
         <h2>Type into the app</h2><dl>{rows}</dl>\
         <h2>If nothing arrives</h2><p>The server’s log and <code>healthsink status</code> say what kept the app out.</p>\
         </main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_rustls::rustls::SupportedCipherSuite;
    use tokio_rustls::rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;

    /// Base64 of the SHA-256, which the cipher suite has.
    fn hash(text: &str) -> String {
        let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256;
        let digest = suite.common.hash_provider.hash(text.as_bytes());
        let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
        let mut encoded = String::new();
        for group in digest.as_ref().chunks(3) {
            let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*group.get(at).unwrap_or(&0)));
            encoded.extend((0..=group.len()).map(|at| alphabet[(bits >> (18 - 6 * at) & 63) as usize]));
        }
        encoded + "="
    }

    #[test]
    fn the_policy_allows_the_style() {
        let hash = hash(STYLE);
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "the hash is {hash}");
    }

    #[test]
    fn origins_that_may_be_shown() {
        let check = |host: &str, expected: Option<(&str, bool)>| {
            let request = Request::builder().header(HOST, host).body(()).unwrap();
            let origin = origin(&request, false).map(|origin| (origin.url, origin.is_loopback));
            assert_eq!(origin, expected.map(|(url, is_loopback)| (url.to_owned(), is_loopback)), "{host}");
        };
        check("192.168.1.20:3000", Some(("http://192.168.1.20:3000", false)));
        check("pi.local", Some(("http://pi.local", false)));
        check("localhost:3000", Some(("http://localhost:3000", true)));
        check("[::1]:3000", Some(("http://[::1]:3000", true)));
        check("127.0.0.1", Some(("http://127.0.0.1", true)));
        check("[fd00::1]", Some(("http://[fd00::1]", false)));
        for host in ["", "<b>", "a b", "a\"b", "a/b", "x@y", &"a".repeat(PUBLIC_URL_BYTES_MAX + 1)] {
            check(host, None);
        }
    }
}
