//! Which requests may do what, and who they come from.

pub(super) mod attempts;
pub(super) mod auth;
pub(super) mod client;
pub(super) mod cookie;
pub(super) mod credentials;
pub(super) mod origin;
