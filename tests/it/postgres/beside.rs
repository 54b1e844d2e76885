//! What other tests import and ask, once more with PostgreSQL: the same reports, rows and answers. So tests of a file are tests of both
//! stores.
//!
//! All imports share a database: a person stands for each file. They take minutes, so only `HEALTHSINK_BOTH_STORES=1` asks for them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock};

use healthsink::store::{Address, NewToken, TokenDigest, TokenScope};
use healthsink_testkit::database::rows;
use healthsink_testkit::http::{Client, Response};
use serde_json::Value;

use super::cluster::{Store, store};
use super::same::{BY_ID, assert_same};
use super::samples::serve;
use crate::program::Program;
use crate::reading::fixture;

/// Tables of persons that differ on purpose: numbers of this store, and what only one of them has.
const OF_A_STORE: [&str; 9] = [
    "changes",
    "derived_state",
    "import_numbers",
    "person_metadata",
    "person_sources",
    "route_files",
    "source_groups",
    "tokens",
    "uploads",
];

/// Columns that number rows in the order of their arrival, or have such numbers inside.
const NUMBERS: [&str; 8] =
    ["person_id", "arrival", "upload_id", "ordinal", "import_number", "id", "content", "details"];

/// When a store took something.
const TIMES_OF_RECEIPT: [&str; 3] = ["first_seen_at", "last_seen_at", "missing_since_at"];

/// Texts of a row that SQLite keeps beside it if they are long, by table.
const LONG: [(&str, &str); 3] = [("samples", "metadata"), ("samples", "other"), ("route_points", "other")];

/// Members of a report that are of this run.
const OF_THE_RUN: [&str; 5] = ["seconds", "files", "durationMs", "upload", "person"];

/// The person that stands for a file; none if something else has made the file.
static PERSONS: LazyLock<Mutex<HashMap<PathBuf, Option<String>>>> = LazyLock::new(Mutex::default);

static STORE: LazyLock<Option<Store>> = LazyLock::new(store);

/// Notes that an import into a file begins. Returns the person that stands for it.
pub(crate) fn begin(db: &Path, arguments: &[&str]) -> Option<String> {
    std::env::var_os("HEALTHSINK_BOTH_STORES")?;
    let mut persons = PERSONS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // A file that was deleted, and is made once more, is another person.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let is_plain = !arguments.iter().any(|argument| matches!(*argument, "--person" | "--dry-run" | "--store"));
    if !db.exists() {
        persons.insert(db.to_owned(), is_plain.then(|| format!("p{count}")));
    }
    let person = persons.entry(db.to_owned()).or_default();
    if !is_plain {
        *person = None;
    }
    person.clone()
}

/// Does the same import, and compares its report and all rows.
pub(crate) fn import(person: &str, db: &Path, arguments: &[&str], inputs: &[&Path], (ok, report): (bool, &Value)) {
    let Some(store) = &*STORE else { return };
    let inputs: Vec<&str> = inputs.iter().map(|input| input.to_str().unwrap()).collect();
    let output = store.run(&[&["import", "--json", "--person", person], arguments, &inputs].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {said}"));
    let counts = |report: &Value| {
        let mut counts = report.clone();
        OF_THE_RUN.iter().for_each(|name| _ = counts.as_object_mut().unwrap().remove(*name));
        counts
    };
    assert_eq!((output.status.success(), counts(&found)), (ok, counts(report)), "PostgreSQL: {said}");
    let (found, expected) = (of_postgres(store, person), of_file(db, store));
    let differing = found.iter().zip(&expected).find(|(found, expected)| found != expected);
    assert_eq!(differing, None, "PostgreSQL");
    assert_eq!(found.len(), expected.len(), "PostgreSQL");
}

/// A receiver with the rows of the fixture.
pub(crate) struct Receiver {
    store: Store,
    program: Program,
}

impl Receiver {
    /// Starts one with a token that reads; none if PostgreSQL is missing.
    pub(crate) fn start(token: &str) -> Option<Self> {
        static FIXTURE: LazyLock<Option<Store>> = LazyLock::new(|| {
            let store = store()?;
            for input in fixture::inputs() {
                let output = store.run(&["import", "--person", "me", input.to_str().unwrap()]);
                assert!(output.status.success(), "{output:?}");
            }
            Some(store)
        });
        let store = FIXTURE.as_ref()?.copy();
        let receiver = Self { program: serve(&store), store };
        let digest = &TokenDigest::of(token.as_bytes());
        let (person, label, scope, is_of_all, created_ms, expires_ms) = ("me", None, TokenScope::Read, false, 0, None);
        let quota = Default::default();
        receiver.add_token(&NewToken { digest, person, label, scope, is_of_all, created_ms, expires_ms, quota });
        Some(receiver)
    }

    pub(crate) fn add_token(&self, new: &NewToken<'_>) {
        self.store.address().parse::<Address>().unwrap().add_token(new).unwrap();
    }

    /// Asks the same, and asserts that the answer is the same. Tags, cursors and the order of ids are those of one store.
    pub(crate) fn assert_same(&self, path: &str, headers: &[(&str, &str)], expected: &Response) {
        let is_of_a_store =
            path.contains("cursor=") || path.contains("limit=") && BY_ID.iter().any(|name| path.contains(name));
        if is_of_a_store || headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("if-none-match")) {
            return;
        }
        let mut client = Client::connect(self.program.address);
        client.head("GET", path, headers);
        assert_same(path, &client.receive(), expected);
    }
}

/// Columns of the tables of persons, by table.
fn tables(store: &Store) -> &'static BTreeMap<String, Vec<String>> {
    static TABLES: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let sql = "SELECT table_name || ' ' || column_name FROM information_schema.columns c WHERE table_schema = 'public'
            AND EXISTS (SELECT FROM information_schema.columns p WHERE p.table_schema = 'public' AND p.table_name = c.table_name
              AND p.column_name = 'person_id') ORDER BY table_name, ordinal_position";
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in store.sql(sql).lines() {
            let (table, column) = line.split_once(' ').unwrap();
            let is_of_a_store = NUMBERS.contains(&column) || TIMES_OF_RECEIPT.contains(&column);
            if !OF_A_STORE.contains(&table) && !is_of_a_store {
                tables.entry(table.to_owned()).or_default().push(column.to_owned());
            }
        }
        tables
    })
}

/// The text that an id stands for.
fn text_of(column: &str) -> Option<String> {
    let (table, text) = match column {
        "type_id" => ("types", "name"),
        "unit_id" => ("units", "name"),
        "source_id" => ("sources", "json"),
        "metadata_id" => ("shared_metadata", "json"),
        "zone_id" => ("zones", "name"),
        "group_id" => ("source_groups", "key"),
        _ => return None,
    };
    Some(format!("(SELECT d.{text} FROM {table} d WHERE d.id = x.{column})"))
}

/// A column of either store. Metadata that is shared in one of them may be in the row in the other one.
fn words(columns: &[String], word: impl Fn(&str) -> String) -> String {
    let shares = columns.iter().any(|column| column == "metadata_id");
    let words = columns.iter().filter(|column| !(shares && column.as_str() == "metadata"));
    let words: Vec<String> = words
        .map(|column| match text_of(column) {
            Some(text) if column == "metadata_id" => format!("coalesce({text}, {})", word("metadata")),
            Some(text) => format!("coalesce({text}, '')"),
            None => word(column),
        })
        .collect();
    words.join(" || '|' || ")
}

/// Rows of all tables, each behind the name of its table.
fn of_postgres(store: &Store, person: &str) -> Vec<String> {
    let of_table = |(table, columns): (&String, &Vec<String>)| {
        let row = words(columns, |column| {
            if column.ends_with("_at") {
                return format!("coalesce((extract(epoch FROM x.{column}) * 1000)::bigint::text, '')");
            }
            match column {
                "uuid" | "derived" | "identity" | "workout" | "shadowed_by" => {
                    format!("coalesce(replace(x.{column}::text, '-', ''), '')")
                }
                "hash" | "earlier" => format!("coalesce(encode(x.{column}, 'hex'), '')"),
                _ => format!("coalesce(x.{column}::text, '')"),
            }
        });
        format!(
            "SELECT replace('{table}|' || {row}, chr(10), ' ') FROM {table} x WHERE person_id = (SELECT id FROM persons WHERE name = '{person}')"
        )
    };
    let sql: Vec<String> = tables(store).iter().map(of_table).collect();
    normal(store.sql(&sql.join(" UNION ALL ")).lines())
}

fn of_file(db: &Path, store: &Store) -> Vec<String> {
    let of_table = |(table, columns): (&String, &Vec<String>)| {
        let row = words(columns, |column| {
            let name = column.strip_suffix("_at").map_or_else(|| column.to_owned(), |start| format!("{start}_ms"));
            if LONG.contains(&(table, column)) {
                return match column {
                    "metadata" => "coalesce(x.metadata, l.metadata, '')".to_owned(),
                    _ => format!("coalesce(iif(l.id IS NULL, x.{name}, l.{name}), '')"),
                };
            }
            match column {
                "uuid" | "derived" | "identity" | "workout" | "shadowed_by" | "hash" | "earlier" => {
                    format!("coalesce(lower(hex(x.{name})), '')")
                }
                _ => format!("coalesce(x.{name}, '')"),
            }
        });
        let has_long = LONG.iter().any(|(name, _)| name == table);
        let long = if has_long { "LEFT JOIN long_texts l ON l.id = CAST(x.other AS INTEGER)" } else { "" };
        rows(db, &format!("SELECT replace('{table}|' || {row}, char(10), ' ') AS row FROM {table} x {long}"))
    };
    let rows: Vec<Value> = tables(store).iter().flat_map(of_table).collect();
    normal(rows.iter().map(|row| row["row"].as_str().unwrap()))
}

/// Rows in some order, with numbers as they are printed here.
fn normal<'a>(rows: impl Iterator<Item = &'a str>) -> Vec<String> {
    let number = |word: &str| word.parse::<f64>().map_or_else(|_| word.to_owned(), |number| number.to_string());
    let mut rows: Vec<String> =
        rows.map(|row| row.replace('\0', "\u{2400}").split('|').map(number).collect::<Vec<_>>().join("|")).collect();
    rows.sort();
    rows
}
