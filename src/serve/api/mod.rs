//! The API at `/api/v1`: paths, parameters, and answers to the questions of the store.
//!
//! Each path needs a token that reads. It shows its person's rows, or everyone's if it is of the whole household.

mod answer;
mod ask;
mod drawing;
mod encoder;
mod events;
mod feeds;
mod form;
mod gzip;
mod inside;
mod parameters;
mod paths;
mod picture;
mod places;
mod read;
mod shares;
mod stream;
mod threads;
mod writer;

pub(super) use answer::is_known;
pub(super) use drawing::{Drawing, hue, is_counted, local_day, title};
#[cfg(test)]
pub(super) use events::EVENTS_PATH;
pub(super) use feeds::Feeds;
pub(super) use form::takes_gzip;
pub(super) use inside::{Inside, NoAnswer};
pub(super) use parameters::decoded;
pub(super) use paths::routes;
pub(super) use read::Read;
pub(super) use shares::{Share, Shares};
pub(super) use stream::Reads;
