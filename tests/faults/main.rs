//! Faults of the machine, the disk and the clients, each made to happen: the real program, real sockets, a real SQLite file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "the other test binary uses the rest")]
mod common;

mod clients;
mod disk;
mod evidence;
mod files;
mod full;
mod kills;
mod load;
mod panic;
mod parser;
mod power;
mod readers;
mod shapes;
mod site;
mod writer;
