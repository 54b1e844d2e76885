//! What is answered: figures, forms, parameters, paging.

use serde_json::{Value, json};

use super::Api;

#[test]
fn days_of_steps() {
    let api = Api::start();
    let answer = api.json("/api/v1/days?type=steps&from=2026-01-01&to=2026-02-01");
    assert_eq!([&answer["type"], &answer["unit"], &answer["zone"]], [&json!("steps"), &json!("count"), &Value::Null]);
    let days: Vec<_> = answer["days"].as_array().unwrap().iter().map(|day| (&day["day"], &day["value"])).collect();
    assert_eq!(days, [(&json!("2026-01-05"), &json!(7000)), (&json!("2026-01-06"), &json!(2000))]);
    assert_eq!(answer["days"][0]["samples"], json!(2));
    assert_eq!([&answer["truncated"], &answer["stale"]], [&json!(false), &json!(false)]);
    let text = api.ask(&api.token, "/api/v1/days?type=steps&from=2026-01-01&to=2026-02-01", &[]).body;
    assert!(String::from_utf8_lossy(&text).starts_with(
        r#"{"type":"steps","unit":"count","zone":null,"days":[{"day":"2026-01-05","value":7000,"samples":2,"#
    ));
    let absent = api.json("/api/v1/days?type=HKQuantityTypeIdentifierNikeFuel");
    assert_eq!(absent["days"], json!([]), "absence is no day with 0");
}

#[test]
fn buckets_of_every_size() {
    let api = Api::start();
    // The query, the list, its rows, and values of the first one.
    let check = |query: &str, list: &str, rows: usize, expected: Value| {
        let answer = api.json(&format!("/api/v1/days?{query}"));
        let found = answer[list].as_array().unwrap_or_else(|| panic!("{query}: {answer}"));
        assert_eq!(found.len(), rows, "{query}: {answer}");
        for (name, value) in expected.as_object().unwrap() {
            let value = if value.is_null() { &answer[name] } else { value };
            assert!(&found[0][name] == value || &answer[name] == value, "{query}: {name}: {answer}");
        }
    };
    check("type=steps&bucket=hour", "hours", 3, json!({"day": "2026-01-05", "hour": 8, "value": 4000, "samples": 1}));
    check("type=heart_rate&bucket=hour&to=2026-01-06", "hours", 1, json!({"hour": 7, "minimum": 110, "maximum": 165}));
    check("type=heart_rate&bucket=hour&agg=max&to=2026-01-06", "hours", 1, json!({"value": 165}));
    check("type=steps&bucket=week", "weeks", 1, json!({"day": "2026-01-05", "value": 9000, "days": 2, "mean": 4500}));
    check("type=steps&bucket=week&agg=mean", "weeks", 1, json!({"value": 4500, "first_whole": true}));
    check("type=body_mass&bucket=month", "months", 2, json!({"day": "2026-01-01", "days": 3, "maximum": 71}));
    check("type=body_mass&bucket=year&agg=min", "years", 1, json!({"value": 70, "bucket": "year"}));
    check("type=body_mass&max_points=3", "months", 2, json!({"bucket": "month"}));
    check("type=steps&bucket=auto", "hours", 3, json!({"bucket": "hour"}));
    check("type=steps&from=2026-01-05T12:00:00Z", "days", 2, json!({"first_whole": true, "last_whole": true}));
    check("type=steps&source=Scale", "days", 0, json!({}));
    check("type=walking_running_distance&units=km&to=2026-01-06", "days", 1, json!({"value": 5.5, "unit": "km"}));
}

#[test]
fn wrong_parameters_are_named() {
    let api = Api::start();
    let check = |path: &str, parameter: &str, part: &str| {
        let answer = api.ask(&api.token, &format!("/api/v1/{path}"), &[]);
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.field("parameter"), json!(parameter), "{path}");
        let detail = answer.field("detail");
        assert!(detail.as_str().unwrap().contains(part), "{path}: {detail}");
    };
    check("days", "type", "steps");
    check("days?type=stepz", "type", "/api/v1/types");
    check("days?type=sleep", "type", "/api/v1/nights");
    check("days?type=steps&tz=UTC", "tz", "accepts type, from, to");
    check("days?type=steps&from=tomorrow", "from", "2026-01-31");
    check("days?type=steps&units=kg", "units", "count");
    check("days?type=steps&source=Nobody", "source", "/api/v1/sources");
    check("days?type=heart_rate&agg=sum", "agg", "add up");
    check("days?type=steps&agg=mean", "agg", "bucket=week");
    check("days?type=steps&bucket=day&max_points=5", "max_points", "bucket=auto");
    check("days?type=stand_hours&bucket=hour", "bucket", "quantities");
    check("days?type=steps&bucket=hour&agg=last", "agg", "hours");
    check("samples?type=steps,heart_rate&units=count", "units", "several types");
    check("samples?type=steps&units=kg", "units", "converted");
    check("samples?type=steps&cursor=%27%20OR%201=1", "cursor", "next_cursor");
    check("samples?type=steps&max_points=5&limit=5", "max_points", "limit");
    check("types?limit=1", "limit", "accepts person");
    check("days?type=stand_hours&source=Apple%20Watch", "source", "categories");
    check("days?type=steps,HKCategoryTypeIdentifierMindfulSession&source=Apple%20Watch", "source", "categories");
    for path in ["samples?type=steps&source=Nobody", "samples?type=steps&max_points=5&source=Nobody"] {
        check(path, "source", "/api/v1/sources");
    }
    // Cursors of other tables, with as many columns or not.
    for (path, cursor) in [
        ("workouts", "i1.t61"),
        ("workouts", "i1"),
        ("workouts/days", "i1.i1"),
        ("medications", "t61"),
        ("medications/days", "t61.b61"),
        ("medications/doses", "t61.b61"),
        ("characteristics", "i1"),
        ("correlations", "b61.i1"),
        ("electrocardiograms", "i1.i1"),
        ("beats", "i1.i1"),
        ("rings", "b61"),
        ("sources", "t61"),
        ("zones", "i1.b61"),
        ("uploads", "b61"),
        ("rejects", "i1.t61"),
        ("records", "t61.t61"),
        ("aggregates", "t61.i1.t61.t61.t61.t61"),
        ("aggregates", "i1.i1.i1.i1.i1.i1"),
    ] {
        check(&format!("{path}?cursor={cursor}"), "cursor", "next_cursor");
    }
}

#[test]
fn forms_without_a_place_for_a_cursor_refuse_a_limit() {
    let api = Api::start();
    for path in ["samples?type=steps", "workouts", "uploads"] {
        for accept in ["text/csv", "application/x-ndjson"] {
            let limited = format!("/api/v1/{path}{}limit=1", if path.contains('?') { '&' } else { '?' });
            let answer = api.ask(&api.token, &limited, &[("Accept", accept)]);
            assert_eq!((answer.status, answer.field("parameter")), (400, json!("limit")), "{path} {accept}");
            assert_eq!(api.ask(&api.token, &format!("/api/v1/{path}"), &[("Accept", accept)]).status, 200, "{path}");
            assert_eq!(api.json(&limited)["truncated"], json!(true), "{path}");
        }
    }
}

#[test]
fn samples_page_by_page_are_all_of_them() {
    let api = Api::start();
    let all = api.json("/api/v1/samples?type=heart_rate");
    let expected: Vec<&Value> = all["samples"].as_array().unwrap().iter().map(|row| &row["uuid"]).collect();
    assert_eq!((expected.len(), &all["truncated"], &all["next_cursor"]), (5, &json!(false), &Value::Null));
    let (mut found, mut path) = (Vec::new(), "/api/v1/samples?type=heart_rate&limit=2".to_owned());
    let mut totals = Vec::new();
    loop {
        let page = api.json(&path);
        found.extend(page["samples"].as_array().unwrap().iter().map(|row| row["uuid"].clone()));
        totals.push(page.get("total").cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/samples?type=heart_rate&limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    assert_eq!(totals, [Some(json!(5)), None, None], "the first page has the total");
}

#[test]
fn samples_as_a_line() {
    let api = Api::start();
    let line = api.json("/api/v1/samples?type=heart_rate&to=2026-01-06&max_points=2");
    let points = json!([
        {"start": "2026-01-05T07:00:00.000Z", "value": 115, "minimum": 110, "maximum": 120, "samples": 2},
        {"start": "2026-01-05T07:01:00.000Z", "value": 157.5, "minimum": 150, "maximum": 165, "samples": 2},
    ]);
    assert_eq!([&line["points"], &line["unit"]], [&points, &json!("count/min")]);
    let weights = api.json("/api/v1/samples?type=body_mass&max_points=1&units=kg&from=2026-01-06&to=2026-01-08");
    let value = weights["points"][0]["value"].as_f64().unwrap();
    assert!((value - 71.0).abs() < 1e-9, "kilograms and pounds: {weights}");
    assert_eq!(api.json("/api/v1/samples?type=heart_rate&to=2020-01-01&max_points=5")["points"], json!([]));
}

#[test]
fn tables_as_csv_and_lines() {
    let api = Api::start();
    let days = api.text("/api/v1/days?type=steps,heart_rate&from=2026-01-05&to=2026-01-07", "text/csv");
    let lines: Vec<&str> = days.lines().collect();
    assert!(lines[0].starts_with("type,unit,day,value,samples,"), "{days}");
    assert!(lines[1].starts_with("steps,count,2026-01-05,7000,2,"), "{days}");
    assert_eq!(lines.len(), 5, "{days}");
    let samples = api.text("/api/v1/samples?type=steps&tz=Europe/Berlin", "application/x-ndjson");
    let first: Value = serde_json::from_str(samples.lines().next().unwrap()).unwrap();
    assert_eq!([&first["type"], &first["start"]], [&json!("steps"), &json!("2026-01-05T09:00:00.000+01:00")]);
    assert_eq!(samples.lines().count(), 5);
}

#[test]
fn an_answer_that_is_known_is_not_sent_again() {
    let api = Api::start();
    let path = "/api/v1/days?type=steps";
    let first = api.ask(&api.token, path, &[]);
    let tag = first.header("etag").unwrap().to_owned();
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    assert!(first.header("vary").unwrap().contains("authorization"));
    let known = |path: &str, headers: &[(&str, &str)]| {
        api.ask(&api.token, path, &[headers, &[("If-None-Match", tag.as_str())]].concat()).status
    };
    assert_eq!(known(path, &[]), 304);
    assert_eq!(known("/api/v1/days?type=steps&from=2026-01-01", &[]), 200);
    assert_eq!(known(path, &[("Accept", "text/csv")]), 200);
    let send = api.add_token("me", healthsink::store::TokenScope::Send, false);
    let body = json!({"data": {"HKQuantityTypeIdentifierStepCount": [{
        "uuid": "10000000-0000-4000-8000-990000000000", "startDate": "2026-01-09T08:00:00.000Z",
        "endDate": "2026-01-09T08:01:00.000Z", "value": 5, "unit": "count"}]}});
    let bearer = format!("Bearer {send}");
    assert_eq!(api.server.connect().post(&[("Authorization", &bearer)], body.to_string().as_bytes()).status, 200);
    let answer = api.ask(&api.token, path, &[("If-None-Match", &tag)]);
    assert_eq!((answer.status, answer.field("stale")), (200, json!(true)), "this server computes no figures");
}
