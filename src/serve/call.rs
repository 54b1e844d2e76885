//! A request that was admitted, as a handler gets it.

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;

use super::access::auth::Caller;
use super::access::client::Client;
use super::api::Read;
use super::state::State;

/// An admitted request.
pub(super) struct Call<'a> {
    pub(super) request: &'a mut Request<Incoming>,
    pub(super) client: Client,
    pub(super) caller: Caller,
    pub(super) state: Arc<State>,
    /// The path of its route, with names in braces; empty for uploads.
    pub(super) pattern: &'static str,
    /// The parameters and the question of its API route.
    pub(super) read: Option<&'static Read>,
}
