//! Backups: how they are made, verified and named, and how one is restored.

mod make;
pub(super) mod partial;
pub(super) mod restore;
pub(super) mod series;
pub(super) mod target;
pub(super) mod transfer;
pub(super) mod unused;
