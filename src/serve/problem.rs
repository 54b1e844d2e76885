//! Errors as answers: `application/problem+json` (RFC 9457), and the one table from error kinds to status codes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{
    ACCEPT_ENCODING, ALLOW, AUTHORIZATION, CONNECTION, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use serde::Serialize;

use super::access::auth::{Purpose, Refusal};
use super::answer::{Answer, empty, line_of, whole};
use super::http::message::Malformed;
use crate::formats::encoding::Coding;
use crate::model::error::{Error, ErrorKind};
use crate::model::limits::{RETRY_AFTER_SECONDS, RETRY_AFTER_SECONDS_MIN};
use crate::model::quota::seconds_left;
use crate::store::now_ms;
use crate::store::writer::ingest::{Aborted, Summary};

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
    /// Records of `data` and locations that were stored before the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    stored: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<i64>,
    /// The parameter of a read that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
}

/// The one table of status codes.
pub(super) fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Syntax | ErrorKind::Shape | ErrorKind::Encoding | ErrorKind::Interrupted => StatusCode::BAD_REQUEST,
        ErrorKind::Revoked => StatusCode::UNAUTHORIZED,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Quota => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::TimedOut => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::Stopping | ErrorKind::Cancelled | ErrorKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Full => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Store | ErrorKind::Usage | ErrorKind::Io => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn respond(problem: &Problem<'_>, status: StatusCode) -> Answer {
    let mut answer = whole("application/problem+json", line_of(problem));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    match status {
        StatusCode::SERVICE_UNAVAILABLE => _ = headers.insert(RETRY_AFTER, HeaderValue::from(retry_after())),
        // The end of a quota's day. Waits for other reasons are shorter, and replace it.
        StatusCode::TOO_MANY_REQUESTS => _ = headers.insert(RETRY_AFTER, HeaderValue::from(seconds_left(now_ms()))),
        _ => {}
    }
    // The rest of the body is not read, so no other request can follow it.
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

/// The answer to a path that nothing is at. The remedy says what to ask for.
pub(super) fn not_found(remedy: &str) -> Answer {
    plain(StatusCode::NOT_FOUND, "Not Found", &format!("nothing is at this path; {remedy}"))
}

/// The answer to a method that a path does not have.
pub(super) fn method_not_allowed(allow: &HeaderValue, description: &str, remedy: &str) -> Answer {
    let methods = allow.to_str().unwrap_or_default();
    let detail = format!("this path accepts {methods}: {description}; {remedy}");
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed", &detail);
    answer.headers_mut().insert(ALLOW, allow.clone());
    answer
}

/// The answer to OPTIONS.
pub(super) fn options(allow: HeaderValue) -> Answer {
    let mut answer = empty();
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer.headers_mut().insert(ALLOW, allow);
    // Strangers get this answer. Many requests on one connection would make its buffers grow.
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// The answer to a request that is not admitted.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::Wrong => unauthorized(),
        Refusal::TooManyAttempts(wait) => too_many_attempts(*wait),
        Refusal::NoTokenYet => no_token_yet(),
        Refusal::NoTokenToRead => no_token_to_read(),
        Refusal::NoSession => not_signed_in(),
        Refusal::OtherScope(Purpose::Send | Purpose::Metrics) => forbidden(NOT_TO_SEND),
        Refusal::OtherScope(Purpose::Read) => forbidden(NOT_TO_READ),
        Refusal::Failed(error) => failed(error),
    }
}

fn unauthorized() -> Answer {
    let detail = "the token is missing or wrong; check the API key and the authentication type in the app's settings";
    with_header(plain(StatusCode::UNAUTHORIZED, "Unauthorized", detail), WWW_AUTHENTICATE, BEARER)
}

/// The answer to a scrape without a valid token.
pub(super) fn no_token_of_scrape() -> Answer {
    let detail = "the token of GET /metrics is missing or wrong; `healthsink token new --scope read` makes one";
    with_header(plain(StatusCode::UNAUTHORIZED, "Unauthorized", detail), WWW_AUTHENTICATE, BEARER)
}

const BEARER: &str = "Bearer realm=\"healthsink\"";

/// Names the header that carries tokens here, in an answer that asks for one.
pub(super) fn with_challenge_for(header: &HeaderName, mut answer: Answer) -> Answer {
    if *header != AUTHORIZATION
        && let Some(challenge) = answer.headers_mut().get_mut(WWW_AUTHENTICATE)
        // A name of a header has no quotation mark.
        && let Ok(own) = HeaderValue::try_from(format!("ApiKey realm=\"healthsink\", header=\"{header}\""))
    {
        *challenge = own;
    }
    answer
}

/// The token may be correct or not, so the app's user gets the same advice as with 401.
fn too_many_attempts(wait: Duration) -> Answer {
    too_many(wait, "too many requests with a missing or wrong token; check the API key in the app's settings")
}

fn too_many(wait: Duration, what: &str) -> Answer {
    // Rounded up, so that the client need not wait a second time.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let detail = format!("{what}, and try again in {seconds} s");
    let mut answer = plain(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests", &detail);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

fn no_token_yet() -> Answer {
    let detail = "no token exists yet, so only the server's own machine may upload, to localhost; `healthsink token new` creates one";
    with_header(plain(StatusCode::UNAUTHORIZED, "Unauthorized", detail), WWW_AUTHENTICATE, BEARER)
}

fn no_token_to_read() -> Answer {
    with_header(plain(StatusCode::UNAUTHORIZED, "Unauthorized", NO_TOKEN_TO_READ), WWW_AUTHENTICATE, BEARER)
}

const NO_TOKEN_TO_READ: &str =
    "reading needs a token, in the same header as uploads; `healthsink token new --scope read` makes one";

/// The answer to a browser without a valid session.
pub(super) fn not_signed_in() -> Answer {
    let detail = "nobody is signed in here, or the session has ended; sign in again";
    with_header(plain(StatusCode::UNAUTHORIZED, "Unauthorized", detail), WWW_AUTHENTICATE, BEARER)
}

/// The answer to a browser that signs in with what does not allow it.
pub(super) fn not_to_sign_in(refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::TooManyAttempts(wait) => too_many(*wait, "too many wrong tokens or codes; check what you have typed"),
        Refusal::Failed(error) => failed(error),
        Refusal::OtherScope(_) => forbidden(NOT_TO_READ),
        _ => with_header(plain(StatusCode::UNAUTHORIZED, "Unauthorized", NOT_TO_SIGN_IN), WWW_AUTHENTICATE, BEARER),
    }
}

const NOT_TO_SIGN_IN: &str = "the token or code is unknown, was used, revoked or has expired; `healthsink token new --scope read --qr` makes others";

/// Why a change is refused that may come from a page of another site.
pub(super) const OF_ANOTHER_SITE: &str = "this request does not say that it comes from healthsink's own page; send an Origin header with the \
    address of this server, and let a proxy keep the Host";

/// The answer to a change that may come from a page of another site.
pub(super) fn of_another_site() -> Answer {
    forbidden(OF_ANOTHER_SITE)
}

/// The answer to a body that is of no form that the path takes.
pub(super) fn wrong_body(detail: &str) -> Answer {
    plain(StatusCode::BAD_REQUEST, "Bad Request", detail)
}

/// The answer to a request to sign in whose body is of another type.
pub(super) fn unknown_body() -> Answer {
    let detail = "the Content-Type is application/json, or application/x-www-form-urlencoded of a form";
    plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type", detail)
}

/// The answer to a body that came too slowly.
pub(super) fn too_slow() -> Answer {
    plain(StatusCode::REQUEST_TIMEOUT, "Request Timeout", "the body came too slowly; send it again")
}

pub(super) fn too_many_inflations() -> Answer {
    unavailable("too many clients at once take no gzip; send Accept-Encoding: gzip, or ask again in a moment")
}

pub(super) fn too_many_sign_ins() -> Answer {
    unavailable("too many sign-ins at once; try again in a moment")
}

/// The answer to a request whose token or parameters ask for what it may not have.
pub(super) fn forbidden(detail: &str) -> Answer {
    plain(StatusCode::FORBIDDEN, "Forbidden", detail)
}

const NOT_TO_SEND: &str = "this token only reads; type one of `healthsink token new` into the app";

const NOT_TO_READ: &str = "this token only uploads; `healthsink token new --scope read` makes one that reads";

pub(super) fn not_for_web_pages() -> Answer {
    let detail = "metrics are not for web pages; on the server's own machine, use localhost or an address instead of another name";
    plain(StatusCode::FORBIDDEN, "Forbidden", detail)
}

/// The answer to a request that failed before its body was read.
pub(super) fn failed(error: &Error) -> Answer {
    aborted(&Aborted { error: error.clone(), summary: None })
}

/// The answer to a request that breaks a rule of HTTP itself.
pub(super) fn malformed(malformed: Malformed) -> Answer {
    let detail = malformed.detail();
    match malformed {
        Malformed::Host => plain(StatusCode::BAD_REQUEST, "Bad Request", detail),
        Malformed::TransferEncoding => plain(StatusCode::NOT_IMPLEMENTED, "Not Implemented", detail),
    }
}

pub(super) fn unsupported_encoding() -> Answer {
    let detail = format!("this Content-Encoding is unknown; send {} or none", Coding::ACCEPTED);
    with_header(
        plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type", &detail),
        ACCEPT_ENCODING,
        Coding::ACCEPTED,
    )
}

/// The answer to a form, such as `curl -F` sends.
pub(super) fn not_a_form() -> Answer {
    let detail = "this is a form (multipart); send the JSON itself as the body";
    plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type", detail)
}

pub(super) fn too_many_uploads() -> Answer {
    unavailable("too many uploads at once; send again in a moment")
}

pub(super) fn too_many_of_one_token() -> Answer {
    unavailable("this token has too many uploads at once, and one is left for others; send again in a moment")
}

/// The answer to a read with a wrong parameter. The detail says what is accepted.
pub(super) fn wrong_parameter(parameter: &str, detail: &str) -> Answer {
    let status = StatusCode::BAD_REQUEST;
    let (kind, title) = ("about:blank", "Bad Request");
    let parameter = Some(parameter);
    respond(&Problem { kind, title, status: status.as_u16(), detail, parameter, ..Problem::default() }, status)
}

/// The answer to a read of what is not there.
pub(super) fn nothing_there(detail: &str) -> Answer {
    plain(StatusCode::NOT_FOUND, "Not Found", detail)
}

/// The answer to a read in a form that the path does not have.
pub(super) fn not_acceptable(detail: &str) -> Answer {
    plain(StatusCode::NOT_ACCEPTABLE, "Not Acceptable", detail)
}

pub(super) fn too_many_reads() -> Answer {
    unavailable("too many reads at once; ask again in a moment")
}

pub(super) fn too_many_reads_of_one_token() -> Answer {
    unavailable("this token has too many reads at once, and some are left for others; ask again in a moment")
}

pub(super) fn too_many_listeners() -> Answer {
    unavailable("too many clients follow changes; poll instead, or try again later")
}

pub(super) fn too_many_listeners_of_one_token() -> Answer {
    unavailable("this token follows what changes too many times, and some are left for others; close some pages")
}

pub(super) fn read_took_too_long() -> Answer {
    unavailable("the read took too long and was stopped; ask for a shorter time")
}

pub(super) fn too_many_scrapes() -> Answer {
    unavailable("another scrape is under way; ask again in a moment")
}

/// The answer to a health check while nothing can be stored.
pub(super) fn unhealthy(fault: &str) -> Answer {
    unavailable(fault)
}

fn unavailable(detail: &str) -> Answer {
    plain(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable", detail)
}

/// Seconds for `Retry-After`. Each answer gets the next value, so that clients refused together do not return together.
pub(super) fn retry_after() -> u32 {
    static ANSWERS: AtomicU32 = AtomicU32::new(0);
    spread(ANSWERS.fetch_add(1, Ordering::Relaxed))
}

fn spread(answers: u32) -> u32 {
    RETRY_AFTER_SECONDS_MIN + answers % (RETRY_AFTER_SECONDS - RETRY_AFTER_SECONDS_MIN + 1)
}

pub(super) fn internal() -> Answer {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error", INTERNAL)
}

const INTERNAL: &str = "the server failed; its log has the reason";

/// The status code of the answer to an upload.
pub(super) fn status(outcome: &Result<Summary, Aborted>) -> StatusCode {
    outcome.as_ref().map_or_else(|aborted| status_of(aborted.error.kind()), |_| StatusCode::OK)
}

/// The answer to an upload that did not reach its end.
pub(super) fn aborted(aborted: &Aborted) -> Answer {
    let error: &Error = &aborted.error;
    if error.kind() == ErrorKind::Revoked {
        return unauthorized();
    }
    let status = status_of(error.kind());
    let title = match status {
        StatusCode::BAD_REQUEST => "Bad Request",
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::REQUEST_TIMEOUT => "Request Timeout",
        StatusCode::TOO_MANY_REQUESTS => "Too Many Requests",
        StatusCode::SERVICE_UNAVAILABLE => "Service Unavailable",
        StatusCode::INSUFFICIENT_STORAGE => "Insufficient Storage",
        _ => "Internal Server Error",
    };
    let position = error.position();
    let stored = aborted.summary.as_ref().map(|summary| summary.counts.records() + summary.counts.route_points);
    respond(
        &Problem {
            kind: "about:blank",
            title,
            status: status.as_u16(),
            // Faults of this machine are for its log. That the disk is full, or the database locked, helps the user.
            detail: if status.is_server_error() && !error.is_temporary() {
                INTERNAL
            } else {
                error.message_for_clients()
            },
            offset: position.offset,
            section: position.section.as_deref(),
            index: position.index,
            // Nothing of a body of another shape is stored, and it is not in the ledger.
            stored: stored.or((error.kind() == ErrorKind::Shape).then_some(0)),
            upload: aborted.summary.as_ref().map(|summary| summary.upload),
            parameter: None,
        },
        status,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn retry_after_is_spread() {
        let asked: Vec<u32> = (0..200).map(spread).collect();
        let all: BTreeSet<u32> = asked.iter().copied().collect();
        assert_eq!(all, (RETRY_AFTER_SECONDS_MIN..=RETRY_AFTER_SECONDS).collect());
        let most = all.iter().map(|seconds| asked.iter().filter(|asked| *asked == seconds).count()).max();
        assert!(most <= Some(200 / all.len() + 1), "{most:?}");
    }

    #[test]
    fn every_503_has_another_retry_after() {
        let seconds = |answer: Answer| answer.headers()[RETRY_AFTER].to_str().unwrap().parse::<u32>().unwrap();
        let failed: BTreeSet<u32> = (0..10).map(|_| seconds(failed(&Error::new(ErrorKind::Busy, "locked")))).collect();
        assert!(failed.len() > 5, "{failed:?}");
        assert_ne!(seconds(too_many_uploads()), seconds(too_many_scrapes()));
    }
}
