//! COPY of rows over a connection, also while its thread does something else.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::SinkExt;
use futures_util::future::{MaybeDone, join, maybe_done};
use tokio_postgres::{CopyInSink, Error, Statement};

use super::copy::Encoder;
use super::link::Link;
use crate::model::error::Result;
use crate::model::limits::COPY_FRAME_BYTES;

/// Copies rows by a statement, and leaves them. The inner error is PostgreSQL's.
pub(super) fn copy(link: &Link, statement: &Statement, rows: &mut Encoder) -> Result<Result<(), Error>> {
    let (copied, taken) = Copying::begin(link, None, statement, std::mem::take(rows))?.end(link)?;
    *rows = taken;
    Ok(copied)
}

type Ending = Pin<Box<dyn Future<Output = std::result::Result<(), Error>>>>;

/// A COPY whose rows the server has been sent, and whose answer is still to come.
pub(super) struct Copying {
    ending: Pin<Box<MaybeDone<Ending>>>,
    /// The frames are parts of it.
    rows: Bytes,
}

impl Copying {
    /// Sends a statement without parameters, and rows behind it.
    pub(super) fn begin(link: &Link, before: Option<&str>, statement: &Statement, rows: Encoder) -> Result<Self> {
        let rows = rows.into_bytes();
        let sent = link.wait_for(async {
            // Both travel together.
            let first = async {
                match before {
                    Some(before) => link.client().batch_execute(before).await,
                    None => Ok(()),
                }
            };
            let (first, sink) = join(first, link.client().copy_in(statement)).await;
            first?;
            let mut sink: Pin<Box<CopyInSink<Bytes>>> = Box::pin(sink?);
            sink.feed(Bytes::from_static(Encoder::HEADER)).await?;
            for frame in rows.chunks(COPY_FRAME_BYTES) {
                sink.feed(rows.slice_ref(frame)).await?;
            }
            sink.feed(Bytes::from_static(Encoder::TRAILER)).await?;
            Ok(sink)
        })?;
        let ending: Ending = match sent {
            Ok(mut sink) => Box::pin(async move { sink.as_mut().finish().await.map(|_| ()) }),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        };
        let mut ending = Box::pin(maybe_done(ending));
        link.push(ending.as_mut());
        Ok(Self { ending, rows })
    }

    /// Waits for the answer. Returns it with the rows. The inner error is PostgreSQL's.
    pub(super) fn end(mut self, link: &Link) -> Result<(std::result::Result<(), Error>, Encoder)> {
        let copied = link.wait_for(async {
            self.ending.as_mut().await;
            self.ending.as_mut().take_output().unwrap_or(Ok(()))
        })?;
        // Nobody else has a part of the rows then, so they keep their memory.
        drop(self.ending);
        Ok((copied, Encoder::of_bytes(self.rows)))
    }
}

impl fmt::Debug for Copying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copying").finish_non_exhaustive()
    }
}
