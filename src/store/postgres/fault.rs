//! PostgreSQL's errors as ours. A message quotes no value: PostgreSQL's own may.

use tokio_postgres::error::{DbError, SqlState};

use crate::model::error::{Error, ErrorKind};

/// What clients read: a server behind this one is nobody's matter.
const AWAY: &str = "the database cannot be reached now; send again later";

/// Why a statement failed, or its connection.
pub(super) fn fault(error: &tokio_postgres::Error) -> Error {
    let Some(cause) = error.as_db_error() else {
        let cause = chain(error);
        return if is_of_statement(&cause) { unfit(&cause) } else { away(&cause) };
    };
    let code = cause.code();
    if code.code().starts_with("40") {
        let message = format!("another upload was in the way: {}; it was undone, send again", shown(cause));
        return Error::new(ErrorKind::Busy, message).with_message_for_clients(AWAY);
    }
    if is_passing(code) {
        return away(&shown(cause));
    }
    if *code == SqlState::DISK_FULL || *code == SqlState::INSUFFICIENT_RESOURCES {
        return Error::new(ErrorKind::Full, format!("PostgreSQL has no space left: {}", shown(cause)));
    }
    Error::new(ErrorKind::Store, format!("PostgreSQL refuses: {}", shown(cause)))
        .with_message_for_clients("the database refuses what was sent; the server's log says why")
}

/// The server cannot be asked now: 503.
pub(super) fn away(cause: &str) -> Error {
    let message = format!("PostgreSQL cannot be reached, or ended the work: {cause}; start it, and send again");
    Error::new(ErrorKind::Busy, message).with_message_for_clients(AWAY)
}

/// Returns whether the driver cannot send a statement's values or read its answer. Only its words show that: its errors have no public
/// kind.
fn is_of_statement(cause: &str) -> bool {
    const STARTS: [&str; 7] = [
        "error encoding message to server",
        "error serializing parameter",
        "error deserializing column",
        "invalid column",
        "query returned an unexpected number of",
        "expected ",
        "invalid configuration",
    ];
    STARTS.iter().any(|start| cause.starts_with(start))
}

/// The server is there, and sending again does not help. The cause may quote a value, so only its first part is shown.
fn unfit(cause: &str) -> Error {
    let part = cause.split(": ").next().unwrap_or_default();
    Error::new(ErrorKind::Store, format!("a statement does not fit PostgreSQL's tables: {part}"))
        .with_message_for_clients("the database cannot take what was sent; the server's log says why")
}

/// Whether the same work may succeed later: no connection, a shutdown, too many clients, a lock.
fn is_passing(code: &SqlState) -> bool {
    let code = code.code();
    ["08", "53", "57"].iter().any(|class| code.starts_with(class) && code != SqlState::DISK_FULL.code())
        || code == SqlState::LOCK_NOT_AVAILABLE.code()
        || code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT.code()
        || code == SqlState::READ_ONLY_SQL_TRANSACTION.code()
}

/// Whether a statement has waited too long for a lock, or PostgreSQL ended it since it and another one waited for each other.
pub(super) fn is_locked(error: &tokio_postgres::Error) -> bool {
    let is_one = |code: &SqlState| *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED;
    error.code().is_some_and(is_one)
}

/// Whether a row has the key of another one.
pub(super) fn is_duplicate(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| *code == SqlState::UNIQUE_VIOLATION)
}

/// Whether one statement wrote the same row twice.
pub(super) fn is_repeated(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| *code == SqlState::CARDINALITY_VIOLATION)
}

/// Messages about rows may quote values; those about connecting, rights and tables quote names.
fn shown(cause: &DbError) -> String {
    let code = cause.code().code();
    let is_harmless = ["08", "28", "3D", "42", "53", "57", "40"].iter().any(|class| code.starts_with(class));
    let place = cause.constraint().or(cause.table()).unwrap_or_default();
    if is_harmless { format!("{} ({code})", cause.message()) } else { format!("error {code} {place}") }
}

/// An error with its causes, without those that repeat it.
fn chain(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of the driver's version, which `Cargo.lock` has.
    #[test]
    fn a_value_that_cannot_be_sent_is_not_an_absent_server() {
        for cause in ["error serializing parameter 2: a secret", "error encoding message to server: it has a NUL"] {
            assert!(is_of_statement(cause), "{cause}");
            let error = unfit(cause);
            assert_eq!(error.kind(), ErrorKind::Store);
            let shown = error.to_string();
            assert!(!shown.contains("reached") && !shown.contains("secret"), "{shown}");
        }
        for cause in ["connection closed", "error communicating with the server: reset", "timeout waiting for server"] {
            assert!(!is_of_statement(cause), "{cause}");
        }
    }
}
