//! The databases of workbenches: a few for all uploads of a process, since each takes memory. An upload has one for a transaction.
//!
//! An upload that waits for one holds nothing in the other database, so those that have one go on.

use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use rusqlite::Connection;

use super::failure::store_failure;
use super::open;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::TURN_WAIT;
use crate::model::lock::lock;

/// Some of them.
#[derive(Debug)]
pub(in crate::store) struct Benches {
    most: usize,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Empty ones.
    idle: Vec<Connection>,
    taken: usize,
    waiting: usize,
}

/// One of them, while it is used.
#[derive(Debug)]
pub(super) struct Bench {
    benches: Arc<Benches>,
    taken: Option<Connection>,
}

impl Benches {
    pub(in crate::store) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, state: Mutex::default(), freed: Condvar::new() })
    }

    /// Makes one that the next upload finds.
    pub(in crate::store) fn warm(&self) -> Result<()> {
        self.take().map(|connection| self.free(Some(connection), ()))
    }

    /// Whether an upload waits for one.
    pub(in crate::store) fn is_awaited(&self) -> bool {
        lock(&self.state).waiting > 0
    }

    /// Waits for one.
    fn take(&self) -> Result<Connection> {
        let deadline = Instant::now() + TURN_WAIT;
        let mut state = lock(&self.state);
        state.waiting += 1;
        while state.taken >= self.most {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting -= 1;
                return Err(Error::new(ErrorKind::Busy, "too many uploads wait for each other; send again later"));
            }
            let (waited, _) = self.freed.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner);
            state = waited;
        }
        state.waiting -= 1;
        state.taken += 1;
        let idle = state.idle.pop();
        drop(state);
        idle.map_or_else(|| open::open().map_err(|error| self.free(None, store_failure(error))), Ok)
    }

    /// Takes one back. One that is not empty is dropped.
    fn free<T>(&self, empty: Option<Connection>, result: T) -> T {
        let mut state = lock(&self.state);
        state.taken -= 1;
        state.idle.extend(empty);
        drop(state);
        self.freed.notify_one();
        result
    }
}

impl Bench {
    /// None yet.
    pub(super) fn of(benches: &Arc<Benches>) -> Self {
        Self { benches: Arc::clone(benches), taken: None }
    }

    pub(super) fn is_taken(&self) -> bool {
        self.taken.is_some()
    }

    /// Takes one, unless one is taken. Waits for it.
    pub(super) fn take(&mut self) -> Result<()> {
        if self.taken.is_none() {
            self.taken = Some(self.benches.take()?);
        }
        Ok(())
    }

    /// Gives it back, which is empty now.
    pub(super) fn give_back(&mut self) {
        if let Some(connection) = self.taken.take() {
            self.benches.free(Some(connection), ());
        }
    }
}

impl Deref for Bench {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.taken.as_ref().expect("each step of a workbench is behind its beginning")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if self.taken.take().is_some() {
            self.benches.free(None, ());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn uploads_use_few_benches_in_turn() {
        let benches = Benches::new(2);
        let mut first = Bench::of(&benches);
        first.take().unwrap();
        let mut second = Bench::of(&benches);
        second.take().unwrap();
        let waiting = {
            let benches = Arc::clone(&benches);
            thread::spawn(move || {
                let mut third = Bench::of(&benches);
                third.take().unwrap();
                third.query_row("SELECT count(*) FROM samples", [], |row| row.get::<_, i64>(0)).unwrap()
            })
        };
        while !benches.is_awaited() {
            thread::yield_now();
        }
        // One that may not be empty is not used again.
        first.execute_batch("INSERT INTO types (name) VALUES ('a')").unwrap();
        drop(first);
        assert_eq!(waiting.join().unwrap(), 0);
        assert!(!benches.is_awaited());
        second.give_back();
        assert!(!second.is_taken());
        second.take().unwrap();
        assert_eq!(lock(&benches.state).taken, 1);
        drop(second);
        let state = lock(&benches.state);
        assert_eq!((state.taken, state.idle.len()), (0, 0));
    }
}
