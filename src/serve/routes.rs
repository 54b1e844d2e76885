//! What each request gets: the order in which things are checked, before a byte of the body is read.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use super::auth::Refusal;
use super::body::{self, ChunkReader};
use super::client::{Client, is_private};
use super::problem::{self, Answer};
use super::{PLAIN_HTTP_WARNING, State};
use crate::config::HEALTH_PATH;
use crate::counts::is_zero;
use crate::decode::Options;
use crate::encoding::Coding;
use crate::ingest::{Aborted, Origin, Summary, ingest};
use crate::limits::INGESTS_MAX;
use crate::writer::WriterHandle;

/// Answers a request.
pub(super) async fn answer(request: Request<Incoming>, peer: SocketAddr, state: Arc<State>) -> Answer {
    let path = request.uri().path();
    if path == HEALTH_PATH {
        return match *request.method() {
            Method::GET | Method::HEAD => health(&state),
            _ => problem::method_not_allowed("GET, HEAD"),
        };
    }
    if path != state.path {
        return problem::not_found();
    }
    if request.method() != Method::POST {
        return problem::method_not_allowed("POST");
    }
    let client = Client::of(peer, request.headers(), &state.trusted_proxies);
    let sender = match state.door.admit(request.headers(), client) {
        Ok(sender) => sender,
        Err(refusal) => return refused(&refusal, client),
    };
    warn_of_plain_http(client, &state);
    let peer = client.address;
    let Some(coding) = coding(request.headers()) else {
        return problem::unsupported_encoding();
    };
    if request.body().size_hint().lower() > state.body_bytes_max {
        return problem::too_large(state.body_bytes_max);
    }
    let Ok(place) = Arc::clone(&state.ingests).try_acquire_owned() else {
        tracing::warn!(%peer, "refused: all places are taken");
        return problem::busy();
    };
    let origin = Origin { kind: "http", sender: peer.to_string(), person: sender.person, token: sender.token };
    receive(request.into_body(), coding, peer, origin, &state, place).await
}

fn refused(refusal: &Refusal, client: Client) -> Answer {
    match refusal {
        Refusal::Wrong => problem::unauthorized(),
        Refusal::TooManyAttempts(wait) => problem::too_many_attempts(*wait),
        Refusal::NoTokenYet => problem::no_token_yet(),
        Refusal::Failed(error) => {
            tracing::error!(peer = %client.address, %error, "could not look the token up");
            problem::failed(error)
        }
    }
}

/// Once: a token that comes from afar in the clear was shown to everyone on its way.
fn warn_of_plain_http(client: Client, state: &State) {
    let is_in_the_clear = state.tls.is_none() && !client.is_forwarded && !is_private(client.address);
    if is_in_the_clear && !state.has_warned_of_plain_http.swap(true, Ordering::Relaxed) {
        tracing::warn!(peer = %client.address, "{PLAIN_HTTP_WARNING}");
    }
}

/// The coding of the body; none if it is not known, or if there are several.
fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(Coding::Identity),
        (Some(value), None) => Coding::from_header(value.to_str().ok()?),
        (Some(_), Some(_)) => None,
    }
}

/// Receives an upload: the body goes to a thread of its own, and the answer comes when all is committed.
async fn receive(
    body: Incoming,
    coding: Coding,
    peer: IpAddr,
    origin: Origin,
    state: &State,
    place: OwnedSemaphorePermit,
) -> Answer {
    let (sender, reader) = body::channel();
    let writer = state.writer.clone();
    let body_bytes_max = state.body_bytes_max;
    let ingest = tokio::task::spawn_blocking(move || {
        let outcome = decode(reader, coding, body_bytes_max, origin, &writer);
        log(peer, &outcome);
        drop(place);
        outcome
    });
    sender.pump(body, state.phase.clone()).await;
    match ingest.await {
        Ok(Ok(summary)) => stored(&summary),
        Ok(Err(aborted)) => problem::aborted(&aborted),
        Err(panic) => {
            tracing::error!(%peer, %panic, "an upload failed");
            problem::internal()
        }
    }
}

fn decode(
    reader: ChunkReader,
    coding: Coding,
    bytes_max: u64,
    origin: Origin,
    writer: &WriterHandle,
) -> Result<Summary, Aborted> {
    match coding.decode(reader, bytes_max) {
        Ok(source) => ingest(source, origin, Options::default(), writer),
        Err(error) => Err(Aborted { error, summary: None }),
    }
}

fn log(peer: IpAddr, outcome: &Result<Summary, Aborted>) {
    match outcome {
        Ok(Summary { upload, body_bytes, counts }) => tracing::info!(
            %peer, upload, bytes = body_bytes, records = counts.records(), route_points = counts.route_points, new = counts.new,
            updated = counts.updated, unchanged = counts.unchanged, rejected = counts.rejected, "stored"
        ),
        Err(Aborted { error, summary }) => {
            let upload = summary.as_ref().map(|summary| summary.upload);
            let stored = summary.as_ref().map_or(0, |summary| summary.counts.records() + summary.counts.route_points);
            tracing::warn!(%peer, upload, stored, %error, "aborted");
        }
    }
}

/// The answer that the app reads its count from.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    ok: bool,
    count: u64,
    inserted: Inserted,
    route_points: u64,
    new: u64,
    updated: u64,
    unchanged: u64,
    /// Records that an import had brought before.
    #[serde(skip_serializing_if = "is_zero")]
    merged: u64,
    rejected: u64,
    upload: i64,
}

#[derive(Serialize)]
struct Inserted {
    measurements: u64,
    medications: u64,
    workouts: u64,
    /// Records of sections that this version does not know, so that the parts add up to the count.
    #[serde(skip_serializing_if = "is_zero")]
    other: u64,
}

fn stored(summary: &Summary) -> Answer {
    let counts = &summary.counts;
    json(&Stored {
        ok: true,
        count: counts.records(),
        inserted: Inserted {
            measurements: counts.measurements,
            medications: counts.medications,
            workouts: counts.workouts,
            other: counts.other,
        },
        route_points: counts.route_points,
        new: counts.new,
        updated: counts.updated,
        unchanged: counts.unchanged,
        merged: counts.merged,
        rejected: counts.rejected,
        upload: summary.upload,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    ok: bool,
    version: &'static str,
    uploads_under_way: usize,
}

fn health(state: &State) -> Answer {
    if !state.writer.is_alive() {
        return problem::internal();
    }
    let uploads_under_way = INGESTS_MAX - state.ingests.available_permits();
    json(&Health { ok: true, version: env!("CARGO_PKG_VERSION"), uploads_under_way })
}

fn json(value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(body) => {
            let mut answer = Response::new(Full::new(Bytes::from(body)));
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            answer
        }
        Err(_) => problem::internal(),
    }
}
