//! Lines that wait for their delivery, and those of them that are to be sent yet.

use std::ops::Range;

/// Lines that wait for their delivery.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) text: Vec<u8>,
    /// Where each line ends.
    pub(super) ends: Vec<u32>,
    /// Lines that are not delivered yet, the first ones last; all if it is empty and there are lines.
    pub(super) rest: Vec<Range<usize>>,
    /// Lines that were left out.
    pub(super) refused: u64,
}

impl Batch {
    pub(super) fn text_of(&self, lines: &Range<usize>) -> &[u8] {
        let end = |place: usize| self.ends.get(place).map_or(0, |end| *end as usize);
        let from = lines.start.checked_sub(1).map_or(0, end);
        self.text.get(from..lines.end.checked_sub(1).map_or(0, end)).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.rest.clear();
        self.refused = 0;
    }

    /// Puts lines back as two halves, or one whole.
    pub(super) fn split(&mut self, lines: Range<usize>) {
        let middle = lines.start + lines.len() / 2;
        self.rest.push(middle..lines.end);
        self.rest.push(lines.start..middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_split_where_its_lines_end() {
        let mut batch = Batch { text: b"a\nbb\nccc\n".to_vec(), ends: vec![2, 5, 9], ..Batch::default() };
        assert_eq!(batch.text_of(&(0..3)), b"a\nbb\nccc\n");
        assert_eq!([0..1, 1..2, 2..3, 1..3].map(|lines| batch.text_of(&lines).len()), [2, 3, 4, 7]);
        batch.split(0..3);
        assert_eq!(batch.rest, [1..3, 0..1], "the first lines come next");
    }
}
