//! A bounded number of things at once, of which one token cannot have all.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use crate::model::lock::lock;

/// A token, and what it may still have.
type OfToken = (Option<i64>, Arc<Semaphore>);

/// A bounded number of things at once.
#[derive(Clone, Debug)]
pub(in crate::serve) struct Shares {
    all: Arc<Semaphore>,
    of_token_max: usize,
    /// The same for each token that has some.
    of_tokens: Arc<Mutex<Vec<OfToken>>>,
}

/// The right to one of them.
#[derive(Debug)]
pub(in crate::serve) struct Share {
    _of_token: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

/// Why there is no such right.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) enum Full {
    /// The token has too many.
    OfToken,
    /// All tokens have.
    OfAll,
}

impl Shares {
    pub(in crate::serve) fn new(max: usize, of_token_max: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(max)), of_token_max, of_tokens: Arc::default() }
    }

    /// Waits for the right of a token to one more.
    pub(in crate::serve) async fn take(&self, token: Option<i64>, wait: Duration) -> Result<Share, Full> {
        let deadline = Instant::now() + wait;
        let of_token = timeout_at(deadline.into(), self.of_token(token).acquire_owned()).await;
        let of_token = of_token.ok().and_then(Result::ok).ok_or(Full::OfToken)?;
        let of_all = timeout_at(deadline.into(), Arc::clone(&self.all).acquire_owned()).await;
        let of_all = of_all.ok().and_then(Result::ok).ok_or(Full::OfAll)?;
        Ok(Share { _of_token: of_token, _of_all: of_all })
    }

    /// What a token may have. That of tokens without any is forgotten.
    fn of_token(&self, token: Option<i64>) -> Arc<Semaphore> {
        let mut of_tokens = lock(&self.of_tokens);
        of_tokens.retain(|(_, shares)| Arc::strong_count(shares) > 1);
        if let Some((_, shares)) = of_tokens.iter().find(|(known, _)| *known == token) {
            return Arc::clone(shares);
        }
        let shares = Arc::new(Semaphore::new(self.of_token_max));
        of_tokens.push((token, Arc::clone(&shares)));
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leaves_some_to_others() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let shares = Shares::new(8, 4);
        let take = |token: i64| runtime.block_on(shares.take(Some(token), Duration::ZERO));
        let mut one: Vec<Share> = (0..4).map(|_| take(1).unwrap()).collect();
        assert_eq!(take(1).unwrap_err(), Full::OfToken);
        let other: Vec<Share> = (0..4).map(|_| take(2).unwrap()).collect();
        assert_eq!(take(3).unwrap_err(), Full::OfAll);
        one.pop();
        let next = take(1).unwrap();
        assert_eq!(take(1).unwrap_err(), Full::OfToken, "one that was returned is one");
        drop((one, other, next));
        take(3).unwrap();
        assert_eq!(lock(&shares.of_tokens).len(), 1, "tokens without any are forgotten");
    }
}
