//! Where rows are kept: in a file, or in PostgreSQL.

use std::fmt;

use super::database::Database;
use super::postgres::Address;
use super::read::people::only;
use crate::model::error::Result;
use crate::model::limits::PERSONS_NAMED_MAX;

/// Where rows are kept.
#[derive(Clone, Debug)]
pub enum Kept {
    /// In a file.
    File(Database),
    /// In PostgreSQL.
    Postgres(Address),
}

impl Kept {
    /// The file; none of a database in PostgreSQL.
    #[must_use]
    pub fn file(&self) -> Option<&Database> {
        match self {
            Self::File(database) => Some(database),
            Self::Postgres(_) => None,
        }
    }

    /// Returns the only person with data or a valid token; `None` if nobody has any.
    ///
    /// # Errors
    ///
    /// If there are several, or why the database cannot be read.
    pub fn only_person(&self) -> Result<Option<String>> {
        match self {
            Self::File(database) => database.only_person(),
            Self::Postgres(address) => only(address.persons_in_use(PERSONS_NAMED_MAX + 1)?, address),
        }
    }

    /// Returns the name of the first person.
    ///
    /// # Errors
    ///
    /// Why the database cannot be read.
    pub fn first_person(&self) -> Result<String> {
        match self {
            Self::File(database) => database.first_person(),
            Self::Postgres(address) => address.first_person(),
        }
    }
}

impl From<Database> for Kept {
    fn from(database: Database) -> Self {
        Self::File(database)
    }
}

impl From<Address> for Kept {
    fn from(address: Address) -> Self {
        Self::Postgres(address)
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(database) => database.path().display().fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}
