//! The commands: one file for each, with its flags, what it does and what it prints.
//!
//! `command_line` reads flags and environment and runs the command. `arguments` has the flags that several commands share,
//! `print` writes results, and `table` lays them out for people.

mod arguments;
mod backup;
mod change;
mod check;
mod command_line;
mod completions;
mod consent;
mod copies;
mod demo;
mod erase;
mod explain;
mod follow;
mod followers;
mod forget;
mod healthcheck;
mod import;
mod interrupt;
mod log;
mod man;
mod obstacles;
mod people;
mod print;
mod progress;
mod proof;
mod qr;
mod report;
mod restore;
mod serve;
mod sessions;
mod setup;
mod sign_in;
mod silent;
mod sources;
mod status;
mod store;
mod table;
mod token;
mod verify;
mod zones;

pub use arguments::Outcome;
pub use command_line::run;
