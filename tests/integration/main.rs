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
mod http2;
mod lifecycle;
mod logs;
mod metrics;
mod outcome;
mod secrets;
mod splits;
mod tls;
mod tokens;
mod upload;
