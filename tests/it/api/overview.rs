//! Today at a look, beside figures by hand. The data ends today, whenever that is.

use std::time::{SystemTime, UNIX_EPOCH};

use healthsink::model::time::{DAY_MS, push_iso};
use healthsink::store::TokenScope;
use healthsink_testkit::wait::wait_until;
use serde_json::{Value, json};

use super::Api;

/// The date of some days ago, in UTC.
fn date(days_ago: u32) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let mut text = Vec::new();
    push_iso(i64::try_from(now).unwrap() - i64::from(days_ago) * DAY_MS, &mut text);
    String::from_utf8(text).unwrap()[..10].to_owned()
}

fn sample(number: u32, (day, time): (u32, [&str; 2]), value: f64, unit: Option<&str>) -> Value {
    let times = time.map(|time| format!("{}T{time}:00.000Z", date(day)));
    json!({
        "uuid": format!("60000000-0000-4000-8000-{number:012}"), "startDate": times[0], "endDate": times[1], "value": value,
        "unit": unit, "sourceRevision": {"source": {"name": "Watch"}},
    })
}

/// Steps and ways of 30 days and of today, a weight, two nights, seven workouts and three doses.
fn payload() -> Value {
    const MORNING: [&str; 2] = ["00:00", "00:00"];
    let steps = (0..=30).map(|ago| {
        let value = if ago == 0 {
            50.0
        } else if ago <= 7 {
            1000.0
        } else {
            2000.0
        };
        sample(ago, (ago, MORNING), value, Some("count"))
    });
    let ways = (1..=7).map(|ago| sample(100 + ago, (ago, MORNING), 1.609_344, Some("km")));
    let workouts = (0..7).map(|number| {
        let day = if number < 2 { date(9) } else { date(1) };
        json!({
            "uuid": format!("70000000-0000-4000-8000-{number:012}"), "workoutActivityType": 37, "durationSeconds": 60,
            "startDate": format!("{day}T0{number}:00:00.000Z"), "endDate": format!("{day}T0{number}:01:00.000Z"),
        })
    });
    let dose = |number: u8, day: u32, status: u8| {
        let time = format!("{}T00:0{number}:00.000Z", date(day));
        json!({
            "uuid": format!("90000000-0000-4000-8000-{number:012}"), "medicationName": "Drops", "scheduleType": 2,
            "logStatus": status, "doseQuantity": 1, "unit": "count", "startDate": time, "scheduledDate": time,
        })
    };
    json!({"syncSource": "automatic", "data": {
        "HKQuantityTypeIdentifierStepCount": steps.collect::<Vec<_>>(),
        "HKQuantityTypeIdentifierDistanceWalkingRunning": ways.collect::<Vec<_>>(),
        "HKQuantityTypeIdentifierBodyMass": [sample(200, (200, MORNING), 220.462_262, Some("lb"))],
        "HKCategoryTypeIdentifierSleepAnalysis": [
            sample(300, (2, ["22:00", "23:00"]), 3.0, None),
            sample(301, (0, ["00:00", "00:30"]), 4.0, None),
        ],
        "workouts": workouts.collect::<Vec<_>>(),
        "medications": [{"displayText": "Drops", "generalForm": "liquid", "isArchived": false}],
        "medicationDoseEvents": [dose(1, 0, 4), dose(2, 0, 5), dose(3, 1, 4)],
    }})
}

fn type_of<'a>(answer: &'a Value, name: &str) -> &'a Value {
    answer["types"].as_array().unwrap().iter().find(|of| of["type"] == name).unwrap()
}

/// Last values, and what is usual.
fn check_types(answer: &Value) {
    let steps = type_of(answer, "steps");
    assert_eq!(
        [&steps["day"], &steps["day_value"], &steps["day_partial"]],
        [&json!(date(0)), &json!(50), &json!(true)]
    );
    assert_eq!([&steps["mean_28"], &steps["days_28"]], [&json!(1750), &json!(28)]);
    assert!((steps["change"].as_f64().unwrap() - (1000.0 / 1750.0 - 1.0)).abs() < 1e-12);
    assert_eq!([&steps["usual_low"], &steps["usual_high"]], [&json!(1000), &json!(2000)]);
    assert_eq!(steps["last"]["value"], json!(50));
    let weight = type_of(answer, "body_mass");
    assert_eq!([&weight["unit"], &weight["day"], &weight["mean_28"]], [&json!("kg"), &json!(date(200)), &Value::Null]);
    assert!((weight["last"]["value"].as_f64().unwrap() - 100.0).abs() < 1e-3, "in its own unit: {weight}");
    let sleep = type_of(answer, "sleep");
    assert_eq!(
        [&sleep["method"], &sleep["unit"], &sleep["day"], &sleep["day_value"], &sleep["last"]["value"]],
        [&json!("nights"), &json!("min"), &json!(date(0)), &json!(30), &Value::Null],
        "the last night, and no stage as a number"
    );
    assert_eq!([&sleep["days_28"], &sleep["mean_28"]], [&json!(1), &Value::Null]);
}

/// Several types, in a unit that is asked for.
fn check_miles(in_miles: &Value) {
    let named: Vec<&Value> = in_miles["figures"].as_array().unwrap().iter().map(|of| &of["type"]).collect();
    assert_eq!(named, ["walking_running_distance", "steps"], "{in_miles}");
    let way = type_of(in_miles, "walking_running_distance");
    assert_eq!(
        [&way["unit"], &in_miles["figures"][0]["unit"]],
        ["mi", "mi"],
        "it is nearer to a kilometre than a foot"
    );
    assert!((way["mean_28"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{way}");
    assert!(way["last"]["start"].as_str().unwrap().ends_with("+05:30"), "{way}");
}

/// The same rule: the mean of a period leaves out today, and its sum has it.
fn check_year(periods: &Value) {
    let years = periods["years"].as_array().unwrap();
    let last = &years[years.len() - 1];
    let [sum, mean, days, whole_days] =
        ["value", "mean", "days", "whole_days"].map(|name| last[name].as_f64().unwrap());
    assert_eq!(days, whole_days + 1.0, "{last}");
    let expected = if whole_days > 0.0 { (sum - 50.0) / whole_days } else { 50.0 };
    assert!((mean - expected).abs() < 1e-6, "{last}");
}

#[test]
fn today_at_a_look() {
    let api = Api::with_figures();
    let token = api.add_token("anna", TokenScope::Admin, false);
    let ask = |query: &str| {
        let answer = api.ask(&token, &format!("/api/v1/overview{query}"), &[]);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    };
    let empty = ask("");
    for (name, expected) in [
        ("person", json!("anna")),
        ("today", json!(date(0))),
        ("last_upload", Value::Null),
        ("night", Value::Null),
        ("figures", json!([])),
        ("workouts", json!([])),
        ("doses", json!({"due": null, "taken": null, "list": []})),
        ("types", json!([])),
        ("change", json!(0)),
    ] {
        assert_eq!(empty[name], expected, "{name}");
    }
    let bearer = format!("Bearer {token}");
    let sent = api.server.connect().post(&[("Authorization", &bearer)], payload().to_string().as_bytes());
    assert_eq!(sent.status, 200);
    let answer = wait_until("figures", || Some(ask("")).filter(|answer| answer["stale"] == json!(false)));
    if answer["today"] != empty["today"] {
        return eprintln!("not run: it is midnight");
    }
    assert_eq!(answer["uploading"], json!(false));
    let last = &answer["last_upload"];
    assert_eq!([&last["state"], &last["origin"], &last["sync_source"]], ["done", "http", "automatic"]);
    assert_eq!(last["records"], json!(31 + 7 + 1 + 2 + 7 + 1 + 3));
    let figures = answer["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 1, "of the usual types only steps are there: {figures:?}");
    let days = figures[0]["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[27]["day"]), (28, &json!(date(0))));
    assert_eq!(
        [&days[27]["value"], &days[27]["partial"], &days[26]["value"]],
        [&json!(50), &json!(true), &json!(1000)]
    );
    assert_eq!(days[26]["partial"], json!(false));
    check_year(&api.ask(&token, "/api/v1/days?type=steps&bucket=year", &[]).json());
    let night = &answer["night"];
    assert_eq!([&night["night"], &night["deep_min"]], [&json!(date(0)), &json!(30)]);
    assert_eq!(night["segments"].as_array().unwrap().len(), 1);
    let workouts = answer["workouts"].as_array().unwrap();
    let starts: Vec<&str> = workouts.iter().map(|row| &row["start"].as_str().unwrap()[11..13]).collect();
    assert_eq!(starts, ["02", "03", "04", "05", "06"]);
    assert_eq!([&answer["doses"]["due"], &answer["doses"]["taken"]], [&json!(2), &json!(1)]);
    let doses: Vec<&Value> = answer["doses"]["list"].as_array().unwrap().iter().map(|dose| &dose["status"]).collect();
    assert_eq!(doses, ["taken", "skipped"]);
    check_types(&answer);
    let in_miles = ask("?units=ft,mi,lb&type=walking_running_distance,steps&tz=Asia/Kolkata");
    check_miles(&in_miles);
}

/// Two weeks of nights, and a night that is long ago.
#[test]
fn what_is_usual_of_sleep_are_minutes_of_nights() {
    let api = Api::with_figures();
    let check = |person: &str, nights: &[(u32, &str)], expected: Value| {
        let token = api.add_token(person, TokenScope::Admin, false);
        let row = |&(ago, end): &(u32, &str)| sample(ago, (ago, ["00:10", end]), 3.0, None);
        let samples: Vec<Value> = nights.iter().map(row).collect();
        let body = json!({"data": {"HKCategoryTypeIdentifierSleepAnalysis": samples}}).to_string();
        let bearer = format!("Bearer {token}");
        let before = date(0);
        assert_eq!(api.server.connect().post(&[("Authorization", &bearer)], body.as_bytes()).status, 200);
        let answer = wait_until("figures", || {
            let answer = api.ask(&token, "/api/v1/overview", &[]).json();
            Some(answer).filter(|answer| answer["stale"] == json!(false))
        });
        if answer["today"] != json!(before) {
            return eprintln!("not run: it is midnight");
        }
        let sleep = type_of(&answer, "sleep");
        let known = ["day", "day_value", "days_28", "mean_28", "change", "usual_low", "usual_high"];
        let found: serde_json::Map<String, Value> =
            known.iter().map(|&name| (name.to_owned(), sleep[name].clone())).collect();
        assert_eq!(Value::Object(found), expected);
    };
    let mut nights: Vec<(u32, &str)> = (1..=7).map(|ago| (ago, "06:10")).collect();
    nights.extend((8..=14).map(|ago| (ago, "08:10")));
    let expected = json!({
        "day": date(1), "day_value": 360, "days_28": 14, "mean_28": 420, "change": 360.0 / 420.0 - 1.0, "usual_low": 360,
        "usual_high": 480,
    });
    check("anna", &nights, expected);
    let expected = json!({
        "day": date(200), "day_value": 450, "days_28": 0, "mean_28": null, "change": null, "usual_low": null,
        "usual_high": null,
    });
    check("ben", &[(200, "07:40")], expected);
}

#[test]
fn an_overview_is_bounded() {
    let api = Api::start();
    let check = |query: &str, parameter: &str| {
        let answer = api.ask(&api.token, &format!("/api/v1/overview?{query}"), &[]);
        assert_eq!((answer.status, answer.field("parameter")), (400, json!(parameter)), "{query}");
    };
    check("from=2025-01-01&to=2026-01-01", "from");
    check("from=2025-01-01", "from");
    check("type=sleep", "type");
    check("type=nothing", "type");
    check(
        "type=steps,heart_rate,body_mass,height,active_energy,resting_heart_rate,vo2_max,flights_climbed,body_temperature,\
        walking_speed,body_fat_percentage,time_in_daylight,respiratory_rate",
        "type",
    );
    check("units=mi,parsec", "units");
    check("limit=1", "limit");
}

/// Its tag also changes when an upload brings nothing new, which it shows.
#[test]
fn an_overview_is_known_until_an_upload_ends() {
    let api = Api::alone();
    let token = api.add_token("me", TokenScope::Admin, false);
    let tag = || api.ask(&token, "/api/v1/overview", &[]).header("etag").unwrap().to_owned();
    let first = tag();
    let know = |tag: &str| api.ask(&token, "/api/v1/overview", &[("If-None-Match", tag)]).status;
    assert_eq!(know(&first), 304);
    let bearer = format!("Bearer {token}");
    assert_eq!(api.server.connect().post(&[("Authorization", &bearer)], br#"{"data":{}}"#).status, 200);
    assert_eq!(know(&first), 200);
    assert_eq!(know(&tag()), 304);
}
