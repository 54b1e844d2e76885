//! What each request gets: the order in which things are checked, before a byte of the body is read.

use std::io::BufRead;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::config::{HEALTH_PATH, METRICS_PATH};
use crate::formats::encoding::Coding;
use crate::formats::payload::Options;
use crate::ingest::ingest;
use crate::model::counts::{Counts, is_zero};
use crate::serve::access::auth::Refusal;
use crate::serve::access::client::{Client, is_private};
use crate::serve::monitor::metrics::{Metrics, UploadResult};
use crate::serve::monitor::scrape;
use crate::serve::problem::{self, Answer};
use crate::serve::upload::body;
use crate::serve::upload::intake::Turn;
use crate::serve::{PLAIN_HTTP_WARNING, State};
use crate::store::writer::WriterHandle;
use crate::store::writer::ingest::{Aborted, Summary};
use crate::store::{Origin, OriginKind};

/// Answers a request.
pub(super) async fn answer(request: &mut Request<Incoming>, peer: SocketAddr, state: Arc<State>) -> Answer {
    let path = request.uri().path();
    if path == HEALTH_PATH {
        return health(request.method(), &state);
    }
    if path == METRICS_PATH {
        return scrape::answer_beside_uploads(request, peer, state).await;
    }
    if path != state.path {
        return problem::not_found();
    }
    if request.method() != Method::POST {
        return problem::method_not_allowed("POST");
    }
    let client = Client::of(peer, request, &state.trusted_proxies);
    let sender = match state.door.admit(request.headers(), client) {
        Ok(sender) => sender,
        Err(refusal) => return refused(&refusal, client, &state.metrics),
    };
    warn_of_plain_http(client, &state);
    let peer = client.address;
    let Some(coding) = coding(request.headers()) else {
        state.metrics.turned_away(UploadResult::Refused);
        return problem::unsupported_encoding();
    };
    if request.body().size_hint().lower() > state.body_bytes_max {
        state.metrics.turned_away(UploadResult::Refused);
        return problem::too_large(state.body_bytes_max);
    }
    let Some(room) = room(coding, &state).await else {
        tracing::warn!(%peer, "refused: all places are taken");
        state.metrics.turned_away(UploadResult::Busy);
        return problem::busy();
    };
    let origin =
        Origin { kind: OriginKind::Http, sender: peer.to_string(), person: sender.person, token: sender.token };
    receive(request.body_mut(), coding, peer, origin, &state, room).await
}

/// What an upload has while it is under way.
struct Room {
    turn: Turn,
    _window: Option<OwnedSemaphorePermit>,
}

/// A turn, and a place for the window if the coding needs one; none if there are none.
async fn room(coding: Coding, state: &State) -> Option<Room> {
    let window = match coding {
        Coding::Zstd => Some(Arc::clone(&state.zstd).try_acquire_owned().ok()?),
        Coding::Identity | Coding::Gzip | Coding::Deflate => None,
    };
    Some(Room { turn: state.intake.take().await?, _window: window })
}

/// Answers a request that is not let in, and counts it.
pub(super) fn refused(refusal: &Refusal, client: Client, metrics: &Metrics) -> Answer {
    let (result, answer) = match refusal {
        Refusal::Wrong => (UploadResult::Unauthorized, problem::unauthorized()),
        Refusal::TooManyAttempts(wait) => (UploadResult::Throttled, problem::too_many_attempts(*wait)),
        Refusal::NoTokenYet => (UploadResult::Unauthorized, problem::no_token_yet()),
        Refusal::Failed(error) => {
            tracing::error!(peer = %client.address, %error, "could not look the token up");
            (UploadResult::Failed, problem::failed(error))
        }
    };
    metrics.turned_away(result);
    answer
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
    body: &mut Incoming,
    coding: Coding,
    peer: IpAddr,
    origin: Origin,
    state: &Arc<State>,
    room: Room,
) -> Answer {
    let (sender, reader) = body::channel();
    let upload = room.turn.upload();
    let ingest = take_in(reader, coding, peer, origin, Arc::clone(state), room);
    sender.pump(body, &upload, state.phase.clone()).await;
    answer_of(ingest, peer, state).await
}

/// Decodes and stores on a thread of its own.
fn take_in(
    reader: impl BufRead + Send + 'static,
    coding: Coding,
    peer: IpAddr,
    origin: Origin,
    state: Arc<State>,
    room: Room,
) -> Ingest {
    let begun = Instant::now();
    let (person, token) = (origin.person.clone(), origin.token);
    // What becomes of an upload is told here, where it ends: its client may have gone before.
    tokio::task::spawn_blocking(move || {
        let outcome = decode(reader, coding, state.body_bytes_max, origin, &state.writer);
        tell(peer, person.as_deref(), token, begun.elapsed(), &outcome, &state.metrics);
        drop(room);
        outcome
    })
}

/// An ingest under way on its thread.
type Ingest = JoinHandle<Result<Summary, Aborted>>;

/// The answer once an ingest has ended, also if it has panicked: that is the end of one upload, and of nothing else.
async fn answer_of(ingest: Ingest, peer: IpAddr, state: &State) -> Answer {
    match ingest.await {
        Ok(Ok(summary)) => stored(&summary),
        Ok(Err(aborted)) => problem::aborted(&aborted),
        Err(panic) => {
            // Only that it has failed: a panic's message may quote what was being read.
            tracing::error!(%peer, status = 500, is_panic = panic.is_panic(), "an upload failed");
            state.metrics.turned_away(UploadResult::Failed);
            problem::internal()
        }
    }
}

fn decode(
    reader: impl BufRead,
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

/// One line and one count for each upload.
fn tell(
    peer: IpAddr,
    person: Option<&str>,
    token: Option<i64>,
    duration: Duration,
    outcome: &Result<Summary, Aborted>,
    metrics: &Metrics,
) {
    let status = problem::status(outcome);
    let result = match status.as_u16() {
        200 => UploadResult::Stored,
        400..500 => UploadResult::Aborted,
        _ => UploadResult::Failed,
    };
    let summary = outcome.as_ref().map_or_else(|aborted| aborted.summary.as_ref(), Some);
    let (upload, bytes) = (summary.map(|summary| summary.upload), summary.map_or(0, |summary| summary.body_bytes));
    let counts = summary.map_or_else(Counts::default, |summary| summary.counts);
    metrics.ended(result, bytes, &counts, duration);
    let (result, status, duration_ms) = (result.name(), status.as_u16(), millis(duration));
    let Counts { route_points, new, updated, unchanged, merged, rejected, .. } = counts;
    let records = counts.records();
    match outcome {
        Ok(_) => tracing::info!(
            %peer, person, token_id = token, upload, result, status, duration_ms, bytes, records, route_points, new, updated, unchanged, merged, rejected,
            "upload"
        ),
        Err(Aborted { error, .. }) => tracing::warn!(
            %peer, person, token_id = token, upload, result, status, duration_ms, bytes, records, route_points, new, updated, unchanged, merged, rejected,
            %error, "upload"
        ),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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

pub(super) fn health(method: &Method, state: &State) -> Answer {
    if ![Method::GET, Method::HEAD].contains(method) {
        return problem::method_not_allowed("GET, HEAD");
    }
    if !state.writer.is_alive() || state.database.check().is_err() {
        return problem::internal();
    }
    let health = Health { ok: true, version: env!("CARGO_PKG_VERSION"), uploads_under_way: state.intake.under_way() };
    let mut answer = json(&health);
    // The one good answer that strangers get: many requests at once would make buffers grow.
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::access::auth::{Credentials, Door};
    use crate::serve::config::Auth;
    use crate::serve::upload::intake::Intake;
    use crate::serve::{Metrics, Phase};
    use crate::store::writer::Writer;
    use crate::store::{Files, TokenReader};
    use std::io::{self, Read};
    use std::net::Ipv4Addr;
    use std::sync::atomic::AtomicBool;
    use tokio::sync::{Semaphore, watch};

    /// A panic must unwind as far as the thread of its upload, and no further: with `panic = "abort"` one would end them all.
    const _: () = assert!(cfg!(panic = "unwind"));

    /// A body in the middle of which our own code fails.
    struct Panicking;

    impl Read for Panicking {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("as if there were a fault here");
        }
    }

    fn state(folder: &std::path::Path, writer: &Writer) -> Arc<State> {
        let db = folder.join("health.db");
        Arc::new(State {
            path: "/".to_owned(),
            door: Door::new(Credentials::load(&Auth::default()).unwrap(), TokenReader::new(&db)),
            tls: None,
            trusted_proxies: Vec::new(),
            has_warned_of_plain_http: AtomicBool::new(false),
            body_bytes_max: u64::MAX,
            writer: writer.handle().clone(),
            intake: Intake::new(1),
            metrics: Metrics::new(&db),
            has_metrics_address: false,
            database: Files::of_open(&db),
            zstd: Arc::new(Semaphore::new(1)),
            scrapes: Arc::new(Semaphore::new(1)),
            phase: watch::channel(Phase::Open).1,
        })
    }

    #[test]
    fn a_panic_is_500_for_one_upload_and_gives_its_place_back() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer::start(&folder.path().join("health.db")).unwrap();
        let state = state(folder.path(), &writer);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let post = async |body: Box<dyn BufRead + Send>| {
            let room = room(Coding::Identity, &state).await.expect("the only place is free");
            let peer = Ipv4Addr::LOCALHOST.into();
            let origin = Origin { kind: OriginKind::Http, sender: String::new(), person: None, token: None };
            let ingest = take_in(body, Coding::Identity, peer, origin, Arc::clone(&state), room);
            answer_of(ingest, peer, &state).await.status().as_u16()
        };
        runtime.block_on(async {
            let before = br#"{"data":{"X":["#.chain(io::BufReader::new(Panicking));
            assert_eq!(post(Box::new(before)).await, 500);
            assert_eq!(state.intake.under_way(), 0);
            assert_eq!(post(Box::new(&b"{\"data\":{}}"[..])).await, 200);
        });
        drop(state);
        writer.stop().unwrap();
    }
}
