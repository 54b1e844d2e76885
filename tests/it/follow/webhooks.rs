//! Webhooks: signed messages of what has changed, without values, under one id until they are taken.

use std::fs;
use std::process::Output;

use healthsink_testkit::influx::{InfluxServer, Message};
use ring::hmac;
use serde_json::{Value, json};

use super::Followed;
use crate::program::run;

/// 24 bytes in base64.
const SECRET: &str = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY";
const KEY: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWX";

struct Hook {
    followed: Followed,
    receiver: InfluxServer,
}

impl Hook {
    fn new() -> Self {
        let followed = Followed::new();
        fs::write(followed.folder.path().join("secret"), SECRET).unwrap();
        Self { followed, receiver: InfluxServer::receiver() }
    }

    fn follow(&self, more: &[&str]) -> Output {
        let url = format!("{}/hook?id=7", self.receiver.url());
        let secret = self.followed.folder.path().join("secret").display().to_string();
        let database = self.followed.database.to_str().unwrap();
        let words = ["follow", "--once", "--db", database, "--webhook", &url, "--webhook-secret-file", &secret];
        run(&[&words, more].concat())
    }

    /// Follows, and returns what was said.
    fn messages(&self) -> Vec<Message> {
        let output = self.follow(&[]);
        assert!(output.status.success(), "{output:?}");
        self.receiver.take_messages()
    }

    fn import(&self, number: u32, day: &str, value: f64) {
        let at = format!("{day}T08:00:00.000Z");
        self.followed.import(&json!({"HKQuantityTypeIdentifierStepCount": [{
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": at, "endDate": at, "value": value, "unit": "count",
        }]}));
    }
}

/// Fails unless the message is signed as Standard Webhooks have it.
fn check_signature(message: &Message) {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let header = |name: &str| message.headers[name].as_str();
    let signed = format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), message.body);
    let text = header("webhook-signature").strip_prefix("v1,").unwrap().trim_end_matches('=');
    let (mut bytes, mut bits, mut known) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes() {
        bits = bits << 6 | u32::try_from(DIGITS.iter().position(|other| *other == digit).unwrap()).unwrap();
        known += 6;
        if known >= 8 {
            known -= 8;
            bytes.push(u8::try_from(bits >> known & 255).unwrap());
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    hmac::verify(&key, signed.as_bytes(), &bytes).expect("the signature is right");
}

#[test]
fn a_message_says_what_has_changed_and_no_value() {
    let hook = Hook::new();
    hook.import(1, "2026-01-05", 4242.0);
    assert!(hook.messages().is_empty(), "what was there before is nothing new");
    hook.import(2, "2026-01-07", 4343.0);
    hook.import(3, "2026-01-07", 4444.0);
    let messages = hook.messages();
    let [message] = &messages[..] else { panic!("{messages:?}") };
    check_signature(message);
    assert_eq!(message.path, "/hook?id=7");
    assert_eq!(message.headers["content-type"], "application/json");
    let body: Value = serde_json::from_str(&message.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["person"]), (&"health.changed".into(), &"me".into()));
    // Both have one start, in one series.
    let expected = json!([{"type": "steps", "from": "2026-01-07", "to": "2026-01-07", "rows": 2, "removed": false}]);
    assert_eq!(body["data"]["changed"], expected);
    assert!(!message.body.contains("4343") && !message.body.contains("4444"), "{}", message.body);
    assert!(hook.messages().is_empty());
    // After something was forgotten, anything may have changed.
    let database = hook.followed.database.to_str().unwrap();
    assert!(run(&["forget", "--yes", "--db", database, "--person", "me", "--type", "steps"]).status.success());
    let messages = hook.messages();
    let bodies: Vec<Value> = messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect();
    assert_eq!(bodies.iter().map(|body| &body["data"]["changed"]).collect::<Vec<_>>(), [&Value::Null]);
}

#[test]
fn a_file_has_the_url_so_that_no_list_of_processes_has_it() {
    let hook = Hook::new();
    let file = hook.followed.folder.path().join("url");
    fs::write(&file, format!("{}/hook?token=in-a-file\n", hook.receiver.url())).unwrap();
    let secret = hook.followed.folder.path().join("secret").display().to_string();
    let database = hook.followed.database.to_str().unwrap();
    let follow = |more: &[&str]| {
        let words = ["follow", "--once", "--db", database, "--webhook-file", file.to_str().unwrap()];
        run(&[&words[..], &["--webhook-secret-file", &secret], more].concat())
    };
    hook.import(1, "2026-01-05", 1.0);
    assert!(follow(&[]).status.success());
    hook.import(2, "2026-01-06", 2.0);
    let output = follow(&[]);
    assert!(output.status.success() && !String::from_utf8_lossy(&output.stderr).contains("in-a-file"), "{output:?}");
    let messages = hook.receiver.take_messages();
    assert_eq!(messages.iter().map(|message| message.path.as_str()).collect::<Vec<_>>(), ["/hook?token=in-a-file"]);
    let status = hook.followed.status();
    assert_eq!(status["followers"][0]["name"], "webhook");
    assert!(!status.to_string().contains("in-a-file"), "{status}");
    let both = follow(&["--webhook", "http://127.0.0.1:1"]);
    assert_eq!(both.status.code(), Some(2), "{both:?}");
    for (content, part) in [("", "must begin with the secret"), ("ftp://in-a-file", "--webhook-file: write a URL")] {
        fs::write(&file, content).unwrap();
        let output = follow(&[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(part), "{output:?}");
        assert!(!said.contains("in-a-file"), "{said}");
    }
}

#[test]
fn many_persons_are_read_by_pages() {
    let hook = Hook::new();
    hook.import(1, "2026-01-05", 1.0);
    let connection = rusqlite::Connection::open(&hook.followed.database).unwrap();
    connection
        .execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
            INSERT INTO persons (id, name) SELECT i, 'person ' || i FROM n;
            INSERT INTO changes (person_id, kind, type_id, from_ms, to_ms, removed)
            SELECT id, 'workouts', NULL, 1, 2, 0 FROM persons WHERE id BETWEEN 2 AND 2500",
        )
        .unwrap();
    let change = |person: u32| {
        let sql = "INSERT INTO changes (person_id, kind, type_id, from_ms, to_ms, removed) SELECT ?1, 'samples', id, 0, 1, 0 FROM types LIMIT 1";
        assert_eq!(connection.execute(sql, [person]).unwrap(), 1);
    };
    assert!(hook.messages().is_empty());
    change(2400);
    let bodies = hook.messages();
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].body.contains("\"person 2400\""), "{bodies:?}");
    // More than it knows are no reason to stop.
    connection
        .execute_batch(
            "INSERT INTO changes (person_id, kind, removed) SELECT id, 'rejects', 0 FROM persons WHERE id > 2500",
        )
        .unwrap();
    change(2300);
    change(4900);
    let output = hook.follow(&[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("only the first 4000 persons are followed"), "{output:?}");
    let bodies = hook.receiver.take_messages();
    assert!(bodies.len() == 1 && bodies[0].body.contains("\"person 2300\""), "{bodies:?}");
}

#[test]
fn a_message_that_was_not_taken_comes_again_under_its_id() {
    let hook = Hook::new();
    hook.import(1, "2026-01-05", 1.0);
    assert!(hook.messages().is_empty());
    hook.import(2, "2026-01-06", 2.0);
    hook.receiver.order(503, Some(1));
    let messages = hook.messages();
    assert_eq!(messages.iter().map(|message| message.status).collect::<Vec<_>>(), [503, 200]);
    messages.iter().for_each(check_signature);
    let id = |message: &Message| message.headers["webhook-id"].clone();
    assert_eq!(id(&messages[0]), id(&messages[1]));
    // One that is gone stops it, and the change is not lost.
    hook.import(3, "2026-01-07", 3.0);
    hook.receiver.order(410, None);
    assert_eq!(hook.follow(&[]).status.code(), Some(2));
    assert_eq!(hook.receiver.take_messages().len(), 1);
    let again = hook.messages();
    assert!(again.len() == 1 && id(&again[0]) != id(&messages[0]), "{again:?}");
}

#[test]
fn a_rename_is_a_change_of_both_names() {
    let hook = Hook::new();
    hook.import(1, "2026-01-05", 1.0);
    assert!(hook.messages().is_empty());
    let database = hook.followed.database.to_str().unwrap();
    assert!(run(&["people", "rename", "me", "dora", "--db", database]).status.success());
    let bodies = hook.messages();
    let bodies = bodies.iter().map(|message| serde_json::from_str(&message.body).unwrap());
    let mut said: Vec<(Value, Value)> =
        bodies.map(|body: Value| (body["data"]["person"].clone(), body["data"]["changed"].clone())).collect();
    said.sort_by_key(|(person, _)| person.to_string());
    assert_eq!(said, [("dora".into(), Value::Null), ("me".into(), Value::Null)]);
    assert!(hook.messages().is_empty());
}

#[test]
fn a_secret_that_anybody_can_guess_is_refused_and_status_says_so() {
    let hook = Hook::new();
    hook.import(1, "2026-01-05", 1.0);
    assert!(hook.messages().is_empty());
    for secret in ["whsec_", "whsec_====", "whsec_QUJDREVGR0hJSktM", "x"] {
        fs::write(hook.followed.folder.path().join("secret"), secret).unwrap();
        let output = hook.follow(&[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("at least 24 bytes"), "{secret}: {output:?}");
    }
    let status = hook.followed.status();
    let follower = &status["followers"][0];
    assert_eq!(follower["fault"]["isStopped"], true, "{status}");
    let target = follower["target"].as_str().unwrap();
    assert!(target.starts_with("webhook http://127.0.0.1") && target.ends_with("/…"), "{target}");
}
