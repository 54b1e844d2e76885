//! Apple's own export, as a stream, to rows: `export.xml` and the files beside it.
//!
//! `window`, `root` and `frames` cut the XML into elements, `element` parses one, `document` hands each to the reader of its kind.
//! `number` learns how a file writes numbers, and elements whose numbers have two readings are `waiting`.
//! `reader` knows the files of an export and what one leaves for the next.

mod clinical;
mod common;
mod correlation;
mod document;
mod ecg;
mod element;
mod frames;
mod gpx;
mod kept;
mod lines;
mod members;
mod names;
mod number;
mod reader;
mod record;
mod root;
mod routes;
mod seen;
mod source;
mod summary;
mod tag;
mod waiting;
mod window;
mod workout;
mod workout_quantity;
mod workout_texts;

pub(crate) use ecg::is_recording;
pub(crate) use reader::Reader;
