//! Any number of records that begin in one second are matched, with renamed sources and beside the app's.

use std::ops::Range;
use std::path::Path;

use healthsink::model::limits;
use proptest::prelude::*;
use rusqlite::Connection;

use super::import_history::{Folder, Outcome, import_into_file as import, query};

/// Around the number of rows that are searched one by one, and far beyond.
const SIZES: [usize; 6] = [1, 255, 256, 257, 300, 2000];

/// How the records of one second differ.
#[derive(Clone, Copy, Debug)]
enum Differs {
    Nothing,
    Value,
    Creation,
    Everything,
}

/// A record of an export; its number says what distinguishes it from others.
fn record(name: &str, differs: Differs, number: usize) -> String {
    let (value, creation, metadata) = match differs {
        Differs::Nothing => (60, 0, 0),
        Differs::Value => (60 + number, 0, 0),
        Differs::Creation => (60, number, 0),
        Differs::Everything => (60 + number % 7, number % 5, number % 3),
    };
    format!(
        "<Record type=\"HKQuantityTypeIdentifierHeartRate\" sourceName=\"{name}\" unit=\"count/min\" \
         creationDate=\"2024-01-02 {:02}:{:02}:{:02} +0100\" startDate=\"2024-01-01 10:00:00 +0100\" \
         endDate=\"2024-01-01 10:00:00 +0100\" value=\"{value}\"><MetadataEntry key=\"k\" value=\"{metadata}\"/></Record>\n",
        10 + creation / 3600,
        creation / 60 % 60,
        creation % 60,
    )
}

/// An export of some records of each source, by their numbers.
fn export(differs: Differs, sources: &[(&str, Range<usize>)]) -> String {
    let mut records: Vec<String> = Vec::new();
    for (name, numbers) in sources {
        records.extend(numbers.clone().map(|number| record(name, differs, number)));
    }
    format!("<HealthData locale=\"en_US\">\n{}</HealthData>\n", records.concat())
}

/// The same in another order.
fn shuffled(export: &str) -> String {
    let mut lines: Vec<&str> = export.lines().collect();
    let last = lines.len() - 1;
    let records = &mut lines[1..last];
    records.reverse();
    let middle = records.len() / 3;
    records.rotate_left(middle);
    lines.join("\n")
}

fn payload(count: usize) -> String {
    let samples: Vec<String> = (0..count)
        .map(|number| {
            format!(
                r#"{{"uuid":"{number:08X}-0000-4000-8000-000000000000","value":60,"unit":"count/min",
                "startDate":"2024-01-01T09:00:00.250Z","endDate":"2024-01-01T09:00:00.250Z",
                "sourceRevision":{{"source":{{"name":"Watch"}}}}}}"#
            )
        })
        .collect();
    format!(r#"{{"data":{{"HKQuantityTypeIdentifierHeartRate":[{}]}}}}"#, samples.join(","))
}

fn counted(outcome: &Outcome) -> [usize; 2] {
    ["new", "updated"].map(|name| usize::try_from(outcome.count(name)).unwrap())
}

fn names(db: &Path) -> String {
    let sql = "SELECT group_concat(source || ' ' || n, ', ') FROM
        (SELECT source, count(*) AS n FROM sample_details GROUP BY source ORDER BY source)";
    query(db, sql)
}

#[test]
fn any_number_of_records_of_one_second_is_matched() {
    for size in SIZES {
        check_renamed(size, Differs::Nothing);
    }
    check_renamed(2000, Differs::Everything);
    // Of those that are all different, fewer are held together.
    check_renamed(500, Differs::Value);
    check_renamed(500, Differs::Creation);
}

fn check_renamed(size: usize, differs: Differs) {
    let folder = Folder::new();
    let db = folder.path("health.db");
    let mut step = 0;
    // Sources with the numbers of their records, then how many are new, and how many updated. In a later batch more are updated: a
    // record with a renamed source may have taken the row of another one.
    let mut check = |sources: &[(&str, Range<usize>)], [new, updated]: [usize; 2]| {
        let xml = export(differs, sources);
        step += 1;
        let counts = counted(&import(&db, &[], &[&folder.write("1.xml", &xml)]).balanced());
        let is_exact = sources.iter().map(|(_, numbers)| numbers.len()).sum::<usize>() <= limits::BATCH_ROWS_MAX;
        let is_expected = if is_exact { counts == [new, updated] } else { counts[0] == new && counts[1] >= updated };
        assert!(is_expected, "{size} {differs:?} {step} {sources:?}: {counts:?} of {:?}", [new, updated]);
        let stored = stored(&db);
        for (name, numbers) in sources.iter().filter(|(_, numbers)| !numbers.is_empty()) {
            assert!(stored.contains(&((*name).to_owned(), numbers.len())), "{size} {differs:?} {step}: {stored:?}");
        }
        let again = import(&db, &[], &[&folder.write("2.xml", shuffled(&xml))]).balanced();
        assert_eq!(counted(&again), [0, 0], "{size} {differs:?} {step} {sources:?}, again");
    };
    check(&[("A", 0..size)], [size, 0]);
    check(&[("B", 0..size)], [0, size]);
    check(&[("C", 0..size)], [0, size]);
    check(&[("A", 0..size)], [0, size]);
    // Another source of equal content, which is then renamed.
    check(&[("A", 0..size), ("Z", 0..size)], [size, 0]);
    check(&[("Y", 0..size), ("A", 0..size)], [0, size]);
    // Half of the records of one are of another source, then all of both are renamed.
    let half = size / 2;
    check(&[("Y", 0..half), ("X", half..size), ("A", 0..size)], [0, size - half]);
    check(&[("V", 0..half), ("W", half..size), ("U", 0..size)], [0, 2 * size]);
    check(&[("V", 0..half), ("W", half..size)], [0, 0]);
    assert_eq!(stored(&db).iter().map(|(_, count)| count).sum::<usize>(), 2 * size, "{differs:?}");
}

#[test]
fn app_and_export_share_any_number_of_records_of_one_second() {
    for size in SIZES {
        for is_app_first in [true, false] {
            let folder = Folder::new();
            let db = folder.path("health.db");
            let app = folder.write("app.json", payload(size));
            let [one, two] = ["Watch", "Reloj"]
                .map(|name| folder.write(&format!("{name}.xml"), export(Differs::Nothing, &[(name, 0..size)])));
            let order = if is_app_first { [&app, &one] } else { [&one, &app] };
            for (input, expected) in order.into_iter().zip([size, 0]) {
                let outcome = import(&db, &[], &[input]).balanced();
                assert_eq!(counted(&outcome), [expected, 0], "{size} {is_app_first}");
            }
            for input in [&two, &app, &one, &two] {
                let outcome = import(&db, &[], &[input]).balanced();
                assert_eq!(counted(&outcome), [0, 0], "{size} {is_app_first}");
            }
            assert_eq!(names(&db), format!("Watch {size}"));
            // Half as many again, of another source: the app's rows stay with their source.
            let more =
                folder.write("more.xml", export(Differs::Nothing, &[("Phone", 0..size / 2), ("Watch", 0..size)]));
            for expected in [size / 2, 0] {
                let outcome = import(&db, &[], &[&more]).balanced();
                assert_eq!(counted(&outcome), [expected, 0], "{size} {is_app_first}");
            }
            let of_app = "SELECT count(*) FROM samples WHERE substr(uuid, 1, 2) <> x'6873'";
            assert_eq!(query::<i64>(&db, of_app), i64::try_from(size).unwrap());
        }
    }
}

/// Records of a source in many seconds, of which each has many equal ones. Neighbours in the file begin in different seconds.
fn interleaved(name: &str, seconds: usize, equals: usize) -> String {
    let records = (0..seconds * equals).map(|number| {
        let (second, start) = (number % seconds, "startDate=\"2024-01-01 10:00:");
        let record = record(name, Differs::Nothing, 0);
        record
            .replace(&format!("{start}00"), &format!("{start}{second:02}"))
            .replace("endDate=\"2024-01-01 10:00:00", &format!("endDate=\"2024-01-01 10:00:{second:02}"))
    });
    format!("<HealthData locale=\"en_US\">\n{}</HealthData>\n", records.collect::<String>())
}

fn interleaved_payload(seconds: usize, equals: usize) -> String {
    let mut payload = payload(seconds * equals);
    for number in 0..seconds * equals {
        let uuid = format!("\"{number:08X}-");
        let at = payload.find(&uuid).unwrap();
        let second = format!("09:00:{:02}.250Z", number % seconds);
        for _ in 0..2 {
            let time = at + payload[at..].find("09:00:00.250Z").unwrap();
            payload.replace_range(time..time + second.len(), &second);
        }
    }
    payload
}

#[test]
fn equals_of_many_seconds_are_matched_in_any_order() {
    let (seconds, equals) = (20, 300);
    let count = seconds * equals;
    let (folder, db) = (Folder::new(), "health.db");
    let one = interleaved("Watch", seconds, equals);
    let shuffled = folder.write("shuffled.xml", shuffled(&one));
    let one = folder.write("one.xml", one);
    let two = folder.write("two.xml", interleaved("Reloj", seconds, equals));
    let app = folder.write("app.json", interleaved_payload(seconds, equals));
    let check = |db: &str, input: &Path, expected: [usize; 2]| {
        let outcome = import(&folder.path(db), &[], &[input]).balanced();
        assert_eq!(counted(&outcome), expected, "{db} {}", input.display());
    };
    check(db, &one, [count, 0]);
    for (input, updated) in [(&one, 0), (&shuffled, 0), (&two, count), (&two, 0), (&one, count), (&shuffled, 0)] {
        check(db, input, [0, updated]);
    }
    // The app's rows take the export's.
    check(db, &app, [0, 0]);
    for input in [&one, &two, &app] {
        check(db, input, [0, 0]);
    }
    check("app.db", &app, [count, 0]);
    for input in [&one, &two, &shuffled, &app] {
        check("app.db", input, [0, 0]);
    }
    assert_eq!(names(&folder.path("app.db")), format!("Watch {count}"));
}

#[test]
fn any_number_of_different_records_of_one_second_is_matched() {
    for differs in [Differs::Value, Differs::Creation] {
        let (folder, count) = (Folder::new(), 2500);
        let mut inputs = Vec::new();
        for name in ["Watch", "Reloj"] {
            let xml = export(differs, &[(name, 0..count)]);
            inputs.push(folder.write(&format!("{name}.xml"), shuffled(&xml)));
            inputs.push(folder.write(&format!("{name} in order.xml"), xml));
        }
        for (input, expected) in inputs.iter().zip([[count, 0], [0, 0], [0, count], [0, 0]]) {
            let outcome = import(&folder.path("health.db"), &[], &[input]).balanced();
            assert_eq!(counted(&outcome), expected, "{differs:?} {}", input.display());
        }
    }
}

#[test]
fn any_number_of_correlations_of_one_second_is_matched() {
    let correlation = |name: &str, number: usize| {
        let times = "startDate=\"2024-01-01 10:00:00 +0100\" endDate=\"2024-01-01 10:00:00 +0100\"";
        let source = format!("sourceName=\"{name}\" creationDate=\"2024-01-02 10:00:00 +0100\"");
        format!(
            "<Correlation type=\"HKCorrelationTypeIdentifierFood\" {source} {times}><Record type=\"HKQuantityTypeIdentifierDietaryIron\" \
             {source} unit=\"mg\" value=\"{number}\" {times}/></Correlation>\n"
        )
    };
    let folder = Folder::new();
    let db = folder.path("health.db");
    let count = 1200;
    let write = |name: &str, step: usize| {
        // Each number is there three times.
        let all = (0..count).map(|place| correlation(name, place * step % (count / 3)));
        let all: String = all.collect();
        folder.write(&format!("{name} {step}.xml"), format!("<HealthData locale=\"en_US\">\n{all}</HealthData>\n"))
    };
    let inputs = [write("A", 1), write("A", 7), write("B", 1), write("B", 7), write("A", 7)];
    for (input, expected) in inputs.iter().zip([[count, 0], [0, 0], [0, count], [0, 0], [0, count]]) {
        let outcome = import(&db, &[], &[input]).balanced();
        assert_eq!(counted(&outcome), expected, "{}", input.display());
    }
    assert_eq!(query::<i64>(&db, "SELECT count(*) FROM correlations"), i64::try_from(count).unwrap());
}

/// Values of one second that are near each other, in other units or in very many.
#[test]
fn values_that_are_almost_equal_are_matched_in_any_number() {
    let record = |kind: &str, unit: &str, value: f64, minute: usize| {
        format!(
            "<Record type=\"HKQuantityTypeIdentifier{kind}\" sourceName=\"W\" unit=\"{unit}\" \
             creationDate=\"2024-01-02 10:{minute:02}:00 +0100\" startDate=\"2024-01-01 10:00:00 +0100\" \
             endDate=\"2024-01-01 10:00:00 +0100\" value=\"{value}\"/>\n"
        )
    };
    let file = |records: Vec<String>| format!("<HealthData locale=\"en_US\">\n{}</HealthData>\n", records.concat());
    let number = |place: usize| f64::from(u32::try_from(place).unwrap());
    let six_digits = |value: f64| format!("{value:.5e}").parse::<f64>().unwrap();
    let count = 400;
    // Neighbours of six digits; the same with more digits, as other programs write them.
    let near = |digits: f64, unit: &str, factor: f64, minute: usize| {
        let values = (0..count).map(|place| (900.0 + number(place) * digits) * factor);
        let values = values.map(|value| if digits < 1e-3 || factor == 1.0 { value } else { six_digits(value) });
        file(values.map(|value| record("ActiveEnergyBurned", unit, value, minute)).collect())
    };
    let units =
        |minute: usize| file((0..count).map(|place| record("Later", &format!("u{place}"), 1.0, minute)).collect());
    let sets = [
        // In kilocalories, kilojoules, and created later.
        vec![
            near(1e-3, "kcal", 1.0, 0),
            near(1e-3, "kJ", 4.184, 0),
            near(1e-3, "kJ", 4.184, 5),
            near(1e-3, "Cal", 1.0, 5),
        ],
        vec![near(1e-5, "kcal", 1.0, 0), near(1e-5, "kcal", 1.0, 1), near(1e-5, "kJ", 4.184, 1)],
        vec![units(0), units(1)],
    ];
    for (set, files) in sets.into_iter().enumerate() {
        let folder = Folder::new();
        let db = folder.path("health.db");
        for (step, text) in files.iter().enumerate().chain([(9, &files[0])]) {
            let expected = if step == 0 { count } else { 0 };
            let outcome = import(&db, &[], &[&folder.write("1.xml", text)]).balanced();
            assert_eq!(counted(&outcome)[0], expected, "{set} {step}");
            for again in [text, &shuffled(text)] {
                let outcome = import(&db, &[], &[&folder.write("2.xml", again)]).balanced();
                assert_eq!(counted(&outcome), [0, 0], "{set} {step}, again");
            }
        }
        let rows = usize::try_from(query::<i64>(&db, "SELECT count(*) FROM samples")).unwrap();
        assert_eq!(rows, count, "{set}");
    }
}

/// Counts of each name after an import: of records that are equal but for their source.
fn stored(db: &Path) -> Vec<(String, usize)> {
    let connection = Connection::open(db).unwrap();
    let sql = "SELECT source, count(*) FROM sample_details GROUP BY source ORDER BY source";
    let mut select = connection.prepare(sql).unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, usize::try_from(row.get::<_, i64>(1)?).unwrap()))).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    /// Exports with any sources, again and again: the count is the largest in one file, and the names follow the newest.
    #[test]
    fn crowds_of_several_sources_follow_the_newest_export(
        exports in prop::collection::vec(prop::collection::vec((0..4_usize, 1..400_usize), 1..4), 1..4),
        differs in prop::sample::select(vec![Differs::Nothing, Differs::Creation]),
    ) {
        let folder = Folder::new();
        let db = folder.path("health.db");
        let mut largest = 0;
        for sources in &exports {
            let sources: Vec<(&str, Range<usize>)> =
                sources.iter().map(|(name, count)| (["A", "B", "C", "D"][*name], 0..*count)).collect();
            let total: usize = sources.iter().map(|(_, numbers)| numbers.len()).sum();
            let xml = export(differs, &sources);
            import(&db, &[], &[&folder.write("1.xml", &xml)]).balanced();
            largest = largest.max(total);
            let rows = stored(&db);
            prop_assert_eq!(rows.iter().map(|(_, count)| count).sum::<usize>(), largest);
            for (name, _) in &sources {
                let own: usize = sources.iter().filter(|(other, _)| other == name).map(|(_, numbers)| numbers.len()).sum();
                let found = rows.iter().find(|(other, _)| other == name).map_or(0, |(_, count)| *count);
                prop_assert!(found >= own, "{name}: {found} of {own}");
            }
            for again in [&xml, &shuffled(&xml)] {
                let outcome = import(&db, &[], &[&folder.write("2.xml", again)]).balanced();
                prop_assert_eq!(counted(&outcome), [0, 0]);
            }
        }
    }
}
