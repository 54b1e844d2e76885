//! Why a run ends before its end.

use crate::model::error::Error;

/// Why a run ends early.
#[derive(Debug)]
pub(in crate::store) enum Halt {
    /// The database cannot be read.
    Read(rusqlite::Error),
    /// The writer could not store a chunk, or has ended.
    Write(Error),
    /// Another program computes now.
    Overtaken,
    /// The program is asked to stop.
    Stopping,
    /// Only of a pass: a sample that starts then reveals a source group, so ranks are others.
    Revealed(i64),
}

/// What a part of a run returns.
pub(in crate::store) type Step<T> = Result<T, Halt>;

impl From<rusqlite::Error> for Halt {
    fn from(error: rusqlite::Error) -> Self {
        Self::Read(error)
    }
}

impl std::fmt::Display for Halt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
            Self::Overtaken => f.write_str("another program computes them"),
            Self::Stopping => f.write_str("the program stops"),
            Self::Revealed(_) => f.write_str("a sample has an unknown source"),
        }
    }
}
