//! Gives a person another name.

use super::named;
use crate::model::error::{Error, Result};
use crate::store::database::Database;
use crate::store::lookup::find_person;
use crate::store::write::ledger::PERSON_ME;

impl Database {
    /// Renames a person. A name that is left from a person without data becomes free for this.
    ///
    /// # Errors
    ///
    /// [`crate::model::error::ErrorKind::Usage`] if there is no such person, or if another one has data under the new name.
    pub fn rename_person(&self, old: &str, new: &str) -> Result<()> {
        let store = self.begin_alone()?;
        let connection = &store.connection;
        let person = named::find(connection, self, old)?;
        let other = find_person(connection, new).map_err(|error| store.failed(&error))?;
        let rename = |id: i64, name: &str| connection.execute("UPDATE persons SET name = ?2 WHERE id = ?1", (id, name));
        let renamed = match other {
            Some(other) if other == person => Ok(()),
            Some(other) => {
                let is_unused = named::is_unused(connection, other).map_err(|error| store.failed(&error))?;
                // Uploads that name no person are those of the first one.
                if !is_unused || other == PERSON_ME {
                    let message = format!(
                        "there is a person {new} already; `healthsink people merge {old} {new}` makes them one"
                    );
                    return Err(Error::usage(message));
                }
                // No name may be there twice, also not for a moment.
                let free = format!("{old} -> {new}");
                rename(other, &free).and_then(|_| rename(person, new)).and_then(|_| rename(other, old)).map(|_| ())
            }
            None => rename(person, new).map(|_| ()),
        };
        renamed.and_then(|()| connection.execute_batch("COMMIT")).map_err(|error| store.failed(&error))
    }
}
