//! Charts as pictures: their figures are those of the API, and their texts are no markup.

use serde_json::Value;

use super::Api;

fn chart(api: &Api, query: &str) -> String {
    api.text(&format!("/chart.svg?{query}"), "image/svg+xml")
}

/// The figures of a picture in words.
fn words(svg: &str) -> &str {
    svg.split_once("<desc>").unwrap().1.split_once("</desc>").unwrap().0
}

/// The number that stands behind some words.
fn number(words: &str, behind: &str) -> f64 {
    let rest = words.split_once(behind).unwrap_or_else(|| panic!("{behind}: {words}")).1;
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && !".,".contains(letter)).unwrap_or(rest.len());
    rest[..end].trim_end_matches(['.', ',']).replace(',', "").parse().unwrap()
}

#[test]
fn figures_in_words_are_those_of_the_api() {
    let api = Api::start();
    for (query, list) in [
        ("type=steps&from=2026-01-01&to=2026-02-01&bucket=day", "days"),
        ("type=steps&bucket=month", "months"),
        ("type=steps&bucket=hour&from=2026-01-05&to=2026-01-07", "hours"),
        ("type=heart_rate&bucket=day", "days"),
        ("type=body_mass&bucket=day&units=lb", "days"),
        ("type=walking_running_distance&bucket=week&units=km", "weeks"),
    ] {
        let answer = api.json(&format!("/api/v1/days?{query}"));
        let values: Vec<f64> =
            answer[list].as_array().unwrap().iter().filter_map(|figure| figure["value"].as_f64()).collect();
        let all = if query.contains("from=") { "" } else { "&days=all" };
        let svg = chart(&api, &format!("{query}{all}"));
        let words = words(&svg);
        let check = |behind: &str, expected: f64| {
            let found = number(words, behind);
            assert!((found - expected).abs() < 0.006, "{query}: {behind}{found}, not {expected}: {words}");
        };
        assert!(words.contains(&format!("{} whole", values.len())), "{query}: {words}");
        let sum: f64 = values.iter().sum();
        check("mean is ", sum / f64::from(u32::try_from(values.len()).unwrap()));
        if words.contains("sum by") {
            check("sum is ", sum);
        }
        let unit = answer["unit"].as_str().unwrap();
        assert!(words.contains(&format!("in {unit}.")), "{query}: {words}");
        let shown: f64 = number(&format!("{}.", words.rsplit(": ").next().unwrap()), "");
        assert!((shown - values.iter().copied().fold(f64::MIN, f64::max)).abs() < 0.006, "{query}: {words}");
    }
}

#[test]
fn nights_are_bars_with_their_stages() {
    let api = Api::start();
    let night = api.json("/api/v1/nights/2026-01-06");
    let svg = chart(&api, "type=sleep&days=all");
    assert_eq!((&night["asleep_min"], &night["bedtime"]), (&Value::from(420), &Value::from("2026-01-05T22:00:00")));
    let expected = "1 whole night with data. On average asleep for 7 h 00 min, from bed at 22:00 to waking at ";
    assert!(words(&svg).contains(expected), "{}", words(&svg));
    for (class, parts) in [("c-deep", 1), ("c-core", 2), ("c-rem", 1), ("c-awake", 1)] {
        let path = svg.split_once(&format!("<path class=\"{class}\" d=\"")).unwrap().1.split_once('"').unwrap().0;
        assert_eq!(path.matches('Z').count(), parts, "{class}: {path}");
    }
    let month = chart(&api, "type=sleep&bucket=month&days=all");
    assert!(words(&month).contains("mean by month"), "{}", words(&month));
    assert!(words(&chart(&api, "type=sleep&from=2026-02-01")).contains("No data"));
}

#[test]
fn buckets_that_are_cut_are_no_whole_ones() {
    let api = Api::start();
    let query = "type=steps&bucket=month&from=2026-01-06&to=2026-01-20";
    let days = api.json(&format!("/api/v1/days?{query}"));
    assert_eq!([&days["first_whole"], &days["last_whole"]], [&Value::from(false); 2]);
    let svg = chart(&api, query);
    let words = words(&svg);
    assert!(words.starts_with("6–19 Jan 2026, sum by month in count."), "the dates asked for: {words}");
    assert!(
        !words.contains("whole") && words.contains("Only a part of the month was asked for: Jan 2026: 2,000"),
        "{words}"
    );
    assert!(svg.contains("class=\"c-part-v\"") && !svg.contains("class=\"c-fill-v\""), "{svg}");
    let weight = chart(&api, "type=body_mass&bucket=month&from=2026-01-01&to=2026-02-10");
    assert!(self::words(&weight).contains("1 whole month with data."), "{weight}");
    assert!(self::words(&weight).contains("Only a part of the last month was asked for: Feb 2026: 72 kg."), "{weight}");
    let sleep = chart(&api, "type=sleep&bucket=month&from=2026-01-06&to=2026-02-01");
    assert!(
        self::words(&sleep).contains("Only a part of the month was asked for: 1 Jan 2026: asleep for 7 h 00 min"),
        "{sleep}"
    );
    let whole = chart(&api, "type=sleep&bucket=month&from=2026-01-01&to=2026-02-01");
    assert!(self::words(&whole).contains("1 whole month with data."), "{whole}");
}

/// Hours without data also have clocks.
#[test]
fn hours_are_those_of_local_clocks_also_without_data() {
    let api = Api::start();
    let query = "type=steps&bucket=hour&from=2027-01-05&to=2027-01-06&tz=America/New_York";
    let svg = chart(&api, query);
    assert!(words(&svg).starts_with("5 Jan 2027, sum by hour"), "{svg}");
    // The data is of winter time, the end of summer time.
    let svg = chart(&api, "type=steps&bucket=hour&from=2026-01-05&to=2026-07-01T22:30:00Z&tz=Europe/Berlin");
    assert!(words(&svg).starts_with("5 Jan – 2 Jul 2026"), "22:30 UTC is 00:30 of the next day: {svg}");
}

#[test]
fn a_type_without_a_method_says_so() {
    let api = Api::with_figures();
    let sample = serde_json::json!({
        "uuid": "10000000-0000-4000-8000-0000000000ee", "value": 5, "unit": "x",
        "startDate": "2026-01-05T08:00:00.000Z", "endDate": "2026-01-05T08:00:00.000Z",
    });
    let body = serde_json::json!({"data": {"HKQuantityTypeIdentifierNew": [sample]}});
    let bearer = format!("Bearer {}", api.add_token("me", healthsink::store::TokenScope::Send, false));
    assert_eq!(api.server.connect().post(&[("Authorization", &bearer)], body.to_string().as_bytes()).status, 200);
    let path = "/api/v1/days?type=HKQuantityTypeIdentifierNew";
    healthsink_testkit::wait::wait_until("figures are ready", || {
        (api.json(path)["days"][0]["samples"] == 1).then_some(())
    });
    assert_eq!(api.json(path)["days"][0]["value"], Value::Null);
    let svg = chart(&api, "type=HKQuantityTypeIdentifierNew&from=2026-01-01&to=2026-02-01");
    assert!(
        words(&svg).ends_with(" No figure is known for this type.")
            && svg.contains(">No figure is known for this type</text>"),
        "{svg}"
    );
    assert!(!svg.contains("No data"), "{svg}");
}

#[test]
fn each_parameter_changes_the_picture() {
    let api = Api::start();
    let all = api.add_token("me", healthsink::store::TokenScope::Read, true);
    api.add_token("anna", healthsink::store::TokenScope::Read, false);
    let plain = chart(&api, "type=body_mass&days=all");
    for parameter in [
        "type=steps",
        "from=2026-01-06",
        "to=2026-01-06",
        "days=30",
        "bucket=week",
        "tz=Pacific/Kiritimati",
        "units=lb",
        "width=400",
        "height=200",
        "theme=dark",
        "person=anna",
    ] {
        let is_of_time = ["from", "to", "days", "tz"].contains(&parameter.split('=').next().unwrap());
        let days = if is_of_time { "" } else { "&days=all" };
        let kind = if parameter.starts_with("type") { "" } else { "type=body_mass&" };
        let query = format!("{kind}{parameter}{days}");
        let query =
            if parameter.starts_with("tz") { query + "&bucket=day&from=2026-01-05&to=2026-01-08" } else { query };
        let answer = api.ask(&all, &format!("/chart.svg?{query}"), &[]);
        assert_eq!(answer.status, 200, "{parameter}");
        assert_ne!(String::from_utf8(answer.body).unwrap(), plain, "{parameter}");
    }
    assert!(chart(&api, "type=steps&width=390&height=240").contains("viewBox=\"0 0 390 240\""));
}

/// Without bounds a chart shows how it goes now, not one bar for each of ten years.
#[test]
fn a_chart_without_bounds_shows_the_last_days() {
    let api = Api::start();
    for (bucket, days) in
        [("", 30), ("&bucket=day", 30), ("&bucket=hour", 2), ("&bucket=week", 182), ("&bucket=month", 365)]
    {
        let query = format!("type=steps{bucket}");
        assert_eq!(chart(&api, &query), chart(&api, &format!("{query}&days={days}")), "{bucket}");
    }
    let all = chart(&api, "type=steps&days=all&bucket=month");
    assert!(words(&all).contains("Jan 2026"), "{all}");
    assert!(words(&chart(&api, "type=steps&bucket=month&to=2026-02-01")).contains("Jan 2026"), "a bound is enough");
    assert!(words(&chart(&api, "type=steps&bucket=year")).contains("2026"));
}

#[test]
fn wrong_parameters_of_a_chart_are_named() {
    let api = Api::start();
    for (query, parameter, part) in [
        ("", "type", "names of types"),
        ("type=steps,heart_rate", "type", "one name"),
        ("type=nothing", "type", "/api/v1/types"),
        ("type=steps&width=100", "width", "160"),
        ("type=steps&height=9999", "height", "1440"),
        ("type=steps&theme=blue", "theme", "light"),
        ("type=steps&days=0", "days", "from 1"),
        ("type=steps&days=7&from=2026-01-01", "days", "left out"),
        ("type=steps&days=all&to=2026-01-01", "days", "left out"),
        ("type=steps&bucket=minute", "bucket", "week"),
        ("type=sleep&bucket=hour", "bucket", "for sleep"),
        ("type=sleep&units=h", "units", "left out"),
        ("type=steps&units=kg", "units", "converted"),
        ("type=steps&limit=1", "limit", "no such parameter"),
        ("type=steps&script=1", "script", "no such parameter"),
    ] {
        let answer = api.ask(&api.token, &format!("/chart.svg?{query}"), &[]);
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/problem+json")), "{query}");
        assert_eq!(answer.field("parameter"), Value::from(parameter), "{query}");
        assert!(answer.field("detail").as_str().unwrap().contains(part), "{query}: {}", answer.field("detail"));
    }
}

#[test]
fn a_picture_loads_and_runs_nothing() {
    let api = Api::start();
    let answer = api.ask(&api.token, "/chart.svg?type=steps", &[("Accept", "image/avif,image/svg+xml,*/*;q=0.8")]);
    assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; style-src 'unsafe-inline'"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    let svg = String::from_utf8(answer.body.clone()).unwrap();
    for part in ["<script", "href", "url(", "onload", "<image", "<foreignObject"] {
        assert!(!svg.contains(part), "{part}: {svg}");
    }
    let tag = answer.header("etag").unwrap();
    let known = api.ask(&api.token, "/chart.svg?type=steps", &[("If-None-Match", tag)]);
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("content-security-policy"), None, "a browser keeps that of the picture it has");
}

#[test]
fn names_of_payloads_are_no_markup_in_pictures() {
    let api = Api::start();
    let kind = "HKQuantityTypeIdentifier</title><script>alert(1)</script>";
    let body = serde_json::json!({"data": {kind: [{
        "uuid": "10000000-0000-4000-8000-0000000000ff", "value": 5, "unit": "<b>&'\"",
        "startDate": "2026-01-05T08:00:00.000Z", "endDate": "2026-01-05T08:00:00.000Z",
    }]}});
    let send = api.add_token("me", healthsink::store::TokenScope::Send, false);
    let bearer = format!("Bearer {send}");
    let sent = api.server.connect().post(&[("Authorization", &bearer)], body.to_string().as_bytes());
    assert_eq!(sent.status, 200);
    let name = kind.replace('<', "%3C").replace('>', "%3E").replace('/', "%2F");
    let svg = chart(&api, &format!("type={name}&days=all"));
    assert!(svg.contains("&lt;script&gt;alert(1)&lt;/script&gt;</title>"), "{svg}");
    assert!(!svg.contains("<script") && !svg.contains("<b>"), "{svg}");
}
