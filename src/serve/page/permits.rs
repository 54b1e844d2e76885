//! How many pages without a script are made, and in memory until they are sent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::model::error::Error;
use crate::model::limits::{PLAIN_PAGES_MADE_MAX, PLAIN_PAGES_MAX, PLAIN_PAGES_OF_TOKEN_MAX};
use crate::serve::answer::{Answer, AnswerBody};
use crate::serve::api::{Share, Shares};

/// The right to have pages in memory.
#[derive(Debug)]
pub(in crate::serve) struct Permits {
    pages: Shares,
    made: Semaphore,
}

impl Permits {
    pub(in crate::serve) fn new() -> Self {
        Self {
            pages: Shares::new(PLAIN_PAGES_MAX, PLAIN_PAGES_OF_TOKEN_MAX),
            made: Semaphore::new(PLAIN_PAGES_MADE_MAX),
        }
    }

    /// Waits for the right of a token to a page until it is sent, and to make it.
    pub(super) async fn begin(&self, token: Option<i64>, wait: Duration) -> Option<(Share, SemaphorePermit<'_>)> {
        let share = self.pages.take(token, wait).await.ok()?;
        let made = timeout(wait, self.made.acquire()).await.ok()?.ok()?;
        Some((share, made))
    }
}

/// Keeps the right until the answer is sent or its client has gone.
pub(super) fn kept(answer: Answer, share: Share) -> Answer {
    answer.map(|body| Kept { body, _share: share }.boxed_unsync())
}

struct Kept {
    body: AnswerBody,
    _share: Share,
}

impl Body for Kept {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::answer::whole;

    #[test]
    fn a_page_counts_until_it_is_sent() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let permits = Permits::new();
        let begin = |token: i64| runtime.block_on(permits.begin(Some(token), Duration::ZERO));
        let made: Vec<_> = (0..PLAIN_PAGES_MADE_MAX).map(|_| begin(1).unwrap()).collect();
        assert!(begin(2).is_none(), "so many are made at once");
        let mut sent: Vec<Answer> =
            made.into_iter().map(|(share, _)| kept(whole("text/html", "a page"), share)).collect();
        assert_eq!(sent[0].body().size_hint().exact(), Some(6));
        while sent.len() < PLAIN_PAGES_OF_TOKEN_MAX {
            sent.push(kept(whole("text/html", "a page"), begin(1).unwrap().0));
        }
        assert!(begin(1).is_none(), "a token leaves some to others");
        for _ in PLAIN_PAGES_OF_TOKEN_MAX..PLAIN_PAGES_MAX {
            sent.push(kept(whole("text/html", "a page"), begin(2).unwrap().0));
        }
        assert!(begin(3).is_none(), "all are taken");
        sent.pop();
        assert!(begin(3).is_some(), "one was sent");
    }
}
