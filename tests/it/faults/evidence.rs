//! What was sent, and whether it is there: record by record, not only as many.

use std::collections::HashSet;
use std::path::Path;

use healthsink_testdata::{Payload, Written};
use serde_json::{Value, json};

use healthsink_testkit::database::{one, rows};

/// A payload, and what must be there once it is answered with 200.
pub(crate) struct Sent {
    pub(crate) body: Vec<u8>,
    uuids: HashSet<String>,
    written: Written,
}

impl Sent {
    /// One of about this size. Those of different seeds have nothing in common, and are not of the same days.
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

    /// Fails unless all of it is there.
    pub(crate) fn check_is_in(&self, database: &Path) {
        let there = uuids(database);
        let missing: Vec<_> = self.uuids.difference(&there).collect();
        assert!(missing.is_empty(), "{} of {} records are lost", missing.len(), self.uuids.len());
    }
}

/// Fails unless all of these, and nothing else, is there.
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

/// Records that came, by HealthKit's identity.
pub(crate) fn uuids(database: &Path) -> HashSet<String> {
    let sql = "SELECT hex(uuid) AS uuid FROM samples UNION ALL SELECT hex(uuid) FROM workouts UNION ALL SELECT hex(uuid) FROM medication_doses";
    rows(database, sql).into_iter().map(|row| row["uuid"].as_str().unwrap().to_owned()).collect()
}

/// Fails unless SQLite finds the file in order, and the ledger's counts are those of the rows.
pub(crate) fn check_is_sound(database: &Path) {
    assert_eq!(one(database, "PRAGMA integrity_check"), json!("ok"));
    let ledger = "SELECT coalesce(sum(new), 0) FROM uploads";
    let tables = ["samples", "workouts", "route_points", "medication_doses", "medications"];
    let rows = tables.map(|table| format!("(SELECT count(*) FROM {table})")).join(" + ");
    assert_eq!(one(database, ledger), one(database, &format!("SELECT {rows}")));
}
