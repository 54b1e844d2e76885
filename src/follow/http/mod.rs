//! HTTP/1.1 to one server, over TLS if its URL says so: a request at a time on a connection that is kept.

pub(super) mod client;
pub(super) mod encode;
mod tls;
pub(super) mod url;
