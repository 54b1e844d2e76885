//! More phones than permits: all uploads succeed in the end, get no other error than 503, and no record is lost or doubled.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use healthsink_testdata::Payload;
use serde_json::{Value, json};

use super::site::Site;
use healthsink_testkit::database::{one, rows};
use healthsink_testkit::wait::wait_until;

const PHONES: u64 = 40;

/// Identities of the records in a body, as hexadecimal digits.
fn identities(body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let sections = body["data"].as_object().unwrap().values().filter_map(Value::as_array);
    let uuid = |record: &Value| Some(record.get("uuid")?.as_str()?.replace('-', "").to_uppercase());
    sections.flatten().filter_map(uuid).collect()
}

#[test]
fn more_phones_than_permits_are_all_served() {
    let site = Site::with(&["--ingests", "2"], None);
    let of_phone = |seed| Payload { seed, target_bytes: 100_000, ..Payload::default() }.to_vec().0;
    let bodies: Vec<Vec<u8>> = (0..PHONES).map(of_phone).collect();
    let asked = Mutex::new(Vec::new());
    let served = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for body in &bodies {
            scope.spawn(|| {
                loop {
                    let seen = served.load(Ordering::Relaxed);
                    let answer = site.post(&[], body);
                    if answer.status == 200 {
                        served.fetch_add(1, Ordering::Relaxed);
                        assert_eq!((answer.field("rejected"), answer.field("updated")), (json!(0), json!(0)));
                        return;
                    }
                    assert_eq!(answer.status, 503, "{answer:?}");
                    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                    asked.lock().unwrap().push(seconds);
                    // The phone waits for the end of an upload instead of the time in `Retry-After`.
                    wait_until("another phone's upload", || (served.load(Ordering::Relaxed) != seen).then_some(()));
                }
            });
        }
    });
    let asked = asked.into_inner().unwrap();
    println!("{PHONES} phones, {} times asked to come again", asked.len());
    assert!(asked.iter().all(|seconds| (2..=15).contains(seconds)), "{asked:?}");
    if asked.len() > 20 {
        assert!(asked.iter().collect::<BTreeSet<_>>().len() > 5, "not all at the same time: {asked:?}");
    }
    let sent: BTreeSet<String> = bodies.iter().flat_map(|body| identities(body)).collect();
    let tables = ["samples", "workouts", "medication_doses"];
    let stored: Vec<String> = tables
        .iter()
        .flat_map(|table| rows(&site.database(), &format!("SELECT hex(uuid) AS uuid FROM {table}")))
        .map(|row| row["uuid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(stored.len(), sent.len(), "nothing doubled");
    assert!(stored.into_iter().collect::<BTreeSet<_>>() == sent, "nothing lost");
    let ledger = "SELECT count(*) FROM uploads WHERE state = 'done'";
    assert_eq!(one(&site.database(), ledger), json!(PHONES));
    site.check_memory(2, 0, 40);
}

/// `--ingests` uploads run at once, and no more.
#[test]
fn there_are_as_many_permits_as_configured() {
    let site = Site::with(&["--ingests", "1"], None);
    let mut client = site.begin();
    client.chunk(br#"{"data":"#).unwrap();
    wait_until("one upload", || {
        let health = healthsink_testkit::http::get(site.address(), "/healthz");
        (health.field("uploadsUnderWay") == json!(1)).then_some(())
    });
    let answer = site.try_good(1);
    assert_eq!(answer.status, 503, "{answer:?}");
    client.chunk(b"{}}").unwrap();
    assert_eq!(client.end_chunked().status, 200);
    site.upload(1);
}
