//! Uploads that wait for a permit: who is served first, who is refused, and what one token can take from others.

use healthsink::model::limits::{PERMIT_WAIT, UPLOADS_WAITING_MAX};
use serde_json::json;

use super::site::Site;
use healthsink_testkit::database::rows;
use healthsink_testkit::http::{Client, get};
use healthsink_testkit::wait::{PATIENCE, wait_until};

/// A payload with so many samples.
fn samples(count: usize) -> String {
    let sample = |number: usize| {
        format!(r#"{{"uuid":"00000000-0000-4000-8000-{number:012}","value":1,"startDate":"2026-01-01T00:00:00.000Z"}}"#)
    };
    let samples: Vec<String> = (0..count).map(sample).collect();
    format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{}]}}}}"#, samples.join(","))
}

fn wait_for(site: &Site, field: &str, count: usize) {
    wait_until(field, || (get(site.address(), "/healthz").field(field) == json!(count)).then_some(()));
}

/// Sends a whole upload, and returns before its answer.
fn send(site: &Site, head: &str, body: &str) -> Client {
    let mut client = site.connect();
    client.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    client
}

/// Sends uploads with one, two, three … samples, each once the one before waits.
fn fill_queue(site: &Site, head: &str) -> Vec<Client> {
    let send_one = |number: usize| {
        let client = send(site, head, &samples(number));
        wait_for(site, "uploadsWaiting", number);
        client
    };
    (1..=UPLOADS_WAITING_MAX).map(send_one).collect()
}

#[test]
fn waiting_uploads_are_served_in_turn() {
    let site = Site::with(&["--ingests", "1"], None);
    let mut running = site.begin();
    wait_for(&site, "uploadsUnderWay", 1);
    let waiting = fill_queue(&site, &site.head());
    let refused = site.post(&[], samples(1).as_bytes());
    assert!(refused.status == 503 && refused.header("retry-after").is_some(), "{refused:?}");
    running.chunk(br#"{"data":{}}"#).unwrap();
    assert_eq!(running.end_chunked().status, 200);
    for mut client in waiting {
        let answer = client.receive();
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let served: Vec<u64> = rows(&site.database(), "SELECT new + unchanged AS samples FROM uploads ORDER BY id")
        .iter()
        .map(|row| row["samples"].as_u64().unwrap())
        .collect();
    assert_eq!(served, (0..=UPLOADS_WAITING_MAX as u64).collect::<Vec<_>>());
}

/// One token holds the permit and fills the queue. Another person's upload still gets in.
#[test]
fn a_token_that_fills_the_queue_keeps_nobody_out() {
    let site = Site::with(&["--ingests", "1"], None);
    let mut running = site.begin();
    wait_for(&site, "uploadsUnderWay", 1);
    let mut waiting = fill_queue(&site, &site.head());
    let mut good = send(&site, &site.good_head(), &samples(1));
    let answer = waiting.pop().unwrap().receive();
    assert_eq!(answer.status, 503, "the last of the queue: {answer:?}");
    wait_for(&site, "uploadsWaiting", UPLOADS_WAITING_MAX);
    running.chunk(br#"{"data":{}}"#).unwrap();
    assert_eq!(running.end_chunked().status, 200);
    assert_eq!(good.receive().status, 200);
    assert!(waiting.iter_mut().all(|client| client.receive().status == 200));
    let lines = site.stop();
    assert_eq!(lines.iter().filter(|line| line.contains("refused: too many uploads")).count(), 1, "{lines:#?}");
}

/// With several permits, one token leaves one to others, however many uploads it sends.
#[test]
fn a_token_that_sends_all_at_once_delays_no_other() {
    let site = Site::with(&["--ingests", "3"], None);
    let mut running = [site.begin(), site.begin()];
    wait_for(&site, "uploadsUnderWay", 2);
    let waiting = fill_queue(&site, &site.head());
    for seed in 1..4 {
        let answer = site.try_good(seed);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    wait_for(&site, "uploadsWaiting", UPLOADS_WAITING_MAX);
    for client in &mut running {
        client.chunk(br#"{"data":{}}"#).unwrap();
        assert_eq!(client.end_chunked().status, 200);
    }
    for mut client in waiting {
        assert_eq!(client.receive().status, 200);
    }
}

/// A phone that lost its connection while it waited leaves no place taken.
#[test]
fn a_client_that_vanishes_while_it_waits_gets_no_permit_for_long() {
    let site = Site::with(&["--ingests", "1"], None);
    let mut running = site.begin();
    wait_for(&site, "uploadsUnderWay", 1);
    drop(fill_queue(&site, &site.head()));
    running.chunk(br#"{"data":{}}"#).unwrap();
    assert_eq!(running.end_chunked().status, 200);
    wait_for(&site, "uploadsWaiting", 0);
    site.upload(1);
}

/// An upload that waits is refused when the server stops, and one under way may finish.
#[test]
fn the_queue_ends_with_the_server() {
    assert!(PERMIT_WAIT < PATIENCE);
    let site = Site::with(&["--ingests", "1"], None);
    let mut running = site.begin();
    wait_for(&site, "uploadsUnderWay", 1);
    let mut waiting = send(&site, &site.head(), &samples(1));
    wait_for(&site, "uploadsWaiting", 1);
    site.terminate();
    let answer = waiting.receive();
    assert_eq!(
        (answer.status, answer.field("detail")),
        (503, json!("the server is stopping; send the body again later"))
    );
    running.chunk(br#"{"data":{}}"#).unwrap();
    assert_eq!(running.end_chunked().status, 200);
    site.wait();
}
