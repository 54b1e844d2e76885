//! Erases a person: all rows, what the ledger and the tokens say, and texts that only this person's rows have.
//!
//! Tokens stay without content, for a database that had one needs one for each upload. Uploads of the person that are under way find
//! no person in their next transaction, and fail.

use super::address::Address;
use super::figures::WAIT_FOR_FIGURES;
use super::link::Link;
use super::values::Time;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::record::ME;
use crate::store::clock::now_ms;
use crate::store::lookup::unknown_person;
use crate::store::people::erase::{Erased, ErasedRows};
use crate::store::people::traces::TraceRows;
use crate::store::secret;
use crate::store::tokens::TokenDigest;
use crate::store::write::ledger::PERSON_ME;
use crate::store::write::shared::content_id;

/// The owner of tokens whose person was erased. No person has this name, because of its space.
const NOBODY: &str = " erased";

/// Tables with rows of persons.
const TABLES: &str = "SELECT table_name::text FROM information_schema.columns c WHERE column_name = 'person_id'
      AND table_schema = current_schema() AND EXISTS (SELECT FROM information_schema.tables t WHERE t.table_schema = c.table_schema
        AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE') ORDER BY 1";

const FIND: &str = "SELECT id FROM persons WHERE name = $1";

const HOLD: &str = "SELECT id FROM persons WHERE name = $1 AND id = $2 FOR UPDATE";

const TOKENS: &str = "SELECT id FROM tokens WHERE person_id = $1 ORDER BY id FOR UPDATE";

const EMPTY_TOKEN: &str = "UPDATE tokens SET person_id = $2, label = NULL, digest = $3, created_at = 'epoch', last_used_at = NULL,
      revoked_at = coalesce(revoked_at, $4), expires_at = NULL, bytes_per_day = NULL, rejects_per_day = NULL, used_day = 0, used_bytes = 0,
      used_rejects = 0 WHERE id = $1";

/// A table of texts, and the table that says which persons have them. A text that is locked gets no further person.
const TEXTS: [(&str, &str, &str); 2] =
    [("sources", "person_sources", "source_id"), ("shared_metadata", "person_metadata", "metadata_id")];

impl Address {
    /// Erases a person in one transaction.
    ///
    /// # Errors
    ///
    /// The database is unchanged: [`ErrorKind::Usage`] if there is no such person, [`ErrorKind::Busy`] if an upload of the person does
    /// not end, or why the database cannot be written.
    pub fn erase(&self, name: &str) -> Result<Erased> {
        let link = Link::open(self)?;
        link.be_patient()?;
        link.run("BEGIN")?;
        let unknown = || Error::usage(unknown_person(name));
        let number: i64 = link.optional(FIND, &[&name])?.ok_or_else(unknown)?.get(0);
        // A receiver that computes figures of the person takes this lock before that of the row, and writes after both.
        link.run("SET LOCAL lock_timeout = '10min'")?;
        link.one(WAIT_FOR_FIGURES, &[&number])?;
        link.optional(HOLD, &[&name, &number])?.ok_or_else(unknown)?;
        let mut tables = Vec::new();
        let emptied = empty_tokens(&link, number, &mut tables)?;
        tables.push(ErasedRows { table: "tokens".to_owned(), emptied, ..ErasedRows::default() });
        for (texts, of_persons, column) in TEXTS {
            erase_texts(&link, number, (texts, of_persons, column), &mut tables)?;
        }
        for table in tables_of_persons(&link)? {
            if !tables.iter().any(|known| known.table == table) {
                let deleted = link.change(&format!("DELETE FROM {table} WHERE person_id = $1"), &[&number])?;
                tables.push(ErasedRows { table, deleted, ..ErasedRows::default() });
            }
        }
        if number == PERSON_ME {
            link.change("UPDATE persons SET name = $2, has_imports = false WHERE id = $1", &[&number, &ME])?;
        } else {
            link.change("DELETE FROM persons WHERE id = $1", &[&number])?;
        }
        tables.push(ErasedRows { table: "persons".to_owned(), deleted: 1, ..ErasedRows::default() });
        for table in &mut tables {
            table.left = left_in(&link, &table.table, number)?;
            if table.left > 0 {
                let message = format!("rows of {} would be left, so nothing was erased", table.table);
                return Err(Error::new(ErrorKind::Store, message));
            }
        }
        tables.sort_by(|one, other| one.table.cmp(&other.table));
        link.run("COMMIT")?;
        // Without it, receivers notice when an upload with such a text fails, which is then sent again.
        link.one("SELECT nextval('erasures')", &[])?;
        Ok(Erased { number, tables, left_in_wal: false })
    }

    /// Counts the rows of a person, by the name that the person has or by the number that the person had.
    ///
    /// # Errors
    ///
    /// As for [`Address::status`].
    pub fn traces(&self, name: &str, number: Option<i64>) -> Result<Vec<TraceRows>> {
        let link = Link::open(self)?;
        link.be_patient()?;
        let named: Option<i64> = link.optional(FIND, &[&name])?.map(|row| row.get(0));
        let mut traces = Vec::new();
        for person in named.into_iter().chain(number.filter(|number| Some(*number) != named)) {
            for table in tables_of_persons(&link)? {
                let rows = left_in(&link, &table, person)?;
                traces.push(TraceRows { table, rows });
            }
        }
        // The first person of a new database has this name also.
        let is_named = named.is_some() && name != ME;
        traces.push(TraceRows { table: "persons".to_owned(), rows: u64::from(is_named) });
        traces.retain(|trace| trace.rows > 0);
        Ok(traces)
    }
}

fn tables_of_persons(link: &Link) -> Result<Vec<String>> {
    let rows = link.rows(TABLES, &[])?;
    let known = |row: &tokio_postgres::Row| row.get::<_, String>(0);
    // The name of a table is part of statements.
    let is_plain =
        |name: &String| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    Ok(rows.iter().map(known).filter(is_plain).collect())
}

/// Counts the rows of a person in a table; of those that have no person, none.
fn left_in(link: &Link, table: &str, person: i64) -> Result<u64> {
    let condition = match table {
        "persons" => "id = $1 AND name <> 'me'",
        "sessions" | "sign_in_codes" => "token_id IN (SELECT id FROM tokens WHERE person_id = $1)",
        "sources" | "shared_metadata" => "id = $1 AND false",
        _ => "person_id = $1",
    };
    let rows: i64 = link.one(&format!("SELECT count(*) FROM {table} WHERE {condition}"), &[&person])?.get(0);
    Ok(rows.unsigned_abs())
}

/// Revokes and empties the tokens of a person. Returns their number.
fn empty_tokens(link: &Link, person: i64, tables: &mut Vec<ErasedRows>) -> Result<u64> {
    for table in ["sessions", "sign_in_codes"] {
        let sql = format!("DELETE FROM {table} WHERE token_id IN (SELECT id FROM tokens WHERE person_id = $1)");
        let deleted = link.change(&sql, &[&person])?;
        tables.push(ErasedRows { table: table.to_owned(), deleted, ..ErasedRows::default() });
    }
    let tokens: Vec<i64> = link.rows(TOKENS, &[&person])?.iter().map(|row| row.get(0)).collect();
    if tokens.is_empty() {
        return Ok(0);
    }
    let nobody = content_id(NOBODY);
    link.change("INSERT INTO persons (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING", &[&nobody, &NOBODY])?;
    let now = Time(now_ms());
    for token in &tokens {
        let digest = TokenDigest::of(secret::token()?.as_bytes());
        link.change(EMPTY_TOKEN, &[token, &nobody, &digest.as_bytes().as_slice(), &now])?;
    }
    Ok(tokens.len() as u64)
}

/// Deletes texts that only this person has.
fn erase_texts(
    link: &Link,
    person: i64,
    (texts, of_persons, column): (&str, &str, &str),
    tables: &mut Vec<ErasedRows>,
) -> Result<()> {
    let sql = format!("DELETE FROM {of_persons} WHERE person_id = $1 RETURNING {column}");
    let ids: Vec<i64> = link.rows(&sql, &[&person])?.iter().map(|row| row.get(0)).collect();
    link.rows(&format!("SELECT id FROM {texts} WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"), &[&ids])?;
    // A row that refers to a text waits for its lock, so none is added meanwhile. Citus takes no such question in a deletion.
    let sql = format!("SELECT DISTINCT {column} FROM {of_persons} WHERE {column} = ANY($1::bigint[])");
    let used: Vec<i64> = link.rows(&sql, &[&ids])?.iter().map(|row| row.get(0)).collect();
    let sql = format!("DELETE FROM {texts} WHERE id = ANY($1::bigint[]) AND id <> ALL($2::bigint[])");
    let deleted = link.change(&sql, &[&ids, &used])?;
    tables.push(ErasedRows { table: of_persons.to_owned(), deleted: ids.len() as u64, ..ErasedRows::default() });
    tables.push(ErasedRows { table: texts.to_owned(), deleted, ..ErasedRows::default() });
    Ok(())
}
