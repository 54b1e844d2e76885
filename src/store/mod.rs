//! The database: one file, written by one writer, which others may read meanwhile. Only this room uses rusqlite.

mod backup;
mod bench;
mod beside;
mod check;
mod clock;
mod connection;
mod database;
mod derive;
mod exclusive;
mod failure;
mod files;
mod follower_state;
mod followers;
mod header;
mod kept;
mod lookup;
mod new_tokens;
mod notice;
mod obstacles;
mod open;
mod people;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "no_postgres.rs"]
mod postgres;
pub(crate) mod private;
mod quotas;
mod read;
mod running;
mod schema;
pub(crate) mod secret;
mod serving;
mod sessions;
pub(crate) mod spool;
mod supplied;
mod tables;
mod token_lookup;
mod tokens;
mod version;
mod wal;
#[cfg(feature = "postgres")]
mod workbench;
mod write;
mod write_queue;
pub mod writer;

pub(crate) use backup::partial::delete_partial;
pub use backup::restore::{Force, Restored};
pub(crate) use backup::series::{Pruned, Series, stamp};
pub use backup::target::Replace;
pub use backup::transfer::BackupSummary;
pub(crate) use backup::unused::unused_path;
pub(crate) use check::plural;
pub use check::{Finding, Report, Severity};
pub(crate) use clock::now_ms;
pub use connection::Store;
pub use database::{Database, Sizes};
pub use derive::{
    Decision, Explanation, LongSample, LongSamples, Mark, NightFigures, NightPeriod, RingDifference, RingReport,
    SourcePart, SourceRow, StretchPart, Verification, WorkoutDifference, WorkoutReport, ZoneRow,
};
pub use files::OpenFiles;
pub use followers::FollowerLock;
pub use kept::Kept;
pub(crate) use notice::Notice;
pub use people::alone::{LastUpload, Stage};
pub use people::copies::Copies;
pub use people::erase::{Erased, ErasedRows};
pub use people::forget::{Forgotten, ForgottenRows, Vacuum};
pub use people::list::PersonRow;
pub use people::merge::Merged;
pub use people::selection::{Selection, TypeSelection};
pub use people::traces::TraceRows;
#[cfg(feature = "postgres")]
pub use postgres::TokenAsker;
pub use postgres::{Address, Migrated};
pub use quotas::QuotaChange;
pub use read::arrival::ArrivedUpload;
pub use read::latest::Latest;
pub use read::people::PhoneRow;
pub use read::questions;
pub use read::report::{DayFigures, DayReport, DoseFigures, Figures, ReportQuestion, ReportStart, WorkoutFigures};
pub use read::scrape::ScrapeReader;
pub use read::silent::SilentRow;
pub use read::status::{Status, TableRows, TypeRows, UploadRow};
pub use serving::ServerFile;
pub use sessions::{EndedSessions, Revocation, SessionChange, SessionOwner, SessionProof, SessionRow};
pub use token_lookup::Lookup;
pub use tokens::{NewToken, TOKEN_PREFIX, TokenDigest, TokenOwner, TokenReader, TokenRow, TokenScope, is_token_shaped};
pub(crate) use wal::{AutoCheckpoint, Checkpoint};
/// The version of SQLite inside the program.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

pub use write::ledger::{Origin, OriginKind, UploadEnd, UploadState};
