//! What an InfluxDB means by its answers. Versions differ in the status, and agree in the words.

use crate::follow::http::client::Reply;
use crate::follow::target::Fault;
use crate::model::error::Error;
use crate::model::limits::FOLLOW_REASON_LETTERS_MAX;

/// What has become of lines, or of a deletion.
#[derive(Debug)]
pub(super) enum Meaning {
    /// Done.
    Taken,
    /// All but some points, which will never be taken: a field of another type, a time beyond retention.
    TakenBut {
        /// How many.
        dropped: u64,
    },
    /// A line cannot be read. Version 1 has taken the others, version 2 none. Or deletions are not known.
    Unreadable,
    /// The request is too large.
    TooLarge,
    /// Nothing is at this path (404), in other words than those of an InfluxDB: a proxy before one that is starting.
    Absent,
    /// Not now, or not like this.
    Fault(Fault),
}

/// The meaning of an answer to lines.
pub(super) fn of_write(reply: &Reply, title: &str) -> Meaning {
    match reply.status {
        // All versions say so. Another success is that of another program: a page to sign in, a proxy.
        204 => Meaning::Taken,
        // The words of versions 1 and 2; version 3 lists the lines that it has left out.
        400 if reply.body.contains("partial write") && !reply.body.contains("unable to parse") => {
            Meaning::TakenBut { dropped: dropped(&reply.body) }
        }
        // Other words are those of a proxy, or of a port that speaks TLS.
        400 if has_any(&reply.body, &["unable to parse", "cannot parse", "partial write", "\"code\":\"invalid\""]) => {
            Meaning::Unreadable
        }
        404 if !is_missing(&reply.body) => Meaning::Absent,
        413 => Meaning::TooLarge,
        422 if has_any(&reply.body, &["dropped=", "partial write", "unprocessable entity"]) => {
            Meaning::TakenBut { dropped: dropped(&reply.body) }
        }
        _ => Meaning::Fault(fault(reply, title)),
    }
}

/// Whether an InfluxDB says that it has no such organization, bucket or database: in the words of versions 2, 1 and 3.
fn is_missing(body: &str) -> bool {
    has_any(body, &["\"code\":\"not found\"", "database not found", "retention policy not found"])
}

fn has_any(body: &str, words: &[&str]) -> bool {
    words.iter().any(|words| body.contains(words))
}

/// The meaning of an answer to a deletion. One that has failed is tried again, since what it was to remove may be somebody's whole data.
pub(super) fn of_delete(reply: &Reply, title: &str) -> Meaning {
    match reply.status {
        204 => Meaning::Taken,
        // Version 1 answers 200 also where the statement has failed: it took too long, a shard is closed.
        200 if reply.body.contains("\"results\"") && !reply.body.contains("\"error\"") => Meaning::Taken,
        405 | 501 => Meaning::Unreadable,
        404 if !is_missing(&reply.body) => Meaning::Absent,
        // The words of VictoriaMetrics and of version 3.
        400 if has_any(&reply.body, &["unsupported", "not supported"]) => Meaning::Unreadable,
        200 if reply.body.contains("\"error\"") => not_deleted(reply, title),
        400 | 422 => not_deleted(reply, title),
        _ => Meaning::Fault(fault(reply, title)),
    }
}

fn not_deleted(reply: &Reply, title: &str) -> Meaning {
    let message = format!("{title} has not deleted what was removed here ({}{})", reply.status, reason(&reply.body));
    Meaning::Fault(Fault::Later { message, after: reply.retry_after })
}

fn fault(reply: &Reply, title: &str) -> Fault {
    let status = reply.status;
    let later = |what: &str| Fault::Later { message: format!("{title} {what} ({status})"), after: reply.retry_after };
    let stop = |what: &str| Fault::Stop(Error::usage(format!("{title} {what} ({status}{})", reason(&reply.body))));
    match status {
        401 => stop("does not know the token or the user; give the right one, and start again"),
        403 => stop("does not allow this token or user to write there; give it the right, and start again"),
        404 => stop("does not have this organization, bucket or database; create it, and start again"),
        429 => later("asks for fewer requests"),
        503 => later("is not available"),
        500..=599 => later("has failed"),
        408 => later("took too long"),
        200..=299 => stop("does not answer as an InfluxDB does; see whether the URL is that of one"),
        300..=399 => stop("leads elsewhere; give the URL that it leads to"),
        _ => stop("refuses this request; see whether the URL is that of an InfluxDB"),
    }
}

/// The reason that the server gives. It names organizations and buckets here, no points.
fn reason(body: &str) -> String {
    let text: String = body.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let text = text.trim();
    let end = text.char_indices().nth(FOLLOW_REASON_LETTERS_MAX).map_or(text.len(), |(at, _)| at);
    if text.is_empty() { String::new() } else { format!(": {}", &text[..end]) }
}

/// How many points were dropped, as the words say: `dropped=7`. One if they do not.
fn dropped(body: &str) -> u64 {
    let digits = body.split("dropped=").nth(1).unwrap_or_default();
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn shown(status: u16, body: &str, of: fn(&Reply, &str) -> Meaning) -> String {
        let reply = Reply { status, retry_after: Some(Duration::from_secs(7)), body: body.to_owned() };
        match of(&reply, "it") {
            Meaning::Taken => "taken".to_owned(),
            Meaning::TakenBut { dropped } => format!("taken but {dropped}"),
            Meaning::Unreadable => "unreadable".to_owned(),
            Meaning::TooLarge => "too large".to_owned(),
            Meaning::Absent => "absent".to_owned(),
            Meaning::Fault(Fault::Later { message, after }) => format!("later: {message}, {after:?}"),
            Meaning::Fault(Fault::Stop(error)) => format!("stop: {error}"),
            Meaning::Fault(Fault::Stopping) => "stopping".to_owned(),
        }
    }

    #[test]
    fn answers_of_all_versions() {
        let check = |status, body: &str, expected: &str| {
            let shown = shown(status, body, of_write);
            assert!(shown.starts_with(expected), "{status} {body}: {shown}");
        };
        check(204, "", "taken");
        check(400, r#"{"error":"unable to parse 'x': missing fields"}"#, "unreadable");
        check(400, r#"{"error":"partial write: unable to parse 'x' dropped=0"}"#, "unreadable");
        check(400, r#"{"error":"partial write: points beyond retention policy dropped=3"}"#, "taken but 3");
        check(422, r#"{"code":"unprocessable entity","message":"... dropped=2"}"#, "taken but 2");
        check(422, r#"{"code":"unprocessable entity"}"#, "taken but 1");
        check(422, "", "stop: it refuses");
        check(200, "<html>login</html>", "stop: it does not answer as an InfluxDB does");
        check(200, "", "stop: it does not answer");
        check(202, "", "stop: it does not answer");
        check(400, "Client sent an HTTP request to an HTTPS server.", "stop: it refuses this request");
        check(400, r#"{"code":"invalid","message":"x"}"#, "unreadable");
        check(413, "", "too large");
        check(401, "", "stop: it does not know the token");
        check(403, "", "stop: it does not allow");
        check(
            404,
            "{\"code\":\"not found\",\"message\":\"bucket \\\"a\\\"\nnot found\"}",
            "stop: it does not have this organization, bucket or database; create it, and start again (404: {\"code\":\"not found\",",
        );
        check(404, r#"{"error":"database not found: \"health\""}"#, "stop: it does not have");
        check(404, "<html>404 page not found</html>", "absent");
        check(404, "", "absent");
        check(429, "", "later: it asks for fewer requests (429), Some(7s)");
        check(503, "", "later: it is not available");
        check(500, "", "later: it has failed");
        check(302, "", "stop: it leads elsewhere");
        check(418, "", "stop: it refuses");
    }

    #[test]
    fn a_deletion_that_has_failed_is_tried_again() {
        let check = |status, body: &str, expected: &str| {
            let shown = shown(status, body, of_delete);
            assert!(shown.starts_with(expected), "{status} {body}: {shown}");
        };
        check(204, "", "taken");
        check(200, r#"{"results":[{"statement_id":0}]}"#, "taken");
        check(200, r#"{"results":[{"statement_id":0,"error":"timeout"}]}"#, "later: it has not deleted");
        check(200, "<html>login</html>", "stop: it does not answer");
        check(400, r#"{"code":"invalid","message":"x"}"#, "later: it has not deleted");
        check(400, "unsupported path requested: \"/api/v2/delete\"", "unreadable");
        check(404, "", "absent");
        check(404, r#"{"code":"not found","message":"bucket"}"#, "stop: it does not have");
        check(405, "", "unreadable");
        check(501, "", "unreadable");
        check(503, "", "later: it is not available");
    }
}
