//! Copies of the database: made, verified, named, and put in its place.

pub(super) mod copy;
pub(super) mod destination;
pub(super) mod replace;
pub(crate) mod series;
