//! What a follower wrote of itself, read again.

use crate::model::follower::{Follower, FollowerState};

/// A follower by what it wrote last; `None` if it wrote nothing that can be read.
pub(in crate::store) fn follower_of(name: String, content: &[u8], is_running: Option<bool>) -> Option<Follower> {
    let state: FollowerState = serde_json::from_slice(content).ok()?;
    Some(Follower { state: FollowerState { name, ..state }, is_running })
}
