//! Figures of a document whose equals may stand far apart: they are counted on the disk, in the database of what waits. So memory does
//! not depend on how far apart equals stand.

use super::batch::BatchWriter;
use super::figures::{Columns, content_of, integer, number_of, text};
use crate::model::identity::digest;

impl BatchWriter<'_> {
    /// Counts a figure among those of its time in the document, and among the equal ones. Each workout has its own figures of a time;
    /// equal ones of several are counted together.
    pub(super) fn count_in_document(
        &mut self,
        columns: &Columns<'_>,
        workout: Option<[u8; 4]>,
    ) -> rusqlite::Result<(u32, u32)> {
        let upload = self.upload.id;
        self.waiting.open_for(upload)?;
        let [_, metric, start, label, source, ..] = columns;
        let texts = [metric, label, source].map(|part| text(part).unwrap_or_default().as_bytes());
        let start = integer(start).unwrap_or_default().to_le_bytes();
        let place = digest(&[b"place", &start, texts[0], texts[1], texts[2]]);
        let content = number_of(content_of(columns), 1).to_le_bytes();
        let of_time = self.waiting.count(upload, &digest(&[b"time", &place, &workout.unwrap_or_default()]))?;
        Ok((of_time, self.waiting.count(upload, &digest(&[b"content", &place, &content]))?))
    }
}
