//! What owners give to an import: folders, archives and files as phones, computers and clouds leave them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use healthsink_testkit::compression::gzip;
use healthsink_testkit::zip::Packing;

use crate::import_history::{Folder, HEAD, Outcome, import, query, zip};
use crate::program::command;

const RECORD: &str = "<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Watch\" unit=\"count/min\" \
    startDate=\"2026-03-01 10:00:00 +0100\" endDate=\"2026-03-01 10:00:00 +0100\" value=\"61\"/>";
const CLINICAL: &str = "<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>";
const METRIC: &str = r#"{"data":{"metrics":[{"name":"heart_rate","units":"count/min","data":[{"date":"2026-03-01 10:00:00 +0100","Avg":1}]}]}}"#;
const PAYLOAD: &str = r#"{"data":{"HKQuantityTypeIdentifierHeartRate":[{"uuid":"3BA875EE-1111-4D51-8CDC-00000000000A","value":61,
    "startDate":"2026-03-01T10:00:00.000Z","endDate":"2026-03-01T10:00:00.000Z","unit":"count/min"}]}}"#;

fn export() -> String {
    format!("{HEAD}{RECORD}</HealthData>")
}

fn archive() -> Vec<u8> {
    let export = export();
    let members: [(&str, &[u8]); 4] = [
        ("apple_health_export/Exportieren.xml", export.as_bytes()),
        ("apple_health_export/export_cda.xml", CLINICAL.as_bytes()),
        ("__MACOSX/apple_health_export/._Exportieren.xml", b"\0\x05\x16\x07"),
        ("apple_health_export/.DS_Store", b"\0\0\0\x01Bud1"),
    ];
    zip(&members, Packing::PLAIN)
}

fn imported(folder: &Folder, input: &str) -> Outcome {
    import(&folder.path("health.db"), &[], &[&folder.path(input)]).balanced()
}

fn samples(folder: &Folder) -> i64 {
    query(&folder.path("health.db"), "SELECT count(*) FROM samples")
}

#[test]
fn an_export_is_found_wherever_its_owner_left_it() {
    type Make = fn(&Folder) -> PathBuf;
    let forms: [(&str, Make); 9] = [
        ("in", |folder| folder.write("in/export.zip", archive())),
        ("export 🏃 (1).zip", |folder| folder.write("export 🏃 (1).zip", archive())),
        ("renamed.dat", |folder| folder.write("renamed.dat", archive())),
        ("导出.xml", |folder| folder.write("导出.xml", export())),
        ("export.xml.gz", |folder| folder.write("export.xml.gz", gzip(export().as_bytes()))),
        ("unpacked", |folder| {
            folder.write("unpacked/._export.xml", b"\0\x05\x16\x07");
            folder.write("unpacked/export_cda.xml", CLINICAL);
            folder.write("unpacked/exportación.xml", export())
        }),
        ("parent", |folder| {
            folder.write("parent/electrocardiograms/.keep", "");
            folder.write("parent/apple_health_export/export.xml", export())
        }),
        ("looped", |folder| {
            folder.write("looped/export.xml", export());
            symlink(".", folder.path("looped/again")).unwrap();
            folder.path("looped")
        }),
        ("two", |folder| {
            folder.write("two/export 2.xml", export());
            folder.write("two/export.xml", export())
        }),
    ];
    for (input, make) in forms {
        let folder = Folder::new();
        make(&folder);
        for new in [1, 0] {
            let outcome = imported(&folder, input);
            assert!(outcome.ok, "{input}: {}", outcome.said);
            assert_eq!((outcome.count("new"), outcome.count("updated")), (new, 0), "{input}: {}", outcome.report);
        }
        assert_eq!(samples(&folder), 1, "{input}");
    }
}

#[test]
fn files_that_are_not_read_are_named() {
    let folder = Folder::new();
    folder.write("in/export.xml", export());
    folder.write("in/notes.txt", "hello");
    folder.write("in/sub/Heart Rate.csv", "Date/Time,Heart Rate\n");
    let skipped = |outcome: &Outcome| {
        let skipped = outcome.report["skipped"].as_object().unwrap();
        skipped.keys().filter(|reason| !reason.contains("kept")).cloned().collect::<Vec<String>>().join("; ")
    };
    let outcome = imported(&folder, "in");
    assert!(outcome.ok, "{}", outcome.said);
    let unknown = "file: of an unknown kind: Heart Rate.csv; file: of an unknown kind: notes.txt";
    assert_eq!(skipped(&outcome), unknown);

    // What an owner means to import and what is not there is a failure.
    folder.write("in/.other.zip.icloud", b"bplist00");
    let outcome = imported(&folder, "in");
    assert!(!outcome.ok && outcome.said.contains("open it in Finder to download it"), "{}", outcome.said);
    assert!(outcome.said.contains(".other.zip.icloud") && outcome.said.lines().count() == 1, "{}", outcome.said);
    assert_eq!(skipped(&outcome), format!("file: in iCloud, not on this computer: .other.zip.icloud; {unknown}"));
    let outcome = imported(&folder, "in/.other.zip.icloud");
    assert!(!outcome.ok && outcome.said.contains("in iCloud"), "{}", outcome.said);

    // Of many files the first are named.
    for number in 0..40 {
        folder.write(&format!("many/{number}.txt"), "hello");
    }
    let outcome = imported(&folder, "many");
    assert!(!outcome.ok, "{}", outcome.report);
    let skipped = outcome.report["skipped"].as_object().unwrap();
    assert_eq!((skipped.len(), &skipped["file: of an unknown kind"]), (17, &24.into()));
}

#[test]
fn what_cannot_be_read_costs_only_itself() {
    let folder = Folder::new();
    folder.write("in/export.xml", export());
    folder.write("in/locked/a.json", PAYLOAD);
    folder.write("in/b.json", METRIC);
    let allow = |name: &str, mode| fs::set_permissions(folder.path(name), fs::Permissions::from_mode(mode)).unwrap();
    allow("", 0o777);
    allow("in/locked", 0o000);
    allow("in/b.json", 0o000);
    let mut program = Command::new(crate::program::path());
    program.args(["import", "--dry-run", "--json", "--db"]).arg(folder.path("health.db")).arg(folder.path("in"));
    // Root may read everything.
    if fs::metadata(folder.path("in")).unwrap().uid() == 0 {
        program.uid(61_184).gid(61_184);
    }
    let output = match program.output() {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return,
        output => output.unwrap(),
    };
    allow("in/locked", 0o700);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("Permission denied") && said.lines().count() == 1, "{said}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["readable"], 1, "{report}");
    for name in ["locked", "b.json"] {
        assert_eq!(report["skipped"][format!("file: it cannot be read: {name}")], 1, "{report}");
    }
}

#[test]
fn inputs_without_a_record_fail_in_one_line_with_a_remedy() {
    let check = |name: &str, contents: &[u8], words: &str| {
        let folder = Folder::new();
        folder.write(name, contents);
        let outcome = imported(&folder, name.split('/').next().unwrap());
        assert!(!outcome.ok && outcome.said.contains(words), "{name}: {}", outcome.said);
        assert_eq!(outcome.said.lines().count(), 1, "{}", outcome.said);
    };
    check("readme.txt", b"hello", "import takes export.zip or export.xml");
    check("photo.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "import takes export.zip or export.xml");
    check("export_cda.xml", CLINICAL.as_bytes(), "import export.xml instead");
    check("in/export_cda.xml", CLINICAL.as_bytes(), "Apple's copy of some of export.xml");
    check(
        "outer.zip",
        &zip(&[("export.zip", &archive())], Packing::PLAIN),
        "an archive within another, unpack it: export.zip",
    );
    check("in/readme.txt", b"hello", "a file, of an unknown kind: readme.txt");
}

#[test]
fn documents_that_are_not_health_data_are_reported() {
    let check = |contents: String, ok: bool, new: u64, words: &str| {
        let folder = Folder::new();
        folder.write("a.json", &contents);
        let outcome = imported(&folder, "a.json");
        assert_eq!((outcome.ok, outcome.count("new")), (ok, new), "{contents}: {}", outcome.said);
        let reasons = "SELECT coalesce(group_concat(reason), '') FROM rejects";
        let said = format!("{} {}", outcome.said, query::<String>(&folder.path("health.db"), reasons));
        assert!(said.contains(words), "{contents}: {said}");
    };
    let other = r#"{"foo":1}"#;
    let words = "it has neither `data` nor a section of it";
    check(format!("{METRIC}\n{other}\n"), false, 1, words);
    check(format!("{other}{METRIC}"), false, 0, words);
    check(format!("[{METRIC},{other}]"), false, 1, words);
    check(format!("{PAYLOAD}\n{other}\n"), false, 1, "it has none of `data`");
    check(format!("{other}\n{PAYLOAD}\n"), false, 0, "it has none of `data`");
    check(format!("[{PAYLOAD},{other}]"), false, 1, "it has none of `data`");
    check(format!("{PAYLOAD} 5"), false, 1, "is a number, not an object");
}

/// What is no export costs one line, which says what is one, and no place among the last uploads.
#[test]
fn what_is_no_export_is_one_line_that_says_what_is() {
    let folder = Folder::new();
    let other = folder.path("other.db");
    assert!(import(&other, &[], &[&folder.write("good.json", PAYLOAD)]).ok);
    folder.write("README.md", "# Hello\n");
    folder.write("x.csv", "a,b\n1,2\n");
    folder.write("empty.zip", zip(&[], Packing::PLAIN));
    folder.write("notes.zip", zip(&[("notes.txt", b"hello")], Packing::PLAIN));
    let database = folder.path("health.db");
    assert!(import(&database, &[], &[&folder.path("good.json")]).ok);
    for (input, part) in [
        ("README.md", "export.zip"),
        ("x.csv", "export.zip"),
        ("other.db", "export.zip"),
        ("empty.zip", "export.zip"),
        ("notes.zip", "export.zip"),
        ("missing.json", "there is no such file"),
    ] {
        for _ in 0..3 {
            let mut program = command();
            let output = program.args(["import", "--db"]).args([&database, &folder.path(input)]).output().unwrap();
            let [printed, said] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
            assert_eq!((output.status.code(), printed.as_str()), (Some(1), ""), "{input}");
            assert!(said.contains(part) && said.lines().count() == 1 && !said.contains("0 records"), "{input}: {said}");
            assert_eq!(said.matches(input).count(), 1, "{said}");
        }
    }
    let status = command().args(["status", "--db"]).arg(&database).output();
    let printed = String::from_utf8(status.unwrap().stdout).unwrap();
    let uploads = printed.split("last uploads\n").nth(1).unwrap();
    assert!(uploads.contains("good.json"), "{printed}");
    // JSON that is cut has begun an upload. Ten of them hide no other.
    let cut = folder.write("cut.json", "{\"data\":{");
    for _ in 0..10 {
        assert!(!import(&database, &[], &[&cut]).ok);
    }
    let status = command().args(["status", "--db"]).arg(&database).output();
    let printed = String::from_utf8(status.unwrap().stdout).unwrap();
    let uploads = printed.split("last uploads\n").nth(1).unwrap();
    assert!(uploads.contains("good.json") && uploads.matches("cut.json").count() == 1, "{printed}");
}
