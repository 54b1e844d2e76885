//! The program as its users meet it: bytes over TCP, commands, a real SQLite file. One binary, since each links SQLite.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../common/mod.rs"]
mod common;

mod backup;
mod bad_input;
mod check;
mod cli;
mod contract;
mod http;
mod lifecycle;
mod logs;
mod metrics;
mod outcome;
mod splits;
mod upload;
