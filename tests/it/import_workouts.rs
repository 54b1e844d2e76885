//! Workouts and their routes: one row for each, with any exporter and any texts.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use healthsink::model::limits;
use proptest::prelude::*;
use rusqlite::Connection;

use crate::former;
use crate::import_history::{Folder, HEAD, Outcome, import, query};

/// A workout as HealthKit has it.
#[derive(Clone, Copy, Debug)]
struct Workout {
    number: usize,
    activity: usize,
    start_s: usize,
    end_s: usize,
    source: usize,
    creation_s: usize,
}

/// What an export prints otherwise than another.
#[derive(Clone, Copy, Debug, Default)]
struct Texts {
    source: &'static str,
    version: &'static str,
    device: &'static str,
}

const ACTIVITIES: [(&str, u32, &str); 2] = [("Running", 37, "Outdoor Run"), ("Walking", 52, "Outdoor Walk")];

impl Workout {
    fn uuid(&self) -> String {
        format!("3BA875EE-1111-4D51-8CDC-{:012X}", self.number)
    }

    fn xml(&self, texts: Texts) -> String {
        let Self { number, activity, start_s, end_s, source, creation_s } = *self;
        let Texts { source: renamed, version, device } = texts;
        format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityType{}\" duration=\"30\" durationUnit=\"min\" totalEnergyBurned=\"{number}\" \
             sourceName=\"Source {source}{renamed}\" sourceVersion=\"{version}\" device=\"{device}\" \
             creationDate=\"2024-01-01 11:00:{creation_s:02} +0000\" startDate=\"2024-01-01 10:00:{start_s:02} +0000\" \
             endDate=\"2024-01-01 10:30:{end_s:02} +0000\"><WorkoutRoute><FileReference path=\"/workout-routes/{number}.gpx\"/></WorkoutRoute></Workout>\n",
            ACTIVITIES[activity].0
        )
    }

    fn gpx(&self) -> String {
        let Self { number, .. } = *self;
        // All routes have locations in the same seconds.
        gpx(&[(number, "10:00:01"), (number, "10:00:01"), (number + 1, "10:00:02")])
    }

    fn app(&self) -> String {
        let Self { number, activity, start_s, end_s, source, .. } = *self;
        let (uuid, activity) = (self.uuid(), ACTIVITIES[activity].1);
        format!(
            r#"{{"uuid":"{uuid}","workoutActivityType":{activity},"totalEnergyBurned":{number},"startDate":"2024-01-01T10:00:{start_s:02}.250Z",
            "endDate":"2024-01-01T10:30:{end_s:02}.750Z","sourceRevision":{{"source":{{"name":"Source {source}"}}}}}}"#
        )
    }

    fn auto_export(&self, with_id: bool) -> String {
        let Self { number, activity, start_s, end_s, .. } = *self;
        let (uuid, name) = (self.uuid(), ACTIVITIES[activity].2);
        let id = if with_id { format!(r#""id":"{uuid}","#) } else { String::new() };
        format!(
            r#"{{{id}"name":"{name}","activeEnergyBurned":{{"qty":{number},"units":"kcal"}},"start":"2024-01-01 10:00:{start_s:02} +0000",
            "end":"2024-01-01 10:30:{end_s:02} +0000"}}"#
        )
    }
}

/// A route with these latitudes and times.
fn gpx(locations: &[(usize, &str)]) -> String {
    let mut points = String::new();
    for (latitude, time) in locations {
        write!(points, "<trkpt lon=\"8.5\" lat=\"{latitude}\"><time>2024-01-01T{time}Z</time></trkpt>").unwrap();
    }
    format!("<gpx><trk><name>R</name><trkseg>{points}</trkseg></trk></gpx>")
}

fn export(folder: &Folder, name: &str, workouts: &[Workout], texts: Texts) -> PathBuf {
    let xml: String = workouts.iter().map(|workout| workout.xml(texts)).collect();
    folder.write(&format!("{name}/export.xml"), format!("{HEAD}{xml}</HealthData>"));
    for workout in workouts {
        folder.write(&format!("{name}/workout-routes/{}.gpx", workout.number), workout.gpx());
    }
    folder.path(name)
}

fn list(folder: &Folder, name: &str, workouts: impl Iterator<Item = String>) -> PathBuf {
    let workouts: Vec<String> = workouts.collect();
    folder.write(name, format!(r#"{{"data":{{"workouts":[{}]}}}}"#, workouts.join(",")))
}

fn imported(db: &Path, input: &Path) -> Outcome {
    let outcome = import(db, &[], &[input]).balanced();
    assert!(outcome.ok, "{}", outcome.said);
    outcome
}

fn counts(outcome: &Outcome) -> [u64; 4] {
    ["new", "updated", "unchanged", "merged"].map(|name| outcome.count(name))
}

fn rows(db: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(db).unwrap();
    let mut select = connection.prepare(sql).unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
}

/// Workouts of which many have the same activity and times.
fn workouts() -> impl Strategy<Value = Vec<Workout>> {
    let workout = (0..2_usize, 0..2_usize, 0..2_usize, 0..3_usize, 0..2_usize);
    proptest::collection::vec(workout, 1..12).prop_map(|workouts| {
        let numbered = workouts.into_iter().enumerate();
        numbered
            .map(|(number, (activity, start_s, end_s, source, creation_s))| Workout {
                number: number + 1,
                activity,
                start_s,
                end_s,
                source,
                creation_s,
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn workouts_are_the_same_whatever_texts_an_export_prints(
        (workouts, shuffled) in workouts().prop_flat_map(|workouts| (Just(workouts.clone()), Just(workouts).prop_shuffle()))
    ) {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let count = workouts.len() as u64;
        let first = export(&folder, "first", &workouts, Texts::default());
        prop_assert_eq!(counts(&imported(&db, &first)), [4 * count, 0, 0, 0]);
        let uuids = rows(&db, "SELECT hex(uuid) FROM workouts ORDER BY 1");
        // The same in another order: nothing is new.
        let other = export(&folder, "other", &shuffled, Texts::default());
        prop_assert_eq!(counts(&imported(&db, &other)), [0, 0, 4 * count, 0]);
        let later = Texts { source: " renamed", version: "2", device: ", name:New&gt;" };
        let later = export(&folder, "later", &shuffled, later);
        let outcome = imported(&db, &later);
        prop_assert_eq!(outcome.count("new"), query::<i64>(&db, "SELECT removed FROM uploads ORDER BY id DESC LIMIT 1") as u64);
        for input in [&later, &first, &later] {
            imported(&db, input);
            prop_assert_eq!(counts(&imported(&db, input)), [0, 0, 4 * count, 0]);
            prop_assert_eq!(&rows(&db, "SELECT hex(uuid) FROM workouts ORDER BY 1"), &uuids);
            // Each route is whole, and is that of its workout.
            let routes = "SELECT count(*) || '|' || count(DISTINCT workout) || '|' || sum(latitude = energy_kcal) FROM route_points JOIN workouts ON uuid = workout";
            prop_assert_eq!(query::<String>(&db, routes), format!("{}|{count}|{}", 3 * count, 2 * count));
        }
    }

    #[test]
    fn workouts_of_three_exporters_are_the_same_in_any_order(workouts in workouts(), with_id: bool) {
        let folder = Folder::new();
        let app = list(&folder, "app.json", workouts.iter().map(Workout::app));
        let auto = list(&folder, "auto.json", workouts.iter().map(|workout| workout.auto_export(with_id)));
        let apple = export(&folder, "apple", &workouts, Texts::default());
        let inputs = [&app, &auto, &apple];
        let count = workouts.len();
        for (place, order) in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].into_iter().enumerate() {
            let db = folder.path(&format!("{place}.db"));
            for number in order.into_iter().chain(order) {
                imported(&db, inputs[number]);
            }
            let found = rows(&db, "SELECT uuid || '|' || energy_kcal FROM workout_details ORDER BY uuid");
            let expected: Vec<String> = workouts.iter().map(|workout| format!("{}|{}.0", workout.uuid(), workout.number)).collect();
            prop_assert_eq!(found, expected, "{:?}", order);
            prop_assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workout_aliases"), 2 * count as i64, "{:?}", order);
            prop_assert_eq!(query::<i64>(&db, "SELECT count(*) FROM route_points"), 3 * count as i64, "{:?}", order);
            let named = "SELECT count(*) FROM workout_aliases a JOIN workout_details w ON w.uuid = a.other ->> '$.id' AND w.energy_kcal = a.energy_kcal";
            prop_assert_eq!(query::<i64>(&db, named), if with_id { count as i64 } else { 0 }, "{:?}", order);
        }
    }
}

const RUN: Workout = Workout { number: 1, activity: 0, start_s: 0, end_s: 0, source: 0, creation_s: 0 };

#[test]
fn an_identifier_decides_before_name_and_time() {
    let app = RUN.app();
    // In a language that is not known, and a second later.
    let auto = RUN.auto_export(true).replace("Outdoor Run", "Juoksu").replace("10:00:00", "10:00:01");
    for order in [["app", "auto"], ["auto", "app"]] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        for name in order.into_iter().chain(order) {
            let input = list(&folder, name, std::iter::once(if name == "app" { app.clone() } else { auto.clone() }));
            imported(&db, &input);
        }
        assert_eq!(rows(&db, "SELECT uuid FROM workout_details"), [RUN.uuid()], "{order:?}");
        assert_eq!(query::<String>(&db, "SELECT other ->> 'name' FROM workout_aliases"), "Juoksu", "{order:?}");
    }
    // Another identifier is another workout, whatever else is equal.
    let other = Workout { number: 2, ..RUN };
    for [first, second] in [[RUN.app(), other.auto_export(true)], [other.auto_export(true), RUN.app()]] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        for workout in [first, second] {
            imported(&db, &list(&folder, "a.json", std::iter::once(workout)));
        }
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workouts"), 2);
    }
}

#[test]
fn a_workout_that_gets_an_identifier_later_stays_one() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let route = r#","route":[{"latitude":1,"longitude":8.5,"timestamp":"2024-01-01 10:00:01 +0000"},
        {"latitude":2,"longitude":8.5,"timestamp":"2024-01-01 10:00:02 +0000"}]}"#;
    let auto = |with_id| {
        let workout = RUN.auto_export(with_id);
        format!("{}{route}", workout.strip_suffix('}').unwrap())
    };
    let old = list(&folder, "old.json", std::iter::once(auto(false)));
    // The file may have it twice.
    let new = list(&folder, "new.json", [auto(true), auto(true)].into_iter());
    assert_eq!(counts(&imported(&db, &old)), [3, 0, 0, 0]);
    imported(&db, &new);
    let uuid = query::<String>(&db, "SELECT hex(uuid) FROM workouts");
    for _ in 0..2 {
        assert_eq!(counts(&imported(&db, &new)), [0, 0, 6, 0]);
    }
    imported(&db, &list(&folder, "app.json", std::iter::once(RUN.app())));
    assert_eq!(rows(&db, "SELECT uuid FROM workout_details"), [RUN.uuid()]);
    assert_eq!(query::<String>(&db, "SELECT hex(derived) FROM workout_aliases"), uuid);
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM route_points"), 2);
}

/// The latitudes of the only route, in order.
fn route(db: &Path) -> String {
    query(db, "SELECT group_concat(CAST(latitude AS INTEGER), ' ' ORDER BY time_ms, route, place) FROM route_details")
}

#[test]
fn a_route_stays_whole_and_the_next_export_replaces_it() {
    type File<'a> = (&'a [(usize, &'a str)], [u64; 3], i64, &'a str);
    let check = |files: &[File<'_>]| {
        let folder = Folder::new();
        let db = folder.path("health.db");
        export(&folder, "e", &[RUN], Texts::default());
        for (locations, expected, removed, latitudes) in files {
            folder.write("e/workout-routes/1.gpx", gpx(locations));
            let found = counts(&imported(&db, &folder.path("e")));
            assert_eq!(found[..3], *expected, "{locations:?}");
            let sql = "SELECT removed FROM uploads ORDER BY id DESC LIMIT 1";
            assert_eq!(query::<i64>(&db, sql), *removed, "{locations:?}");
            assert_eq!(route(&db), *latitudes, "{locations:?}");
        }
    };
    // An exporter that prints the time of the export for each location.
    let first = [(9, "12:00:00"), (4, "12:00:00"), (7, "12:00:00"), (9, "12:00:00"), (1, "12:00:00"), (9, "12:00:00")];
    let next = first.map(|(latitude, _)| (latitude, "13:00:00"));
    check(&[
        (&first, [7, 0, 0], 0, "9 4 7 9 1 9"),
        (&first, [0, 0, 7], 0, "9 4 7 9 1 9"),
        (&next, [6, 0, 1], 6, "9 4 7 9 1 9"),
        (&next, [0, 0, 7], 0, "9 4 7 9 1 9"),
        (&first, [6, 0, 1], 6, "9 4 7 9 1 9"),
    ]);
    // A location that moved, one that is gone, one that is new; and two in another order.
    check(&[
        (&[(1, "12:00:00"), (2, "12:00:01"), (3, "12:00:02")], [4, 0, 0], 0, "1 2 3"),
        (&[(1, "12:00:00"), (5, "12:00:01")], [1, 0, 2], 2, "1 5"),
        (&[(1, "12:00:00"), (5, "12:00:01"), (6, "12:00:01")], [1, 0, 3], 0, "1 5 6"),
        (&[(1, "12:00:00"), (6, "12:00:01"), (5, "12:00:01")], [0, 2, 2], 0, "1 6 5"),
        (&[(1, "12:00:00"), (6, "12:00:01"), (5, "12:00:01")], [0, 0, 4], 0, "1 6 5"),
        // A file without a location replaces nothing.
        (&[], [0, 0, 1], 0, "1 6 5"),
    ]);
}

#[test]
fn half_a_file_replaces_no_route() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    export(&folder, "e", &[RUN], Texts::default());
    let route_file = "e/workout-routes/1.gpx";
    folder.write(route_file, gpx(&[(1, "12:00:00"), (2, "12:00:01")]));
    imported(&db, &folder.path("e"));
    let cut = gpx(&[(1, "12:00:00")]).replace("</trkseg></trk></gpx>", "");
    folder.write(route_file, cut);
    assert!(!import(&db, &[], &[&folder.path("e")]).ok);
    assert_eq!(route(&db), "1 2");
}

#[test]
fn two_routes_of_a_workout_stay_two() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let more = "<FileReference path=\"/workout-routes/2.gpx\"/></WorkoutRoute>";
    let xml = RUN.xml(Texts::default()).replace("</WorkoutRoute>", more);
    folder.write("e/export.xml", format!("{HEAD}{xml}</HealthData>"));
    for (file, latitudes) in [(1, [1, 2]), (2, [1, 3])] {
        let locations = latitudes.map(|latitude| (latitude, "12:00:00"));
        folder.write(&format!("e/workout-routes/{file}.gpx"), gpx(&locations));
    }
    assert_eq!(counts(&imported(&db, &folder.path("e"))), [5, 0, 0, 0]);
    assert_eq!(counts(&imported(&db, &folder.path("e"))), [0, 0, 5, 0]);
    assert_eq!(route(&db), "1 2 1 3");
}

#[test]
fn a_route_of_the_app_in_any_parts_is_one() {
    let location =
        |latitude: usize| format!(r#"{{"latitude":{latitude},"longitude":8.5,"date":"2024-01-01T10:00:01.100Z"}}"#);
    let latitudes = [9, 4, 7, 9, 1, 9];
    for split in 0..latitudes.len() {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let part = |latitudes: &[usize]| {
            let locations: Vec<String> = latitudes.iter().map(|latitude| location(*latitude)).collect();
            let uuid = RUN.uuid();
            let json =
                format!(r#"{{"data":{{}},"workoutRoutes":{{"{uuid}":[{{"locations":[{}]}}]}}}}"#, locations.join(","));
            folder.write("part.json", json)
        };
        assert_eq!(counts(&imported(&db, &part(&latitudes))), [6, 0, 0, 0]);
        assert_eq!(counts(&imported(&db, &part(&latitudes))), [0, 0, 6, 0]);
        for half in [&latitudes[..split], &latitudes[split..]] {
            assert_eq!(counts(&imported(&db, &part(half))), [0, 0, half.len() as u64, 0], "{split}");
        }
        assert_eq!(route(&db), "9 4 7 9 1 9", "{split}");
    }
}

/// Workouts that version 1 of the schema stored are recognized.
#[test]
fn a_database_of_version_1_knows_its_workouts() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let connection = Connection::open(&db).unwrap();
    former::make(&connection, 1);
    let start = 1_704_103_200_000_i64;
    let (end, walk) = (start + 1_800_000, start + 86_400_000);
    let (old, older) = ("x'687300000000800080000000000000a1'", "x'687300000000800080000000000000a2'");
    let app = format!("x'{}'", Workout { number: 7, ..RUN }.uuid().replace('-', ""));
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA user_version = 1; PRAGMA application_id = {};
             INSERT INTO sources (id, json) VALUES (1, '{{\"sourceRevision\":{{\"source\":{{\"name\":\"Source 0\"}},\"version\":\"1\"}}}}');
             INSERT INTO uploads (id, person_id, state, origin, started_ms, finished_ms, new, workouts, route_points)
               VALUES (1, 1, 'done', 'import', 1, 2, 6, 2, 4);
             INSERT INTO workouts (person_id, uuid, activity_type, start_ms, end_ms, energy_kcal, source_id) VALUES
               (1, {old}, 37, {start}, {end}, 1, 1), (1, {app}, 52, {walk}, {walk} + 1800000, 2, 1);
             INSERT INTO workout_aliases (person_id, derived, uuid, energy_kcal, source_id) VALUES (1, {older}, {app}, 2, 1);
             INSERT INTO route_points (person_id, workout, time_ms, latitude, longitude, route) VALUES
               (1, {old}, {start} + 1000, 1, 8.5, 0), (1, {old}, {start} + 2000, 2, 8.5, 0),
               (1, {older}, {walk} + 1000, 3, 8.5, 0), (1, {older}, {walk} + 1000, 4, 8.5, 0);",
            0x6873_6e6b
        ))
        .unwrap();
    drop(connection);
    let walk = RUN.xml(Texts::default()).replace("Running", "Walking").replace("2024-01-01 10", "2024-01-02 10");
    let walk = walk.replace("1.gpx", "2.gpx").replace("totalEnergyBurned=\"1\"", "totalEnergyBurned=\"2\"");
    let texts = Texts { source: "", version: "2", device: ", name:New&gt;" };
    folder.write("e/export.xml", format!("{HEAD}{}{walk}</HealthData>", RUN.xml(texts)));
    folder.write("e/workout-routes/1.gpx", gpx(&[(1, "10:00:01"), (2, "10:00:02")]));
    let second = gpx(&[(4, "10:00:01"), (3, "10:00:01")]).replace("2024-01-01", "2024-01-02");
    folder.write("e/workout-routes/2.gpx", second);
    // The workout, and two locations that are now in the order of the file.
    assert_eq!(counts(&imported(&db, &folder.path("e"))), [0, 3, 2, 1]);
    assert_eq!(counts(&imported(&db, &folder.path("e"))), [0, 0, 5, 1]);
    assert_eq!(
        query::<String>(&db, "SELECT group_concat(hex(uuid)) FROM workouts WHERE activity_type = 37"),
        old[2..34].to_uppercase()
    );
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workouts"), 2);
    assert_eq!(route(&db), "1 2 4 3");
}

/// A long text of a location is kept apart, and comes and goes with its location.
#[test]
fn a_location_keeps_a_long_text() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    export(&folder, "e", &[RUN], Texts::default());
    let check = |note: &str, expected: [u64; 3], long: i64| {
        let point = format!("<trkpt lon=\"8.5\" lat=\"1\"><time>2024-01-01T12:00:00Z</time>{note}</trkpt>");
        folder.write("e/workout-routes/1.gpx", format!("<gpx><trk><trkseg>{point}</trkseg></trk></gpx>"));
        assert_eq!(counts(&imported(&db, &folder.path("e")))[..3], expected);
        let stored = "SELECT count(*) FROM long_texts WHERE other LIKE '%xxx%'";
        assert_eq!(query::<i64>(&db, stored), long);
    };
    let long = format!("<note>{}</note>", "x".repeat(100_000));
    check(&long, [2, 0, 0], 1);
    check(&long, [0, 0, 2], 1);
    check(&long.replace("<note>x", "<note>y"), [0, 1, 1], 1);
    check("", [0, 1, 1], 0);
    check(&long, [0, 1, 1], 1);
}

/// A name that is not known contradicts no activity: whichever of two exporters comes first, the workout is one.
#[test]
fn an_unknown_activity_may_be_any() {
    let workout = Workout { number: 1, activity: 0, start_s: 0, end_s: 0, source: 0, creation_s: 0 };
    let unknown = workout.auto_export(false).replace("Outdoor Run", "Unheard Of");
    let texts = Texts::default();
    let check = |first: &dyn Fn(&Folder) -> PathBuf, second: &dyn Fn(&Folder) -> PathBuf| {
        for is_swapped in [false, true] {
            let folder = Folder::new();
            let db = folder.path("health.db");
            let mut inputs = [first(&folder), second(&folder)];
            if is_swapped {
                inputs.reverse();
            }
            for input in &inputs {
                imported(&db, input);
            }
            assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workouts"), 1, "{inputs:?}");
            assert_eq!(query::<i64>(&db, "SELECT activity_type FROM workouts"), 37, "{inputs:?}");
            let again = inputs.each_ref().map(|input| counts(&imported(&db, input))[0]);
            assert_eq!(again, [0, 0]);
            // Two workouts of a file with the same times stay two.
            let two = list(&folder, "two.json", [workout.auto_export(false), unknown.clone()].into_iter());
            imported(&db, &two);
            assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workouts"), 2);
            assert_eq!(counts(&imported(&db, &two))[0], 0);
        }
    };
    let of_unknown = |folder: &Folder| list(folder, "unknown.json", [unknown.clone()].into_iter());
    check(&of_unknown, &|folder| list(folder, "known.json", [workout.auto_export(false)].into_iter()));
    check(&of_unknown, &|folder| list(folder, "app.json", [workout.app()].into_iter()));
    check(&of_unknown, &|folder| export(folder, "export", &[workout], texts));
    check(&|folder| list(folder, "app.json", [workout.app()].into_iter()), &|folder| {
        let xml = workout.xml(texts).replace("TypeRunning", "TypeOfTomorrow");
        folder.write("tomorrow/export.xml", format!("{HEAD}{xml}</HealthData>"))
    });
}

/// The watch's workout and the phone's, in whichever files they come. What both have shows whether one was renamed.
#[test]
fn workouts_of_two_devices_in_two_files_stay_two() {
    let workout = |name: &str, more: &str, metadata: &str| {
        format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" sourceName=\"{name}\" {more} \
             startDate=\"2024-01-01 10:00:00 +0000\" endDate=\"2024-01-01 10:30:00 +0000\">{metadata}</Workout>\n"
        )
    };
    let entry = |value: &str| format!("<MetadataEntry key=\"HKIndoorWorkout\" value=\"{value}\"/>");
    let device = |hardware: &str| format!("device=\"&lt;&lt;HKDevice: 0x1&gt;, name:D, hardware:{hardware}&gt;\"");
    let created = |second: &str| format!("creationDate=\"2024-01-01 11:00:{second} +0000\"");
    let energy = |energy: &str, unit: &str| format!("totalEnergyBurned=\"{energy}\" totalEnergyBurnedUnit=\"{unit}\"");
    // What the watch's workout has, and how the next export prints it; then what the phone's has.
    let facts: [[(String, String); 3]; 6] = [
        [device("Watch6,1"), device("Watch6,1").replace("name:D", "name:E"), device("iPhone14,5")]
            .map(|more| (more, String::new())),
        [created("01"), created("01"), created("02")].map(|more| (more, String::new())),
        [energy("230.123", "kcal"), energy("962.835", "kJ"), energy("231", "kcal")].map(|more| (more, String::new())),
        ["0.5", "0.5", "0.51"].map(|hours| (format!("duration=\"{hours}\" durationUnit=\"hr\""), String::new())),
        ["0", "0", "1"].map(|value| (String::new(), entry(value))),
        // The phone prefers another unit.
        ["71.6 degF", "22 degC", "73.4 degF"].map(|value| (String::new(), entry(value))),
    ];
    for [(watch, watch_metadata), (renamed, renamed_metadata), (phone, phone_metadata)] in &facts {
        let watch = workout("Watch", watch, watch_metadata);
        let renamed = workout("Reloj", renamed, renamed_metadata);
        let phone = workout("Phone", phone, phone_metadata);
        let check = |files: &[(&[&String], [u64; 2])], stored: &str| {
            let folder = Folder::new();
            let db = folder.path("health.db");
            for (workouts, expected) in files {
                let xml: String = workouts.iter().map(|workout| workout.as_str()).collect();
                let input = folder.write("export.xml", format!("{HEAD}{xml}</HealthData>"));
                assert_eq!(counts(&imported(&db, &input))[..2], *expected, "{workouts:?} {files:?}");
                assert_eq!(counts(&imported(&db, &input))[..2], [0, 0], "{workouts:?} {files:?}");
            }
            let sql = "SELECT group_concat(source, ',' ORDER BY source) FROM workout_details";
            assert_eq!(query::<String>(&db, sql), stored, "{files:?}");
        };
        check(&[(&[&watch], [1, 0]), (&[&phone], [1, 0])], "Phone,Watch");
        check(&[(&[&watch], [1, 0]), (&[&renamed], [0, 1])], "Reloj");
        // The second export is complete, with the watch's renamed or not, in either order.
        for both in [[&watch, &phone], [&phone, &watch]] {
            check(&[(&[&watch], [1, 0]), (&both, [1, 0])], "Phone,Watch");
        }
        for both in [[&renamed, &phone], [&phone, &renamed]] {
            check(&[(&[&watch], [1, 0]), (&both, [1, 1]), (&[&watch], [0, 1])], "Phone,Watch");
        }
    }
}

#[test]
fn workouts_of_two_devices_of_app_and_export_stay_two() {
    let xml = |name: &str, hardware: &str| {
        format!(
            "{HEAD}<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" sourceName=\"{name}\" device=\"&lt;&lt;HKDevice: \
             0x1&gt;, hardware:{hardware}&gt;\" startDate=\"2024-01-01 10:00:00 +0000\" endDate=\"2024-01-01 10:30:00 +0000\"/></HealthData>"
        )
    };
    let app = r#"{"uuid":"3BA875EE-1111-4D51-8CDC-000000000001","workoutActivityType":37,"startDate":"2024-01-01T10:00:00.250Z",
        "endDate":"2024-01-01T10:30:00.750Z","sourceRevision":{"productType":"Watch6,1","source":{"name":"Watch"}}}"#;
    for (name, hardware, expected) in [("Phone", "iPhone14,5", 2), ("Reloj", "Watch6,1", 1)] {
        for is_app_first in [true, false] {
            let folder = Folder::new();
            let db = folder.path("health.db");
            let app = list(&folder, "app.json", [app.to_owned()].into_iter());
            let export = folder.write("export.xml", xml(name, hardware));
            let inputs = if is_app_first { [&app, &export] } else { [&export, &app] };
            for input in inputs.into_iter().chain(inputs) {
                imported(&db, input);
            }
            assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workouts"), expected, "{name} {is_app_first}");
        }
    }
}

#[test]
fn workouts_with_long_fields_and_other_identifiers_stay_two() {
    // Longer than what is parsed of a stored workout.
    let long = |workout: Workout, with_id| {
        let text = "x".repeat(limits::WORKOUT_FACTS_BYTES_MAX as usize + 1);
        let workout = workout.auto_export(with_id);
        format!(r#"{},"notes":"{text}"}}"#, workout.strip_suffix('}').unwrap())
    };
    let other = Workout { number: 2, ..RUN };
    for [first, second] in [[RUN, other], [other, RUN]] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        for (workout, expected) in [(first, [1, 0, 0, 0]), (second, [1, 0, 0, 0]), (first, [0, 0, 1, 0])] {
            let file = list(&folder, "a.json", std::iter::once(long(workout, true)));
            assert_eq!(counts(&imported(&db, &file)), expected, "{workout:?}");
        }
        let both = list(&folder, "both.json", [long(second, true), long(first, true)].into_iter());
        assert_eq!(counts(&imported(&db, &both)), [0, 0, 2, 0]);
    }
    // One without an identifier may be the workout.
    let folder = Folder::new();
    let db = folder.path("health.db");
    imported(&db, &list(&folder, "old.json", std::iter::once(long(RUN, false))));
    imported(&db, &list(&folder, "new.json", std::iter::once(long(RUN, true))));
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workouts"), 1);
}
