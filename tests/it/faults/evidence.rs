//! What was sent, and whether it is stored: record by record, not only by number.

use std::collections::HashSet;
use std::path::Path;

use healthsink_testdata::{Payload, Written};
use serde_json::{Value, json};

use healthsink_testkit::database::{one, rows};

/// A payload, and the records that must be stored once it gets 200.
pub(crate) struct Sent {
    pub(crate) body: Vec<u8>,
    uuids: HashSet<String>,
    written: Written,
}

impl Sent {
    /// Returns a payload of about this size. Payloads of different seeds share no record and no day.
    pub(crate) fn new(seed: u64, target_bytes: u64) -> Self {
        const DAY_MS: i64 = 86_400_000;
        let start_ms = healthsink_testdata::START_MS_DEFAULT + 100 * DAY_MS * i64::try_from(seed).unwrap();
        let (body, written) = Payload { seed, target_bytes, start_ms, ..Payload::default() }.to_vec();
        let json: Value = serde_json::from_slice(&body).unwrap();
        let sections = json["data"].as_object().unwrap().values();
        let uuid = |record: &Value| record["uuid"].as_str().map(|uuid| uuid.replace('-', ""));
        let uuids = sections.flat_map(|section| section.as_array().into_iter().flatten().filter_map(uuid)).collect();
        Self { body, uuids, written }
    }

    /// Panics unless all of it is stored.
    pub(crate) fn check_is_in(&self, database: &Path) {
        let there = uuids(database);
        let missing: Vec<_> = self.uuids.difference(&there).collect();
        assert!(missing.is_empty(), "{} of {} records are lost", missing.len(), self.uuids.len());
    }
}

/// Panics unless exactly these payloads are stored.
pub(crate) fn check_is_exactly<'a>(database: &Path, sent: impl IntoIterator<Item = &'a Sent>) {
    let (mut expected, mut points, mut records) = (HashSet::new(), 0, 0);
    for one in sent {
        expected.extend(one.uuids.iter().cloned());
        points += one.written.route_points;
        records += one.written.samples + one.written.workouts + one.written.medication_doses;
    }
    assert_eq!(uuids(database), expected);
    let found = one(
        database,
        "SELECT (SELECT count(*) FROM samples) + (SELECT count(*) FROM workouts) + (SELECT count(*) FROM medication_doses)",
    );
    assert_eq!(found, json!(records));
    assert_eq!(one(database, "SELECT count(*) FROM route_points"), json!(points));
}

/// The records that a database has, by HealthKit's identity.
pub(crate) fn uuids(database: &Path) -> HashSet<String> {
    let sql = "SELECT hex(uuid) AS uuid FROM samples UNION ALL SELECT hex(uuid) FROM workouts UNION ALL SELECT hex(uuid) FROM medication_doses";
    rows(database, sql).into_iter().map(|row| row["uuid"].as_str().unwrap().to_owned()).collect()
}

/// Panics unless SQLite finds the file sound and the ledger's counts equal those of the rows.
pub(crate) fn check_is_sound(database: &Path) {
    assert_eq!(one(database, "PRAGMA integrity_check"), json!("ok"));
    let ledger = "SELECT coalesce(sum(new), 0) FROM uploads";
    let tables = ["samples", "workouts", "route_points", "medication_doses", "medications"];
    let rows = tables.map(|table| format!("(SELECT count(*) FROM {table})")).join(" + ");
    assert_eq!(one(database, ledger), one(database, &format!("SELECT {rows}")));
}
