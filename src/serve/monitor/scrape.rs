//! `/metrics` and the metrics' own address, where `/healthz` is told, too. One scrape at a time.
//!
//! Which kinds of data a person has is private. So on the address that takes uploads, a token tells of its own person, and
//! without any token it is this machine alone that is told; on an address of their own, whoever reaches that is told all, but no
//! web page in a browser that does.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response};

use crate::serve::access::client::{Client, may_be_web_page};
use crate::serve::config::{HEALTH_PATH, METRICS_PATH};
use crate::serve::monitor::exposition;
use crate::serve::monitor::metrics::Moment;
use crate::serve::problem::{self, Answer};
use crate::serve::{State, routes};

/// Answers on the metrics' own address.
pub(in crate::serve) async fn answer<B>(request: &Request<B>, peer: SocketAddr, state: Arc<State>) -> Answer {
    match request.uri().path() {
        METRICS_PATH if may_be_web_page(peer, request) => problem::not_for_web_pages(),
        METRICS_PATH => metrics(request.method(), &state, None).await,
        HEALTH_PATH => routes::health(request.method(), &state),
        _ => problem::not_found(),
    }
}

/// Answers on the address that takes uploads.
pub(in crate::serve) async fn answer_beside_uploads<B>(
    request: &Request<B>,
    peer: SocketAddr,
    state: Arc<State>,
) -> Answer {
    if state.has_metrics_address {
        return problem::not_found();
    }
    let client = Client::of(peer, request, &state.trusted_proxies);
    match state.door.admit_reader(request.headers(), client) {
        Ok(person) => metrics(request.method(), &state, person).await,
        Err(refusal) => routes::refused(&refusal, client, &state.metrics),
    }
}

/// Tells the series of a person, or of all.
async fn metrics(method: &Method, state: &Arc<State>, person: Option<String>) -> Answer {
    if ![Method::GET, Method::HEAD].contains(method) {
        return problem::method_not_allowed("GET, HEAD");
    }
    let Ok(place) = Arc::clone(&state.scrapes).try_acquire_owned() else {
        return problem::busy();
    };
    let moment = Moment {
        under_way: state.intake.under_way(),
        places: state.intake.places(),
        writer_queue: state.writer.queued(),
        is_writer_alive: state.writer.is_alive(),
    };
    let scraped = {
        let state = Arc::clone(state);
        tokio::task::spawn_blocking(move || {
            let scraped = state.metrics.scrape(moment, person.as_deref());
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
