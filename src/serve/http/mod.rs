//! Bytes and connections, without any knowledge of health data.

mod attentive;
pub(super) mod certificate;
pub(super) mod connection;
pub(super) mod descriptors;
mod handshake;
mod linger;
pub(super) mod listeners;
pub(super) mod message;
pub(super) mod slots;
mod socket;
mod streaming;
pub(super) mod tls;
