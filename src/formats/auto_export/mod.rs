//! JSON of Health Auto Export, versions 1 and 2: metrics and workouts, one point or location at a time.
//!
//! Its figures are aggregates, or samples without an identity: they go to the table `aggregates`, never among the samples.
//! Its objects have no order: a metric's name may follow its data, and a workout's start its route. So each document is read
//! twice: `contents` collects names and starts, `reader` makes rows.

mod bounded;
mod content;
mod contents;
mod element;
mod fields;
mod integers;
mod interval;
mod item;
mod kept;
mod order;
mod point;
mod reader;
mod repeats;
mod rows;
mod shown;
mod value;
mod workout;

pub(crate) use reader::read;
