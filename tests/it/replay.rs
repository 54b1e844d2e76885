//! Replays what fuzzing has found, the files of `testdata` and generated ones through the properties of the fuzz targets.

use std::fs;
use std::path::{Path, PathBuf};

use healthsink::import::Format;
use healthsink::model::limits::{CLINICAL_FILE_BYTES_MAX, IMPORT_ELEMENT_BYTES_MAX};
use healthsink_testdata::{AutoExport, Export, KeyOrder, Payload, Shape};
use healthsink_testkit::pieces::Pieces;
use healthsink_testkit::properties::{
    TARGETS, apple_files, apple_xml, archive, auto_export, chunking, decode, differential, http, reading, statistics,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// The files of a folder, in order; empty if there is no such folder.
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
fn everything_that_fuzzing_found_stays_fixed() {
    for (target, check) in TARGETS {
        for file in files(&format!("fuzz/regressions/{target}")) {
            println!("{}", file.display());
            check(&fs::read(file).unwrap());
        }
    }
}

#[test]
fn fixtures_have_the_properties() {
    for file in files("testdata") {
        println!("{}", file.display());
        check_body(&fs::read(file).unwrap());
    }
}

#[test]
fn payloads_of_every_shape_have_the_properties() {
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

#[test]
fn exports_have_the_properties_of_their_readers() {
    let history =
        |name: &str| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/history").join(name)).unwrap();
    let files = [
        (Format::AppleXml, "export.xml"),
        (Format::Gpx, "route.gpx"),
        (Format::Ecg, "ecg.csv"),
        (Format::Fhir, "observation.json"),
        (Format::AutoExport, "auto_export.json"),
    ];
    for (format, name) in files {
        assert_same_in_pieces(format, &history(name), &[1]);
    }
    apple_xml::check(&history("export.xml"));
    auto_export::check(&history("auto_export.json"));
    for (kind, name) in [(b'g', "route.gpx"), (b'e', "ecg.csv"), (b'c', "observation.json")] {
        apple_files::check(&[&[kind], history(name).as_slice()].concat());
    }
    for (seed, target_bytes) in [(1, 5_000), (2, 60_000), (3, 300_000)] {
        let mut xml = Vec::new();
        let export = Export { seed, target_bytes, ..Export::default() };
        let exported = export.write_to(&mut xml).unwrap();
        apple_xml::check(&xml);
        for route in export.route_files(exported.workouts).take(2) {
            let mut gpx = vec![b'g'];
            route.write_to(&mut gpx).unwrap();
            apple_files::check(&gpx);
        }
        auto_export::check(&AutoExport { seed, target_bytes, ..AutoExport::default() }.to_vec().0);
    }
}

/// Long in each of the ways in which an element can be long.
#[test]
fn elements_over_the_limit_cost_bounded_memory() {
    let record =
        "<Record type=\"HKQuantityTypeIdentifierStepCount\" startDate=\"2024-01-01 10:00:00 +0100\" value=\"1\"";
    let bytes = IMPORT_ELEMENT_BYTES_MAX + IMPORT_ELEMENT_BYTES_MAX / 4;
    for part in [" a=\"\"", "<MetadataEntry key=\"a\" value=\"b\"/>", "<a>", "<a/>", "\\", "&#x1;", "\u{e9}"] {
        for bytes in [bytes, IMPORT_ELEMENT_BYTES_MAX - 1_000] {
            let parts = part.repeat(bytes / part.len());
            let (inside, text) = if part.starts_with(' ') { (parts.as_str(), "") } else { ("", parts.as_str()) };
            let xml = format!("<HealthData>{record}{inside}>{text}</Record>{record}/></HealthData>");
            reading::check(Format::AppleXml, xml.as_bytes());
        }
    }
    let bytes = CLINICAL_FILE_BYTES_MAX + CLINICAL_FILE_BYTES_MAX / 4;
    for body in ["\"x\",".repeat(bytes / 4), "[".repeat(bytes)] {
        reading::check(Format::Fhir, format!("{{\"resourceType\":[{body}0]}}").as_bytes());
    }
    reading::check(Format::Ecg, "Recorded Date,2024-01-01 10:00:00 +0100\n1\n".repeat(bytes / 40).as_bytes());
}

/// More samples at once than a pass follows, for each method.
#[test]
fn samples_under_way_cost_bounded_memory() {
    for method in 0..9 {
        // 53 hours long, a millisecond after each other, 16,129 for each record.
        let record = [0x0c, 1, 0, 0, 0x40, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 127];
        let input: Vec<u8> = [method].into_iter().chain(record.repeat(8)).collect();
        statistics::check(&input);
    }
}

#[test]
fn archives_of_exports_have_the_properties() {
    let history = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/history");
    let member = |name: &str| {
        let contents = fs::read(history.join(name)).unwrap();
        // FF separates members.
        let contents: Vec<u8> = contents.into_iter().filter(|byte| *byte != 0xff).collect();
        [name.as_bytes(), b"\n", contents.as_slice()].concat()
    };
    let export = ["export.xml", "route.gpx", "ecg.csv", "observation.json"].map(member).join(&0xff);
    let documents = ["auto_export.json", "observation.json"].map(member).join(&0xff);
    for control in 1..8 {
        for cut in (0..=255).step_by(15) {
            archive::check(&[&[control, cut], export.as_slice()].concat());
            archive::check(&[&[control, cut], documents.as_slice()].concat());
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

/// A generated file of each kind that `import` reads as one document, long enough for at least one record.
fn document() -> impl Strategy<Value = (Format, Vec<u8>)> {
    let formats = [Format::AppleXml, Format::Gpx, Format::AutoExport, Format::Payload];
    (prop::sample::select(formats.to_vec()), 0..1_000_u64, 3_000..250_000_u64).prop_map(
        |(format, seed, target_bytes)| {
            let export = Export { seed, target_bytes, ..Export::default() };
            let mut body = Vec::new();
            match format {
                Format::AppleXml => drop(export.write_to(&mut body).expect("a vector takes all")),
                Format::Gpx => {
                    let route = export.route_files(20).next().expect("of twenty workouts one is outdoors");
                    route.write_to(&mut body).expect("a vector takes all");
                }
                Format::AutoExport => body = AutoExport { seed, target_bytes, ..AutoExport::default() }.to_vec().0,
                _ => body = Payload { seed, target_bytes, ..Payload::default() }.to_vec().0,
            }
            (format, body)
        },
    )
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1_usize..4, 1_usize..70, 900_usize..1100, 1_usize..100_000], 1..60)
}

fn assert_same_in_pieces(format: Format, body: &[u8], lengths: &[usize]) -> reading::Read {
    let whole = reading::Read::of(format, || body);
    whole.assert_same(&reading::Read::of(format, || {
        let mut lengths = lengths.iter().cycle().copied();
        Pieces::new(body, move || lengths.next().unwrap_or(1))
    }));
    whole
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_samples_make_figures_that_fit(input in prop::collection::vec(any::<u8>(), 0..200)) {
        statistics::check(&input);
    }

    #[test]
    fn generated_documents_of_each_kind_are_the_same_in_any_pieces((format, body) in document(), lengths in lengths()) {
        let whole = assert_same_in_pieces(format, &body, &lengths).transcript;
        prop_assert!(whole.outcome.is_ok() && whole.rejects.is_empty(), "{:?} {:?}", whole.outcome, whole.rejects);
        prop_assert!(whole.records > 0 && whole.body_bytes == body.len() as u64);
    }

    #[test]
    fn broken_documents_of_each_kind_are_the_same_in_any_pieces(
        (format, mut body) in document(),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..20),
        end in any::<Index>(),
        lengths in lengths(),
    ) {
        for (at, byte) in &changes {
            *at.get_mut(&mut body) = *byte;
        }
        body.truncate(end.index(body.len()));
        assert_same_in_pieces(format, &body, &lengths);
    }
}
