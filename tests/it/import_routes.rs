//! A route that several exporters bring is stored once, also if an equal workout beside its own has none.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::import_history::{Folder, HEAD, import, query};

/// The watch's workout, which has the route, and an app's copy of it.
const UUIDS: [&str; 2] = ["3BA875EE-1111-4D51-8CDC-00000000000A", "3BA875EE-1111-4D51-8CDC-00000000000B"];
const SOURCES: [&str; 2] = ["Watch", "Copy"];
const LATITUDES: [&str; 3] = ["1.25", "1.26", "1.27"];

fn locations(location: impl Fn(&str, usize) -> String, separator: &str) -> String {
    let locations: Vec<String> = (1..).zip(LATITUDES).map(|(second, latitude)| location(latitude, second)).collect();
    locations.join(separator)
}

/// Apple's export with these workouts, of which those in `with_route` have the route.
fn apple(folder: &Folder, name: &str, workouts: &[usize], renamed: &str, with_route: &[usize]) -> PathBuf {
    let mut xml = HEAD.to_owned();
    for workout in workouts {
        let (source, mut route) = (SOURCES[*workout], String::new());
        if with_route.contains(workout) {
            write!(route, "<WorkoutRoute><FileReference path=\"/workout-routes/{source}.gpx\"/></WorkoutRoute>")
                .unwrap();
            let points = locations(
                |latitude, second| {
                    format!("<trkpt lat=\"{latitude}\" lon=\"8.5\"><time>2024-01-01T10:00:0{second}Z</time></trkpt>")
                },
                "",
            );
            let gpx = format!("<gpx><trk><trkseg>{points}</trkseg></trk></gpx>");
            folder.write(&format!("{name}/workout-routes/{source}.gpx"), gpx);
        }
        write!(
            xml,
            "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" sourceName=\"{source}{renamed}\" \
             startDate=\"2024-01-01 10:00:00 +0000\" endDate=\"2024-01-01 10:30:00 +0000\">{route}</Workout>"
        )
        .unwrap();
    }
    folder.write(&format!("{name}/export.xml"), xml + "</HealthData>");
    folder.path(name)
}

/// A payload of the app: these workouts, and the routes of those in `with_route` before or behind them.
fn app(folder: &Folder, name: &str, workouts: &[usize], with_route: &[usize], is_route_first: bool) -> PathBuf {
    let workout = |workout: &usize| {
        format!(
            r#"{{"uuid":"{}","workoutActivityType":37,"startDate":"2024-01-01T10:00:00.250Z","endDate":"2024-01-01T10:30:00.750Z",
            "sourceRevision":{{"source":{{"name":"{}"}}}}}}"#,
            UUIDS[*workout], SOURCES[*workout]
        )
    };
    let workouts: Vec<String> = workouts.iter().map(workout).collect();
    let data = format!(r#""data":{{"workouts":[{}]}}"#, workouts.join(","));
    let locations = locations(
        |latitude, second| {
            format!(r#"{{"latitude":{latitude},"longitude":8.5,"date":"2024-01-01T10:00:0{second}.100Z"}}"#)
        },
        ",",
    );
    let routes: Vec<String> =
        with_route.iter().map(|workout| format!(r#""{}":[{{"locations":[{locations}]}}]"#, UUIDS[*workout])).collect();
    let routes = format!(r#""workoutRoutes":{{{}}}"#, routes.join(","));
    let [first, second] = if is_route_first { [routes, data] } else { [data, routes] };
    folder.write(name, format!("{{{first},{second}}}"))
}

/// A file of Health Auto Export with these workouts, which have no source there.
fn auto_export(folder: &Folder, name: &str, workouts: &[usize]) -> PathBuf {
    let locations = locations(
        |latitude, second| {
            format!(r#"{{"latitude":{latitude},"longitude":8.5,"timestamp":"2024-01-01 10:00:0{second} +0000"}}"#)
        },
        ",",
    );
    let workout = |workout: &usize| {
        let route = if *workout == 0 { format!(r#","route":[{locations}]"#) } else { String::new() };
        format!(
            r#"{{"name":"Outdoor Run","start":"2024-01-01 10:00:00 +0000","end":"2024-01-01 10:30:00 +0000"{route}}}"#
        )
    };
    let workouts: Vec<String> = workouts.iter().map(workout).collect();
    folder.write(name, format!(r#"{{"data":{{"workouts":[{}]}}}}"#, workouts.join(",")))
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    (0..count)
        .flat_map(|place| {
            shorter.iter().map(move |order| {
                let mut order = order.clone();
                order.insert(place, count - 1);
                order
            })
        })
        .collect()
}

/// Imports the files in an order, then again. There are two workouts, and each route once.
fn check(folder: &Folder, files: &[&PathBuf], order: &[usize], points: i64) {
    let db = folder.path("health.db");
    for name in ["health.db", "health.db-wal", "health.db-shm"] {
        let _ = std::fs::remove_file(folder.path(name));
    }
    let names: Vec<&str> = order.iter().map(|place| files[*place].file_name().unwrap().to_str().unwrap()).collect();
    let exports = names.iter().filter(|name| ["export", "renamed", "again"].contains(name)).count();
    let is_renamed = exports > 1 && !names.contains(&"payload");
    let imported = |file: &Path| {
        let outcome = import(&db, &[], &[file]).balanced();
        assert!(outcome.ok, "{names:?}: {}", outcome.said);
        outcome
    };
    order.iter().for_each(|place| drop(imported(files[*place])));
    let assert_once = || {
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM route_points"), points, "{names:?}");
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM workouts"), 2, "{names:?}");
    };
    assert_once();
    for place in order {
        let again = imported(files[*place]);
        assert_eq!(again.count("new"), 0, "{names:?}, {}", again.report);
        // The source of a workout that only exports have follows the export.
        assert!(again.count("updated") == 0 || is_renamed, "{names:?}, {}", again.report);
    }
    assert_once();
}

#[test]
fn the_route_of_one_of_two_equal_workouts_is_stored_once_in_any_order() {
    let folder = Folder::new();
    let export = apple(&folder, "export", &[0, 1], "", &[0]);
    let renamed = apple(&folder, "renamed", &[1, 0], " 2", &[0]);
    let payload = app(&folder, "payload", &[0, 1], &[0], false);
    let (watch, copy) = (app(&folder, "watch", &[0], &[0], false), app(&folder, "copy", &[1], &[], false));
    let first = app(&folder, "route-first", &[1, 0], &[0], true);
    let auto = auto_export(&folder, "auto", &[1, 0]);
    let again = apple(&folder, "again", &[0, 1], " 2", &[0]);
    let (watch_row, rows) = (app(&folder, "watch-row", &[0], &[], false), app(&folder, "rows", &[1, 0], &[], false));
    let sets: [&[&PathBuf]; 11] = [
        &[&renamed, &export, &watch_row],
        &[&again, &export, &watch_row],
        &[&renamed, &export, &copy],
        &[&again, &export, &copy],
        &[&again, &export, &rows],
        &[&export, &payload, &auto],
        &[&renamed, &payload],
        &[&renamed, &first, &auto],
        &[&renamed, &export, &payload],
        &[&renamed, &watch, &copy],
        &[&auto, &watch, &copy],
    ];
    for files in sets {
        for order in orders(files.len()) {
            check(&folder, files, &order, 3);
        }
    }
}

#[test]
fn two_equal_workouts_with_equal_routes_keep_both() {
    let folder = Folder::new();
    let export = apple(&folder, "export", &[0, 1], "", &[0, 1]);
    let renamed = apple(&folder, "renamed", &[1, 0], " 2", &[0, 1]);
    let payload = app(&folder, "payload", &[0, 1], &[0, 1], false);
    let sets: [&[&PathBuf]; 2] = [&[&export, &payload], &[&renamed, &payload]];
    for files in sets {
        for order in orders(files.len()) {
            check(&folder, files, &order, 6);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn all_exporters_in_any_order_store_a_route_once(
        order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle(),
        is_route_first: bool,
    ) {
        let folder = Folder::new();
        let files = [
            apple(&folder, "renamed", &[1, 0], " 2", &[0]),
            app(&folder, "watch", &[0], &[], is_route_first),
            app(&folder, "route", &[], &[0], is_route_first),
            app(&folder, "copy", &[1], &[], false),
            auto_export(&folder, "auto", &[1, 0]),
        ];
        check(&folder, &files.each_ref(), &order, 3);
    }
}

/// Two runs on two days, each with a route, in every form in which their owner may import them.
struct Runs {
    folder: Folder,
    inputs: Vec<Input>,
}

/// A file or folder, and of which runs it brings the route and the workout.
type Input = (PathBuf, [usize; 2], [usize; 2]);

/// The places of the app's workouts without routes, and of its routes without workouts.
const APP_ROWS: usize = 9;
const APP_ROUTES: usize = 10;

impl Runs {
    fn gpx(day: usize, shift: usize) -> String {
        let points = (1..).zip(LATITUDES).skip(shift).map(|(second, latitude)| {
            format!(
                "<trkpt lat=\"{latitude}\" lon=\"{day}.5\"><ele>{second}</ele><time>2024-01-0{day}T10:00:0{second}Z</time></trkpt>"
            )
        });
        format!("<gpx><trk><trkseg>{}</trkseg></trk></gpx>", points.collect::<String>())
    }

    /// An export of the runs of these days; all routes are beside it.
    fn export(folder: &Folder, name: &str, days: &[usize], source: &str, has_references: bool) -> PathBuf {
        let mut xml = HEAD.to_owned();
        for day in days {
            let path = format!("/workout-routes/route_{day}.gpx");
            let route = format!("<WorkoutRoute><FileReference path=\"{path}\"/></WorkoutRoute>");
            write!(
                xml,
                "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" sourceName=\"{source}\" \
                 startDate=\"2024-01-0{day} 10:00:00 +0000\" endDate=\"2024-01-0{day} 10:30:00 +0000\">{}</Workout>",
                if has_references { &route } else { "" }
            )
            .unwrap();
        }
        folder.write(&format!("{name}/export.xml"), xml + "</HealthData>");
        for day in [1, 2] {
            folder.write(&format!("{name}/workout-routes/route_{day}.gpx"), Self::gpx(day, 0));
        }
        folder.path(name)
    }

    fn app(folder: &Folder, name: &str, has_workouts: bool, has_routes: bool) -> PathBuf {
        let (mut workouts, mut routes) = (Vec::new(), Vec::new());
        for day in [1, 2] {
            let uuid = format!("3BA875EE-1111-4D51-8CDC-00000000010{day}");
            workouts.push(format!(
                r#"{{"uuid":"{uuid}","workoutActivityType":37,"startDate":"2024-01-0{day}T10:00:00.250Z","endDate":"2024-01-0{day}T10:30:00.750Z",
                "sourceRevision":{{"source":{{"name":"Watch"}}}}}}"#
            ));
            let locations = locations(
                |latitude, second| {
                    format!(
                        r#"{{"latitude":{latitude},"longitude":{day}.5,"date":"2024-01-0{day}T10:00:0{second}.100Z"}}"#
                    )
                },
                ",",
            );
            routes.push(format!(r#""{uuid}":[{{"locations":[{locations}]}}]"#));
        }
        workouts.truncate(if has_workouts { 2 } else { 0 });
        routes.truncate(if has_routes { 2 } else { 0 });
        let (workouts, routes) = (workouts.join(","), routes.join(","));
        folder.write(name, format!(r#"{{"data":{{"workouts":[{workouts}]}},"workoutRoutes":{{{routes}}}}}"#))
    }

    fn auto_export(folder: &Folder, name: &str) -> PathBuf {
        let workouts = [1, 2].map(|day| {
            let locations = locations(
                |latitude, second| {
                    format!(r#"{{"latitude":{latitude},"longitude":{day}.5,"timestamp":"2024-01-0{day} 10:00:0{second} +0000"}}"#)
                },
                ",",
            );
            format!(
                r#"{{"name":"Outdoor Run","start":"2024-01-0{day} 10:00:00 +0000","end":"2024-01-0{day} 10:30:00 +0000","route":[{locations}]}}"#
            )
        });
        folder.write(name, format!(r#"{{"data":{{"workouts":[{}]}}}}"#, workouts.join(",")))
    }

    fn new() -> Self {
        let folder = Folder::new();
        let xml = |name: &str, path: PathBuf| {
            let only = folder.path(name);
            std::fs::copy(path.join("export.xml"), &only).unwrap();
            only
        };
        let both = ([1, 1], [1, 1]);
        let export = Self::export(&folder, "export", &[1, 2], "Watch", true);
        let inputs = [
            (xml("only.xml", export.clone()), ([0, 0], [1, 1])),
            (export, both),
            (Self::export(&folder, "renamed", &[2, 1], "My watch", true), both),
            (Self::export(&folder, "part1", &[1], "Watch", true), ([1, 1], [1, 0])),
            (Self::export(&folder, "part2", &[2], "Watch", true), ([1, 1], [0, 1])),
            (Self::export(&folder, "without", &[1, 2], "Watch", false), both),
            (folder.write("route_1.gpx", Self::gpx(1, 0)), ([1, 0], [0, 0])),
            (folder.write("saved/other name.gpx", Self::gpx(2, 0)), ([0, 1], [0, 0])),
            (Self::app(&folder, "app.json", true, true), both),
            (Self::app(&folder, "app-rows.json", true, false), ([0, 0], [1, 1])),
            (Self::app(&folder, "app-routes.json", false, true), ([1, 1], [0, 0])),
            (Self::auto_export(&folder, "auto.json"), both),
        ];
        let inputs = inputs.into_iter().map(|(path, (routes, workouts))| (path, routes, workouts)).collect();
        Self { folder, inputs }
    }

    /// Imports the inputs in this order, then again. Each route is stored once. Returns what is wrong.
    fn check(&self, order: &[usize]) -> Option<String> {
        let db = self.folder.path("runs.db");
        for name in ["runs.db", "runs.db-wal", "runs.db-shm"] {
            let _ = std::fs::remove_file(self.folder.path(name));
        }
        let inputs: Vec<_> = order.iter().map(|place| &self.inputs[*place]).collect();
        let names: Vec<&str> = inputs.iter().map(|input| input.0.file_name().unwrap().to_str().unwrap()).collect();
        let expected = |count: fn(&Input) -> [usize; 2]| -> usize {
            (0..2).map(|run| inputs.iter().map(|input| count(input)[run]).max().unwrap_or_default()).sum()
        };
        let (routes, workouts) = (expected(|input| input.1), expected(|input| input.2));
        for (path, ..) in &inputs {
            let outcome = import(&db, &[], &[path]).balanced();
            assert!(outcome.ok, "{names:?}: {}", outcome.said);
        }
        let count = |sql: &str| query::<i64>(&db, sql).unsigned_abs();
        let found = || {
            [
                count("SELECT count(*) FROM route_points"),
                count("SELECT count(DISTINCT time_ms / 1000) FROM route_points"),
                count("SELECT count(*) FROM workouts"),
            ]
        };
        let points = 3 * routes as u64;
        let expected = [points, points, workouts as u64];
        let first = found();
        // A later form of a workout changes its texts, but adds nothing.
        let new: u64 = inputs.iter().map(|(path, ..)| import(&db, &[], &[path]).balanced().count("new")).sum();
        let last = import(&db, &[], &[&inputs[inputs.len() - 1].0]).balanced();
        let changed = [new, last.count("new"), last.count("updated")];
        let is_right = first == expected && found() == expected && changed == [0; 3];
        (!is_right).then(|| format!("{names:?}: {first:?}, {:?} instead of {expected:?}, then {changed:?}", found()))
    }
}

/// Workouts of two exports whose files of routes have one name: each keeps its route, whatever is imported again.
#[test]
fn a_name_of_a_route_may_come_again_within_minutes() {
    let folder = Folder::new();
    // Each run begins twelve minutes behind the one before, and lasts nine.
    let gpx = |run: usize| {
        let points = [0, 4, 9].map(|minute| {
            let minute = 12 * run + minute;
            format!("<trkpt lat=\"{run}.5\" lon=\"8.5\"><time>2024-01-01T10:{minute:02}:00Z</time></trkpt>")
        });
        format!("<gpx><trk><trkseg>{}</trkseg></trk></gpx>", points.concat())
    };
    let (mut exports, mut only, mut files) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..3 {
        let times = [0, 10].map(|minute| format!("2024-01-01 10:{:02}:00 +0000", 12 * run + minute));
        let xml = format!(
            "{HEAD}<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" sourceName=\"Watch\" startDate=\"{}\" \
             endDate=\"{}\"><WorkoutRoute><FileReference path=\"/workout-routes/r.gpx\"/></WorkoutRoute></Workout></HealthData>",
            times[0], times[1]
        );
        only.push(folder.write(&format!("{run}/only.xml"), &xml));
        folder.write(&format!("{run}/export/export.xml"), xml);
        folder.write(&format!("{run}/export/workout-routes/r.gpx"), gpx(run));
        exports.push(folder.path(&format!("{run}/export")));
        files.push(folder.write(&format!("{run}/r.gpx"), gpx(run)));
    }
    let sets: [&[&PathBuf]; 7] = [
        &[&exports[0], &exports[1], &exports[2]],
        &[&exports[0], &exports[1], &files[0]],
        &[&exports[0], &exports[1], &files[1]],
        &[&files[0], &exports[1], &only[0]],
        &[&files[1], &exports[0], &only[1]],
        &[&files[0], &exports[1], &exports[0]],
        &[&files[1], &exports[0], &exports[2]],
    ];
    for (set, files) in sets.into_iter().enumerate() {
        for order in orders(files.len()) {
            let db = folder.path("runs.db");
            for name in ["runs.db", "runs.db-wal", "runs.db-shm"] {
                let _ = std::fs::remove_file(folder.path(name));
            }
            for place in order.iter().chain(&order) {
                assert!(import(&db, &[], &[files[*place]]).balanced().ok);
            }
            let runs: HashSet<_> =
                files.iter().map(|file| file.strip_prefix(folder.path("")).unwrap().iter().next()).collect();
            let points = i64::try_from(3 * runs.len()).unwrap();
            assert_eq!(query::<i64>(&db, "SELECT count(*) FROM route_points"), points, "{set} {order:?}");
            // Each run has its own latitude.
            let wrong = "SELECT count(*) FROM route_points r JOIN workouts w ON w.uuid = r.workout
                WHERE r.time_ms NOT BETWEEN w.start_ms AND w.end_ms";
            assert_eq!(query::<i64>(&db, wrong), 0, "{set} {order:?}");
            let without = "SELECT count(*) FROM workouts w WHERE w.uuid NOT IN (SELECT workout FROM route_points)";
            assert_eq!(query::<i64>(&db, without), 0, "{set} {order:?}");
        }
    }
}

#[test]
fn a_route_that_comes_before_its_workout_is_stored_once() {
    let (runs, mut faults) = (Runs::new(), Vec::new());
    let [gpx, other_name] = [6, 7];
    let others = (0..runs.inputs.len()).filter(|input| ![gpx, other_name, APP_ROUTES].contains(input));
    for other in others {
        for order in [[gpx, other], [other, gpx], [other_name, other]] {
            faults.extend(runs.check(&order));
        }
    }
    let [renamed, export, part1, part2, without, app, auto] = [2, 1, 3, 4, 5, 8, 11];
    for order in [
        [APP_ROWS, renamed, export],
        [APP_ROWS, export, renamed],
        [gpx, part1, part2],
        [other_name, part2, part1],
        [part1, part2, renamed],
        [without, app, export],
        [other_name, auto, export],
        [app, gpx, renamed],
        [gpx, app, renamed],
        [gpx, APP_ROWS, export],
    ] {
        faults.extend(runs.check(&order));
    }
    assert_eq!(faults, [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn routes_in_every_form_and_any_order_are_stored_once(
        order in Just((0..12).collect::<Vec<usize>>()).prop_shuffle(),
        count in 3..=12usize,
    ) {
        let mut order = order[..count].to_vec();
        if order.contains(&APP_ROUTES) && !order.contains(&APP_ROWS) {
            order.push(APP_ROWS);
        }
        prop_assert_eq!(Runs::new().check(&order), None);
    }
}

/// Some programs write a track twice into a file. What its tracks have in common is stored once, and all else is kept in order.
#[test]
fn a_track_that_comes_twice_is_stored_once() {
    let check = |tracks: &[&[(u32, &str)]], expected: &str| {
        let folder = Folder::new();
        let point = |(second, latitude): &(u32, &str)| {
            format!("<trkpt lat=\"{latitude}\" lon=\"8.5\"><time>2024-01-01T10:00:{second:02}Z</time></trkpt>")
        };
        let track = |points: &&[(u32, &str)]| {
            let points: Vec<String> = points.iter().map(point).collect();
            format!("<trk><trkseg>{}</trkseg></trk>", points.concat())
        };
        let gpx = format!("<gpx>{}</gpx>", tracks.iter().map(track).collect::<String>());
        let file = folder.write("route.gpx", gpx);
        let database = folder.path("health.db");
        let read = tracks.iter().map(|points| points.len() as u64).sum::<u64>();
        let first = import(&database, &[], &[&file]);
        assert_eq!((first.count("read"), first.count("rejected")), (read, 0), "{tracks:?}");
        let sql = "SELECT group_concat((time_ms / 1000 % 60) || ' ' || latitude, ', ' ORDER BY time_ms, route, place)
            FROM route_points";
        assert_eq!(query::<String>(&database, sql), expected, "{tracks:?}");
        let again = import(&database, &[], &[&file]);
        assert_eq!((again.count("new"), again.count("updated")), (0, 0), "{tracks:?}");
    };
    let (one, same): (&[_], &[_]) =
        (&[(1, "1.0"), (2, "2.0"), (3, "1.5")], &[(1, "3.0"), (1, "1.0"), (1, "3.0"), (1, "2.0")]);
    check(&[one], "1 1.0, 2 2.0, 3 1.5");
    check(&[one, one], "1 1.0, 2 2.0, 3 1.5");
    check(&[one, one, one], "1 1.0, 2 2.0, 3 1.5");
    check(&[same, same], "1 3.0, 1 1.0, 1 3.0, 1 2.0");
    check(&[one, &[(3, "1.5"), (4, "4.0")]], "1 1.0, 2 2.0, 3 1.5, 4 4.0");
    // Points with one time, each in a track.
    check(&[&[(1, "3.0")], &[(1, "1.0")], &[(1, "2.0")]], "1 3.0, 1 1.0, 1 2.0");
}
