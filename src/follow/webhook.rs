//! Webhooks: a signed message says what has changed for a person, without values, so that its receiver can ask.
//!
//! Headers and signature are those of Standard Webhooks, <https://www.standardwebhooks.com>. A message that was not taken comes again
//! with the same id. After some tries it is given up, and a later one says what has changed since.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::rc::Rc;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use ring::hmac;
use serde_json::{Value, json};

use super::files::secret;
use super::http::client::{Client, NoReply, Reply};
use super::http::encode::{base64, from_base64};
use super::http::url::BaseUrl;
use super::target::{ChangedRange, Delivered, Fault, Point, Stage, Step, Target};
use super::waiter::Waiter;
use crate::model::error::{Error, Result};
use crate::model::identity::{digest, hex};
use crate::model::limits::{WEBHOOK_RANGES_MAX, WEBHOOK_SECRET_BYTES_MIN, WEBHOOK_TRIES_MAX};
use crate::model::time::to_iso;
use crate::store::now_ms;

/// What is known of a receiver.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Where messages go.
    pub url: BaseUrl,
    /// The file with the secret that messages are signed with.
    pub secret_file: Option<PathBuf>,
    /// Certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// A receiver of messages.
pub struct Webhook {
    title: String,
    client: Client,
    key: Option<hmac::Key>,
    /// What has changed for each person since the run began.
    people: Vec<Changed>,
    /// Messages to send: their ids and bodies.
    waiting: VecDeque<(String, String)>,
    delivered: Delivered,
}

/// What has changed for a person.
struct Changed {
    person: String,
    /// The ranges; anything may have changed if missing.
    ranges: Option<Vec<Value>>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("title", &self.title).finish_non_exhaustive()
    }
}

/// How secrets begin that are base64.
const SECRET_PREFIX: &str = "whsec_";

impl Webhook {
    /// Reads the secret, and connects to nothing yet.
    ///
    /// # Errors
    ///
    /// [`Usage`](crate::model::error::ErrorKind::Usage) if the secret cannot be read, is not base64 behind its prefix, or is too short.
    pub fn new(settings: WebhookSettings, waiter: Rc<Waiter>) -> Result<Self> {
        let WebhookSettings { url, secret_file, ca_file } = settings;
        let key = match &secret_file {
            Some(path) => {
                let secret = secret("--webhook-secret-file", path)?;
                let bytes = match secret.strip_prefix(SECRET_PREFIX) {
                    Some(text) => from_base64(text).ok_or_else(|| {
                        Error::usage(format!("--webhook-secret-file: behind {SECRET_PREFIX} a secret is base64"))
                    })?,
                    None => secret.into_bytes(),
                };
                if bytes.len() < WEBHOOK_SECRET_BYTES_MIN {
                    return Err(Error::usage(format!(
                        "--webhook-secret-file {} must have a secret of at least {WEBHOOK_SECRET_BYTES_MIN} bytes, as openssl rand -base64 32 makes one",
                        path.display()
                    )));
                }
                Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
            }
            None => {
                tracing::warn!("messages to {url} are not signed: name a secret with --webhook-secret-file");
                None
            }
        };
        Ok(Self {
            title: format!("webhook {url}"),
            client: Client::new(url, ca_file.as_deref(), waiter)?,
            key,
            people: Vec::new(),
            waiting: VecDeque::new(),
            delivered: Delivered::default(),
        })
    }

    /// Makes messages of what was gathered.
    fn write(&mut self, (behind, until): (i64, i64)) {
        let timestamp = to_iso(now_ms());
        for Changed { person, ranges } in self.people.drain(..) {
            let parts: [&[u8]; 3] = [person.as_bytes(), &behind.to_le_bytes(), &until.to_le_bytes()];
            let id = format!("msg_{}", hex(&digest(&parts)));
            let body = json!({
                "type": "health.changed",
                "timestamp": timestamp,
                "data": {"person": person, "change": until, "changed": ranges},
            });
            self.waiting.push_back((id, body.to_string()));
        }
    }

    fn post(&mut self, id: &str, body: &str) -> std::result::Result<Reply, NoReply> {
        let timestamp = (now_ms() / 1000).to_string();
        let text = |text: &str| HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        let mut headers = vec![
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (HeaderName::from_static("webhook-id"), text(id)),
            (HeaderName::from_static("webhook-timestamp"), text(&timestamp)),
        ];
        if let Some(key) = &self.key {
            let signature = signature(key, (id, &timestamp), body);
            headers.push((HeaderName::from_static("webhook-signature"), text(&signature)));
        }
        self.client.post("", &headers, Bytes::from(body.to_owned()))
    }

    fn judge(&self, reply: &Reply) -> Step {
        let (title, status) = (&self.title, reply.status);
        let stop = |what: &str| Err(Fault::Stop(Error::usage(format!("{title} {what} ({status})"))));
        match status {
            200..=299 => Ok(()),
            300..=399 => stop("leads elsewhere; give the URL that it leads to"),
            401 | 403 => stop("does not accept this message; see its secret and its rights, and start again"),
            404 | 405 | 410 => stop("does not take messages at this URL; give another one"),
            _ => Err(Fault::Later {
                message: format!("{title} has not taken a message ({status})"),
                after: reply.retry_after,
            }),
        }
    }
}

impl Target for Webhook {
    fn title(&self) -> &str {
        &self.title
    }

    fn takes_rows(&self) -> bool {
        false
    }

    fn tries_max(&self) -> Option<u32> {
        Some(WEBHOOK_TRIES_MAX)
    }

    fn begin(&mut self, range: &ChangedRange<'_>) -> Step {
        let place = self.people.iter().position(|changed| changed.person == range.person);
        let place = place.unwrap_or_else(|| {
            self.people.push(Changed { person: range.person.to_owned(), ranges: Some(Vec::new()) });
            self.people.len() - 1
        });
        let ranges = &mut self.people[place].ranges;
        match (ranges.as_mut(), range.measurement) {
            (Some(known), Some(measurement)) if known.len() < WEBHOOK_RANGES_MAX => {
                let summary = range.summary.as_ref();
                let days = summary.and_then(|summary| summary.days.as_ref());
                known.push(json!({
                    "type": measurement,
                    "from": days.map(|days| &days.0),
                    "to": days.map(|days| &days.1),
                    "rows": summary.and_then(|summary| summary.rows),
                    "removed": range.is_removed,
                }));
            }
            _ => *ranges = None,
        }
        Ok(())
    }

    fn take(&mut self, _: &Point<'_>) -> bool {
        false
    }

    fn deliver(&mut self, stage: Stage) -> Step {
        if let Stage::End { behind, until } = stage {
            self.write((behind, until));
        }
        while let Some((id, body)) = self.waiting.front().cloned() {
            let reply = self.post(&id, &body).map_err(|no_reply| match no_reply {
                NoReply::Failed(message) => Fault::Later { message, after: None },
                NoReply::Stopping => Fault::Stopping,
            })?;
            self.judge(&reply)?;
            self.waiting.pop_front();
            self.delivered.sent += 1;
        }
        Ok(())
    }

    fn give_up(&mut self) {
        self.people.clear();
        self.waiting.clear();
    }

    fn delivered(&mut self) -> Delivered {
        std::mem::take(&mut self.delivered)
    }
}

/// The signature of a message, as its header has it.
fn signature(key: &hmac::Key, (id, timestamp): (&str, &str), body: &str) -> String {
    let signed = hmac::sign(key, format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", base64(signed.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn a_known_message_has_its_known_signature() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signed = signature(&key, ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"), r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
