//! Imports what apps and Apple export, through the same writer as uploads, one input after another.
//!
//! `container` finds the files of an input, and `inputs` sorts them into jobs. `read` reads a job with the readers of
//! `formats`. `run` stores the jobs and adds them up in a `report`. Nothing here prints: an [`Observer`] learns of each step.

mod container;
mod inputs;
mod observer;
mod read;
mod report;
mod run;
mod skipped;
mod stdin;

pub use crate::formats::account::{Tally, TypeTally};
pub use crate::formats::output::Output;
pub use crate::formats::sniff::Format;
pub use observer::{Observer, Unobserved};
pub use read::{read_archive, read_file};
pub use report::{Account, FileReport, Report};
pub use run::{Import, Mode, import};
