//! Bytes and connections: nothing here knows of health data.

pub(super) mod connection;
pub(super) mod listeners;
pub(super) mod slots;
pub(super) mod stream;
pub(super) mod tls;
pub(super) mod unread;
