//! Persons for commands, and what an owner decides: the order of sources, and zones. The command then computes the figures that it
//! changes.

use super::address::Address;
use super::figures::Figures;
use super::link::Link;
use super::receiver::Postgres;
use super::transfer::{Straight, Transfer};
use super::used_texts::UsedTexts;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{DERIVED_AGAIN, DERIVED_TRIES_MAX};
use crate::store::derive::{Decided, Decision, Refusal, enter};
use crate::store::workbench::Workbench;

const HOLD: &str = "SELECT 1 FROM persons WHERE id = $1 FOR UPDATE";

/// Persons with rows or a token that is valid, in the order in which they came.
const IN_USE: &str = "SELECT name FROM persons p WHERE EXISTS (SELECT FROM sample_origins o WHERE o.person_id = p.id)
      OR EXISTS (SELECT FROM changes c WHERE c.person_id = p.id)
      OR EXISTS (SELECT FROM tokens t WHERE t.person_id = p.id AND t.revoked_at IS NULL AND coalesce(t.expires_at > now(), true))
    LIMIT $1";

impl Address {
    /// Returns the names of persons with data or a valid token, at most so many.
    ///
    /// # Errors
    ///
    /// As for [`Address::add_token`].
    pub fn persons_in_use(&self, most: usize) -> Result<Vec<String>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let rows = Link::open(self)?.rows(IN_USE, &[&most])?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Enters a decision.
    pub(in crate::store) fn decide(&self, decided: &Decided, decision: &Decision) -> Result<()> {
        let postgres = Postgres::open(self)?;
        let link = postgres.pool.take()?;
        link.run("BEGIN")?;
        link.one(HOLD, &[&decided.person])?;
        let mut used = UsedTexts::default();
        let mut straight = Straight::default();
        let mut transfer = Transfer::new((&link, &mut straight), (&postgres, &mut used), decided.person);
        Workbench::open()?.decide(&mut transfer, decided, |connection| {
            enter(connection, decided, decision).map_err(Refusal::into_error)
        })?;
        transfer.settle()?;
        used.enter(&link, &postgres.dictionary, decided.person)?;
        link.run("COMMIT")?;
        postgres.pool.give_back(link);
        let mut figures = Figures::new(postgres, None);
        for _ in 0..DERIVED_TRIES_MAX {
            if figures.derive(decided.person, &|| false)? {
                return Ok(());
            }
            // A receiver computes them, perhaps without the decision.
            figures.wait(DERIVED_AGAIN)?;
        }
        let message = "the decision is entered; another program computes the figures, which know it soon";
        Err(Error::new(ErrorKind::Busy, message))
    }
}
