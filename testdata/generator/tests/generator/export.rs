//! Exports against an independent reader of XML.

use std::collections::HashSet;
use std::fs;

use healthsink_testdata::{Export, Exported};

use crate::xml::{self, Element};

fn export(target_bytes: u64) -> Export {
    Export { target_bytes, ..Export::default() }
}

fn body(export: &Export) -> (String, Exported) {
    let mut out = Vec::new();
    let exported = export.write_to(&mut out).expect("a vector does not fail");
    (String::from_utf8(out).expect("UTF-8"), exported)
}

fn count(text: &str, root: &Element) -> Exported {
    let [all, top] = [false, true].map(|top| {
        move |name: &str| {
            let children = root.children.iter().filter(|child| child.name == name);
            if top { children.count() as u64 } else { root.all(name).len() as u64 }
        }
    });
    Exported {
        bytes: text.len() as u64,
        records: top("Record"),
        correlated_records: all("Record") - top("Record"),
        metadata_entries: all("MetadataEntry"),
        beat_lists: all("HeartRateVariabilityMetadataList"),
        beats: all("InstantaneousBeatsPerMinute"),
        correlations: top("Correlation"),
        workouts: top("Workout"),
        workout_events: all("WorkoutEvent"),
        workout_activities: all("WorkoutActivity"),
        workout_statistics: all("WorkoutStatistics"),
        workout_routes: all("WorkoutRoute"),
        activity_summaries: top("ActivitySummary"),
        ..Exported::default()
    }
}

#[test]
fn counts_are_what_a_reader_finds_and_sizes_are_near_the_target() {
    for target in [0, 3_000, 30_000, 100_000, 1_000_000] {
        let (text, exported) = body(&export(target));
        assert_eq!(count(&text, &xml::parse(&text)), exported, "{target}");
        assert!(exported.bytes >= target, "{target}: {exported}");
        assert!(exported.bytes < target + 5_000, "{target}: {exported}");
    }
    let (_, exported) = body(&export(1_000_000));
    assert!(exported.correlations > 0 && exported.workouts >= 3);
    assert!(exported.beat_lists > 0 && exported.workout_routes > 0);
    assert_eq!(exported.correlated_records, 2 * exported.correlations);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let first = export(200_000);
    let other = Export { seed: 2, ..first };
    assert!(body(&first) == body(&first));
    assert!(body(&first).0 != body(&other).0);
}

#[test]
fn attributes_are_in_apples_order() {
    let (text, _) = body(&export(300_000));
    let order =
        ["type", "sourceName", "sourceVersion", "device", "unit", "creationDate", "startDate", "endDate", "value"];
    for record in xml::parse(&text).all("Record") {
        let keys = record.attributes.iter().map(|(key, _)| key.as_str());
        let positions: Vec<_> = keys.map(|key| order.iter().position(|known| *known == key).expect(key)).collect();
        assert!(positions.is_sorted(), "{record:?}");
        for key in ["creationDate", "startDate", "endDate"] {
            let date = record.get(key).expect(key);
            assert!(date.len() == 25 && date.ends_with(" -0500"), "{date}");
        }
    }
}

#[test]
fn no_two_records_share_a_pointer() {
    let (text, _) = body(&export(300_000));
    let mut seen = HashSet::new();
    for record in xml::parse(&text).all("Record") {
        if let Some(device) = record.get("device") {
            assert!(device.starts_with("<<HKDevice: 0x28"), "{device}");
            assert!(seen.insert(device[..22].to_owned()), "{device}");
        }
    }
    assert!(seen.len() > 100);
}

#[test]
fn correlated_records_are_also_at_the_top_level() {
    let (text, exported) = body(&export(2_000_000));
    let root = xml::parse(&text);
    let described = |record: &Element| {
        let keys = ["type", "sourceName", "unit", "startDate", "endDate", "value"];
        keys.map(|key| record.get(key).map(str::to_owned))
    };
    let top = root.children.iter().filter(|child| child.name == "Record");
    let top: HashSet<_> = top.map(described).collect();
    let correlated = root.all("Correlation");
    assert_eq!(correlated.len() as u64, exported.correlations);
    for correlation in correlated {
        for record in correlation.all("Record") {
            assert!(top.contains(&described(record)), "{record:?}");
        }
    }
}

#[test]
fn a_folder_has_the_files_that_the_xml_refers_to() {
    let folder = std::env::temp_dir().join(format!("healthsink-testdata-{}", std::process::id()));
    let exported = export(1_000_000).write_dir(&folder).expect("written");
    let text = fs::read_to_string(folder.join("export.xml")).expect("readable");
    let root = xml::parse(&text);
    let mut points = 0;
    let references = root.all("FileReference");
    for reference in &references {
        let path = reference.get("path").expect("a path");
        let file = folder.join(path.strip_prefix('/').expect("from the folder"));
        let route = xml::parse(&fs::read_to_string(file).expect("the file is there"));
        points += route.all("trkpt").len() as u64;
        assert!(route.all("name")[0].text.starts_with("Route 20"));
        assert!(route.all("time").iter().all(|time| time.text.ends_with('Z')));
    }
    let files = fs::read_dir(folder.join("workout-routes")).expect("a folder").count();
    fs::remove_dir_all(&folder).expect("removable");
    assert_eq!(files as u64, exported.route_files);
    assert_eq!(references.len() as u64, exported.route_files);
    assert_eq!(points, exported.route_points);
    assert!(exported.route_bytes > 100_000);
}
