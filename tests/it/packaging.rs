//! The limits of the packaged services: equal in both packages, and those that the memory equation assumes. Scripts answer `--help`.

use std::fs;
use std::path::Path;

use healthsink::model::memory::{INGESTS_PACKAGED, MEMORY_PACKAGED_BYTES};

/// The value behind a name in a file under `packaging/`.
fn value(file: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(file);
    let text = fs::read_to_string(&path).unwrap();
    let values: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix(name)).collect();
    let [value] = values[..] else {
        panic!("{file} sets {name} {} times", values.len());
    };
    value.trim_start_matches([':', '=']).trim().trim_matches('"').to_owned()
}

#[test]
fn the_packaged_services_have_the_same_limits() {
    for (file, name) in [("healthsink.env", "HEALTHSINK_INGESTS"), ("docker/compose.yaml", "HEALTHSINK_INGESTS")] {
        assert_eq!(value(file, name), INGESTS_PACKAGED.to_string(), "{file}");
    }
    let mib = format!("{}m", MEMORY_PACKAGED_BYTES >> 20);
    for (file, name) in [("systemd/healthsink.service", "MemoryMax"), ("docker/compose.yaml", "mem_limit")] {
        assert_eq!(value(file, name).to_lowercase(), mib, "{file}");
    }
    let tasks = ["systemd/healthsink.service", "docker/compose.yaml"];
    assert_eq!(value(tasks[0], "TasksMax"), value(tasks[1], "pids_limit"));
    // Drain, stragglers and the last checkpoint, as `limits` adds them up.
    assert_eq!(value(tasks[0], "TimeoutStopSec"), "45");
    assert_eq!(value(tasks[1], "stop_grace_period"), "45s");
}

/// Only read: a script that does not know the flag would do its work.
#[test]
fn every_script_answers_help() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut scripts = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains("argparse") || text.contains("--help"), "{}", path.display());
            scripts += 1;
        }
    }
    assert!(scripts > 20, "only {scripts} scripts were found");
}
