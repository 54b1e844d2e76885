//! The program as users meet it: bytes over TCP, commands, a real SQLite file. One binary, because each links SQLite.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[global_allocator]
static COUNTING: healthsink_testkit::memory::Counting = healthsink_testkit::memory::Counting;

mod allocations;
mod alterations;
mod api;
mod auto_export;
mod auto_export_identity;
mod auto_export_order;
mod backup;
mod bad_input;
mod causes;
mod changes;
mod check;
mod cli;
mod commands;
mod conformance;
mod contract;
mod demo;
mod documents;
mod faults;
mod figures;
mod follow;
mod forgetting;
mod former;
mod http;
mod http2;
mod import_crowds;
mod import_forms;
mod import_history;
mod import_inputs;
mod import_matching;
mod import_numbers;
mod import_routes;
mod import_stops;
mod import_values;
mod import_workouts;
mod layering;
mod life;
mod lifecycle;
mod limits;
mod logs;
mod long_elements;
#[cfg(target_os = "linux")]
mod memory;
mod metrics;
mod missing;
mod nothing_lost;
mod obstacles;
mod packaging;
mod page;
mod people;
mod plain;
#[cfg(feature = "postgres")]
mod postgres;
mod printing;
mod program;
mod reach;
mod reading;
mod replay;
mod report;
mod secrets;
mod sessions;
mod setup;
mod splits;
mod study;
mod tls;
mod tokens;
mod upload;
mod verify;
mod web_build;
