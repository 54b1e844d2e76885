//! Numbers of Apple's export with two readings: all numbers of the file show which is meant, wherever they are in it.

use healthsink::import::{Format, Output, read_file};
use healthsink::model::batch::{Batch, Sink};
use healthsink::model::error::Result;
use healthsink::model::limits::{WAITING_BYTES_MAX, WAITING_BYTES_USUAL};
use proptest::prelude::*;

use super::import_history::{Folder, import, query};

/// Keeps the values of all rows as text.
#[derive(Default)]
struct Values(Vec<String>);

impl Sink for Values {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        let (rows, texts) = (&batch.rows, &batch.texts);
        let text = |id| texts.get(id).to_owned();
        self.0.extend(rows.derived_samples.iter().map(|row| format!("{:?}", row.sample.value.unwrap())));
        self.0.extend(rows.rejects.iter().map(|row| text(row.reason).split_once(": ").unwrap().1.to_owned()));
        for row in &rows.workouts {
            let statistics = row.statistics.map_or(String::new(), text);
            self.0.push(format!("workout {:?} {:?} {statistics}", row.energy_kcal, row.distance));
        }
        for row in &rows.activity_summaries {
            self.0.push(format!("summary {:?} {:?}", row.exercise_min, row.other.map(text)));
        }
        self.0.extend(rows.correlations.iter().map(|row| text(row.members)));
        batch.clear();
        Ok(())
    }
}

/// The values of a file with these elements, in order, and why the file failed.
fn read(elements: &[String]) -> (Vec<String>, Option<String>) {
    let file = format!("<?xml version=\"1.0\"?><HealthData locale=\"de_DE\">\n{}</HealthData>", elements.concat());
    let (mut values, mut batch) = (Values::default(), Box::<Batch>::default());
    let mut output = Output::new(&mut batch, &mut values, None);
    let decoded = read_file(Format::AppleXml, "export.xml", file.as_bytes(), None, &mut output);
    output.finish();
    values.submit(&mut batch).unwrap();
    values.0.sort();
    (values.0, decoded.outcome.err().map(|error| error.to_string()))
}

fn record(value: &str) -> String {
    format!(
        "<Record type=\"HKQuantityTypeIdentifierStepCount\" unit=\"count\" startDate=\"2026-03-01 10:00:00 +0100\" value=\"{value}\"/>\n"
    )
}

fn workout(energy: &str, sum: &str) -> String {
    format!(
        "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" startDate=\"2026-03-01 10:00:00 +0100\" \
         totalEnergyBurned=\"{energy}\"><WorkoutStatistics type=\"HKQuantityTypeIdentifierDistanceWalkingRunning\" \
         unit=\"km\" sum=\"{sum}\"/></Workout>\n"
    )
}

fn summary(minutes: &str) -> String {
    format!("<ActivitySummary dateComponents=\"2026-03-01\" appleExerciseTime=\"{minutes}\"/>\n")
}

fn correlation(value: &str) -> String {
    let (member, start) = (record(value), "startDate=\"2026-03-01 10:00:00 +0100\"");
    format!("<Correlation type=\"HKCorrelationTypeIdentifierFood\" {start}>{member}</Correlation>\n")
}

const POINT_OR_COMMA: &str = "`value` is 1.234 or 1234, and the other numbers of the file do not show which";

#[test]
fn the_other_numbers_decide_in_any_order() {
    let check = |texts: &[&str], expected: &[&str]| {
        let mut elements: Vec<String> = texts.iter().map(|text| record(text)).collect();
        for _ in 0..elements.len() {
            elements.rotate_left(1);
            assert_eq!(
                read(&elements),
                (expected.iter().map(|text| (*text).to_owned()).collect(), None),
                "{elements:?}"
            );
        }
    };
    // Apple's form: points only.
    check(&["1.234"], &["1.234"]);
    check(&["1.234", "61", "57.992"], &["1.234", "57.992", "61.0"]);
    check(&["1.234", "72.5"], &["1.234", "72.5"]);
    check(&["1.234", "72,5"], &["1234.0", "72.5"]);
    check(&["1.234", "1.234.567"], &["1234.0", "1234567.0"]);
    check(&["1.234", "1.234,5"], &["1234.0", "1234.5"]);
    check(&["1,234", "60,5"], &["1.234", "60.5"]);
    check(&["1,234", "60.5"], &["1234.0", "60.5"]);
    check(&["1,234", "0.234"], &["0.234", "1234.0"]);
    check(&["1,234", "1,234,567"], &["1234.0", "1234567.0"]);
    check(&["1,234", "61"], &["61.0", POINT_OR_COMMA]);
    check(&["1.234", "1,234"], &[POINT_OR_COMMA, POINT_OR_COMMA]);
    check(&["1.234", "72,5", "72.5"], &["72.5", "72.5", POINT_OR_COMMA]);
    check(&["1.234", "x"], &["1.234", "`value` is not a number"]);
}

#[test]
fn numbers_of_all_elements_decide() {
    let check = |elements: [String; 2], expected: [&str; 2]| {
        let [one, other] = elements;
        for elements in [[one.clone(), other.clone()], [other, one]] {
            let (values, failure) = read(&elements);
            assert_eq!((values, failure), (expected.map(str::to_owned).to_vec(), None), "{elements:?}");
        }
    };
    let distance = |number: f64| {
        format!(
            r#"{{"HKQuantityTypeIdentifierDistanceWalkingRunning":{{"sumQuantity":{{"quantity":{number:?},"unit":"km"}}}}}}"#
        )
    };
    check(
        [record("1.234"), workout("72,5", "2")],
        ["1234.0", &format!("workout Some(72.5) Some(2.0) {}", distance(2.0))],
    );
    check(
        [record("1.234"), workout("72", "2,5")],
        ["1234.0", &format!("workout Some(72.0) Some(2.5) {}", distance(2.5))],
    );
    check(
        [record("72,5"), workout("1.234", "5.678")],
        ["72.5", &format!("workout Some(1234.0) Some(5678.0) {}", distance(5678.0))],
    );
    check(
        [record("72,5"), workout("1,234", "5,678")],
        ["72.5", &format!("workout Some(1.234) Some(5.678) {}", distance(5.678))],
    );
    check(
        [record("72.5"), workout("1.234", "5,678")],
        ["72.5", &format!("workout Some(1.234) Some(5678.0) {}", distance(5678.0))],
    );
    check([record("1.234"), summary("72,5")], ["1234.0", "summary Some(72.5) None"]);
    check([record("72,5"), summary("1.234")], ["72.5", "summary Some(1234.0) None"]);
    check([record("61"), summary("1.234")], ["61.0", "summary Some(1.234) None"]);
    check([record("61"), summary("1,234")], ["61.0", r#"summary None Some("{\"appleExerciseTime\":\"1,234\"}")"#]);
    let member = |number: f64| {
        format!(
            r#"[{{"startDate":"2026-03-01T09:00:00.000Z","type":"HKQuantityTypeIdentifierStepCount","unit":"count","value":{number:?}}}]"#
        )
    };
    check([record("72,5"), correlation("1.234")], ["72.5", &member(1234.0)]);
    check([record("1.234"), correlation("72,5")], ["1234.0", &member(72.5)]);
}

#[test]
fn a_file_with_more_than_may_wait_is_read_or_fails() {
    let count = WAITING_BYTES_MAX / record("1.234").trim_end().len() + 1;
    let many = |text: &str| vec![record(text); count];
    let check = |elements: &[String], values: &[(&str, usize)], fails: bool| {
        let (found, failure) = read(elements);
        let of = |value: &str| found.iter().filter(|found| *found == value).count();
        for (value, expected) in values {
            assert_eq!(of(value), *expected, "{value}");
        }
        assert_eq!(found.len(), elements.len());
        assert_eq!(failure.is_some_and(|failure| failure.contains("in another form than the lines before it")), fails);
    };
    check(&many("1.234"), &[("1.234", count)], false);
    check(&[many("1.234"), vec![record("72.5"), record("1.234")]].concat(), &[("1.234", count + 1)], false);
    check(&[vec![record("72,5")], many("1.234")].concat(), &[("1234.0", count)], false);
    check(
        &[many("1,234"), vec![record("72,5"), record("1,234")]].concat(),
        &[(POINT_OR_COMMA, count), ("1.234", 1)],
        false,
    );
    let few = vec![record("1.234"); WAITING_BYTES_USUAL / record("1.234").trim_end().len() + 1];
    check(&[few.clone(), vec![record("72,5")]].concat(), &[("1234.0", few.len())], false);
    check(&[vec![record("72.5")], few.clone(), vec![record("72,5")]].concat(), &[("1.234", few.len())], true);
    let late = [many("1.234"), vec![record("72,5"), record("1.234")]].concat();
    check(&late, &[("1.234", count), ("72.5", 1), (POINT_OR_COMMA, 1)], true);
    let late = [vec![record("72,5")], many("1.234"), vec![record("72.5"), record("1.234")]].concat();
    check(&late, &[("1234.0", count), ("72.5", 2), (POINT_OR_COMMA, 1)], true);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_elements_makes_no_difference(
        elements in proptest::collection::vec((0..4, proptest::sample::select(
            vec!["1.234", "1,234", "72.5", "72,5", "0,123", "0.123", "1.234.567", "1,234.5", "61", "-1.234", "1e-3", "x", "1'234"]
        )), 1..8),
        seed in any::<u64>(),
    ) {
        let elements: Vec<String> = elements.iter().map(|(kind, text)| match kind {
            0 => workout(text, "3"),
            1 => summary(text),
            2 => correlation(text),
            _ => record(text),
        }).collect();
        let mut others = elements.clone();
        let length = others.len() as u64;
        for place in 0..length {
            let with = seed.rotate_left(u32::try_from(place).unwrap() * 7) % length;
            others.swap(usize::try_from(place).unwrap(), usize::try_from(with).unwrap());
        }
        prop_assert_eq!(read(&elements), read(&others));
    }
}

/// A document of Health Auto Export is read twice, so all of its texts that are numbers decide, also those of its workouts.
#[test]
fn texts_of_workouts_and_routes_decide_like_those_of_points() {
    let check = |[distance, latitude, step]: [&str; 3], expected: &str| {
        let folder = Folder::new();
        let document = format!(
            r#"{{"data":{{"workouts":[{{"name":"Running","start":"2026-03-01 10:00:00 +0000","end":"2026-03-01 11:00:00 +0000",
            "distance":{{"qty":"{distance}","units":"km"}},
            "route":[{{"latitude":"{latitude}","longitude":"8","timestamp":"2026-03-01 10:00:00 +0000"}}]}}],
            "metrics":[{{"name":"x","units":"c","data":[{{"date":"2026-03-01 10:00:00 +0000","qty":"{step}"}}]}}]}}}}"#
        );
        let (file, db) = (folder.write("a.json", document), folder.path("health.db"));
        assert!(import(&db, &[], &[&file]).ok);
        let found =
            "SELECT concat_ws(' ', distance, workouts.other ->> '$.distance.qty', latitude, (SELECT value FROM aggregates))
            FROM workouts JOIN route_points ON workout = uuid";
        assert_eq!(query::<String>(&db, found), expected, "{distance} {latitude} {step}");
    };
    check(["1,234", "47.5", "7"], "1234.0 47.5 7.0");
    check(["1,234", "47,5", "7"], "1.234 47.5 7.0");
    check(["1,234", "47,125", "7"], "1.234 47.125 7.0");
    check(["1,234", "47", "0.5"], "1234.0 47.0 0.5");
    check(["1,234", "47", "7"], "1,234 47.0 7.0");
    check(["1.234", "47", "7"], "1.234 47.0 7.0");
    check(["1.234", "47", "0,5"], "1234.0 47.0 0.5");
    check(["5,5", "47", "1.234"], "5.5 47.0 1234.0");
}
