//! A client's socket with two bounds: writing fails when nothing is taken for long, and reading takes turns.
//!
//! Reading takes turns because of memory: HTTP/2 buffers the data that arrives until the request's task reads it. Without
//! turns, the tasks of all connections could each read a whole window before the first task drops its data. A turn is
//! tokio's budget for one poll of a task. TLS may hide one `Pending` behind data that it has, but a spent budget stays spent
//! until the task yields.
//!
//! The crate `tokio-io-timeout` has the limit of writing but no turns, so it would add a wrapper and remove five lines.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::consume_budget;
use tokio::time::{Sleep, sleep};

use crate::model::limits::{READ_TURN_BYTES, TASK_BUDGET, WRITE_WAIT};

/// A socket that fails once it has taken no byte of what is written to it for [`WRITE_WAIT`], and that returns about
/// [`READ_TURN_BYTES`] before other tasks run.
pub(super) struct Socket<S = TcpStream> {
    stream: S,
    /// Runs only while a write waits.
    limit: Option<Pin<Box<Sleep>>>,
    /// The first byte that was read.
    first: Option<u8>,
}

impl<S> Socket<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, limit: None, first: None }
    }

    /// The first byte that the client sent, if any was read.
    pub(super) fn first_byte(&self) -> Option<u8> {
        self.first
    }

    /// Returns the outcome of a write, or an error when its time is over.
    fn within_limit<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.limit = None;
            return written;
        }
        let limit = self.limit.get_or_insert_with(|| Box::pin(sleep(WRITE_WAIT)));
        limit.as_mut().poll(context).map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "answers are not read")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(pin!(consume_budget()).poll(context));
        let before = buf.filled().len();
        let this = self.get_mut();
        let read = Pin::new(&mut this.stream).poll_read(context, buf);
        this.first = this.first.or_else(|| buf.filled().get(before).copied());
        spend_budget(context, buf.filled().len() - before);
        read
    }
}

/// Spends the part of the task's budget that corresponds to these bytes.
fn spend_budget(context: &mut Context<'_>, bytes: usize) {
    for _ in 0..bytes / (READ_TURN_BYTES / TASK_BUDGET) {
        if pin!(consume_budget()).poll(context).is_pending() {
            return;
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, buf);
        this.within_limit(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, bufs);
        this.within_limit(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A socket has nothing to flush.
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    /// Yields zeros without end.
    struct Zeros;

    impl AsyncRead for Zeros {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            buf.initialize_unfilled();
            buf.set_filled(buf.capacity());
            Poll::Ready(Ok(()))
        }
    }

    /// As TLS does, it asks again after a `Pending` in the same poll.
    #[test]
    fn reading_takes_turns() {
        const READ_BYTES: usize = READ_TURN_BYTES / 4;
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let turns = runtime.block_on(async {
            let mut socket = Socket::new(Zeros);
            let mut turns = Vec::new();
            let read = poll_fn(move |context| {
                let mut buf = vec![0; READ_BYTES];
                let is_ready =
                    |_: &usize| Pin::new(&mut socket).poll_read(context, &mut ReadBuf::new(&mut buf)).is_ready();
                turns.push((0..100).filter(is_ready).count() * READ_BYTES);
                if turns.len() == 3 { Poll::Ready(std::mem::take(&mut turns)) } else { Poll::Pending }
            });
            tokio::spawn(read).await.unwrap()
        });
        assert!(turns.iter().all(|bytes| (1..=READ_TURN_BYTES).contains(bytes)), "{turns:?}");
    }
}
