//! The schema in PostgreSQL and its version. One command makes it; a receiver only compares.

use super::address::Address;
use super::link::Link;
use crate::model::error::{Error, ErrorKind, Result};

/// The version of the schema that this program reads and writes.
const VERSION: i32 = 3;

const SCHEMA: &str = include_str!("schema.sql");

/// Each brings the schema from one version to the next, beginning with version 1.
const STEPS: [&str; VERSION as usize - 1] = [include_str!("step2.sql"), include_str!("step3.sql")];

/// Held while the schema changes: two commands at once make it once. The number is made up.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7235418907)";

const HAS_VERSION: &str = "SELECT to_regclass('healthsink_version') IS NOT NULL";

const READ_VERSION: &str = "SELECT coalesce(max(version), 0) FROM healthsink_version";

/// The result of `migrate`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Migrated {
    /// The version before; `None` if there was no schema.
    pub from: Option<i32>,
    /// The version now.
    pub to: i32,
}

impl Link {
    /// Connects to a database of this program's version.
    pub(super) fn open(address: &Address) -> Result<Self> {
        let link = Self::open_any(address)?;
        check_version(&link, address)?;
        Ok(link)
    }
}

impl Address {
    /// Makes the schema, or brings it up to date.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if the server cannot be reached, [`ErrorKind::Store`] if it refuses, or if a later version has made the schema.
    pub fn migrate(&self) -> Result<Migrated> {
        let link = Link::open_any(self)?;
        link.be_patient()?;
        link.run("BEGIN")?;
        link.run(LOCK)?;
        let from = version(&link)?;
        match from {
            None => {
                link.run(SCHEMA)?;
                link.run("CREATE TABLE healthsink_version (version integer NOT NULL)")?;
                link.run(&format!("INSERT INTO healthsink_version (version) VALUES ({VERSION})"))?;
            }
            Some(later) if later > VERSION => return Err(made_later(self, later)),
            Some(earlier) => {
                let steps = missing_steps(earlier, &STEPS).ok_or_else(|| unknown(self, earlier))?;
                steps.iter().try_for_each(|step| link.run(step))?;
                link.run(&format!("UPDATE healthsink_version SET version = {VERSION}"))?;
            }
        }
        link.run("COMMIT")?;
        Ok(Migrated { from, to: VERSION })
    }
}

fn version(link: &Link) -> Result<Option<i32>> {
    let has: bool = link.one(HAS_VERSION, &[])?.get(0);
    if !has {
        return Ok(None);
    }
    link.one(READ_VERSION, &[]).map(|row| Some(row.get(0)))
}

/// Returns the steps from a version to the last one; `None` if there never was such a version.
fn missing_steps<'s>(found: i32, steps: &'s [&'s str]) -> Option<&'s [&'s str]> {
    steps.get(usize::try_from(found).ok()?.checked_sub(1)?..)
}

/// Fails if the schema is missing or of another version.
fn check_version(link: &Link, address: &Address) -> Result<()> {
    let found = version(link)?;
    let problem = match found {
        Some(VERSION) => return Ok(()),
        Some(later) if later > VERSION => return Err(made_later(address, later)),
        Some(earlier) if missing_steps(earlier, &STEPS).is_none() => return Err(unknown(address, earlier)),
        Some(earlier) => format!("{address} has version {earlier} of the schema, this program needs version {VERSION}"),
        None => format!("{address} has no tables of healthsink"),
    };
    let message = format!("{problem}; run `healthsink migrate --store {address}` once");
    Err(Error::new(ErrorKind::Store, message).with_message_for_clients("the database needs `healthsink migrate`"))
}

fn unknown(address: &Address, version: i32) -> Error {
    let message = format!(
        "{address} has version {version} of the schema, which no version of healthsink has made; use another database, or restore a backup"
    );
    Error::new(ErrorKind::Store, message).with_message_for_clients("the database has an unknown schema")
}

fn made_later(address: &Address, later: i32) -> Error {
    let message = format!(
        "a later version of healthsink has made version {later} of the schema in {address}; this program knows versions up to \
        {VERSION}: use the later program"
    );
    Error::new(ErrorKind::Store, message).with_message_for_clients("the database was made by a later version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_takes_the_steps_that_it_lacks() {
        let check = |found, expected| assert_eq!(missing_steps(found, &["to 2", "to 3"]), expected, "{found}");
        check(1, Some(&["to 2", "to 3"][..]));
        check(2, Some(&["to 3"][..]));
        check(3, Some(&[][..]));
        check(0, None);
        check(-1, None);
    }
}
