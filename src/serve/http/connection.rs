//! One connection: HTTP/1.1 or HTTP/2 with timeouts, a graceful end, and an answer that no reset overtakes.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use hyper::Request;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::attentive::{Attentive, Watch};
use super::handshake::{Failure, HANDSHAKE, accept};
use super::linger::{close, drop_rest};
use super::listeners::ListenerKind;
use super::slots::Slot;
use super::socket::Socket;
use super::streaming;
use super::tls::is_h2;
use crate::model::limits::{
    FRAME_BYTES_MAX, H2_CONNECTION_WINDOW_BYTES, H2_FRAME_BYTES_MAX, H2_RESETS_MAX, H2_SEND_BYTES_MAX,
    H2_STREAM_WINDOW_BYTES, H2_STREAMS_MAX, HEADER_BYTES_MAX, HEADER_WAIT, LINGER, TLS_HANDSHAKE_WAIT,
};
use crate::serve::answer::{EndsWithClient, MayStay};
use crate::serve::obstacles::ObstacleKind;
use crate::serve::phase::{Phase, reached};
use crate::serve::routes;
use crate::serve::state::State;

/// A connection's bytes, with TLS around them or without: one type, so that HTTP is compiled once.
type Stream = Either<Socket, Box<TlsStream<Socket>>>;

/// What is logged about TLS on a port without it.
const HTTPS_TO_PLAIN_PORT: &str = "the client speaks HTTPS, and this port plain HTTP; begin the base URL with http:, or give --tls-cert and \
    --tls-key";

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
        accepted = timeout(TLS_HANDSHAKE_WAIT, accept(tls, stream)) => accepted,
        () = reached(&mut phase, Phase::Draining) => return,
    };
    match accepted.unwrap_or(Err(Failure::Silence)) {
        Ok(stream) if is_h2(&stream) => serve_http2(Either::Right(Box::new(stream)), peer, kind, state, slot).await,
        Ok(stream) => serve_http1(Either::Right(Box::new(stream)), peer, kind, state, slot).await,
        Err(failure) => match failure.obstacle() {
            Some((kind, message)) => state.obstacles.report(kind, peer.ip().to_canonical(), &message),
            // Port scanners and monitors get here too often for a louder line.
            None => tracing::debug!(%peer, "a connection without a TLS handshake"),
        },
    }
}

async fn serve_http1(stream: Stream, peer: SocketAddr, kind: ListenerKind, state: Arc<State>, slot: &Slot) {
    let (mut phase, obstacles) = (state.phase.clone(), Arc::clone(&state.obstacles));
    let watch = Watch::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        let (state, under_way, watch) = (Arc::clone(&state), slot.begin_request(), watch.clone());
        // Boxed, so that the connection can be taken apart at its end.
        Box::pin(async move {
            watch.set(false);
            let mut answer = routes::answer(&mut request, peer, kind, state).await;
            watch.set(answer.extensions().get::<EndsWithClient>().is_some());
            if answer.extensions().get::<MayStay>().is_some() && !slot.may_stay() {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
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
    let mut connection = builder.serve_connection(TokioIo::new(Attentive::new(stream, watch.clone())), service);
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
    let stream = connection.into_parts().io.into_inner().into_inner();
    if kind != ListenerKind::Metrics
        && let Either::Left(socket) = &stream
        && socket.first_byte() == Some(HANDSHAKE)
    {
        let address = peer.ip().to_canonical();
        obstacles.report(ObstacleKind::HttpsToPlainPort, address, HTTPS_TO_PLAIN_PORT);
    }
    close(stream).await;
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
