//! Whatever a file has at any place is stored, rejected, or named in the account. Each part of these files has a separate mark.

use std::fmt::Write;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::{Value, json};

use super::import_history::{Folder, import, query};

const TIMES: &str = "startDate=\"2026-08-01 10:00:00 +0200\" endDate=\"2026-08-01 10:00:05 +0200\"";

/// Makes marks that no other text contains.
#[derive(Default)]
struct Marks(u32);

impl Marks {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("mark{}.", self.0)
    }

    /// XML in which each element also has an attribute, a text, a child and a text without escapes. `@` stands for the times.
    fn in_xml(&mut self, xml: &str) -> String {
        let mut marked = String::new();
        for tag in xml.replace('@', TIMES).split_inclusive('>') {
            if tag.starts_with("</") {
                marked.push_str(tag);
                continue;
            }
            let [attribute, text, inner, literal] = std::array::from_fn(|_| self.next());
            let (tag, is_closed) = match tag.strip_suffix("/>") {
                Some(tag) => (tag, true),
                None => (tag.trim_end_matches('>'), false),
            };
            write!(marked, "{tag} more=\"{attribute}\">{text}<child a=\"{inner}\"/><![CDATA[{literal}]]>").unwrap();
            if is_closed {
                let name = tag[1..].split(' ').next().unwrap();
                write!(marked, "</{name}>").unwrap();
            }
        }
        marked
    }

    /// JSON in which each object has further members, and each list a further item.
    fn in_json(&mut self, json: &Value) -> Value {
        match json {
            Value::Object(members) => {
                let mut members: serde_json::Map<String, Value> =
                    members.iter().map(|(name, value)| (name.clone(), self.in_json(value))).collect();
                members.insert(self.next(), self.next().into());
                members.insert("zz".to_owned(), json!({"inner": [self.next(), 1]}));
                Value::Object(members)
            }
            Value::Array(items) => {
                let mut items: Vec<Value> = items.iter().map(|item| self.in_json(item)).collect();
                items.push(self.next().into());
                Value::Array(items)
            }
            scalar => scalar.clone(),
        }
    }
}

/// All that is stored.
fn everything(db: &Path) -> String {
    let connection = Connection::open(db).unwrap();
    let mut tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut all = String::new();
    for name in names {
        let mut select = connection.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                if let Sql::Text(text) = row.get(column).unwrap() {
                    all.push_str(&text);
                    all.push('\n');
                }
            }
        }
    }
    all
}

/// Imports a file twice. Each of its marks must be there, and nothing must be new the second time.
fn check(name: &str, text: &str, marks: &Marks) -> (Folder, Value) {
    let folder = Folder::new();
    let file = folder.write(name, text);
    let db = folder.path("health.db");
    let first = import(&db, &[], &[&file]).balanced();
    let again = import(&db, &[], &[&file]).balanced();
    assert_eq!((again.count("new"), again.count("updated")), (0, 0), "{text}");
    let found = everything(&db) + &first.report.to_string();
    for mark in (1..=marks.0).map(|number| format!("mark{number}.")) {
        assert!(found.contains(&mark), "{name} has lost {mark} of {text}");
    }
    (folder, first.report)
}

#[test]
fn each_part_of_each_element_of_an_export_is_kept() {
    let elements = [
        "<Record type=\"HKQuantityTypeIdentifierHeartRate\" unit=\"count/min\" value=\"61\" @><MetadataEntry key=\"k\" value=\"v\"/></Record>",
        "<Record type=\"HKQuantityTypeIdentifierHeartRateVariabilitySDNN\" unit=\"ms\" value=\"61\" @>\
         <HeartRateVariabilityMetadataList><InstantaneousBeatsPerMinute bpm=\"61\" time=\"7:47:41.86 AM\"/><Beat bpm=\"1\"/>\
         </HeartRateVariabilityMetadataList><HeartRateVariabilityMetadataList/></Record>",
        "<Record type=\"HKCategoryTypeIdentifierSleepAnalysis\" value=\"HKCategoryValueSleepAnalysisAsleepCore\" @/>",
        "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"1\" @><MetadataEntry key=\"k\" value=\"v\"/>\
         <WorkoutEvent type=\"HKWorkoutEventTypePause\" date=\"2026-08-01 10:00:01 +0200\"/><WorkoutEvent type=\"x\" date=\"bad\"/>\
         <WorkoutStatistics type=\"T\" sum=\"1\" unit=\"km\"/><WorkoutStatistics type=\"T\" sum=\"2\" unit=\"km\"/>\
         <WorkoutActivity uuid=\"A\" @><WorkoutEvent type=\"a\"/><WorkoutEvent type=\"b\"/><WorkoutStatistics type=\"U\" sum=\"1\"/>\
         </WorkoutActivity><WorkoutRoute><FileReference path=\"/workout-routes/x.gpx\"/></WorkoutRoute></Workout>",
        "<Correlation type=\"HKCorrelationTypeIdentifierBloodPressure\" sourceName=\"W\" @><Record \
         type=\"HKQuantityTypeIdentifierBloodPressureSystolic\" unit=\"mmHg\" value=\"120\" sourceName=\"V\" @><MetadataEntry key=\"k\" \
         value=\"v\"/></Record><MetadataEntry key=\"k\" value=\"v\"/></Correlation>",
        "<ActivitySummary dateComponents=\"2026-08-01\" activeEnergyBurned=\"5\"/>",
        "<Me HKCharacteristicTypeIdentifierBiologicalSex=\"HKBiologicalSexFemale\"/>",
        "<ExportDate value=\"2026-09-01 10:00:00 +0200\"/>",
        "<Audiogram type=\"a\" @><SensitivityPoint frequencyValue=\"250\"/></Audiogram>",
        "<Records><Inner><Record type=\"HKQuantityTypeIdentifierHeartRate\" unit=\"count/min\" value=\"61\" @/></Inner></Records>",
    ];
    for element in elements {
        let mut marks = Marks::default();
        let (attribute, inner) = (marks.next(), marks.in_xml(element));
        check("export.xml", &format!("<HealthData more=\"{attribute}\">\n{inner}\n</HealthData>\n"), &marks);
    }
}

#[test]
fn each_part_of_a_route_is_kept() {
    let mut marks = Marks::default();
    let [root, track, segment] = std::array::from_fn(|_| marks.next());
    let beside = marks.in_xml("<metadata><time></time></metadata><wpt lat=\"1\" lon=\"2\"></wpt>");
    let (name, between) =
        (marks.in_xml("<name></name><desc></desc><type></type>"), marks.in_xml("<extensions></extensions>"));
    let [point, text, time, ele, own] = std::array::from_fn(|_| marks.next());
    let gpx = format!(
        "<gpx creator=\"x\" more=\"{root}\">{beside}<trk id=\"{track}\">{name}<trkseg n=\"{segment}\">{between}<trkpt lat=\"1\" lon=\"2\" \
         a=\"{point}\">{text}<time z=\"{time}\">2026-08-01T08:00:00Z</time><ele a=\"{ele}\">1</ele><extensions>{own}<speed>1</speed>\
         </extensions></trkpt></trkseg></trk></gpx>"
    );
    check("route.gpx", &gpx, &marks);
}

/// Programs put tracks into folders, and records into lists.
#[test]
fn records_within_unknown_elements_are_read() {
    let gpx = "<gpx><folder name=\"mark1.\"><trk><trkseg><trkpt lat=\"1\" lon=\"2\"><time>2026-08-01T08:00:00Z</time></trkpt></trkseg></trk>\
               </folder></gpx>";
    let (folder, report) = check("route.gpx", gpx, &Marks(1));
    assert_eq!(query::<i64>(&folder.path("health.db"), "SELECT count(*) FROM route_points"), 1);
    assert_eq!(report["within"]["GPX folder"], 1);
}

#[test]
fn text_between_elements_is_counted() {
    let (_, report) = check("export.xml", "<HealthData>a b<![CDATA[ c\nd ]]><Me x=\"1\"/></HealthData>", &Marks(0));
    assert_eq!(report["within"]["bytes between elements, left out"], 4);
}

/// Apple prints the time of the export into each route, and each record of a correlation also at the top level.
#[test]
fn what_differs_from_export_to_export_is_not_kept() {
    let gpx = |time: &str| {
        format!(
            "<gpx creator=\"Apple Health Export\"><metadata><time>{time}</time></metadata><trk><name>Run</name><trkseg><trkpt lat=\"1\" \
             lon=\"2\"><time>2026-08-01T08:00:00Z</time></trkpt></trkseg></trk></gpx>"
        )
    };
    let (folder, report) = check("route.gpx", &gpx("2026-09-01T08:00:00Z"), &Marks(0));
    assert_eq!(report["within"]["GPX metadata: the time of the export, left out"], 1);
    let db = folder.path("health.db");
    let file = folder.write("route.gpx", gpx("2026-10-01T08:00:00Z"));
    assert!(import(&db, &[], &[&file]).ok);
    let kept = "SELECT group_concat(section || json) FROM other_records";
    assert_eq!(query::<String>(&db, kept), r#"GPX name{"file":"route.gpx","name":{"$":"Run"}}"#);

    let record = |value: u32, more: &str| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifierDietaryIron\" unit=\"mg\" value=\"{value}\" sourceName=\"W\" {TIMES}><MetadataEntry \
             key=\"k\" value=\"{more}\"/></Record>"
        )
    };
    let food = |records: &str| {
        format!("<Correlation type=\"HKCorrelationTypeIdentifierFood\" {TIMES}>{records}</Correlation>")
    };
    let export = [record(1, "a"), food(&[record(1, "a"), record(2, "b")].concat())].concat();
    let (folder, report) = check("export.xml", &format!("<HealthData>{export}</HealthData>"), &Marks(0));
    let (there, absent) = ("it is also at the top level", "not at the top level, kept in the Correlation");
    assert_eq!(report["skipped"][format!("Record within a Correlation: {there}")], 1);
    assert_eq!(report["skipped"][format!("Record within a Correlation: {absent}")], 1);
    let kept = "SELECT json_array_length(members) || ' ' || (other ->> '$.children[0].Record.MetadataEntry[0].value') \
                || coalesce(other ->> '$.children[1]', '') FROM correlations";
    assert_eq!(query::<String>(&folder.path("health.db"), kept), "2 b");
}

#[test]
fn each_part_of_documents_is_kept() {
    let auto_export = json!({"data": {
        "metrics": [
            {"name": "heart_rate", "units": "bpm", "data": [
                {"date": "2026-08-01 08:00:00 +0200", "Min": 1, "Avg": 2, "Max": 3, "source": "W"},
                {"date": "2026-08-01 09:00:00 +0200", "qty": {"qty": 5, "units": {"a": "b"}}, "units": {"x": "y"}}]},
            {"units": {"a": "b"}, "data": [], "name": "x"}],
        "workouts": [{"id": "A", "name": "Run", "start": "2026-08-01 08:00:00 +0200", "end": "2026-08-01 09:00:00 +0200",
            "distance": {"qty": 1, "units": "km"}, "activeEnergyBurned": {"qty": 1, "units": {"q": "w"}},
            "heartRateData": [{"date": "2026-08-01 08:00:00 +0200", "qty": 1, "units": "bpm"}],
            "route": [{"latitude": 1, "longitude": 2, "timestamp": "2026-08-01 08:00:00 +0200", "speed": {"qty": 1, "units": "m/s"}}]}],
        "medications": [{"displayText": "a", "start": "2026-08-01 08:00:00 +0200", "codings": [{"code": "1"}]}],
        "ecg": [{"start": "2026-08-01 08:00:00 +0200", "voltageMeasurements": [{"voltage": 1}]}]}});
    let uuid = |number: u32| format!("7595F72C-0000-4000-8000-{number:012}");
    let date = "2026-03-01T10:00:00.000Z";
    let mut marks = Marks::default();
    let [sample, workout, dose] = std::array::from_fn(|_| marks.next());
    let payload = json!({"exportDate": date, "data": {
        "HKQuantityTypeIdentifierHeartRate": [{"uuid": uuid(1), "value": {"unit": "a", "quantity": 5}, "unit": sample, "startDate": date,
            "endDate": date, "sourceRevision": {"source": {"name": "W"}}, "device": {"name": "D"}, "metadata": {"a": 1}}],
        "workouts": [{"uuid": uuid(2), "workoutActivityType": 37, "startDate": date, "endDate": date, "totalDistance": {"unit": "m",
            "quantity": 5}, "totalDistanceUnit": workout, "totalEnergyBurned": {"unit": "kcal", "quantity": 5}, "durationSeconds":
            {"unit": "s", "quantity": 5}, "allStatistics": {"T": {"sumQuantity": {"unit": "m", "quantity": 1}}}, "events": [{"type": 1}]}],
        "medicationDoseEvents": [{"uuid": uuid(3), "startDate": date, "endDate": date, "doseQuantity": {"unit": "mg", "quantity": 5},
            "unit": dose}],
        "medications": [{"displayText": "a"}], "stateOfMind": [{"a": 1}]},
        "workoutRoutes": {uuid(2): [{"locations": [{"latitude": 1, "longitude": 2, "date": date}]}]},
        "characteristics": {"bloodType": {"a": 1}}});
    check("payload.json", &marks.in_json(&payload).to_string(), &marks);
    check("payload.json", &payload.to_string(), &Marks(3));
    let mut marks = Marks::default();
    check("auto-export.json", &marks.in_json(&auto_export).to_string(), &marks);
}

#[test]
fn two_recordings_in_one_file_are_two() {
    let ecg = |day: u32, first: &str| {
        let head = format!(
            "Name,Ada\nRecorded Date,2026-03-0{day} 10:00:00 +0100\nSample Rate,512 hertz\nUnit,µV\n\n{first}\n"
        );
        head + &"2.5\n".repeat(20)
    };
    for between in ["", "\n\n"] {
        let (folder, report) = check("ecg.csv", &[ecg(1, "1.5"), ecg(2, "3.5")].join(between), &Marks(0));
        assert_eq!((&report["new"], &report["rejected"]), (&json!(2), &json!(0)));
        let stored = "SELECT group_concat(json_array_length(voltages) || ' ' || (voltages ->> 0), ', ' ORDER BY start_ms) FROM ecg";
        assert_eq!(query::<String>(&folder.path("health.db"), stored), "21 1.5, 21 3.5");
    }
    // Each has its own lines in the rejects.
    let (folder, _) =
        check("ecg.csv", &[ecg(1, "x"), ecg(9, "1.5").replace("-09", "-99"), ecg(2, "y")].concat(), &Marks(0));
    let reasons = "SELECT group_concat(reason, '; ' ORDER BY ordinal) FROM rejects";
    let expected = "line 6: `voltage` is not a number; line 52: no date: not an electrocardiogram of Apple's export; line 58: `voltage` is \
                    not a number";
    assert_eq!(query::<String>(&folder.path("health.db"), reasons), expected);
    let (_, report) = check("ecg.csv", &ecg(1, "x").replace("2.5", "0.1,2.5;3"), &Marks(0));
    assert_eq!((&report["new"], &report["rejected"]), (&json!(0), &json!(1)));
}

#[test]
fn a_document_within_data_names_its_shape() {
    let folder = Folder::new();
    let file = folder.write("a.json", r#"{"data":{"data":{"metrics":[{"name":"x","units":"c","data":[]}]}}}"#);
    let outcome = import(&folder.path("health.db"), &[], &[&file]);
    assert!(!outcome.ok && outcome.said.contains("`data` has an object `data`, not sections"), "{}", outcome.said);
}

#[test]
fn numbers_of_health_auto_export_are_kept_as_they_were_sent() {
    let kept = r#"{"a":-0,"b":[18446744073709551616,-9223372036854775809],"c":1}"#;
    let document = format!(
        r#"{{"data":{{"metrics":[
            {{"name":"x","units":"c","data":[{{"date":"2026-08-01 08:00:00 +0200","qty":-0,"more":{kept}}},
            {{"date":"2026-08-01 09:00:00 +0200","qty":18446744073709551616,"source":-0,"value":-0}}]}},
            {{"name":-0,"data":[]}}],
        "workouts":[{{"name":"Run","start":"2026-08-01 08:00:00 +0200","end":"2026-08-01 09:00:00 +0200","more":{kept}}}],
        "symptoms":[{{"name":"a","more":{kept}}}]}},"more":{kept}}}"#
    );
    let (folder, report) = check("a.json", &document, &Marks(0));
    assert_eq!(report["rejected"], 1);
    let everything = everything(&folder.path("health.db"));
    assert_eq!(everything.matches(kept).count(), 4, "{everything}");
    assert!(everything.contains(r#"{"source":-0,"value":-0}"#), "{everything}");
    let values = "SELECT group_concat(value, ' ' ORDER BY start_ms) FROM aggregates";
    assert_eq!(query::<String>(&folder.path("health.db"), values), "0.0 1.8446744073709552e+19");
}

#[test]
fn a_name_or_unit_of_a_metric_that_is_given_twice_is_in_the_rejects() {
    let (first, second) = (r#""name":"x","units":"mark1.","units":"b""#, r#""name":"y","units":"b""#);
    let points = r#""data":[{"date":"2026-08-01 08:00:00 +0200","qty":1}]"#;
    let document = format!(r#"{{"data":{{"metrics":[{{{first},{points}}},{{"name":"mark2.",{points},{second}}}]}}}}"#);
    let (folder, report) = check("a.json", &document, &Marks(2));
    assert_eq!((&report["new"], &report["rejected"]), (&json!(2), &json!(2)));
    let reasons = "SELECT group_concat(reason, '; ' ORDER BY ordinal) FROM rejects";
    let expected = "metric 0: `units` is given twice; metric 1: `name` is given twice";
    assert_eq!(query::<String>(&folder.path("health.db"), reasons), expected);
}
