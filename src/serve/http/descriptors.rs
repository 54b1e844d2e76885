//! File descriptors: how many connections they suffice for, and whether none is left.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::model::error::{Error, ErrorKind, Result};
use crate::model::limits::{CONNECTIONS_MIN, FILES_RESERVED};

/// Remedy for a limit that is too low.
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
}
