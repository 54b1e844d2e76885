//! Days, hours and nights in the database: right figures, equal however the rows arrived, current when an import ends and soon after
//! an upload.

use std::fs;
use std::path::{Path, PathBuf};

use healthsink_testdata::Twin;
use healthsink_testkit::database::{one, rows};
use healthsink_testkit::http::Client;
use healthsink_testkit::wait::wait_until;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::program::{Program, run};

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// 2026-01-05, a Monday.
const MONDAY_MS: i64 = 1_767_571_200_000;

const WATCH: (&str, &str) = ("com.apple.health.watch", "Watch7,1");
const PHONE: (&str, &str) = ("com.apple.health.phone", "iPhone17,1");
const APP: (&str, &str) = ("com.example.app", "iPhone17,1");

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % end
    }
}

fn iso(ms: i64) -> String {
    let text: String = Connection::open_in_memory()
        .unwrap()
        .query_row("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ?1 / 1000.0, 'unixepoch')", [ms], |row| row.get(0))
        .unwrap();
    text
}

/// Samples by type, each with its own uuid.
#[derive(Clone, Default)]
struct Samples {
    lists: Vec<(String, Value)>,
}

impl Samples {
    fn add(
        &mut self,
        kind: &str,
        (bundle, product): (&str, &str),
        times_ms: [i64; 2],
        value: Value,
        zone: Option<&str>,
    ) {
        let number = self.lists.len();
        let [start, end] = times_ms.map(|at_ms| MONDAY_MS + at_ms).map(iso);
        let is_quantity = !["SleepAnalysis", "AppleStandHour"].contains(&kind);
        let unit = match kind {
            "HeartRate" => "count/min",
            "ActiveEnergyBurned" => "kcal",
            _ => "count",
        };
        let mut sample = json!({
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": start, "endDate": end, "value": value,
            "unit": is_quantity.then_some(unit),
            "sourceRevision": {"source": {"name": product, "bundleIdentifier": bundle}, "productType": product},
        });
        if let Some(zone) = zone {
            sample["metadata"] = json!({"HKTimeZone": zone});
        }
        let prefix = if is_quantity { "HKQuantityTypeIdentifier" } else { "HKCategoryTypeIdentifier" };
        self.lists.push((format!("{prefix}{kind}"), sample));
    }

    fn steps(&mut self, source: (&str, &str), from_ms: i64, minutes: i64, count: i64) {
        self.add("StepCount", source, [from_ms, from_ms + minutes * MINUTE_MS], json!(count), None);
    }

    /// A payload of some of the samples.
    fn data(samples: &[(String, Value)]) -> Value {
        let mut data = Map::new();
        for (kind, sample) in samples {
            data.entry(kind).or_insert_with(|| json!([])).as_array_mut().unwrap().push(sample.clone());
        }
        json!({"data": data})
    }
}

struct Owned {
    folder: TempDir,
    db: PathBuf,
}

impl Owned {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("health.db");
        Self { folder, db }
    }

    fn import(&self, payload: &Value, flags: &[&str]) {
        self.import_file("payload.json", payload.to_string().as_bytes(), flags);
    }

    fn import_file(&self, name: &str, content: &[u8], flags: &[&str]) {
        let file = self.folder.path().join(name);
        fs::write(&file, content).unwrap();
        let paths = [self.db.to_str().unwrap(), file.to_str().unwrap()];
        let output = run(&[&["import", "--db", paths[0]], flags, &[paths[1]]].concat());
        assert!(output.status.success(), "{output:?}");
    }

    /// The first column of each row as text.
    fn texts(&self, sql: &str) -> Vec<String> {
        texts(&self.db, sql)
    }
}

fn texts(db: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(db).unwrap();
    let mut select = connection.prepare(sql).unwrap();
    let columns = select.column_count();
    let text = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
        let texts: Vec<String> = (0..columns).map(|column| shown(row.get_ref(column).unwrap())).collect();
        Ok(texts.join("|"))
    };
    select.query_map([], text).unwrap().map(Result::unwrap).collect()
}

fn shown(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
        ValueRef::Blob(_) => "blob".to_owned(),
    }
}

/// All derived rows, by the names that their ids stand for.
fn derived(db: &Path) -> Vec<String> {
    const TABLES: [&str; 9] = [
        "SELECT d.*, z.name AS z, u.name AS u, g.key AS g, NULL AS zone_id, NULL AS unit_id, NULL AS group_id FROM days d
           LEFT JOIN zones z ON z.id = d.zone_id LEFT JOIN units u ON u.id = d.unit_id
           LEFT JOIN source_groups g ON g.id = d.group_id ORDER BY d.person_id, d.type_id, d.day",
        "SELECT * FROM hours ORDER BY 1, 2, 3",
        "SELECT n.*, z.name AS z, NULL AS zone_id FROM nights n LEFT JOIN zones z ON z.id = n.zone_id ORDER BY n.person_id, n.night",
        "SELECT * FROM night_segments ORDER BY 1, 2, 3, 4",
        "SELECT * FROM workout_days ORDER BY 1, 2, 3",
        "SELECT * FROM dose_days ORDER BY 1, 2, 3",
        "SELECT * FROM shadowed_samples ORDER BY 1, 2, 3, 4",
        "SELECT c.from_ms, z.name FROM zone_changes c JOIN zones z ON z.id = c.zone_id ORDER BY 1",
        "SELECT key, class, first_ms, last_ms FROM source_groups ORDER BY key",
    ];
    TABLES.iter().flat_map(|sql| rows(db, sql)).map(|row| row.to_string()).collect()
}

/// Drops what is derived, and has it made again by an import that brings nothing.
fn derive_from_nothing(owned: &Owned) {
    let connection = Connection::open(&owned.db).unwrap();
    for table in
        ["days", "hours", "nights", "night_segments", "workout_days", "dose_days", "shadowed_samples", "derived_state"]
    {
        connection.execute_batch(&format!("DELETE FROM {table}")).unwrap();
    }
    drop(connection);
    owned.import(&json!({"data": {}}), &[]);
}

#[test]
fn sources_are_counted_once_in_local_days() {
    let owned = Owned::new();
    let mut samples = Samples::default();
    // 10:00 in Berlin: the phone has 1000 steps in ten minutes, the watch 450 in the first five.
    samples.steps(PHONE, 9 * HOUR_MS, 10, 1000);
    samples.steps(WATCH, 9 * HOUR_MS, 5, 450);
    // Half an hour before and behind midnight in Berlin.
    samples.steps(WATCH, 22 * HOUR_MS + 30 * MINUTE_MS, 60, 100);
    samples.add("HeartRate", WATCH, [9 * HOUR_MS; 2], json!(60), None);
    samples.add("HeartRate", WATCH, [9 * HOUR_MS + 20 * MINUTE_MS; 2], json!(100), None);
    samples.add("AppleStandHour", WATCH, [9 * HOUR_MS, 10 * HOUR_MS], json!(0), None);
    let night = [22 * HOUR_MS, 26 * HOUR_MS, 30 * HOUR_MS];
    samples.add("SleepAnalysis", WATCH, [night[0], night[1]], json!(3), None);
    samples.add("SleepAnalysis", WATCH, [night[1], night[2]], json!(4), None);
    owned.import(&Samples::data(&samples.lists), &["--zone", "Europe/Berlin"]);
    let days = owned.texts("SELECT day, value, unit, partial, source, zone FROM steps_per_day");
    assert_eq!(days, ["2026-01-05|1000.0|count|0||Europe/Berlin", "2026-01-06|50.0|count|0|Watch7,1|Europe/Berlin"]);
    let parts = owned.texts(
        "SELECT details ->> '$.groups[0].value' AS a, details ->> '$.groups[1].value' AS b, naive FROM day_details
        WHERE day = '2026-01-05' AND type LIKE '%StepCount'",
    );
    assert_eq!(parts, ["500.0|500.0|1500.0"]);
    let hours = owned.texts("SELECT day, hour, value, minimum, maximum, samples FROM heart_rate_per_hour");
    assert_eq!(hours, ["2026-01-05|10|80.0|60.0|100.0|2"]);
    assert_eq!(owned.texts("SELECT day, value, unit FROM stand_hours_per_day"), ["2026-01-05|1.0|h"]);
    let nights =
        owned.texts("SELECT night, asleep_min, core_min, deep_min, bedtime, wake_time, zone FROM sleep_nights");
    assert_eq!(nights, ["2026-01-06|480.0|240.0|240.0|2026-01-05T23:00:00|2026-01-06T07:00:00|Europe/Berlin"]);
    let state = "SELECT change = (SELECT max(number) FROM changes) AS is_current, home FROM derived_state";
    assert_eq!(owned.texts(state), ["1|Europe/Berlin"]);
    assert_eq!(owned.texts("SELECT count(*) FROM night_segments"), ["2"]);
    // Another flag later does not move the owner.
    let before = derived(&owned.db);
    owned.import(&json!({"data": {}}), &["--zone", "Asia/Tokyo"]);
    assert_eq!(derived(&owned.db), before);
}

#[test]
fn a_journey_and_a_late_source_move_the_days_that_they_concern() {
    let owned = Owned::new();
    let mut samples = Samples::default();
    for day in 0..6 {
        samples.steps(WATCH, day * DAY_MS + 9 * HOUR_MS, 10, 100 + day);
        samples.steps(APP, day * DAY_MS + 9 * HOUR_MS, 10, 7);
        // 23:00 to 00:00 UTC.
        samples.steps(WATCH, day * DAY_MS + 23 * HOUR_MS, 60, 10);
        let zone = if day < 3 { "Europe/London" } else { "Asia/Tokyo" };
        samples.add("SleepAnalysis", WATCH, [day * DAY_MS, day * DAY_MS + 5 * HOUR_MS], json!(3), Some(zone));
    }
    let (early, late) = samples.lists.split_at(12);
    owned.import(&Samples::data(early), &[]);
    let days = |sql: &str| owned.texts(&format!("SELECT day, value FROM steps_per_day WHERE {sql} ORDER BY day"));
    assert_eq!(days("1"), ["2026-01-05|110.0", "2026-01-06|111.0", "2026-01-07|112.0"]);
    owned.import(&Samples::data(late), &[]);
    // In Tokyo 23:00 UTC is the next morning.
    let zones = owned.texts("SELECT DISTINCT zone FROM steps_per_day ORDER BY zone");
    assert_eq!(zones, ["Asia/Tokyo", "Europe/London"]);
    assert_eq!(days("day < '2026-01-08'"), ["2026-01-05|110.0", "2026-01-06|111.0", "2026-01-07|112.0"]);
    assert_eq!(days("day > '2026-01-09'"), ["2026-01-10|115.0", "2026-01-11|10.0"]);
    let before = derived(&owned.db);
    derive_from_nothing(&owned);
    assert_eq!(derived(&owned.db), before);
}

/// A watch and a phone may name one zone by two names, and both begin with the night.
#[test]
fn two_zones_at_one_instant_stop_no_figure() {
    let owned = Owned::new();
    let mut samples = Samples::default();
    for (day, zone) in
        [(0, "Asia/Kolkata"), (0, "Asia/Calcutta"), (1, "Asia/Tokyo"), (1, "Asia/Kolkata"), (2, "Asia/Tokyo")]
    {
        let from_ms = day * DAY_MS + 16 * HOUR_MS;
        let source = if zone == "Asia/Calcutta" { PHONE } else { WATCH };
        samples.add("SleepAnalysis", source, [from_ms, from_ms + 6 * HOUR_MS], json!(3), Some(zone));
        samples.steps(WATCH, day * DAY_MS, 60, 100);
    }
    owned.import(&Samples::data(&samples.lists), &[]);
    assert_eq!(owned.texts("SELECT count(*) FROM sleep_nights"), ["3"]);
    assert_eq!(owned.texts("SELECT change = (SELECT max(number) FROM changes) FROM derived_state"), ["1"]);
    let before = derived(&owned.db);
    derive_from_nothing(&owned);
    assert_eq!(derived(&owned.db), before);
}

/// Who sleeps for more than a day, over the date line, has a night more than usual.
#[test]
fn an_hour_more_of_sleep_moves_the_end_of_a_period_and_the_night_behind_it() {
    let owned = Owned::new();
    let mut samples = Samples::default();
    let minutes = |from: i64, to: i64| [from * MINUTE_MS, to * MINUTE_MS];
    let (two_days, hour) = (2 * 24 * 60, 60);
    samples.add("SleepAnalysis", WATCH, minutes(12 * hour, 13 * hour), json!(3), Some("Pacific/Pago_Pago"));
    let mut sleep =
        |from, to, zone| samples.add("SleepAnalysis", WATCH, minutes(two_days + from, two_days + to), json!(3), zone);
    sleep(11 * hour, 12 * hour, Some("America/New_York"));
    sleep(12 * hour, 39 * hour, Some("Asia/Tokyo"));
    sleep(-1, 11 * hour - 1, None);
    let (all, late) = (&samples.lists, &samples.lists[3..]);
    owned.import(&Samples::data(&all[..3]), &[]);
    owned.import(&Samples::data(late), &[]);
    let nights = owned.texts("SELECT night, asleep_min FROM sleep_nights ORDER BY night");
    let before = derived(&owned.db);
    derive_from_nothing(&owned);
    assert_eq!(nights, owned.texts("SELECT night, asleep_min FROM sleep_nights ORDER BY night"));
    assert_eq!(derived(&owned.db), before);
}

/// One sample of an app is no evidence for a zone, but its own night is in that zone.
#[test]
fn a_night_in_a_zone_that_only_it_names_is_explained_in_that_zone() {
    let owned = Owned::new();
    let mut samples = Samples::default();
    let night = [14 * HOUR_MS, 21 * HOUR_MS];
    samples.add("SleepAnalysis", APP, night, json!(3), Some("Asia/Tokyo"));
    samples.add("SleepAnalysis", PHONE, night, json!(4), None);
    owned.import(&Samples::data(&samples.lists), &[]);
    let db = owned.db.to_str().unwrap();
    let ignored = run(&["sources", "ignore", "--db", db, PHONE.0]);
    assert!(ignored.status.success(), "{ignored:?}");
    owned.import(&json!({"data": {}}), &[]);
    let stored = owned.texts("SELECT night, asleep_min, core_min, bedtime, zone FROM sleep_nights");
    assert_eq!(stored, ["2026-01-06|420.0|420.0|2026-01-05T23:00:00|Asia/Tokyo"]);
    let output = run(&["explain", "--db", db, "--type", "sleep", "--day", "2026-01-06", "--json"]);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!([&found["value"], &found["zone"], &found["count"]], [&json!(420.0), &json!("Asia/Tokyo"), &json!(1)]);
    assert_eq!(found["stretches"][0]["from"], "2026-01-05T23:00:00");
    assert_eq!(found["from"], "2026-01-05T09:00:00Z", "18:00 in Tokyo");
    assert_eq!(found["leftOut"], json!({"its source is ignored": 1}));
    let listed = run(&["zones", "list", "--db", db]);
    let text = String::from_utf8(listed.stdout).unwrap();
    assert!(text.contains("No zone is known") && text.contains("A night whose own samples name a zone"), "{text}");
}

/// Three weeks of overlapping sources, workouts with condensed series, nights, a journey and late corrections.
fn three_weeks() -> (Samples, Vec<Value>) {
    let (mut samples, mut numbers, mut workouts) = (Samples::default(), Numbers(7), Vec::new());
    for day in 0..21 {
        let start_ms = day * DAY_MS;
        for hour in 7..22 {
            let at_ms = start_ms + hour * HOUR_MS;
            let (from_ms, minutes) = (at_ms + numbers.below(40) * MINUTE_MS, 1 + numbers.below(90));
            samples.steps(PHONE, from_ms, minutes, numbers.below(900));
            if numbers.below(3) > 0 {
                samples.steps(WATCH, at_ms + numbers.below(50) * MINUTE_MS, 1 + numbers.below(20), numbers.below(700));
            }
            let bpm = 50 + numbers.below(90);
            samples.add("HeartRate", WATCH, [at_ms + numbers.below(HOUR_MS); 2], json!(bpm), None);
        }
        // A run of 20 minutes, and the series that it was condensed to.
        let run_ms = start_ms + 18 * HOUR_MS;
        for minute in 0..20 {
            let times = [minute, minute + 1].map(|minute| run_ms + minute * MINUTE_MS);
            samples.add("ActiveEnergyBurned", WATCH, times, json!(10), None);
        }
        if day % 2 == 0 {
            samples.add("ActiveEnergyBurned", WATCH, [run_ms, run_ms + 20 * MINUTE_MS], json!(200), None);
        }
        workouts.push(json!({
            "uuid": format!("30000000-0000-4000-8000-{day:012}"), "workoutActivityType": 37, "startDate": iso(MONDAY_MS + run_ms),
            "endDate": iso(MONDAY_MS + run_ms + 20 * MINUTE_MS), "durationSeconds": 1200, "totalEnergyBurned": 200,
            "totalDistance": 4, "totalDistanceUnit": "km",
        }));
        let zone = if (8..14).contains(&day) { "America/New_York" } else { "Europe/Berlin" };
        let mut at_ms = start_ms + 21 * HOUR_MS + numbers.below(3 * HOUR_MS);
        for _ in 0..6 {
            let until_ms = at_ms + 20 * MINUTE_MS + numbers.below(90 * MINUTE_MS);
            samples.add("SleepAnalysis", WATCH, [at_ms, until_ms], json!(2 + numbers.below(4)), Some(zone));
            at_ms = until_ms;
        }
        samples.add("SleepAnalysis", PHONE, [start_ms + 21 * HOUR_MS, at_ms], json!(0), None);
    }
    (samples, workouts)
}

#[test]
fn figures_are_the_same_however_the_rows_arrive() {
    let (samples, workouts) = three_weeks();
    let whole = Owned::new();
    let mut payload = Samples::data(&samples.lists);
    payload["data"]["workouts"] = json!(workouts);
    whole.import(&payload, &[]);
    let expected = derived(&whole.db);
    assert!(expected.len() > 500, "{}", expected.len());
    // A condensed series counts nothing.
    let energy = whole.texts("SELECT DISTINCT value FROM active_energy_per_day");
    assert_eq!(energy, ["200.0"]);
    // It begins with the first sample that it was made of.
    let series = "SELECT count(*) FROM shadowed_samples h JOIN samples s USING (person_id, type_id, start_ms, uuid)
        JOIN samples f ON (f.person_id, f.type_id, f.start_ms, f.uuid) = (h.person_id, h.type_id, h.start_ms, h.shadowed_by)
        WHERE s.value = 200 AND f.value = 10";
    assert_eq!([one(&whole.db, "SELECT count(*) FROM shadowed_samples"), one(&whole.db, series)], [11, 11]);
    assert_eq!(one(&whole.db, "SELECT sum(workouts) FROM workouts_per_week"), 21);
    derive_from_nothing(&whole);
    assert_eq!(derived(&whole.db), expected);
    // In parts, the last weeks first, workouts at the end, and some samples with another value before.
    let parts = Owned::new();
    let mut lists = samples.lists.clone();
    let mut numbers = Numbers(3);
    for place in (1..lists.len()).rev() {
        let near = place - usize::try_from(numbers.below(i64::try_from(place.min(400)).unwrap())).unwrap();
        lists.swap(place, near);
    }
    let wrong: Vec<_> = lists
        .iter()
        .take(40)
        .cloned()
        .map(|(kind, mut sample)| {
            sample["value"] = json!(1);
            (kind, sample)
        })
        .collect();
    parts.import(&Samples::data(&wrong), &[]);
    for part in lists.chunks(lists.len() / 7 + 1).rev() {
        parts.import(&Samples::data(part), &[]);
    }
    parts.import(&json!({"data": {"workouts": workouts}}), &[]);
    let figures = |db: &Path| {
        let types = "SELECT t.name, d.day, d.start_ms, d.value, d.minimum, d.maximum, d.last, d.count, d.covered_ms, d.naive FROM days d
            JOIN types t ON t.id = d.type_id ORDER BY 1, 2";
        [
            texts(db, types),
            texts(db, "SELECT * FROM sleep_nights ORDER BY night"),
            texts(db, "SELECT * FROM heart_rate_per_hour ORDER BY start_ms"),
        ]
        .concat()
    };
    let (one, other) = (figures(&whole.db), figures(&parts.db));
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn days_follow_an_upload_within_a_second_and_only_those_near_it() {
    let owned = Owned::new();
    let (samples, _) = three_weeks();
    owned.import(&Samples::data(&samples.lists), &[]);
    // A mark that a day which is computed again loses.
    let connection = Connection::open(&owned.db).unwrap();
    connection.execute_batch("UPDATE days SET naive = -1").unwrap();
    drop(connection);
    let program = Program::serve(&owned.db);
    let mut late = samples.clone();
    late.steps(APP, 10 * DAY_MS + 12 * HOUR_MS, 1, 5);
    let body = Samples::data(&late.lists[samples.lists.len()..]).to_string();
    let answer = Client::connect(program.address).post(&[], body.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    let sql = "SELECT count(*) FROM days WHERE naive <> -1";
    let days =
        wait_until("the day is computed", || Some(one(&owned.db, sql).as_i64().unwrap()).filter(|days| *days > 0));
    assert!(days <= 3, "{days}");
}

#[test]
fn figures_made_in_another_way_are_those_from_nothing() {
    let owned = Owned::new();
    let mut samples = Samples::default();
    for day in 0..3 {
        samples.steps(WATCH, day * DAY_MS + 9 * HOUR_MS, 10, 100 + day);
        samples.steps(PHONE, day * DAY_MS + 9 * HOUR_MS, 600, 900);
        samples.add("HeartRate", WATCH, [day * DAY_MS + 22 * HOUR_MS; 2], json!(60), None);
    }
    owned.import(&Samples::data(&samples.lists), &[]);
    let before = derived(&owned.db);
    let commands: [&[&str]; 3] = [
        &["zones", "home", "Asia/Tokyo"],
        &["sources", "rank", PHONE.0, WATCH.0],
        &["zones", "add", "--from", "2026-01-06T00:00:00Z", "America/New_York"],
    ];
    for command in commands {
        let output = run(&[command, &["--db", owned.db.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{output:?}");
        // Later samples, of which one is longer than all before.
        samples.steps(APP, DAY_MS + 3 * HOUR_MS, 1300, 7);
        owned.import(&Samples::data(&samples.lists), &[]);
        let found = derived(&owned.db);
        assert_ne!(found, before);
        derive_from_nothing(&owned);
        assert_eq!(derived(&owned.db), found);
    }
}

/// A note of `check` names each table that was dropped. The next import makes it again, with the same figures.
#[test]
fn dropped_tables_come_back_equal() {
    const TABLES: [&str; 11] = [
        "days",
        "hours",
        "nights",
        "night_segments",
        "workout_days",
        "dose_days",
        "zone_changes",
        "source_groups",
        "sample_lengths",
        "shadowed_samples",
        "derived_state",
    ];
    let (samples, workouts) = three_weeks();
    let owned = Owned::new();
    owned.import(&Samples::data(&samples.lists), &[]);
    owned.import(&json!({"data": {"workouts": workouts}}), &[]);
    let before = derived(&owned.db);
    let alone = TABLES.iter().map(std::slice::from_ref);
    for dropped in alone.chain([&TABLES[..]]) {
        let connection = Connection::open(&owned.db).unwrap();
        // As for `sqlite3`.
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        for table in dropped {
            connection.execute_batch(&format!("DROP TABLE {table}")).unwrap();
        }
        drop(connection);
        let output = run(&["check", "--json", "--db", owned.db.to_str().unwrap()]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let notes = findings.iter().filter(|finding| finding["message"].as_str().unwrap().ends_with("is missing"));
        assert_eq!((output.status.code(), notes.count()), (Some(0), dropped.len()), "{report}");
        owned.import(&json!({"data": {}}), &[]);
        assert_eq!(derived(&owned.db), before, "{dropped:?}");
        assert!(run(&["check", "--db", owned.db.to_str().unwrap()]).status.success());
    }
}

#[test]
fn a_condensed_series_over_midnight_is_in_no_sum_of_either_day() {
    let (mut samples, run_ms) = (Samples::default(), 23 * HOUR_MS + 50 * MINUTE_MS);
    for minute in 0..20 {
        let times = [minute, minute + 1].map(|minute| run_ms + minute * MINUTE_MS);
        samples.add("ActiveEnergyBurned", WATCH, times, json!(if minute < 10 { 10 } else { 4 }), None);
    }
    samples.add("ActiveEnergyBurned", WATCH, [run_ms, run_ms + 20 * MINUTE_MS], json!(140), None);
    let owned = Owned::new();
    let mut payload = Samples::data(&samples.lists);
    let sums = "SELECT value, naive FROM days ORDER BY day";
    owned.import(&payload, &[]);
    assert_eq!(owned.texts(sums), ["170.0|170.0", "110.0|110.0"]);
    // Where there is a workout, it is known as one.
    payload["data"]["workouts"] = json!([{
        "uuid": "30000000-0000-4000-8000-000000000000", "workoutActivityType": 37, "startDate": iso(MONDAY_MS + run_ms),
        "endDate": iso(MONDAY_MS + run_ms + 20 * MINUTE_MS), "durationSeconds": 1200,
    }]);
    owned.import(&payload, &[]);
    assert_eq!(owned.texts(sums), ["100.0|100.0", "40.0|40.0"]);
}

#[test]
fn a_workout_that_moves_and_a_journey_make_only_their_days_again() {
    let (samples, mut workouts) = three_weeks();
    let owned = Owned::new();
    let mut payload = Samples::data(&samples.lists);
    payload["data"]["workouts"] = json!(workouts);
    owned.import(&payload, &[]);
    let energy = || {
        owned.texts("SELECT value FROM days JOIN types t ON t.id = type_id WHERE t.name LIKE '%ActiveEnergyBurned' ORDER BY day")
    };
    assert_eq!(energy(), vec!["200.0"; 21]);
    // Who makes all days again would find these values out.
    Connection::open(&owned.db).unwrap().execute("UPDATE days SET value = 7.0 WHERE value = 200.0", []).unwrap();
    let workout = &mut workouts[8];
    for (name, minute) in [("startDate", 0), ("endDate", 20)] {
        workout[name] = json!(iso(MONDAY_MS + 12 * DAY_MS + 6 * HOUR_MS + minute * MINUTE_MS));
    }
    owned.import(&json!({"data": {"workouts": [workout]}}), &[]);
    // Without its workout, the series of the former day is one more sample of the watch.
    let mut expected = vec!["7.0"; 21];
    (expected[8], expected[12]) = ("400.0", "200.0");
    assert_eq!(energy(), expected);
    // A journey changes the days from then on, and the workouts' own.
    let mut sleep = Samples::default();
    sleep.add("SleepAnalysis", WATCH, [19 * DAY_MS, 19 * DAY_MS + HOUR_MS], json!(3), Some("Asia/Tokyo"));
    sleep.lists[0].1["uuid"] = json!("20000000-0000-4000-8000-000000000000");
    owned.import(&Samples::data(&sleep.lists), &[]);
    expected[19..].fill("200.0");
    assert_eq!(energy(), expected);
}

#[test]
fn workouts_and_doses_that_move_make_only_their_days_again() {
    let owned = Owned::new();
    let at = |day: i64, hour: i64| iso(MONDAY_MS + day * DAY_MS + hour * HOUR_MS);
    let dose = |number: u8, taken_day: i64, due_day: i64, status: u8| {
        json!({"uuid": format!("40000000-0000-4000-8000-{number:012}"), "medicationName": "A", "logStatus": status,
          "startDate": at(taken_day, 8), "endDate": at(taken_day, 8), "scheduledDate": at(due_day, 7)})
    };
    let workout = |number: u8, day: i64| {
        json!({"uuid": format!("30000000-0000-4000-8000-{number:012}"), "workoutActivityType": 37, "startDate": at(day, 8),
          "endDate": at(day, 9), "durationSeconds": 3600})
    };
    let doses: Vec<Value> = (0..8).map(|day| dose(u8::try_from(day).unwrap(), day, day, 4)).collect();
    let workouts: Vec<Value> = (0..8).map(|day| workout(u8::try_from(day).unwrap(), day)).collect();
    owned.import(&json!({"data": {"medicationDoseEvents": doses, "workouts": workouts}}), &[]);
    let connection = Connection::open(&owned.db).unwrap();
    connection.execute_batch("UPDATE dose_days SET skipped = 9; UPDATE workout_days SET workouts = 9;").unwrap();
    drop(connection);
    // The dose of the third day was due on the fourth, and the second one was not taken. The workout was on the sixth day.
    let doses = [dose(1, 1, 1, 5), dose(2, 2, 3, 4)];
    owned.import(&json!({"data": {"medicationDoseEvents": doses, "workouts": [workout(2, 5)]}}), &[]);
    let days = |sql: &str| owned.texts(&format!("SELECT substr(day, 9), {sql} ORDER BY day"));
    assert_eq!(
        days("due, taken, skipped FROM dose_days"),
        ["05|1|1|9", "06|1|0|1", "08|2|2|0", "09|1|1|9", "10|1|1|9", "11|1|1|9", "12|1|1|9"]
    );
    assert_eq!(days("workouts FROM workout_days"), ["05|9", "06|9", "08|9", "09|9", "10|2", "11|9", "12|9"]);
}

#[test]
fn days_of_an_unknown_type_have_one_unit_also_after_an_earlier_sample() {
    let owned = Owned::new();
    let payload = |number: u8, day: u8, value: f64, unit: &str| {
        let at = format!("2026-01-{day:02}T10:00:00.000Z");
        let sample = json!({"uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": at, "endDate": at,
          "value": value, "unit": unit});
        json!({"data": {"HKQuantityTypeIdentifierOfTomorrow": [sample]}})
    };
    let days = || owned.texts("SELECT day, unit, maximum FROM day_details ORDER BY day");
    owned.import(&payload(1, 7, 2.0, "km"), &[]);
    assert_eq!(days(), ["2026-01-07|km|2.0"]);
    owned.import(&payload(2, 5, 500.0, "m"), &[]);
    assert_eq!(days(), ["2026-01-05|m|500.0", "2026-01-07|m|2000.0"]);
    let before = derived(&owned.db);
    derive_from_nothing(&owned);
    assert_eq!(derived(&owned.db), before);
}

#[test]
fn hostile_samples_make_no_days_and_stop_nothing() {
    let owned = Owned::new();
    let mut samples = Samples::default();
    samples.steps(WATCH, 9 * HOUR_MS, 10, 100);
    let mut payload = Samples::data(&samples.lists);
    let list = payload["data"]["HKQuantityTypeIdentifierStepCount"].as_array_mut().unwrap();
    let times = [
        ("0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("0000-01-01T00:00:00.000Z", "0000-01-01T00:00:00.000Z"),
        // The first and the last year that are stored.
        ("0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"),
        ("4001-01-01T00:00:00.000Z", "4001-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00.000Z", "4001-01-01T00:00:00.000Z"),
        ("2026-01-05T10:00:00.000Z", "2026-01-05T09:00:00.000Z"),
        ("2024-01-01T00:00:00.000Z", "2025-02-03T00:00:00.000Z"),
    ];
    for (number, (start, end)) in times.into_iter().enumerate() {
        let mut sample = list[0].clone();
        sample["uuid"] = json!(format!("20000000-0000-4000-8000-{number:012}"));
        (sample["startDate"], sample["endDate"]) = (json!(start), json!(end));
        sample["metadata"] = json!({"HKTimeZone": "Mars/Olympus"});
        sample["value"] = json!(399);
        list.push(sample);
    }
    owned.import(&payload, &[]);
    let days = owned.texts("SELECT count(*), sum(value), min(day), max(day) FROM steps_per_day WHERE day LIKE '202%'");
    // 399 days of the long sample, and the Monday.
    assert_eq!(days, ["400|499.0|2024-01-01|2026-01-05"]);
    let before = derived(&owned.db);
    derive_from_nothing(&owned);
    assert_eq!(derived(&owned.db), before);
    let stored = owned.texts("SELECT count(*) FROM samples WHERE start_ms < 0 OR start_ms > 64000000000000");
    assert_eq!(stored, ["3"], "of the first and the last year");
}

/// The survey of new samples remembers a few sources only.
#[test]
fn samples_of_one_instant_from_many_sources_are_surveyed_to_their_end() {
    let owned = Owned::new();
    let mut samples = Samples::default();
    for count in 0..600 {
        let bundle = format!("com.example.app{}", count % 6);
        samples.steps((&bundle, APP.1), 9 * HOUR_MS, 10, count);
    }
    owned.import(&Samples::data(&samples.lists), &[]);
    assert_eq!(owned.texts("SELECT count(*) FROM steps_per_day"), ["1"]);
}

/// From nothing, figures are made while the sources are still being learned.
#[test]
fn sources_that_show_late_count_by_their_ranks() {
    const ONE: (&str, &str) = ("com.example.one", "iPhone17,1");
    const TWO: (&str, &str) = ("com.example.two", "iPhone17,1");
    let (mut steps, mut energy) = (Samples::default(), Samples::default());
    let many = |samples: &mut Samples, kind: &str, day: i64| {
        for number in 0..700 {
            let at_ms = day * DAY_MS + number * MINUTE_MS;
            samples.add(kind, PHONE, [at_ms, at_ms + MINUTE_MS], json!(1), None);
        }
    };
    many(&mut steps, "StepCount", 0);
    // Both apps count before no phone, and the one that began last before the other.
    steps.add("StepCount", ONE, [3 * DAY_MS, 3 * DAY_MS + HOUR_MS], json!(100), None);
    steps.add("StepCount", TWO, [3 * DAY_MS + 1, 3 * DAY_MS + HOUR_MS], json!(7), None);
    steps.add("StepCount", WATCH, [4 * DAY_MS, 4 * DAY_MS + HOUR_MS], json!(500), None);
    steps.add("StepCount", PHONE, [4 * DAY_MS, 4 * DAY_MS + HOUR_MS], json!(900), None);
    many(&mut energy, "ActiveEnergyBurned", 1);
    energy.add("ActiveEnergyBurned", TWO, [2 * DAY_MS, 2 * DAY_MS + HOUR_MS], json!(7), None);
    energy.lists.iter_mut().zip(10_000..).for_each(|((_, sample), number): (_, i64)| {
        sample["uuid"] = json!(format!("10000000-0000-4000-8000-{number:012}"));
    });
    let days = "SELECT value FROM steps_per_day ORDER BY day";
    let owned = Owned::new();
    owned.import(&Samples::data(&steps.lists), &[]);
    for _ in 0..2 {
        let values = owned.texts(days);
        assert!(values.len() == 3 && values[1].starts_with("7.0000") && values[2] == "500.0", "{values:?}");
        derive_from_nothing(&owned);
    }
    // Another type shows that the second app began before the first one.
    owned.import(&Samples::data(&energy.lists), &[]);
    let expected = derived(&owned.db);
    assert_eq!(owned.texts(days), ["700.0", "100.0", "500.0"]);
    derive_from_nothing(&owned);
    assert_eq!(derived(&owned.db), expected);
    // Without its groups the database has less to begin with.
    Connection::open(&owned.db)
        .unwrap()
        .execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM days; DELETE FROM source_groups")
        .unwrap();
    derive_from_nothing(&owned);
    assert_eq!(derived(&owned.db), expected);
}

/// The app's samples take the place of those of an export, which names sources in another way.
#[test]
fn sources_of_an_export_go_with_its_samples() {
    let twin = Twin { seed: 3, samples: 400, rounded: false };
    let (mut export, mut payload) = (Vec::new(), Vec::new());
    twin.write_export(&mut export).unwrap();
    twin.write_payload(&mut payload).unwrap();
    let owned = Owned::new();
    let groups = || owned.texts("SELECT key, class, first_ms, last_ms FROM source_groups ORDER BY key");
    owned.import_file("export.xml", &export, &[]);
    let of_export = groups();
    owned.import_file("app.json", &payload, &[]);
    let found = (derived(&owned.db), groups());
    assert!(of_export.iter().any(|group| !found.1.contains(group)), "{of_export:?} {:?}", found.1);
    derive_from_nothing(&owned);
    assert_eq!((derived(&owned.db), groups()), found);
}
