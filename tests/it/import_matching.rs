//! Records are matched by content: the next export may print devices, names, units and times of creation differently.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use healthsink::model::limits;
use proptest::prelude::*;
use rusqlite::Connection;

use super::import_history::{Folder, Outcome, import, import_into_file, query};

/// Names of kinds, units and the value of a number.
const KINDS: [(&str, &str); 3] = [
    ("HKQuantityTypeIdentifierHeartRate", "count/min"),
    ("HKQuantityTypeIdentifierDistanceWalkingRunning", "km"),
    ("HKCategoryTypeIdentifierAppleStandHour", ""),
];

/// A record, each field a small number, so that many are equal or nearly so.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Record {
    kind: usize,
    second: u32,
    duration: u32,
    value: u32,
    source: usize,
    creation: u32,
    metadata: u32,
}

fn record() -> impl Strategy<Value = Record> {
    (0..KINDS.len(), 0..4_u32, 0..2_u32, 1..3_u32, 0..3_usize, 0..2_u32, 0..3_u32).prop_map(
        |(kind, second, duration, value, source, creation, metadata)| Record {
            kind,
            second,
            duration,
            value,
            source,
            creation,
            metadata,
        },
    )
}

/// The records of an export: a few, or some of them hundreds of times.
fn records() -> impl Strategy<Value = Vec<Record>> {
    let crowd = (prop::collection::vec(record(), 1..4), prop::collection::vec(record(), 0..12), 100..400_usize);
    prop_oneof![
        7 => prop::collection::vec(record(), 1..24),
        1 => crowd.prop_map(|(crowd, others, count)| [crowd.repeat(count), others].concat()),
    ]
}

/// What an exporter may print differently next month.
#[derive(Clone, Debug, Default)]
struct Printing {
    names: [u32; 3],
    device: u32,
    creation: u32,
    is_in_miles: bool,
    is_further_west: bool,
}

fn printing() -> impl Strategy<Value = Printing> {
    (any::<[u32; 3]>(), any::<u32>(), 0..100_u32, any::<bool>(), any::<bool>()).prop_map(
        |(names, device, creation, is_in_miles, is_further_west)| Printing {
            names: names.map(|name| name % 4),
            device,
            creation,
            is_in_miles,
            is_further_west,
        },
    )
}

impl Printing {
    fn name(&self, source: usize) -> String {
        match self.names[source] {
            0 => format!("Watch {source}"),
            renamed => format!("Reloj\u{a0}{renamed} &amp; {source}"),
        }
    }

    fn time(&self, second: u32) -> String {
        if self.is_further_west {
            format!("2024-01-01 04:00:{second:02} -0500")
        } else {
            format!("2024-01-01 10:00:{second:02} +0100")
        }
    }

    fn source(&self, source: usize) -> String {
        let (name, device) = (self.name(source), self.device);
        format!(
            "sourceName=\"{name}\" sourceVersion=\"{}\" device=\"&lt;&lt;HKDevice: {:#x}&gt;, name:Apple Watch, \
             software:{}.1, creation date:{device}&gt;\"",
            device % 7,
            device,
            device % 11
        )
    }

    fn record(&self, record: &Record) -> String {
        let Record { kind, second, duration, value, source, creation, metadata } = *record;
        let (kind, unit) = KINDS[kind];
        let (unit, value) = match unit {
            "" => (String::new(), "HKCategoryValueAppleStandHourIdle".to_owned()),
            "km" if self.is_in_miles => (" unit=\"mi\"".to_owned(), format!("{:.5}", f64::from(value) / 1.609_344)),
            unit => (format!(" unit=\"{unit}\""), value.to_string()),
        };
        let metadata = match metadata {
            0 => String::new(),
            number => format!("<MetadataEntry key=\"k\" value=\"{number}\"/>"),
        };
        format!(
            "<Record type=\"{kind}\" {}{unit} creationDate=\"{}\" startDate=\"{}\" endDate=\"{}\" value=\"{value}\">{metadata}</Record>\n",
            self.source(source),
            self.time(10 + (creation + self.creation) % 40),
            self.time(second),
            self.time(second + duration),
        )
    }

    /// A blood pressure of two members, in any order.
    fn correlation(&self, record: &Record) -> String {
        let times = format!("startDate=\"{}\" endDate=\"{}\"", self.time(record.second), self.time(record.second));
        let member = |kind: &str, value: u32| {
            let source = self.source(record.source);
            format!(
                "<Record type=\"HKQuantityTypeIdentifierBloodPressure{kind}\" {source} unit=\"mmHg\" {times} value=\"{value}\"/>"
            )
        };
        let mut members = [member("Systolic", 120 + record.value), member("Diastolic", 80)];
        members.rotate_left(self.device as usize % 2);
        format!(
            "<Correlation type=\"HKCorrelationTypeIdentifierBloodPressure\" {} {times}>{}</Correlation>\n",
            self.source(record.source),
            members.concat()
        )
    }

    /// An export of these records; some of them are blood pressures also.
    fn export(&self, records: &[Record]) -> String {
        let mut xml = "<HealthData locale=\"en_US\">\n".to_owned();
        for record in records {
            xml += &self.record(record);
            if record.kind == 0 && record.duration == 0 {
                xml += &self.correlation(record);
            }
        }
        xml + "</HealthData>\n"
    }
}

/// What the app sends of these records: it has milliseconds.
fn payload(records: &[Record], printing: &Printing) -> String {
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (number, record) in records.iter().enumerate() {
        let (kind, unit) = KINDS[record.kind];
        let time = |second: u32, ms: u32| format!("2024-01-01T09:00:{second:02}.{ms}Z");
        let value = if unit.is_empty() { 1 } else { record.value };
        let unit = if unit.is_empty() { String::new() } else { format!(r#""unit":"{unit}","#) };
        let name = printing.name(record.source).replace("&amp;", "&");
        kinds.entry(kind).or_default().push(format!(
            r#"{{"uuid":"{number:08X}-0000-4000-8000-000000000000","value":{value},{unit}"startDate":"{}","endDate":"{}",
            "metadata":{{"k":{}}},"sourceRevision":{{"source":{{"name":"{name}"}}}}}}"#,
            time(record.second, 250),
            time(record.second + record.duration, 750),
            record.metadata
        ));
    }
    let kinds: Vec<String> =
        kinds.iter().map(|(kind, samples)| format!("\"{kind}\":[{}]", samples.join(","))).collect();
    format!("{{\"data\":{{{}}}}}", kinds.join(","))
}

/// What identifies a record to its owner: type, start, end and value.
type Key = (usize, u32, u32, u32);

fn counts(records: &[Record]) -> BTreeMap<Key, usize> {
    let mut counts = BTreeMap::new();
    for Record { kind, second, duration, value, .. } in records {
        // Each record of the category has the same value.
        let value = if KINDS[*kind].1.is_empty() { 1 } else { *value };
        *counts.entry((*kind, *second, *duration, value)).or_default() += 1;
    }
    counts
}

/// The same of a database.
fn stored_counts(db: &Path) -> BTreeMap<Key, usize> {
    let sql = "SELECT type, (start_ms / 1000) % 60, (end_ms - start_ms) / 1000,
        cast(iif(type GLOB 'HKCategory*', 1, round(iif(unit = 'mi', 1.609344, 1.0) * value)) AS INTEGER) FROM sample_details";
    let connection = Connection::open(db).unwrap();
    let mut select = connection.prepare(sql).unwrap();
    let mut rows = select.query([]).unwrap();
    let mut counts = BTreeMap::new();
    while let Some(row) = rows.next().unwrap() {
        let kind: String = row.get(0).unwrap();
        let kind = KINDS.iter().position(|(name, _)| *name == kind).unwrap();
        let key = (kind, row.get(1).unwrap(), row.get(2).unwrap(), row.get(3).unwrap());
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Everything that a database has of samples and correlations, except identities.
fn contents(db: &Path) -> Vec<String> {
    let connection = Connection::open(db).unwrap();
    let mut rows = Vec::new();
    for sql in [
        "SELECT concat_ws('|', type, start_ms, end_ms, value, unit, source, metadata, other) FROM sample_details",
        "SELECT concat_ws('|', type, start_ms, end_ms, members, source_id IS NULL, metadata) FROM correlations",
    ] {
        let mut select = connection.prepare(sql).unwrap();
        rows.extend(select.query_map([], |row| row.get::<_, String>(0)).unwrap().map(|row| row.unwrap()));
    }
    rows.sort();
    rows
}

fn counted(outcome: &Outcome) -> [u64; 2] {
    ["new", "updated"].map(|name| outcome.count(name))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The next export prints every text differently, and the records in another order.
    #[test]
    fn an_export_that_is_printed_differently_adds_no_row(
        records in records(),
        first in printing(),
        second in printing(),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let one = folder.write("1.xml", first.export(&records));
        let mut again = records.clone();
        let middle = shuffled.index(again.len());
        again.rotate_left(middle);
        again.reverse();
        let two = folder.write("2.xml", second.export(&again));
        import(&db, &[], &[&one]).balanced();
        let rows = contents(&db).len();
        prop_assert_eq!(stored_counts(&db), counts(&records));
        let outcome = import(&db, &[], &[&two]).balanced();
        prop_assert_eq!(outcome.count("new"), 0, "{}", outcome.report);
        prop_assert_eq!((contents(&db).len(), stored_counts(&db)), (rows, counts(&records)));
        prop_assert_eq!(counted(&import(&db, &[], &[&two]).balanced()), [0, 0]);
        // The rows follow the newest names, in which views show a no-break space as a space.
        let shown = |name: String| name.replace("&amp;", "&").replace('\u{a0}', " ");
        let mut names: Vec<String> = records.iter().map(|record| shown(second.name(record.source))).collect();
        names.sort();
        let names_stored: String =
            query(&db, "SELECT group_concat(source, ';') FROM (SELECT source FROM sample_details ORDER BY source)");
        prop_assert_eq!(names_stored, names.join(";"));
    }

    /// Exports that overlap, in either order, are the whole.
    #[test]
    fn an_export_in_two_parts_is_the_whole(
        records in records(),
        printing in printing(),
        bounds in (0..5_u32, 0..5_u32),
        is_reversed in any::<bool>(),
    ) {
        let folder = Folder::new();
        let (start, end) = (bounds.0.min(bounds.1), bounds.0.max(bounds.1));
        let part = |is_in: &dyn Fn(u32) -> bool| -> Vec<Record> {
            records.iter().copied().filter(|record| is_in(record.second)).collect()
        };
        let whole = folder.write("whole.xml", printing.export(&records));
        let mut parts: Vec<PathBuf> = vec![
            folder.write("1.xml", printing.export(&part(&|second| second < end))),
            folder.write("2.xml", printing.export(&part(&|second| second >= start))),
        ];
        if is_reversed {
            parts.reverse();
        }
        let (expected, db) = (folder.path("whole.db"), folder.path("parts.db"));
        import(&expected, &[], &[&whole]).balanced();
        for part in &parts {
            import(&db, &[], &[part]).balanced();
        }
        prop_assert_eq!(contents(&db), contents(&expected));
        for input in parts.iter().chain([&whole]) {
            prop_assert_eq!(counted(&import(&db, &[], &[input]).balanced()), [0, 0]);
        }
    }

    /// Of equal records, the count is the largest in one file.
    #[test]
    fn the_count_of_equals_is_the_largest_in_one_file(
        one in records(),
        two in records(),
        printings in (printing(), printing()),
    ) {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let mut largest = counts(&one);
        for (key, count) in counts(&two) {
            let known = largest.entry(key).or_default();
            *known = (*known).max(count);
        }
        for (records, printing) in [(&one, &printings.0), (&two, &printings.1), (&one, &printings.0)] {
            import(&db, &[], &[&folder.write("export.xml", printing.export(records))]).balanced();
        }
        prop_assert_eq!(stored_counts(&db), largest);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// The app and an export have some records in common, and call some sources differently.
    #[test]
    fn what_app_and_export_have_in_common_is_stored_once(
        common in records(),
        only_app in prop::collection::vec(record(), 0..6),
        only_export in prop::collection::vec(record(), 0..6),
        printings in (printing(), printing()),
        is_app_first in any::<bool>(),
    ) {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let sent = [common.clone(), only_app].concat();
        let mut exported = [common, only_export].concat();
        let app = folder.write("app.json", payload(&sent, &printings.0));
        let xml = folder.write("1.xml", printings.1.export(&exported));
        exported.reverse();
        let reversed = folder.write("2.xml", printings.1.export(&exported));
        let mut largest = counts(&sent);
        for (key, count) in counts(&exported) {
            let known = largest.entry(key).or_default();
            *known = (*known).max(count);
        }
        let order = if is_app_first { [&app, &xml] } else { [&xml, &app] };
        for input in order {
            import(&db, &[], &[input]).balanced();
        }
        prop_assert_eq!(stored_counts(&db), largest.clone());
        for input in [&reversed, &app, &xml, &app, &reversed] {
            prop_assert_eq!(counted(&import(&db, &[], &[input]).balanced()), [0, 0]);
        }
        prop_assert_eq!(stored_counts(&db), largest);
        let sent_again = i64::try_from(sent.len()).unwrap();
        prop_assert_eq!(query::<i64>(&db, "SELECT count(*) FROM samples WHERE uuid < x'00010000'"), sent_again);
    }
}

fn heart_rate(source: &str, value: &str, more: &str) -> String {
    format!(
        "<Record type=\"HKQuantityTypeIdentifierHeartRate\" {source} unit=\"count/min\" \
         startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:00:00 +0100\" value=\"{value}\">{more}</Record>"
    )
}

fn export(elements: &[String]) -> String {
    format!("<HealthData>{}</HealthData>", elements.concat())
}

#[test]
fn two_devices_in_one_second_stay_two() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let of = |name: &str| heart_rate(&format!("sourceName=\"{name}\""), "60", "");
    let check = |elements: &[String], expected: [u64; 2], names: &str| {
        let outcome = import(&db, &[], &[&folder.write("export.xml", export(elements))]).balanced();
        assert_eq!(counted(&outcome), expected, "{elements:?}");
        let stored = "SELECT group_concat(source) FROM (SELECT source FROM sample_details ORDER BY source)";
        assert_eq!(query::<String>(&db, stored), names, "{elements:?}");
    };
    check(&[of("Phone"), of("Watch")], [2, 0], "Phone,Watch");
    check(&[of("Watch"), of("Phone")], [0, 0], "Phone,Watch");
    // The renamed one takes what the other leaves, also if it comes first.
    check(&[of("Reloj"), of("Phone")], [0, 1], "Phone,Reloj");
    check(&[of("Phone"), of("Reloj")], [0, 0], "Phone,Reloj");
    check(&[of("Phone"), of("Ring"), of("Reloj")], [1, 0], "Phone,Reloj,Ring");
}

/// The app's row stays as the app sent it, whatever the export calls its source.
#[test]
fn a_renamed_source_of_the_app_doubles_nothing() {
    let sample = |uuid: u32, name: &str| {
        format!(
            r#"{{"uuid":"0000000{uuid}-0000-4000-8000-000000000000","value":60,"unit":"count/min","startDate":"2024-01-01T09:00:00.123Z",
            "endDate":"2024-01-01T09:00:00.123Z","sourceRevision":{{"source":{{"name":"{name}"}}}}}}"#
        )
    };
    let app = format!(
        r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{},{}]}}}}"#,
        sample(1, "Anna's\u{a0}Watch"),
        sample(2, "Phone")
    );
    let [watch, phone] = ["Anna's Watch", "Phone"].map(|name| heart_rate(&format!("sourceName=\"{name}\""), "60", ""));
    for order in [["app", "xml", "xml", "app"], ["xml", "app", "xml", "xml"]] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let app = folder.write("app.json", &app);
        let xml = folder.write("export.xml", export(&[watch.clone(), phone.clone()]));
        for (step, input) in order.into_iter().enumerate() {
            let outcome = import(&db, &[], &[if input == "app" { &app } else { &xml }]).balanced();
            assert_eq!(counted(&outcome), [if step == 0 { 2 } else { 0 }, 0], "{order:?} {step}");
        }
        let stored = "SELECT group_concat(hex(substr(uuid, 1, 4)) || name ORDER BY uuid)
            FROM samples JOIN sources ON sources.id = source_id";
        assert_eq!(query::<String>(&db, stored), "00000001Anna's\u{a0}Watch,00000002Phone", "{order:?}");
    }
}

/// An earlier version kept a long source with the other sources.
#[test]
fn a_long_source_matches_what_an_earlier_version_stored() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let source = format!("sourceName=\"{}\"", "L".repeat(limits::SHARED_TEXT_BYTES_MAX));
    let xml = folder.write("export.xml", export(&[heart_rate(&source, "60", "")]));
    // An earlier version wrote files only.
    import_into_file(&db, &[], &[&xml]).balanced();
    let sql = "INSERT INTO sources (json) VALUES ('{\"sourceRevision\":{\"source\":{\"name\":\"LLL\"}}}');
        UPDATE samples SET source_id = 1, other = NULL, uuid = x'687311111111811181118111111111111', import_number = NULL;
        UPDATE import_numbers SET last = 0";
    let sql = sql.replace("687311111111811181118111111111111", "68731111111181118111811111111111");
    Connection::open(&db).unwrap().execute_batch(&sql).unwrap();
    for expected in [[0, 1], [0, 0]] {
        assert_eq!(counted(&import_into_file(&db, &[], &[&xml]).balanced()), expected);
    }
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM samples"), 1);
}

#[test]
fn meals_in_another_unit_and_beats_in_another_zone_are_the_same() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let xml = |name: &str, zone: &str, energy: &str, mass: &str, beat: &str| {
        let times = format!("startDate=\"2024-01-01 {zone}\" endDate=\"2024-01-01 {zone}\"");
        let beats = format!(
            "<HeartRateVariabilityMetadataList><InstantaneousBeatsPerMinute bpm=\"61\" time=\"{beat}\"/></HeartRateVariabilityMetadataList>"
        );
        let variability = format!(
            "<Record type=\"HKQuantityTypeIdentifierHeartRateVariabilitySDNN\" sourceName=\"{name}\" unit=\"ms\" {times} value=\"42.1235\">{beats}</Record>"
        );
        let member = |kind: &str, measured: &str| {
            format!("<Record type=\"HKQuantityTypeIdentifierDietary{kind}\" sourceName=\"{name}\" {measured} {times}/>")
        };
        let meal = format!(
            "<Correlation type=\"HKCorrelationTypeIdentifierFood\" sourceName=\"{name}\" {times}>{}{}</Correlation>",
            member("EnergyConsumed", energy),
            member("Carbohydrates", mass)
        );
        export(&[variability, meal.clone(), meal])
    };
    let one = xml("App", "10:00:00 +0100", "unit=\"Cal\" value=\"450.5\"", "unit=\"g\" value=\"20\"", "10:00:00,25");
    let two =
        xml("Otra", "04:00:00 -0500", "unit=\"kJ\" value=\"1884.89\"", "unit=\"g\" value=\"20\"", "4:00:00.25 AM");
    let (one, two) = (folder.write("1.xml", one), folder.write("2.xml", two));
    for (input, expected) in [(&one, [3, 0]), (&one, [0, 0]), (&two, [0, 3]), (&two, [0, 0])] {
        assert_eq!(counted(&import(&db, &[], &[input]).balanced()), expected);
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM correlations"), 2);
        assert_eq!(query::<i64>(&db, "SELECT count(*) FROM beat_lists"), 1);
    }
    assert_eq!(query::<String>(&db, "SELECT source FROM heart_beats"), "Otra");
    let sources = "SELECT DISTINCT s.name FROM correlations JOIN sources s ON s.id = source_id";
    assert_eq!(query::<String>(&db, sources), "Otra");
    assert!(query::<String>(&db, "SELECT members FROM correlations").contains("450.5"));
}

/// Each list of beats stays with its source, however far apart two equal ones stand.
#[test]
fn equal_beats_of_several_devices_stay_several() {
    let variability = |second: usize, (name, version): (&str, u32)| {
        let times = format!("startDate=\"2024-01-01 10:{:02}:{:02} +0100\"", second / 60, second % 60);
        let beats = "<InstantaneousBeatsPerMinute bpm=\"61\" time=\"10:00:00,25\"/>";
        format!(
            "<Record type=\"HKQuantityTypeIdentifierHeartRateVariabilitySDNN\" sourceName=\"{name}\" sourceVersion=\"{version}\" \
             unit=\"ms\" {times} endDate=\"2024-01-01 11:30:00 +0100\" value=\"42.1235\">\
             <HeartRateVariabilityMetadataList>{beats}</HeartRateVariabilityMetadataList></Record>"
        )
    };
    // Two lists of one second, or more than a batch of other seconds between them.
    for apart in [0, 1300] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let rows = "SELECT count(*) FROM beat_lists WHERE start_ms = 1704099600000";
        let sources = "SELECT group_concat(name || ' ' || version ORDER BY name) FROM beat_lists b JOIN sources s ON s.id = source_id
            WHERE start_ms = 1704099600000";
        let check = |lists: &[(&str, u32)], new: u64, stored: &str| {
            let mut elements = vec![variability(0, lists[0])];
            elements.extend((1..=apart).map(|second| variability(second, ("Other", 1))));
            elements.extend(lists[1..].iter().map(|source| variability(0, *source)));
            let outcome = import(&db, &[], &[&folder.write("export.xml", export(&elements))]).balanced();
            assert_eq!(outcome.count("new"), new, "{apart} {lists:?}");
            assert_eq!(query::<String>(&db, sources), stored, "{apart} {lists:?}");
            assert_eq!(query::<i64>(&db, rows), 1 + i64::try_from(stored.matches(',').count()).unwrap());
        };
        check(&[("Ring", 1), ("Watch", 1)], 2 + apart as u64, "Ring 1,Watch 1");
        check(&[("Watch", 1), ("Ring", 1)], 0, "Ring 1,Watch 1");
        // Another version, alone, takes the row of its name; a renamed source what the other leaves.
        check(&[("Watch", 2)], 0, "Ring 1,Watch 2");
        check(&[("Reloj", 2), ("Ring", 1)], 0, "Reloj 2,Ring 1");
        check(&[("Ring", 1), ("Ring", 1), ("Reloj", 2)], 1, "Reloj 2,Ring 1,Ring 1");
        check(&[("Ring", 1), ("Ring", 1), ("Reloj", 2)], 0, "Reloj 2,Ring 1,Ring 1");
    }
}

/// Long texts are not in the keyed rows, and the views show them as they were sent.
#[test]
fn long_texts_of_app_and_export_are_whole() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let app = |metadata: &str, other: &str| {
        folder.write(
            "app.json",
            format!(
                r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{{"uuid":"3BA875EE-1111-4D51-8CDC-9B2AC7A5C05B","value":70,
                "startDate":"2024-01-01T08:00:00Z","endDate":"2024-01-01T08:00:00Z","unit":"count/min",
                "metadata":{{"m":"{metadata}"}},"x":"{other}"}}]}}}}"#
            ),
        )
    };
    let long = "n".repeat(100_000);
    let longs = || query::<i64>(&db, "SELECT count(*) FROM long_texts");
    let check = |input: &Path, expected: [u64; 2], texts: i64| {
        assert_eq!(counted(&import(&db, &[], &[input]).balanced()), expected);
        assert_eq!(longs(), texts);
        let inline = "SELECT max(coalesce(octet_length(metadata), 0) + coalesce(octet_length(other), 0)) FROM samples";
        assert!(query::<i64>(&db, inline) < 5000);
    };
    let text = |column: &str, value: u32| {
        query::<String>(&db, &format!("SELECT {column} FROM sample_details WHERE value = {value}"))
    };
    check(&app(&long, &long), [1, 0], 1);
    check(&app(&long, &long), [0, 0], 1);
    assert_eq!(text("metadata", 70), format!(r#"{{"m":"{long}"}}"#));
    assert_eq!(text("other", 70), format!(r#"{{"x":"{long}"}}"#));
    check(&app("short", &long), [0, 1], 1);
    check(&app("short", &long), [0, 0], 1);
    assert_eq!(text("metadata", 70), r#"{"m":"short"}"#);
    check(&app("short", "short"), [0, 1], 0);
    assert_eq!(text("other", 70), r#"{"x":"short"}"#);
    check(&app(&long, "short"), [0, 1], 1);

    let entry = format!("<MetadataEntry key=\"m\" value=\"{long}\"/>");
    let of = |name: &str| folder.write("e.xml", export(&[heart_rate(&format!("sourceName=\"{name}\""), "60", &entry)]));
    check(&of("Watch"), [1, 0], 2);
    check(&of("Watch"), [0, 0], 2);
    check(&of("Reloj"), [0, 1], 2);
    check(&of("Reloj"), [0, 0], 2);
    assert_eq!(text("metadata", 60), format!(r#"{{"m":"{long}"}}"#));

    // The app's row replaces it: what only the export has stays beside it.
    let late = r#"{"data":{"HKQuantityTypeIdentifierHeartRate":[{"uuid":"3BA875EE-2222-4D51-8CDC-9B2AC7A5C05B","value":60,
        "startDate":"2024-01-01T09:00:00.5Z","endDate":"2024-01-01T09:00:00.5Z","unit":"count/min"}]}}"#;
    check(&folder.write("late.json", late), [0, 0], 1);
    assert_eq!(query::<String>(&db, "SELECT metadata FROM merged_samples"), format!(r#"{{"m":"{long}"}}"#));
    check(&of("Reloj"), [0, 0], 1);

    // A location with a long field.
    let route = |text: &str| {
        let point = format!(r#"{{"latitude":47.1,"longitude":8.5,"date":"2024-01-01T10:00:01Z","x":"{text}"}}"#);
        let routes = format!(r#"{{"3BA875EE-3333-4D51-8CDC-9B2AC7A5C05B":[{{"locations":[{point}]}}]}}"#);
        folder.write("route.json", format!(r#"{{"data":{{}},"workoutRoutes":{routes}}}"#))
    };
    check(&route(&long), [1, 0], 2);
    check(&route(&long), [0, 0], 2);
    let stored = "SELECT l.other FROM route_points p JOIN long_texts l ON l.id = CAST(p.other AS INTEGER)";
    assert_eq!(query::<String>(&db, stored), format!(r#"{{"x":"{long}"}}"#));
    check(&route("short"), [0, 1], 1);
    assert_eq!(query::<String>(&db, "SELECT other FROM route_points"), r#"{"x":"short"}"#);
}

/// The app sends a number where an export has its text.
#[test]
fn metadata_that_prints_the_same_is_the_same() {
    let entry =
        |value: usize| format!("<MetadataEntry key=\"HKMetadataKeyHeartRateMotionContext\" value=\"{value}\"/>");
    let order = [2, 0, 1];
    let records = order.map(|value| heart_rate("sourceName=\"Watch\"", "60", &entry(value)));
    let samples = [0, 1, 2].map(|value| {
        format!(
            r#"{{"uuid":"0000000{value}-0000-4000-8000-000000000000","value":60,"unit":"count/min",
            "startDate":"2024-01-01T09:00:00.250Z","endDate":"2024-01-01T09:00:00.250Z",
            "metadata":{{"HKMetadataKeyHeartRateMotionContext":{value}}},"sourceRevision":{{"source":{{"name":"Watch"}}}}}}"#
        )
    });
    let created = |(place, record): (usize, &String)| {
        record.replace("startDate", &format!("creationDate=\"2024-01-01 10:00:0{} +0100\" startDate", order[place]))
    };
    let records: Vec<String> = records.iter().enumerate().map(created).collect();
    for is_app_first in [true, false] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let app = format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{}]}}}}"#, samples.join(","));
        let (app, xml) = (folder.write("app.json", app), folder.write("export.xml", export(&records)));
        for input in if is_app_first { [&app, &xml] } else { [&xml, &app] } {
            import(&db, &[], &[input]).balanced();
        }
        // The app's row of a number has the time of creation of the export's record with that number.
        let sql = "SELECT group_concat(substr(hex(uuid), 8, 1) || (creation_ms % 10000 / 1000), ',' ORDER BY uuid) FROM samples";
        assert_eq!(query::<String>(&db, sql), "00,11,22", "{is_app_first}");
    }
}

fn app_heart_rate(uuid: &str, value: f64) -> String {
    format!(
        r#"{{"uuid":"{uuid}","value":{value},"unit":"count/min","startDate":"2024-01-01T09:00:00.250Z",
        "endDate":"2024-01-01T09:00:00.250Z","sourceRevision":{{"source":{{"name":"Watch"}}}}}}"#
    )
}

fn app_payload(samples: &[String]) -> String {
    format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{}]}}}}"#, samples.join(","))
}

/// They differ in the sixth digit, by less than its rounding.
#[test]
fn neighbouring_values_of_one_second_are_not_one() {
    let values = [70.0, 70.0001, 70.0004, 70.0005];
    let samples: Vec<String> = (0..4)
        .map(|place| app_heart_rate(&format!("0000000{place}-0000-4000-8000-000000000000"), values[place]))
        .collect();
    let records = [2, 1, 3, 0].map(|place: usize| {
        let created = format!("creationDate=\"2024-01-01 10:00:0{place} +0100\" startDate");
        heart_rate("sourceName=\"Watch\"", &values[place].to_string(), "").replace("startDate", &created)
    });
    for is_app_first in [true, false] {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let (app, xml) =
            (folder.write("app.json", app_payload(&samples)), folder.write("export.xml", export(&records)));
        for input in if is_app_first { [&app, &xml, &app, &xml] } else { [&xml, &app, &xml, &app] } {
            import(&db, &[], &[input]).balanced();
        }
        let sql = "SELECT group_concat(substr(hex(uuid), 8, 1) || (creation_ms % 10000 / 1000), ',' ORDER BY uuid) FROM samples";
        assert_eq!(query::<String>(&db, sql), "00,11,22,33", "{is_app_first}");
    }
    let folder = Folder::new();
    let db = folder.path("health.db");
    import(&db, &[], &[&folder.write("app.json", app_payload(&samples[1..2]))]).balanced();
    let other = heart_rate("sourceName=\"Ring\"", "70.0004", "");
    import(&db, &[], &[&folder.write("export.xml", export(&[other]))]).balanced();
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM samples"), 2);
}

/// An export has the values of its day: the app may have corrected them since.
#[test]
fn values_that_the_app_has_corrected_are_not_imported_again() {
    // A few rows of a second, or a crowd. Each sample has another value, and its step is the correction.
    for size in [3, 300] {
        let value = |number: u32, step: u32| f64::from(number + 1000 * step);
        let app = |step: u32| {
            let uuid = |number: u32| format!("{number:08X}-0000-4000-8000-000000000000");
            app_payload(&(0..size).map(|number| app_heart_rate(&uuid(number), value(number, step))).collect::<Vec<_>>())
        };
        let xml = |source: &str, steps: &[u32]| {
            let (source, mut records) = (format!("sourceName=\"{source}\" later=\"yes\""), Vec::new());
            for step in steps {
                records
                    .extend((0..size).rev().map(|number| heart_rate(&source, &value(number, *step).to_string(), "")));
            }
            export(&records)
        };
        for is_app_first in [true, false] {
            let folder = Folder::new();
            let db = folder.path("health.db");
            let check = |text: &str, new: u32| {
                let name = if text.starts_with('{') { "app.json" } else { "export.xml" };
                let outcome = import(&db, &[], &[&folder.write(name, text)]).balanced();
                assert_eq!(outcome.count("new"), u64::from(new), "{size} {is_app_first} {text:.120}");
            };
            let (first, second) = (app(0), xml("Watch", &[0]));
            let order = if is_app_first { [&first, &second] } else { [&second, &first] };
            check(order[0], size);
            check(order[1], 0);
            for step in 1..3 {
                check(&app(step), 0);
                (0..=step).for_each(|earlier| check(&xml("Watch", &[earlier]), 0));
                check(&xml("Reloj", &[0]), 0);
            }
            let rows = "SELECT count(*) || ' ' || sum(value >= 2000) || ' ' || sum(substr(uuid, 1, 2) <> x'6873') FROM samples";
            assert_eq!(query::<String>(&db, rows), format!("{size} {size} {size}"), "{is_app_first}");
            // What only the export has stays beside it.
            let kept = "SELECT count(*) FROM merged_samples WHERE other ->> '$.later' = 'yes'";
            assert_eq!(query::<i64>(&db, kept), i64::from(size), "{is_app_first}");
            // A row is one record of a file only.
            check(&xml("Watch", &[2, 0]), size);
            check(&xml("Watch", &[0, 2]), 0);
        }
    }
}

/// A value that is corrected again and again is remembered as long as there is room.
#[test]
fn earlier_values_are_bounded() {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let states = u32::try_from(limits::SAMPLE_STATES_MAX).unwrap();
    let app = |value: u32| app_payload(&[app_heart_rate("00000001-0000-4000-8000-000000000000", f64::from(value))]);
    let payloads: Vec<PathBuf> = (0..=states + 1)
        .chain([states, states + 1])
        .enumerate()
        .map(|(place, value)| folder.write(&format!("{place}.json"), app(value)))
        .collect();
    let inputs: Vec<&Path> = payloads.iter().map(PathBuf::as_path).collect();
    assert_eq!(import(&db, &[], &inputs).balanced().count("new"), 1);
    let count = "SELECT json_array_length(other, '$.\"earlier values\"') FROM merged_samples";
    assert_eq!(query::<i64>(&db, count), i64::from(states));
    for (value, new) in [(2, 0), (states, 0), (0, 1)] {
        let record = heart_rate("sourceName=\"Watch\"", &value.to_string(), "");
        let outcome = import(&db, &[], &[&folder.write("export.xml", export(&[record]))]).balanced();
        assert_eq!(outcome.count("new"), new, "{value}");
    }
}

/// One of 65,536 identities of HealthKit begins like those of imports, but is of version 4.
#[test]
fn identities_of_healthkit_that_begin_like_derived_ones_are_kept() {
    let near = app_heart_rate("68730000-1111-4222-8333-444455556666", 60.0);
    let far = app_heart_rate("99990000-1111-4222-8333-444455556666", 60.0);
    let record = heart_rate("sourceName=\"Watch\"", "60", "");
    // Parts of uuids, after inputs in this order.
    let check = |inputs: &[&str], expected: &str| {
        let folder = Folder::new();
        let db = folder.path("health.db");
        for (place, input) in inputs.iter().enumerate() {
            let name = if input.starts_with('{') { format!("{place}.json") } else { format!("{place}.xml") };
            import(&db, &[], &[&folder.write(&name, input)]).balanced();
        }
        let sql = "SELECT group_concat(substr(hex(uuid), 1, 8), ',' ORDER BY uuid) FROM samples";
        assert_eq!(query::<String>(&db, sql), expected);
    };
    let [near, far] = [near, far].map(|sample| app_payload(&[sample]));
    let one = export(std::slice::from_ref(&record));
    let two = export(&[record.clone(), record]);
    check(&[&near, &two, &far], "68730000,99990000");
    check(&[&near, &one, &far], "68730000,99990000");
    check(&[&one, &near], "68730000");
    check(&[&one, &near, &far], "68730000,99990000");
    check(&[&two, &near, &far], "68730000,99990000");
}

/// Audiograms, prescriptions and what a later iOS may add.
#[test]
fn elements_without_a_table_are_matched_by_their_content() {
    let audiogram = |name: &str, creation: &str, device: &str, left: u32| {
        format!(
            "<Audiogram type=\"HKDataTypeIdentifierAudiogram\" sourceName=\"{name}\" sourceVersion=\"{name}\" device=\"{device}\" \
             creationDate=\"2024-01-02 10:00:0{creation} +0100\" startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:05:00 +0100\">\
             <SensitivityPoint frequencyValue=\"250\" leftEarValue=\"{left}\"/></Audiogram>"
        )
    };
    let clinical = |name: &str, version: &str, received: &str| {
        format!(
            "<ClinicalRecord type=\"T\" identifier=\"1\" sourceName=\"{name}\" sourceURL=\"https://{name}\" fhirVersion=\"{version}\" \
             receivedDate=\"2024-01-0{received} 10:00:00 +0100\" resourceFilePath=\"/clinical-records/1.json\"/>"
        )
    };
    let folder = Folder::new();
    let db = folder.path("health.db");
    let check = |elements: &[String], expected: [u64; 2]| {
        let outcome = import(&db, &[], &[&folder.write("export.xml", export(elements))]).balanced();
        assert_eq!(counted(&outcome), expected, "{elements:?}");
    };
    let first = [audiogram("A", "1", "x", 15), audiogram("B", "1", "x", 15), clinical("A", "4.0.1", "1")];
    check(&first, [3, 0]);
    check(&[first[2].clone(), first[1].clone(), first[0].clone()], [0, 0]);
    // One is renamed, then both, with all that may change.
    check(&[audiogram("C", "1", "x", 15), audiogram("B", "1", "x", 15)], [0, 1]);
    check(&[audiogram("D", "2", "y", 15), audiogram("E", "3", "z", 15), clinical("B", "5", "2")], [0, 3]);
    let other = [audiogram("D", "2", "y", 20), clinical("B", "5", "2").replace("identifier=\"1\"", "identifier=\"2\"")];
    check(&other, [2, 0]);
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM other_records WHERE in_data"), 5);
}

#[test]
fn glucose_is_the_same_in_each_spelling_of_its_units() {
    const GLUCOSE: &str = "HKQuantityTypeIdentifierBloodGlucose";
    let check = |sent: (f64, &str), printed: (&str, &str), is_same: bool| {
        let app = format!(
            r#"{{"data":{{"{GLUCOSE}":[{{"uuid":"00000001-0000-4000-8000-000000000000","value":{},"unit":"{}",
            "startDate":"2024-01-01T09:00:00.123Z","endDate":"2024-01-01T09:00:00.123Z"}}]}}}}"#,
            sent.0, sent.1
        );
        let unit = printed.1.replace('<', "&lt;").replace('>', "&gt;");
        let record = format!(
            "<Record type=\"{GLUCOSE}\" sourceName=\"Meter\" unit=\"{unit}\" value=\"{}\" \
             startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:00:00 +0100\"/>",
            printed.0
        );
        for is_app_first in [true, false] {
            let folder = Folder::new();
            let db = folder.path("health.db");
            let mut files =
                [folder.write("app.json", &app), folder.write("1.xml", export(std::slice::from_ref(&record)))];
            if !is_app_first {
                files.reverse();
            }
            files.iter().for_each(|file| _ = import(&db, &[], &[file]).balanced());
            let rows: i64 = query(&db, "SELECT count(*) FROM samples");
            assert_eq!(rows, if is_same { 1 } else { 2 }, "{sent:?} {printed:?}");
        }
    };
    let [old, new] = ["mmol<180.1558800000541>/L", "mmol<180.1558840764313>/L"];
    check((5.4, new), ("97.2842", "mg/dL"), true);
    check((97.284_174, "mg/dL"), ("5.4", new), true);
    check((5.4, old), ("5.4", new), true);
    check((5.4, new), ("5.4", "mmol/L"), true);
    check((5.4, new), ("97.284", "mg/dL"), true);
    check((5.4, new), ("97.29", "mg/dL"), false);
    // Another substance.
    check((5.4, "mmol<386.65>/L"), ("97.2842", "mg/dL"), false);
}

/// A category whose values this version does not know, or one of them.
#[test]
fn a_category_with_an_unknown_word_is_stored_once() {
    let sample = |kind: &str, value: u32| {
        format!(
            r#"{{"data":{{"HKCategoryTypeIdentifier{kind}":[{{"uuid":"00000001-0000-4000-8000-000000000000","value":{value},
            "startDate":"2024-01-01T09:00:00.123Z","endDate":"2024-01-01T09:00:00.123Z"}}]}}}}"#
        )
    };
    let record = |kind: &str, word: &str| {
        format!(
            "<Record type=\"HKCategoryTypeIdentifier{kind}\" sourceName=\"Phone\" value=\"{word}\" \
             startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:00:00 +0100\"/>"
        )
    };
    let check = |kind: &str, value: u32, word: &str, expected: i64| {
        for is_app_first in [true, false] {
            let folder = Folder::new();
            let db = folder.path("health.db");
            let mut files =
                [folder.write("app.json", sample(kind, value)), folder.write("1.xml", export(&[record(kind, word)]))];
            if !is_app_first {
                files.reverse();
            }
            for file in files.iter().chain(&files) {
                import(&db, &[], &[file]).balanced();
            }
            let rows = query::<i64>(&db, "SELECT count(*) FROM samples");
            assert_eq!(rows, expected, "{kind} {value} {word} {is_app_first}");
            let stored = "SELECT max(value) FROM samples WHERE uuid < x'01'";
            assert_eq!(query::<f64>(&db, stored), f64::from(value), "{kind} {word}");
        }
    };
    check("OfTomorrow", 3, "HKCategoryValueOfTomorrowMuch", 1);
    check("Headache", 9, "HKCategoryValueSeverityOfTomorrow", 1);
    // The number is that of another word.
    check("Headache", 3, "HKCategoryValueSeverityOfTomorrow", 2);
    check("Headache", 3, "HKCategoryValueSeverityModerate", 1);
    check("Headache", 3, "Moderate", 1);
    check("Headache", 2, "Moderate", 2);
    // Of two exports, each word is another fact.
    let folder = Folder::new();
    let db = folder.path("health.db");
    let [one, other] = ["A", "B"].map(|word| record("OfTomorrow", word));
    for (records, expected) in [
        (vec![one.clone()], [1, 0]),
        (vec![one.clone()], [0, 0]),
        (vec![other.clone()], [1, 0]),
        (vec![other, one], [0, 0]),
    ] {
        let outcome = import(&db, &[], &[&folder.write("export.xml", export(&records))]).balanced();
        assert_eq!(counted(&outcome), expected, "{records:?}");
    }
}
