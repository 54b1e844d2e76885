//! An upload's body on its way to the store.

mod body;
pub(super) mod intake;
mod patience;
pub(super) mod receive;
