//! What the generator writes, read back by readers that know nothing of it.

mod auto_export;
mod command;
mod export;
mod json;
mod payload;
mod twin;
mod xml;
