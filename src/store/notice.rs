//! Notices: what users should read although nothing has failed. Functions return them, and their callers log them.

/// A message for the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Notice {
    /// Something was done on the user's behalf.
    Done(String),
    /// Something should be changed.
    Warning(String),
}

impl Notice {
    /// Writes it to the log.
    pub(crate) fn log(self) {
        match self {
            Self::Done(message) => tracing::info!("{message}"),
            Self::Warning(message) => tracing::warn!("{message}"),
        }
    }
}
