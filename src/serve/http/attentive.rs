//! A connection that notices at once that its client has left, while an answer waits for what has yet to happen.
//!
//! Clients may close their side and still wait for an answer, so hyper reads nothing while it sends one. It would notice only when it
//! writes. Nobody closes one side and still follows events: for such answers, the end of what a client sends is its end.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::model::limits::READ_AHEAD_BYTES_MAX;

/// Whether the answer under way ends with its client.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch(Arc<AtomicBool>);

impl Watch {
    pub(super) fn set(&self, is_on: bool) {
        self.0.store(is_on, Ordering::Relaxed);
    }
}

/// A connection's bytes. While the watch is on, flushing also reads, and fails once the client has left.
pub(super) struct Attentive<S> {
    stream: S,
    watch: Watch,
    /// What was read meanwhile: a next request.
    ahead: Vec<u8>,
}

impl<S> Attentive<S> {
    pub(super) fn new(stream: S, watch: Watch) -> Self {
        Self { stream, watch, ahead: Vec::new() }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> Attentive<S> {
    /// Reads until nothing more is there. Fails if the client has left.
    fn look(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.ahead.len() < READ_AHEAD_BYTES_MAX {
            let mut bytes = [0; READ_AHEAD_BYTES_MAX];
            let mut buf = ReadBuf::new(&mut bytes[self.ahead.len()..]);
            if Pin::new(&mut self.stream).poll_read(context, &mut buf)?.is_pending() {
                break;
            }
            if buf.filled().is_empty() {
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the client has left"));
            }
            self.ahead.extend_from_slice(buf.filled());
            // hyper has asked for these bytes before, or will not be woken for them again.
            context.waker().wake_by_ref();
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Attentive<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ahead.is_empty() {
            return Pin::new(&mut this.stream).poll_read(context, buf);
        }
        let bytes = this.ahead.len().min(buf.remaining());
        buf.put_slice(&this.ahead[..bytes]);
        this.ahead.drain(..bytes);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Attentive<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes whenever it has nothing more to write.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        if this.watch.0.load(Ordering::Relaxed) {
            this.look(context)?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[test]
    fn a_client_that_leaves_is_noticed_while_nothing_is_written() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (client, server) = tokio::io::duplex(4 * READ_AHEAD_BYTES_MAX);
            let watch = Watch::default();
            let mut server = Attentive::new(server, watch.clone());
            drop(client);
            server.flush().await.unwrap();
            watch.set(true);
            assert_eq!(server.flush().await.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        });
    }

    #[test]
    fn what_a_client_sends_meanwhile_is_read_later() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut client, server) = tokio::io::duplex(4 * READ_AHEAD_BYTES_MAX);
            let watch = Watch::default();
            watch.set(true);
            let mut server = Attentive::new(server, watch);
            let sent: Vec<u8> = (0..=250).cycle().take(2 * READ_AHEAD_BYTES_MAX).collect();
            for part in sent.chunks(100) {
                client.write_all(part).await.unwrap();
                server.flush().await.unwrap();
                assert!(server.ahead.len() <= READ_AHEAD_BYTES_MAX);
            }
            drop(client);
            let mut read = vec![0; sent.len()];
            server.read_exact(&mut read).await.unwrap();
            assert!(read == sent);
            assert_eq!(server.read(&mut read).await.unwrap(), 0);
        });
    }
}
