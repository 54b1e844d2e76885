//! Looks up tokens, sessions and codes, wherever they are kept.

use super::sessions::SessionOwner;
use super::tokens::{TokenDigest, TokenOwner, TokenReader};
use crate::model::error::Result;

/// Looks up tokens and sessions for each request.
#[derive(Debug)]
pub enum Lookup {
    /// In the file.
    File(TokenReader),
    /// In PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(super::postgres::TokenAsker),
}

impl From<TokenReader> for Lookup {
    fn from(reader: TokenReader) -> Self {
        Self::File(reader)
    }
}

impl Lookup {
    /// Looks up in PostgreSQL. Nothing is open yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::model::error::ErrorKind::Io) if its thread cannot be started.
    #[cfg(feature = "postgres")]
    pub fn of_postgres(address: &super::postgres::Address) -> Result<Self> {
        super::postgres::TokenAsker::start(address).map(Self::Postgres)
    }

    /// Returns the owner of the token with this digest, also if it is revoked or has expired.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`](crate::model::error::ErrorKind::Store) or [`ErrorKind::Busy`](crate::model::error::ErrorKind::Busy) if the
    /// database cannot be read.
    pub fn find(&self, digest: &TokenDigest) -> Result<Option<TokenOwner>> {
        match self {
            Self::File(reader) => reader.find(digest),
            #[cfg(feature = "postgres")]
            Self::Postgres(asker) => asker.find(digest),
        }
    }

    /// Whether there is or was any token.
    ///
    /// # Errors
    ///
    /// As for [`Lookup::find`].
    pub fn has_any(&self) -> Result<bool> {
        match self {
            Self::File(reader) => reader.has_any(),
            #[cfg(feature = "postgres")]
            Self::Postgres(asker) => asker.has_any(),
        }
    }

    /// Returns the session whose id has this digest, if it is valid.
    ///
    /// # Errors
    ///
    /// As for [`Lookup::find`].
    pub fn find_session(&self, digest: &TokenDigest) -> Result<Option<SessionOwner>> {
        match self {
            Self::File(reader) => reader.find_session(digest),
            #[cfg(feature = "postgres")]
            Self::Postgres(asker) => asker.find_session(digest),
        }
    }

    /// Whether there is a valid code with this digest. Only the writer may use it.
    ///
    /// # Errors
    ///
    /// As for [`Lookup::find`].
    pub fn has_code(&self, digest: &TokenDigest) -> Result<bool> {
        match self {
            Self::File(reader) => reader.has_code(digest),
            #[cfg(feature = "postgres")]
            Self::Postgres(asker) => asker.has_code(digest),
        }
    }

    /// Returns the names of all persons.
    ///
    /// # Errors
    ///
    /// As for [`Lookup::find`].
    pub fn people(&self) -> Result<Vec<String>> {
        match self {
            Self::File(reader) => reader.people(),
            #[cfg(feature = "postgres")]
            Self::Postgres(asker) => asker.people(),
        }
    }
}
