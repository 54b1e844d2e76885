//! A follower that is killed at any moment goes on: afterwards everything is there once. One that runs notices what comes.

use std::process::{Child, Command, Stdio};

use healthsink_testkit::wait::wait_until;

use super::Followed;
use crate::program::command;

/// A follower that runs; killed when dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(super) fn start(followed: &Followed, more: &[&str]) -> Self {
        Self::of(command().args(followed.arguments()).args(more))
    }

    /// Starts a command that follows.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    pub(super) fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Kills a follower after each of so many answers.
fn kill(rounds: u64, bytes: u64) {
    let followed = Followed::generated(bytes);
    followed.server.set_body_max(1_500);
    for round in 0..rounds {
        // One that has sent everything begins again.
        let is_level = || followed.status()["followers"][0]["behind"] == 0;
        let is_again = is_level();
        let running = Running::start(&followed, if is_again { &["--resync"] } else { &[] });
        let answers = 1 + round * 7 % 31;
        let mut seen = 0;
        wait_until("answers, or the end", || {
            seen += followed.server.take_answered().len() as u64;
            (seen >= answers || !is_again && is_level()).then_some(())
        });
        drop(running);
    }
    followed.sync();
    followed.check();
}

#[test]
fn killed_at_some_moments_everything_is_there_once() {
    let rounds = std::env::var("HEALTHSINK_KILL_ROUNDS").map_or(4, |rounds| rounds.parse().unwrap());
    kill(rounds, 300_000);
}

#[test]
fn a_running_follower_notices_what_comes_and_ends_in_order() {
    let followed = Followed::generated(20_000);
    let mut running = Running::start(&followed, &[]);
    let is_level = || (followed.status()["followers"][0]["behind"] == 0).then_some(());
    wait_until("all of it", is_level);
    followed.check();
    // Another follower of the same name is refused.
    let second = followed.follow();
    assert_eq!(second.status.code(), Some(2), "{second:?}");
    let before = followed.server.points("steps").len();
    let sample = serde_json::json!({
        "uuid": "10000000-0000-4000-8000-000000000001", "startDate": "2026-01-05T08:00:00.000Z",
        "endDate": "2026-01-05T08:00:00.000Z", "value": 5, "unit": "count",
    });
    followed.import(&serde_json::json!({"HKQuantityTypeIdentifierStepCount": [sample]}));
    wait_until("the new sample", || (followed.server.points("steps").len() == before + 1).then_some(()));
    wait_until("its day", || {
        (followed.server.points("steps_daily").iter().any(|day| day.text("day") == "2026-01-05")).then_some(())
    });
    let pid = running.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(running.0.wait().unwrap().code(), Some(0));
    followed.check();
}
