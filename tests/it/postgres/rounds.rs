//! Two receivers with one person's app and export rows at once, in many rounds: the rows are those of a file in the end.
//!
//! `HEALTHSINK_ROUNDS=100` runs more of them than a test does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;

use healthsink_testdata::Twin;
use healthsink_testkit::http::Client;
use rusqlite::Connection;
use serde_json::Value;

use super::cluster::{Store, store};
use super::samples::serve;
use crate::program::run;

const SAMPLES: u64 = 400;

/// The bodies that the app posts in a round: each has a part of the samples, and the last one has all of them.
const PARTS: usize = 4;

/// All that is stored, in words that do not depend on the order of arrival. `{…}` are the words of either store.
const ROWS: &str = "SELECT concat_ws('|', 'sample', t.name, {start}, {uuid}, {end}, {creation}, s.value, u.name, o.json, coalesce(m.json, s.metadata), s.other)
      FROM samples s JOIN types t ON t.id = s.type_id LEFT JOIN units u ON u.id = s.unit_id LEFT JOIN sources o ON o.id = s.source_id
      LEFT JOIN shared_metadata m ON m.id = s.metadata_id
    UNION ALL SELECT concat_ws('|', 'kept', t.name, {uuid}, s.metadata, s.other) FROM merged_samples s JOIN types t ON t.id = s.type_id
    UNION ALL SELECT concat_ws('|', 'correlation', s.type, {start}, {uuid}, s.members) FROM correlations s
    UNION ALL SELECT concat_ws('|', 'origin', t.name, s.is_derived, u.name) FROM sample_origins s JOIN types t ON t.id = s.type_id
      LEFT JOIN units u ON u.id = s.unit_id
    UNION ALL SELECT concat_ws('|', 'upload', sum(rejected)) FROM uploads";

/// The files of a round.
struct Round {
    folder: tempfile::TempDir,
    bodies: Vec<Vec<u8>>,
}

impl Round {
    fn new(number: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let twin = Twin { seed: number, samples: SAMPLES, rounded: false };
        let mut payload = Vec::new();
        twin.write_payload(&mut payload).unwrap();
        twin.write_export(&mut File::create(folder.path().join("export.xml")).unwrap()).unwrap();
        let whole: Value = serde_json::from_slice(&payload).unwrap();
        let part = |part: usize| {
            let mut body = whole.clone();
            for section in body["data"].as_object_mut().unwrap().values_mut() {
                let samples = section.as_array().unwrap();
                *section = samples.iter().skip(part).step_by(PARTS).cloned().collect();
            }
            serde_json::to_vec(&body).unwrap()
        };
        let bodies = (0..PARTS).map(part).chain([payload]).collect();
        Self { folder, bodies }
    }

    fn export(&self) -> PathBuf {
        self.folder.path().join("export.xml")
    }

    /// The rows of a file that gets the export and the app's bodies in this order.
    fn expected(&self, is_import_first: bool) -> Vec<String> {
        let database = self.folder.path().join(format!("{is_import_first}.db"));
        let import = |file: &Path| {
            let arguments = ["import", "--quiet", "--db", database.to_str().unwrap(), file.to_str().unwrap()];
            let output = run(&arguments);
            assert!(output.status.success(), "{output:?}");
        };
        if is_import_first {
            import(&self.export());
        }
        for body in &self.bodies {
            let file = self.folder.path().join("body.json");
            fs::write(&file, body).unwrap();
            import(&file);
        }
        if !is_import_first {
            import(&self.export());
        }
        let sql =
            ROWS.replace("{start}", "s.start_ms").replace("{end}", "s.end_ms").replace("{creation}", "s.creation_ms");
        let connection = Connection::open(&database).unwrap();
        let mut select = connection.prepare(&sql.replace("{uuid}", "lower(hex(s.uuid))")).unwrap();
        let mut rows: Vec<String> = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        rows.sort();
        rows
    }

    fn found(store: &Store) -> Vec<String> {
        let ms = |column: &str| format!("(extract(epoch FROM s.{column}) * 1000)::bigint");
        let sql = ROWS.replace("{start}", &ms("start_at")).replace("{end}", &ms("end_at"));
        let sql = sql.replace("{creation}", &ms("creation_at")).replace("{uuid}", "replace(s.uuid::text, '-', '')");
        let mut rows: Vec<String> = store.sql(&sql).lines().map(str::to_owned).collect();
        rows.sort();
        rows
    }
}

/// Numbers as either store prints them are compared as numbers.
fn assert_rows(number: u64, found: &[String], expected: &[String]) {
    let words = |row: &String| {
        let number = |word: &str| word.parse::<f64>().map_or_else(|_| word.to_owned(), |number| number.to_string());
        row.split('|').map(number).collect::<Vec<_>>()
    };
    let [mut found, mut expected] = [found, expected].map(|rows| rows.iter().map(words).collect::<Vec<_>>());
    found.sort();
    expected.sort();
    let differing = found.iter().zip(&expected).find(|(found, expected)| found != expected);
    assert_eq!(differing, None, "round {number}");
    assert_eq!(found.len(), expected.len(), "round {number}");
}

#[test]
fn receivers_merge_app_and_export_at_once_as_a_file_does() {
    let rounds = std::env::var("HEALTHSINK_ROUNDS").map_or(2, |rounds| rounds.parse().unwrap());
    for number in 1..=rounds {
        let Some(store) = store() else { return };
        let round = Round::new(number);
        let programs = [serve(&store), serve(&store)];
        thread::scope(|scope| {
            let import =
                scope.spawn(|| store.run(&["import", "--quiet", "--person", "me", round.export().to_str().unwrap()]));
            for (place, body) in round.bodies.iter().enumerate() {
                let address = programs[place % 2].address;
                scope.spawn(move || {
                    let answer = Client::connect(address).post(&[], body);
                    assert_eq!(answer.status, 200, "round {number}: {answer:?}");
                });
            }
            let imported = import.join().unwrap();
            assert!(imported.status.success(), "round {number}: {imported:?}");
        });
        let expected = round.expected(number % 2 == 0);
        assert_rows(number, &Round::found(&store), &expected);
        assert_rows(number, &round.expected(number % 2 == 1), &expected);
    }
}
