//! What monitors ask: health and metrics.

mod exposition;
pub(super) mod health;
pub(super) mod metrics;
pub(super) mod scrape;
