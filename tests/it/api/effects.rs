//! Each declared parameter changes the answer, no page is lost or comes twice while uploads run, and every table is reachable.

use std::collections::BTreeSet;

use healthsink::model::limits::{BODY_BYTES_PER_SECOND_MIN, BODY_PATIENCE};
use healthsink::store::TokenScope;
use healthsink_testkit::http::Client;
use serde_json::{Value, json};

use super::{Api, PATHS};

/// A value of each parameter that changes an answer of the fixture, by path; the first one that fits counts.
const CHANGES: [(&str, &str, &str); 29] = [
    ("overview", "type", "type=walking_running_distance"),
    ("overview", "from", "from=2026-01-01&to=2026-02-01"),
    ("overview", "to", "to=2026-01-07"),
    ("overview", "units", "units=mi"),
    ("days", "type", "type=heart_rate"),
    ("days", "bucket", "bucket=month"),
    ("days", "agg", "agg=max"),
    ("days", "source", "source=Scale"),
    ("days", "units", "type=walking_running_distance&units=mi"),
    ("days", "max_points", "max_points=1"),
    ("samples", "max_points", "max_points=2"),
    ("samples", "type", "type=heart_rate"),
    ("samples", "source", "source=Apple%20Watch"),
    ("samples", "units", "type=body_mass&units=lb"),
    ("workouts/{uuid}", "max_points", "max_points=1"),
    ("workouts/{uuid}/route", "max_points", "max_points=2"),
    ("workouts/{uuid}/route.gpx", "max_points", "max_points=2"),
    ("nights", "from", "from=2026-01-07"),
    ("nights", "to", "to=2026-01-06"),
    ("rings", "to", "to=2026-01-05"),
    ("beats", "to", "to=2025-12-01"),
    ("uploads", "from", "from=2100-01-01"),
    ("explain", "type", "type=heart_rate"),
    ("explain", "from", "from=2026-01-06"),
    ("medications", "from", "from=2026-01-07"),
    ("medications", "to", "to=2026-01-07"),
    ("", "type", "type=other"),
    ("", "from", "from=2026-01-06T07:30:00Z"),
    ("", "to", "to=2026-01-05T07:00:00Z"),
];

/// Paths, or parameters of a path, for which the fixture has too little to matter, with the reason.
const WITHOUT_EFFECT: [(&str, &str); 7] = [
    ("events", "it does not end: see `events.rs`"),
    ("rejects", "the fixture has no rejects"),
    ("records", "the fixture has no such records"),
    ("aggregates", "the fixture has no figures of other apps"),
    ("zones", "the fixture names no zone"),
    ("people", "one person"),
    ("workouts/{uuid} units", "the locations are farther apart than a mile"),
];

#[test]
fn each_declared_parameter_changes_the_answer() {
    let api = Api::start();
    let all = api.add_token("me", TokenScope::Read, true);
    api.add_token("anna", TokenScope::Read, false);
    let description = api.json("/openapi.json");
    let name_of = |parameter: &Value| {
        let reference = parameter["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        reference.or(parameter["name"].as_str()).unwrap().to_owned()
    };
    let (mut checked, mut faults) = (0, Vec::new());
    for (path, methods) in description["paths"].as_object().unwrap() {
        let Some(short) = path.strip_prefix("/api/v1/") else {
            continue;
        };
        if WITHOUT_EFFECT.iter().any(|(without, _)| *without == short) {
            continue;
        }
        let plain = PATHS.iter().find(|plain| {
            let names = plain.split(['?']).next().unwrap();
            let same =
                |(own, given): (&str, &str)| own == given || own.starts_with('{') && given.contains(char::is_numeric);
            path.split('/').count() == names.split('/').count() && path.split('/').zip(names.split('/')).all(same)
        });
        let plain = plain.unwrap_or_else(|| panic!("{path} has no example"));
        let before = api.ask(&all, plain, &[]);
        for parameter in methods["get"]["parameters"].as_array().unwrap() {
            let name = name_of(parameter);
            let is_without = WITHOUT_EFFECT.iter().any(|(without, _)| *without == format!("{short} {name}"));
            if is_without || path.contains(&format!("{{{name}}}")) {
                continue;
            }
            let change = match name.as_str() {
                "tz" => "tz=Asia/Kolkata".to_owned(),
                "limit" => "limit=1".to_owned(),
                "person" => "person=anna".to_owned(),
                "cursor" => {
                    let first = api.ask(&all, &with(plain, "limit=1"), &[]).json();
                    // A table of one row has no second page.
                    let Some(next) = first["next_cursor"].as_str() else {
                        continue;
                    };
                    format!("cursor={next}")
                }
                name => {
                    let change = CHANGES.iter().find(|(own, of, _)| (*own == short || own.is_empty()) && *of == name);
                    change.unwrap_or_else(|| panic!("{path}: {name}")).2.to_owned()
                }
            };
            if name == "limit" && before.json().get("truncated").is_some() && rows_of(&before.json()) < 2 {
                continue;
            }
            let after = api.ask(&all, &with(plain, &change), &[]);
            if before.body == after.body || ![200, 404].contains(&after.status) {
                faults.push(format!("{path}: {change}: {}", String::from_utf8_lossy(&after.body)));
            }
            checked += 1;
        }
    }
    assert!(faults.is_empty(), "without effect: {faults:#?}");
    assert!(checked > 70, "{checked}");
}

/// A path with further parameters, which replace its own of the same names.
fn with(path: &str, change: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let names: BTreeSet<&str> = change.split('&').filter_map(|part| part.split('=').next()).collect();
    let kept = query.split('&').filter(|part| !part.is_empty() && !names.contains(part.split('=').next().unwrap()));
    let query: Vec<&str> = kept.chain([change]).collect();
    format!("{path}?{}", query.join("&"))
}

/// The rows of the longest list.
fn rows_of(answer: &Value) -> usize {
    answer.as_object().unwrap().values().filter_map(|value| Some(value.as_array()?.len())).max().unwrap_or_default()
}

/// Paging sees each row that was there at its start once, whatever arrives meanwhile.
#[test]
fn pages_are_complete_and_without_doubles_while_an_upload_runs() {
    const ROWS: i64 = 200_000;
    let api = Api::alone();
    let send = api.add_token("me", TokenScope::Send, false);
    let mut connection = rusqlite::Connection::open(api.server.database()).unwrap();
    connection.busy_timeout(healthsink_testkit::wait::PATIENCE).unwrap();
    let transaction = connection.transaction().unwrap();
    transaction
        .execute(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
             INSERT INTO samples (person_id, type_id, start_ms, uuid, value)
             SELECT 1, (SELECT id FROM types WHERE name = 'HKQuantityTypeIdentifierHeartRate'), 1500000000000 + i / 3 * 1000,
               unhex(printf('%032x', i)), i FROM n",
            [ROWS],
        )
        .unwrap();
    transaction.commit().unwrap();
    let bearer = format!("Bearer {send}");
    let mut upload = Client::connect(api.server.address);
    upload.begin_chunked(&[("Authorization", &bearer)]);
    upload.chunk(br#"{"data":{"HKQuantityTypeIdentifierHeartRate":["#).unwrap();
    let path = "/api/v1/samples?type=heart_rate&from=2017-07-14&to=2017-07-17&limit=30000";
    // Bytes that earn the patience which a page costs on a slow machine.
    let pause = " ".repeat(usize::try_from(BODY_PATIENCE.as_secs()).unwrap() * BODY_BYTES_PER_SECOND_MIN as usize);
    let (mut cursor, mut seen, mut pages) = (String::new(), BTreeSet::new(), 0);
    loop {
        let text = api.ask(&api.token, &format!("{path}{cursor}"), &[]).json();
        for row in text["samples"].as_array().unwrap() {
            assert!(seen.insert(row["uuid"].as_str().unwrap().to_owned()), "{row}");
        }
        pages += 1;
        // Rows that arrive before the cursor and behind it.
        for (number, start) in [("2017-07-14T02:40:00.500Z", 0), ("2017-07-15T09:40:00.500Z", 1)] {
            let uuid = format!("20000000-0000-4000-8000-{:012}", pages * 2 + start);
            let comma = if pages == 1 && start == 0 { "" } else { "," };
            let sample = json!({"uuid": uuid, "startDate": number, "endDate": number, "value": 1, "unit": "count/min"});
            upload.chunk(format!("{pause}{comma}{sample}").as_bytes()).unwrap();
        }
        match text["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    upload.chunk(b"]}}").unwrap();
    assert_eq!(upload.end_chunked().status, 200);
    let first = seen.iter().filter(|uuid| uuid.starts_with("00000000-0000-0000-0000-")).count();
    assert_eq!((first, pages >= 7), (usize::try_from(ROWS).unwrap(), true));
    let csv = api.text("/api/v1/samples?type=heart_rate&from=2017-07-14&to=2017-07-17", "text/csv");
    assert_eq!(csv.lines().count(), 1 + usize::try_from(ROWS).unwrap() + 2 * pages, "the whole table in one stream");
}

/// Tables that no question reads, with the reason.
const NOT_FOR_CLIENTS: [(&str, &str); 21] = [
    ("tokens", "secrets; `token list` shows the rest"),
    ("merged_samples", "what exports had of samples that the app has sent"),
    ("sample_origins", "which types may have samples twice"),
    ("workout_aliases", "other identities of workouts"),
    ("workout_identities", "the same"),
    ("workout_routes", "which imports had routes"),
    ("route_files", "the same"),
    ("sessions", "who is signed in; `/session` shows one's own"),
    ("sign_in_codes", "secrets"),
    ("import_numbers", "a count"),
    ("shared_metadata", "texts of samples"),
    ("long_texts", "the same"),
    ("units", "names in rows"),
    ("types", "the same; `/types` lists those with samples"),
    ("category_values", "names in rows"),
    ("workout_activity_types", "the same"),
    ("sample_lengths", "how far figures look back"),
    ("shadowed_samples", "`/explain` counts them"),
    ("missing_samples", "the same"),
    ("changes", "their last number is in `/status`"),
    ("derived_state", "the same"),
];

#[test]
fn every_table_is_reachable() {
    let api = Api::start();
    let source = |path: &str| std::fs::read_to_string(format!("{}/src/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/read/questions")).unwrap();
    let mut text: String = folder.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    // The hours of clients are computed as those that are stored.
    text += &source("store/derive/hours.rs");
    let tables = api.server.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    for table in tables {
        let name = table["name"].as_str().unwrap();
        let is_read = ["FROM ", "JOIN "].iter().any(|before| {
            text.match_indices(&format!("{before}{name}")).any(|(at, found)| !text[at + found.len()..].starts_with('_'))
        });
        let is_internal = NOT_FOR_CLIENTS.iter().any(|(internal, _)| *internal == name);
        assert!(is_read || is_internal || name == "hours", "{name} is not reachable");
    }
}
