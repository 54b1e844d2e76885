//! The one writer thread. It owns the database; all others send it requests over one bounded queue.
//!
//! A batch goes into the open transaction and comes back empty at once. An upload is reported as stored after COMMIT: when an
//! ingest ends, when enough rows have gathered, or when no request has arrived for a while. Ingests that end at the same time
//! share a commit. When nothing else is to be done, the writer moves the WAL into the database; no answer waits for that.

mod active;
mod answer;
#[cfg(feature = "postgres")]
mod behind;
mod elsewhere;
mod figures;
mod inbox;
pub mod ingest;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod postgres_figures;
mod request;
mod session;
mod sessions;
mod thread;
mod wal;
mod write_back;

pub(crate) use answer::gone;
pub use session::{Writer, WriterHandle};
