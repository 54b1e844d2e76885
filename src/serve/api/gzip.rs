//! Compresses an answer as it is written.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::writer::Writer;
use crate::store::questions::{Field, Part, Sink, Value};

/// Another writer's pages, compressed.
pub(super) struct Gzip {
    inner: Box<dyn Writer>,
    /// Missing once the answer has ended.
    encoder: Option<GzEncoder<Vec<u8>>>,
    ended: Vec<u8>,
}

impl Gzip {
    pub(super) fn new(inner: Box<dyn Writer>) -> Self {
        // The fastest level: answers are made of the same names again and again.
        Self { inner, encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())), ended: Vec::new() }
    }
}

impl Sink for Gzip {
    fn begin(&mut self, head: &[Field<'_>]) {
        self.inner.begin(head);
    }

    fn list(&mut self, name: &'static str, columns: &[&'static str]) {
        self.inner.list(name, columns);
    }

    fn row(&mut self, row: &[Value<'_>]) -> bool {
        self.inner.row(row)
    }

    fn end(&mut self, tail: &[Field<'_>]) {
        self.inner.end(tail);
    }

    fn open(&mut self, name: &'static str, part: Part) {
        self.inner.open(name, part);
    }

    fn close(&mut self) {
        self.inner.close();
    }
}

impl Writer for Gzip {
    fn rows(&self) -> u64 {
        self.inner.rows()
    }

    fn finish(&mut self) {
        self.inner.finish();
        let page = self.inner.take_page();
        if let Some(mut encoder) = self.encoder.take() {
            // Writing to memory cannot fail.
            let _ = encoder.write_all(&page);
            self.ended = encoder.finish().unwrap_or_default();
        }
    }

    fn take_page(&mut self) -> Vec<u8> {
        let Some(encoder) = &mut self.encoder else {
            return std::mem::take(&mut self.ended);
        };
        let _ = encoder.write_all(&self.inner.take_page());
        std::mem::take(encoder.get_mut())
    }
}
