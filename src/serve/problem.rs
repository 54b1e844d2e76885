//! Errors as answers: `application/problem+json` (RFC 9457), and the one table of kinds and status codes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::model::error::{Error, ErrorKind};
use crate::model::limits::{RETRY_AFTER_SECONDS, RETRY_AFTER_SECONDS_MIN};
use crate::store::writer::ingest::{Aborted, Summary};

pub(super) type Answer = Response<Full<Bytes>>;

#[derive(Debug, Default, Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    /// Records of `data` and locations that are stored all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<i64>,
}

/// The one table.
fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Syntax | ErrorKind::Shape | ErrorKind::Encoding | ErrorKind::Interrupted => StatusCode::BAD_REQUEST,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::TimedOut => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::Stopping | ErrorKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Full => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Store | ErrorKind::Usage | ErrorKind::Io => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn respond(problem: &Problem<'_>, status: StatusCode) -> Answer {
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(retry_after()));
    }
    // What is left of the body is not read, so nothing can follow it.
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn plain(status: StatusCode, title: &'static str, detail: &str) -> Answer {
    respond(&Problem { kind: "about:blank", title, status: status.as_u16(), detail, ..Problem::default() }, status)
}

fn with_header(mut answer: Answer, name: HeaderName, value: &'static str) -> Answer {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer
}

pub(super) fn not_found() -> Answer {
    plain(StatusCode::NOT_FOUND, "Not Found", "nothing is served here; check the endpoint path in the app's settings")
}

pub(super) fn method_not_allowed(allow: &'static str) -> Answer {
    let detail = format!("this path answers {allow}");
    with_header(plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed", &detail), ALLOW, allow)
}

pub(super) fn unauthorized() -> Answer {
    let detail = "the token is missing or wrong; check the API key and the authentication type in the app's settings";
    with_header(plain(StatusCode::UNAUTHORIZED, "Unauthorized", detail), WWW_AUTHENTICATE, BEARER)
}

const BEARER: &str = "Bearer realm=\"healthsink\"";

/// Whatever the token is, so the app's user is told the same as by 401.
pub(super) fn too_many_attempts(wait: Duration) -> Answer {
    // Rounded up: who comes back then need not wait again.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let detail = format!(
        "too many requests with a missing or wrong token; check the API key in the app's settings, and try again in {seconds} s"
    );
    let mut answer = plain(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests", &detail);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

pub(super) fn no_token_yet() -> Answer {
    let detail = "there is no token yet, so only the server's own machine may send, and to localhost; `healthsink token new` makes one";
    with_header(plain(StatusCode::UNAUTHORIZED, "Unauthorized", detail), WWW_AUTHENTICATE, BEARER)
}

pub(super) fn not_for_web_pages() -> Answer {
    let detail =
        "metrics are not told to web pages; on the server's own machine, ask localhost or an address, not another name";
    plain(StatusCode::FORBIDDEN, "Forbidden", detail)
}

/// The answer to a request that could not be looked at.
pub(super) fn failed(error: &Error) -> Answer {
    aborted(&Aborted { error: error.clone(), summary: None })
}

pub(super) fn unsupported_encoding() -> Answer {
    let detail = "this Content-Encoding is not known; send gzip, deflate, zstd or none";
    with_header(
        plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type", detail),
        ACCEPT_ENCODING,
        "gzip, deflate, zstd",
    )
}

pub(super) fn too_large(bytes_max: u64) -> Answer {
    let detail = format!("the body is longer than {bytes_max} bytes; send a shorter range, or raise --max-body");
    plain(StatusCode::PAYLOAD_TOO_LARGE, "Content Too Large", &detail)
}

pub(super) fn busy() -> Answer {
    plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "Service Unavailable",
        "all places for uploads are taken; send again in a moment",
    )
}

/// Seconds that a client is asked to wait which is told 503. Another number for the next one: all at once they came, and all at
/// once they would come again.
fn retry_after() -> u32 {
    static TOLD: AtomicU32 = AtomicU32::new(0);
    spread(TOLD.fetch_add(1, Ordering::Relaxed))
}

fn spread(told: u32) -> u32 {
    RETRY_AFTER_SECONDS_MIN + told % (RETRY_AFTER_SECONDS - RETRY_AFTER_SECONDS_MIN + 1)
}

pub(super) fn internal() -> Answer {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", INTERNAL)
}

const INTERNAL: &str = "the server could not store this; its log says why";

/// The status of the answer to an upload.
pub(super) fn status(outcome: &Result<Summary, Aborted>) -> StatusCode {
    outcome.as_ref().map_or_else(|aborted| status_of(aborted.error.kind()), |_| StatusCode::OK)
}

/// The answer to an upload that did not reach its end.
pub(super) fn aborted(aborted: &Aborted) -> Answer {
    let error: &Error = &aborted.error;
    let status = status_of(error.kind());
    let title = match status {
        StatusCode::BAD_REQUEST => "Bad Request",
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::REQUEST_TIMEOUT => "Request Timeout",
        StatusCode::SERVICE_UNAVAILABLE => "Service Unavailable",
        StatusCode::INSUFFICIENT_STORAGE => "Insufficient Storage",
        _ => "Internal Server Error",
    };
    let position = error.position();
    respond(
        &Problem {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            // What happens to our disk is for our log, but that there is no space left.
            detail: if status.is_server_error() && !error.is_temporary() { INTERNAL } else { error.message() },
            offset: position.offset,
            section: position.section.as_deref(),
            index: position.index,
            stored: aborted.summary.as_ref().map(|summary| summary.counts.records() + summary.counts.route_points),
            upload: aborted.summary.as_ref().map(|summary| summary.upload),
        },
        status,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn clients_are_asked_to_come_back_at_different_times() {
        let asked: Vec<u32> = (0..200).map(spread).collect();
        let all: BTreeSet<u32> = asked.iter().copied().collect();
        assert_eq!(all, (RETRY_AFTER_SECONDS_MIN..=RETRY_AFTER_SECONDS).collect());
        let most = all.iter().map(|seconds| asked.iter().filter(|asked| *asked == seconds).count()).max();
        assert!(most <= Some(200 / all.len() + 1), "{most:?}");
    }

    /// Whatever the cause, and also if the whole server cannot store.
    #[test]
    fn every_503_spreads_those_who_come_back() {
        let told = |answer: Answer| answer.headers()[RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap();
        let failed: BTreeSet<u32> = (0..10).map(|_| told(failed(&Error::new(ErrorKind::Busy, "locked")))).collect();
        assert!(failed.len() > 5, "{failed:?}");
        assert_ne!(told(busy()), told(busy()));
    }
}
