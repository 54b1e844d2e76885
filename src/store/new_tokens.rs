//! Many tokens at once, all or none.

use rusqlite::{Connection, OptionalExtension};

use super::clock::now_ms;
use super::database::Database;
use super::failure::{command_error, open_error};
use super::files::check_names;
use super::tokens::{NewToken, enter, valid};
use crate::model::error::{Error, Result};

/// Why they are not entered.
enum Fault {
    Sqlite(rusqlite::Error),
    Ours(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Database {
    /// Returns for each of some tokens the number of a valid one that the person has with the same label.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Store`] if the database cannot be read.
    pub fn known_tokens(&self, new: &[NewToken<'_>]) -> Result<Vec<Option<i64>>> {
        check_names(self.path())?;
        if !self.exists() {
            return Ok(vec![None; new.len()]);
        }
        let connection = self.open_to_read()?;
        known(&connection, new).map_err(|error| open_error(self, &error))
    }

    /// Enters tokens and their persons. Calls `seal` with the tokens' numbers before the commit. Returns these.
    ///
    /// # Errors
    ///
    /// Nothing is entered: as for [`Database::add_token`]; the error of `seal`; [`crate::model::error::ErrorKind::Usage`] if a person has
    /// got a valid token of the same label meanwhile.
    pub fn add_tokens(&self, new: &[NewToken<'_>], seal: &mut dyn FnMut(&[i64]) -> Result<()>) -> Result<Vec<i64>> {
        let explain = |fault: Fault| match fault {
            Fault::Sqlite(error) => command_error(self, &error),
            Fault::Ours(error) => error,
        };
        self.write_beside_server_or(explain, |connection| {
            if known(connection, new)?.iter().any(Option::is_some) {
                return Err(Fault::Ours(known_meanwhile()));
            }
            let ids = new.iter().map(|token| enter(connection, token)).collect::<rusqlite::Result<Vec<i64>>>()?;
            seal(&ids).map_err(Fault::Ours)?;
            Ok(ids)
        })
    }
}

/// The error for persons who have got such a token since it was looked up.
pub(super) fn known_meanwhile() -> Error {
    Error::usage("another command has made tokens of these persons meanwhile, so none was made; run it again")
}

fn known(connection: &Connection, new: &[NewToken<'_>]) -> rusqlite::Result<Vec<Option<i64>>> {
    let mut select = connection.prepare(&format!(
        "SELECT t.id FROM persons p JOIN tokens t ON t.person_id = p.id WHERE p.name = ?1 AND t.label IS ?2 AND {} LIMIT 1",
        valid(connection, now_ms())
    ))?;
    new.iter().map(|token| select.query_row((token.person, token.label), |row| row.get(0)).optional()).collect()
}
