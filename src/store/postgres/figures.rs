//! Days and nights of persons, computed by receivers: who is behind, and one person at a time on a workbench.
//!
//! A receiver that computes a person's figures holds a lock of that person, which ends with its connection. Uploads go on meanwhile:
//! the work reads one state of the database, and each later change has a greater number.

use std::sync::Arc;
use std::time::Duration;

use super::link::Link;
use super::receiver::Postgres;
use super::transfer::{Straight, Transfer};
use super::used_texts::UsedTexts;
use crate::model::error::Result;
use crate::model::limits::CHANGES_KEPT;
use crate::statistics::Zones;
use crate::statistics::rules::RULES_VERSION;
use crate::store::clock::now_ms;
use crate::store::workbench::Workbench;

/// Takes the lock of a person's figures, unless another receiver has it.
const TRY_LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended('healthsink figures', $1))";

/// The same for a transaction that erases the person: it waits.
pub(super) const WAIT_FOR_FIGURES: &str = "SELECT pg_advisory_xact_lock(hashtextextended('healthsink figures', $1))";

const UNLOCK: &str = "SELECT pg_advisory_unlock(hashtextextended('healthsink figures', $1))";

/// Waits for all transactions that write rows of a person: then no change with a smaller number than the last one is to come.
const HOLD: &str = "SELECT 1 FROM persons WHERE id = $1 FOR NO KEY UPDATE";

const NEWEST: &str = "SELECT coalesce(max(number), 0) FROM changes WHERE person_id = $1";

/// The next persons whose figures are behind. Those that a later program has made are left to it.
const BEHIND: &str = "SELECT p.id FROM persons p
    LEFT JOIN derived_state s ON s.person_id = p.id
    LEFT JOIN home_zones h ON h.person_id = p.id
    LEFT JOIN LATERAL (SELECT max(c.number) AS newest FROM changes c WHERE c.person_id = p.id) n ON true
    WHERE p.id > $1 AND {scope} AND CASE
      WHEN s.person_id IS NULL THEN n.newest IS NOT NULL
      WHEN (s.rules, s.tzdb COLLATE \"C\") > ($2::bigint, $3::text) THEN false
      ELSE coalesce(n.newest > s.change, false)
        OR (s.rules, s.tzdb, s.home) IS DISTINCT FROM ($2::bigint, $3::text, coalesce(h.zone, $4::text)) END
    ORDER BY p.id LIMIT $5";

/// Which persons [`BEHIND`] looks at: all, or those with changes behind a number.
const SCOPES: [&str; 2] = ["$6::bigint IS NOT NULL", "p.id IN (SELECT person_id FROM changes WHERE number > $6)"];

/// The last of the old entries of each kind and type covers them all, as in `write/changes.rs`, for one person.
const COVER: &str = "UPDATE changes c SET from_at = CASE WHEN o.known = o.entries THEN o.first_at END,
      to_at = CASE WHEN o.known = o.entries THEN o.last_at END, removed = o.was_removed
    FROM (SELECT max(number) AS last, min(from_at) AS first_at, max(to_at) AS last_at, max(removed) AS was_removed,
        count(from_at) AS known, count(*) AS entries
      FROM changes WHERE person_id = $1 AND number <= $2 GROUP BY kind, type_id) o
    WHERE c.person_id = $1 AND c.number = o.last AND o.entries > 1";

const DELETE_COVERED: &str = "DELETE FROM changes WHERE person_id = $1 AND number <= $2 AND number NOT IN
      (SELECT max(number) FROM changes WHERE person_id = $1 AND number <= $2 GROUP BY kind, type_id)";

/// The last entry that is old: behind it are those that are kept. None unless there are twice as many.
const OLD: &str = "SELECT number FROM changes WHERE person_id = $1
      AND (SELECT count(*) FROM changes WHERE person_id = $1) > 2 * $2::bigint
    ORDER BY number DESC OFFSET $2::bigint LIMIT 1";

/// Which persons are looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Scope {
    /// All behind this one.
    All,
    /// Those with changes behind this number.
    Since(i64),
}

/// Computes figures.
#[derive(Debug)]
pub(in crate::store) struct Figures {
    postgres: Arc<Postgres>,
    workbench: Option<Workbench>,
    /// The zone of persons who have no home zone.
    home: Option<String>,
}

impl Figures {
    pub(in crate::store) fn new(postgres: Arc<Postgres>, home: Option<String>) -> Self {
        Self { postgres, workbench: None, home }
    }

    /// Returns the next persons behind another one whose figures are behind, at most so many.
    pub(in crate::store) fn behind(&self, scope: Scope, after: i64, most: usize) -> Result<Vec<i64>> {
        let (place, value) = match scope {
            Scope::All => (0, 0),
            Scope::Since(number) => (1, number),
        };
        let sql = BEHIND.replace("{scope}", SCOPES[place]);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let link = self.postgres.pool.take()?;
        let now = (i64::from(RULES_VERSION), Zones::version());
        let people = link.rows(&sql, &[&after, &now.0, &now.1, &self.home, &most, &value])?;
        self.postgres.pool.give_back(link);
        Ok(people.iter().map(|row| row.get(0)).collect())
    }

    /// The number that the next change will exceed.
    pub(in crate::store) fn last_number(&self) -> Result<i64> {
        let link = self.postgres.pool.take()?;
        let last = link.one("SELECT last_value FROM change_numbers", &[])?.get(0);
        self.postgres.pool.give_back(link);
        Ok(last)
    }

    /// Waits for a moment.
    pub(in crate::store) fn wait(&self, time: Duration) -> Result<()> {
        let link = self.postgres.pool.take()?;
        link.pause(time)?;
        self.postgres.pool.give_back(link);
        Ok(())
    }

    /// Brings a person's figures up to the last change. Returns `false` if another receiver does that now.
    pub(in crate::store) fn derive(&mut self, person: i64, is_stopping: &dyn Fn() -> bool) -> Result<bool> {
        let link = self.postgres.pool.take()?;
        if !link.one(TRY_LOCK, &[&person])?.get::<_, bool>(0) {
            self.postgres.pool.give_back(link);
            return Ok(false);
        }
        // After an error the connection is dropped, and its transaction and its lock with it.
        self.derive_locked(&link, person, is_stopping)?;
        link.one(UNLOCK, &[&person])?;
        self.postgres.pool.give_back(link);
        Ok(true)
    }

    fn derive_locked(&mut self, link: &Link, person: i64, is_stopping: &dyn Fn() -> bool) -> Result<()> {
        link.run("BEGIN")?;
        let is_there = link.optional(HOLD, &[&person])?.is_some();
        let until: i64 = link.one(NEWEST, &[&person])?.get(0);
        link.run("COMMIT")?;
        if !is_there {
            return Ok(());
        }
        let workbench = match &mut self.workbench {
            Some(workbench) => workbench,
            missing => missing.insert(Workbench::open()?),
        };
        // The figures of years take minutes; a receiver that is gone is noticed by its connection.
        link.run(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = '10min';
             SET LOCAL idle_in_transaction_session_timeout = '10min'",
        )?;
        let run = (now_ms() << 16) ^ i64::from(std::process::id());
        let (mut straight, mut used) = (Straight::default(), UsedTexts::default());
        let mut transfer = Transfer::new((link, &mut straight), (&self.postgres, &mut used), person);
        workbench.derive(&mut transfer, (person, until), (self.home.clone(), run), is_stopping)?;
        transfer.settle()?;
        used.enter(link, &self.postgres.dictionary, person)?;
        compact(link, person)?;
        link.run("COMMIT")
    }
}

/// Leaves the last changes of a person, and one for each kind and type of those before.
fn compact(link: &Link, person: i64) -> Result<()> {
    let Some(row) = link.optional(OLD, &[&person, &CHANGES_KEPT])? else { return Ok(()) };
    let until: i64 = row.get(0);
    link.change(COVER, &[&person, &until])?;
    link.change(DELETE_COVERED, &[&person, &until]).map(|_| ())
}
