//! What strangers see: that healthsink runs here, how to sign in, and what to type into the app. No data.
//!
//! Without `--public-url` it shows the address that the browser asked for: that address reached the server.

use std::net::IpAddr;

use hyper::Request;
use hyper::header::HOST;

use super::frame::document;
use super::html::Html;
use crate::model::limits::PUBLIC_URL_BYTES_MAX;
use crate::serve::call::Call;
use crate::serve::state::State;

/// Where a browser found the page.
pub(super) struct Origin {
    url: String,
    /// Whether only this machine can use it.
    is_loopback: bool,
}

/// The page of strangers, with what was wrong.
pub(super) fn sign_in(call: &Call<'_>, root: &str, wrong: Option<&str>) -> String {
    let origin = if call.client.is_forwarded { None } else { origin(call.request, call.state.tls.is_some()) };
    document(root, "Sign in", |html| {
        html.tag("main", &[("id", "main"), ("class", "small")], |html| {
            html.line("h1", &[], "healthsink runs here");
            html.line(
                "p",
                &[],
                "It receives Apple Health data from the app Health Export Pro. Sign in to see it; without that, this page shows no data.",
            );
            if let Some(wrong) = wrong {
                html.line("p", &[("class", "note"), ("role", "alert")], wrong);
            }
            form(html, root);
            app(html, &call.state, origin.as_ref());
            html.line("h2", &[], "If nothing arrives");
            html.tag("p", &[], |html| {
                html.text("The server’s log and ");
                html.line("code", &[], "healthsink status");
                html.text(" say what kept the app out.");
            });
        });
    })
}

fn form(html: &mut Html, root: &str) {
    html.line("h2", &[], "Sign in");
    html.tag("form", &[("method", "post"), ("action", &format!("{root}session")), ("class", "sign-in")], |html| {
        html.line("label", &[("for", "token")], "Token that reads");
        html.void(
            "input",
            &[
                ("id", "token"),
                ("name", "token"),
                ("type", "password"),
                ("required", ""),
                ("autocomplete", "current-password"),
                ("autocapitalize", "none"),
                ("spellcheck", "false"),
            ],
        );
        html.line("button", &[("type", "submit")], "Sign in");
    });
    html.tag("p", &[("class", "muted")], |html| {
        html.line("code", &[], "healthsink token new --scope read");
        html.text(" makes one.");
    });
}

/// What to type into the app.
pub(super) fn app(html: &mut Html, state: &State, origin: Option<&Origin>) {
    let app = &state.app;
    let public = app.public_url.as_ref().map(ToString::to_string);
    let is_loopback = public.is_none() && origin.is_some_and(|origin| origin.is_loopback);
    let base = public.or_else(|| origin.map(|origin| origin.url.clone()));
    html.line("h2", &[], "Type into the app");
    if is_loopback {
        html.tag("p", &[("class", "note")], |html| {
            html.text("A phone cannot reach this address, only this machine does. ");
            html.line("code", &[], "healthsink setup");
            html.text(" shows one that works.");
        });
    }
    html.tag("dl", &[("class", "typed")], |html| {
        row(html, "Base URL", |html| match &base {
            Some(base) => html.line("code", &[], base),
            None => html.text("the address of this page, as your browser shows it"),
        });
        row(html, "Endpoint path", |html| html.line("code", &[], &app.path));
        row(html, "Authentication", |html| match &app.header {
            None => html.text("Bearer"),
            Some(name) => {
                html.text("Custom Header, named ");
                html.line("code", &[], name);
            }
        });
        row(html, "API key", |html| key(html, state));
    });
}

fn row(html: &mut Html, name: &str, value: impl FnOnce(&mut Html)) {
    html.tag("div", &[], |html| {
        html.line("dt", &[], name);
        html.tag("dd", &[], value);
    });
}

fn key(html: &mut Html, state: &State) {
    if state.is_optional {
        html.text("none, as long as no token exists");
        return;
    }
    html.text(if state.has_token_file {
        "the first line of the server’s token file, or a token that "
    } else {
        "the token that "
    });
    if !state.has_token_file {
        html.line("code", &[], "healthsink setup");
        html.text(" or ");
    }
    html.line("code", &[], "healthsink token new");
    html.text(" printed");
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

#[cfg(test)]
mod tests {
    use super::*;

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
