//! Samples that a complete export no longer has: marked where that is sure, nowhere else, and counted again when they come again.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use healthsink_testkit::database::one;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{command, run_with_input};

/// Samples of the watch in an export, one each 10 minutes of a day.
const SAMPLES: usize = 60;

struct Owned {
    folder: TempDir,
    db: PathBuf,
}

/// An export of Apple's Health, as far as it matters here.
#[derive(Clone)]
struct Export {
    /// Samples of the watch by their numbers.
    watch: Vec<usize>,
    phone: Vec<usize>,
    /// What each sample of the watch has more than its number.
    watch_steps: usize,
    /// Samples of the watch that were corrected, each by 5.
    corrected: Range<usize>,
    date: Option<&'static str>,
    behind: &'static str,
}

impl Export {
    fn whole(date: &'static str) -> Self {
        let all = || (0..SAMPLES).collect();
        Self {
            watch: all(),
            phone: all(),
            watch_steps: 100,
            corrected: 0..0,
            date: Some(date),
            behind: "</HealthData>",
        }
    }

    fn without(mut self, numbers: &[usize]) -> Self {
        self.watch.retain(|number| !numbers.contains(number));
        self
    }

    fn xml(&self) -> String {
        let record = |source: &str, number: usize, value: usize| {
            let at = |number: usize| format!("2026-01-05 {:02}:{:02}:00 +0000", 8 + number / 6, number % 6 * 10);
            // One of them has come to the phone late.
            let created = if number == 30 { "2026-02-05 10:00:00 +0000".to_owned() } else { at(number + 1) };
            format!(
                "<Record type=\"HKQuantityTypeIdentifierStepCount\" sourceName=\"{source}\" unit=\"count\" creationDate=\"{created}\" \
                 startDate=\"{}\" endDate=\"{}\" value=\"{value}\"/>\n",
                at(number),
                at(number + 1)
            )
        };
        let date = self.date.map(|date| format!("<ExportDate value=\"{date} 12:00:00 +0000\"/>\n"));
        let watch = self.watch.iter().map(|number| {
            let correction = if self.corrected.contains(number) { 5 } else { 0 };
            record("Anna’s Apple Watch", *number, self.watch_steps + number + correction)
        });
        let phone = self.phone.iter().map(|number| record("Anna’s iPhone", *number, 50));
        let records: String = watch.chain(phone).collect();
        format!(
            "<?xml version=\"1.0\"?>\n<HealthData locale=\"en_US\">\n{}{records}{}",
            date.unwrap_or_default(),
            self.behind
        )
    }
}

impl Owned {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("health.db");
        Self { folder, db }
    }

    /// Imports a text. It may fail.
    fn import(&self, name: &str, text: &str) {
        let file = self.folder.path().join(name);
        fs::write(&file, text).unwrap();
        run_with_input(command().args(["import", file.to_str().unwrap(), "--db"]).arg(&self.db), b"");
    }

    fn import_export(&self, export: &Export) {
        self.import("export.xml", &export.xml());
    }

    fn import_for(&self, person: &str, export: &Export) {
        let file = self.folder.path().join("export.xml");
        fs::write(&file, export.xml()).unwrap();
        let arguments = ["import", file.to_str().unwrap(), "--person", person, "--db"];
        assert!(run_with_input(command().args(arguments).arg(&self.db), b"").status.success());
    }

    /// Imports it once more, and returns what the command prints.
    fn printed(&self, export: &Export, form: &[&str]) -> String {
        let file = self.folder.path().join("export.xml");
        fs::write(&file, export.xml()).unwrap();
        self.run(&[&["import", file.to_str().unwrap()], form].concat())
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = run_with_input(command().args(arguments).arg("--db").arg(&self.db), b"");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Imports what the app sends of a sample of the watch.
    fn send(&self, number: usize) {
        let at = |number: usize| format!("2026-01-05T{:02}:{:02}:00.000Z", 8 + number / 6, number % 6 * 10);
        let sample = json!({"uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": at(number), "endDate": at(number + 1),
          "value": 100 + number, "unit": "count", "sourceRevision": {"source": {"name": "Anna’s Apple Watch",
            "bundleIdentifier": "com.apple.health.watch"}, "productType": "Watch7,1"}});
        let payload =
            json!({"exportDate": "2026-01-06T00:00:00.000Z", "data": {"HKQuantityTypeIdentifierStepCount": [sample]}});
        self.import("payload.json", &payload.to_string());
    }

    /// Explains the day, and checks that the database is sound.
    fn explain(&self) -> String {
        assert!(self.run(&["check"]).starts_with("sound: "));
        self.run(&["explain", "--type", "steps", "--day", "2026-01-05"])
    }

    fn number(&self, sql: &str) -> i64 {
        one(&self.db, sql).as_i64().unwrap()
    }

    fn marks(&self) -> i64 {
        self.number("SELECT count(*) FROM missing_samples")
    }

    fn steps(&self) -> i64 {
        self.number("SELECT CAST(sum(value) AS INTEGER) FROM steps_per_day")
    }
}

#[test]
fn a_sample_that_was_deleted_is_marked_until_it_comes_again() {
    let owned = Owned::new();
    owned.import_export(&Export::whole("2026-02-01"));
    let (all, rows) = (owned.steps(), owned.number("SELECT count(*) FROM samples"));
    owned.import_export(&Export::whole("2026-02-10").without(&[20, 21]));
    // The phone fills the gap.
    assert_eq!((owned.marks(), all - owned.steps()), (2, 120 + 121 - 2 * 50));
    assert_eq!(owned.number("SELECT count(*) FROM samples"), rows);
    let text = owned.explain();
    assert!(text.contains("left out: 2 (deleted on the phone: a later complete export no longer has it)"), "{text}");
    // An older export changes nothing, the same one neither.
    owned.import_export(&Export::whole("2026-02-01"));
    owned.import_export(&Export::whole("2026-02-10").without(&[20, 21]));
    assert_eq!(owned.marks(), 2);
    owned.import_export(&Export::whole("2026-02-20").without(&[21]));
    assert_eq!((owned.marks(), all - owned.steps()), (1, 121 - 50));
    owned.import_export(&Export::whole("2026-02-21"));
    assert_eq!((owned.marks(), owned.steps()), (0, all));
}

#[test]
fn the_report_of_an_import_counts_what_it_has_marked() {
    let owned = Owned::new();
    let first = owned.printed(&Export::whole("2026-02-01"), &[]);
    assert!(!first.contains("no longer"), "{first}");
    let text = owned.printed(&Export::whole("2026-02-10").without(&[20, 21]), &[]);
    assert!(text.contains("\nThis export no longer has 2 samples of an earlier one.\n"), "{text}");
    let report = |export: &Export| -> Value { serde_json::from_str(&owned.printed(export, &["--json"])).unwrap() };
    // Those that are marked already are not counted again.
    let again = report(&Export::whole("2026-02-11").without(&[20, 21]));
    let more = report(&Export::whole("2026-02-12").without(&[20, 21, 30]));
    assert_eq!(
        (&again["missing"], &more["missing"], &more["files"][0]["missing"]),
        (&Value::Null, &json!(1), &json!(1))
    );
    // Each element is still in one count.
    let counted = ["new", "updated", "unchanged", "merged", "rejected"].map(|count| more[count].as_u64().unwrap_or(0));
    let skipped: u64 = more["skipped"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(json!(counted.iter().sum::<u64>() + skipped), more["read"]);
}

#[test]
fn a_missing_sample_over_midnight_leaves_the_naive_sums_of_both_days() {
    // Midnight is at 15:15 UTC there, in the middle of this sample.
    const AT_MIDNIGHT: usize = 43;
    let owned = Owned::new();
    owned.printed(&Export::whole("2026-02-01"), &["--zone", "Australia/Eucla"]);
    let days = || {
        let sql = "SELECT json_group_array(json_array(value, naive)) FROM (SELECT value, naive FROM days ORDER BY day)";
        let days: Value = serde_json::from_str(one(&owned.db, sql).as_str().unwrap()).unwrap();
        days
    };
    let (watch, phone) = ([5203.0, 2424.0], [2175.0, 825.0]);
    let half = (100.0 + 43.0) / 2.0;
    assert_eq!(days(), json!([0, 1].map(|day| [watch[day] + half, watch[day] + half + phone[day]])));
    owned.printed(&Export::whole("2026-02-10").without(&[AT_MIDNIGHT]), &[]);
    // The phone's sample of these minutes counts.
    assert_eq!(days(), json!([0, 1].map(|day| [watch[day] + 25.0, watch[day] + phone[day]])));
}

#[test]
fn nothing_is_marked_where_it_is_not_sure() {
    let later = || Export::whole("2026-02-10").without(&[20]);
    let watch = |numbers: &[usize]| Export { watch: numbers.to_vec(), ..later() };
    let cases = [
        ("the end is missing", Export { behind: "", ..later() }),
        (
            "one is rejected",
            Export { behind: "<Record type=\"HKQuantityTypeIdentifierStepCount\"/></HealthData>", ..later() },
        ),
        ("there is no date", Export { date: None, ..later() }),
        ("it is older", Export { date: Some("2026-01-20"), ..later() }),
        ("the first one is missing", Export::whole("2026-02-10").without(&[0])),
        ("the last one is missing", Export::whole("2026-02-10").without(&[SAMPLES - 1])),
        ("the source is missing", watch(&[])),
        ("most are missing", watch(&[0, 1, 2, SAMPLES - 1])),
        ("many are missing", Export::whole("2026-02-10").without(&(10..23).collect::<Vec<_>>())),
        ("it is a part of an earlier one", Export::whole("2026-02-01").without(&[20])),
        ("what came last is missing", Export::whole("2026-02-10").without(&[20, SAMPLES - 1])),
        ("it came after the export", Export { date: Some("2026-02-04"), ..Export::whole("").without(&[30]) }),
        (
            "there are two documents",
            Export {
                behind: "</HealthData><HealthData><ExportDate value=\"2026-02-10 12:00:00 +0000\"/></HealthData>",
                ..later()
            },
        ),
        ("bytes are between elements", Export { behind: "&lost;</HealthData>", ..later() }),
    ];
    let before = Owned::new();
    before.import_export(&Export::whole("2026-02-01"));
    for (reason, export) in cases {
        let owned = Owned::new();
        fs::copy(&before.db, &owned.db).unwrap();
        owned.import_export(&export);
        assert_eq!(owned.marks(), 0, "{reason}");
    }
    // The last export would have marked one if it were whole.
    before.import_export(&later());
    assert_eq!(before.marks(), 1);
}

#[test]
fn a_sample_that_the_app_sends_again_counts_again() {
    let owned = Owned::new();
    owned.send(20);
    owned.import_export(&Export::whole("2026-02-01"));
    let all = owned.steps();
    owned.import_export(&Export::whole("2026-02-10").without(&[20, 25]));
    assert_eq!((owned.marks(), owned.steps() < all), (2, true));
    // One is the app's row, the other one the export's, which the app's replaces.
    owned.send(20);
    assert_eq!(owned.marks(), 1);
    owned.send(25);
    assert_eq!((owned.marks(), owned.steps()), (0, all));
    let text = owned.explain();
    assert!(!text.contains("deleted on the phone"), "{text}");
}

#[test]
fn exports_of_two_phones_mark_nothing() {
    // Both phones have a watch of this name, and their rows lie between each other.
    let phone = |date: &'static str, watch: Vec<usize>, watch_steps: usize| Export {
        watch,
        watch_steps,
        phone: Vec::new(),
        ..Export::whole(date)
    };
    let (inner, outer) = (10..14, (0..SAMPLES).filter(|number| !(9..15).contains(number)));
    let one = |date| phone(date, inner.clone().collect(), 500);
    let other = |date| phone(date, outer.clone().collect(), 10);
    let owned = Owned::new();
    for (export, samples) in [
        (one("2026-02-01"), 4),
        (other("2026-02-02"), 58),
        (one("2026-02-03"), 58),
        (phone("2026-02-04", (10..15).collect(), 500), 59),
        (other("2026-02-05"), 59),
    ] {
        owned.import_export(&export);
        assert_eq!((owned.marks(), owned.number("SELECT count(*) FROM samples")), (0, samples), "{:?}", export.date);
    }
    // The same after two persons became one.
    let owned = Owned::new();
    owned.import_for("ben", &one("2026-02-01"));
    owned.import_for("anna", &other("2026-02-01"));
    owned.run(&["people", "merge", "ben", "anna", "--yes", "--no-backup"]);
    for date in ["2026-02-10", "2026-02-11", "2026-02-12"] {
        owned.import_for("anna", &other(date));
        assert_eq!((owned.marks(), owned.number("SELECT count(*) FROM samples")), (0, 58));
    }
}

#[test]
fn deletions_do_not_add_up_over_exports() {
    let owned = Owned::new();
    owned.import_export(&Export::whole("2026-02-01"));
    let mut marks = Vec::new();
    for (date, last) in [("2026-02-02", 10), ("2026-02-03", 16), ("2026-02-04", 30)] {
        owned.import_export(&Export::whole(date).without(&(5..last).collect::<Vec<_>>()));
        marks.push(owned.marks());
    }
    assert_eq!(marks, [5, 11, 11]);
}

#[test]
fn a_mark_ends_with_any_import_that_has_the_sample() {
    let before = Owned::new();
    before.import_export(&Export::whole("2026-02-01"));
    let all = before.steps();
    before.import_export(&Export::whole("2026-02-10").without(&[20]));
    assert_eq!(before.marks(), 1);
    let later = || Export::whole("2026-02-20");
    let cases = [
        (
            "one is rejected",
            0,
            Export { behind: "<Record type=\"HKQuantityTypeIdentifierStepCount\"/></HealthData>", ..later() },
        ),
        ("there is no date", 0, Export { date: None, ..later() }),
        ("the end is missing", 0, Export { behind: "", ..later() }),
        ("it is as old", 0, Export::whole("2026-02-10")),
        ("it is older", 1, Export::whole("2026-02-09")),
    ];
    for (reason, marks, export) in cases {
        let owned = Owned::new();
        fs::copy(&before.db, &owned.db).unwrap();
        owned.import_export(&export);
        assert_eq!((owned.marks(), owned.steps() == all), (marks, marks == 0), "{reason}");
    }
}

#[test]
fn an_older_export_marks_nothing_of_a_later_one() {
    for (reason, export) in [
        ("its end is missing", Export { behind: "", ..Export::whole("2026-03-01") }),
        ("it has no date", Export { date: None, ..Export::whole("2026-03-01") }),
        ("it has a reject", Export { behind: "<Record type=\"x\"/></HealthData>", ..Export::whole("2026-03-01") }),
    ] {
        let owned = Owned::new();
        owned.import_export(&export);
        // These came to the phone late, from the watch.
        owned.import_export(&Export::whole("2026-02-10").without(&[20, 21]));
        assert_eq!(owned.marks(), 0, "{reason}");
    }
}

#[test]
fn marks_follow_their_samples() {
    let owned = Owned::new();
    owned.import_for("anna", &Export::whole("2026-02-01"));
    owned.import_for("anna", &Export::whole("2026-02-10").without(&[20, 40]));
    let weight = "{\"exportDate\": \"2026-01-06T00:00:00.000Z\", \"data\": {\"HKQuantityTypeIdentifierBodyMass\": [
      {\"uuid\": \"20000000-0000-4000-8000-000000000000\", \"startDate\": \"2026-01-05T07:00:00.000Z\", \"endDate\": \"2026-01-05T07:00:00.000Z\",
       \"value\": 80, \"unit\": \"kg\"}]}}";
    fs::write(owned.folder.path().join("weight.json"), weight).unwrap();
    let file = owned.folder.path().join("weight.json");
    owned.run(&["import", file.to_str().unwrap(), "--person", "ben"]);
    let (marks, steps) = (owned.marks(), owned.steps());
    assert_eq!(marks, 2);
    let check = |owned: &Owned, marks: i64, steps: i64, after: &str| {
        assert!(owned.run(&["check"]).starts_with("sound: "), "{after}");
        let with_sample =
            "SELECT count(*) FROM missing_samples JOIN samples USING (person_id, type_id, start_ms, uuid)";
        assert_eq!((owned.marks(), owned.number(with_sample), owned.steps()), (marks, marks, steps), "{after}");
    };
    owned.run(&["people", "merge", "ben", "anna", "--yes", "--no-backup"]);
    check(&owned, 2, steps, "ben's data");
    owned.run(&["forget", "--type", "BodyMass", "--yes", "--no-backup"]);
    check(&owned, 2, steps, "another type");
    // Into somebody who has other samples of the type, one by one.
    let other = Export { watch: Vec::new(), phone: vec![SAMPLES + 1], ..Export::whole("2026-02-01") };
    owned.import_for("ben", &other);
    let more = owned.steps() - steps;
    owned.run(&["people", "merge", "anna", "ben", "--yes", "--no-backup"]);
    check(&owned, 2, steps + more, "somebody else's");
    // Into somebody to whom one of them counts.
    let other = Export { watch: vec![20], phone: Vec::new(), ..Export::whole("2026-02-01") };
    owned.import_for("carl", &other);
    owned.run(&["people", "merge", "ben", "carl", "--yes", "--no-backup"]);
    check(&owned, 1, steps + more + 120 - 50, "somebody's who has it");
    owned.run(&["forget", "--type", "StepCount", "--from", "2026-01-05T14:00:00Z", "--yes", "--no-backup"]);
    assert_eq!(owned.marks(), 0);
}

#[test]
fn corrected_values_count_once() {
    let owned = Owned::new();
    owned.import_export(&Export::whole("2026-02-01"));
    let all = owned.steps();
    let corrected = |date| Export { corrected: 20..50, ..Export::whole(date) };
    owned.import_export(&corrected("2026-02-10"));
    assert_eq!((owned.marks(), owned.steps()), (30, all + 5 * 30));
    // Nothing was deleted, so a later deletion is seen.
    owned.import_export(&corrected("2026-02-11").without(&[10]));
    assert_eq!((owned.marks(), owned.steps()), (31, all + 5 * 30 - 110 + 50));
    // A phone whose watch has the same name and times shares no sample.
    owned.import_export(&Export { watch_steps: 300, ..Export::whole("2026-02-12") });
    assert_eq!(owned.marks(), 31);
}
