//! Both forms of the same samples, brought to one form.

use healthsink_testdata::{Twin, day_ms};

use crate::json::{self, Value};
use crate::xml;

/// Type, source, start and end in seconds, value.
type Key = (String, String, i64, i64, String);

/// `2016-02-29T23:59:59.999Z` or `2016-02-29 17:59:59 -0600`, cut to the second.
fn seconds(date: &str) -> i64 {
    let number = |from: usize, to: usize| date[from..to].parse::<i64>().expect(date);
    let day = day_ms(&date[..10]).expect(date) / 1000;
    let local = day + number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19);
    if date.ends_with('Z') {
        return local;
    }
    let offset = number(21, 23) * 3600 + number(23, 25) * 60;
    if &date[20..21] == "-" { local + offset } else { local - offset }
}

fn of_payload(twin: &Twin) -> Vec<Key> {
    let mut body = Vec::new();
    let written = twin.write_payload(&mut body).expect("a vector does not fail");
    assert_eq!(written.samples, twin.samples);
    let mut keys = Vec::new();
    for (kind, samples) in json::parse(&String::from_utf8(body).expect("UTF-8")).get("data").members() {
        for sample in samples.elements() {
            let Value::Number(value) = sample.get("value") else {
                panic!("{sample:?}");
            };
            let source = sample.get("sourceRevision").get("source").get("name");
            keys.push((
                kind.clone(),
                source.text().to_owned(),
                seconds(sample.get("startDate").text()),
                seconds(sample.get("endDate").text()),
                value.clone(),
            ));
        }
    }
    keys.sort();
    keys
}

fn of_export(twin: &Twin) -> Vec<Key> {
    let mut body = Vec::new();
    let exported = twin.write_export(&mut body).expect("a vector does not fail");
    assert_eq!(exported.records, twin.samples);
    let root = xml::parse(&String::from_utf8(body).expect("UTF-8"));
    let mut keys = Vec::new();
    for record in root.children.iter().filter(|child| child.name == "Record") {
        let get = |key| record.get(key).expect(key);
        keys.push((
            get("type").to_owned(),
            get("sourceName").to_owned(),
            seconds(get("startDate")),
            seconds(get("endDate")),
            value(record.get("value").unwrap_or("HKCategoryValueNotApplicable")),
        ));
    }
    keys.sort();
    keys
}

/// Names as HealthKit's headers number them.
fn value(text: &str) -> String {
    let number = match text.strip_prefix("HKCategoryValue") {
        None => text,
        Some("NotApplicable" | "AppleStandHourStood" | "SleepAnalysisInBed" | "SeverityUnspecified") => "0",
        Some("AppleStandHourIdle" | "SleepAnalysisAsleepUnspecified" | "SeverityNotPresent") => "1",
        Some("SleepAnalysisAwake" | "SeverityMild") => "2",
        Some("SleepAnalysisAsleepCore" | "SeverityModerate") => "3",
        Some("SleepAnalysisAsleepDeep" | "SeveritySevere") => "4",
        Some("SleepAnalysisAsleepREM") => "5",
        Some(other) => panic!("unknown name {other}"),
    };
    number.to_owned()
}

#[test]
fn both_forms_hold_the_same_samples() {
    for (seed, samples) in [(1, 0), (2, 7), (3, 20_000)] {
        let twin = Twin { seed, samples, rounded: false };
        assert!(of_payload(&twin) == of_export(&twin), "{twin:?}");
    }
}

#[test]
fn rounding_changes_values_by_their_seventh_digit() {
    let twin = Twin { seed: 4, samples: 20_000, rounded: true };
    let [exact, rounded] = [of_payload(&twin), of_export(&twin)];
    let mut differing = 0;
    // Equal up to the value, so sorted alike but for samples that differ in nothing else.
    for (exact, rounded) in exact.iter().zip(&rounded) {
        assert_eq!((&exact.0, &exact.1, exact.2, exact.3), (&rounded.0, &rounded.1, rounded.2, rounded.3));
        let [one, other] = [exact, rounded].map(|key| key.4.parse::<f64>().expect("a number"));
        assert!((one - other).abs() <= one.abs() * 5.1e-6, "{exact:?} {rounded:?}");
        differing += usize::from(exact.4 != rounded.4);
    }
    assert!(differing > 5_000);
}
