//! Each answer of a target: what is sent again, what costs only itself, what stops the follower.

use std::net::TcpListener;

use healthsink_testkit::influx::MISSING;
use serde_json::{Value, json};

use super::Followed;
use crate::program::run;

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_busy_target_is_tried_again() {
    let followed = Followed::generated(50_000);
    followed.server.order(503, Some(1));
    followed.server.order(429, None);
    followed.sync();
    followed.check();
    let answered = followed.server.take_answered();
    assert_eq!(answered[..3], [503, 429, 204], "{answered:?}");
    let status = followed.status();
    let follower = &status["followers"][0];
    assert_eq!(follower["name"], "influx", "{status}");
    assert_eq!((&follower["behind"], &follower["fault"]), (&0.into(), &serde_json::Value::Null), "{status}");
    assert!(follower["lastSuccess"].is_string() && follower["sent"].as_u64().unwrap() > 100, "{status}");
}

#[test]
fn a_wrong_token_stops_it_with_a_message() {
    for (status, part) in [(401, "does not know the token"), (403, "does not allow"), (404, "create it")] {
        let followed = Followed::generated(20_000);
        followed.server.order_words(status, None, MISSING);
        let output = followed.follow();
        let said = stderr(&output);
        assert!(output.status.code() == Some(2) && said.contains(part), "{status}: {output:?}");
        assert!(!said.contains("token-of-tests"), "{said}");
        assert_eq!(followed.server.take_answered(), [status], "it is not tried again");
        let shown = followed.status();
        assert_eq!(shown["followers"][0]["fault"]["isStopped"], true, "{shown}");
        let text = run(&["status", "--db", followed.database.to_str().unwrap()]);
        assert!(String::from_utf8_lossy(&text.stdout).contains(part), "{text:?}");
        // With the right one it goes on.
        followed.sync();
        followed.check();
    }
}

#[test]
fn a_bad_line_costs_only_itself() {
    let followed = Followed::generated(100_000);
    followed.sync();
    let points = followed.server.points("heart_rate");
    let victim = points[points.len() / 2].text("uuid").to_owned();
    let all = followed.server.all().len();
    for is_conflict in [false, true] {
        let followed = Followed::generated(100_000);
        if is_conflict {
            followed.server.set_conflicting(&victim);
        } else {
            followed.server.set_unreadable(&victim);
        }
        followed.sync();
        assert_eq!(followed.server.all().len(), all - 1);
        assert_eq!(followed.status()["followers"][0]["rejected"], 1);
        followed.server.take_answered();
        followed.sync();
        assert_eq!(followed.server.take_answered(), Vec::<u16>::new(), "it is not tried again");
    }
}

#[test]
fn a_large_request_is_halved() {
    let followed = Followed::generated(200_000);
    followed.server.set_body_max(3_000);
    followed.sync();
    followed.check();
    let answered = followed.server.take_answered();
    let refused = answered.iter().filter(|status| **status == 413).count();
    // The smaller size stays.
    assert!((1..12).contains(&refused), "{answered:?}");
}

#[test]
fn a_target_that_is_down_is_late_and_nothing_else() {
    let followed = Followed::generated(20_000);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let mut arguments = super::arguments(&followed.database, &url, &followed.folder.path().join("token"));
    arguments.extend(["--once", "--name", "down"].map(str::to_owned));
    let output = run(&arguments);
    assert!(output.status.code() == Some(1) && stderr(&output).contains("cannot reach"), "{output:?}");
    let shown = followed.status();
    let follower = &shown["followers"][0];
    assert_eq!((&follower["name"], &follower["fault"]["isStopped"]), (&"down".into(), &false.into()), "{shown}");
    assert!(follower["behind"].as_i64().unwrap() > 0, "{shown}");
}

#[test]
fn what_does_not_fit_together_is_said() {
    let followed = Followed::new();
    let url = followed.server.url();
    let database = followed.database.to_str().unwrap();
    for (words, part) in [
        (&[][..], "name a target"),
        (&["--influx-url", &url][..], "--influx-org"),
        (&["--influx-url", &url, "--influx-database", "a", "--influx-org", "b"][..], "--influx-database"),
        (&["--influx-url", &url, "--influx-database", "a", "--influx-user", "b"][..], "belong together"),
        (&["--influx-url", "influx:8086", "--influx-database", "a"][..], "write a URL"),
        (&["--influx-url", "http://user:pa55word@a", "--influx-database", "a"][..], "a URL with a password"),
        (&["--webhook", "http://user:pa55word@a"][..], "a URL with a password"),
        (&["--influx-url", &url, "--influx-database", "a", "--name", "A/b"][..], "small letters"),
    ] {
        let output = run(&[&["follow", "--once", "--db", database], words].concat());
        assert!(output.status.code() == Some(2) && stderr(&output).contains(part), "{words:?}: {output:?}");
        assert!(!stderr(&output).contains("pa55word"), "{output:?}");
    }
}

#[test]
fn two_targets_are_one_too_many_and_no_follower_has_stopped() {
    let followed = Followed::generated(20_000);
    followed.sync();
    let before = followed.status()["followers"].clone();
    assert_eq!(before[0]["name"], "influx");
    let (url, database) = (followed.server.url(), followed.database.to_str().unwrap());
    let good = ["follow", "--once", "--db", database, "--influx-url", &url, "--influx-database", "a"];
    for (words, part) in [
        (&[&good[..], &["--webhook", "http://127.0.0.1:1/", "--name", "influx"]].concat()[..], "name only one"),
        (&["follow", "--once", "--db", database, "--name", "influx"][..], "name a target"),
    ] {
        let output = run(words);
        assert!(output.status.code() == Some(2) && stderr(&output).contains(part), "{words:?}: {output:?}");
        let after = followed.status()["followers"].clone();
        assert_eq!((&after[0]["fault"], after.as_array().map(Vec::len)), (&before[0]["fault"], Some(1)), "{after}");
    }
}

#[test]
fn what_is_no_influxdb_takes_nothing_and_stops_it() {
    let followed = Followed::generated(20_000);
    for status in [200, 202, 400, 422] {
        followed.server.order(status, None);
        let output = followed.follow();
        assert!(output.status.code() == Some(2) && stderr(&output).contains("ordered"), "{status}: {output:?}");
        assert_eq!(followed.server.take_answered(), [status]);
    }
    // Each line is too large for it, or no line can be read.
    followed.server.set_body_max(1);
    let output = followed.follow();
    assert!(output.status.code() == Some(2) && stderr(&output).contains("a single short line"), "{output:?}");
    followed.server.set_body_max(1 << 30);
    followed.server.set_unreadable("person=");
    let output = followed.follow();
    assert!(output.status.code() == Some(2) && stderr(&output).contains("takes none of"), "{output:?}");
    let answered = followed.server.take_answered();
    assert!(answered.len() < 100, "{}", answered.len());
    assert_eq!(followed.status()["followers"][0]["rejected"], 0);
    // Nothing was left out.
    followed.server.set_unreadable("\n");
    followed.sync();
    followed.check();
}

/// A sample of steps.
fn sample(number: u32) -> Value {
    let at = format!("2026-01-{number:02}T08:00:00.000Z");
    json!({"HKQuantityTypeIdentifierStepCount": [{
        "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": at, "endDate": at, "value": number, "unit": "count",
    }]})
}

#[test]
fn a_single_bad_line_is_left_out_only_where_others_are_taken() {
    let followed = Followed::new();
    followed.import(&sample(1));
    // It has taken nothing yet.
    followed.server.set_unreadable("steps,");
    let output = followed.follow();
    assert!(output.status.code() == Some(2) && stderr(&output).contains("takes none of 1 line;"), "{output:?}");
    assert_eq!(followed.status()["followers"][0]["rejected"], 0);
    followed.server.set_unreadable("\n");
    followed.sync();
    followed.check();
    // It takes all but this one.
    followed.server.set_unreadable("000000000002");
    followed.import(&sample(2));
    followed.sync();
    assert_eq!(followed.status()["followers"][0]["rejected"], 1);
    assert_eq!((followed.server.points("steps").len(), followed.server.points("steps_daily").len()), (1, 2));
    // One that it has taken in this run is sent again, to see whether it takes any.
    let both = |number: u32| {
        let mut data = sample(number);
        data["HKQuantityTypeIdentifierFlightsClimbed"] = data["HKQuantityTypeIdentifierStepCount"].clone();
        data["HKQuantityTypeIdentifierFlightsClimbed"][0]["uuid"] =
            json!(format!("20000000-0000-4000-8000-{number:012}"));
        data
    };
    followed.import(&both(10));
    followed.server.set_unreadable("10000000-0000-4000-8000-000000000010");
    followed.sync();
    assert_eq!(followed.status()["followers"][0]["rejected"], 2);
    followed.import(&both(20));
    followed.server.set_refusing_from(1);
    let output = followed.follow();
    assert!(output.status.code() == Some(2) && stderr(&output).contains("takes none of"), "{output:?}");
    assert_eq!(followed.status()["followers"][0]["rejected"], 2);
    followed.server.set_unreadable("\n");
    followed.sync();
    let found = ["steps", "steps_daily", "flights_climbed"].map(|name| followed.server.points(name).len());
    assert_eq!(found, [2, 4, 2]);
}

#[test]
fn a_proxy_that_finds_nothing_yet_is_waited_for() {
    const PAGE: &str = "<html>404 page not found</html>";
    let followed = Followed::generated(20_000);
    followed.server.order_words(404, None, PAGE);
    followed.sync();
    followed.check();
    assert_eq!(followed.server.take_answered()[..2], [404, 204]);
    // A deletion is not taken for done.
    let database = followed.database.to_str().unwrap();
    let forget = |kind: &str| {
        let output = run(&["forget", "--yes", "--db", database, "--person", "me", "--type", kind]);
        assert!(output.status.success(), "{output:?}");
    };
    forget("steps");
    // The deletion, and whether anybody is there.
    followed.server.order_words(404, None, PAGE);
    followed.server.order_words(404, None, PAGE);
    followed.sync();
    followed.check();
    assert_eq!(followed.status()["followers"][0]["undeleted"], 0);
    // A server that is there and has no path for deletions never will have one.
    followed.server.forget_deletions();
    forget("heart_rate");
    let output = followed.follow();
    assert!(output.status.success() && stderr(&output).contains("does not delete"), "{output:?}");
    assert!(followed.status()["followers"][0]["undeleted"].as_u64().unwrap() > 0);
}
