//! Files as phones of all languages, archives and editors make them: encodings, separators, clocks, names, several documents.

use healthsink_testkit::zip::Packing;

use std::path::Path;

use super::import_history::{Folder, Outcome, import, query, zip};

const RECORD: &str = "<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"Café “上”\" unit=\"count/min\" \
    startDate=\"2026-03-01 10:00:00 +0100\" endDate=\"2026-03-01 10:00:00 +0100\" value=\"61\"/>\n";
const DATE: &str = "2026-03-01 10:00:00 +0100";
const POINT: &str = "<trkpt lat=\"47\" lon=\"8\"><time>2026-03-01T09:00:00Z</time></trkpt>";

fn xml(elements: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<HealthData locale=\"de_DE\">\n{elements}</HealthData>\n")
}

/// A workout with a route in this file.
fn workout(file: &str) -> String {
    format!(
        "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" startDate=\"2026-03-01 10:00:00 +0100\">\
         <WorkoutRoute><FileReference path=\"/workout-routes/{file}\"/></WorkoutRoute></Workout>"
    )
}

fn ecg(rate: &str, voltages: &[&str]) -> String {
    let head = "Name,\"Ada\"\nAufzeichnungsdatum,2026-03-01 10:00:00 +0100\nKlassifizierung,Sinusrhythmus\nSymptome,\n\
                Softwareversion,2.0\nGerät,\"Watch6,2\"\nMessrate,";
    format!("{head}{rate}\n\n\nAbleitung,Ableitung I\nEinheit,µV\n\n{}\n", voltages.join("\n"))
}

fn imported(contents: &[u8]) -> (Folder, Outcome) {
    let folder = Folder::new();
    let file = folder.write("file", contents);
    let outcome = import(&folder.path("health.db"), &[], &[&file]).balanced();
    (folder, outcome)
}

fn utf16(text: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn every_encoding_of_every_kind_of_file_is_read() {
    let gpx = format!("<?xml version=\"1.0\"?><gpx><trk><name>上é</name><trkseg>{POINT}</trkseg></trk></gpx>");
    let json = "{\"data\":{\"metrics\":[{\"name\":\"x\",\"units\":\"é\",\"data\":[{\"date\":\"2026-03-01 10:00:00 +0100\",\"qty\":1}]}]}}";
    let csv = ecg("512 Hertz", &["−1,5"; 40]);
    for (what, text) in [("xml", xml(RECORD)), ("gpx", gpx), ("json", json.to_owned()), ("csv", csv)] {
        let marked = format!("\u{feff}{text}");
        let forms = [
            text.clone().into_bytes(),
            marked.clone().into_bytes(),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
            utf16(&text, u16::to_le_bytes),
            utf16(&text, u16::to_be_bytes),
            text.replace('\n', "\r\n").into_bytes(),
        ];
        for (form, bytes) in forms.iter().enumerate() {
            let (folder, outcome) = imported(bytes);
            assert!(outcome.ok && outcome.count("new") == 1, "{what} {form}: {} {}", outcome.said, outcome.report);
            let names = "SELECT count(*) FROM sample_details WHERE source = 'Café “上”'";
            assert_eq!(query::<i64>(&folder.path("health.db"), names), i64::from(what == "xml"), "{form}");
        }
    }
}

#[test]
fn declared_encodings_are_read_as_such() {
    let check = |name: &str, source: &[u8], expected: &str| {
        let text = xml(RECORD).replace("UTF-8", name);
        let (before, after) = text.split_once("Café “上”").unwrap();
        let (folder, outcome) = imported(&[before.as_bytes(), source, after.as_bytes()].concat());
        assert!(outcome.ok, "{}", outcome.said);
        let source = "SELECT source FROM sample_details";
        assert_eq!(query::<String>(&folder.path("health.db"), source), expected, "{name}");
    };
    check("ISO-8859-1", b"Caf\xe9", "Café");
    check("windows-1252", b"Anna\x92s \x80", "Anna’s €");
    check("utf-8", "Café".as_bytes(), "Café");
}

#[test]
fn names_of_elements_may_have_a_prefix() {
    let workout = "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" startDate=\"2026-03-01 10:00:00 +0100\" \
                   duration=\"1.250\"><MetadataEntry key=\"k\" value=\"v\"/></Workout>\n";
    let prefixed = xml(&[RECORD, workout, "<Other/>\n"].concat())
        .replace("</", "</hd:")
        .replace('<', "<hd:")
        .replace("<hd:/", "</")
        .replace("<hd:?", "<?")
        .replace("<hd:HealthData", "<hd:HealthData xmlns:hd=\"urn:x\"");
    let (folder, outcome) = imported(prefixed.as_bytes());
    assert!(outcome.ok && outcome.count("new") == 3, "{prefixed} {} {}", outcome.said, outcome.report);
    let found = "SELECT (SELECT value FROM samples) || ' ' || duration_s || metadata || (SELECT group_concat(section) FROM other_records)
        FROM workouts";
    assert_eq!(query::<String>(&folder.path("health.db"), found), r#"61.0 75.0{"k":"v"}HealthData,Other"#);
}

#[test]
fn bytes_that_are_not_utf_8_keep_their_letters() {
    let said = "bytes that are not UTF-8, read as Windows-1252";
    let name = |text: &str, bytes: &[u8]| {
        let (before, after) = text.split_once("Café “上”").unwrap();
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    };
    let check = |contents: &[u8], wrong: Option<u64>, sources: &str| {
        let (folder, outcome) = imported(contents);
        assert!(outcome.ok, "{}", outcome.said);
        assert_eq!(outcome.report["within"][said].as_u64(), wrong, "{}", outcome.report);
        let found = "SELECT group_concat(source, ' ' ORDER BY source) FROM sample_details";
        assert_eq!(query::<String>(&folder.path("health.db"), found), sources);
    };
    let undeclared = xml(RECORD).replace(" encoding=\"UTF-8\"", "");
    check(&name(&undeclared, b"Caf\xe9 M\xfcller"), Some(2), "Café Müller");
    check(&name(&xml(RECORD), b"Anna\x92s \x80"), Some(2), "Anna’s €");
    check(xml(RECORD).as_bytes(), None, "Café “上”");
    // A file of which only a part was written by another program.
    let later = RECORD.replace("10:00:00", "11:00:00");
    let mixed = name(&xml(&format!("{later}{RECORD}")).replacen("Café “上”", "Ёж", 1), b"M\xfcller");
    check(&mixed, Some(1), "Müller Ёж");

    let route =
        format!("<gpx><trk><trkseg>{}</trkseg></trk></gpx>", POINT.replace("<time>", "<desc>Café “上”</desc><time>"));
    let (folder, outcome) = imported(&name(&route, b"Z\xfcrich"));
    assert!(outcome.ok && outcome.report["within"][said] == 1, "{}", outcome.report);
    let description = "SELECT other ->> '$.children[0].desc.\"$\"' FROM route_points";
    assert_eq!(query::<String>(&folder.path("health.db"), description), "Zürich");

    // JSON is UTF-8, so another encoding is an error with its place.
    let metric = "{\"data\":{\"metrics\":[{\"name\":\"Café “上”\",\"units\":\"é\",\"data\":[]}]}}";
    let (_, outcome) = imported(&name(metric, b"h\xe9"));
    assert!(
        !outcome.ok && outcome.said.contains("is not UTF-8: save it as UTF-8, in line 1, at byte"),
        "{}",
        outcome.said
    );
}

#[test]
fn voltages_of_every_language_keep_sign_and_size() {
    let check = |rate: &str, cycle: &[&str], expected: &[f64]| {
        let voltages: Vec<&str> = cycle.iter().cycle().take(40).copied().collect();
        let (folder, outcome) = imported(ecg(rate, &voltages).as_bytes());
        assert!(outcome.ok, "{}", outcome.said);
        let db = folder.path("health.db");
        let columns: String =
            query(&db, "SELECT concat_ws('|', samples, round(rate_hz, 3), unit, classification) FROM ecg");
        assert!(columns.starts_with("40|51") && columns.ends_with("|µV|Sinusrhythmus"), "{columns}");
        let voltages: String = query(&db, "SELECT voltages FROM ecg");
        let voltages: Vec<f64> = serde_json::from_str(&voltages).unwrap();
        assert_eq!(voltages[..expected.len()], *expected, "{cycle:?}");
    };
    check("511,422 Hertz", &["-180,596", "57,992", "1032,456"], &[-180.596, 57.992, 1032.456]);
    check("\"511,422 Hertz\"", &["-180,596", "57,992"], &[-180.596, 57.992]);
    check("511,422 Hertz", &["-1.032", "12"], &[-1032.0, 12.0]);
    check("512 Hertz", &["−180,5", "57,992", "1.032,456"], &[-180.5, 57.992, 1032.456]);
    check("511.422 hertz", &["\u{2212}180.596", "57.992"], &[-180.596, 57.992]);
    check("512\u{a0}Hertz", &["−1\u{202f}032,456", "57,992"], &[-1032.456, 57.992]);
    check("512 hertz", &["1,032.456", "57.992", "1,032"], &[1032.456, 57.992, 1032.0]);
    check("٥١٢ هرتز", &["\u{61c}-١٨٠٫٥٩٦", "٥٧٫٩٩٢", "١٬٠٣٢٫٤"], &[-180.596, 57.992, 1032.4]);
}

#[test]
fn voltages_that_are_no_numbers_are_rejected_with_their_lines() {
    let rejects = |folder: &Folder| -> String {
        query(&folder.path("health.db"), "SELECT coalesce(group_concat(reason || '|' || raw, ';'), '') FROM rejects")
    };
    let mut voltages = vec!["1,5"; 40];
    (voltages[0], voltages[3]) = ("x", "—,5");
    let (folder, outcome) = imported(ecg("512 Hertz", &voltages).as_bytes());
    assert!(outcome.ok, "{}", outcome.said);
    let found = "SELECT concat_ws('|', samples, unit, voltages ->> 0, voltages ->> 1, voltages ->> 3) FROM ecg";
    assert_eq!(query::<String>(&folder.path("health.db"), found), "40|µV|1.5");
    assert_eq!(rejects(&folder), "line 13: `voltage` is not a number|x;line 16: `voltage` is not a number|—,5");

    let (folder, outcome) = imported(ecg("512 Hertz", &["57,992", "12"].repeat(20)).as_bytes());
    assert!(!outcome.ok, "no number shows what the comma is");
    let reason = rejects(&folder);
    assert!(reason.starts_with("line 13: `voltage` is 57.992 or 57992, and the other numbers"), "{reason}");

    let (folder, outcome) = imported(ecg("512 Hertz", &["1,5", "1,5", "x"].repeat(80)).as_bytes());
    assert!(
        !outcome.ok && rejects(&folder).contains("more than 64 lines that are not numbers"),
        "{}",
        rejects(&folder)
    );
}

#[test]
fn one_odd_line_costs_only_itself() {
    let check = |odd: &str, cycle: &[&str], expected: &str| {
        let mut voltages: Vec<&str> = cycle.iter().cycle().take(40).copied().collect();
        voltages.insert(20, odd);
        let (folder, outcome) = imported(ecg("512 Hertz", &voltages).as_bytes());
        assert!(outcome.ok, "{odd}: {}", outcome.said);
        let db = folder.path("health.db");
        let stored: String = query(&db, "SELECT concat_ws('|', samples, voltages ->> 0, voltages ->> 20) FROM ecg");
        assert_eq!(stored, expected, "{odd}");
        let reject: String = query(&db, "SELECT section || '|' || reason || '|' || raw FROM rejects");
        assert!(reject.ends_with(&format!("file|line 33: `voltage` is not a number|{odd}")), "{reject}");
    };
    check("1,23,456", &["-180,5", "57,992"], "41|-180.5");
    check("0.5", &["-180,5", "57,992"], "41|-180.5");
    check("1,23,456", &["-180.5", "57.992"], "41|-180.5");
    check("1,234,567.5", &["-180,5", "57,992"], "41|-180.5");
    check("-0,5", &["180.5"], "41|180.5");
    // As many numbers show one thing as the other.
    let (folder, outcome) = imported(ecg("512 Hertz", &["0.5", "0,5", "57,992"].repeat(20)).as_bytes());
    assert!(!outcome.ok, "{}", outcome.report);
    let reason: String = query(&folder.path("health.db"), "SELECT reason FROM rejects");
    assert!(reason.starts_with("line 15: `voltage` is 57.992 or 57992"), "{reason}");
}

#[test]
fn electrocardiograms_of_spreadsheets_are_read() {
    let check = |text: &[u8], samples: i64, what: &str| {
        let folder = Folder::new();
        let archive = zip(&[("electrocardiograms/ecg.csv", text)], Packing::PLAIN);
        let outcome = import(&folder.path("health.db"), &[], &[&folder.write("export.zip", archive)]).balanced();
        assert!(outcome.ok && outcome.count("new") == 1, "{what}: {} {}", outcome.said, outcome.report);
        let found = "SELECT concat_ws('|', samples, rate_hz, voltages ->> 0, classification) FROM ecg";
        assert_eq!(
            query::<String>(&folder.path("health.db"), found),
            format!("{samples}|512.0|-1.5|Sinusrhythmus"),
            "{what}"
        );
    };
    let many = ecg("512 Hertz", &["-1,5"; 40]);
    for voltages in [1, 3, 20, 21] {
        check(ecg("512 Hertz", &vec!["-1,5"; voltages]).as_bytes(), i64::try_from(voltages).unwrap(), "few");
    }
    check(many.replace('\n', "\r").as_bytes(), 40, "carriage returns");
    // A spreadsheet writes as many cells in each line.
    let cells = |separator: char| -> String {
        let lines = many.lines().map(|line| match line.split_once(',') {
            Some((key, value)) if !line.starts_with('-') => format!("{key}{separator}{value}\r\n"),
            _ => format!("{line}{separator}\r\n"),
        });
        lines.collect()
    };
    check(cells(';').as_bytes(), 40, "semicolons");
    check(cells('\t').as_bytes(), 40, "tabs");
    let latin: Vec<u8> = cells(';').chars().map(|next| u8::try_from(next).unwrap()).collect();
    check(&latin, 40, "Latin-1");
    let (folder, outcome) = imported(ecg("512 Hertz", &[]).as_bytes());
    assert!(!outcome.ok, "{}", outcome.report);
    let reason: String = query(&folder.path("health.db"), "SELECT reason FROM rejects");
    assert!(reason.ends_with("no voltages: not an electrocardiogram of Apple's export"), "{reason}");
}

#[test]
fn clocks_of_every_language_are_read_or_rejected() {
    let check = |date: &str, expected: Option<i64>| {
        let (folder, outcome) = imported(xml(&RECORD.replace("2026-03-01 10:00:00 +0100", date)).as_bytes());
        let db = folder.path("health.db");
        assert_eq!(outcome.ok, expected.is_some(), "{date}: {}", outcome.said);
        assert_eq!(query::<Option<i64>>(&db, "SELECT min(start_ms / 1000) FROM samples"), expected, "{date}");
        if expected.is_none() {
            let reason: String = query(&db, "SELECT reason FROM rejects");
            assert_eq!(reason, "line 3: `startDate` is not a date with time and offset", "{date}");
        }
    };
    check("2026-03-01 1:05:09 PM +0100", Some(1_772_366_709));
    check("2026-03-01 1:05:09&#x202F;p.&#xA0;m. +0100", Some(1_772_366_709));
    check("2026-03-01 下午1:05:09 +0100", Some(1_772_366_709));
    check("٢٠٢٦-٠٣-٠١ ١:٠٥:٠٩ م +٠١٠٠", Some(1_772_366_709));
    check("2026-03-01 13:05:09 +0100", Some(1_772_366_709));
    check("2026-03-01 1:05:09 xx +0100", None);
    check("2026-03-01 13:05:09 +2559", None);
    check("2026-03-01 13:05:09 +9999", None);
}

#[test]
fn years_of_other_calendars_are_converted_or_rejected() {
    let why = "choose the Gregorian calendar on the phone, and export again";
    let check = |year: &str, expected: Result<i64, &str>| {
        let summary = format!("<ActivitySummary dateComponents=\"{year}-03-01\"/>");
        let text = xml(&[RECORD.replace("2026", year), summary].concat());
        let (folder, outcome) = imported(text.as_bytes());
        let db = folder.path("health.db");
        assert_eq!(outcome.ok, expected.is_ok(), "{year}: {}", outcome.said);
        match expected {
            Ok(year) => {
                let times = "SELECT start_ms / 1000 FROM samples";
                assert_eq!(query::<i64>(&db, times), 1_772_355_600 + (year - 2026) * 365 * 86_400, "{year}");
                let days = "SELECT day FROM activity_summaries";
                assert_eq!(query::<String>(&db, days), format!("{year}-03-01"));
            }
            Err(years) => {
                let reasons = "SELECT group_concat(reason, '|') FROM rejects";
                let expected = ["line 3: `startDate`", "line 4: `dateComponents`"]
                    .map(|field| format!("{field} has {years}: {why}"));
                assert_eq!(query::<String>(&db, reasons), expected.join("|"), "{year}");
            }
        }
    };
    check("2026", Ok(2026));
    check("2569", Ok(2026));
    check("๒๕๖๘", Ok(2025));
    let recording = ecg("512 Hertz", &["1,5"]).replace("2026", "0008");
    let (folder, _) = imported(recording.as_bytes());
    let reason: String = query(&folder.path("health.db"), "SELECT reason FROM rejects");
    assert_eq!(reason, format!("line 13: `date` has the year 8, which is 2026 or 1996 or 1933: {why}"));
    check("0008", Err("the year 8, which is 2026 or 1996 or 1933"));
    check("1447", Err("the year 1447"));
    check("9999", Err("the year 9999"));
}

#[test]
fn values_with_two_readings_are_rejected() {
    let values = ["12,5", "1,234"].map(|value| RECORD.replace("\"61\"", &format!("\"{value}\"")));
    let (folder, outcome) = imported(xml(&values[1]).as_bytes());
    assert!(!outcome.ok && outcome.said.contains("all of its records were rejected"), "{}", outcome.said);
    let reason: String = query(&folder.path("health.db"), "SELECT reason FROM rejects");
    assert_eq!(reason, "line 3: `value` is 1.234 or 1234, and the other numbers of the file do not show which");
    let (folder, outcome) = imported(xml(&values.concat()).as_bytes());
    assert!(outcome.ok, "{}", outcome.said);
    assert_eq!(query::<f64>(&folder.path("health.db"), "SELECT sum(value) FROM samples"), 12.5 + 1.234);
}

#[test]
fn all_documents_of_a_file_are_read() {
    let later = RECORD.replace("10:00:00", "11:00:00");
    let (folder, outcome) = imported([xml(RECORD), xml(&later)].concat().as_bytes());
    assert!(outcome.ok && outcome.count("new") == 2, "{}", outcome.said);
    assert_eq!(query::<i64>(&folder.path("health.db"), "SELECT count(*) FROM samples"), 2);
    let (folder, outcome) = imported([xml(RECORD), later].concat().as_bytes());
    assert!(!outcome.ok && outcome.said.contains("line 5 is behind the end of the document"), "{}", outcome.said);
    assert!(outcome.said.contains("1 record of it are stored"), "{}", outcome.said);
    assert_eq!(query::<i64>(&folder.path("health.db"), "SELECT count(*) FROM samples"), 1);
}

/// Equal records of a document stay several, but a document that comes again has the same records: `cat a a b`.
#[test]
fn a_document_that_comes_twice_in_a_file_adds_nothing() {
    let beats = "<HeartRateVariabilityMetadataList><InstantaneousBeatsPerMinute bpm=\"61\" time=\"1\"/></HeartRateVariabilityMetadataList>";
    let times = "sourceName=\"W\" startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:00:00 +0100\"";
    let elements = [
        RECORD.to_owned(),
        // An amount that the other numbers of the document decide, so that it waits.
        RECORD.replace("value=\"61\"", "value=\"1.234\""),
        RECORD.replace("value=\"61\"", "value=\"0.5\""),
        format!(
            "<Record type=\"HKQuantityTypeIdentifierHeartRateVariabilitySDNN\" unit=\"ms\" value=\"42\" {times}>{beats}</Record>"
        ),
        format!("<Correlation type=\"HKCorrelationTypeIdentifierFood\" {times}>{RECORD}</Correlation>"),
        format!("<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" {times}/>"),
        format!("<Audiogram type=\"HKDataTypeIdentifierAudiogram\" {times}/>"),
    ];
    let twice = elements.iter().flat_map(|element| [element.as_str(); 2]).collect::<String>();
    // So many records of a second wait until the end of their document.
    let crowd = RECORD.replace("10:00:00", "12:00:00").repeat(300);
    let one = xml(&[twice.as_str(), &crowd].concat());
    let more = xml(&[twice.as_str(), &crowd, RECORD].concat());
    let (folder, outcome) = imported(one.as_bytes());
    assert!(outcome.ok && outcome.count("rejected") == 0, "{}", outcome.said);
    let all = outcome.count("new");
    assert_eq!(all, 2 * elements.len() as u64 + 300);
    let rows = |db: &Path| {
        ["samples", "correlations", "workouts", "beat_lists", "other_records"]
            .map(|table| query::<i64>(db, &format!("SELECT count(*) FROM {table}")))
    };
    let expected = rows(&folder.path("health.db"));
    for documents in [vec![&one; 2], vec![&one; 3], vec![&one, &more, &one], vec![&more, &one]] {
        let file: String = documents.iter().map(|document| document.as_str()).collect();
        let (folder, outcome) = imported(file.as_bytes());
        assert!(outcome.ok, "{}", outcome.said);
        let further = u64::from(documents.contains(&&more));
        assert_eq!(outcome.count("new"), all + further, "{}", outcome.report);
        let mut found = rows(&folder.path("health.db"));
        found[0] -= i64::try_from(further).unwrap();
        assert_eq!(found, expected);
        let again = import(&folder.path("health.db"), &[], &[&folder.write("again.xml", &file)]).balanced();
        assert_eq!([again.count("new"), again.count("updated")], [0, 0], "{}", again.report);
    }
}

#[test]
fn routes_belong_to_their_workout_whatever_an_archive_does_to_names() {
    let gpx = format!("<gpx><trk><trkseg>{POINT}</trkseg></trk></gpx>");
    let check = |reference: &str, file: &[u8], missing: Option<u64>| {
        let folder = Folder::new();
        let export = xml(&workout(reference));
        let name = [b"apple_health_export/workout-routes/", file].concat();
        let members: [(&[u8], &[u8]); 2] =
            [(b"apple_health_export/export.xml", export.as_bytes()), (&name, gpx.as_bytes())];
        let archive = healthsink_testkit::zip::pack(members.into_iter(), Packing::PLAIN);
        let db = folder.path("health.db");
        let outcome = import(&db, &[], &[&folder.write("export.zip", archive)]).balanced();
        assert!(outcome.ok, "{}", outcome.said);
        let within = &outcome.report["within"];
        let name = format!("FileReference to a route file that is missing: {reference}");
        assert_eq!(within[name].as_u64(), missing, "{reference} {within}");
        let tied: i64 = query(&db, "SELECT count(*) FROM route_points p JOIN workouts w ON w.uuid = p.workout");
        assert_eq!(tied, i64::from(missing.is_none()), "{reference}");
    };
    check("r 8.00.gpx", b"r 8.00.gpx", None);
    check("r 8.00 é.gpx", "r 8.00 e\u{301}.gpx".as_bytes(), None);
    check("r 8.00 e\u{301}.gpx", "r 8.00 é.gpx".as_bytes(), None);
    check("r 8.00 é.gpx", b"r 8.00 \x82.gpx", None);
    check("r 오전 8.gpx", "r \u{110b}\u{1169}\u{110c}\u{1165}\u{11ab} 8.gpx".as_bytes(), None);
    check("r 8:00.gpx", b"r 8_00.gpx", None);
    check("r 8\u{202f}am.gpx", b"R 8 AM.GPX", None);
    check("r 8.00.gpx", b"r 9.00.gpx", Some(1));
    check("r 8.00.gpx", b"r%208.00.gpx", None);
    check("r%208.00 é.gpx", "r 8.00 é.gpx".as_bytes(), None);
    // Latin-1 and GBK without a declaration: the letters are guessed, what is left fits one reference only.
    check("Aktivität 8.00.gpx", b"Aktivit\xe4t 8.00.gpx", None);
    check("路线 8.00.gpx", b"\xc2\xb7\xcf\xdf 8.00.gpx", None);
    check("路线 8.00.gpx", b"\xc2\xb7\xcf\xdf 9.00.gpx", Some(1));
    // Shift JIS and Big5: ASCII letters and brackets are parts of other letters. A date has digits enough to be known by them.
    check("ルート_2026-03-01.gpx", b"\x83\x8b\x81[\x83g_2026-03-01.gpx", None);
    check("路線_2026-03-01.gpx", b"\xb8\xf4\xbdu_2026-03-01.gpx", None);
    check("路線_2026-03-01.gpx", b"\xb8\xf4\xbdu_2026-03-02.gpx", Some(1));
    check("路線_03-01.gpx", b"\xb8\xf4\xbdu_03-01.gpx", Some(1));
    // What is certain is not guessed: another file's letters are known.
    check("路线 8.00.gpx", "步行 8.00.gpx".as_bytes(), Some(1));
}

/// The files that are tied to workouts, by their latitudes, and what the account says of files.
#[test]
fn no_route_file_is_tied_to_a_workout_by_a_guess() {
    let check = |references: &[&str], files: &[&[u8]], tied: &str, said: &str| {
        let folder = Folder::new();
        let mut workouts = String::new();
        for (hour, reference) in references.iter().enumerate() {
            workouts += &workout(reference).replace("2026-03-01 10:", &format!("2026-03-01 1{hour}:"));
        }
        let export = xml(&workouts);
        let mut members = vec![(b"e\\export.xml".to_vec(), export.into_bytes())];
        for (number, file) in files.iter().enumerate() {
            let point = POINT.replace("lat=\"47\"", &format!("lat=\"{number}\""));
            let gpx = format!("<gpx><trk><trkseg>{point}</trkseg></trk></gpx>");
            members.push(([b"e\\workout-routes\\", *file].concat(), gpx.into_bytes()));
        }
        let archive = healthsink_testkit::zip::pack(
            members.iter().map(|(name, contents)| (name.as_slice(), contents.as_slice())),
            Packing::PLAIN,
        );
        let db = folder.path("health.db");
        for _ in 0..2 {
            let outcome = import(&db, &[], &[&folder.write("export.zip", &archive)]).balanced();
            assert!(outcome.ok, "{}", outcome.said);
            let found = "SELECT coalesce(group_concat(CAST(latitude AS INTEGER), ' '), '') FROM
                (SELECT latitude FROM route_points p JOIN workouts w ON w.uuid = p.workout ORDER BY w.start_ms)";
            assert_eq!(query::<String>(&db, found), tied, "{references:?} {}", outcome.report["within"]);
            let points = i64::try_from(files.len()).unwrap();
            assert_eq!(query::<i64>(&db, "SELECT count(*) FROM route_points"), points, "all are kept");
            let within = outcome.report["within"].as_object().unwrap();
            let names: Vec<&str> =
                within.keys().map(String::as_str).filter(|name| name.contains("route file")).collect();
            assert_eq!(names.join("; "), said, "{references:?}");
        }
    };
    check(&["a.gpx", "b.gpx"], &[b"b.gpx", b"a.gpx"], "1 0", "");
    let fits = |file| format!("route file with a name like another's, no workout: {file}");
    let both = format!("{}; {}", fits("a-b.gpx"), fits("a_b.gpx"));
    check(&["a:b.gpx"], &[b"a-b.gpx", b"a_b.gpx"], "", &both);
    check(&["a_b.gpx"], &[b"a-b.gpx", b"a_b.gpx"], "1", "route file that no workout refers to");
    check(&["a:b.gpx", "a_b.gpx"], &[b"a_b.gpx"], "0", "FileReference to a route file that is missing");
    check(&["A.gpx"], &[b"a.gpx", b"A.gpx"], "1", "route file that no workout refers to");
    check(&["路线 8.gpx", "步行 8.gpx"], &[b"\xc2\xb7\xcf\xdf 8.gpx", b"\xb2\xbd\xd0\xd0 8.gpx"], "", &{
        let guessed =
            "FileReference to a route file that is missing; route file with a name like another's, no workout: ";
        format!("{guessed}┬╖╧▀ 8.gpx; route file with a name like another's, no workout: ▓╜╨╨ 8.gpx")
    });
    check(&["gone.gpx"], &[], "", "FileReference to a route file that is missing: gone.gpx");
}

#[test]
fn archives_without_an_export_say_why() {
    let check = |members: &[(&str, &[u8])], words: &str| {
        let folder = Folder::new();
        let archive = folder.write("export.zip", zip(members, Packing::PLAIN));
        let outcome = import(&folder.path("health.db"), &[], &[&archive]).balanced();
        assert!(!outcome.ok && outcome.said.contains(words), "{}", outcome.said);
    };
    check(&[], "it has no files");
    check(&[("a/export.xml", b"")], "a file, it is empty: export.xml");
    check(
        &[("a/readme.txt", b"hello"), ("a/b.txt", b"hello")],
        "a file, of an unknown kind: b.txt; a file, of an unknown kind: readme.txt",
    );
    check(&[("a/export_cda.xml", b"<?xml?><ClinicalDocument/>")], "a file, Apple's copy of some of export.xml");
}

#[test]
fn a_cut_archive_reports_what_is_stored() {
    let folder = Folder::new();
    let export = xml(&workout("r.gpx"));
    let gpx = format!("<gpx><trk><trkseg>{POINT}{}</trkseg></trk></gpx>", POINT.replace(":00Z", ":01Z"));
    let members: [(&str, &[u8]); 2] = [("e/export.xml", export.as_bytes()), ("e/workout-routes/r.gpx", gpx.as_bytes())];
    let archive = zip(&members, Packing::PLAIN);
    let directory = archive.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    let outcome = import(&folder.path("health.db"), &[], &[&folder.write("export.zip", &archive[..directory])]);
    assert!(!outcome.ok, "{}", outcome.report);
    assert!(outcome.said.contains("1 record and 2 route points of it are stored"), "{}", outcome.said);
}

#[test]
fn of_two_summaries_of_a_day_the_larger_stays() {
    let summary = |energy: &str, unit: &str, more: &str| {
        format!(
            "<ActivitySummary dateComponents=\"2026-03-01\" activeEnergyBurned=\"{energy}\" activeEnergyBurnedUnit=\"{unit}\"{more}/>"
        )
    };
    let check = |summaries: &[String], expected: &str, counts: [(u64, u64, u64); 2]| {
        let folder = Folder::new();
        let (db, file) = (folder.path("health.db"), folder.write("export.xml", xml(&summaries.concat())));
        for (new, updated, unchanged) in counts {
            let outcome = import(&db, &[], &[&file]).balanced();
            let found = (outcome.count("new"), outcome.count("updated"), outcome.count("unchanged"));
            assert_eq!((outcome.ok, found), (true, (new, updated, unchanged)), "{summaries:?}");
        }
        let stored = "SELECT concat_ws('|', active_energy, energy_unit, exercise_min, other) FROM activity_summaries";
        assert_eq!(query::<String>(&db, stored), expected, "{summaries:?}");
    };
    let (late, early) = (summary("500.1", "kcal", ""), summary("20", "kcal", " appleExerciseTime=\"1\""));
    check(&[late.clone(), early.clone()], "500.1|kcal", [(1, 0, 1), (0, 0, 2)]);
    check(&[early.clone(), late.clone()], "500.1|kcal", [(1, 1, 0), (0, 0, 2)]);
    check(&[late, summary("1000", "kJ", "")], "500.1|kcal", [(1, 0, 1), (0, 0, 2)]);
    check(&[early, summary("20", "kcal", " appleExerciseTime=\"2\"")], "20.0|kcal|2.0", [(1, 1, 0), (0, 0, 2)]);
    let bad = summary("nan", "kcal", " appleExerciseTime=\"31\"");
    check(&[bad], r#"kcal|31.0|{"activeEnergyBurned":"nan"}"#, [(1, 0, 0), (0, 0, 1)]);
}

#[test]
fn figures_of_a_workout_that_are_no_numbers_are_kept() {
    let check = |attributes: &str, inner: &str, expected: &str| {
        let workout = format!(
            "<Workout workoutActivityType=\"HKWorkoutActivityTypeRunning\" startDate=\"2026-03-01 10:00:00 +0100\" {attributes}>{inner}</Workout>"
        );
        let (folder, outcome) = imported(xml(&workout).as_bytes());
        assert!(outcome.ok, "{}", outcome.said);
        let columns = "SELECT concat_ws('|', duration_s, round(energy_kcal, 9), distance, distance_unit, other, statistics, events, activities) FROM workouts";
        assert_eq!(query::<String>(&folder.path("health.db"), columns), expected, "{attributes} {inner}");
    };
    check("duration=\"1,5\"", "", "90.0");
    check("duration=\"\" durationUnit=\"\" totalDistance=\"\" totalDistanceUnit=\"\" totalEnergyBurned=\"\"", "", "");
    check("duration=\"2\" durationUnit=\"\" totalEnergyBurned=\"5\" totalEnergyBurnedUnit=\"\"", "", "120.0|5.0");
    check(
        "totalEnergyBurned=\"418.4\" totalEnergyBurnedUnit=\"kJ\"",
        "",
        r#"100.0|{"totalEnergyBurned":"418.4","totalEnergyBurnedUnit":"kJ"}"#,
    );
    check(
        "totalEnergyBurned=\"418.4\" totalEnergyBurnedUnit=\"KJ\" totalDistance=\"3\" totalDistanceUnit=\"mi\"",
        "",
        r#"100.0|3.0|mi|{"totalEnergyBurned":"418.4","totalEnergyBurnedUnit":"KJ"}"#,
    );
    check("totalDistance=\"500\" totalDistanceUnit=\"m\"", "", "500.0|m");
    check("duration=\"0:30:00\" durationUnit=\"min\"", "", r#"{"duration":"0:30:00","durationUnit":"min"}"#);
    check("duration=\"2\" durationUnit=\"fortnight\"", "", r#"{"duration":"2","durationUnit":"fortnight"}"#);
    check(
        "totalDistance=\"nan\" totalDistanceUnit=\"km\" totalEnergyBurned=\"12,5\" totalEnergyBurnedUnit=\"kcal\"",
        "",
        r#"12.5|{"totalDistance":"nan","totalDistanceUnit":"km"}"#,
    );
    check(
        "totalDistance=\"0\" totalDistanceUnit=\"km\"",
        "<WorkoutStatistics type=\"HKQuantityTypeIdentifierDistanceWalkingRunning\" sum=\"5.2\" unit=\"km\"/>",
        r#"5.2|km|{"totalDistance":"0","totalDistanceUnit":"km"}|{"HKQuantityTypeIdentifierDistanceWalkingRunning":{"sumQuantity":{"quantity":5.2,"unit":"km"}}}"#,
    );
    check(
        "",
        "<WorkoutStatistics type=\"T\" startDate=\"1\" startDate=\"2\" sum=\"nan\" unit=\"u\"/><WorkoutStatistics type=\"T\" sum=\"1\" unit=\"u\"/>",
        r#"{"T":[{"startDate":["1","2"],"sum":"nan"},{"sumQuantity":{"quantity":1.0,"unit":"u"}}]}"#,
    );
    check(
        "",
        "<WorkoutEvent type=\"HKWorkoutEventTypePause\" date=\"2026-03-01 10:00:00 +0100\" duration=\"x\"/>\
         <WorkoutActivity uuid=\"1\" duration=\"y\" durationUnit=\"min\"/>",
        r#"[{"startDate":"2026-03-01T09:00:00.000Z","type":1,"duration":"x"}]|[{"uuid":"1","duration":"y","durationUnit":"min"}]"#,
    );
}

#[test]
fn an_empty_attribute_is_no_attribute() {
    let check = |name: &str, expected: &str| {
        let record = RECORD.replace("/>", &format!(" sourceVersion=\"1\" device=\"&lt;d>\" creationDate=\"{DATE}\"/>"));
        let (before, rest) = record.split_once(&format!(" {name}=\"")).unwrap();
        let rest = rest.split_once('"').unwrap().1;
        let mut found = Vec::new();
        for text in [format!("{before} {name}=\"\"{rest}"), format!("{before}{rest}")] {
            let (folder, _) = imported(xml(&text).as_bytes());
            let sql = "SELECT coalesce((SELECT reason FROM rejects), (SELECT concat_ws('|', v.value, v.unit, v.start, v.\"end\", \
                       creation_ms, v.source, v.other) FROM samples JOIN sample_details v USING (value)), \
                       (SELECT concat_ws('|', unit, source) FROM sample_details))";
            found.push(query::<String>(&folder.path("health.db"), sql));
        }
        assert_eq!(found[0], found[1], "{name}");
        assert!(found[0].contains(expected), "{name}: {}", found[0]);
    };
    for name in ["unit", "creationDate", "endDate", "sourceVersion", "device", "sourceName"] {
        check(name, "61.0|");
    }
    check("value", "count/min");
    check("startDate", "no `startDate`");
    check("type", "no `type`");
}

#[test]
fn empty_attributes_of_a_summary_are_no_attributes() {
    let summary = "<ActivitySummary dateComponents=\"2026-03-01\" activeEnergyBurned=\"\" activeEnergyBurnedUnit=\"\" \
                   appleExerciseTime=\"5\" appleStandHours=\"\"/>";
    let (folder, outcome) = imported(xml(summary).as_bytes());
    assert!(outcome.ok, "{}", outcome.said);
    let stored =
        "SELECT concat_ws('|', active_energy, energy_unit, exercise_min, stand_hours, other) FROM activity_summaries";
    assert_eq!(query::<String>(&folder.path("health.db"), stored), "5.0");
}
