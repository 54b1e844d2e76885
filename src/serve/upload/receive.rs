//! Receives an upload: the body goes to a decoder's thread, and the answer follows the commit.

use std::io::BufRead;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Request};
use serde::Serialize;
use tokio::task::JoinHandle;

use super::body::{self, stopping};
use super::intake::{Denied, Permit, Window};
use crate::formats::encoding::{Coding, check_length};
use crate::formats::payload::Options;
use crate::ingest::{ingest, ingest_metered};
use crate::model::counts::{Counts, is_zero};
use crate::model::error::Error;
use crate::model::interval::Interval;
use crate::model::quota::Meter;
use crate::serve::access::auth::{Caller, Sender};
use crate::serve::access::client::Client;
use crate::serve::announce::PLAIN_HTTP_WARNING;
use crate::serve::answer::{Answer, json};
use crate::serve::call::Call;
use crate::serve::monitor::metrics::UploadResult;
use crate::serve::network::is_private;
use crate::serve::obstacles::ObstacleKind;
use crate::serve::phase::{Phase, reached};
use crate::serve::problem;
use crate::serve::state::State;
use crate::store::writer::WriterHandle;
use crate::store::writer::ingest::{Aborted, Summary};
use crate::store::{Origin, OriginKind, now_ms};

/// Answers an upload. All checks that need only the head come before the first byte of the body.
pub(in crate::serve) fn answer(call: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    Box::pin(answer_upload(call))
}

async fn answer_upload(Call { request, client, caller, state, .. }: Call<'_>) -> Answer {
    warn_of_plain_http(client, &state);
    let peer = client.address;
    let Some(coding) = coding(request.headers()) else {
        let coding = sent_coding(request.headers());
        let reason = format!("the Content-Encoding {coding} is unknown (415); send {} or none", Coding::ACCEPTED);
        refuse(peer, &caller, (ObstacleKind::UnknownCoding, &reason), &state);
        return problem::unsupported_encoding();
    };
    if is_form(request.headers()) {
        refuse(peer, &caller, (ObstacleKind::Form, "a form (415); send the JSON itself as the body"), &state);
        return problem::not_a_form();
    }
    if let Err(error) = check_length(request.body().size_hint().lower(), state.body_bytes_max) {
        refuse(peer, &caller, (ObstacleKind::TooLong, &format!("too long a body (413): {error}")), &state);
        return problem::failed(&error);
    }
    let meter = match begin_meter(request, coding, &caller, &state) {
        Ok(meter) => meter,
        Err(error) => {
            let kind = obstacle(problem::status_of(error.kind()).as_u16());
            refuse(peer, &caller, (kind, &format!("over the quota of its token: {error}")), &state);
            return problem::failed(&error);
        }
    };
    let permit = match take_permit(coding, caller.sender, &state).await {
        Ok(permit) => permit,
        Err(denied) => {
            let (reason, answer) = match denied {
                Denied::AllTaken => {
                    ("too many uploads at once (503); the app sends again", problem::too_many_uploads())
                }
                Denied::SendersTaken => (
                    "too many uploads at once with one token (503); the app sends again",
                    problem::too_many_of_one_token(),
                ),
                Denied::Stopping => ("the server is stopping (503); the app sends again", problem::failed(&stopping())),
            };
            refuse(peer, &caller, (ObstacleKind::Busy, reason), &state);
            return answer;
        }
    };
    receive(request, coding, peer, caller, &state, (permit, meter)).await
}

/// Begins to count the upload of a token with a quota.
fn begin_meter(
    request: &Request<Incoming>,
    coding: Coding,
    caller: &Caller,
    state: &State,
) -> Result<Option<Meter>, Error> {
    let Some((token, allowance)) = caller.token().zip(caller.allowance) else { return Ok(None) };
    // A compressed body is longer than it looks.
    let body_bytes = if coding == Coding::Identity { request.body().size_hint().lower() } else { 0 };
    state.accounts.begin(token, allowance, body_bytes, now_ms()).map(Some)
}

/// Counts a request that is refused by its head, and logs it unless the same address had such a line lately.
fn refuse(peer: IpAddr, caller: &Caller, (kind, reason): (ObstacleKind, &str), state: &State) {
    let is_busy = kind == ObstacleKind::Busy;
    state.metrics.count_refused(if is_busy { UploadResult::Busy } else { UploadResult::Refused });
    if let Some(left_out) = state.obstacles.count(kind, peer, reason) {
        tracing::warn!(%peer, token_id = caller.token(), left_out, "refused: {reason}");
    }
}

/// Takes a permit for the upload, or waits for one. No upload begins once the server is stopping, unless it need not wait.
async fn take_permit(coding: Coding, sender: Sender, state: &State) -> Result<Permit, Denied> {
    let window = match coding {
        Coding::Zstd => Window::Wide,
        Coding::Identity | Coding::Gzip | Coding::Deflate => Window::Small,
    };
    let mut phase = state.phase.clone();
    tokio::select! {
        biased;
        taken = state.intake.take(sender, window) => taken,
        () = reached(&mut phase, Phase::Draining) => Err(Denied::Stopping),
    }
}

/// Warns once: everyone on the way has seen a token that comes from afar over plain HTTP.
fn warn_of_plain_http(client: Client, state: &State) {
    let is_in_the_clear = state.tls.is_none() && !client.is_forwarded && !is_private(client.address);
    if is_in_the_clear && !state.has_warned_of_plain_http.swap(true, Ordering::Relaxed) {
        tracing::warn!(peer = %client.address, "{PLAIN_HTTP_WARNING}");
    }
}

/// Whether the body is a form with parts. Other types are ignored: some clients name a wrong one.
fn is_form(headers: &HeaderMap) -> bool {
    let is_multipart = |value: &[u8]| value.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"));
    headers.get_all(CONTENT_TYPE).iter().any(|value| is_multipart(value.as_bytes()))
}

/// The coding of the body; `None` if it is unknown, or if there are several.
fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    match (values.next(), values.next()) {
        (None, _) => Some(Coding::Identity),
        (Some(value), None) => Coding::from_header(value.to_str().ok()?),
        (Some(_), Some(_)) => None,
    }
}

/// The coding that a request names, for a message: only one that is registered, since clients can send any text.
fn sent_coding(headers: &HeaderMap) -> &'static str {
    let sent = headers.get(CONTENT_ENCODING).map_or(&b""[..], HeaderValue::as_bytes);
    let registered = ["br", "compress", "aes128gcm", "dcb", "dcz"];
    registered.into_iter().find(|name| sent.eq_ignore_ascii_case(name.as_bytes())).unwrap_or("that the client names")
}

/// The interval that Health Auto Export says its figures are of.
fn interval(headers: &HeaderMap) -> Interval {
    let name = headers.get("automation-aggregation").and_then(|name| name.to_str().ok());
    Interval::of_aggregation(name.unwrap_or_default())
}

async fn receive(
    request: &mut Request<Incoming>,
    coding: Coding,
    peer: IpAddr,
    caller: Caller,
    state: &Arc<State>,
    (permit, meter): (Permit, Option<Meter>),
) -> Answer {
    let (sender, reader) = body::channel();
    let upload = permit.upload();
    let options = Options { interval: interval(request.headers()), ..Options::default() };
    let ingest = start_ingest(reader, (coding, options), peer, caller, Arc::clone(state), (permit, meter));
    let version = request.version();
    sender.pump(request.body_mut(), version, &upload, state.phase.clone()).await;
    answer_of(ingest, peer, state).await
}

/// An ingest under way on its thread.
type Ingest = JoinHandle<Result<Summary, Aborted>>;

/// Starts to decode and store on another thread.
fn start_ingest(
    reader: impl BufRead + Send + 'static,
    (coding, options): (Coding, Options),
    peer: IpAddr,
    caller: Caller,
    state: Arc<State>,
    (permit, meter): (Permit, Option<Meter>),
) -> Ingest {
    let began = Instant::now();
    // The thread logs the outcome: the client may disconnect before the end.
    tokio::task::spawn_blocking(move || {
        let (person, token) = (caller.person.clone(), caller.token());
        let origin = Origin { kind: OriginKind::Http, sender: peer.to_string(), person, token };
        let outcome = decode(reader, (coding, options), (state.body_bytes_max, meter.as_ref()), origin, &state.writer);
        record_outcome(peer, &caller, began.elapsed(), &outcome, &state);
        drop(meter);
        drop(permit);
        outcome
    })
}

/// The answer once an ingest has ended. A panic ends one upload only.
async fn answer_of(ingest: Ingest, peer: IpAddr, state: &State) -> Answer {
    match ingest.await {
        Ok(Ok(summary)) => stored(&summary),
        Ok(Err(aborted)) => problem::aborted(&aborted),
        Err(panic) => {
            // Without the panic's message, which may quote a record.
            tracing::error!(%peer, status = 500, is_panic = panic.is_panic(), "an upload failed");
            state.metrics.count_refused(UploadResult::Failed);
            problem::internal()
        }
    }
}

fn decode(
    reader: impl BufRead,
    (coding, options): (Coding, Options),
    (bytes_max, meter): (u64, Option<&Meter>),
    origin: Origin,
    writer: &WriterHandle,
) -> Result<Summary, Aborted> {
    match coding.decode(reader, bytes_max) {
        Ok(source) => match meter {
            Some(meter) => ingest_metered(source, origin, options, writer, meter),
            None => ingest(source, origin, options, writer),
        },
        Err(error) => Err(Aborted { error, summary: None }),
    }
}

/// Counts an upload, and logs a line for it.
fn record_outcome(
    peer: IpAddr,
    caller: &Caller,
    duration: Duration,
    outcome: &Result<Summary, Aborted>,
    state: &State,
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
    state.metrics.count_ended(result, bytes, &counts, duration);
    let (person, token) = (caller.person.as_deref(), caller.token());
    let (result, status) = (result.name(), status.as_u16());
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let Counts { route_points, new, updated, unchanged, merged, rejected, .. } = counts;
    let records = counts.records();
    let error = match outcome {
        Ok(_) => {
            tracing::info!(
                %peer, person, token_id = token, upload, result, status, duration_ms, bytes, records, route_points, new, updated, unchanged, merged, rejected,
                "upload"
            );
            return;
        }
        Err(Aborted { error, .. }) => error,
    };
    // Where no token is needed, a stranger can fail as often as they like.
    let is_stranger = caller.sender == Sender::Anyone;
    let left_out = if is_stranger { state.log_limit.count(peer, result) } else { Some(0) };
    if left_out.is_some() {
        state.obstacles.remember(obstacle(status), peer, &format!("{error} ({status})"));
        let left_out = left_out.filter(|_| is_stranger);
        tracing::warn!(
            %peer, person, token_id = token, upload, result, status, duration_ms, bytes, records, route_points, new, updated, unchanged, merged, rejected,
            %error, left_out, "upload"
        );
    }
}

/// The obstacle of an upload that began, by its status code.
fn obstacle(status: u16) -> ObstacleKind {
    match status {
        401 => ObstacleKind::RevokedToken,
        408 => ObstacleKind::SlowBody,
        413 => ObstacleKind::TooLong,
        429 => ObstacleKind::Quota,
        503 => ObstacleKind::Busy,
        507 => ObstacleKind::DiskFull,
        400..500 => ObstacleKind::BadBody,
        _ => ObstacleKind::Failed,
    }
}

/// The answer to a stored upload, from which the app reads its count.
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
    /// Records that an import stored before.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::config::Serve;
    use crate::serve::prepare::Prepared;
    use crate::store::Database;
    use crate::store::writer::Writer;
    use std::io::{self, Read};
    use std::net::Ipv4Addr;
    use tokio::sync::watch;

    /// A panic must unwind as far as its upload's thread, and no further. With `panic = "abort"` it would end all uploads.
    const _: () = assert!(cfg!(panic = "unwind"));

    /// A body in the middle of which our code panics.
    struct Panicking;

    impl Read for Panicking {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("as if there were a fault here");
        }
    }

    #[test]
    fn a_panic_is_500_for_one_upload_and_frees_its_permit() {
        let folder = tempfile::tempdir().unwrap();
        let config = Serve { ingests: 1, ..Serve::new(folder.path().join("health.db")) };
        let writer = Writer::start(&Database::new(&config.db)).unwrap();
        let prepared = Prepared::load(&config).unwrap();
        let state = State::new(&config, prepared, writer.handle().clone(), watch::channel(Phase::Open).1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let post = async |body: Box<dyn BufRead + Send>| {
            let permit = take_permit(Coding::Identity, Sender::Anyone, &state).await.expect("the only permit is free");
            let peer = Ipv4Addr::LOCALHOST.into();
            let coding = (Coding::Identity, Options::default());
            let ingest = start_ingest(body, coding, peer, Caller::default(), Arc::clone(&state), (permit, None));
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
