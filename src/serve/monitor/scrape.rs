//! `/metrics`: one scrape at a time, on a thread that may block.
//!
//! Which kinds of data a person has is private. Where uploads arrive, a token shows its person's metrics only, and without
//! any token only this machine sees them. The metrics' own address shows everyone's to anyone, except web pages.

use std::pin::Pin;
use std::sync::Arc;

use crate::serve::answer::{Answer, whole};
use crate::serve::call::Call;
use crate::serve::monitor::exposition;
use crate::serve::monitor::metrics::Moment;
use crate::serve::problem;
use crate::serve::state::State;

/// Answers a scrape with the series of the caller's person, or with everyone's.
pub(in crate::serve) fn answer(call: Call<'_>) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
    Box::pin(scrape(call.state, call.caller.person))
}

async fn scrape(state: Arc<State>, person: Option<String>) -> Answer {
    let Ok(permit) = Arc::clone(&state.scrapes).try_acquire_owned() else {
        return problem::too_many_scrapes();
    };
    let moment = Moment {
        uploads: state.intake.under_way(),
        uploads_max: state.intake.permits(),
        writer_queue: state.writer.queued(),
        is_writer_alive: state.writer.is_alive(),
    };
    let scraped = tokio::task::spawn_blocking(move || {
        let scraped = state.metrics.scrape(moment, person.as_deref(), &state.log_limit);
        drop(permit);
        scraped
    });
    match scraped.await {
        Ok(body) => whole(exposition::CONTENT_TYPE, body),
        Err(panic) => {
            tracing::error!(is_panic = panic.is_panic(), "a scrape failed");
            problem::internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::config::Serve;
    use crate::serve::phase::Phase;
    use crate::serve::prepare::Prepared;
    use crate::store::Database;
    use crate::store::writer::Writer;
    use http_body_util::BodyExt;
    use tokio::sync::watch;

    #[test]
    fn a_second_scrape_at_once_is_refused_in_its_own_words() {
        let folder = tempfile::tempdir().unwrap();
        let config = Serve::new(folder.path().join("health.db"));
        let writer = Writer::start(&Database::new(&config.db)).unwrap();
        let prepared = Prepared::load(&config).unwrap();
        let state = State::new(&config, prepared, writer.handle().clone(), watch::channel(Phase::Open).1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let first = Arc::clone(&state.scrapes).try_acquire_owned().unwrap();
            let answer = scrape(Arc::clone(&state), None).await;
            assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (503, true));
            let body = answer.into_body().frame().await.unwrap().unwrap().into_data().unwrap();
            let body = String::from_utf8_lossy(&body).into_owned();
            assert!(body.contains("scrape") && !body.contains("upload"), "{body}");
            drop(first);
            assert_eq!(scrape(Arc::clone(&state), None).await.status().as_u16(), 200);
        });
        drop(state);
        writer.stop().unwrap();
    }
}
