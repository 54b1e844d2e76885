//! HTTP around the ingest: accept, authenticate, pass the body to a decoder's thread, answer.
//!
//! Only this room uses tokio, hyper, rustls and bytes. The runtime has one thread, which only moves bytes. Each upload is
//! decoded on its own thread; there are as many threads as uploads may run at once.

mod access;
mod announce;
mod answer;
mod api;
pub mod app;
mod call;
pub mod config;
pub mod cors;
mod docs;
pub mod facts;
mod http;
mod log_limit;
mod monitor;
pub mod network;
mod obstacles;
mod page;
mod phase;
mod prepare;
mod problem;
pub mod public_url;
pub mod reach;
mod route;
mod routes;
mod run;
mod session;
mod signals;
mod state;
pub mod tiles;
mod upload;

pub use http::listeners::check_listen;
pub(crate) use routes::is_own_path;
pub use run::{check_settings, run, serve, serve_with};
pub(crate) use signals::ignores_hang_up;
