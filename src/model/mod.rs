//! What is stored, and the words for it. No input or output, no parser, no SQL.

pub mod limits;
pub mod memory;

pub mod error;
pub(crate) mod line_limit;
pub(crate) mod lock;

pub mod healthkit;
pub mod locale;
pub mod measurement;
pub mod time;
pub mod units;

pub mod allocator;
pub mod batch;
pub mod counts;
pub mod envelope;
pub mod exporter;
pub mod follower;
pub mod identity;
pub mod interval;
pub(crate) mod listing;
pub mod obstacle;
pub(crate) mod percent;
pub mod quota;
pub mod record;
pub mod route;
pub mod text;
