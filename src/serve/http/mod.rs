//! Bytes and connections, without any knowledge of health data.

pub(super) mod connection;
mod linger;
pub(super) mod listeners;
pub(super) mod slots;
mod socket;
pub(super) mod tls;
