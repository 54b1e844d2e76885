//! The part of `docs/data.md` that describes tables and views. It is made from the schema's comments; `scripts/bless` writes it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};

use super::fixture::database;

/// The generated part is between these lines.
const BEGIN: &str = "<!-- Made from src/store/schema by scripts/bless. -->\n";
const END: &str = "<!-- End of what is made. -->\n";

/// Columns whose values depend on when and where a database is made, and so have no example.
const WITHOUT_EXAMPLE: [&str; 15] = [
    "started",
    "finished",
    "sender",
    "started_ms",
    "finished_ms",
    "first_seen_ms",
    "last_seen_ms",
    "created_ms",
    "last_used_ms",
    "digest",
    "hash",
    "content",
    "side_rows",
    "body_bytes",
    "run",
];

/// What the ends of the tables' columns mean.
const UNITS: [(&str, &str); 10] = [
    ("_ms", "milliseconds since 1970, UTC"),
    ("_m_s", "metres per second"),
    ("_s", "seconds"),
    ("_kcal", "kilocalories"),
    ("_m", "metres"),
    ("_deg", "degrees from north"),
    ("_hz", "values a second"),
    ("_min", "minutes"),
    ("_hours", "hours"),
    ("_bytes", "bytes"),
];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The page as it is.
pub(super) fn document() -> String {
    fs::read_to_string(path("docs/data.md")).unwrap()
}

/// A table or a view with its comments.
struct Object {
    name: String,
    comment: String,
    columns: BTreeMap<String, String>,
}

/// Returns what a file of the schema makes, and the columns that its head describes.
fn parse(file: &str) -> (Vec<Object>, BTreeMap<String, String>) {
    let text = fs::read_to_string(path(&format!("src/store/schema/{file}"))).unwrap();
    let (mut objects, mut common): (Vec<Object>, _) = (Vec::new(), BTreeMap::new());
    let mut comment = String::new();
    let mut is_open = false;
    for line in text.lines() {
        if let Some((names, meaning)) = line.strip_prefix("--   ").and_then(|line| line.split_once(": ")) {
            common.extend(names.split(", ").map(|name| (name.to_owned(), meaning.trim_end_matches('.').to_owned())));
        } else if let Some(text) = line.trim_start().strip_prefix("-- ") {
            comment += if comment.is_empty() { "" } else { " " };
            comment += text;
        } else if let Some(rest) = line.strip_prefix("CREATE VIEW ").or_else(|| line.strip_prefix("CREATE TABLE ")) {
            let name = rest.split_whitespace().next().unwrap().to_owned();
            objects.push(Object { name, comment: std::mem::take(&mut comment), columns: BTreeMap::new() });
            is_open = true;
        } else if is_open {
            let (code, trailing) = line.split_once(" -- ").unwrap_or((line, ""));
            let meaning = if trailing.is_empty() { std::mem::take(&mut comment) } else { trailing.to_owned() };
            if !meaning.is_empty() {
                objects.last_mut().unwrap().columns.insert(column_of(code), meaning);
            }
            is_open = !line.ends_with(';');
        } else {
            comment.clear();
        }
    }
    (objects, common)
}

/// The column that a line of a statement defines.
fn column_of(code: &str) -> String {
    let code = code.trim().trim_end_matches(',');
    let name = match code.rsplit_once(" AS ") {
        Some((_, name)) if !name.starts_with('(') => name,
        _ => code.split_whitespace().next().unwrap_or_default(),
    };
    name.rsplit('.').next().unwrap().trim_matches('"').to_owned()
}

/// Returns the columns with the values of the first row that has most of them.
fn examples(connection: &Connection, name: &str) -> Vec<(String, String)> {
    let mut select = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let mut best = vec![String::new(); columns.len()];
    let mut filled = 0;
    let mut rows = select.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let values: Vec<String> = (0..columns.len()).map(|column| shown(row.get_ref(column).unwrap())).collect();
        let count = values.iter().filter(|value| !value.is_empty()).count();
        if count > filled {
            (best, filled) = (values, count);
        }
    }
    let example = |(column, value): (String, String)| {
        let has_example = !WITHOUT_EXAMPLE.contains(&column.as_str());
        (column, if has_example { value } else { String::new() })
    };
    columns.into_iter().zip(best).map(example).collect()
}

/// A value as a cell, cut if it is long.
fn shown(value: ValueRef<'_>) -> String {
    const CHARS: usize = 48;
    let text = match value {
        ValueRef::Null => return String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
        ValueRef::Blob(bytes) => format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    };
    if text.is_empty() {
        return String::new();
    }
    let cut: String = text.chars().take(CHARS).collect();
    let end = if cut.len() < text.len() { "…" } else { "" };
    format!("`{}{end}`", cut.replace('|', "\\|").replace('\n', " "))
}

/// What a table's column is, if nobody has described it: what it refers to, or its unit.
fn derived(connection: &Connection, table: &str, column: &str) -> Option<String> {
    let sql = "SELECT \"table\" FROM pragma_foreign_key_list(?1) WHERE \"from\" = ?2";
    let target: Option<String> = connection.query_row(sql, [table, column], |row| row.get(0)).optional().unwrap();
    let unit = UNITS.iter().find(|(end, _)| column.ends_with(end)).map(|(_, unit)| (*unit).to_owned());
    target.map(|target| format!("`{target}`.`id`")).or(unit)
}

/// The first constant that a one-type view filters by, without HealthKit's prefix.
fn type_of(connection: &Connection, view: &str, of: &str) -> Option<String> {
    let sql = "SELECT sql FROM sqlite_schema WHERE name = ?1";
    let sql: String = connection.query_row(sql, [view], |row| row.get(0)).unwrap();
    let (_, kind) = sql.split_once(&format!("FROM {of} WHERE type = 'HK"))?;
    let kind = kind.trim_end_matches('\'');
    kind.strip_prefix("QuantityTypeIdentifier")
        .or_else(|| kind.strip_prefix("CategoryTypeIdentifier"))
        .map(str::to_owned)
}

/// The table of views of one type: its heading, and what they have in common.
const DAYS: &str = "\n### Days of one type\n\nThey have the columns `person`, `day`, `value`, `unit` and `partial`, and most \
    have `minimum`, `maximum`, `last`, `samples`, `source` and `zone`. `day_details` below explains them.\n\n\
    | view | type | unit | value | about it |\n|---|---|---|---|---|\n";

fn generated(connection: &Connection) -> String {
    let (views, common) = parse("views.sql");
    let mut page = String::from("## Views\n\n### Samples of one type\n\n");
    let (mut days, mut rest) = (DAYS.to_owned(), String::new());
    let columns =
        "`person`, `start_time`, `end_time`, `value`, `unit`, `source`, `metadata`, `uuid`, `start_ms`, `end_ms`";
    let _ = writeln!(
        page,
        "They have the columns {columns}, which `sample_details` below explains, and those in the last column.\n"
    );
    page += "| view | type | unit | value | about it |\n|---|---|---|---|---|\n";
    for view in &views {
        let examples = examples(connection, &view.name);
        assert!(examples.iter().any(|(_, example)| !example.is_empty()), "the database has no row of {}", view.name);
        let of_samples = type_of(connection, &view.name, "sample_details");
        let list = if of_samples.is_some() { &mut page } else { &mut days };
        if let Some(kind) = of_samples.or_else(|| type_of(connection, &view.name, "day_details")) {
            let example = |name: &str| examples.iter().find(|(column, _)| column == name).unwrap().1.clone();
            let more: String = view.columns.iter().map(|(name, text)| format!(" `{name}`: {text}.")).collect();
            let (unit, value, about) = (example("unit"), example("value"), format!("{}{more}", view.comment));
            let _ = writeln!(list, "| `{}` | {kind} | {unit} | {value} | {} |", view.name, about.trim());
            continue;
        }
        let _ = write!(rest, "\n### `{}`\n\n{}", view.name, view.comment);
        rest += if view.comment.is_empty() { "" } else { "\n\n" };
        rest += "| column | what it is | example |\n|---|---|---|\n";
        for (column, example) in examples {
            let meaning = view.columns.get(&column).or_else(|| common.get(&column));
            let meaning = meaning.unwrap_or_else(|| panic!("views.sql does not describe {}.{column}", view.name));
            let _ = writeln!(rest, "| `{column}` | {meaning} | {example} |");
        }
    }
    // A table's column is what the view shows under the same name.
    let mut described = common;
    for (name, meaning) in views.into_iter().flat_map(|view| view.columns) {
        described.entry(name).or_insert(meaning);
    }
    page += &days;
    page += &rest;
    page + &tables(connection, &described)
}

fn tables(connection: &Connection, described: &BTreeMap<String, String>) -> String {
    let (tables, _) = parse("tables.sql");
    let mut page = String::from("\n## Tables\n\n");
    page += "Columns that end in `_id` refer to the table of that name. `uuid` and other identities are blobs of 16 bytes.\n";
    for table in tables {
        let _ = write!(page, "\n### `{}`\n\n{}", table.name, table.comment);
        page += if table.comment.is_empty() { "" } else { "\n\n" };
        page += "| column | type | what it is | example |\n|---|---|---|---|\n";
        for (column, example) in examples(connection, &table.name) {
            let sql = "SELECT lower(type) FROM pragma_table_xinfo(?1) WHERE name = ?2";
            let kind: String = connection.query_row(sql, [&table.name, &column], |row| row.get(0)).unwrap();
            let meaning = table.columns.get(&column).cloned();
            let meaning = meaning.or_else(|| derived(connection, &table.name, &column));
            let meaning = meaning.or_else(|| described.get(&column).cloned()).unwrap_or_default();
            let _ = writeln!(page, "| `{column}` | {kind} | {meaning} | {example} |");
        }
    }
    page
}

#[test]
fn the_page_of_the_data_is_that_of_the_schema() {
    let (_folder, database) = database();
    let generated = generated(&Connection::open(&database).unwrap());
    let document = document();
    let (head, rest) = document.split_once(BEGIN).unwrap();
    let (found, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("HEALTHSINK_BLESS").is_some() {
        fs::write(path("docs/data.md"), format!("{head}{BEGIN}\n{generated}\n{END}{tail}")).unwrap();
        return;
    }
    let difference = found.trim().lines().zip(generated.trim().lines()).find(|(found, made)| found != made);
    assert!(
        found.trim() == generated.trim(),
        "docs/data.md is not that of the schema; run scripts/bless: {difference:?}"
    );
}
