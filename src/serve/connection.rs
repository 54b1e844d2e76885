//! One connection: HTTP/1.1 with timeouts, a graceful end, and an answer that is not lost to a reset.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::{Face, Phase, State, reached, routes, scrape};
use crate::limits::{FRAME_BYTES_MAX, HEADER_BYTES_MAX, HEADER_WAIT, LINGER, LINGER_BYTES_MAX};

/// Serves a connection until it ends. `_place` is given back with it.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    face: Face,
    state: Arc<State>,
    _place: OwnedSemaphorePermit,
) {
    // The answer is one small write: it should not wait for company.
    let _ = stream.set_nodelay(true);
    let mut phase = state.phase.clone();
    let service = service_fn(|request| {
        let state = Arc::clone(&state);
        // Boxed, so that the connection can be taken apart in the end.
        Box::pin(async move {
            Ok::<_, Infallible>(match face {
                Face::Uploads => routes::answer(request, peer, state).await,
                Face::Metrics => scrape::answer(request, state).await,
            })
        })
    });
    let mut builder = http1::Builder::new();
    // A client that has sent its whole body may close its side and still wait for the answer.
    builder
        .half_close(true)
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_WAIT)
        .max_buf_size(FRAME_BYTES_MAX)
        .max_header_size(HEADER_BYTES_MAX);
    let mut connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut is_draining = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
            () = reached(&mut phase, Phase::Draining), if !is_draining => {
                is_draining = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "the connection ended");
    }
    linger(connection.into_parts().io.into_inner()).await;
}

/// Closes our side, then reads and drops what the client still sends for a while. A socket closed with unread bytes is
/// reset, and the reset can overtake the answer that told the client to stop.
async fn linger(mut stream: TcpStream) {
    let drop_rest = async {
        stream.shutdown().await?;
        let mut buf = [0; 4096];
        let mut left = LINGER_BYTES_MAX;
        while left > 0 {
            let bytes = stream.read(&mut buf).await?;
            if bytes == 0 {
                break;
            }
            left = left.saturating_sub(bytes);
        }
        Ok::<_, std::io::Error>(())
    };
    // Whatever happens to it now, the connection is over.
    let _ = timeout(LINGER, drop_rest).await;
}
