//! `/healthz`: whether the server can store an upload now. Anyone may ask, so the answer names no path.

use std::future::ready;
use std::pin::Pin;
use std::sync::atomic::Ordering;

use hyper::header::{CONNECTION, HeaderValue};
use serde::Serialize;

use crate::model::limits::HEALTHY_FREE_BYTES_MIN;
use crate::serve::answer::{Answer, json};
use crate::serve::call::Call;
use crate::serve::problem;
use crate::serve::state::State;
use crate::store::Database;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    ok: bool,
    version: &'static str,
    uploads_under_way: usize,
    uploads_waiting: usize,
}

/// Answers a health check.
pub(in crate::serve) fn answer(call: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    Box::pin(ready(health(&call.state)))
}

fn health(state: &State) -> Answer {
    if let Err(fault) = check(state) {
        return problem::unhealthy(fault);
    }
    let health = Health {
        ok: true,
        version: env!("CARGO_PKG_VERSION"),
        uploads_under_way: state.intake.under_way(),
        uploads_waiting: state.intake.waiting(),
    };
    let mut answer = json(&health);
    // Strangers get this answer. Many requests on one connection would make its buffers grow.
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// Whether the database's disk has no space left for an upload.
fn is_full(state: &State) -> bool {
    let database = state.file.as_ref().map(|(database, _)| database);
    database.and_then(Database::free_bytes).is_some_and(|bytes| bytes < HEALTHY_FREE_BYTES_MIN)
}

/// Returns why nothing can be stored. Logs when that begins and when it ends.
fn check(state: &State) -> Result<(), &'static str> {
    let (fault, cause) = if state.writer.is_alive() {
        match state.file.as_ref().map_or(Ok(0), |(_, files)| files.check()) {
            Ok(_) if is_full(state) => ("the disk is full; free some space", None),
            Ok(_) => {
                if state.is_reported_unhealthy.swap(false, Ordering::Relaxed) {
                    tracing::info!("/healthz answers 200 again");
                }
                return Ok(());
            }
            Err(error) => (
                "the database, or a file beside it, is not at its name any more, or has a second name; see the server's log",
                Some(error),
            ),
        }
    } else {
        ("the database's writer has ended; restart the server", None)
    };
    if !state.is_reported_unhealthy.swap(true, Ordering::Relaxed) {
        let cause = cause.map(|error| error.to_string());
        tracing::error!(cause, "/healthz answers 503: {fault}");
    }
    Err(fault)
}
