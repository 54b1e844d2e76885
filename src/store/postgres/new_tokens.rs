//! Many tokens at once, all or none.

use std::collections::{BTreeSet, HashMap};

use tokio_postgres::Row;

use super::address::Address;
use super::ledger::person_id;
use super::link::Link;
use super::values::Time;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::TOKENS_ENTERED_EACH;
use crate::store::clock::now_ms;
use crate::store::new_tokens::known_meanwhile;
use crate::store::tokens::NewToken;
use crate::store::write::ledger::signed;
use crate::store::write::shared::content_id;

/// Held to the end of the transaction. The number is made up.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(7235418908)";

/// The valid token of each person and label.
const KNOWN: &str =
    "SELECT w.place, (SELECT min(t.id) FROM tokens t JOIN persons p ON p.id = t.person_id WHERE p.name = w.name
      AND t.label IS NOT DISTINCT FROM w.label AND t.revoked_at IS NULL AND coalesce(t.expires_at > $3, true))
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (name, label, place) ORDER BY w.place";

const ADD_PERSONS: &str =
    "INSERT INTO persons (id, name) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING";

const PERSONS: &str = "SELECT name, id FROM persons WHERE name = ANY($1::text[])";

const ADD: &str = "INSERT INTO tokens (person_id, label, digest, created_at, expires_at, bytes_per_day, rejects_per_day)
    SELECT person_id, label, digest, $4, expires_at, bytes_per_day, rejects_per_day
    FROM unnest($1::bigint[], $2::text[], $3::bytea[], $5::timestamptz[], $6::bigint[], $7::bigint[])
      WITH ORDINALITY AS new (person_id, label, digest, expires_at, bytes_per_day, rejects_per_day, place) ORDER BY place
    RETURNING digest, id";

impl Address {
    /// Returns for each of some tokens the number of a valid one that the person has with the same label.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn known_tokens(&self, new: &[NewToken<'_>]) -> Result<Vec<Option<i64>>> {
        known(&Link::open(self)?, new)
    }

    /// Enters tokens that send, and their persons. Calls `seal` with the tokens' numbers before the commit. Returns these.
    ///
    /// # Errors
    ///
    /// Nothing is entered: as for [`Address::add_token`]; the error of `seal`; [`ErrorKind::Usage`] if a person has got a valid token
    /// of the same label meanwhile.
    pub fn add_tokens(&self, new: &[NewToken<'_>], seal: &mut dyn FnMut(&[i64]) -> Result<()>) -> Result<Vec<i64>> {
        let link = Link::open(self)?;
        // Two commands with the same persons come one after the other.
        link.run("BEGIN")?;
        link.run(ONE_AT_A_TIME)?;
        if known(&link, new)?.iter().any(Option::is_some) {
            return Err(known_meanwhile());
        }
        let mut ids = Vec::with_capacity(new.len());
        for some in new.chunks(TOKENS_ENTERED_EACH) {
            let persons = enter_persons(&link, some)?;
            enter(&link, some, &persons, &mut ids)?;
        }
        seal(&ids)?;
        link.run("COMMIT")?;
        Ok(ids)
    }
}

fn known(link: &Link, new: &[NewToken<'_>]) -> Result<Vec<Option<i64>>> {
    let mut known = Vec::with_capacity(new.len());
    for some in new.chunks(TOKENS_ENTERED_EACH) {
        let (names, labels): (Vec<&str>, Vec<Option<&str>>) =
            some.iter().map(|token| (token.person, token.label)).unzip();
        let rows = link.rows(KNOWN, &[&names, &labels, &Time(now_ms())])?;
        known.extend(rows.iter().map(|row| row.get::<_, Option<i64>>(1)));
    }
    Ok(known)
}

/// Enters persons. Returns the ids of their names.
fn enter_persons(link: &Link, new: &[NewToken<'_>]) -> Result<HashMap<String, i64>> {
    let names: Vec<&str> = new.iter().map(|token| token.person).collect::<BTreeSet<_>>().into_iter().collect();
    let ids: Vec<i64> = names.iter().map(|name| content_id(name)).collect();
    link.change(ADD_PERSONS, &[&ids, &names])?;
    let known = |row: &Row| (row.get::<_, String>(0), row.get::<_, i64>(1));
    let mut persons: HashMap<String, i64> = link.rows(PERSONS, &[&names])?.iter().map(known).collect();
    for name in names {
        if !persons.contains_key(name) {
            // Another person has the id of this name.
            persons.insert(name.to_owned(), person_id(link, name)?);
        }
    }
    Ok(persons)
}

fn enter(link: &Link, new: &[NewToken<'_>], persons: &HashMap<String, i64>, ids: &mut Vec<i64>) -> Result<()> {
    let created_ms = new.first().map_or(0, |token| token.created_ms);
    let owners: Vec<Option<i64>> = new.iter().map(|token| persons.get(token.person).copied()).collect();
    let labels: Vec<Option<&str>> = new.iter().map(|token| token.label).collect();
    let digests: Vec<&[u8]> = new.iter().map(|token| token.digest.as_bytes().as_slice()).collect();
    let expires: Vec<Option<Time>> = new.iter().map(|token| token.expires_ms.map(Time)).collect();
    let bytes: Vec<Option<i64>> = new.iter().map(|token| token.quota.bytes.map(signed)).collect();
    let rejects: Vec<Option<i64>> = new.iter().map(|token| token.quota.rejects.map(signed)).collect();
    let rows = link.rows(ADD, &[&owners, &labels, &digests, &Time(created_ms), &expires, &bytes, &rejects])?;
    let entered: HashMap<Vec<u8>, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for digest in digests {
        let id = entered
            .get(digest)
            .ok_or_else(|| Error::new(ErrorKind::Store, "PostgreSQL returned no number of a token"))?;
        ids.push(*id);
    }
    Ok(())
}
