//! Clocks and numbers as phones of all languages write them. The forms without a language are in [`super::time`].
//!
//! Everything here is the slow way: callers first try the plain form, and come here for what is not plain.

mod calendar;
mod characters;
mod clock;
mod number;

pub use clock::{day_of_phone, of_phone, parse_date, parse_iso_of_phone, unclear_year};
pub use number::{NumberStyle, Unreadable};
