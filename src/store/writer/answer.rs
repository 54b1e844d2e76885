//! Answers of the writer, and the error if none can come any more.

use std::convert::Infallible;

use crossbeam_channel::{Receiver, select};

use crate::model::error::{Error, ErrorKind, Result};

/// The error of a request to a writer whose thread has panicked.
pub(crate) fn gone() -> Error {
    Error::new(
        ErrorKind::Store,
        "the database's writer has failed; what was acknowledged is stored, start the program again and send the rest again",
    )
}

/// Waits for an answer. Fails if the writer has ended without one.
pub(super) fn wait<T>(answers: &Receiver<T>, ended: &Receiver<Infallible>) -> Result<T> {
    let answer = select! {
        recv(answers) -> answer => answer.ok(),
        // An answer that the writer gave before its end counts.
        recv(ended) -> _ => answers.try_recv().ok(),
    };
    answer.ok_or_else(gone)
}
