//! The flags of a database in PostgreSQL, and the command that makes its tables.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::arguments::{DatabaseArgument, Outcome};
use super::print::{Printable, ResultArgument};
use crate::model::error::{Error, Result};
use crate::model::quota::Quota;
use crate::store::{
    Address, Database, EndedSessions, Kept, Migrated, NewToken, QuotaChange, Revocation, SessionRow, SilentRow, Status,
    TokenRow, TraceRows, TypeRows, now_ms,
};

/// Where rows are kept, if not in a file.
#[derive(Debug, Args)]
pub(super) struct StoreArgument {
    /// A PostgreSQL database instead of the file: postgres://USER@HOST/DB; its password comes from PGPASSFILE or --store-password-file
    #[arg(long, env = "HEALTHSINK_STORE", value_name = "ADDRESS", hide_env_values = true)]
    store: Option<String>,
    /// File whose first line is the password of --store; only you may read it
    #[arg(long, env = "HEALTHSINK_STORE_PASSWORD_FILE", value_name = "FILE", hide_env_values = true)]
    store_password_file: Option<PathBuf>,
}

impl StoreArgument {
    /// The address with its password; `None` if rows are kept in the file.
    pub(super) fn address(&self) -> Result<Option<Address>> {
        match (&self.store, &self.store_password_file) {
            (Some(store), file) => store.parse::<Address>()?.with_password(file.as_deref()).map(Some),
            (None, Some(_)) => Err(Error::usage("--store-password-file is for --store; give both, or neither")),
            (None, None) => Ok(None),
        }
    }

    /// Where rows are kept: in PostgreSQL, or else in the file.
    pub(super) fn kept(&self, file: &DatabaseArgument) -> Result<Kept> {
        Ok(self.address()?.map_or_else(|| Database::new(&file.db).into(), Kept::from))
    }
}

/// Where tokens are.
pub(super) enum Place {
    File(Database),
    Postgres(Address),
}

impl StoreArgument {
    /// The database in PostgreSQL, or else the file.
    pub(super) fn place(&self, file: &DatabaseArgument) -> Result<Place> {
        let address = self.address()?;
        Ok(address.map_or_else(|| Place::File(Database::new(&file.db)), Place::Postgres))
    }
}

impl Place {
    pub(super) fn add_token(&self, new: &NewToken<'_>) -> Result<i64> {
        match self {
            Self::File(database) => database.add_token(new),
            Self::Postgres(address) => address.add_token(new),
        }
    }

    pub(super) fn known_tokens(&self, new: &[NewToken<'_>]) -> Result<Vec<Option<i64>>> {
        match self {
            Self::File(database) => database.known_tokens(new),
            Self::Postgres(address) => address.known_tokens(new),
        }
    }

    pub(super) fn add_tokens(
        &self,
        new: &[NewToken<'_>],
        seal: &mut dyn FnMut(&[i64]) -> Result<()>,
    ) -> Result<Vec<i64>> {
        match self {
            Self::File(database) => database.add_tokens(new, seal),
            Self::Postgres(address) => address.add_tokens(new, seal),
        }
    }

    pub(super) fn change_quota(&self, id: i64, change: QuotaChange) -> Result<Option<Quota>> {
        match self {
            Self::File(database) => database.change_quota(id, change),
            Self::Postgres(address) => address.change_quota(id, change),
        }
    }

    pub(super) fn tokens(&self) -> Result<Vec<TokenRow>> {
        match self {
            Self::File(database) => database.tokens(),
            Self::Postgres(address) => address.tokens(),
        }
    }

    pub(super) fn revoke_token(&self, id: i64) -> Result<Option<Revocation>> {
        match self {
            Self::File(database) => database.revoke_token(id, now_ms()),
            Self::Postgres(address) => address.revoke_token(id, now_ms()),
        }
    }

    /// Makes a code that begins one session of a token.
    pub(super) fn add_code(&self, token: i64) -> Result<String> {
        match self {
            Self::File(database) => database.add_code(token),
            Self::Postgres(address) => address.add_code(token),
        }
    }

    pub(super) fn sessions(&self) -> Result<Vec<SessionRow>> {
        match self {
            Self::File(database) => database.sessions(),
            Self::Postgres(address) => address.sessions(),
        }
    }

    pub(super) fn end_sessions(&self, only: Option<&[i64]>) -> Result<EndedSessions> {
        match self {
            Self::File(database) => database.end_sessions(only),
            Self::Postgres(address) => address.end_sessions(only),
        }
    }

    pub(super) fn status(&self, person: Option<&str>, each_type: impl FnMut(TypeRows)) -> Result<Status> {
        match self {
            Self::File(database) => database.status(person, each_type),
            Self::Postgres(address) => address.status(person, each_type),
        }
    }

    pub(super) fn silent(&self, since_ms: i64, person: Option<&str>, each: impl FnMut(SilentRow)) -> Result<()> {
        match self {
            Self::File(database) => database.silent(since_ms, person, each),
            Self::Postgres(address) => address.silent(since_ms, person, each),
        }
    }

    pub(super) fn traces(&self, person: &str, number: Option<i64>) -> Result<Vec<TraceRows>> {
        match self {
            Self::File(database) => database.traces(person, number),
            Self::Postgres(address) => address.traces(person, number),
        }
    }

    /// The file; none of a database in PostgreSQL.
    pub(super) fn file(&self) -> Option<&Database> {
        match self {
            Self::File(database) => Some(database),
            Self::Postgres(_) => None,
        }
    }

    /// Its whole path or its address.
    pub(super) fn shown(&self) -> PathBuf {
        match self {
            Self::File(database) => std::path::absolute(database.path()).unwrap_or_else(|_| database.path().to_owned()),
            Self::Postgres(address) => address.to_string().into(),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct MigrateArguments {
    #[command(flatten)]
    store: StoreArgument,
    #[command(flatten)]
    result: ResultArgument,
}

impl MigrateArguments {
    pub(super) fn run(&self) -> Result<Outcome> {
        let Some(address) = self.store.address()? else {
            return Err(Error::usage("migrate needs --store; a file is brought up to date by whatever writes to it"));
        };
        let Migrated { from, to } = address.migrate()?;
        self.result.print(&Made { store: address.to_string(), from, to })?;
        Ok(Outcome::Done)
    }
}

/// The result of `migrate`.
#[derive(Serialize)]
struct Made {
    store: String,
    from: Option<i32>,
    to: i32,
}

impl Printable for Made {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { store, from, to } = self;
        match from {
            None => writeln!(out, "{store} has the tables of version {to} now"),
            Some(from) if from == to => writeln!(out, "{store} has version {to} already"),
            Some(from) => writeln!(out, "{store} went from version {from} to {to}"),
        }
    }
}
