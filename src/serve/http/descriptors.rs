//! File descriptors: how many connections they suffice for, and how their lack shows.

use std::fmt::Display;
use std::io;
use std::sync::Mutex;
use std::time::Instant;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{ACCEPT_LOG_INTERVAL, CONNECTIONS_MIN, FILES_RESERVED};
use crate::model::lock::lock;

/// What to do about a limit that is too low.
const REMEDY: &str = "raise it with `ulimit -n`, LimitNOFILE= of systemd or `ulimits` of Docker";

/// Raises this process's limit of open files as far as the system allows, and returns it; `None` if there is no limit.
pub(in crate::serve) fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // Some systems allow less than they say; the limit then stays as it is.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
    getrlimit(Resource::Nofile).current
}

/// Returns for how many connections, of those that are wanted, a limit of open files suffices. Logs if it is fewer.
///
/// # Errors
///
/// [`ErrorKind::Io`] if it is hardly one.
pub(in crate::serve) fn connections(limit: Option<u64>, wanted: usize) -> Result<usize> {
    let Some(limit) = limit else {
        return Ok(wanted);
    };
    let connections = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(FILES_RESERVED);
    let needed = FILES_RESERVED + wanted;
    if connections < CONNECTIONS_MIN {
        let least = FILES_RESERVED + CONNECTIONS_MIN;
        let message =
            format!("the limit of open files is {limit}; the server needs {needed}, and at least {least}: {REMEDY}");
        return Err(Error::new(ErrorKind::Io, message));
    }
    if connections < wanted {
        tracing::warn!(
            "the limit of open files is {limit}, so at most {connections} connections are open at once; {wanted} need {needed}: {REMEDY}"
        );
    }
    Ok(connections.min(wanted))
}

/// Whether the process, or the whole system, has no file descriptor left.
pub(in crate::serve) fn are_used_up(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [Errno::MFILE, Errno::NFILE].iter().any(|errno| code == Some(errno.raw_os_error()))
}

/// Logs why connections cannot be accepted: once, and then at most once in [`ACCEPT_LOG_INTERVAL`].
#[derive(Debug, Default)]
pub(in crate::serve) struct AcceptFaults(Mutex<Reported>);

#[derive(Clone, Copy, Debug, Default)]
struct Reported {
    last: Option<Instant>,
    /// Faults since then.
    more: u64,
}

impl AcceptFaults {
    pub(in crate::serve) fn report(&self, fault: &impl Display) {
        if let Some(more) = lock(&self.0).count(Instant::now()) {
            tracing::warn!(more, "could not accept a connection: {fault}");
        }
    }
}

impl Reported {
    /// Counts a fault. Returns the number of those before it that were not reported if this one is to be.
    fn count(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < ACCEPT_LOG_INTERVAL) {
            self.more += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_fit_the_limit() {
        let check = |limit: Option<u64>, expected: Option<usize>| {
            assert_eq!(connections(limit, 256).ok(), expected, "{limit:?}");
        };
        let reserved = FILES_RESERVED as u64;
        check(None, Some(256));
        check(Some(u64::MAX), Some(256));
        check(Some(reserved + 256), Some(256));
        check(Some(reserved + 255), Some(255));
        check(Some(reserved + CONNECTIONS_MIN as u64), Some(CONNECTIONS_MIN));
        check(Some(reserved + CONNECTIONS_MIN as u64 - 1), None);
        check(Some(0), None);
        let message = connections(Some(20), 256).unwrap_err().to_string();
        assert!(message.contains("ulimit -n") && message.contains(&(FILES_RESERVED + 256).to_string()), "{message}");
    }

    #[test]
    fn faults_are_logged_once_in_a_while() {
        let (mut reported, now) = (Reported::default(), Instant::now());
        let at = |part: u32| now + ACCEPT_LOG_INTERVAL * part / 4;
        let logged: Vec<Option<u64>> = [0, 0, 1, 3, 4, 5, 9].map(|part| reported.count(at(part))).to_vec();
        assert_eq!(logged, [Some(0), None, None, None, Some(3), None, Some(1)]);
    }
}
