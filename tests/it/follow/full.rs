//! A disk that is full beside the database: the target still gets everything, and the cursor follows once there is space.

use std::fs;

use healthsink_testkit::wait::wait_until;
use serde_json::json;

use super::Followed;
use super::kills::Running;
use crate::faults::disk::Disk;
use crate::program::Program;

#[test]
fn a_full_disk_delays_only_the_cursor() {
    let Some(disk) = Disk::of_mib(8) else { return };
    let followed = Followed { database: disk.database(), ..Followed::new() };
    let server = Program::serve(&followed.database);
    let sample = |number: u32| {
        json!({
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": "2026-01-05T08:00:00.000Z",
            "endDate": "2026-01-05T08:00:00.000Z", "value": number, "unit": "count",
        })
    };
    let post = |number: u32| {
        let body = json!({"data": {"HKQuantityTypeIdentifierStepCount": [sample(number)]}}).to_string();
        healthsink_testkit::http::Client::connect(server.address).post(&[], body.as_bytes()).status
    };
    assert_eq!(post(1), 200);
    let cursor = disk.path().join("health.db-follow-influx");
    let mut running = Running::start(&followed, &[]);
    wait_until("the first sample", || (followed.status()["followers"][0]["behind"] == 0).then_some(()));
    // Room for the upload, and for nothing else.
    followed.server.order(503, Some(600));
    assert_eq!(post(2), 200);
    wait_until("it waits", || followed.status()["followers"][0]["fault"].is_object().then_some(()));
    drop(running);
    disk.fill();
    let before = fs::read(&cursor).unwrap();
    running = Running::start(&followed, &[]);
    wait_until("the second sample", || (followed.server.points("steps").len() == 2).then_some(()));
    wait_until("its day", || {
        followed.server.points("steps_daily").iter().any(|day| day.number("value") == 3.0).then_some(())
    });
    assert!(running.is_running() && fs::read(&cursor).unwrap() == before);
    assert_eq!(followed.follow_with(&["--name", "other"]).status.code(), Some(1), "somebody waits for the end");
    disk.free();
    wait_until("its cursor", || (followed.status()["followers"][0]["behind"] == 0).then_some(()));
    followed.check();
    drop(running);
}
