//! Whether the database has the schema of its version: every table, index and trigger, and the rows that the schema itself brings.
//! Views are noted only.
//!
//! The same steps make that schema in memory, so nothing here names a table.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::report::{RESTORE, Report, plural};
use crate::model::limits::CHECK_FAULTS_MAX;
use crate::store::schema;
use crate::store::tables::is_of_figures;
use crate::store::version::VERSION;

/// A table, an index, a view or a trigger.
#[derive(Debug, Eq, PartialEq)]
struct Object {
    kind: String,
    /// The statement that makes it, in one line.
    sql: String,
    is_unique: bool,
}

/// Objects by their names.
type Objects = BTreeMap<String, Object>;

/// Compares the database with the schema of its version.
pub(super) fn check(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let model = schema::in_memory(version)?;
    let (expected, mut found) = (objects(&model)?, objects(connection)?);
    let mut faults = Vec::new();
    for (name, object) in &expected {
        let fault = match found.remove(name) {
            None if version == VERSION && is_of_figures(name) => {
                let remedy =
                    "no row is lost; the next start of `healthsink serve` or `healthsink import` computes it again";
                report.add_note("schema", format!("the table {name} is missing"), remedy);
                continue;
            }
            None => "is missing",
            Some(other) if other.sql != object.sql => "is not as this version makes it",
            Some(_) => continue,
        };
        faults.push((format!("the {} {name} {fault}", object.kind), remedy(name, object, fault)));
    }
    for (message, remedy) in faults.into_iter().take(CHECK_FAULTS_MAX as usize) {
        report.add_damage("schema", message, remedy);
    }
    check_views(&mut found, version, report);
    for (name, object) in found.iter().take(CHECK_FAULTS_MAX as usize) {
        add_foreign(name, object, report);
    }
    check_rows(connection, &model, report)
}

/// Removes our views from what was found. Their text may be that of another build, or of an older version, and the next program that
/// writes makes them again.
fn check_views(found: &mut Objects, version: u32, report: &mut Report) {
    let mut outdated = Vec::new();
    for view in schema::views() {
        let is_view = found.get(view.name).is_some_and(|object| object.kind == "view");
        let sql = is_view.then(|| found.remove(view.name)).flatten().map(|object| object.sql);
        if sql.as_deref() != Some(&in_one_line(view.sql)) {
            outdated.push(view.name);
        }
    }
    let count = i64::try_from(outdated.len()).unwrap_or(i64::MAX);
    if version == VERSION && count > 0 {
        let names = &outdated[..outdated.len().min(CHECK_FAULTS_MAX as usize)];
        let message =
            format!("{} missing or not as this version makes them: {}", plural(count, "view"), names.join(", "));
        let remedy = "no row is lost; the next start of `healthsink serve` or `healthsink import` makes them again";
        report.add_note("schema", message, remedy);
    }
}

/// The remedy for an object of ours. Rows are lost only with tables.
fn remedy(name: &str, object: &Object, fault: &str) -> String {
    let Object { kind, sql, .. } = object;
    match (kind.as_str(), fault) {
        ("table", "is missing") => RESTORE.to_owned(),
        ("table", _) => format!("if you changed it, undo that with `sqlite3`; else {RESTORE}"),
        (_, "is missing") => format!("no row is lost; stop the server and run in `sqlite3`: {sql}"),
        _ => format!("no row is lost; stop the server and run in `sqlite3`: DROP {kind} {name}; {sql}"),
    }
}

/// Reports an object that is not ours. Some change what is stored.
fn add_foreign(name: &str, object: &Object, report: &mut Report) {
    let (kind, shown) = (object.kind.as_str(), name.escape_debug());
    let quoted = name.replace('"', "\"\"").escape_debug().to_string();
    let drop = format!("`sqlite3`: DROP {} \"{quoted}\"", kind.to_uppercase());
    match kind {
        "trigger" => {
            let message = format!("the trigger {shown} is not healthsink's, and may change what is stored");
            report.add_damage("schema", message, format!("stop the server and run in {drop}"));
        }
        "index" if object.is_unique => {
            let message = format!("the unique index {shown} is not healthsink's, and keeps rows from being stored");
            report.add_damage("schema", message, format!("stop the server and run in {drop}"));
        }
        _ => {
            let remedy = format!("nothing is lost; if you do not need it, run in {drop}");
            report.add_note("schema", format!("the {kind} {shown} is not healthsink's"), remedy);
        }
    }
}

/// Reads the objects that have a statement. SQLite's own tables, such as those of ANALYZE, do not count.
fn objects(connection: &Connection) -> rusqlite::Result<Objects> {
    let sql =
        "SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut select = connection.prepare(sql)?;
    let mut rows = select.query([])?;
    let mut objects = Objects::new();
    while let Some(row) = rows.next()? {
        // A flipped bit may leave a text that is not UTF-8.
        let text = |column| row.get_ref(column)?.as_bytes().map(String::from_utf8_lossy).map_err(rusqlite::Error::from);
        let sql = in_one_line(&text(2)?);
        let is_unique = sql.split(' ').nth(1).is_some_and(|word| word.eq_ignore_ascii_case("UNIQUE"));
        objects.insert(text(0)?.into_owned(), Object { kind: text(1)?.into_owned(), sql, is_unique });
    }
    Ok(objects)
}

/// Returns a statement without its comments, with single blanks between its words, and without quotes around plain names. An
/// edited comment changes nothing, and SQLite quotes the names of tables that were renamed.
fn in_one_line(sql: &str) -> String {
    let mut line = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let mut length = first.len_utf8();
        match first {
            '-' if rest.starts_with("--") => {
                length = rest.find('\n').unwrap_or(rest.len());
            }
            _ if first.is_whitespace() => {
                if !line.ends_with([' ', '(']) {
                    line.push(' ');
                }
            }
            '\'' | '"' | '`' => {
                let name = rest[1..].split_once(first).map(|(name, _)| name);
                length = name.map_or(rest.len(), |name| name.len() + 2);
                let is_word = |name: &&str| name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
                let word = name.filter(|name| first == '"' && !name.is_empty() && is_word(name));
                line.push_str(word.unwrap_or(&rest[..length]));
            }
            ',' | ')' => {
                line.truncate(line.trim_end_matches(' ').len());
                line.push(first);
            }
            _ => line.push(first),
        }
        rest = &rest[length..];
    }
    line
}

/// Finds missing rows of tables that only the schema fills: no other table refers to them.
fn check_rows(connection: &Connection, model: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let sql = "SELECT name FROM sqlite_schema t WHERE type = 'table' AND NOT EXISTS (
        SELECT 1 FROM sqlite_schema o, pragma_foreign_key_list(o.name) k WHERE o.type = 'table' AND k.\"table\" = t.name)";
    let mut select = model.prepare(sql)?;
    let names = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    for name in names {
        let missing = missing_rows(connection, model, &name)?;
        if missing > 0 {
            let message = format!("{name} lacks {} that the schema brings", plural(missing, "row"));
            report.add_damage(
                "schema",
                message,
                "views lack names; insert these rows from a new database, or restore a backup",
            );
        }
    }
    Ok(())
}

/// Counts the rows of a table of the model that the database lacks. A table without a key holds values that change, so only
/// their number is compared.
fn missing_rows(connection: &Connection, model: &Connection, table: &str) -> rusqlite::Result<i64> {
    let has_key = model.prepare("SELECT 1 FROM pragma_table_info(?1) WHERE pk > 0")?.exists([table])?;
    if !has_key {
        let sql = format!("SELECT count(*) FROM \"{table}\"");
        let count = |connection: &Connection| connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
        return Ok((count(model)? - count(connection)?).max(0));
    }
    let mut select = model.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let columns: Vec<String> = select.column_names().map(str::to_owned).collect();
    let mut rows = select.query([])?;
    let mut missing = 0;
    while let Some(row) = rows.next()? {
        let values = (0..columns.len()).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>()?;
        let is_same: Vec<String> = columns.iter().map(|column| format!("\"{column}\" IS ?")).collect();
        let sql = format!("SELECT 1 FROM \"{table}\" WHERE {}", is_same.join(" AND "));
        missing += i64::from(!connection.prepare_cached(&sql)?.exists(params_from_iter(values))?);
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_compared_without_comments() {
        let check = |sql: &str, expected: &str| assert_eq!(in_one_line(sql), expected);
        check("CREATE TABLE a (\n  b TEXT, -- what it is\n  c TEXT\n)", "CREATE TABLE a (b TEXT, c TEXT)");
        check("CREATE VIEW a AS\n\tSELECT '--  x' AS \"b  c\"", "CREATE VIEW a AS SELECT '--  x' AS \"b  c\"");
        check("CREATE TABLE a (b TEXT\n, c TEXT )", "CREATE TABLE a (b TEXT, c TEXT)");
        check("SELECT 'it''s' -- end", "SELECT 'it''s' ");
        check("SELECT 'open", "SELECT 'open");
        check("CREATE TABLE \"a\" (\"b c\" TEXT, \"d_2\" TEXT)", "CREATE TABLE a (\"b c\" TEXT, d_2 TEXT)");
        check("SELECT \"é", "SELECT \"é");
    }

    #[test]
    fn a_new_database_has_the_schema_of_a_migrated_one() {
        let (new, migrated) = (schema::in_memory(VERSION).unwrap(), schema::migrated_in_memory());
        let [made, brought] = [&new, &migrated].map(|connection| objects(connection).unwrap());
        for (name, object) in &made {
            assert_eq!(brought.get(name), Some(object), "{name}");
        }
        assert_eq!(made.keys().collect::<Vec<_>>(), brought.keys().collect::<Vec<_>>());
        // SQLite's own view of it: columns with types, defaults and keys, and the columns of indexes.
        let details = "SELECT t.name, c.* FROM sqlite_schema t, pragma_table_xinfo(t.name) c
            UNION ALL SELECT t.name, i.seq, i.name, i.\"unique\", i.origin, i.partial, x.name, x.seqno
            FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) x ORDER BY 1, 2, 3, 4, 8";
        let tables = "SELECT name, type, ncol, wr, strict FROM pragma_table_list WHERE schema = 'main' ORDER BY 1";
        let mut contents = vec![details.to_owned(), tables.to_owned()];
        // A migration notes that every figure is outdated; a new database has none.
        let tables = made.iter().filter(|(name, object)| object.kind == "table" && name.as_str() != "changes");
        contents.extend(tables.map(|(table, _)| format!("SELECT * FROM \"{table}\" ORDER BY 1")));
        for sql in contents {
            assert_eq!(rows(&new, &sql), rows(&migrated, &sql), "{sql}");
        }
    }

    /// Databases of version 1 exist, so its schema may not change when today's tables do.
    #[test]
    fn version_1_stays_as_it_was() {
        let objects = objects(&schema::in_memory(1).unwrap()).unwrap();
        let statements: Vec<&str> = objects.values().map(|object| object.sql.as_str()).collect();
        assert_eq!(statements.len(), 29);
        let digest = blake3::hash(statements.join("\n").as_bytes()).to_hex();
        assert_eq!(&digest[..16], "9dbfd1df2e7457fe");
    }

    fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Value>> {
        let mut select = connection.prepare(sql).unwrap();
        let columns = select.column_count();
        let rows = select.query_map([], |row| (0..columns).map(|column| row.get(column)).collect()).unwrap();
        rows.map(Result::unwrap).collect()
    }
}
