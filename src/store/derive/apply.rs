//! The writer's side: a chunk into its tables. A row that is already there as it is costs a look-up.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::chunk::{Chunk, Column, Dictionary, Finish, GroupRow, Part, Row, Rows};
use crate::model::error::Result;
use crate::store::Store;
use crate::store::supplied::Supplied;

impl Store {
    /// Stores a chunk in the open transaction. Returns `false` if its run was overtaken by another one.
    pub(in crate::store) fn store_derived(&mut self, chunk: &Chunk) -> Result<bool> {
        apply(Supplied::whole(&self.connection), chunk).map_err(|error| self.failed(&error))
    }
}

const BEGIN: &str = "INSERT INTO derived_state (person_id, change, rules, tzdb, run) VALUES (?1, 0, 0, '', ?2)
    ON CONFLICT DO UPDATE SET run = excluded.run";

const FINISH: &str = "UPDATE derived_state SET change = ?2, rules = ?3, tzdb = ?4, home = ?5 WHERE person_id = ?1";

const GROUP: &str = "INSERT INTO source_groups (id, person_id, key, name, class, first_ms, last_ms, sources)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET name = excluded.name, class = excluded.class,
      first_ms = excluded.first_ms, last_ms = excluded.last_ms, sources = excluded.sources";

/// No figure names a group without samples. If one still does, it keeps the group.
const GROUP_GONE: &str = "DELETE FROM source_groups WHERE person_id = ?1 AND id = ?2
      AND NOT EXISTS (SELECT 1 FROM days WHERE person_id = ?1 AND group_id = ?2)
      AND NOT EXISTS (SELECT 1 FROM night_segments WHERE person_id = ?1 AND group_id = ?2)";

/// Stores a chunk. Returns `false` if its run was overtaken by another one.
pub(in crate::store) fn apply(connection: Supplied<'_>, chunk: &Chunk) -> rusqlite::Result<bool> {
    for part in &chunk.parts {
        if !apply_part(connection, chunk, part)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn apply_part(connection: Supplied<'_>, chunk: &Chunk, part: &Part) -> rusqlite::Result<bool> {
    let person = chunk.person;
    if let Part::Begin { home } = part {
        connection.prepare_cached(BEGIN)?.execute(params![person, chunk.run])?;
        if let Some(home) = home {
            let sql = "INSERT INTO home_zones (person_id, zone) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            connection.prepare_cached(sql)?.execute(params![person, home])?;
        }
        return Ok(true);
    }
    let mut select = connection.prepare_cached("SELECT run FROM derived_state WHERE person_id = ?1")?;
    if select.query_row([person], |row| row.get(0)).optional()? != Some(chunk.run) {
        return Ok(false);
    }
    match part {
        Part::Begin { .. } => {}
        Part::Groups(groups) => groups.iter().try_for_each(|group| put_group(&connection, person, group))?,
        Part::Rows(rows) => replace(connection, rows)?,
        Part::Finish(finish) => put_state(connection, person, finish)?,
    }
    Ok(true)
}

fn put_group(connection: &Connection, person: i64, group: &GroupRow) -> rusqlite::Result<()> {
    let GroupRow { id, key, name, class, first_ms, last_ms, sources } = group;
    connection.prepare_cached(GROUP)?.execute(params![id, person, key, name, class, first_ms, last_ms, sources])?;
    Ok(())
}

fn put_state(connection: Supplied<'_>, person: i64, finish: &Finish) -> rusqlite::Result<()> {
    let Finish { change, rules, tzdb, home, groups, gone, lengths, zones } = finish;
    groups.iter().try_for_each(|group| put_group(&connection, person, group))?;
    for id in gone {
        connection.prepare_cached(GROUP_GONE)?.execute([person, *id])?;
    }
    let mut put = connection.prepare_cached(
        "INSERT INTO sample_lengths (person_id, type_id, longest_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET longest_ms = excluded.longest_ms",
    )?;
    for (kind, longest_ms) in lengths {
        put.execute(params![person, kind, longest_ms])?;
    }
    if let Some((from_ms, zones)) = zones {
        let sql = "DELETE FROM zone_changes WHERE person_id = ?1 AND from_ms >= ?2";
        connection.prepare_cached(sql)?.execute([person, *from_ms])?;
        let sql = "INSERT INTO zone_changes (person_id, from_ms, zone_id) VALUES (?1, ?2, ?3)";
        for (from_ms, zone) in zones {
            let zone = id_of(connection, Dictionary::Zones, zone)?;
            connection.prepare_cached(sql)?.execute(params![person, from_ms, zone])?;
        }
    }
    connection.prepare_cached(FINISH)?.execute(params![person, change, rules, tzdb, home])?;
    Ok(())
}

/// The id of a text. A new text is added.
fn id_of(connection: Supplied<'_>, dictionary: Dictionary, text: &str) -> rusqlite::Result<i64> {
    let (select, insert) = match dictionary {
        Dictionary::Units => ("SELECT id FROM units WHERE name = ?1", "INSERT INTO units (name, id) VALUES (?1, ?2)"),
        Dictionary::Zones => ("SELECT id FROM zones WHERE name = ?1", "INSERT INTO zones (name, id) VALUES (?1, ?2)"),
    };
    let id = connection.ids().map(|ids| (ids.text)(text));
    match connection.prepare_cached(select)?.query_row([text], |row| row.get(0)).optional()? {
        Some(id) => Ok(id),
        None => connection.prepare_cached(insert)?.insert(params![text, id]),
    }
}

/// Puts rows in place of all others between their keys.
fn replace(connection: Supplied<'_>, rows: &Rows) -> rusqlite::Result<()> {
    delete_gone(connection, rows)?;
    let mut put = connection.prepare_cached(&put_sql(rows))?;
    // The rows of a chunk mostly have one unit and one zone.
    let mut last: [Option<(&str, i64)>; 2] = [None; 2];
    for row in &rows.rows {
        for (place, (column, value)) in rows.table.columns.iter().zip(row).enumerate() {
            match (column, value) {
                (Column::Named(_, dictionary), Value::Text(text)) => {
                    let known = &mut last[*dictionary as usize];
                    let id = match known {
                        Some((known, id)) if *known == text => *id,
                        _ => id_of(connection, *dictionary, text)?,
                    };
                    *known = Some((text, id));
                    put.raw_bind_parameter(place + 1, id)?;
                }
                _ => put.raw_bind_parameter(place + 1, value)?,
            }
        }
        put.raw_execute()?;
    }
    Ok(())
}

/// Inserts a row, or updates the one with its key if that differs.
fn put_sql(rows: &Rows) -> String {
    let names: Vec<&str> = rows.table.columns.iter().map(|column| column.name()).collect();
    let (keys, values) = names.split_at(rows.table.keys);
    let numbers: Vec<String> = (1..=names.len()).map(|number| format!("?{number}")).collect();
    let (table, all, numbers, keys) = (rows.table.name, names.join(", "), numbers.join(", "), keys.join(", "));
    let given: Vec<String> = values.iter().map(|name| format!("excluded.{name}")).collect();
    let stored: Vec<String> = values.iter().map(|name| format!("{table}.{name}")).collect();
    let set: Vec<String> = values.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    let (given, stored, set) = (given.join(", "), stored.join(", "), set.join(", "));
    format!(
        "INSERT INTO {table} ({all}) VALUES ({numbers}) ON CONFLICT ({keys}) DO UPDATE SET {set}
         WHERE ({stored}) IS NOT ({given})"
    )
}

/// Deletes the rows between the keys that are not among the new ones.
fn delete_gone(connection: Supplied<'_>, rows: &Rows) -> rusqlite::Result<()> {
    connection.need(|| rows.need())?;
    let Rows { table, scope, from, after, to, .. } = rows;
    let keys: Vec<&str> = table.columns[..table.keys].iter().map(|column| column.name()).collect();
    let place = keys[table.place];
    let equal: Vec<String> =
        keys[..table.place].iter().enumerate().map(|(at, name)| format!("{name} = ?{}", at + 4)).collect();
    let sql = format!(
        "SELECT {} FROM {} WHERE {} AND {place} >= ?1 AND (?2 IS NULL OR {place} > ?2) AND {place} <= ?3 ORDER BY {}",
        keys.join(", "),
        table.name,
        equal.join(" AND "),
        keys.join(", ")
    );
    let bounds = [from.clone(), after.clone().unwrap_or(Value::Null), to.clone()];
    let mut select = connection.prepare_cached(&sql)?;
    let mut stored = select.query(params_from_iter(bounds.iter().chain(scope)))?;
    let mut gone: Vec<Row> = Vec::new();
    let mut new = rows.rows.iter().map(|row| &row[..table.keys]).peekable();
    while let Some(row) = stored.next()? {
        let key = (0..table.keys).map(|column| row.get(column)).collect::<rusqlite::Result<Row>>()?;
        while new.next_if(|next| is_before(next, &key)).is_some() {}
        if new.peek() != Some(&&key[..]) {
            gone.push(key);
        }
    }
    let conditions: Vec<String> = keys.iter().enumerate().map(|(at, name)| format!("{name} = ?{}", at + 1)).collect();
    let mut delete =
        connection.prepare_cached(&format!("DELETE FROM {} WHERE {}", table.name, conditions.join(" AND ")))?;
    for key in gone {
        delete.execute(params_from_iter(key))?;
    }
    Ok(())
}

/// Whether a key comes before another one, as SQLite orders them.
fn is_before(one: &[Value], other: &[Value]) -> bool {
    let order = one.iter().zip(other).map(|pair| match pair {
        (Value::Integer(one), Value::Integer(other)) => one.cmp(other),
        (Value::Text(one), Value::Text(other)) => one.cmp(other),
        (Value::Blob(one), Value::Blob(other)) => one.cmp(other),
        _ => std::cmp::Ordering::Equal,
    });
    order.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).is_lt()
}
