//! Replays what fuzzing has found, and the payloads of `testdata`, through the properties of the fuzz targets.

use std::fs;
use std::path::{Path, PathBuf};

use healthsink_testdata::{KeyOrder, Payload, Shape};

#[expect(unreachable_pub, reason = "public in the fuzz crate")]
#[path = "../fuzz/src/chunking.rs"]
mod chunking;
#[expect(unreachable_pub, reason = "public in the fuzz crate")]
#[path = "../fuzz/src/decode.rs"]
mod decode;
#[expect(unreachable_pub, reason = "public in the fuzz crate")]
#[path = "../fuzz/src/differential.rs"]
mod differential;
#[expect(unreachable_pub, reason = "public in the fuzz crate")]
#[path = "../fuzz/src/http.rs"]
mod http;
#[expect(unreachable_pub, reason = "public in the fuzz crate")]
#[path = "../fuzz/src/memory.rs"]
mod memory;
#[expect(unreachable_pub, reason = "public in the fuzz crate")]
#[path = "../fuzz/src/transcript.rs"]
mod transcript;

/// A property of bytes, which panics where it does not hold.
type Check = fn(&[u8]);

const TARGETS: [(&str, Check); 4] = [
    ("decode", decode::check),
    ("chunking", chunking::check),
    ("differential", differential::check),
    ("http", http::check),
];

/// The files of a folder, in order; none if there is no such folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn what_fuzzing_has_found_stays_mended() {
    for (target, check) in TARGETS {
        for file in files(&format!("fuzz/regressions/{target}")) {
            println!("{}", file.display());
            check(&fs::read(file).unwrap());
        }
    }
}

#[test]
fn fixtures_have_the_properties_too() {
    for file in files("testdata") {
        println!("{}", file.display());
        check_body(&fs::read(file).unwrap());
    }
}

#[test]
fn payloads_of_every_shape_have_the_properties_too() {
    let shapes = [
        Shape::Mixed,
        Shape::HeartRate,
        Shape::Steps,
        Shape::Sleep,
        Shape::Workouts,
        Shape::Routes,
        Shape::Medications,
    ];
    for (seed, shape) in (1..).zip(shapes) {
        for key_order in [KeyOrder::AsDocumented, KeyOrder::Reversed, KeyOrder::Shuffled] {
            let (body, _) = Payload { seed, target_bytes: 20_000, shape, key_order, ..Payload::default() }.to_vec();
            check_body(&body);
        }
    }
}

fn check_body(body: &[u8]) {
    decode::check(body);
    chunking::check(body);
    differential::check(body);
    for control in 0..16 {
        http::check(&[&[control, 100], body].concat());
    }
}
