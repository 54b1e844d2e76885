//! One connection: HTTP/1.1 or HTTP/2 with timeouts, a graceful end, and an answer that is not lost to a reset.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::CONNECTION;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::model::limits::{
    FRAME_BYTES_MAX, H2_CONNECTION_WINDOW_BYTES, H2_FRAME_BYTES_MAX, H2_RESETS_MAX, H2_SEND_BYTES_MAX,
    H2_STREAM_WINDOW_BYTES, H2_STREAMS_MAX, HEADER_BYTES_MAX, HEADER_WAIT, LINGER, LINGER_BYTES_MAX,
};
use crate::serve::http::slots::Place;
use crate::serve::http::stream::Stream;
use crate::serve::http::tls;
use crate::serve::http::unread::Timed;
use crate::serve::monitor::scrape;
use crate::serve::{Face, Phase, State, reached, routes};

/// Serves a connection until it ends, or has to make room for another.
pub(in crate::serve) async fn serve(stream: TcpStream, peer: SocketAddr, face: Face, state: Arc<State>, place: Place) {
    tokio::select! {
        // First what the client has sent: it may be the request that keeps it.
        biased;
        () = serve_stream(stream, peer, face, state, &place) => {}
        () = place.leave() => tracing::debug!(%peer, "without a request, and its place was needed"),
    }
}

async fn serve_stream(stream: TcpStream, peer: SocketAddr, face: Face, state: Arc<State>, place: &Place) {
    // The answer is one small write: it should not wait for company.
    let _ = stream.set_nodelay(true);
    let tls = match (&state.tls, face) {
        (Some(tls), Face::Uploads) => tls,
        // The certificate has the name that phones know; whoever scrapes asks for an address, mostly of this machine.
        (None, _) | (_, Face::Metrics) => {
            return serve_http1(Stream::Plain(Timed::new(stream)), peer, face, state, place).await;
        }
    };
    let mut phase = state.phase.clone();
    let accepted = tokio::select! {
        accepted = tls.accept(stream) => accepted,
        () = reached(&mut phase, Phase::Draining) => return,
    };
    match accepted {
        Ok(stream) if tls::is_h2(&stream) => serve_http2(Stream::Tls(Box::new(stream)), peer, state, place).await,
        Ok(stream) => serve_http1(Stream::Tls(Box::new(stream)), peer, face, state, place).await,
        // Whoever scans for ports gets here, too: it is for those who look for something.
        Err(error) => tracing::debug!(%peer, %error, "no handshake of TLS"),
    }
}

async fn serve_http1(stream: Stream, peer: SocketAddr, face: Face, state: Arc<State>, place: &Place) {
    let mut phase = state.phase.clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        let (state, under_way) = (Arc::clone(&state), place.begin());
        // Boxed, so that the connection can be taken apart in the end.
        Box::pin(async move {
            let answer = match face {
                Face::Uploads => routes::answer(&mut request, peer, state).await,
                Face::Metrics => scrape::answer(&request, peer, state).await,
            };
            drop(under_way);
            Ok::<_, Infallible>(answer)
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
            // Half of a request, or answers that nobody reads: the end of the program does not wait for those.
            () = place.quiet(LINGER), if is_draining => return,
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "the connection ended");
    }
    // Without its buffers, which may be full of requests that are not answered any more.
    let stream = connection.into_parts().io.into_inner();
    linger(stream).await;
}

/// Several requests at once. hyper's own time limits are those of HTTP/1.1, so an idle connection is ended here.
async fn serve_http2(stream: Stream, peer: SocketAddr, state: Arc<State>, place: &Place) {
    let mut phase = state.phase.clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        let (state, under_way) = (Arc::clone(&state), place.begin());
        async move {
            let mut answer = routes::answer(&mut request, peer, state).await;
            // Said by frames here.
            answer.headers_mut().remove(CONNECTION);
            drop(under_way);
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
        () = place.quiet(HEADER_WAIT) => None,
    };
    if ended.is_none() {
        connection.as_mut().graceful_shutdown();
        ended = tokio::select! {
            ended = &mut connection => Some(ended),
            // A client that does not take its leave is left.
            () = place.quiet(LINGER) => None,
        };
    }
    if let Some(Err(error)) = ended {
        tracing::debug!(%peer, %error, "the connection ended");
    }
}

/// After an early answer reads and drops what still comes of a body by HTTP/2 for a while. A stream whose body nobody wants is
/// reset, and some clients (curl 7.88) take the reset for the answer.
async fn drop_rest(mut body: Incoming) {
    let drop_rest = async {
        let mut left = LINGER_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            left = left.saturating_sub(bytes);
            if left == 0 {
                break;
            }
        }
    };
    let _ = timeout(LINGER, drop_rest).await;
}

/// Closes our side, then reads and drops what the client still sends for a while. A socket closed with unread bytes is
/// reset, and the reset can overtake the answer that told the client to stop.
pub(in crate::serve) async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
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
