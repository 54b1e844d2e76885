//! `/metrics` and the metrics' own address, where `/healthz` is told, too. One scrape at a time.
//!
//! Which kinds of data a person has is private. So on the address that takes uploads, the metrics are told to whoever may
//! upload, and without a token to this machine alone; on an address of their own, to whoever reaches that.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, FORWARDED, HeaderName, HeaderValue, ORIGIN, VIA};
use hyper::{HeaderMap, Method, Request, Response};

use super::exposition;
use super::metrics::Moment;
use super::problem::{self, Answer};
use super::{State, routes};
use crate::config::{HEALTH_PATH, METRICS_PATH};
use crate::limits::INGESTS_MAX;

/// Answers on the metrics' own address.
pub(super) async fn answer(request: Request<Incoming>, state: Arc<State>) -> Answer {
    match request.uri().path() {
        METRICS_PATH => metrics(request.method(), &state).await,
        HEALTH_PATH => routes::health(request.method(), &state),
        _ => problem::not_found(),
    }
}

/// Answers on the address that takes uploads.
pub(super) async fn answer_beside_uploads(request: Request<Incoming>, peer: SocketAddr, state: Arc<State>) -> Answer {
    if state.has_metrics_address {
        return problem::not_found();
    }
    let headers = request.headers();
    let may_read =
        state.credentials.admit(headers) && (state.credentials.are_needed() || is_this_machine(peer, headers));
    if may_read { metrics(request.method(), &state).await } else { problem::unauthorized() }
}

/// Whether a request was begun on this machine, not by a proxy for another and not by a web page.
fn is_this_machine(peer: SocketAddr, headers: &HeaderMap) -> bool {
    const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
    let is_forwarded = [FORWARDED, VIA, X_FORWARDED_FOR, ORIGIN].iter().any(|name| headers.contains_key(name));
    peer.ip().to_canonical().is_loopback() && !is_forwarded
}

async fn metrics(method: &Method, state: &Arc<State>) -> Answer {
    if ![Method::GET, Method::HEAD].contains(method) {
        return problem::method_not_allowed("GET, HEAD");
    }
    let Ok(place) = Arc::clone(&state.scrapes).try_acquire_owned() else {
        return problem::busy();
    };
    let moment = Moment {
        under_way: INGESTS_MAX - state.ingests.available_permits(),
        writer_queue: state.writer.queued(),
        is_writer_alive: state.writer.is_alive(),
    };
    let scraped = {
        let state = Arc::clone(state);
        tokio::task::spawn_blocking(move || {
            let scraped = state.metrics.scrape(moment);
            drop(place);
            scraped
        })
    };
    match scraped.await {
        Ok(body) => {
            let mut answer = Response::new(Full::new(Bytes::from(body)));
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(exposition::CONTENT_TYPE));
            answer
        }
        Err(_) => problem::internal(),
    }
}
