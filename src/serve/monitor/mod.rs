//! What monitors ask.

pub(super) mod exposition;
pub(super) mod metrics;
pub(super) mod scrape;
