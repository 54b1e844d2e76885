//! Bytes to batches. Each format has its folder. Pure: no files, clocks or locks.

pub mod encoding;

pub(crate) mod account;
pub(crate) mod canonical;
pub(crate) mod charset;
pub(crate) mod equals;
pub(crate) mod flaw;
pub(crate) mod json;
pub(crate) mod output;
pub(crate) mod scan;
pub(crate) mod shape;
pub(crate) mod sniff;
pub(crate) mod surrogates;
pub(crate) mod tape;
pub(crate) mod unpacking;
pub(crate) mod zip;

pub mod payload;

pub(crate) mod apple;
pub(crate) mod auto_export;
