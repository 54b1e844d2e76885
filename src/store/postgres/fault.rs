//! PostgreSQL's errors as ours. A message quotes no value: PostgreSQL's own may.

use tokio_postgres::error::{DbError, SqlState};

use crate::model::error::{Error, ErrorKind};

/// What clients read: a server behind this one is nobody's matter.
const AWAY: &str = "the database cannot be reached now; send again later";

/// Why a statement failed, or its connection.
pub(super) fn fault(error: &tokio_postgres::Error) -> Error {
    let Some(cause) = error.as_db_error() else {
        return away(&chain(error));
    };
    let code = cause.code();
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

/// Whether the same work may succeed later: no connection, a shutdown, too many clients, a lock.
fn is_passing(code: &SqlState) -> bool {
    let code = code.code();
    ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class) && code != SqlState::DISK_FULL.code())
        || code == SqlState::LOCK_NOT_AVAILABLE.code()
        || code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT.code()
        || code == SqlState::READ_ONLY_SQL_TRANSACTION.code()
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
