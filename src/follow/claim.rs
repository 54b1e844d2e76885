//! The right to be the follower of a name. A file's lock lasts as long as the process. PostgreSQL ends its lock with the session, such as
//! when it is started again, so the follower takes it again.

use super::waiter::Waiter;
use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{FOLLOW_LOCK_TRIES, FOLLOW_LOCK_WAIT};
use crate::store::{FollowerLock, Kept};

/// The right to be the follower of a name, as long as nobody else has taken it.
#[derive(Debug)]
pub(super) struct Claim(FollowerLock);

impl Claim {
    /// Takes it. A program that looks whether the follower runs has the lock for a moment.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] if another follower has it.
    pub(super) fn take(kept: &Kept, name: &str, waiter: &Waiter) -> Result<Self> {
        for _ in 0..FOLLOW_LOCK_TRIES {
            if let Some(lock) = kept.lock_follower(name)? {
                return Ok(Self(lock));
            }
            if waiter.pause(FOLLOW_LOCK_WAIT) {
                break;
            }
        }
        Err(Error::usage(format!("another follower {name} runs already; end it, or give this one another --name")))
    }

    /// Takes it again if the database has ended it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] if another follower has taken it meanwhile.
    pub(super) fn renew(&mut self, kept: &Kept, name: &str, waiter: &Waiter) -> Result<()> {
        if self.0.is_held() {
            return Ok(());
        }
        match Self::take(kept, name, waiter) {
            // The database is away again. The next look waits for it.
            Err(error) if error.kind() == ErrorKind::Busy => Ok(()),
            taken => taken.map(|taken| *self = taken),
        }
    }
}
