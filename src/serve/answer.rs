//! Answers: a status, headers, and a body that is either whole or a stream.

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::Body;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::model::error::Error;

/// The result of a handler.
pub(super) type Answer = Response<AnswerBody>;

/// Any body, boxed: a long answer is sent piece by piece. An error cuts it off: HTTP/1.1 closes the connection before the last
/// chunk, HTTP/2 resets the stream.
pub(super) type AnswerBody = UnsyncBoxBody<Bytes, Error>;

/// Marks an answer after which a stranger may send another request on the same connection, while few connections are open.
#[derive(Clone, Copy, Debug)]
pub(super) struct MayStay;

/// Marks an answer that ends when its client closes its side: it waits for events, so a client that has left would not be noticed.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndsWithClient;

/// An answer with a whole body of this type.
pub(super) fn whole(content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = empty();
    *answer.body_mut() = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// An answer without a body.
pub(super) fn empty() -> Answer {
    Response::new(Full::default().map_err(|never| match never {}).boxed_unsync())
}

/// The answer to HEAD: the same headers without the body.
pub(super) fn without_body(mut answer: Answer) -> Answer {
    let length = answer.body().size_hint().exact();
    *answer.body_mut() = empty().into_body();
    if let Some(length) = length {
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    answer
}

/// An answer in JSON.
pub(super) fn json(value: &impl Serialize) -> Answer {
    // Every type that is answered has names for keys, so that serialization cannot fail.
    whole("application/json", line_of(value))
}

/// One line of JSON: a terminal's prompt follows on the next one.
pub(super) fn line_of(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
