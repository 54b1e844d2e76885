//! Years of history: the real program imports real files into a real database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use healthsink::model::limits;
use healthsink_testdata::{Export, Payload, Twin};
use healthsink_testkit::compression::gzip;
use healthsink_testkit::missing::not_run_without_data;
use healthsink_testkit::zip::{Packing, pack};
use rusqlite::Connection;
use serde_json::Value;

/// What `import --json` printed, and whether its exit code was 0.
pub(crate) struct Outcome {
    pub(crate) ok: bool,
    pub(crate) report: Value,
    pub(crate) said: String,
}

impl Outcome {
    pub(crate) fn count(&self, name: &str) -> u64 {
        self.report[name].as_u64().unwrap_or_default()
    }

    /// `read = new + updated + unchanged + merged + rejected + skipped`.
    pub(crate) fn balanced(self) -> Self {
        let skipped: u64 =
            self.report["skipped"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        let sum: u64 = ["new", "updated", "unchanged", "merged", "rejected"].iter().map(|name| self.count(name)).sum();
        assert_eq!(self.count("read"), sum + skipped, "{}", self.report);
        self
    }
}

/// Imports into a file, and into PostgreSQL if that is built in.
pub(crate) fn import(db: &Path, arguments: &[&str], inputs: &[&Path]) -> Outcome {
    #[cfg(feature = "postgres")]
    let person = crate::postgres::beside::begin(db, arguments);
    let outcome = import_into_file(db, arguments, inputs);
    #[cfg(feature = "postgres")]
    if let Some(person) = person {
        crate::postgres::beside::import(&person, db, arguments, inputs, (outcome.ok, &outcome.report));
    }
    outcome
}

/// The same without PostgreSQL, for what takes long there.
pub(crate) fn import_into_file(db: &Path, arguments: &[&str], inputs: &[&Path]) -> Outcome {
    let output = Command::new(crate::program::path())
        .args(["import", "--json", "--db"])
        .arg(db)
        .args(arguments)
        .args(inputs)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {said}"));
    // However records were merged, the ledger accounts for every row.
    if db.exists() {
        let checked = Command::new(crate::program::path()).args(["check", "--db"]).arg(db).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    }
    Outcome { ok: output.status.success(), report, said }
}

pub(crate) fn query<T: rusqlite::types::FromSql>(db: &Path, sql: &str) -> T {
    Connection::open(db).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Everything that distinguishes two databases, except what the ledger has about uploads.
fn contents(db: &Path) -> Vec<String> {
    let connection = Connection::open(db).unwrap();
    let mut rows = Vec::new();
    for sql in [
        "SELECT concat_ws('|', type, start_ms, end_ms, value, unit, source, metadata, other, uuid) FROM sample_details",
        "SELECT concat_ws('|', hex(uuid), activity_type, start_ms, end_ms, duration_s, round(energy_kcal, 6), distance, statistics, events) FROM workouts",
        "SELECT concat_ws('|', hex(workout), time_ms, latitude, longitude, altitude_m) FROM route_points",
        "SELECT concat_ws('|', type, start_ms, hex(uuid), members) FROM correlations",
        "SELECT concat_ws('|', day, active_energy, stand_hours) FROM activity_summaries",
        "SELECT concat_ws('|', start_ms, hex(hash), beats) FROM beat_lists",
        "SELECT concat_ws('|', section, json) FROM other_records",
    ] {
        let mut select = connection.prepare(sql).unwrap();
        rows.extend(select.query_map([], |row| row.get::<_, String>(0)).unwrap().map(|row| row.unwrap()));
    }
    rows.sort();
    rows
}

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

fn twin_files(folder: &Folder, twin: &Twin) -> (PathBuf, PathBuf) {
    let (mut json, mut xml) = (Vec::new(), Vec::new());
    twin.write_payload(&mut json).unwrap();
    twin.write_export(&mut xml).unwrap();
    let name = format!("{}-{}-{}", twin.seed, twin.samples, twin.rounded);
    (folder.write(&format!("{name}.json"), json), folder.write(&format!("{name}.xml"), xml))
}

/// Returns an archive with these members.
pub(super) fn zip(members: &[(&str, &[u8])], packing: Packing) -> Vec<u8> {
    pack(members.iter().map(|(name, contents)| (name.as_bytes(), *contents)), packing)
}

pub(crate) const HEAD: &str = "<?xml version=\"1.0\"?>\n<!DOCTYPE HealthData [\n<!ENTITY a \"aaaaaaaaaa\"> <!ENTITY b \"&a;&a;&a;\"> > ]>\n<HealthData locale=\"en_US\">\n";

fn record(value: &str, more: &str) -> String {
    format!(
        "<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Watch\" unit=\"count/min\" \
         creationDate=\"2024-01-01 10:00:05 +0100\" startDate=\"2024-01-01 10:00:00 +0100\" \
         endDate=\"2024-01-01 10:00:00 +0100\" value=\"{value}\"{more}\n"
    )
}

#[test]
fn the_same_samples_from_app_and_export_are_stored_once_in_any_order() {
    for rounded in [false, true] {
        let folder = Folder::new();
        let twin = Twin { seed: 5, samples: 6_000, rounded };
        let (json, xml) = twin_files(&folder, &twin);
        let (half_json, half_xml) = twin_files(&folder, &Twin { samples: 2_500, ..twin });
        let only = folder.path("only.db");
        assert!(import(&only, &[], &[&json]).ok);
        let expected: Vec<String> = contents(&only);

        let check = |name: &str, inputs: &[&PathBuf]| {
            let db = folder.path(name);
            for input in inputs {
                let outcome = import(&db, &[], &[input.as_path()]).balanced();
                assert!(outcome.ok, "{}", outcome.said);
                assert_eq!(outcome.count("rejected") + outcome.count("updated"), 0);
            }
            let is_sample = |row: &String| row.contains("Identifier") && !row.contains("HKCorrelation");
            let found: Vec<String> = contents(&db).into_iter().filter(is_sample).collect();
            let samples: i64 = query(&db, "SELECT count(*) FROM samples");
            let derived: i64 = query(&db, "SELECT count(*) FROM samples WHERE substr(uuid, 1, 2) = x'6873'");
            assert_eq!((samples, derived), (6_000, 0), "{name}, rounded: {rounded}");
            assert!(found == expected, "{name}, rounded: {rounded}");
        };
        check("payload first", &[&json, &xml]);
        check("export first", &[&xml, &json]);
        check("interleaved", &[&half_json, &xml, &half_json, &json, &xml]);
        check("interleaved otherwise", &[&half_xml, &half_json, &xml, &json, &half_xml, &xml]);
    }
}

#[test]
fn a_second_import_finds_what_the_first_merged() {
    let folder = Folder::new();
    let (json, xml) = twin_files(&folder, &Twin { seed: 6, samples: 3_000, rounded: true });
    let db = folder.path("health.db");
    import(&db, &[], &[&json]);
    let first = import(&db, &[], &[&xml]).balanced();
    assert_eq!(first.count("merged"), 3_000);
    let again = import(&db, &[], &[&xml, &json, &xml]).balanced();
    assert_eq!((again.count("merged"), again.count("new")), (6_000, 0));
}

#[test]
fn an_export_is_accounted_for_and_a_second_import_adds_nothing() {
    let folder = Folder::new();
    let export = Export { target_bytes: 3_000_000, ..Export::default() };
    let exported = export.write_dir(&folder.path("apple")).unwrap();
    let db = folder.path("health.db");
    let first = import(&db, &[], &[&folder.path("apple")]).balanced();
    assert!(first.ok, "{}", first.said);
    let rows = |sql: &str| query::<i64>(&db, sql).unsigned_abs();
    assert_eq!(rows("SELECT count(*) FROM samples"), exported.records);
    assert_eq!(rows("SELECT count(*) FROM correlations"), exported.correlations);
    assert_eq!(rows("SELECT count(*) FROM blood_pressure WHERE systolic > diastolic"), exported.correlations);
    assert_eq!(rows("SELECT count(*) FROM workouts"), exported.workouts);
    assert_eq!(rows("SELECT count(*) FROM activity_summaries"), exported.activity_summaries);
    assert_eq!(rows("SELECT count(*) FROM beat_lists"), exported.beat_lists);
    assert_eq!(rows("SELECT count(*) FROM heart_beats"), exported.beats);
    let within = |name: &str| first.report["within"][name].as_u64().unwrap_or_default();
    assert_eq!(within("WorkoutStatistics"), exported.workout_statistics);
    assert_eq!(within("MetadataEntry"), exported.metadata_entries);
    assert_eq!(within("InstantaneousBeatsPerMinute"), exported.beats);
    assert_eq!(within("WorkoutActivity"), exported.workout_activities);
    assert_eq!(within("WorkoutEvent"), exported.workout_events);
    assert_eq!(within("WorkoutRoute"), exported.workout_routes);
    let read = exported.records
        + exported.correlations
        + exported.correlated_records
        + exported.workouts
        + exported.activity_summaries
        + exported.route_points
        + 2;
    assert_eq!(first.count("read"), read);
    let again = import(&db, &[], &[&folder.path("apple")]).balanced();
    assert_eq!((again.count("new"), again.count("updated")), (0, 0));
    assert_eq!(again.count("read"), read);
    let orphans = "SELECT count(*) FROM route_points WHERE workout NOT IN (SELECT uuid FROM workouts)";
    assert_eq!(rows(orphans), 0);
}

#[test]
fn an_archive_is_read_in_place_and_a_cut_one_is_completed_later() {
    let folder = Folder::new();
    Export { target_bytes: 400_000, ..Export::default() }.write_dir(&folder.path("apple")).unwrap();
    let whole = folder.path("whole.db");
    assert!(import(&whole, &[], &[&folder.path("apple")]).ok);
    let xml = fs::read(folder.path("apple/export.xml")).unwrap();
    let mut members: Vec<(String, Vec<u8>)> = fs::read_dir(folder.path("apple/workout-routes"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = format!("apple_health_export/workout-routes/{}", path.file_name().unwrap().to_str().unwrap());
            (name, fs::read(&path).unwrap())
        })
        .collect();
    members.insert(0, ("apple_health_export/\u{5bfc}\u{51fa}.xml".to_owned(), xml.clone()));
    members.push(("__MACOSX/._export.xml".to_owned(), b"junk".to_vec()));
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    for is_streamed in [false, true] {
        let packing = if is_streamed { Packing::STREAMED } else { Packing::PLAIN };
        let archive = zip(&members, packing);
        let path = folder.write("export.zip", &archive);
        let db = folder.path(&format!("zip-{is_streamed}.db"));
        let outcome = import(&db, &[], &[&path]).balanced();
        assert!(outcome.ok, "{}", outcome.said);
        assert!(contents(&db) == contents(&whole));
        for cut in [archive.len() / 3, archive.len() / 2, archive.len() - 30] {
            let db = folder.path(&format!("cut-{is_streamed}-{cut}.db"));
            let cut = folder.write("cut.zip", &archive[..cut]);
            let outcome = import(&db, &[], &[&cut]).balanced();
            assert!(!outcome.ok && outcome.count("new") > 0, "{}", outcome.said);
            assert!(import(&db, &[], &[&path]).balanced().ok);
            assert!(contents(&db) == contents(&whole));
        }
    }
    for cut in [500, 5_000, xml.len() / 2, xml.len() - 3] {
        let db = folder.path(&format!("xml-{cut}.db"));
        let cut = folder.write("cut.xml", &xml[..cut]);
        let outcome = import(&db, &[], &[&cut]).balanced();
        assert!(!outcome.ok && outcome.said.contains("cut"), "{}", outcome.said);
        assert!(import(&db, &[], &[&folder.path("apple")]).balanced().ok);
        assert!(contents(&db) == contents(&whole));
    }
}

#[test]
fn bombs_and_paths_out_of_the_archive_are_refused() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let check = |path: &Path, words: &str| {
        let outcome = import(&db, &[], &[path]);
        assert!(!outcome.ok && outcome.said.contains(words), "{}", outcome.said);
        assert_eq!(outcome.count("new"), 0);
    };
    let blanks = [HEAD.as_bytes(), &vec![b' '; 120 << 20]].concat();
    check(&folder.write("bomb.zip", zip(&[("export.xml", &blanks)], Packing::PLAIN)), "bomb");
    check(&folder.write("bomb.xml.gz", gzip(&blanks)), "bomb");
    let xml = [HEAD.as_bytes(), record("1", "/>").as_bytes(), b"</HealthData>"].concat();
    check(&folder.write("absolute.zip", zip(&[("/etc/export.xml", &xml)], Packing::PLAIN)), "outside");
    check(&folder.write("up.zip", zip(&[("a/../../export.xml", &xml)], Packing::PLAIN)), "outside");
    let mut damaged =
        zip(&[("export.xml", &[&xml[..], &record("2", "/>").repeat(99).into_bytes()].concat())], Packing::PLAIN);
    damaged[60] ^= 0x55;
    let outcome = import(&db, &[], &[&folder.write("damaged.zip", damaged)]);
    assert!(!outcome.ok, "{}", outcome.said);
}

#[test]
fn equal_records_stay_several_and_others_are_distinguished() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let mut xml = HEAD.to_owned();
    xml += &record("60", "/>");
    xml += &record("60", "/>");
    xml += &record("61", "/>");
    xml += &record(
        "60",
        "><MetadataEntry key=\"a\" value=\"&lt;1&gt;\"/><MetadataEntry key=\"b\" value=\"&b;\"/></Record>",
    );
    xml += &record("60", " tomorrow=\"yes\"><Later x=\"1\"/></Record>");
    let next_month = xml.clone() + &record("60", "/>") + "</HealthData>";
    xml += "</HealthData>";
    let (first, second) = (folder.write("1.xml", &xml), folder.write("2.xml", &next_month));
    assert_eq!(import(&db, &[], &[&first]).balanced().count("new"), 5);
    assert_eq!(import(&db, &[], &[&first]).balanced().count("unchanged"), 5);
    let outcome = import(&db, &[], &[&second]).balanced();
    assert_eq!((outcome.count("unchanged"), outcome.count("new")), (5, 1));
    let metadata: String = query(&db, "SELECT metadata FROM sample_details WHERE metadata IS NOT NULL");
    assert_eq!(metadata, r#"{"a":"<1>","b":"&b;"}"#);
    let other: String = query(&db, "SELECT other FROM samples WHERE other IS NOT NULL");
    assert_eq!(other, r#"{"tomorrow":"yes","children":[{"Later":{"x":"1"}}]}"#);
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM samples WHERE creation_ms - start_ms = 5000"), 6);
}

#[test]
fn equal_records_far_apart_stay_several() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let mut xml = HEAD.to_owned() + &record("60", "/>");
    // More than the window remembers.
    for number in 0..40_000 {
        xml += &record(&format!("60.{number:05}1"), "/>");
    }
    xml += &record("60", "/>");
    let path = folder.write("export.xml", xml + "</HealthData>");
    assert_eq!(import(&db, &[], &[&path]).balanced().count("new"), 40_002);
    let again = import(&db, &[], &[&path]).balanced();
    assert_eq!((again.count("new"), again.count("unchanged")), (0, 40_002));
}

#[test]
fn a_killed_import_is_completed_by_the_next() {
    let folder = Folder::new();
    Export { target_bytes: 20_000_000, ..Export::default() }.write_dir(&folder.path("apple")).unwrap();
    let (db, whole) = (folder.path("killed.db"), folder.path("whole.db"));
    let mut killed = Command::new(crate::program::path())
        .args(["import", "--db"])
        .args([&db, &folder.path("apple")])
        .spawn()
        .unwrap();
    while killed.try_wait().unwrap().is_none() {
        if Connection::open(&db).is_ok_and(|db| db.query_row("SELECT 1 FROM samples", [], |_| Ok(())).is_ok()) {
            break;
        }
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(import(&db, &[], &[&folder.path("apple")]).balanced().ok);
    assert!(import(&whole, &[], &[&folder.path("apple")]).balanced().ok);
    assert!(contents(&db) == contents(&whole));
}

#[test]
fn bad_records_are_rejected_with_their_lines_and_a_dry_run_writes_nothing() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let mut xml = HEAD.as_bytes().to_vec();
    xml.extend(record("sixty", "/>").bytes());
    xml.extend(b"<Record type=\"HKQuantityTypeIdentifierHeartRate\" value=\"1\" startDate=\"soon\"/>\n");
    xml.extend(b"<Record type=\"HKQuantityTypeIdentifierHeartRate\" value=\"1\"><MetadataEntry></Record>\n");
    xml.extend(b"<Record type=\"HKCategoryTypeIdentifierX\" sourceName=\"\xff\" value=\"HKCategoryValueOfTomorrow\" startDate=\"2024-01-01 10:00:00 +0100\"/>\n");
    xml.extend(record("60", "/>").bytes());
    xml.extend(b"<StateOfMind startDate=\"2024-01-01 10:00:00 +0100\" valence=\"0.5\"><Label value=\"calm\"/></StateOfMind>\n</HealthData>");
    let path = folder.write("export.xml", &xml);
    let dry = import(&db, &["--dry-run"], &[&path]);
    assert!(dry.ok && !db.exists());
    assert_eq!((dry.count("read"), dry.count("rejected")), (6, 3));
    let outcome = import(&db, &["--person", "Ada"], &[&path]).balanced();
    assert_eq!((outcome.count("new"), outcome.count("rejected")), (3, 3));
    let reasons: String =
        query(&db, "SELECT group_concat(reason, '; ') FROM (SELECT reason FROM rejects ORDER BY ordinal)");
    assert!(reasons.starts_with("line 5: `value` is not a number; line 6: `startDate` is not a date"), "{reasons}");
    assert!(reasons.contains("line 7: not closed where the next element begins"), "{reasons}");
    let other: String = query(&db, "SELECT other FROM samples WHERE other IS NOT NULL");
    assert_eq!(other, r#"{"value":"HKCategoryValueOfTomorrow"}"#);
    let state: String = query(&db, "SELECT json FROM other_records WHERE section = 'StateOfMind'");
    assert!(state.contains("2024-01-01T09:00:00.000Z") && state.contains("calm"), "{state}");
    assert_eq!(query::<String>(&db, "SELECT DISTINCT person FROM sample_details"), "Ada");
}

const WORKOUT_XML: &str = "<Workout workoutActivityType=\"HKWorkoutActivityTypeWalking\" duration=\"30\" durationUnit=\"min\" \
    sourceName=\"Watch\" creationDate=\"2024-01-01 10:31:00 +0000\" startDate=\"2024-01-01 10:00:00 +0000\" \
    endDate=\"2024-01-01 10:30:00 +0000\"><WorkoutRoute><FileReference path=\"/workout-routes/a.gpx\"/></WorkoutRoute></Workout>";

const GPX: &str = "<gpx><trk><name>R</name><trkseg><trkpt lon=\"8.5\" lat=\"47.1\"><ele>1</ele><time>2024-01-01T10:00:01Z</time></trkpt>\
    <trkpt lon=\"8.6\" lat=\"47.1\"><time>2024-01-01T10:00:02Z</time></trkpt></trkseg></trk></gpx>";

const WORKOUT_JSON: &str = r#"{"data":{"workouts":[{"uuid":"3BA875EE-1111-4D51-8CDC-9B2AC7A5C05B","workoutActivityType":52,
    "startDate":"2024-01-01T10:00:00.250Z","endDate":"2024-01-01T10:30:00.750Z","durationSeconds":1800}]}"#;

const ROUTE_JSON: &str = r#","workoutRoutes":{"3BA875EE-1111-4D51-8CDC-9B2AC7A5C05B":[{"locations":[
    {"latitude":47.1000001,"longitude":8.5,"date":"2024-01-01T10:00:01.100Z"}]}]}}"#;

#[test]
fn a_workout_and_its_route_are_one() {
    let xml = format!("{HEAD}{WORKOUT_XML}</HealthData>");
    let bare = format!("{WORKOUT_JSON}}}");
    let routed = format!("{WORKOUT_JSON}{ROUTE_JSON}");
    let check = |inputs: &[&str], points: i64| {
        let folder = Folder::new();
        folder.write("apple/export.xml", &xml);
        folder.write("apple/workout-routes/a.gpx", GPX);
        let db = folder.path("health.db");
        for input in inputs {
            let input = match *input {
                "apple" => folder.path("apple"),
                "bare" => folder.write("bare.json", &bare),
                _ => folder.write("routed.json", &routed),
            };
            let outcome = import(&db, &[], &[&input]).balanced();
            assert!(outcome.ok, "{}", outcome.said);
        }
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workouts"), 1, "{inputs:?}");
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM route_points"), points, "{inputs:?}");
        if inputs != ["apple"] {
            let uuid = "3BA875EE-1111-4D51-8CDC-9B2AC7A5C05B";
            assert_eq!(query::<String>(&db, "SELECT uuid FROM workout_details"), uuid);
            assert_eq!(query::<String>(&db, "SELECT DISTINCT workout FROM route_details"), uuid, "{inputs:?}");
        }
    };
    check(&["apple"], 2);
    check(&["apple", "bare", "apple"], 2);
    check(&["bare", "apple", "apple"], 2);
    // The app's location replaces the import's in that second, and no other.
    check(&["apple", "routed", "apple"], 2);
    check(&["routed", "apple", "routed"], 2);
    check(&["bare", "apple", "routed", "apple"], 2);
}

/// Deleted locations are counted, so that `check` notices one missing row.
#[test]
fn the_ledger_is_exact_after_workouts_are_merged() {
    // Two locations in one second, of which the app has one.
    let gpx = GPX.replace("10:00:02Z", "10:00:01.500Z");
    let app = format!("{WORKOUT_JSON}{ROUTE_JSON}");
    let check = |inputs: &[&str], removed: i64| {
        let folder = Folder::new();
        let xml = format!("{HEAD}{}{WORKOUT_XML}</HealthData>", record("60", "/>"));
        folder.write("apple/export.xml", xml);
        folder.write("apple/workout-routes/a.gpx", &gpx);
        let db = folder.path("health.db");
        for input in inputs {
            let input = match *input {
                "apple" => folder.path("apple"),
                "route" => folder.write("route.json", format!("{{\"data\":{{}}{ROUTE_JSON}")),
                _ => folder.write("app.json", &app),
            };
            let outcome = import(&db, &[], &[&input]).balanced();
            assert!(outcome.ok, "{}", outcome.said);
        }
        assert_eq!(query::<i64>(&db, "SELECT sum(removed) FROM uploads"), removed, "{inputs:?}");
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workout_aliases"), 1, "{inputs:?}");
        Connection::open(&db).unwrap().execute_batch("DELETE FROM samples").unwrap();
        let checked = Command::new(crate::program::path()).args(["check", "--db"]).arg(&db).output().unwrap();
        assert_eq!(checked.status.code(), Some(1), "{inputs:?}");
        let said = String::from_utf8(checked.stdout).unwrap();
        assert!(said.contains("1 row of me that the ledger counts are missing"), "{said}");
    };
    check(&["apple", "app", "apple"], 1);
    check(&["app", "apple", "app"], 0);
    // Both bring locations before it is known that they belong to one workout.
    check(&["apple", "route", "app"], 2);
    check(&["route", "apple", "app"], 2);
}

#[test]
fn files_beside_the_xml_are_kept_unchanged() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    folder.write(
        "e/export.xml",
        format!("{HEAD}<Me HKCharacteristicTypeIdentifierBloodType=\"HKBloodTypeAPositive\"/></HealthData>"),
    );
    folder.write("e/export_cda.xml", "<?xml version=\"1.0\"?><ClinicalDocument/>");
    let voltages: String = (0..100).map(|number| format!("{}.5\n", number - 50)).collect();
    let ecg = format!(
        "Name,Ada\nRecorded Date,2024-01-01 10:00:00 +0100\nClassification,Sinus Rhythm\nSample Rate,512 hertz\n\nUnit,µV\n\n{voltages}"
    );
    folder.write("e/electrocardiograms/ecg_2024-01-01.csv", ecg);
    folder
        .write("e/clinical-records/Observation-1.json", "\u{feff}{\"resourceType\":\"Observation\", \"value\":1.10}\n");
    for expected in [(2, 0), (0, 2)] {
        let outcome = import(&db, &[], &[&folder.path("e")]).balanced();
        assert!(outcome.ok, "{}", outcome.said);
        assert_eq!((outcome.count("new"), outcome.count("unchanged")), expected);
    }
    let ecg: String =
        query(&db, "SELECT concat_ws('|', start, classification, rate_hz, unit, samples, voltages ->> 1) FROM ecg");
    assert_eq!(ecg, "2024-01-01T09:00:00.000Z|Sinus Rhythm|512.0|µV|100|-49.5");
    let clinical = "SELECT json FROM other_records WHERE section = 'clinical-records'";
    assert_eq!(query::<String>(&db, clinical), r#"{"resourceType":"Observation", "value":1.10}"#);
    let root = "SELECT json FROM other_records WHERE section = 'HealthData'";
    assert_eq!(query::<String>(&db, root), r#"{"locale":"en_US"}"#);
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM characteristics"), 1);
}

#[test]
fn the_apps_payloads_are_also_read_from_folders_and_archives() {
    let folder = Folder::new();
    let mut json = Vec::new();
    Payload { target_bytes: 60_000, ..Payload::default() }.write_to(&mut json).unwrap();
    folder.write("saved/one.json", &json);
    folder.write("saved/two.json", &json);
    let archive = folder.write("saved.zip", zip(&[("one.json", &json)], Packing::STREAMED));
    let db = folder.path("health.db");
    let outcome = import(&db, &[], &[&folder.path("saved"), &archive]);
    assert!(outcome.ok, "{}", outcome.said);
    let outcome = outcome.balanced();
    assert_eq!(outcome.report["files"].as_array().unwrap().len(), 3);
    assert_eq!(outcome.count("unchanged"), 2 * outcome.count("new"));
}

/// Records, beat lists, beats, metadata entries, locations, workouts, days of each published export.
#[test]
fn published_exports_are_accounted_for() {
    let Some(samples) = std::env::var_os("HEALTHSINK_SAMPLES").map(PathBuf::from) else {
        return not_run_without_data("HEALTHSINK_SAMPLES names no folder of published exports");
    };
    for (name, expected) in [
        ("apple-test-export.zip", [8038, 400, 13081, 1571, 5237, 0, 0]),
        ("apple-test-export-cn.zip", [8038, 400, 13081, 1571, 0, 0, 0]),
        ("apple-test-export4.zip", [8038, 400, 13081, 1571, 0, 0, 0]),
        ("apple-workout-route.zip", [1, 0, 0, 15, 644, 1, 10]),
    ] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let first = import(&db, &[], &[&samples.join(name)]).balanced();
        assert!(first.ok, "{}", first.said);
        let rows = |table: &str| query::<i64>(&db, &format!("SELECT count(*) FROM {table}"));
        let entries = i64::try_from(first.report["within"]["MetadataEntry"].as_u64().unwrap()).unwrap();
        let [samples_, lists, beats] = ["samples", "beat_lists", "heart_beats"].map(rows);
        let [points, workouts, days] = ["route_points", "workouts", "activity_summaries"].map(rows);
        assert_eq!([samples_, lists, beats, entries, points, workouts, days], expected, "{name}");
        assert_eq!(first.count("rejected"), 0);
        let again = import(&db, &[], &[&samples.join(name)]).balanced();
        assert_eq!((again.count("new"), again.count("updated")), (0, 0), "{name}");
    }
}

const AUTO_EXPORT: &str = r#"{"data":{"metrics":[
    {"data":[{"date":"2024-02-06 14:30:00 -0500","Min":60,"Avg":65.5,"Max":72,"source":"Watch"},{"date":"soon"}],"units":"count/min","name":"heart_rate"},
    {"name":"step_count","units":"count","data":[{"qty":12,"date":"2024-02-06 02:30:00 PM -0500"},{"qty":13,"date":"2024-02-06 14:30:00 -0500"}]},
    {"name":"sleep_analysis","units":"hr","data":[{"startDate":"2024-02-06 23:00:00 -0500","endDate":"2024-02-06 23:30:00 -0500","qty":0.5,"value":"Core"},
      {"date":"2024-02-07 00:00:00 -0500","asleep":7.5,"deep":1.5,"source":"Watch"}]}],
  "workouts":[{"id":"x","name":"Outdoor Walk","start":"2024-01-01 10:00:00 +0000","end":"2024-01-01 10:30:00 +0000","distance":{"qty":2.5,"units":"km"},
    "activeEnergy":{"qty":418.4,"units":"kJ"},"heartRateData":[{"date":"2024-01-01 10:01:00 +0000","Avg":99,"Min":98,"Max":100,"units":"bpm"}],
    "route":[{"latitude":47.1,"longitude":8.5,"altitude":400,"timestamp":"2024-01-01 10:00:01 +0000"}]}],
  "stateOfMind":[{"valence":0.5}]}}"#;

#[test]
fn health_auto_export_is_kept_apart_from_samples() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let path = folder.write("HealthAutoExport.json", AUTO_EXPORT);
    let first = import(&db, &[], &[&path]).balanced();
    assert!(first.ok, "{}", first.said);
    assert_eq!((first.count("new"), first.count("rejected")), (9, 1), "{}", first.report);
    let again = import(&db, &[], &[&path]).balanced();
    assert_eq!((again.count("unchanged"), again.count("new")), (9, 0));
    let rows: String = query(
        &db,
        "SELECT group_concat(concat_ws(',', metric, start_ms / 1000, label, unit, value, minimum, average, maximum, other), ' ')
         FROM (SELECT * FROM aggregates ORDER BY metric, start_ms, label, value)",
    );
    assert_eq!(
        rows,
        "heart_rate,1707247800,,count/min,60.0,65.5,72.0 sleep_analysis,1707278400,Core,hr,0.5 \
         sleep_analysis,1707282000,,hr,{\"asleep\":7.5,\"deep\":1.5} step_count,1707247800,,count,12.0 \
         step_count,1707247800,,count,13.0 workout heartRateData,1704103260,,bpm,98.0,99.0,100.0"
    );
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM samples"), 0);
    let workout: String = query(
        &db,
        "SELECT concat_ws('|', activity, duration_s, round(energy_kcal, 6), distance, distance_unit) FROM workout_details",
    );
    assert_eq!(workout, "walking|1800.0|100.0|2.5|km");
    let app = folder.write("app.json", format!("{WORKOUT_JSON}}}"));
    assert_eq!(import(&db, &[], &[&app]).balanced().count("merged"), 1);
}

#[test]
fn health_auto_export_loses_nothing_whatever_the_order() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let json = r#"{"data":{"workouts":[{"route":[{"timestamp":"2024-01-01 10:00:01 +0000","courseAccuracy":3,"longitude":8.5,"latitude":47.1},
        {"latitude":47.2,"timestamp":"2024-01-01 10:00:02 +0000"}],"notes":["a",{"date":"soon"}],
        "duration":{"qty":30,"units":"min"},"distance":"far","end":"2024-01-01 10:30:00 +0000","start":"2024-01-01 10:00:00 +0000","name":"Run"}],
      "metrics":[{"data":[{"date":"2024-01-01 10:00:00 +0000","qty":"72","units":"v","startDate":"2024-01-01 09:00:00 +0000","endDate":"never"}],
        "units":"u","name":"x"}],"ecg":[{"b":1.50,"a":{"d":1,"c":2}}]}}"#;
    let path = folder.write("export.json", json);
    let outcome = import(&db, &[], &[&path]).balanced();
    assert!(outcome.ok, "{}", outcome.said);
    assert_eq!((outcome.count("new"), outcome.count("rejected")), (4, 1), "{}", outcome.report);
    let workout: String =
        query(&db, "SELECT concat_ws('|', activity, duration_s, distance, other) FROM workout_details");
    assert_eq!(
        workout,
        r#"running|1800.0|{"distance":"far","duration":{"qty":30,"units":"min"},"name":"Run","notes":["a",{"date":"soon"}]}"#
    );
    let joined = "SELECT p.other FROM route_points p JOIN workouts w ON w.uuid = p.workout";
    assert_eq!(query::<String>(&db, joined), r#"{"courseAccuracy":3}"#);
    let aggregate: String = query(&db, "SELECT concat_ws('|', unit, value, other) FROM aggregates");
    assert_eq!(aggregate, r#"u|72.0|{"endDate":"never","startDate":"2024-01-01 09:00:00 +0000","units":"v"}"#);
    assert_eq!(query::<String>(&db, "SELECT json FROM other_records"), r#"{"a":{"c":2,"d":1},"b":1.5}"#);
    let raw: String = query(&db, "SELECT raw FROM rejects");
    assert_eq!(raw, r#"{"latitude":47.2,"timestamp":"2024-01-01 10:00:02 +0000"}"#);
    assert_eq!(import(&db, &[], &[&path]).balanced().count("unchanged"), 4);
}

#[test]
fn a_value_is_0_only_where_none_applies_and_dates_ignore_the_time_zone() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let category = |kind: &str| {
        format!(
            "<Record type=\"HKCategoryTypeIdentifier{kind}\" sourceName=\"W\" startDate=\"2024-01-01 10:00:00 +0100\"/>"
        )
    };
    let dated = |date: &str| record("60", &format!("><MetadataEntry key=\"d\" value=\"{date}\"/></Record>"));
    let twice = record("60", " value=\"61\"/>");
    let more = [category("SleepAnalysis"), category("MindfulSession"), twice].concat();
    let xml = |date: &str| format!("{HEAD}{more}{}</HealthData>", dated(date));
    let first = import(&db, &[], &[&folder.write("1.xml", xml("2024-01-01 10:00:00 +0100"))]).balanced();
    assert_eq!((first.count("new"), first.count("rejected")), (3, 1));
    let values = "SELECT group_concat(concat_ws('=', substr(type, 25), value), ' ') FROM sample_details WHERE type LIKE 'HKCategory%'";
    assert_eq!(query::<String>(&db, values), "SleepAnalysis MindfulSession=0.0");
    let second = import(&db, &[], &[&folder.write("2.xml", xml("2024-01-01 04:00:00 -0500"))]).balanced();
    assert_eq!((second.count("new"), second.count("unchanged")), (0, 3));
}

#[test]
fn exports_in_one_folder_are_separate_and_skipped_files_are_reported() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let xml = |records: &[String]| format!("{HEAD}{}</HealthData>", records.concat());
    let old = xml(&[record("60", "/>"), record("61", "/>")]);
    let new = xml(&[record("60", "/>"), record("61", "/>"), record("62", "/>"), WORKOUT_XML.to_owned()]);
    folder.write("all/2023/export.xml", &old);
    folder.write("all/2024/export.xml", &new);
    folder.write("all/2024/workout-routes/a.gpx", GPX);
    folder.write(
        "all/2024/export.zip",
        zip(&[("export.xml", new.as_bytes()), ("export.xml", record_alone("63").as_bytes())], Packing::STREAMED),
    );
    folder.write("all/notes.txt", "hello");
    std::os::unix::fs::symlink("nowhere", folder.path("all/lost.json")).unwrap();
    let pipe = folder.path("all/pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let outcome = import(&db, &[], &[&folder.path("all")]).balanced();
    assert!(!outcome.ok && outcome.said.contains("lost.json"), "{}", outcome.said);
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM samples"), 4, "{}", outcome.report);
    let orphans = "SELECT count(*) FROM route_points WHERE workout NOT IN (SELECT uuid FROM workouts)";
    assert_eq!(query::<i64>(&db, orphans), 0);
    for reason in
        ["file: of an unknown kind: notes.txt", "file: it cannot be read: lost.json", "file: a pipe or a device: pipe"]
    {
        assert_eq!(outcome.report["skipped"][reason], 1, "{reason}");
    }
    let again = import(&db, &[], &[&folder.path("all")]).balanced();
    assert_eq!((again.count("new"), again.count("updated")), (0, 0));
}

/// An export with one record.
fn record_alone(value: &str) -> String {
    format!("{HEAD}{}</HealthData>", record(value, "/>"))
}

#[test]
fn members_that_share_bytes_are_refused_as_a_bomb() {
    let folder = Folder::new();
    let blanks = [HEAD.as_bytes(), &vec![b' '; 60 << 20], b"</HealthData>"].concat();
    let one = zip(&[("export.xml", &blanks)], Packing::PLAIN);
    // The directory names the same member many times.
    let end = one.len() - 22;
    let at = usize::try_from(u32::from_le_bytes(one[end + 16..end + 20].try_into().unwrap())).unwrap();
    let mut archive = [&one[..at], &one[at..end].repeat(200), &one[end..]].concat();
    let end = archive.len() - 22;
    archive[end + 8..end + 12].copy_from_slice(&[200, 0, 200, 0]);
    let outcome = import(&folder.path("health.db"), &[], &[&folder.write("bomb.zip", archive)]);
    assert!(!outcome.ok && outcome.said.contains("bomb"), "{}", outcome.said);
}

#[test]
fn unreadable_inputs_report_what_to_do() {
    let folder = Folder::new();
    let check = |name: &str, bytes: &[u8], words: &str| {
        let outcome = import(&folder.path("health.db"), &[], &[&folder.write(name, bytes)]);
        assert!(!outcome.ok && outcome.said.contains(words), "{}", outcome.said);
        assert_eq!(outcome.said.lines().count(), 1, "{}", outcome.said);
    };
    check("export.xml", b"<?xml version=\"1.0\" encoding=\"GBK\"?><HealthData/>", "save it as UTF-8");
    check("page.html", b"<html></html>", "neither JSON nor a file");
    check("empty.json", b"", "it is empty");
    check(
        "nested.zip",
        &zip(&[("export.zip", &zip(&[("a.json", b"{}")], Packing::PLAIN))], Packing::PLAIN),
        "nothing in it",
    );
}

#[test]
fn details_that_only_the_export_has_are_kept() {
    let json = r#"{"data":{"HKQuantityTypeIdentifierHeartRate":[{"uuid":"3BA875EE-1111-4D51-8CDC-9B2AC7A5C05B","value":60,
        "startDate":"2024-01-01T09:00:00.250Z","endDate":"2024-01-01T09:00:00.500Z","unit":"count/min",
        "sourceRevision":{"source":{"name":"Watch"}},"metadata":{"a":1}}],"#;
    let entries = "><MetadataEntry key=\"a\" value=\"1\"/><MetadataEntry key=\"b\" value=\"2\"/><Later/></Record>";
    let workout =
        WORKOUT_XML.replace("<WorkoutRoute>", "<MetadataEntry key=\"HKIndoorWorkout\" value=\"0\"/><WorkoutRoute>");
    for order in [["app", "xml", "app", "xml"], ["xml", "app", "xml", "app"]] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let json = WORKOUT_JSON.replace(r#"{"data":{"#, json);
        let app = folder.write("app.json", format!("{json}}}"));
        let xml = folder.write("export.xml", format!("{HEAD}{}{workout}</HealthData>", record("60", entries)));
        for input in order {
            assert!(import(&db, &[], &[if input == "app" { &app } else { &xml }]).balanced().ok);
        }
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM samples"), 1);
        assert_eq!(query::<String>(&db, "SELECT creation_ms || metadata FROM samples"), r#"1704099605000{"a":1}"#);
        let kept = "SELECT metadata || m.other FROM merged_samples m JOIN samples s USING (person_id, type_id, start_ms, uuid)";
        let kept = kept.replace("metadata ||", "m.metadata ||");
        assert_eq!(query::<String>(&db, &kept), r#"{"b":"2"}{"children":[{"Later":{}}]}"#, "{order:?}");
        let kept = "SELECT a.metadata FROM workout_aliases a JOIN workouts USING (person_id, uuid)";
        assert_eq!(query::<String>(&db, kept), r#"{"HKIndoorWorkout":"0"}"#, "{order:?}");
    }
}

#[test]
fn a_change_of_the_preferred_unit_makes_no_new_samples() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let xml = |unit: &str, factor: f64| {
        let walks: String = (0..60)
            .map(|minute| {
                // Six digits or one more: Apple prints six.
                let value = format!("{:.6}", (0.5 + f64::from(minute) / 17.0) * factor);
                record(&value, "/>")
                    .replace("HeartRate", "DistanceWalkingRunning")
                    .replace("count/min", unit)
                    .replace("10:00:00", &format!("10:{minute:02}:00"))
            })
            .collect();
        // Two values at one time in two units stay two, as in the file.
        format!(
            "{HEAD}{walks}{}{}</HealthData>",
            record("60", "/>"),
            record("60", "/>").replace("count/min", "count/s")
        )
    };
    let (km, mi) = (folder.write("km.xml", xml("km", 1.0)), folder.write("mi.xml", xml("mi", 0.621_371_192)));
    assert_eq!(import(&db, &[], &[&km]).balanced().count("new"), 62);
    for input in [&mi, &km, &mi] {
        assert_eq!(import(&db, &[], &[input]).balanced().count("unchanged"), 62);
    }
    assert_eq!(query::<i64>(&db, "SELECT count(DISTINCT unit_id) FROM samples"), 3);
}

#[test]
fn a_workout_of_three_exporters_is_one_in_any_order() {
    let xml = format!("{HEAD}{WORKOUT_XML}</HealthData>");
    let app = format!("{WORKOUT_JSON}{ROUTE_JSON}");
    let auto = r#"{"data":{"workouts":[{"name":"Outdoor Walk","start":"2024-01-01 10:00:00 +0000","end":"2024-01-01 10:30:00 +0000","humidity":5,
        "route":[{"latitude":47.1,"longitude":8.5,"timestamp":"2024-01-01 10:00:01 +0000"},
                 {"latitude":47.2,"longitude":8.5,"timestamp":"2024-01-01 10:00:03 +0000"}]}]}}"#;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let folder = Folder::new();
        folder.write("0/export.xml", &xml);
        folder.write("0/workout-routes/a.gpx", GPX);
        folder.write("1/app.json", &app);
        folder.write("2/auto.json", auto);
        let db = folder.path("health.db");
        for number in order.into_iter().chain(order) {
            let outcome = import(&db, &[], &[&folder.path(&number.to_string())]).balanced();
            assert!(outcome.ok, "{}", outcome.said);
        }
        let uuid = "3BA875EE-1111-4D51-8CDC-9B2AC7A5C05B";
        let workouts = "SELECT group_concat(uuid) FROM workout_details";
        assert_eq!(query::<String>(&db, workouts), uuid, "{order:?}");
        let points =
            "SELECT group_concat(DISTINCT workout) || count(*) || count(DISTINCT time_ms / 1000) FROM route_details";
        assert_eq!(query::<String>(&db, points), format!("{uuid}33"), "{order:?}");
        let kept = "SELECT group_concat(other ->> 'humidity') || count(*) FROM workout_aliases";
        assert_eq!(query::<String>(&db, kept), "52", "{order:?}");
    }
}

#[test]
fn a_sample_matched_in_another_unit_can_still_be_replaced_by_the_apps() {
    let folder = Folder::new();
    let xml = |value: &str, unit: &str| {
        let walk = record(value, "/>").replace("HeartRate", "DistanceWalkingRunning").replace("count/min", unit);
        format!("{HEAD}{walk}</HealthData>")
    };
    let (km, mi) = (folder.write("km.xml", xml("5", "km")), folder.write("mi.xml", xml("3.10686", "mi")));
    let app = r#"{"data":{"HKQuantityTypeIdentifierDistanceWalkingRunning":[{"uuid":"3BA875EE-1111-4D51-8CDC-9B2AC7A5C05B",
        "value":5,"startDate":"2024-01-01T09:00:00.250Z","endDate":"2024-01-01T09:00:00.500Z","unit":"km",
        "sourceRevision":{"source":{"name":"Watch"}}}]}}"#;
    let app = folder.write("app.json", app);
    let db = folder.path("health.db");
    let outcome = import(&db, &[], &[&km, &mi, &app]).balanced();
    assert_eq!(["new", "unchanged", "merged"].map(|name| outcome.count(name)), [1, 1, 1]);
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM samples"), 1);
}

#[test]
fn workouts_of_two_sources_at_the_same_time_stay_two() {
    let source = r#""sourceRevision":{"source":{"name":"Watch"}},"durationSeconds""#;
    let app = format!("{WORKOUT_JSON}}}").replace(r#""durationSeconds""#, source);
    let copy = WORKOUT_XML.replace("Watch", "Copy").replace("a.gpx", "b.gpx");
    for order in [["app", "xml", "app", "xml"], ["xml", "app", "xml", "app"]] {
        let folder = Folder::new();
        let app = folder.write("app.json", &app);
        let xml = folder.write("export.xml", format!("{HEAD}{copy}{WORKOUT_XML}</HealthData>"));
        let db = folder.path("health.db");
        for input in order {
            assert!(import(&db, &[], &[if input == "app" { &app } else { &xml }]).balanced().ok);
        }
        let sources = "SELECT group_concat(source) FROM (SELECT source FROM workout_details ORDER BY source)";
        assert_eq!(query::<String>(&db, sources), "Copy,Watch", "{order:?}");
        let merged = "SELECT s.name FROM workout_aliases a JOIN sources s ON s.id = a.source_id";
        assert_eq!(query::<String>(&db, merged), "Watch", "{order:?}");
    }
}

#[test]
fn a_route_of_two_workouts_belongs_to_the_first_and_that_is_reported() {
    let folder = Folder::new();
    let later = WORKOUT_XML.replace("10:30:00", "10:31:00");
    folder.write("e/export.xml", format!("{HEAD}{WORKOUT_XML}{later}</HealthData>"));
    folder.write("e/workout-routes/a.gpx", GPX);
    let db = folder.path("health.db");
    for _ in 0..2 {
        let outcome = import(&db, &[], &[&folder.path("e")]).balanced();
        let said = &outcome.report["within"]["FileReference to a route of another workout, which keeps it"];
        assert_eq!(said.as_u64(), Some(1), "{}", outcome.report);
        let ends = "SELECT group_concat(DISTINCT w.end_ms) || count(*) FROM route_points p JOIN workouts w ON w.uuid = p.workout";
        assert_eq!(query::<String>(&db, ends), "17041050000002");
    }
}

#[test]
fn an_electrocardiogram_in_any_language_fills_its_columns() {
    let voltages: String = (0..100).map(|number| format!("{},5\n", number - 50)).collect();
    let check = |rows: &str, expected: &str| {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let ecg = folder.write("ecg.csv", format!("{rows}\n{voltages}"));
        assert!(import(&db, &[], &[&ecg]).balanced().ok);
        let columns = "SELECT concat_ws('|', classification, rate_hz, unit) FROM ecg";
        assert_eq!(query::<String>(&db, columns), expected, "{rows}");
    };
    check(
        "Name,Ada\nGeburtsdatum,\"1. Jan 1980\"\nAufzeichnungsdatum,2024-01-01 10:00:00 +0100\nKlassifizierung,Sinusrhythmus\n\
         Symptome,\nSoftwareversion,1.90\nGerät,\"Watch6,2\"\nAbtastfrequenz,\"511,4 Hertz\"\n\nAbleitung,Ableitung I\nEinheit,µV\n",
        "Sinusrhythmus|511.4|µV",
    );
    check(
        "姓名,Ada\n出生日期,1980年1月1日\n记录日期,2024-01-01 10:00:00 +0100\n分类,窦性心律\n症状,\n软件版本,1.90\n\
         设备,\"Watch6,2\"\n采样率,512赫兹\n\n导联,导联 I\n单位,µV\n",
        "窦性心律|512.0|µV",
    );
    check("A,1\nRecorded Date,2024-01-01 10:00:00 +0100\nClassification,\nB,x\n", "");
}

#[test]
fn a_dry_run_also_reports_in_json() {
    let folder = Folder::new();
    let xml = format!("{HEAD}<Me/>{}{}</HealthData>", record("60", "/>"), record("many", "/>"));
    let xml = folder.write("export.xml", xml);
    let outcome = import(&folder.path("health.db"), &["--dry-run"], &[&xml]);
    for report in [&outcome.report, &outcome.report["files"][0]] {
        let counts = ["read", "readable", "rejected"].map(|name| report[name].as_u64());
        assert_eq!(counts, [Some(3), Some(1), Some(1)], "{report}");
    }
    let outcome = import(&folder.path("health.db"), &[], &[&xml]).balanced();
    assert_eq!(outcome.report.get("readable"), None);
}

#[test]
fn equal_points_of_health_auto_export_stay_several() {
    let folder = Folder::new();
    let points: Vec<String> =
        (0..1010).map(|qty| format!("{{\"date\":\"2024-01-01 10:00:00 +0000\",\"qty\":{qty}}}")).collect();
    let json = format!(r#"{{"data":{{"metrics":[{{"name":"m","units":"u","data":[{}]}}]}}}}"#, points.join(","));
    let (db, json) = (folder.path("health.db"), folder.write("a.json", json));
    for expected in [[1010, 0], [0, 1010]] {
        let outcome = import(&db, &[], &[&json]).balanced();
        assert_eq!(["new", "unchanged"].map(|name| outcome.count(name)), expected);
    }
    assert_eq!(query::<i64>(&db, "SELECT count(DISTINCT value) FROM aggregates"), 1010);
}

/// Identities made from content are in databases: a version that derived others would store every record a second time.
#[test]
fn derived_identities_of_an_export_stay_the_same() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let times = "startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:30:00 +0100\"";
    let plain = record("60", "/>");
    let full = "<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"A&amp;B\" sourceVersion=\"10.1\" \
        device=\"&lt;&lt;HKDevice: 0x2813d5c20&gt;, name:Apple Watch, hardware:Watch5,4&gt;\" unit=\"count/min\" \
        startDate=\"2024-01-01 10:00:00 +0100\" value=\"61.5\" extra=\"1\">\
        <MetadataEntry key=\"k\" value=\"2024-01-01 09:00:00 +0100\"/></Record>";
    let meal = format!(
        "<Correlation type=\"HKCorrelationTypeIdentifierFood\" sourceName=\"Watch\" {times}>\
         <MetadataEntry key=\"k\" value=\"v\"/></Correlation>"
    );
    let run = format!(
        "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"30\" durationUnit=\"min\" \
         sourceName=\"Watch\" {times}/>"
    );
    let xml = folder.write("export.xml", format!("{HEAD}{plain}{full}{meal}{run}</HealthData>"));
    assert!(import(&db, &[], &[&xml]).balanced().ok);
    let check = |sql: &str, expected: &str| assert_eq!(query::<String>(&db, sql), expected, "{sql}");
    check("SELECT hex(uuid) FROM samples WHERE value = 60", "6873E105AF6D86CA88957A2381EE5630");
    check("SELECT hex(uuid) FROM samples WHERE value = 61.5", "68731F2DF574894ABD06C66E76650ACD");
    check("SELECT hex(uuid) FROM correlations", "6873FAA37E2985C1B42B35C99BD142FC");
    check("SELECT hex(uuid) FROM workouts", "687369A4FB8E8083B880807E87E9C753");
}

/// Rows share the texts of `sources`. One source of a megabyte for each row would cost a search in such texts for each.
#[test]
fn a_long_source_stays_with_its_row() {
    let long = "L".repeat(limits::SHARED_TEXT_BYTES_MAX);
    let check = |attribute: &str, value: &str, kept: &str| {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let name = if attribute == "sourceName" { "" } else { "sourceName=\"Watch\" " };
        let source = format!("{name}{attribute}=\"{value}\"");
        let times = "startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:30:00 +0100\"";
        let elements = format!(
            "<Record type=\"HKQuantityTypeIdentifierHeartRate\" {source} unit=\"count/min\" {times} value=\"60\"/>\
             <Correlation type=\"HKCorrelationTypeIdentifierFood\" {source} {times}/>\
             <Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" duration=\"30\" {source} {times}/>"
        );
        let xml = folder.write("export.xml", format!("<HealthData>{elements}</HealthData>"));
        for expected in [[3, 0, 0], [0, 0, 3]] {
            let outcome = import(&db, &[], &[&xml]).balanced();
            assert_eq!(["new", "updated", "unchanged"].map(|name| outcome.count(name)), expected, "{attribute}");
        }
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM sources"), 0, "{attribute}");
        for table in ["sample_details", "correlations", "workouts"] {
            let other = query::<String>(&db, &format!("SELECT other ->> '{attribute}' FROM {table}"));
            assert!(other == kept, "{attribute} in {table}: {other:.100}");
            let name = query::<String>(&db, &format!("SELECT other ->> 'sourceName' FROM {table}"));
            assert!(attribute == "sourceName" || name == "Watch", "{attribute} in {table}: {name}");
        }
    };
    check("sourceName", &long, &long);
    check("sourceVersion", &long, &long);
    let device = format!(", name:{long}>");
    check("device", &format!("&lt;&lt;HKDevice: 0x2813d5c20&gt;{}", device.replace('>', "&gt;")), &device);
}
