//! Streamed answers: the request stays under way until its answer is sent, not only until the handler returns.
//!
//! Otherwise the connection would be idle meanwhile, and be closed or evicted in the middle of the answer. A client that takes
//! nothing for [`WRITE_WAIT`] loses that protection. A whole answer needs none: it is in memory when the handler returns.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::timeout;

use super::slots::UnderWay;
use crate::model::error::Error;
use crate::model::limits::WRITE_WAIT;
use crate::serve::answer::{Answer, AnswerBody};

/// Which side a streamed answer waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    /// The handler makes the next piece.
    Server,
    /// The client takes the last one.
    Client,
}

/// A streamed body that says whose turn it is.
struct Streamed {
    body: AnswerBody,
    turn: watch::Sender<Turn>,
}

/// Ends a request with its answer: at once if that is whole, else when it is sent.
pub(super) fn end_with(answer: Answer, under_way: UnderWay) -> Answer {
    if answer.body().size_hint().exact().is_some() {
        return answer;
    }
    let (turn, watched) = watch::channel(Turn::Server);
    tokio::spawn(hold(under_way, watched));
    answer.map(|body| Streamed { body, turn }.boxed_unsync())
}

/// Holds a request until its body is dropped, or its client takes nothing.
async fn hold(under_way: UnderWay, mut turn: watch::Receiver<Turn>) {
    loop {
        let waits_for = *turn.borrow_and_update();
        let changed = match waits_for {
            Turn::Server => turn.changed().await.is_ok(),
            Turn::Client => timeout(WRITE_WAIT, turn.changed()).await.is_ok_and(|changed| changed.is_ok()),
        };
        if !changed {
            break;
        }
    }
    drop(under_way);
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = Error;

    /// hyper asks for a piece once the client has taken enough of those before.
    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(context);
        this.turn.send_replace(if frame.is_ready() { Turn::Client } else { Turn::Server });
        frame
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
    use crate::serve::http::slots::Slots;
    use std::net::Ipv4Addr;
    use std::time::Instant;

    /// A body without an end.
    struct Endless;

    impl Body for Endless {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"row")))))
        }
    }

    #[test]
    fn a_streamed_answer_is_under_way_until_it_is_dropped() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let slot = Slots::new(1).take(Ipv4Addr::LOCALHOST.into(), Instant::now());
            drop(end_with(whole("text/plain", "row"), slot.begin_request()));
            assert!(slot.is_idle());
            let mut answer = end_with(Answer::new(Endless.boxed_unsync()), slot.begin_request());
            for _ in 0..3 {
                assert!(answer.body_mut().frame().await.is_some());
                tokio::task::yield_now().await;
                assert!(!slot.is_idle(), "the client may still take it");
            }
            drop(answer);
            slot.idle_for(std::time::Duration::ZERO).await;
            assert!(slot.is_idle());
        });
    }
}
