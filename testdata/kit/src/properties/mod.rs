//! Properties of any bytes, each a function that panics where its property does not hold.
//!
//! - [`decode`]: no bytes make the decoder panic or hold more memory than `limits` allows.
//! - [`chunking`]: any split of a body into reads gives the same rows, counts and errors.
//! - [`differential`]: the decoder gives the same with its lifter and without it, and agrees with serde_json.
//! - [`apple_xml`], [`apple_files`], [`auto_export`]: the properties in [`reading`], for the readers of the import.
//! - [`archive`]: the same for archives; a truncated archive is never accepted as whole.
//! - [`statistics`]: figures of any samples fit each other, in bounded memory.
//! - [`http`]: 200 for a body that is complete and valid, never for another; always an answer or a close.

pub mod apple_files;
pub mod apple_xml;
pub mod archive;
pub mod auto_export;
pub mod chunking;
pub mod decode;
pub mod differential;
pub mod http;
pub mod reading;
pub mod statistics;

/// A property of bytes.
pub type Check = fn(&[u8]);

/// Every fuzz target by its name.
pub const TARGETS: [(&str, Check); 9] = [
    ("decode", decode::check),
    ("chunking", chunking::check),
    ("differential", differential::check),
    ("http", http::check),
    ("apple_xml", apple_xml::check),
    ("apple_files", apple_files::check),
    ("auto_export", auto_export::check),
    ("archive", archive::check),
    ("statistics", statistics::check),
];
