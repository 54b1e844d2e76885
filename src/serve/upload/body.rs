//! The body's way from the connection to the decoder's thread: a bounded channel of frames, read as a `BufRead`.
//!
//! A body is complete only if its end was seen: a lost connection closes the channel without one. In HTTP/2 only END_STREAM
//! is an end.
//!
//! Spent frames return to the connection's thread and are freed where they were allocated. There the allocator and hyper's
//! buffer reuse the memory at once; freed elsewhere it piles up (measured: 3 MiB more at peak).

use std::error::Error as _;
use std::io::{self, BufRead, Read};
use std::time::Instant;

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::Version;
use hyper::body::{Body, Incoming};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::intake::Upload;
use super::patience::Patience;
use crate::model::error::{Error, ErrorKind, into_io};
use crate::model::limits::{
    BODY_BYTES_PER_SECOND_IF_FULL, BODY_BYTES_PER_SECOND_MIN, BODY_FRAMES, BODY_PATIENCE, BODY_PATIENCE_IF_FULL,
};
use crate::serve::phase::{Phase, reached};

/// A piece of a body on its way.
enum Frame {
    Data(Bytes),
    End,
    Failed(Error),
}

/// The connection's end of the channel.
pub(super) struct BodySender {
    frames: mpsc::Sender<Frame>,
    spent: mpsc::Receiver<Bytes>,
}

/// The decoder's end of the channel.
pub(super) struct BodyReader {
    frames: mpsc::Receiver<Frame>,
    spent: mpsc::Sender<Bytes>,
    /// The whole frame that is being read, and the unread rest of it.
    frame: Bytes,
    chunk: Bytes,
    has_ended: bool,
}

pub(super) fn channel() -> (BodySender, BodyReader) {
    let (sender, frames) = mpsc::channel(BODY_FRAMES);
    let (spent_sender, spent) = mpsc::channel(BODY_FRAMES + 2);
    let reader = BodyReader { frames, spent: spent_sender, frame: Bytes::new(), chunk: Bytes::new(), has_ended: false };
    (BodySender { frames: sender, spent }, reader)
}

/// The two patiences with a client: the usual one, and the shorter one for when another upload needs the permit.
struct Patiences {
    usual: Patience,
    if_full: Patience,
}

impl Patiences {
    fn new() -> Self {
        Self {
            usual: Patience::new(BODY_PATIENCE, BODY_BYTES_PER_SECOND_MIN),
            if_full: Patience::beginning_with(BODY_PATIENCE_IF_FULL, BODY_PATIENCE, BODY_BYTES_PER_SECOND_IF_FULL),
        }
    }

    fn count(&mut self, began: Instant, bytes: usize) {
        let waited = began.elapsed();
        self.usual.count(waited, bytes);
        self.if_full.count(waited, bytes);
    }
}

impl BodySender {
    /// Sends a body to its end, or until the reader stops.
    pub(super) async fn pump(
        mut self,
        body: &mut Incoming,
        version: Version,
        upload: &Upload,
        mut phase: watch::Receiver<Phase>,
    ) {
        let mut patiences = Patiences::new();
        loop {
            while self.spent.try_recv().is_ok() {}
            let began = Instant::now();
            upload.start_waiting(began + patiences.if_full.left());
            let frame = tokio::select! {
                frame = timeout(patiences.usual.left(), body.frame()) => match frame {
                    Ok(None) if !has_end(body, version) => {
                        Some(Frame::Failed(ended_early("the client reset its stream")))
                    }
                    Ok(frame) => received(frame),
                    Err(_) => Some(failed(ErrorKind::TimedOut, &too_slow())),
                },
                () = upload.evicted() => {
                    Some(failed(ErrorKind::TimedOut, "the body came too slowly while another upload waited; send it again"))
                }
                // The reader stops early when the answer is ready before the body's end.
                () = self.frames.closed() => return,
                () = reached(&mut phase, Phase::Cutting) => {
                    Some(Frame::Failed(stopping()))
                }
            };
            upload.stop_waiting();
            let Some(frame) = frame else {
                continue;
            };
            let is_last = match &frame {
                Frame::Data(data) => {
                    patiences.count(began, data.len());
                    false
                }
                Frame::End | Frame::Failed(_) => true,
            };
            let is_read = self.frames.send(frame).await.is_ok();
            if !is_read || is_last {
                return;
            }
        }
    }
}

/// Whether a body without another frame has had its end. hyper also ends a body whose stream the client resets with NO_ERROR.
fn has_end(body: &Incoming, version: Version) -> bool {
    version != Version::HTTP_2 || body.is_end_stream()
}

/// The frame for what hyper returned; `None` for trailers, which carry nothing needed.
fn received(frame: Option<Result<hyper::body::Frame<Bytes>, hyper::Error>>) -> Option<Frame> {
    match frame {
        Some(Ok(frame)) => frame.into_data().ok().map(Frame::Data),
        Some(Err(error)) => Some(Frame::Failed(broken(&error))),
        None => Some(Frame::End),
    }
}

/// Says why a body could not be read on: the connection, or the chunks that HTTP/1.1 sends a body in.
fn broken(error: &hyper::Error) -> Error {
    let cause = error.source();
    match cause.and_then(|cause| cause.downcast_ref::<io::Error>()) {
        Some(io) if io.kind() == io::ErrorKind::UnexpectedEof => ended_early("the client disconnected"),
        Some(io) if matches!(io.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            let what = chunk_fault(&io.to_string());
            let message =
                format!("the body's chunks are malformed: {what}; the client, or a proxy on the way, is at fault");
            Error::new(ErrorKind::Encoding, message)
        }
        Some(io) => ended_early(&io.to_string()),
        None => broken_stream(&cause.map_or_else(|| error.to_string(), ToString::to_string)),
    }
}

/// The same for a stream of HTTP/2: h2 calls what the client reset "received", and what the client did wrong "detected".
fn broken_stream(message: &str) -> Error {
    if !message.contains("detected") {
        return ended_early(message);
    }
    let message =
        format!("the body breaks a rule of HTTP/2 ({message}); the client, or a proxy on the way, is at fault");
    Error::new(ErrorKind::Encoding, message)
}

fn ended_early(why: &str) -> Error {
    Error::new(ErrorKind::Interrupted, format!("the body ended early: {why}; send it again"))
}

/// The meaning of hyper's message about a chunk. The message itself may quote a trailer's value.
fn chunk_fault(message: &str) -> &'static str {
    let is_about = |part: &str| message.contains(part);
    if is_about("extensions over limit") {
        "their extensions are longer than 16 KiB"
    } else if is_about("extension") {
        "an extension contains a line feed"
    } else if is_about("body CR") || is_about("body LF") {
        "a chunk's bytes are not followed by CRLF, so there are more or fewer than its size says"
    } else if is_about("overflow") && is_about("size") {
        "a chunk's size has more than 64 bits"
    } else if is_about("size") {
        "a chunk's size is not hexadecimal digits and CRLF"
    } else if is_about("over limit") || is_about("count overflow") {
        "the trailer is longer than 16 KiB or 100 lines"
    } else if is_about("end LF") {
        "a line of the trailer does not end in CRLF"
    } else {
        "the trailer is not lines of `name: value`"
    }
}

/// Why an upload is refused or aborted when the server ends.
pub(super) fn stopping() -> Error {
    Error::new(ErrorKind::Stopping, "the server is stopping; send the body again later")
}

fn failed(kind: ErrorKind, message: &str) -> Frame {
    Frame::Failed(Error::new(kind, message))
}

fn too_slow() -> String {
    let seconds = BODY_PATIENCE.as_secs();
    format!(
        "the body paused for {seconds} seconds, or came more slowly than {BODY_BYTES_PER_SECOND_MIN} bytes a second"
    )
}

impl Read for BodyReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let bytes = chunk.len().min(out.len());
        out[..bytes].copy_from_slice(&chunk[..bytes]);
        self.consume(bytes);
        Ok(bytes)
    }
}

impl BufRead for BodyReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.chunk.is_empty() && !self.has_ended {
            if !self.frame.is_empty() {
                // The channel has room for every frame under way. If it is closed, the frame is freed here.
                self.chunk = Bytes::new();
                let _ = self.spent.try_send(std::mem::take(&mut self.frame));
            }
            match self.frames.blocking_recv() {
                Some(Frame::Data(data)) => {
                    self.chunk = data.clone();
                    self.frame = data;
                }
                Some(Frame::End) => self.has_ended = true,
                Some(Frame::Failed(error)) => return Err(into_io(error)),
                None => {
                    let message = "the client disconnected before the end of the body";
                    return Err(into_io(Error::new(ErrorKind::Interrupted, message)));
                }
            }
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, bytes: usize) {
        self.chunk.advance(bytes);
    }
}
