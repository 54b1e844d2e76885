//! Standard input for an import that may be stopped while it waits for data: another thread reads.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;

use super::observer::{Observer, cancelled};
use crate::model::error::{Error, ErrorKind, Result, into_io};
use crate::model::limits::{READ_BUFFER_BYTES, STDIN_PIECES_MAX, STOP_INTERVAL};

/// What standard input has, piece by piece.
pub(super) struct Stdin<'a> {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    /// Bytes of the piece that were read.
    done: usize,
    observer: &'a dyn Observer,
}

impl<'a> Stdin<'a> {
    /// Starts the thread. It ends with the input, or with the program: nothing else ends its read.
    pub(super) fn start(observer: &'a dyn Observer) -> Result<Self> {
        let (sender, pieces) = sync_channel(STDIN_PIECES_MAX);
        let read = move || {
            let mut stdin = io::stdin().lock();
            loop {
                let mut piece = vec![0; READ_BUFFER_BYTES];
                let read = stdin.read(&mut piece).map(|bytes| {
                    piece.truncate(bytes);
                    piece
                });
                let is_end = read.as_ref().is_ok_and(Vec::is_empty);
                if read.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
                    continue;
                }
                if sender.send(read).is_err() || is_end {
                    return;
                }
            }
        };
        let started = thread::Builder::new().name("stdin".to_owned()).spawn(read);
        started.map_err(|error| Error::new(ErrorKind::Io, format!("cannot read standard input: {error}")))?;
        Ok(Self { pieces, piece: Vec::new(), done: 0, observer })
    }
}

impl Read for Stdin<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.observer.is_cancelled() {
                return Err(into_io(cancelled()));
            }
            if self.done < self.piece.len() {
                let bytes = (&self.piece[self.done..]).read(buf)?;
                self.done += bytes;
                self.observer.bytes_read(bytes as u64);
                return Ok(bytes);
            }
            match self.pieces.recv_timeout(STOP_INTERVAL) {
                Ok(Ok(piece)) if piece.is_empty() => return Ok(0),
                Ok(piece) => (self.piece, self.done) = (piece?, 0),
                Err(RecvTimeoutError::Timeout) => {}
                // The thread has ended, after the input.
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
    }
}
