//! The state that the threads of a receiver share.

use std::sync::Arc;

use super::address::Address;
use super::dictionary::Dictionary;
use super::groups::Groups;
use super::link::Pool;
use super::samples::prepare;
use crate::model::error::Result;
use crate::model::limits::WORKBENCHES_MAX;
use crate::store::workbench::Benches;

/// A database in PostgreSQL.
#[derive(Debug)]
pub(in crate::store) struct Postgres {
    pub(super) pool: Arc<Pool>,
    pub(super) dictionary: Dictionary,
    /// Where uploads work that have more than samples of the app.
    pub(super) benches: Arc<Benches>,
    /// Memory for the rows of workbenches on their way.
    pub(super) groups: Groups,
}

impl Postgres {
    /// Connects once, to find out whether the database can be used.
    pub(in crate::store) fn open(address: &Address) -> Result<Arc<Self>> {
        let pool = Arc::new(Pool::new(address.clone()));
        pool.give_back(pool.take()?);
        let benches = Benches::new(WORKBENCHES_MAX);
        let groups = Groups::default();
        Ok(Arc::new(Self { dictionary: Dictionary::new(Arc::clone(&pool)), pool, benches, groups }))
    }

    /// Makes what the first upload needs: a connection for its rows, one for its texts, and a workbench.
    pub(in crate::store) fn warm(&self) -> Result<()> {
        let (rows, texts) = (self.pool.take()?, self.pool.take()?);
        prepare(&rows)?;
        self.pool.give_back(texts);
        self.pool.give_back(rows);
        self.benches.warm()
    }
}
