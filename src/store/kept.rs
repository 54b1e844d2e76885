//! Where rows are kept: in a file, or in PostgreSQL.

use std::fmt;

use super::database::Database;
use super::postgres::Address;
use crate::model::error::Result;

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

    /// Returns the names of persons with data or a valid token, at most so many.
    ///
    /// # Errors
    ///
    /// Why the database cannot be read.
    pub fn persons_in_use(&self, most: usize) -> Result<Vec<String>> {
        match self {
            Self::File(database) => database.persons_in_use(most),
            Self::Postgres(address) => address.persons_in_use(most),
        }
    }

    /// Returns the name of the first person.
    ///
    /// # Errors
    ///
    /// As for [`Kept::persons_in_use`].
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
