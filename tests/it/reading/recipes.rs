//! The recipes of `docs/data.md`, each with the answer that its database must give.

use std::path::Path;
use std::process::Command;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::fixture::database;
use super::page::document;
use crate::program::run_with_input;

/// Answers by the recipes' headings: one text for each row.
const ANSWERS: [(&str, &[&str]); 18] = [
    ("The latest heart rate", &["2026-01-06T08:00:00.000Z|60.0"]),
    ("Heart rate of one day", &["4|136.3"]),
    ("Resting heart rate by month", &["me|2026-01|55.0|2", "me|2026-02|52.0|1"]),
    (
        "Heart rate variability, mean of seven days",
        &["me|2025-12-01|45.0|45.0", "me|2026-01-05|40.0|40.0", "me|2026-01-06|50.0|45.0", "me|2026-02-05|60.0|60.0"],
    ),
    ("VO2 max by month", &["me|2026-01|44.5", "me|2026-02|46.0"]),
    ("Weight by week, in kilograms", &["me|2026-01|70.7", "me|2026-05|72.0"]),
    ("Oxygen saturation in percent", &["me|2026-01|97.5|97.0", "me|2026-02|96.0|96.0"]),
    ("Blood pressure", &["2026-01-05T08:00:00.000Z|122.0|78.0|mmHg"]),
    ("Steps by day", &["2026-01-05|7000|0", "2026-01-06|2000|0"]),
    ("The days with the most steps", &["me|2026-01-05|7000", "me|2026-01-06|2000"]),
    ("Sleep by night", &["2026-01-06|420.0|480.0|270.0|90.0|60.0|15.0|2026-01-05T22:00:00|2026-01-06T05:45:00"]),
    (
        "Resting heart rate beside its mean of 28 days",
        &["2026-01-05|54.0|54.0", "2026-01-06|56.0|55.0", "2026-02-05|52.0|52.0"],
    ),
    ("Doses by month", &["2026-01|Aspirin 81mg|4|3|75.0"]),
    (
        "Workouts by week, with distance and pace",
        &["me|2026-01-05|running|1|5.0|6.0", "me|2026-01-05|walking|1|3.2|18.64"],
    ),
    (
        "Heart rate zones of the last run",
        &["1: under 114|0.5|1", "2: 114 to 132|0.5|1", "3: 133 to 151|0.5|1", "4: 152 to 170|1.0|1"],
    ),
    (
        "The route of the last run",
        &[
            "2026-01-05T07:00:00.000Z|47.1|8.5|450.5|2.5",
            "2026-01-05T07:00:01.000Z|47.2|8.5|450.5|",
            "2026-01-05T07:00:02.000Z|47.3|8.5|450.5|2.75",
        ],
    ),
    (
        "The route of one workout",
        &[
            "2026-01-05T07:00:00.000Z|47.1|8.5",
            "2026-01-05T07:00:01.000Z|47.2|8.5",
            "2026-01-05T07:00:02.000Z|47.3|8.5",
        ],
    ),
    ("Medications taken and due, by month", &["me|Aspirin 81mg|2026-01|3|4|75.0"]),
];

/// Returns the headings and statements of the page's recipes.
fn recipes() -> Vec<(String, String)> {
    let document = document();
    let (_, section) = document.split_once("\n## Recipes\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let recipe = |part: &str| {
        let (heading, rest) = part.split_once('\n').unwrap();
        let sql = rest.split("```sql\n").nth(1).and_then(|sql| sql.split("```").next());
        (heading.to_owned(), sql.unwrap_or_else(|| panic!("{heading} has no SQL")).to_owned())
    };
    section.split("\n### ").skip(1).map(recipe).collect()
}

fn answer(connection: &Connection, sql: &str) -> Vec<String> {
    let mut select = connection.prepare(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    let count = select.column_count();
    let mut rows = select.query([]).unwrap();
    let mut answer = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let text = |column| match row.get_ref(column).unwrap() {
            ValueRef::Null => String::new(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => format!("{number:?}"),
            ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
            ValueRef::Blob(_) => panic!("{sql}"),
        };
        answer.push((0..count).map(text).collect::<Vec<_>>().join("|"));
    }
    answer
}

#[test]
fn every_recipe_of_the_page_has_its_answer() {
    let (_folder, database) = database();
    let connection = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let recipes = recipes();
    for (heading, sql) in &recipes {
        let expected = ANSWERS.iter().find(|(name, _)| name == heading);
        let (_, expected) = expected.unwrap_or_else(|| panic!("no answer to {heading}"));
        assert_eq!(answer(&connection, sql), *expected, "{heading}");
        check_system(&database, sql, expected);
    }
    assert_eq!(recipes.len(), ANSWERS.len());
}

/// The same with the system's `sqlite3`, which is older; `plans` reports where it is missing.
fn check_system(database: &Path, sql: &str, expected: &[&str]) {
    if Command::new("sqlite3").arg("-version").output().is_ok() {
        let mut sqlite3 = Command::new("sqlite3");
        sqlite3.arg("-readonly").arg("-list").arg(database);
        let output = run_with_input(&mut sqlite3, sql.as_bytes());
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected, "{sql} {}", String::from_utf8_lossy(&output.stderr));
    }
}
