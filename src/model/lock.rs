//! Locks. Whatever a mutex of this program guards is complete between two statements, so a panic elsewhere leaves it valid.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also one that another thread held when it panicked.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
