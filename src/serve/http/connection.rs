//! One connection: HTTP/1.1 or HTTP/2 with timeouts, a graceful end, and an answer that no reset overtakes.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::CONNECTION;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::linger::{close, drop_rest};
use super::listeners::ListenerKind;
use super::slots::Slot;
use super::socket::Socket;
use super::streaming;
use super::tls::{Tls, is_h2};
use crate::model::limits::{
    FRAME_BYTES_MAX, H2_CONNECTION_WINDOW_BYTES, H2_FRAME_BYTES_MAX, H2_RESETS_MAX, H2_SEND_BYTES_MAX,
    H2_STREAM_WINDOW_BYTES, H2_STREAMS_MAX, HEADER_BYTES_MAX, HEADER_WAIT, LINGER, TLS_HANDSHAKE_WAIT,
};
use crate::serve::phase::{Phase, reached};
use crate::serve::routes;
use crate::serve::state::State;

/// A connection's bytes, with TLS around them or without: one type, so that HTTP is compiled once.
type Stream = Either<Socket, Box<TlsStream<Socket>>>;

/// First byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// The answer to plain HTTP on an HTTPS port.
const PLAIN_HTTP: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 55\r\n\r\n\
    this port speaks HTTPS; begin the base URL with https:\n";

/// Serves a connection until it ends, or until another one needs its slot.
pub(in crate::serve) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    kind: ListenerKind,
    state: Arc<State>,
    slot: Slot,
) {
    tokio::select! {
        // The client's bytes first: they may be the request that keeps the connection.
        biased;
        () = serve_stream(stream, peer, kind, state, &slot) => {}
        () = slot.evicted() => tracing::debug!(%peer, "closed without a request: another connection needed the slot"),
    }
}

async fn serve_stream(stream: TcpStream, peer: SocketAddr, kind: ListenerKind, state: Arc<State>, slot: &Slot) {
    // The answer is one small write and should not wait for more.
    let _ = stream.set_nodelay(true);
    let tls = match (&state.tls, kind) {
        (Some(tls), ListenerKind::Everything | ListenerKind::Uploads) => tls,
        // The certificate is for the name that phones use. Prometheus asks for an address, mostly of this machine.
        (None, _) | (_, ListenerKind::Metrics) => {
            return serve_http1(Either::Left(Socket::new(stream)), peer, kind, state, slot).await;
        }
    };
    let mut phase = state.phase.clone();
    let accepted = tokio::select! {
        accepted = timeout(TLS_HANDSHAKE_WAIT, accept_tls(tls, stream)) => accepted,
        () = reached(&mut phase, Phase::Draining) => return,
    };
    match accepted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(stream) if is_h2(&stream) => serve_http2(Either::Right(Box::new(stream)), peer, kind, state, slot).await,
        Ok(stream) => serve_http1(Either::Right(Box::new(stream)), peer, kind, state, slot).await,
        // Port scanners get here too often for a louder line.
        Err(error) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
    }
}

async fn accept_tls(tls: &Tls, mut stream: TcpStream) -> io::Result<TlsStream<Socket>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE && first[0].is_ascii_alphabetic() {
        stream.write_all(PLAIN_HTTP.as_bytes()).await?;
        close(stream).await;
        return Err(io::Error::other("plain HTTP on an HTTPS port"));
    }
    tls.accept(Socket::new(stream)).await
}

async fn serve_http1(stream: Stream, peer: SocketAddr, kind: ListenerKind, state: Arc<State>, slot: &Slot) {
    let mut phase = state.phase.clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        let (state, under_way) = (Arc::clone(&state), slot.begin_request());
        // Boxed, so that the connection can be taken apart at its end.
        Box::pin(async move {
            let answer = routes::answer(&mut request, peer, kind, state).await;
            Ok::<_, Infallible>(streaming::end_with(answer, under_way))
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
            // The end of the program does not wait for half of a request, nor for answers that nobody reads.
            () = slot.idle_for(LINGER), if is_draining => return,
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "the connection ended");
    }
    // Without hyper's buffers, which may hold requests that get no answer any more.
    close(connection.into_parts().io.into_inner()).await;
}

/// Serves several requests at once. hyper's time limits apply to HTTP/1.1 only, so an idle connection is ended here.
async fn serve_http2(stream: Stream, peer: SocketAddr, kind: ListenerKind, state: Arc<State>, slot: &Slot) {
    let mut phase = state.phase.clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        let (state, under_way) = (Arc::clone(&state), slot.begin_request());
        async move {
            let mut answer = routes::answer(&mut request, peer, kind, state).await;
            // HTTP/2 has frames for it.
            answer.headers_mut().remove(CONNECTION);
            let answer = streaming::end_with(answer, under_way);
            let body = request.into_body();
            if !body.is_end_stream() {
                tokio::spawn(drop_rest(body));
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(H2_STREAMS_MAX)
        .initial_stream_window_size(H2_STREAM_WINDOW_BYTES)
        .initial_connection_window_size(H2_CONNECTION_WINDOW_BYTES)
        .max_frame_size(H2_FRAME_BYTES_MAX)
        .max_header_list_size(u32::try_from(HEADER_BYTES_MAX).unwrap_or(u32::MAX))
        .max_send_buf_size(H2_SEND_BYTES_MAX)
        .max_pending_accept_reset_streams(H2_RESETS_MAX)
        .max_local_error_reset_streams(H2_RESETS_MAX);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = reached(&mut phase, Phase::Draining) => None,
        () = slot.idle_for(HEADER_WAIT) => None,
    };
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        ended = tokio::select! {
            ended = &mut connection => Some(ended),
            // The client does not close its side.
            () = slot.idle_for(LINGER) => None,
        };
    }
    if let Some(Err(error)) = ended {
        tracing::debug!(%peer, %error, "the connection ended");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_plain_http_is_as_long_as_it_says() {
        let (head, body) = PLAIN_HTTP.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{}", body.len());
    }
}
