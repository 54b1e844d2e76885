//! Samples that a complete export no longer has: marked where that is sure, nowhere else, and counted again when they come again.

use std::fs;
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
    date: Option<&'static str>,
    behind: &'static str,
}

impl Export {
    fn whole(date: &'static str) -> Self {
        Self { watch: (0..SAMPLES).collect(), phone: (0..SAMPLES).collect(), date: Some(date), behind: "</HealthData>" }
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
        let watch = self.watch.iter().map(|number| record("Anna’s Apple Watch", *number, 100 + number));
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
    let explain = ["explain", "--type", "steps", "--day", "2026-01-05", "--db"];
    let output = run_with_input(command().args(explain).arg(&owned.db), b"");
    let text = String::from_utf8(output.stdout).unwrap();
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
    let payload = |number: usize| {
        let at = |number: usize| format!("2026-01-05T{:02}:{:02}:00.000Z", 8 + number / 6, number % 6 * 10);
        json!({"uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": at(number), "endDate": at(number + 1),
          "value": 100 + number, "unit": "count", "sourceRevision": {"source": {"name": "Anna’s Apple Watch",
            "bundleIdentifier": "com.apple.health.watch"}, "productType": "Watch7,1"}})
    };
    let send = |owned: &Owned, number: usize| {
        let data: Value = json!({"data": {"HKQuantityTypeIdentifierStepCount": [payload(number)]}});
        owned.import("payload.json", &data.to_string());
    };
    let owned = Owned::new();
    send(&owned, 20);
    owned.import_export(&Export::whole("2026-02-01"));
    let all = owned.steps();
    owned.import_export(&Export::whole("2026-02-10").without(&[20, 25]));
    assert_eq!((owned.marks(), owned.steps() < all), (2, true));
    // One is the app's row, the other one the export's.
    send(&owned, 20);
    assert_eq!(owned.marks(), 1);
    send(&owned, 25);
    assert_eq!(owned.steps(), all);
}
