//! Who may send, and who sends.

pub(super) mod attempts;
pub(super) mod auth;
pub(super) mod client;
