//! Flat memory with the store in PostgreSQL: eight uploads at once, whatever their length.

use std::thread;

use healthsink::model::limits::INGESTS_MAX;
use healthsink::model::memory::peak_elsewhere_bytes;
use healthsink_testdata::Payload;
use healthsink_testkit::http::Client;

use super::cluster::store;
use super::samples::serve;
use crate::memory::{Body, peak_kib};

#[test]
fn eight_uploads_at_once_stay_within_the_equation() {
    let Some(store) = store() else { return };
    let tokens: Vec<String> = (0..INGESTS_MAX)
        .map(|place| {
            let made = store.run(&["token", "new", "--person", &format!("p-{place}")]);
            assert!(made.status.success(), "{made:?}");
            String::from_utf8(made.stdout).unwrap().trim().to_owned()
        })
        .collect();
    let program = serve(&store);
    let idle = peak_kib(program.id());
    thread::scope(|scope| {
        for (place, token) in tokens.iter().enumerate() {
            let address = program.address;
            scope.spawn(move || {
                let mut client = Client::connect(address);
                client.begin_chunked(&[("authorization", &format!("Bearer {token}"))]);
                let payload = Payload { seed: place as u64, target_bytes: 8_000_000, ..Payload::default() };
                payload.write_to(&mut Body(&mut client)).unwrap();
                let answer = client.end_chunked();
                assert_eq!(answer.status, 200, "{answer:?}");
            });
        }
    });
    let (peak, allowed) = (peak_kib(program.id()), peak_elsewhere_bytes(INGESTS_MAX) as u64 >> 10);
    println!("peak {peak} KiB, idle {idle} KiB, allowed {allowed} KiB more than idle");
    assert!(peak <= idle + allowed, "peak {peak} KiB, idle {idle} KiB, allowed {allowed} KiB more");
}
