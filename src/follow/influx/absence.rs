//! How long nothing is at the target's path: a proxy answers 404 while the server behind it is starting. Later the URL is wrong.

use std::time::{Duration, Instant};

use crate::follow::http::client::Reply;
use crate::follow::target::Fault;
use crate::model::error::Error;
use crate::model::limits::FOLLOW_ABSENT_MAX;

/// Since when nothing is there.
#[derive(Debug, Default)]
pub(super) struct Absence(Option<Instant>);

impl Absence {
    /// Ends it: something is there.
    pub(super) fn end(&mut self) {
        self.0 = None;
    }

    /// Returns what to do after another answer that says so.
    pub(super) fn fault(&mut self, title: &str, reply: &Reply) -> Fault {
        let now = Instant::now();
        let since = *self.0.get_or_insert(now);
        judged(title, reply, now.saturating_duration_since(since))
    }
}

fn judged(title: &str, reply: &Reply, lasted: Duration) -> Fault {
    let status = reply.status;
    if lasted < FOLLOW_ABSENT_MAX {
        return Fault::Later { message: format!("{title} is not there yet ({status})"), after: reply.retry_after };
    }
    let minutes = FOLLOW_ABSENT_MAX.as_secs() / 60;
    Fault::Stop(Error::usage(format!(
        "{title} is not there since {minutes} minutes ({status}); see whether the URL is that of an InfluxDB, and start again"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_for_long_is_not_starting() {
        let reply = Reply { status: 404, retry_after: None, body: String::new() };
        let judged = |lasted| judged("it", &reply, lasted);
        assert!(matches!(judged(Duration::ZERO), Fault::Later { .. }));
        assert!(matches!(judged(FOLLOW_ABSENT_MAX - Duration::from_millis(1)), Fault::Later { .. }));
        let Fault::Stop(error) = judged(FOLLOW_ABSENT_MAX) else { panic!("it goes on") };
        assert!(error.to_string().starts_with("it is not there since 10 minutes (404);"), "{error}");
        let mut absence = Absence::default();
        assert!(matches!(absence.fault("it", &reply), Fault::Later { .. }) && absence.0.is_some());
        absence.end();
        assert!(absence.0.is_none());
    }
}
