//! The end of a connection that answers before it has read the whole request.
//!
//! What the client still sends is read and dropped for a while. Otherwise the client sees a reset instead of the answer.

use std::io;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::model::limits::{LINGER, LINGER_BUFFER_BYTES, LINGER_BYTES_MAX};

/// Closes our side, then reads and drops what the client still sends. A socket that is closed with unread bytes is reset, and
/// the reset can overtake the answer.
pub(super) async fn close(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let drop_rest = async {
        stream.shutdown().await?;
        let mut buf = [0; LINGER_BUFFER_BYTES];
        let mut left = LINGER_BYTES_MAX;
        while left > 0 {
            let bytes = stream.read(&mut buf).await?;
            if bytes == 0 {
                break;
            }
            left = left.saturating_sub(bytes);
        }
        Ok::<_, io::Error>(())
    };
    // The connection ends, whatever the outcome.
    let _ = timeout(LINGER, drop_rest).await;
}

/// Reads and drops the rest of an HTTP/2 body. A stream with an unread body is reset, and some clients (curl 7.88) take the
/// reset for the answer.
pub(super) async fn drop_rest(mut body: Incoming) {
    let drop_rest = async {
        let mut left = LINGER_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
            if left == 0 {
                break;
            }
        }
    };
    let _ = timeout(LINGER, drop_rest).await;
}
