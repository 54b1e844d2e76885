//! The pages without a script: their figures are those of the API, their links lead somewhere, their texts are no markup.

use std::collections::{BTreeSet, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use healthsink::store::{Database, NewToken, TokenDigest, TokenScope};
use healthsink_testkit::http::Response;
use healthsink_testkit::server::Server;
use healthsink_testkit::wait::wait_until;
use serde_json::{Value, json};

use crate::reading::fixture;

/// A server, and a token that reads everyone's data.
struct Pages {
    server: Server,
    token: String,
}

impl Pages {
    /// The days of the fixture.
    fn start() -> Self {
        let server = Server::with(|config| {
            let (_folder, made) = fixture::database();
            std::fs::copy(made, &config.db).unwrap();
        });
        let token = add_token(&server, "me", TokenScope::Read, true, 'r');
        Self { server, token }
    }

    fn ask(&self, path: &str, token: Option<&str>, headers: &[(&str, &str)]) -> Response {
        let mut client = self.server.connect();
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut all = headers.to_vec();
        all.push(("Connection", "close"));
        if let Some(bearer) = &bearer {
            all.push(("Authorization", bearer));
        }
        client.head("GET", path, &all);
        client.receive()
    }

    fn page(&self, path: &str) -> String {
        let answer = self.ask(path, Some(&self.token), &[]);
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{path}: {text}"
        );
        text
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.ask(path, Some(&self.token), &[]);
        assert_eq!(answer.status, 200, "{path}");
        answer.json()
    }
}

fn add_token(server: &Server, person: &str, scope: TokenScope, is_of_all: bool, letter: char) -> String {
    let token = format!("hs_{}", letter.to_string().repeat(32));
    let digest = &TokenDigest::of(token.as_bytes());
    let new = NewToken {
        digest,
        person,
        label: None,
        scope,
        is_of_all,
        created_ms: 0,
        expires_ms: None,
        quota: Default::default(),
    };
    Database::new(server.database()).add_token(&new).unwrap();
    token
}

const RUN: &str = "/plain/workouts/30000000-0000-4000-8000-000000000001";

const PATHS: [&str; 12] = [
    "/plain",
    "/plain?type=steps&range=month&date=2026-01-06",
    "/plain?type=heart_rate&range=day&date=2026-01-05",
    "/plain?type=walking_running_distance&range=all",
    "/plain/sleep",
    "/plain/sleep?range=month&date=2026-01-06",
    "/plain/sleep?range=day&date=2026-01-06",
    "/plain/sleep?range=all",
    "/plain/workouts?range=month&date=2026-01-06",
    "/plain/workouts?range=all",
    RUN,
    "/plain/data",
];

/// The addresses of a page's links, as the page has them.
fn links(html: &str) -> Vec<String> {
    let links = html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    links.filter(|link| !link.starts_with(['#']) && !link.starts_with("data:")).collect()
}

/// Where a relative address leads from a page.
fn resolved(from: &str, link: &str) -> String {
    let folder: Vec<&str> = from.split('?').next().unwrap().split('/').collect();
    let mut names: Vec<&str> = folder[..folder.len() - 1].to_vec();
    let mut rest = link;
    while let Some(up) = rest.strip_prefix("../") {
        names.pop();
        rest = up;
    }
    format!("{}/{rest}", names.join("/"))
}

#[test]
fn every_link_of_every_page_leads_to_a_page() {
    let pages = Pages::start();
    let (mut seen, mut waiting): (BTreeSet<String>, VecDeque<String>) =
        (BTreeSet::new(), PATHS.map(str::to_owned).into());
    while let Some(path) = waiting.pop_front() {
        // Periods go on for ever: a few of them are enough.
        if seen.len() > 150 || !seen.insert(path.clone()) {
            continue;
        }
        if path == "/plain.css" {
            assert_eq!(pages.ask(&path, None, &[]).status, 200);
            continue;
        }
        let html = pages.page(&path);
        check_page(&html, &path);
        waiting.extend(links(&html).iter().map(|link| resolved(&path, link)));
    }
    assert!(seen.contains("/plain.css") && seen.contains(RUN) && seen.len() > 60, "{seen:#?}");
}

/// What holds for every page: no script, one heading, tables with captions, an end.
fn check_page(html: &str, path: &str) {
    for part in ["<script", " style=", "onload", "javascript:", "=\"/", "=\"http", "NaN", "undefined"] {
        assert!(!html.contains(part), "{path}: {part}: {html}");
    }
    assert_eq!((html.matches("<h1>").count(), html.ends_with("</html>")), (1, true), "{path}");
    assert_eq!(html.matches("<table>").count(), html.matches("<caption>").count(), "{path}");
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count(), "{path}");
    for name in ["main", "table", "section", "div", "ul", "li", "tr", "td", "p", "a", "nav", "form"] {
        let (open, close) = (format!("<{name}"), format!("</{name}>"));
        let opened =
            html.match_indices(&open).filter(|(at, _)| html[at + open.len()..].starts_with(['>', ' '])).count();
        assert_eq!(opened, html.matches(&close).count(), "{path}: {name}");
    }
}

#[test]
fn figures_are_those_of_the_api() {
    let pages = Pages::start();
    let days = pages.json("/api/v1/days?type=steps&from=2026-01-01&to=2026-02-01");
    let html = pages.page("/plain?type=steps&range=month&date=2026-01-20");
    for (day, name, shown) in [(0, "5 Jan 2026", "7,000"), (1, "6 Jan 2026", "2,000")] {
        assert_eq!(days["days"][day]["value"], json!(shown.replace(',', "").parse::<u64>().unwrap()));
        assert!(html.contains(&format!("<th scope=\"row\">{name}</th><td class=\"number\">{shown}</td>")), "{html}");
    }
    assert!(html.contains("Sum: <strong>9,000</strong>") && html.contains("December 2025: no data"), "{html}");
    assert!(html.contains("Their sum is 9,000."), "the chart has the same figures: {html}");
    let distance = pages.json("/api/v1/days?type=walking_running_distance&units=km&from=2026-01-05&to=2026-01-06");
    assert_eq!(distance["days"][0]["value"], json!(5.5));
    let html = pages.page("/plain?type=walking_running_distance&range=week&date=2026-01-05");
    assert!(html.contains("<th scope=\"row\">5 Jan 2026</th><td class=\"number\">5.5</td>"), "{html}");
    let html = pages.page("/plain?type=spo2&range=week&date=2026-01-05");
    assert!(html.contains("<td class=\"number\">97</td>") && html.contains("Value in %"), "shares are percent: {html}");
    let night = pages.json("/api/v1/nights/2026-01-06");
    assert_eq!([&night["asleep_min"], &night["deep_min"]], [&json!(420), &json!(90)]);
    let html = pages.page("/plain/sleep?range=day&date=2026-01-06");
    for part in [
        "<dt>Asleep</dt><dd>7 h 00 min</dd>",
        "<dt>Deep</dt><dd>1 h 30 min</dd>",
        "Deep: 90 min.",
        "Tuesday, 6 January 2026",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let html = pages.page("/plain/workouts?range=month&date=2026-01-06");
    for part in
        ["2 workouts.", ">Running</td><td class=\"number\">30 min</td><td class=\"number\">5 km</td>", "320 kcal"]
    {
        assert!(html.contains(part), "{part}: {html}");
    }
    let workout = pages.json(&RUN.replace("/plain", "/api/v1"));
    let html = pages.page(RUN);
    assert_eq!(workout["heart_rate"].as_array().unwrap().len(), 4);
    assert!(
        html.contains("<h1>Running</h1>") && html.contains("averages in bpm. 4 whole moments with data."),
        "{html}"
    );
    let html = pages.page("/plain/data");
    let status = pages.json("/api/v1/status");
    assert!(html.contains(&format!("<dt>Types</dt><dd>{}</dd>", status["types"])), "{html}");
    let html = pages.page("/plain");
    assert!(
        html.contains("<caption><h2>All types</h2></caption>") && html.contains(">Heart rate variability</a>"),
        "{html}"
    );
}

/// Three figures of a long period: two days of January and one of February, of which a mean of months would be another.
#[test]
fn means_weigh_days_and_last_values_are_those_of_days() {
    let pages = Pages::start();
    let html = pages.page("/plain?type=body_fat_percentage&range=year&date=2026-01-20");
    assert!(html.contains("Mean: <strong>20.4 %</strong>"), "{html}");
    let html = pages.page("/plain?type=resting_heart_rate&range=year&date=2026-01-20");
    assert!(html.contains("Mean: <strong>54 bpm</strong>"), "not 53.5, the mean of the months: {html}");
    let html = pages.page("/plain");
    let row = |name: &str| {
        let row = html.split(&format!(">{name}</a></th>")).nth(1).unwrap_or_else(|| panic!("{name}: {html}"));
        row.split("</td>").next().unwrap().rsplit('>').next().unwrap().to_owned()
    };
    assert_eq!([row("Height"), row("Walking running distance")], ["1.72 m", "1 km"]);
    assert_eq!(row("Sleep"), "7 h 00 min", "the last night, and not the number of a stage");
    assert_eq!(row("Steps"), "2,000", "the last sample has 6,000, of a phone that the watch outranks");
}

#[test]
fn who_guesses_tokens_has_to_wait() {
    let pages = Pages::start();
    let answer =
        (0..20).map(|_| pages.ask("/plain", Some("hs_wrong"), &[])).find(|answer| answer.status != 401).unwrap();
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    let html = String::from_utf8(answer.body.clone()).unwrap();
    assert_eq!((answer.status, wait > 0), (429, true));
    assert!(html.contains(&format!("Try again in {wait} s.")) && !html.contains("does not read"), "{html}");
    let database = rusqlite::Connection::open(pages.server.database()).unwrap();
    database.execute_batch("ALTER TABLE tokens RENAME TO tokens_elsewhere").unwrap();
    let answer = pages.ask("/plain", Some(&pages.token), &[]);
    let html = String::from_utf8(answer.body).unwrap();
    assert!(answer.status == 500 && html.contains("could not look the token up"), "{}: {html}", answer.status);
}

#[test]
fn strangers_see_how_to_sign_in_and_no_data() {
    let pages = Pages::start();
    for path in PATHS {
        let answer = pages.ask(path, None, &[]);
        let expected = if path.starts_with("/plain/") { 401 } else { 200 };
        assert_eq!((answer.status, answer.header("cache-control")), (expected, Some("no-store")), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'self';") && policy.contains("form-action 'self'"),
            "{policy}"
        );
        let html = String::from_utf8(answer.body).unwrap();
        check_page(&html, path);
        assert!(html.contains("action=\"") && html.contains("name=\"token\"") && html.contains("<label"), "{html}");
        let action = html.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(resolved(path, action), "/session", "{path}");
        for secret in ["7,000", "Aspirin", "Watch", "Running"] {
            assert!(!html.contains(secret), "{path}: {secret}");
        }
    }
    let send = add_token(&pages.server, "me", TokenScope::Send, false, 's');
    let answer = pages.ask("/plain", Some(&send), &[]);
    let html = String::from_utf8(answer.body).unwrap();
    assert!(answer.status == 403 && html.contains("role=\"alert\"") && !html.contains("7,000"), "{html}");
}

/// As a browser without a script does it: the form, the page, the links, the button.
#[test]
fn a_browser_without_a_script_signs_in_and_out() {
    let pages = Pages::start();
    let post = |path: &str, headers: &[(&str, &str)], body: &str| {
        let mut client = pages.server.connect();
        let host = pages.server.address;
        let mut head =
            format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\n");
        head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        client.send(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        client.receive()
    };
    let wrong = post("/session", &[], "token=hs_wrong");
    let back = resolved("/session", wrong.header("location").unwrap().trim_start_matches("./"));
    let answer = pages.ask(&back, None, &[]);
    assert!(String::from_utf8(answer.body).unwrap().contains("role=\"alert\">This token does not sign in"), "{back}");
    let begun = post("/session", &[], &format!("token={}", pages.token));
    assert_eq!((begun.status, begun.header("location")), (303, Some("./plain")));
    let cookie = begun.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    for path in PATHS {
        let answer = pages.ask(path, None, &[("Cookie", &cookie)]);
        let html = String::from_utf8(answer.body).unwrap();
        assert!(answer.status == 200 && html.contains("session/end\""), "{path}: {html}");
    }
    let picture = pages.ask("/chart.svg?type=steps", None, &[("Cookie", &cookie)]);
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/svg+xml")));
    let ended = post("/session/end", &[("Cookie", &cookie)], "");
    assert_eq!((ended.status, ended.header("location")), (303, Some("../plain")));
    for (path, expected) in [("/plain", 200), ("/plain/sleep", 401)] {
        let answer = pages.ask(path, None, &[("Cookie", &cookie)]);
        let html = String::from_utf8(answer.body).unwrap();
        assert!(
            answer.status == expected && html.contains("name=\"token\"") && !html.contains("session/end"),
            "{path}"
        );
    }
}

#[test]
fn each_person_sees_only_what_the_token_reads() {
    let pages = Pages::start();
    let anna = add_token(&pages.server, "anna", TokenScope::Read, false, 'a');
    for path in PATHS {
        let answer = pages.ask(path, Some(&anna), &[]);
        let expected = if path == RUN {
            404
        } else if path.contains("type=") {
            400
        } else {
            200
        };
        let html = String::from_utf8(answer.body).unwrap();
        assert!(answer.status == expected || answer.status == 200 && path != RUN, "{path}: {} {html}", answer.status);
        for secret in ["7,000", "Aspirin", "Apple Watch", ">me<"] {
            assert!(!html.contains(secret), "{path}: {secret}: {html}");
        }
        let other = format!("{path}{}person=me", if path.contains('?') { '&' } else { '?' });
        assert_eq!(pages.ask(&other, Some(&anna), &[]).status, 403, "{path}");
    }
    let html = pages.page("/plain");
    assert!(html.contains(">anna</a>") && html.contains("aria-label=\"People\""), "a menu of people: {html}");
    let of_anna = pages.page("/plain?person=anna");
    assert!(
        of_anna.contains("plain/sleep?person=anna") && !of_anna.contains("7,000"),
        "links keep the person: {of_anna}"
    );
}

#[test]
fn what_is_wrong_in_an_address_is_named() {
    let pages = Pages::start();
    for (path, status, part) in [
        ("/plain?type=nothing", 400, "/api/v1/types"),
        ("/plain?type=steps&range=century", 400, "`range`"),
        ("/plain/sleep?date=2026-02-30", 400, "`date`"),
        ("/plain/workouts/x", 404, "identity"),
        ("/plain/workouts/30000000-0000-4000-8000-0000000000aa", 404, "Back to today"),
        ("/plain?person=%3Cb%3E", 400, "person"),
    ] {
        let answer = pages.ask(path, Some(&pages.token), &[]);
        let html = String::from_utf8(answer.body).unwrap();
        assert!(answer.status == status && html.contains(part), "{path}: {} {html}", answer.status);
        check_page(&html, path);
    }
    assert_eq!(pages.ask("/plain?utm_source=mail", Some(&pages.token), &[]).status, 200, "of no matter");
}

#[test]
fn the_style_is_a_file_with_a_tag() {
    let pages = Pages::start();
    let answer = pages.ask("/plain.css", None, &[]);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/css; charset=utf-8")));
    let style = String::from_utf8(answer.body.clone()).unwrap();
    assert!(
        style.contains("prefers-color-scheme:dark") && style.contains(".c-deep{") && !style.contains("url("),
        "{style}"
    );
    let narrow = style.split("@media (max-width:560px){th,").nth(1).unwrap().split("}}").next().unwrap();
    assert!(
        narrow.contains("tbody th:not(.when){max-width:9rem;overflow:hidden"),
        "long names leave room for values, and times are whole: {narrow}"
    );
    let tag = answer.header("etag").unwrap();
    assert_eq!(pages.ask("/plain.css", None, &[("If-None-Match", tag)]).status, 304);
}

/// Every text of a payload that a page shows, each with markup in it.
#[test]
fn texts_of_payloads_are_no_markup_in_pages() {
    const EVIL: &str = "\"'><script>alert(1)</script>&lt;";
    let pages = Pages { server: Server::with_figures(|_| {}), token: String::new() };
    let token = add_token(&pages.server, "me", TokenScope::Admin, true, 'e');
    let pages = Pages { token: token.clone(), ..pages };
    let person = add_token(&pages.server, "<script>alert(2)</script>", TokenScope::Read, false, 'p');
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let [start, end] = [20, 10].map(|minutes| healthsink::model::time::to_iso(now_ms - minutes * 60_000));
    let source = json!({"source": {"name": EVIL, "bundleIdentifier": EVIL}, "productType": EVIL});
    let sample = |number: u32, value: Value, unit: &str| {
        json!([{
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "value": value, "unit": unit, "startDate": start, "endDate": end,
            "sourceRevision": source,
        }])
    };
    let body = json!({"syncSource": EVIL, "data": {
        "HKQuantityTypeIdentifierStepCount": sample(1, json!(7), "count"),
        format!("HKQuantityTypeIdentifier{EVIL}"): sample(2, json!(7), EVIL),
        "HKCategoryTypeIdentifierSleepAnalysis": sample(3, json!(3), EVIL),
        "HKQuantityTypeIdentifierBodyMass": [{"uuid": EVIL, "value": EVIL, "startDate": EVIL}],
        "workouts": [{"uuid": "30000000-0000-4000-8000-000000000001", "workoutActivityType": 37, "startDate": start, "endDate": end,
            "durationSeconds": 600, "totalDistance": 5, "totalDistanceUnit": EVIL, "sourceRevision": source}],
        "medicationDoseEvents": [{"uuid": "50000000-0000-4000-8000-000000000001", "medicationName": EVIL, "medicationNickname": EVIL,
            "scheduleType": 2, "logStatus": 4, "doseQuantity": 1, "unit": EVIL, "startDate": start, "scheduledDate": start}],
    }});
    let bearer = format!("Bearer {token}");
    let sent = pages.server.connect().post(&[("Authorization", &bearer)], body.to_string().as_bytes());
    assert_eq!(sent.status, 200);
    let mut shown = String::new();
    let (mut seen, mut waiting) =
        (BTreeSet::new(), vec!["/plain".to_owned(), "/plain/data".to_owned(), RUN.to_owned()]);
    while let Some(path) = waiting.pop() {
        let is_new = seen.len() < 40 && !path.contains("date=") && path != "/plain.css" && seen.insert(path.clone());
        if !is_new {
            continue;
        }
        let html = pages.page(&path);
        check_page(&html, &path);
        waiting.extend(links(&html).iter().map(|link| resolved(&path, link)));
        shown.push_str(&html);
    }
    let escaped = "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt;";
    assert!(shown.matches(escaped).count() > 8, "they are shown: {}", shown.matches(escaped).count());
    assert!(shown.contains("&lt;script&gt;alert(2)&lt;/script&gt;"), "so is the name of a person");
    assert_eq!(pages.ask("/plain", Some(&person), &[]).status, 200);
}

/// Sends so many workouts, one every minute from the first of May 2025 on.
fn send_workouts(pages: &Pages, count: usize, source: &str) {
    let send = add_token(&pages.server, "me", TokenScope::Send, false, 's');
    let workout = |number: usize| {
        let (day, hour, minute) = (1 + number / 400, number % 400 / 60, number % 60);
        let start = format!("2025-05-{day:02}T{hour:02}:{minute:02}:{:02}.000Z", number % 400 / 360);
        json!({
            "uuid": format!("31000000-0000-4000-8000-{number:012}"), "workoutActivityType": 52, "startDate": start, "endDate": start,
            "durationSeconds": 60, "sourceRevision": {"source": {"name": source}},
        })
    };
    let workouts: Vec<Value> = (0..count).map(workout).collect();
    let bearer = format!("Bearer {send}");
    let body = json!({"data": {"workouts": workouts}}).to_string();
    assert_eq!(pages.server.connect().post(&[("Authorization", &bearer)], body.as_bytes()).status, 200);
}

/// The answer of the API has several pages then, which are one list here.
#[test]
fn a_long_list_is_whole() {
    let pages = Pages::start();
    send_workouts(&pages, 500, &"W".repeat(100));
    let html = pages.page("/plain/workouts?range=month&date=2025-05-15");
    assert_eq!(html.matches("plain/workouts/31000000").count(), 500);
    assert!(html.contains("500 workouts."), "{}", &html[..2000]);
}

/// The newest whole days are shown: 1,300 workouts are on four days, 400 on each but the last.
#[test]
fn of_a_longer_list_the_newest_are_shown() {
    let pages = Pages { server: Server::with_figures(|_| {}), token: String::new() };
    let token = add_token(&pages.server, "me", TokenScope::Read, true, 'r');
    let pages = Pages { token, ..pages };
    send_workouts(&pages, 1300, "Watch");
    pages.json("/api/v1/workouts/days");
    let html = pages.page("/plain/workouts?range=month&date=2025-05-15");
    assert_eq!(html.matches("plain/workouts/31000000").count(), 900, "{}", &html[..2000]);
    assert!(html.contains("900 workouts. 400 earlier ones are left out:"), "{}", &html[..2000]);
    assert!(html.contains("31000000-0000-4000-8000-000000001299") && !html.contains("-000000000399"));
    let link = html.split("left out: <a href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    assert_eq!(resolved("/plain/workouts", &link), "/plain/workouts?range=day&date=2025-05-01");
    assert!(pages.page("/plain/workouts?range=day&date=2025-05-01").contains("-000000000399"));
}

#[test]
fn a_form_of_another_site_gets_a_page() {
    let pages = Pages::start();
    for (path, back) in [("/session", "plain"), ("/session/end", "../plain")] {
        let mut client = pages.server.connect();
        let body = "token=hs_wrong";
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nConnection: close\r\n");
        let kind = "Content-Type: application/x-www-form-urlencoded";
        client.send(format!("{head}{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
        let answer = client.receive();
        let html = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (403, Some("text/html; charset=utf-8")), "{html}");
        assert_eq!((answer.header("cache-control"), answer.header("set-cookie")), (Some("no-store"), None));
        check_page(&html, path);
        assert!(html.contains("<h1>This was refused</h1>") && html.contains(&format!("href=\"{back}\"")), "{html}");
    }
}

/// A period that cuts its last week says so in the table of nights also, as the one of a type does.
#[test]
fn cut_weeks_of_nights_are_marked() {
    let pages = Pages { server: Server::with_figures(|_| {}), token: String::new() };
    let token = add_token(&pages.server, "me", TokenScope::Read, true, 'r');
    let pages = Pages { token, ..pages };
    let send = add_token(&pages.server, "me", TokenScope::Send, false, 's');
    let night = |number: u32, day: u32| {
        json!({
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "value": 3,
            "startDate": format!("2026-01-{:02}T23:00:00.000Z", day - 1), "endDate": format!("2026-01-{day:02}T06:00:00.000Z"),
        })
    };
    let body = json!({"data": {"HKCategoryTypeIdentifierSleepAnalysis": [night(1, 14), night(2, 30)]}}).to_string();
    let bearer = format!("Bearer {send}");
    assert_eq!(pages.server.connect().post(&[("Authorization", &bearer)], body.as_bytes()).status, 200);
    // Each answer waits for the figures, for a second at most.
    wait_until("the figures", || (pages.json("/api/v1/nights")["stale"] == json!(false)).then_some(()));
    let html = pages.page("/plain/sleep?range=half&date=2026-01-15");
    assert!(html.contains("<th scope=\"row\">2026-01-26 (a part)</th>"), "{html}");
    assert!(html.contains("<th scope=\"row\">2026-01-12</th>"), "{html}");
}
