//! A request's body on its way to the store.

pub(super) mod body;
pub(super) mod intake;
pub(super) mod patience;
