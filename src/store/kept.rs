//! Where rows are kept: in a file, or in PostgreSQL.

use std::fmt;

use super::database::Database;
use super::postgres::Address;

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
