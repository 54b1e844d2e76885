//! Health Export Pro's body, from bytes to rows: pure, without files, clocks or locks.
//!
//! - `lift` takes the elements out of the stream: `skeleton` finds their beginnings, `scan` their ends.
//! - `walk` reads the rest with struson, `element` decodes the elements with simd-json, and `rows` fills the batch.
//! - `keys` and `fields` know the app's names: those of the body and those of elements.
//!
//! An element longer than a group waits outside of memory until it is whole: `large` reads it from there.
//!
//! The lifter is only an accelerator: without it, each element takes the slow way through `transfer`.

mod arena;
mod category;
mod decode;
mod element;
mod fields;
mod grammar;
mod integers;
mod keys;
mod large;
mod lift;
mod nesting;
mod place;
mod positions;
mod quantity;
mod rows;
mod section;
mod skeleton;
mod transfer;
mod walk;

pub use decode::decode;
pub(crate) use decode::read;
pub use lift::Options;
