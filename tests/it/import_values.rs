//! Values that are not what they seem: years of other calendars, days that are none, lines and files that are missing.

use std::path::Path;

use super::import_history::{Folder, Outcome, import, query};

fn imported(name: &str, contents: impl AsRef<[u8]>) -> (Folder, Outcome) {
    let folder = Folder::new();
    let file = folder.write(name, contents);
    let outcome = import(&folder.path("health.db"), &[], &[&file]).balanced();
    (folder, outcome)
}

fn xml(elements: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<HealthData locale=\"en_US\">\n{elements}\n</HealthData>\n")
}

fn record(source: &str, start: &str, end: &str) -> String {
    format!(
        "<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"{source}\" unit=\"count/min\" \
         startDate=\"2026-03-01 {start} +0000\" endDate=\"2026-03-01 {end} +0000\" value=\"61\"/>\n"
    )
}

fn reasons(folder: &Folder) -> String {
    let sql = "SELECT coalesce(group_concat(reason, '; ' ORDER BY ordinal), '') FROM rejects";
    query(&folder.path("health.db"), sql)
}

#[test]
fn years_of_other_calendars_are_converted_or_rejected_in_every_format() {
    let payload = |date: &str| {
        format!(
            r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{{"uuid":"7595F72C-0000-4000-8000-000000000002","value":61,
            "unit":"count/min","startDate":"{date}T10:00:00.000Z","endDate":"{date}T10:00:00.000Z"}}]}}}}"#
        )
    };
    let gpx = |date: &str| {
        format!(
            "<gpx><trk><trkseg><trkpt lat=\"1\" lon=\"2\"><time>{date}T10:00:00Z</time></trkpt></trkseg></trk></gpx>"
        )
    };
    let metric = |date: &str| {
        format!(
            r#"{{"data":{{"metrics":[{{"name":"heart_rate","units":"bpm","data":[{{"date":"{date} 10:00:00 +0000","qty":61}}]}}]}}}}"#
        )
    };
    let export = |date: &str| xml(&record("Watch", "10:00:00", "10:00:00").replace("2026-03-01", date));
    type Form<'a> = (&'a str, &'a dyn Fn(&str) -> String, &'a str);
    let forms: [Form<'_>; 4] = [
        ("app", &payload, "SELECT start_ms FROM samples"),
        ("gpx", &gpx, "SELECT time_ms FROM route_points"),
        ("metric", &metric, "SELECT start_ms FROM aggregates"),
        ("export", &export, "SELECT start_ms FROM samples"),
    ];
    for (name, form, sql) in forms {
        for (date, ms) in [("2024-02-29", 1_709_200_800_000), ("2567-02-29", 1_709_200_800_000)] {
            let (folder, outcome) = imported(name, form(date));
            assert!(outcome.ok, "{name} {date}: {} {}", outcome.said, reasons(&folder));
            assert_eq!(query::<i64>(&folder.path("health.db"), sql), ms, "{name} {date}");
        }
        for (date, years) in [
            ("0006-03-01", "has the year 6, which is 2024 or 1994 or 1931: choose the Gregorian calendar"),
            ("1445-03-01", "has the year 1445: choose the Gregorian calendar"),
        ] {
            let (folder, outcome) = imported(name, form(date));
            assert_eq!((outcome.ok, outcome.count("rejected")), (false, 1), "{name} {date}: {}", outcome.report);
            assert!(reasons(&folder).contains(years), "{name} {date}: {}", reasons(&folder));
        }
    }
    let (folder, _) = imported("app", payload("2567-03-01"));
    let kept = "SELECT other ->> 'startDate' FROM sample_details";
    assert_eq!(query::<String>(&folder.path("health.db"), kept), "2567-03-01T10:00:00.000Z");
    let (folder, _) = imported("app", r#"{"exportDate":"0006-03-01T10:00:00.000Z","data":{}}"#);
    assert!(reasons(&folder).contains("`date` has the year 6"), "{}", reasons(&folder));
}

#[test]
fn rings_are_of_a_day_and_their_unit_may_change_its_name() {
    let summary = |day: &str, energy: &str, unit: &str| {
        xml(&format!(
            "<ActivitySummary dateComponents=\"{day}\" activeEnergyBurned=\"{energy}\" activeEnergyBurnedGoal=\"0\" \
             activeEnergyBurnedUnit=\"{unit}\" appleExerciseTime=\"30\"/>"
        ))
    };
    for day in ["2026-13-45", "2026-02-29", "yesterday", "2026-03-01 10:00:00 +0100"] {
        let (folder, outcome) = imported("export.xml", summary(day, "400", "kcal"));
        assert_eq!(outcome.count("rejected"), 1, "{day}");
        assert_eq!(reasons(&folder), "line 3: `dateComponents` is not a day of a year, such as 2026-03-01", "{day}");
    }
    let (folder, _) = imported("1.xml", summary("2026-03-01", "418.4", "kcal"));
    let again = |energy: &str, unit: &str| {
        let file = folder.write("again.xml", summary("2026-03-01", energy, unit));
        let outcome = import(&folder.path("health.db"), &[], &[&file]).balanced();
        let stored = "SELECT active_energy || energy_unit FROM activity_summaries";
        let stored: String = query(&folder.path("health.db"), stored);
        format!("{} updated, {stored}", outcome.count("updated"))
    };
    assert_eq!(again("418.4", "Cal"), "0 updated, 418.4kcal");
    assert_eq!(again("1750.59", "kJ"), "0 updated, 418.4kcal");
    assert_eq!(again("418.4", "kcal"), "0 updated, 418.4kcal");
    assert_eq!(again("418", "Cal"), "0 updated, 418.4kcal");
    assert_eq!(again("419", "Cal"), "1 updated, 419.0Cal");
}

#[test]
fn a_clinical_record_without_its_file_is_reported() {
    let folder = Folder::new();
    let clinical =
        |file: &str| format!("<ClinicalRecord identifier=\"{file}\" resourceFilePath=\"/clinical-records/{file}\"/>\n");
    folder.write("export/export.xml", xml(&["a.json", "b.json", "c.json"].map(clinical).concat()));
    folder.write("export/clinical-records/a.json", r#"{"resourceType":"Observation"}"#);
    folder.write("export/clinical-records/b.json", r#"{"resourceType":"Observation","id":"#);
    let outcome = import(&folder.path("health.db"), &[], &[&folder.path("export")]).balanced();
    let within = outcome.report["within"].as_object().unwrap();
    let missing: Vec<&String> = within.keys().filter(|name| name.contains("missing")).collect();
    assert_eq!(missing, ["ClinicalRecord whose file is missing: c.json"]);
    assert_eq!(outcome.count("rejected"), 1);
    assert!(reasons(&folder).starts_with("not JSON: EOF while parsing"), "{}", reasons(&folder));
}

#[test]
fn a_blank_line_among_voltages_is_a_voltage_that_is_missing() {
    let ecg = |voltages: &str| {
        format!("Name,Ada\nRecorded Date,2026-03-01 10:00:00 +0100\nSample Rate,512 hertz\nUnit,µV\n\n{voltages}\n\n\n")
    };
    let check = |voltages: &str, expected: &str, reason: &str| {
        let (folder, outcome) = imported("ecg.csv", ecg(voltages));
        assert!(outcome.ok, "{}", outcome.said);
        assert_eq!(query::<String>(&folder.path("health.db"), "SELECT voltages FROM ecg"), expected, "{voltages}");
        assert_eq!(reasons(&folder), reason, "{voltages}");
    };
    check("1.5\n2.5\n\n4.5\n5.5", "[1.5,2.5,null,4.5,5.5]", "line 8: `voltage` is not a number");
    check("1.5\n2.5\n3.5", "[1.5,2.5,3.5]", "");
    check("1.5\n\n2.5\n\n3.5\n\n4.5", "[1.5,2.5,3.5,4.5]", "");
}

#[test]
fn a_reference_to_an_entity_stays_as_it_is_written() {
    let declared = |elements: &str| {
        xml(elements).replace("<HealthData", "<!DOCTYPE HealthData [ <!ENTITY who \"61\"> ]>\n<HealthData")
    };
    let at = |hour: u32| record("Watch", &format!("{hour}:00:00"), &format!("{hour}:00:00"));
    let text = at(10).replace("Watch", "&who;'s")
        + &at(11).replace("\"61\"", "\"&who;\"")
        + &at(12).replace("/>", "><Later>&who;</Later></Record>")
        + &at(13);
    let (folder, _) = imported("export.xml", declared(&text));
    assert_eq!(reasons(&folder), "line 5: `value` is not a number; line 6: refers to an unknown entity: `who`");
    let found = "SELECT group_concat(source, ' ' ORDER BY start_ms) FROM sample_details";
    assert_eq!(query::<String>(&folder.path("health.db"), found), "&who;'s Watch");
}

#[test]
fn what_ends_before_it_begins_and_odd_characters_are_kept_and_shown() {
    let text = record("Wa\0tch", "10:00:00", "09:00:00") + &record("Watch", "23:59:60", "23:59:60");
    let (folder, outcome) = imported("export.xml", xml(&text));
    assert!(outcome.ok && outcome.count("new") == 2, "{}", outcome.report);
    assert_eq!(outcome.report["within"]["elements that end before they begin, kept as they are"], 1);
    let found = "SELECT group_concat(concat_ws(' ', start, source), '; ' ORDER BY start_ms) FROM sample_details";
    let expected = "2026-03-01T10:00:00.000Z Wa\u{2400}tch; 2026-03-02T00:00:00.000Z Watch";
    assert_eq!(query::<String>(&folder.path("health.db"), found), expected);
}

#[test]
fn waypoints_beside_a_track_are_not_its_points() {
    let point = |kind: &str, second: u32| {
        format!("<{kind} lat=\"1\" lon=\"2\"><time>2026-03-01T10:00:0{second}Z</time></{kind}>")
    };
    let count = |folder: &Folder, sql: &str| query::<i64>(&folder.path("health.db"), sql);
    let check = |inner: String, points: i64, others: i64| {
        let (folder, outcome) = imported("route.gpx", format!("<gpx>{inner}</gpx>"));
        assert!(outcome.ok, "{}", outcome.said);
        assert_eq!(count(&folder, "SELECT count(*) FROM route_points"), points, "{inner}");
        let kept = "SELECT count(*) FROM other_records WHERE section = 'GPX wpt' AND json ->> 'lat' = '1'";
        assert_eq!(count(&folder, kept), others, "{inner}");
    };
    let track = format!("<trk><trkseg>{}{}</trkseg></trk>", point("trkpt", 1), point("trkpt", 2));
    check(point("wpt", 0) + &point("wpt", 1), 2, 0);
    check(point("wpt", 0) + &track, 2, 1);
    check(track.clone() + &point("wpt", 0), 2, 1);
    let many: String = (0..5000).map(|_| point("wpt", 0)).collect();
    check(many, 5000, 0);
}

#[test]
fn an_empty_export_is_said_to_be_empty() {
    let folder = Folder::new();
    let said = |name: &str, text: &str| {
        let file = folder.write(name, text);
        let output = std::process::Command::new(crate::program::path())
            .args(["import", "--db"])
            .args([&folder.path("health.db") as &Path, &file])
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let empty = said("empty.json", r#"{"data":{}}"#);
    assert!(empty.contains("  no records in ") && empty.contains("empty.json\n"), "{empty}");
    let full = said("full.xml", &xml(&record("Watch", "10:00:00", "10:00:00")));
    assert!(!full.contains("no records in"), "{full}");
}

#[test]
fn energies_of_the_app_have_the_unit_beside_them() {
    let check = |members: &str, expected: Option<f64>, other: Option<&str>| {
        let workout = format!(
            r#"{{"data":{{"workouts":[{{"uuid":"7595F72C-0000-4000-8000-0000000000AC","workoutActivityType":37,
            "startDate":"2026-03-01T06:00:00.000Z","endDate":"2026-03-01T06:30:00.000Z",{members}}}]}}}}"#
        );
        let (folder, outcome) = imported("app.json", workout);
        assert_eq!(outcome.count("new"), 1, "{members}: {}", outcome.report);
        let db = folder.path("health.db");
        assert_eq!(query::<Option<f64>>(&db, "SELECT round(energy_kcal, 6) FROM workouts"), expected, "{members}");
        assert_eq!(query::<Option<String>>(&db, "SELECT other FROM workouts").as_deref(), other, "{members}");
    };
    let kilojoules = r#"{"totalEnergyBurned":418.4,"totalEnergyBurnedUnit":"kJ"}"#;
    check(r#""totalEnergyBurned":418.4,"totalEnergyBurnedUnit":"kJ""#, Some(100.0), Some(kilojoules));
    check(r#""totalEnergyBurnedUnit":"kJ","totalEnergyBurned":418.4"#, Some(100.0), Some(kilojoules));
    check(r#""totalEnergyBurned":100,"totalEnergyBurnedUnit":null"#, Some(100.0), None);
    let kilocalories = Some(r#"{"totalEnergyBurnedUnit":"kcal"}"#);
    check(r#""totalEnergyBurned":100,"totalEnergyBurnedUnit":"kcal""#, Some(100.0), kilocalories);
    // A quantity has its own unit.
    let both = r#"{"totalEnergyBurned":{"quantity":418.4,"unit":"kJ"},"totalEnergyBurnedUnit":"kcal"}"#;
    check(&both[1..both.len() - 1], Some(100.0), Some(both));
    let unknown = r#"{"totalEnergyBurned":5,"totalEnergyBurnedUnit":"m"}"#;
    check(&unknown[1..unknown.len() - 1], None, Some(unknown));
}

#[test]
fn a_category_of_the_app_may_have_its_value_as_text() {
    let check = |kind: &str, value: &str, expected: Option<f64>| {
        let sample = r#""uuid":"7595F72C-0000-4000-8000-0000000000AC","startDate":"2026-03-01T06:00:00.000Z""#;
        let (folder, outcome) =
            imported("app.json", format!(r#"{{"data":{{"HK{kind}":[{{{sample},"value":"{value}"}}]}}}}"#));
        assert_eq!(outcome.count("rejected"), u64::from(expected.is_none()), "{value}: {}", outcome.report);
        let db = folder.path("health.db");
        match expected {
            Some(number) => assert_eq!(query::<f64>(&db, "SELECT value FROM samples"), number, "{value}"),
            None => assert_eq!(reasons(&folder), "`value` is not a number", "{value}"),
        }
    };
    let (sleep, headache) = ("CategoryTypeIdentifierSleepAnalysis", "CategoryTypeIdentifierHeadache");
    check(sleep, "asleepREM", Some(5.0));
    check(sleep, "HKCategoryValueSleepAnalysisInBed", Some(0.0));
    check(sleep, "4", Some(4.0));
    check(sleep, "on a train", None);
    check(headache, "not present", Some(1.0));
    check(headache, "HKCategoryValueSeverityMild", Some(2.0));
    check("QuantityTypeIdentifierBodyMass", "Mild", None);
}

#[test]
fn an_activity_of_the_app_may_have_its_name_and_an_end_may_be_empty() {
    let check = |activity: &str, expected: Option<i64>, other: Option<&str>| {
        let workout = format!(
            r#"{{"data":{{"workouts":[{{"uuid":"7595F72C-0000-4000-8000-0000000000AC","workoutActivityType":{activity},
            "startDate":"2026-03-01T06:00:00.000Z","endDate":""}}]}}}}"#
        );
        let (folder, outcome) = imported("app.json", workout);
        assert_eq!(outcome.count("new"), 1, "{activity}: {}", outcome.report);
        let db = folder.path("health.db");
        assert_eq!(query::<Option<i64>>(&db, "SELECT activity_type FROM workouts"), expected, "{activity}");
        assert_eq!(query::<Option<String>>(&db, "SELECT other FROM workouts").as_deref(), other, "{activity}");
        assert_eq!(query::<Option<i64>>(&db, "SELECT end_ms FROM workouts"), None, "{activity}");
    };
    check("13", Some(13), None);
    check(r#""HKWorkoutActivityTypeCycling""#, Some(13), None);
    let unknown = r#"{"workoutActivityType":"HKWorkoutActivityTypeOfTomorrow"}"#;
    check(r#""HKWorkoutActivityTypeOfTomorrow""#, None, Some(unknown));
}
