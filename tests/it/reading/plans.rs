//! Every view reaches the key of `samples` and `route_points`, in the bundled SQLite and in the one that the system has.

use std::path::Path;
use std::process::Command;

use healthsink_testkit::missing::not_run;
use rusqlite::Connection;

use super::fixture::database;
use crate::program::run_with_input;

/// Words that other databases reserve: PostgreSQL, which DuckDB follows, MySQL and BigQuery.
const RESERVED: &str = "all alter analyse analyze and any array as asc asymmetric between both by case cast check collate column \
    constraint create cross current current_date current_time current_timestamp current_user default deferrable desc distinct do \
    drop else end enum except exists false fetch following for foreign from full grant group grouping groups having if ignore in \
    index initially inner insert intersect interval into is join key keys kill lateral leading left like limit localtime \
    localtimestamp long loop match merge natural no not null nulls of offset on only option or order outer over partition \
    placing preceding primary proto qualify range rank read recursive references release rename repeat replace require respect \
    returning revoke right rollup row rows schema select session_user set some struct symmetric system table tablesample then to \
    trailing treat trigger true unbounded union unique unnest update usage use user using values variadic when where window with \
    within write";

/// Columns that stay under such a word for one version.
const OLD_NAMES: [&str; 1] = ["end"];

fn views(connection: &Connection) -> Vec<String> {
    let mut select = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn columns(connection: &Connection, view: &str) -> Vec<String> {
    let select = connection.prepare(&format!("SELECT * FROM {view}")).unwrap();
    select.column_names().map(str::to_owned).collect()
}

/// Queries of each view as people type them.
fn queries(connection: &Connection) -> Vec<String> {
    let mut queries = Vec::new();
    for view in views(connection) {
        let columns = columns(connection, &view);
        let has = |name: &str| columns.iter().any(|column| column == name);
        queries.push(format!("SELECT * FROM {view}"));
        queries.push(format!("SELECT count(*) FROM {view}"));
        if has("start_ms") {
            queries.push(format!("SELECT * FROM {view} WHERE person = 'me' AND start_ms >= 1 ORDER BY start_ms DESC"));
        }
        if has("source") {
            queries.push(format!("SELECT source, count(*) FROM {view} WHERE source = 'Apple Watch' GROUP BY source"));
        }
        if has("uuid") {
            queries.push(format!("SELECT * FROM {view} WHERE uuid = 'A'"));
        }
        if has("workout") {
            queries.push(format!("SELECT * FROM {view} WHERE workout = 'A'"));
        }
    }
    queries
}

/// Fails if a line of a plan reads all of `samples` (`s` in the views) or `route_points` (`r`).
fn check_line(query: &str, line: &str) {
    let step = line.trim_start_matches(['|', '`', '-', ' ']);
    let words: Vec<&str> = step.split_whitespace().take(2).collect();
    let by_key = match words[..] {
        [_, "s" | "samples"] => "USING PRIMARY KEY (person_id=? AND type_id=?",
        [_, "r" | "route_points"] => "(person_id=?",
        _ => return,
    };
    assert!(words[0] == "SEARCH" && step.contains(by_key), "{query}: {line}");
}

fn bundled_plan(connection: &Connection, query: &str) -> Vec<String> {
    let mut select = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
    select.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect()
}

/// The plans of the system's `sqlite3`, or `None` without one.
fn system_plan(database: &Path, query: &str) -> Option<Vec<String>> {
    if Command::new("sqlite3").arg("-version").output().is_err() {
        not_run("there is no `sqlite3`");
        return None;
    }
    let mut sqlite3 = Command::new("sqlite3");
    sqlite3.arg("-readonly").arg(database);
    let output = run_with_input(&mut sqlite3, format!("EXPLAIN QUERY PLAN {query};\n").as_bytes());
    assert!(output.status.success() && output.stderr.is_empty(), "{query}: {output:?}");
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[test]
fn no_view_scans_samples_or_locations() {
    let (_folder, database) = database();
    let connection = Connection::open(&database).unwrap();
    for query in queries(&connection) {
        let plan = bundled_plan(&connection, &query);
        assert!(!plan.is_empty());
        plan.iter().for_each(|line| check_line(&query, line));
    }
    for (view, part) in [("heart_rate", "start_ms>?"), ("sleep", "start_ms>?")] {
        let query = format!("SELECT * FROM {view} WHERE person = 'me' AND start_ms >= 1 ORDER BY start_ms DESC");
        assert!(bundled_plan(&connection, &query).join(" ").contains(part), "{query}");
    }
}

#[test]
fn no_view_scans_samples_or_locations_in_the_systems_sqlite() {
    let (_folder, database) = database();
    let connection = Connection::open(&database).unwrap();
    for query in queries(&connection) {
        let Some(plan) = system_plan(&database, &query) else { return };
        assert!(!plan.is_empty());
        plan.iter().for_each(|line| check_line(&query, line));
        let is_by_start = query.contains("FROM heart_rate WHERE person");
        assert!(!is_by_start || plan.join(" ").contains("start_ms>?"), "{query}: {plan:?}");
    }
}

/// The plans name `samples` and `route_points` by these aliases only.
#[test]
fn aliases_in_views_are_those_that_plans_are_searched_for() {
    let (_folder, database) = database();
    let connection = Connection::open(&database).unwrap();
    for view in views(&connection) {
        let sql: String =
            connection.query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [&view], |row| row.get(0)).unwrap();
        let words: Vec<&str> = sql.split_whitespace().map(|word| word.trim_end_matches([',', ')', ';'])).collect();
        for part in words.windows(3).filter(|part| ["FROM", "JOIN"].contains(&part[0])) {
            assert_eq!(part[1] == "samples", part[2] == "s", "{view}: {part:?}");
            assert_eq!(part[1] == "route_points", part[2] == "r", "{view}: {part:?}");
        }
    }
}

#[test]
fn columns_of_views_need_no_quotes() {
    let (_folder, database) = database();
    let connection = Connection::open(&database).unwrap();
    for view in views(&connection) {
        for column in columns(&connection, &view) {
            if OLD_NAMES.contains(&column.as_str()) {
                continue;
            }
            assert!(!RESERVED.split_whitespace().any(|word| word == column), "{view}.{column}");
            connection.prepare(&format!("SELECT {column} FROM {view}")).unwrap();
        }
    }
}
