//! An answer as a chart in SVG.

use super::drawing::Drawing;
use super::writer::Writer;
use crate::chart::Picture;
use crate::store::questions::{Field, Sink, Value};

/// Takes the figures, and draws them once all are there.
pub(super) struct Drawn {
    drawing: Drawing,
    picture: Picture,
    page: Vec<u8>,
}

impl Drawn {
    pub(super) fn new(picture: Picture) -> Self {
        Self { drawing: Drawing::default(), picture, page: Vec::new() }
    }
}

impl Sink for Drawn {
    fn begin(&mut self, head: &[Field<'_>]) {
        self.drawing.begin(head);
    }

    fn list(&mut self, name: &'static str, columns: &[&'static str]) {
        self.drawing.list(name, columns);
    }

    fn row(&mut self, row: &[Value<'_>]) -> bool {
        self.drawing.row(row)
    }

    fn end(&mut self, tail: &[Field<'_>]) {
        self.drawing.end(tail);
    }
}

impl Writer for Drawn {
    fn rows(&self) -> u64 {
        u64::try_from(self.drawing.rows()).unwrap_or(u64::MAX)
    }

    fn finish(&mut self) {
        self.page = self.drawing.draw(self.picture).into_bytes();
    }

    fn take_page(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.page)
    }
}
