//! Elements that wait for the file's other numbers to show how theirs are read.

/// An element that waits: where it is in the file, and where its text ends in the list's.
#[derive(Clone, Copy, Debug)]
struct Waits {
    line: u64,
    offset: u64,
    end: usize,
}

/// The elements, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    text: Vec<u8>,
    elements: Vec<Waits>,
}

impl Waiting {
    /// Adds an element. Returns false if these are more bytes than may wait.
    pub(super) fn push(&mut self, element: &[u8], line: u64, offset: u64, bytes_max: usize) -> bool {
        let end = self.text.len() + element.len();
        if end > bytes_max {
            return false;
        }
        self.text.extend_from_slice(element);
        self.elements.push(Waits { line, offset, end });
        true
    }

    /// Line, offset and text of each.
    pub(super) fn elements(&self) -> impl Iterator<Item = (u64, u64, &[u8])> {
        let starts = std::iter::once(0).chain(self.elements.iter().map(|element| element.end));
        starts
            .zip(&self.elements)
            .map(|(start, element)| (element.line, element.offset, &self.text[start..element.end]))
    }
}
