//! What stands in for the store in PostgreSQL in a build without it: an address that nothing can be.

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::derive::{Decided, Decision};
use super::people::erase::Erased;
use super::people::traces::TraceRows;
use super::quotas::QuotaChange;
use super::read::latest::Latest;
use super::read::silent::SilentRow;
use super::read::status::{Status, TypeRows};
use super::sessions::{EndedSessions, Revocation, SessionRow};
use super::token_lookup::Lookup;
use super::tokens::{NewToken, TokenRow};
use super::writer::Writer;
use crate::model::error::{Error, Result};
use crate::model::follower::Follower;
use crate::model::quota::Quota;

/// Where a PostgreSQL database is: this build knows none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address(Infallible);

/// The result of `migrate`: never made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Migrated {
    /// The version before.
    pub from: Option<i32>,
    /// The version now.
    pub to: i32,
}

impl std::str::FromStr for Address {
    type Err = Error;

    fn from_str(_: &str) -> Result<Self> {
        Err(Error::usage(
            "this build has no PostgreSQL; build with `--features postgres`, or install a package, which has it",
        ))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

#[expect(clippy::missing_errors_doc, reason = "there is no address, so nothing is called")]
#[expect(missing_docs, reason = "as in a build with PostgreSQL")]
impl Address {
    pub fn with_password(self, _: Option<&Path>) -> Result<Self> {
        match self.0 {}
    }

    pub fn migrate(&self) -> Result<Migrated> {
        match self.0 {}
    }

    pub fn add_token(&self, _: &NewToken<'_>) -> Result<i64> {
        match self.0 {}
    }

    pub fn known_tokens(&self, _: &[NewToken<'_>]) -> Result<Vec<Option<i64>>> {
        match self.0 {}
    }

    pub fn add_tokens(&self, _: &[NewToken<'_>], _: &mut dyn FnMut(&[i64]) -> Result<()>) -> Result<Vec<i64>> {
        match self.0 {}
    }

    pub fn tokens(&self) -> Result<Vec<TokenRow>> {
        match self.0 {}
    }

    pub fn revoke_token(&self, _: i64, _: i64) -> Result<Option<Revocation>> {
        match self.0 {}
    }

    pub fn change_quota(&self, _: i64, _: QuotaChange) -> Result<Option<Quota>> {
        match self.0 {}
    }

    pub fn has_tokens(&self) -> Result<bool> {
        match self.0 {}
    }

    pub fn first_person(&self) -> Result<String> {
        match self.0 {}
    }

    pub fn add_code(&self, _: i64) -> Result<String> {
        match self.0 {}
    }

    pub fn sessions(&self) -> Result<Vec<SessionRow>> {
        match self.0 {}
    }

    pub fn end_sessions(&self, _: Option<&[i64]>) -> Result<EndedSessions> {
        match self.0 {}
    }

    pub fn persons_in_use(&self, _: usize) -> Result<Vec<String>> {
        match self.0 {}
    }

    pub fn status(&self, _: Option<&str>, _: impl FnMut(TypeRows)) -> Result<Status> {
        match self.0 {}
    }
}

impl Address {
    pub(in crate::store) fn decide(&self, _: &Decided, _: &Decision) -> Result<()> {
        match self.0 {}
    }

    pub(in crate::store) fn latest(&self, _: Option<&str>, _: i64) -> Result<Latest> {
        match self.0 {}
    }

    pub(in crate::store) fn check(&self) -> Result<()> {
        match self.0 {}
    }

    pub(in crate::store) fn lock_follower(&self, _: &str) -> Result<Option<FollowerSession>> {
        match self.0 {}
    }

    pub(in crate::store) fn read_follower(&self, _: &str) -> Result<Vec<u8>> {
        match self.0 {}
    }

    pub(in crate::store) fn write_follower(&self, _: &str, _: &[u8]) -> Result<()> {
        match self.0 {}
    }
}

/// The right to be a follower in PostgreSQL: never had.
#[derive(Debug)]
pub(in crate::store) struct FollowerSession(Infallible);

impl FollowerSession {
    pub(in crate::store) fn is_open(&self) -> bool {
        match self.0 {}
    }
}

/// A view of a database in PostgreSQL: never made.
#[derive(Debug)]
pub(in crate::store) struct Glass(Infallible);

impl Glass {
    pub(in crate::store) fn open(address: &Address) -> Result<Self> {
        match address.0 {}
    }

    pub(in crate::store) fn connection(&self) -> &Connection {
        match self.0 {}
    }

    pub(in crate::store) fn connection_mut(&mut self) -> &mut Connection {
        match self.0 {}
    }

    pub(in crate::store) fn begin(&self, _: Duration) -> Result<()> {
        match self.0 {}
    }

    pub(in crate::store) fn end(&self) {
        match self.0 {}
    }

    pub(in crate::store) fn look<T, E>(
        &self,
        _: Duration,
        _: impl FnOnce(&Connection) -> std::result::Result<T, E>,
        _: impl FnOnce(E) -> Error,
    ) -> Result<T> {
        match self.0 {}
    }

    pub(in crate::store) fn take_error(&self) -> Option<Error> {
        match self.0 {}
    }

    pub(in crate::store) fn version(&self) -> rusqlite::Result<i64> {
        match self.0 {}
    }

    pub(in crate::store) fn settled(&self) -> Option<i64> {
        match self.0 {}
    }

    pub(in crate::store) fn following(self) -> Self {
        match self.0 {}
    }

    pub(in crate::store) fn bytes(&self) -> rusqlite::Result<i64> {
        match self.0 {}
    }

    pub(in crate::store) fn followers(&self) -> rusqlite::Result<Vec<Follower>> {
        match self.0 {}
    }
}

#[expect(clippy::missing_errors_doc, reason = "there is no address, so nothing is called")]
#[expect(missing_docs, reason = "as in a build with PostgreSQL")]
impl Address {
    pub fn erase(&self, _: &str) -> Result<Erased> {
        match self.0 {}
    }

    pub fn traces(&self, _: &str, _: Option<i64>) -> Result<Vec<TraceRows>> {
        match self.0 {}
    }

    pub fn silent(&self, _: i64, _: Option<&str>, _: impl FnMut(SilentRow)) -> Result<()> {
        match self.0 {}
    }
}

impl Writer {
    /// Writes to PostgreSQL.
    ///
    /// # Errors
    ///
    /// Never: there is no address.
    pub fn to_postgres(address: &Address) -> Result<Self> {
        match address.0 {}
    }
}

impl Lookup {
    /// Looks up in PostgreSQL.
    ///
    /// # Errors
    ///
    /// Never: there is no address.
    pub fn of_postgres(address: &Address) -> Result<Self> {
        match address.0 {}
    }
}
