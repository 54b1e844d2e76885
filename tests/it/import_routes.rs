//! A route that several exporters bring is stored once, also if an equal workout beside its own has none.

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
        assert_eq!((again.count("new"), again.count("updated")), (0, 0), "{names:?}, {}", again.report);
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
    let sets: [&[&PathBuf]; 6] = [
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
