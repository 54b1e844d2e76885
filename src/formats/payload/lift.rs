//! The lifter: a `Read` between the source and struson. Where an element begins it moves the element's bytes into its arena
//! and shows struson `{}` in their place, so that struson reads only the skeleton.
//!
//! It is only an accelerator: what it does not lift reaches struson whole and ends as the same row. The place of a `{}`
//! says whether it is a placeholder, not its look.

use std::io::{self, BufRead, Read};

use super::arena::{Arena, Group};
use super::positions::Positions;
use super::skeleton::{Skeleton, Verdict};
use crate::formats::scan::ElementScan;
use crate::formats::surrogates::HalfPairs;
use crate::model::batch::Overflow;
use crate::model::error::{Result, into_io};
use crate::model::interval::Interval;
use crate::model::limits::{ELEMENT_BYTES_MAX, NUMBER_BYTES_MAX, SKELETON_STRING_BYTES_MAX};

const PLACEHOLDER: &[u8] = b"{}";

/// How to decode.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether elements are lifted out of the stream. Without it, the result is the same and takes longer.
    pub lift: bool,
    /// The interval of Health Auto Export's figures, where its sender says it.
    pub interval: Interval,
}

impl Default for Options {
    fn default() -> Self {
        Self { lift: true, interval: Interval::None }
    }
}

/// The lifter. See the module's description.
#[derive(Debug)]
pub(crate) struct Lifter<R> {
    source: R,
    cutter: Cutter,
    failure: Option<io::Error>,
    /// The last bytes of the skeleton.
    tail: Vec<u8>,
    has_ended: bool,
}

/// A few bytes that wait until the output has room: an element's placeholder behind two escapes.
#[derive(Debug, Default)]
struct Pending {
    bytes: [u8; 16],
    from: usize,
    to: usize,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.from == self.to
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.is_empty() {
            (self.from, self.to) = (0, 0);
        }
        self.bytes[self.to..self.to + bytes.len()].copy_from_slice(bytes);
        self.to += bytes.len();
    }

    /// Moves bytes to the output. Returns how many.
    fn release(&mut self, out: &mut [u8]) -> usize {
        let waiting = &self.bytes[self.from..self.to];
        let bytes = waiting.len().min(out.len());
        out[..bytes].copy_from_slice(&waiting[..bytes]);
        self.from += bytes;
        bytes
    }
}

/// All of the lifter but its source: takes slices, returns slices.
#[derive(Debug)]
struct Cutter {
    skeleton: Skeleton,
    /// Searches for the end of the element under way.
    element: Option<ElementScan>,
    /// Marks half pairs of the skeleton before struson sees them; those of an element are marked when it is decoded.
    pairs: HalfPairs,
    /// Bytes without room in the output: a placeholder, a fixed escape.
    pending: Pending,
    positions: Positions,
    arena: Arena,
    cut_at: Option<u64>,
    /// Whether the input has ended inside an element.
    has_given_up: bool,
}

impl<R: BufRead> Lifter<R> {
    pub(crate) fn new(source: R, options: Options, overflow: Box<dyn Overflow>) -> Self {
        let skeleton = if options.lift {
            Skeleton::with_elements(SKELETON_STRING_BYTES_MAX)
        } else {
            // The elements' own strings are then part of the skeleton.
            Skeleton::without_elements(ELEMENT_BYTES_MAX)
        };
        let cutter = Cutter {
            skeleton,
            element: None,
            pairs: HalfPairs::default(),
            pending: Pending::default(),
            positions: Positions::new(),
            arena: Arena::new(overflow),
            cut_at: None,
            has_given_up: false,
        };
        Self { source, cutter, failure: None, tail: Vec::new(), has_ended: false }
    }

    /// Claims the lifted element at this place of the skeleton. Returns false if none is there.
    pub(crate) fn claim(&mut self, skeleton: u64) -> bool {
        self.cutter.arena.claim(skeleton)
    }

    /// Whether every element of the arena is claimed: it is time to take them.
    pub(crate) fn is_claimed(&self) -> bool {
        self.cutter.arena.is_claimed()
    }

    /// Returns the claimed elements that were not taken yet; `first` is the index of the first one in its array.
    pub(crate) fn claimed(&self, first: u64) -> Group<'_> {
        self.cutter.arena.claimed(first)
    }

    /// Marks the claimed elements as taken.
    pub(crate) fn take(&mut self) {
        self.cutter.arena.take();
    }

    /// Returns offset and text of the element under way, if all that came of it is kept.
    pub(crate) fn under_way(&self) -> Option<(u64, Box<dyn Read + '_>)> {
        self.cutter.arena.under_way()
    }

    /// Returns the body's offset of a place in the skeleton.
    pub(crate) fn offset(&self, skeleton: u64) -> u64 {
        self.cutter.positions.in_body(skeleton)
    }

    /// Returns the bytes of the body that were read.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.cutter.positions.body
    }

    /// Returns the skeleton from a place on, if the source has ended and it is short.
    pub(crate) fn rest_from(&self, skeleton: u64) -> Option<Vec<u8>> {
        let left = usize::try_from(self.cutter.positions.skeleton.checked_sub(skeleton)?).ok()?;
        let from = self.tail.len().checked_sub(left)?;
        self.has_ended.then(|| self.tail[from..].to_vec())
    }

    /// Takes the offset of a name, string or number that was cut since the last call.
    pub(crate) fn take_cut(&mut self) -> Option<u64> {
        self.cutter.cut_at.take()
    }

    /// Takes the error that ended the source.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

impl<R: BufRead> Read for Lifter<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let written = self.read_skeleton(out)?;
        let last = &out[written.saturating_sub(NUMBER_BYTES_MAX)..written];
        self.tail.extend_from_slice(last);
        self.tail.drain(..self.tail.len().saturating_sub(NUMBER_BYTES_MAX));
        Ok(written)
    }
}

impl<R: BufRead> Lifter<R> {
    fn read_skeleton(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.cutter.positions.forget_passed();
        let mut written = 0;
        loop {
            written += self.cutter.pending.release(&mut out[written..]);
            // An arena that is full enough goes to the decoder before more is read.
            if written == out.len() || (written > 0 && self.cutter.arena.has_group()) {
                return Ok(written);
            }
            if self.failure.is_some() {
                // What was read before a failure is parsed first.
                return if written > 0 { Ok(written) } else { Err(io::Error::other("the source has failed")) };
            }
            // A fault in the first bytes is reported before the source has more.
            if written > 0 && self.cutter.arena.is_empty() {
                return Ok(written);
            }
            match self.source.fill_buf() {
                Ok([]) => {
                    self.has_ended = true;
                    if !self.cutter.give_up() {
                        return Ok(written);
                    }
                }
                Ok(chunk) => {
                    let cut = self.cutter.cut(chunk, &mut out[written..]);
                    let (taken, more) = match cut {
                        Ok(cut) => cut,
                        Err(error) => {
                            self.failure = Some(into_io(error));
                            continue;
                        }
                    };
                    self.source.consume(taken);
                    written += more;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failure = Some(error),
            }
        }
    }
}

impl Cutter {
    /// At the end of the input: shows struson the beginning of an element without an end, and bytes that were held back.
    /// Returns false if struson has seen all.
    fn give_up(&mut self) -> bool {
        self.release_held();
        if self.element.is_some() && !self.has_given_up {
            self.has_given_up = true;
            self.pending.add(&PLACEHOLDER[..1]);
            self.positions.skeleton += 1;
        }
        !self.pending.is_empty()
    }

    fn release_held(&mut self) {
        if self.pairs.is_empty() {
            return;
        }
        let held = self.pairs.flush();
        self.pending.add(held.as_slice());
    }

    /// Takes some of the chunk and writes some of the output: returns how much of each.
    fn cut(&mut self, chunk: &[u8], out: &mut [u8]) -> Result<(usize, usize)> {
        if self.element.is_some() {
            return Ok((self.lift(chunk)?, 0));
        }
        let (mut taken, mut written) = (0, 0);
        while taken < chunk.len() && written < out.len() && self.pending.is_empty() {
            let byte = chunk[taken];
            match self.skeleton.accept(byte) {
                Verdict::Element => {
                    self.arena.begin(self.positions.skeleton, self.positions.body);
                    self.element = Some(ElementScan::default());
                    // Only bytes that are not JSON are held back before an element.
                    self.release_held();
                    break;
                }
                Verdict::DropLong => {
                    self.cut_at.get_or_insert(self.positions.body);
                    self.positions.body += 1;
                }
                Verdict::DropDeep => self.positions.body += 1,
                kept @ (Verdict::Keep | Verdict::KeepAfterDropped) => {
                    if self.pairs.passes(byte) {
                        out[written] = byte;
                        written += 1;
                    } else {
                        let released = self.pairs.feed(byte);
                        self.pending.add(released.as_slice());
                    }
                    self.positions.skeleton += 1;
                    self.positions.body += 1;
                    if kept == Verdict::KeepAfterDropped {
                        self.positions.note_shift();
                    }
                }
            }
            taken += 1;
        }
        Ok((taken, written))
    }

    /// Moves bytes of the element under way into the arena. Returns how many.
    fn lift(&mut self, chunk: &[u8]) -> Result<usize> {
        let Some(scan) = &mut self.element else {
            return Ok(0);
        };
        let end = scan.feed(chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        self.arena.add(part)?;
        self.positions.body += part.len() as u64;
        if end.is_some() {
            self.arena.end();
            self.element = None;
            self.pending.add(PLACEHOLDER);
            self.positions.skeleton += PLACEHOLDER.len() as u64;
            self.positions.note_shift();
        }
        Ok(part.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    /// A source that has nothing more for now.
    struct Silent;

    impl Read for Silent {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("the client would be waited for");
        }
    }

    /// Otherwise a client that sent a fault and waits would get its answer only when its time is over.
    #[test]
    fn what_has_come_before_the_first_element_is_passed_on() {
        for sent in ["[", "{", r#"{"data":["#, "\u{feff}", "x"] {
            let mut lifter = Lifter::new(
                sent.as_bytes().chain(BufReader::new(Silent)),
                Options::default(),
                Box::<Vec<u8>>::default(),
            );
            let mut out = [0; 64];
            let bytes = lifter.read(&mut out).unwrap();
            assert_eq!(&out[..bytes], sent.as_bytes());
        }
    }
}
