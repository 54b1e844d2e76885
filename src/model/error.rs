//! The one error type: opaque outside, specific inside, with a position wherever input is at fault.
//!
//! Messages are lower-case fragments that say what is wrong and what to do. They never contain a sample's values, so they
//! may be logged. `serve::problem` has the table of HTTP's status codes, `main` that of exit codes.

use std::fmt;

use super::limits::SECTION_SHOWN_BYTES_MAX;

/// Kinds of errors, as far as callers distinguish them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is not JSON.
    Syntax,
    /// The input is JSON, but not a payload.
    Shape,
    /// The input is longer than the limit.
    TooLarge,
    /// The input's compression is broken, or the chunks that it is sent in.
    Encoding,
    /// The input ended early: the client disconnected, or the file could not be read further.
    Interrupted,
    /// The client sent nothing for too long.
    TimedOut,
    /// The program is stopping, and the deadline for running uploads has passed.
    Stopping,
    /// The user stopped the command.
    Cancelled,
    /// All slots are in use, or another program has locked the database: retry.
    Busy,
    /// The token of an upload was revoked before the upload began.
    Revoked,
    /// The token's quota of the day is used up.
    Quota,
    /// The database has no space: free some and retry.
    Full,
    /// The database could not be opened, read or written.
    Store,
    /// The command line, the environment or a file that it names is wrong.
    Usage,
    /// Another error of the operating system.
    Io,
}

/// Where in the input an error is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Position {
    /// Offset in bytes from the start of the body, after decompression.
    pub offset: Option<u64>,
    /// Section: a key of `data`, `workoutRoutes/UUID`, or a key of the body.
    pub section: Option<String>,
    /// Index of the element in its section, from 0.
    pub index: Option<u64>,
}

/// An error of healthsink.
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    /// The message for clients, if the message names paths or programs of this machine.
    for_clients: Option<&'static str>,
    position: Position,
}

/// A result with healthsink's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns an error without a position.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), for_clients: None, position: Position::default() }))
    }

    /// A wrong command line, environment or file that one of them names.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Returns the same error at a position. A position that is already known stays.
    #[must_use]
    pub(crate) fn at(mut self, offset: Option<u64>, section: Option<&str>, index: Option<u64>) -> Self {
        let position = &mut self.0.position;
        position.offset = position.offset.or(offset);
        position.section = position.section.take().or_else(|| section.map(str::to_owned));
        position.index = position.index.or(index);
        self
    }

    /// Returns what went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns where in the input it went wrong, as far as known.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.0.position
    }

    /// Returns the message without the position.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the same error with another message for clients, because its own names paths or programs of this machine.
    #[must_use]
    pub(crate) fn with_message_for_clients(mut self, message: &'static str) -> Self {
        self.0.for_clients = Some(message);
        self
    }

    /// Returns the message that clients may read, without the position.
    #[must_use]
    pub fn message_for_clients(&self) -> &str {
        self.0.for_clients.unwrap_or(&self.0.message)
    }

    /// Whether the input is at fault, not its transport or this machine.
    #[must_use]
    pub fn is_input(&self) -> bool {
        matches!(self.kind(), ErrorKind::Syntax | ErrorKind::Shape | ErrorKind::TooLarge | ErrorKind::Encoding)
    }

    /// Whether the same request may succeed later, by itself or when there is space.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self.kind(), ErrorKind::Busy | ErrorKind::Full | ErrorKind::Stopping)
    }
}

impl Clone for Error {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        let Position { offset, section, index } = &self.0.position;
        if let Some(section) = section {
            // A name in the input may hold any character and be of any length, but terminals and logs must not get all of that.
            let end = section.floor_char_boundary(SECTION_SHOWN_BYTES_MAX);
            let more = if end < section.len() { "…" } else { "" };
            write!(f, ", in section `{}{more}`", section[..end].escape_debug())?;
        }
        if let Some(index) = index {
            write!(f, ", element {index}")?;
        }
        if let Some(offset) = offset {
            write!(f, ", at byte {offset}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}

/// Wraps our error for an interface that knows only [`std::io::Error`]. [`from_io`] unwraps it.
pub(crate) fn into_io(error: Error) -> std::io::Error {
    std::io::Error::other(error)
}

/// Returns the error that [`into_io`] wrapped, or one of kind [`ErrorKind::Interrupted`] with the system's message.
pub(crate) fn from_io(error: std::io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(ours) => ours,
        Err(system) => Error::new(ErrorKind::Interrupted, format!("could not read on: {system}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_word_wide() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn the_first_position_stays() {
        let error =
            Error::new(ErrorKind::Syntax, "no value").at(Some(7), None, None).at(Some(9), Some("data"), Some(2));
        assert_eq!(error.to_string(), "no value, in section `data`, element 2, at byte 7");
    }

    #[test]
    fn our_error_survives_io() {
        let error = from_io(into_io(Error::new(ErrorKind::TimedOut, "silent")));
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(from_io(std::io::Error::from(std::io::ErrorKind::BrokenPipe)).kind(), ErrorKind::Interrupted);
    }
}
