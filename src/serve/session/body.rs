//! The body of a request to sign in: a token or a code, in JSON or as a form.

use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use serde::Deserialize;
use tokio::time::timeout;

use crate::model::limits::{SIGN_IN_BYTES_MAX, SIGN_IN_WAIT};
use crate::serve::answer::Answer;
use crate::serve::problem;

/// Credentials of a browser that signs in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Secret {
    Token(String),
    Code(String),
}

/// How a body is written, hence how its answer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Json,
    /// As a page without script sends it.
    Form,
}

/// The form of a body, by its header.
pub(super) fn kind_of(headers: &HeaderMap) -> Option<Kind> {
    let kind = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => Some(Kind::Json),
        "application/x-www-form-urlencoded" => Some(Kind::Form),
        _ => None,
    }
}

/// Reads the whole body, if it is short and comes soon.
pub(super) async fn read(body: &mut Incoming) -> Result<Vec<u8>, Box<Answer>> {
    let reading = async {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Err(Box::new(problem::wrong_body("the body is cut off; send it again")));
            };
            let data = frame.into_data().unwrap_or_default();
            if bytes.len() + data.len() > SIGN_IN_BYTES_MAX {
                return Err(Box::new(problem::wrong_body("the body is too long for a token or a code")));
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    };
    timeout(SIGN_IN_WAIT, reading).await.unwrap_or_else(|_| Err(Box::new(problem::too_slow())))
}

/// The token or the code in a body; `None` unless it has exactly one of them.
pub(super) fn secret(kind: Kind, body: &[u8]) -> Option<Secret> {
    #[derive(Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sent {
        token: Option<String>,
        code: Option<String>,
    }
    let sent = match kind {
        Kind::Json => serde_json::from_slice(body).ok()?,
        Kind::Form => {
            let mut sent = Sent::default();
            for field in std::str::from_utf8(body).ok()?.split('&').filter(|field| !field.is_empty()) {
                let (name, value) = field.split_once('=')?;
                let place = match name {
                    "token" => &mut sent.token,
                    "code" => &mut sent.code,
                    _ => return None,
                };
                if place.replace(decoded(value)?).is_some() {
                    return None;
                }
            }
            sent
        }
    };
    // People paste a token with what is around it.
    match (sent.token, sent.code) {
        (Some(token), None) => Some(Secret::Token(token.trim().to_owned())),
        (None, Some(code)) => Some(Secret::Code(code.trim().to_owned())),
        _ => None,
    }
}

/// A value of a form.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(16 * digit()? + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_one_secret() {
        let check = |kind: Kind, body: &str, expected: Option<Secret>| {
            assert_eq!(secret(kind, body.as_bytes()), expected, "{body}");
        };
        let (token, code) =
            (|text: &str| Some(Secret::Token(text.into())), |text: &str| Some(Secret::Code(text.into())));
        check(Kind::Json, r#"{"token": "hs_a"}"#, token("hs_a"));
        check(Kind::Json, r#"{"code": " abc\n"}"#, code("abc"));
        check(Kind::Json, r#"{"token": null, "code": "abc"}"#, code("abc"));
        for wrong in ["", "{}", "[]", r#"{"token": 1}"#, r#"{"token": "a", "code": "b"}"#, r#"{"token": "a", "x": 1}"#]
        {
            check(Kind::Json, wrong, None);
        }
        check(Kind::Form, "token=hs_a", token("hs_a"));
        check(Kind::Form, "token=+hs%5Fa+%0D%0A", token("hs_a"));
        check(Kind::Form, "code=abc&", code("abc"));
        for wrong in ["", "token", "token=a&token=b", "token=a&code=b", "token=%", "token=%zz", "token=%ff", "x=1"] {
            check(Kind::Form, wrong, None);
        }
    }

    #[test]
    fn forms_of_bodies() {
        let check = |sent: Option<&str>, expected: Option<Kind>| {
            let mut headers = HeaderMap::new();
            headers.extend(sent.map(|kind| (CONTENT_TYPE, kind.parse().unwrap())));
            assert_eq!(kind_of(&headers), expected, "{sent:?}");
        };
        check(Some("application/json"), Some(Kind::Json));
        check(Some("Application/JSON; charset=utf-8"), Some(Kind::Json));
        check(Some("application/x-www-form-urlencoded"), Some(Kind::Form));
        for other in [None, Some("text/plain"), Some("multipart/form-data; boundary=x"), Some("")] {
            check(other, None);
        }
    }
}
