//! The import's readers, from memory to rows that are not stored; and `healthsink import` of an export, end to end.

mod support {
    pub(crate) mod size;
}

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use healthsink::import::{Format, Output, Tally, read_archive, read_file};
use healthsink::model::batch::Batch;
use healthsink::model::batch::Sink;
use healthsink::model::error::Result;
use healthsink_testdata::{AutoExport, Export};
use healthsink_testkit::zip::{Packing, pack};
use serde_json::Value;

use support::size::size;

const VARIABLE: &str = "HEALTHSINK_BENCH_BYTES";

/// Takes batches and returns them empty, as the writer does.
struct Nowhere;

impl Sink for Nowhere {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        batch.clear();
        Ok(())
    }
}

/// A file in memory, with the number of its elements and of the rows they become.
struct File {
    format: Format,
    body: Vec<u8>,
    read: u64,
    rows: u64,
}

impl File {
    fn check(&self, batch: &mut Box<Batch>) {
        let mut tally = Tally::default();
        let body = self.body.as_slice();
        let mut sink = Nowhere;
        let mut output = Output::new(batch, &mut sink, Some(&mut tally));
        let decoded = read_file(self.format, "file", body, Some(&mut || Ok(body)), &mut output);
        output.finish();
        decoded.outcome.expect("the file is sound");
        batch.clear();
        assert_eq!((decoded.body_bytes, tally.read, tally.rejected), (body.len() as u64, self.read, 0));
        assert_eq!(tally.read - tally.skipped(), self.rows);
    }
}

fn readers(criterion: &mut Criterion) {
    let bytes = size(VARIABLE, 8_000_000, 200_000);
    let mut batch = Box::<Batch>::default();
    let mut files = shapes(bytes);
    files.insert("gpx", gpx(bytes));
    files.insert("ecg", ecg(bytes));
    files.insert("auto_export", auto_export(bytes));
    for (name, file) in &files {
        let mut group = criterion.benchmark_group("import");
        let throughput = Throughput::ElementsAndBytes { elements: file.read, bytes: file.body.len() as u64 };
        group.throughput(throughput).sample_size(20);
        group.bench_function(*name, |bencher| bencher.iter(|| file.check(&mut batch)));
        group.finish();
    }
}

/// The whole XML, and for each shape of element a document of only these.
fn shapes(bytes: u64) -> BTreeMap<&'static str, File> {
    // Rare shapes come from a longer document.
    let mut xml = Vec::new();
    let exported =
        Export { target_bytes: 5 * bytes, ..Export::default() }.write_to(&mut xml).expect("a vector takes all");
    let text = String::from_utf8(xml).expect("XML is text");
    let (head, rest) = text.split_once("\n <ExportDate").expect("it begins like this");
    let mut shapes: BTreeMap<&str, (String, u64, u64)> = BTreeMap::new();
    let end = rest.find("\n</HealthData>").expect("it ends like this");
    let starts: Vec<usize> =
        rest.match_indices("\n <").map(|(at, _)| at).filter(|at| !rest[at + 2..].starts_with("</")).collect();
    for (place, start) in starts.iter().enumerate() {
        let element = &rest[*start..*starts.get(place + 1).unwrap_or(&end)];
        let shape = if element.starts_with("\n <Correlation") {
            "xml_correlation"
        } else if element.starts_with("\n <Workout") {
            "xml_workout"
        } else if element.contains("<InstantaneousBeats") {
            "xml_beats"
        } else if element.contains("<MetadataEntry") {
            "xml_metadata"
        } else if element.starts_with("\n <Record") {
            "xml_record"
        } else {
            continue;
        };
        let (body, read, rows) = shapes.entry(shape).or_insert_with(|| (head.to_owned(), 0, 0));
        if (body.len() as u64) < bytes {
            body.push_str(element);
            *rows += 1;
            // Records that a correlation repeats are read, but do not become rows.
            *read += 1 + if shape == "xml_correlation" { element.matches("<Record").count() as u64 } else { 0 };
        }
    }
    let file = |(body, read, rows): (String, u64, u64)| File {
        format: Format::AppleXml,
        body: (body + "\n</HealthData>\n").into_bytes(),
        read,
        rows,
    };
    let mut files: BTreeMap<_, _> = shapes.into_iter().map(|(name, shape)| (name, file(shape))).collect();
    let rows = exported.records + exported.correlations + exported.workouts + exported.activity_summaries;
    // The export's date and its person do not become rows.
    let read = rows + exported.correlated_records + 2;
    files.insert("xml", File { format: Format::AppleXml, body: text.into_bytes(), read, rows });
    files
}

/// The longest routes of an export, joined.
fn gpx(bytes: u64) -> File {
    let (mut body, mut points) = (Vec::new(), 0);
    for route in Export::default().route_files(u64::MAX) {
        let mut one = Vec::new();
        let (_, count) = route.write_to(&mut one).expect("a vector takes all");
        let text = String::from_utf8(one).expect("XML is text");
        let from = if body.is_empty() { 0 } else { text.find("<trkseg>").expect("it holds a track") };
        let to = text.find("</trk>").expect("it holds a track");
        body.extend_from_slice(&text.as_bytes()[from..to]);
        points += count;
        if body.len() as u64 >= bytes {
            break;
        }
    }
    body.extend_from_slice(b"</trk></gpx>");
    File { format: Format::Gpx, body, read: points, rows: points }
}

/// One recording of the greatest length.
fn ecg(bytes: u64) -> File {
    let mut body =
        String::from("Name,Ada\nRecorded Date,2024-01-01 10:00:00 +0100\nSample Rate,512 hertz\n\nUnit,µV\n\n");
    let mut number = 0_i64;
    while (body.len() as u64) < bytes.min(2_000_000) {
        number = (number * 31 + 17) % 99_991;
        body.push_str(&format!("{}.{:03}\n", number % 500 - 250, number % 1000));
    }
    File { format: Format::Ecg, body: body.into_bytes(), read: 1, rows: 1 }
}

fn auto_export(bytes: u64) -> File {
    let (body, written) = AutoExport { target_bytes: bytes, ..AutoExport::default() }.to_vec();
    let rows = written.points + written.workouts + written.series_points + written.route_points;
    File { format: Format::AutoExport, body, read: rows, rows }
}

/// The files of an export, packed as the phone packs them.
fn archive(criterion: &mut Criterion) {
    let bytes = size(VARIABLE, 8_000_000, 200_000);
    let export = Export { target_bytes: bytes, ..Export::default() };
    let mut xml = Vec::new();
    let exported = export.write_to(&mut xml).expect("a vector takes all");
    let mut members = vec![("apple_health_export/export.xml".to_owned(), xml)];
    let mut points = 0;
    for route in export.route_files(exported.workouts) {
        let mut gpx = Vec::new();
        points += route.write_to(&mut gpx).expect("a vector takes all").1;
        members.push((format!("apple_health_export/workout-routes/{}", route.name), gpx));
    }
    let unpacked: usize = members.iter().map(|(_, contents)| contents.len()).sum();
    let members = members.iter().map(|(name, contents)| (name.as_bytes(), contents.as_slice()));
    let zip = pack(members, Packing { is_deflated: true, is_streamed: true, is_wide: false });
    let rows = exported.records + exported.correlations + exported.workouts + exported.activity_summaries + points;
    let mut group = criterion.benchmark_group("import");
    group.throughput(Throughput::ElementsAndBytes { elements: rows, bytes: unpacked as u64 }).sample_size(20);
    group.bench_function("archive", |bencher| {
        bencher.iter(|| {
            let uploads = read_archive(Cursor::new(zip.as_slice()), &mut Nowhere).expect("it is sound");
            let [(_, tally, decoded)] = uploads.as_slice() else {
                panic!("an export is one upload");
            };
            decoded.outcome.as_ref().expect("it is sound");
            assert_eq!((decoded.body_bytes, tally.read - tally.skipped()), (unpacked as u64, rows));
        });
    });
    group.finish();
}

/// The program: an export's folder into a new database, and into one that has all of it.
fn end_to_end(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let export = Export { target_bytes: size(VARIABLE, 50_000_000, 200_000), ..Export::default() };
    let exported = export.write_dir(&folder.path().join("export")).expect("room for it");
    let parts = exported.records + exported.correlations + exported.workouts + exported.activity_summaries;
    let rows = parts + exported.route_points;
    let mut group = criterion.benchmark_group("import");
    group
        .throughput(Throughput::ElementsAndBytes { elements: rows, bytes: exported.bytes + exported.route_bytes })
        .sample_size(10)
        .measurement_time(Duration::from_secs(10));
    let kept = folder.path().join("kept.db");
    assert_eq!(run(&kept, folder.path(), "new").1, rows);
    group.bench_function("end_to_end/new", |bencher| {
        bencher.iter_custom(|times| {
            let once = |_| {
                let scratch = tempfile::tempdir().expect("a scratch folder");
                let (took, new) = run(&scratch.path().join("health.db"), folder.path(), "new");
                assert_eq!(new, rows);
                took
            };
            (0..times).map(once).sum()
        });
    });
    group.bench_function("end_to_end/again", |bencher| {
        bencher.iter_custom(|times| {
            let once = |_| {
                let (took, unchanged) = run(&kept, folder.path(), "unchanged");
                assert_eq!(unchanged, rows);
                took
            };
            (0..times).map(once).sum()
        });
    });
    group.finish();
}

/// Imports the export; returns the duration and the count of that name.
fn run(db: &Path, folder: &Path, count: &str) -> (Duration, u64) {
    let mut import = Command::new(env!("CARGO_BIN_EXE_healthsink"));
    import.args(["import", "--json", "--db"]).args([db, &folder.join("export")]);
    let started = Instant::now();
    let output = import.output().expect("the program starts");
    let took = started.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    (took, report[count].as_u64().expect("a count"))
}

criterion_group!(benches, readers, archive, end_to_end);
criterion_main!(benches);
