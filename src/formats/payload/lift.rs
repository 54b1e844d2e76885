//! The lifter: a `Read` between the source and struson. Wherever an element begins it moves the element's bytes into its
//! arena and lets struson see `{}` in its place, so that struson reads only the skeleton.
//!
//! It is an accelerator only: what it does not lift reaches struson whole and ends as the same row. A placeholder is told
//! from a literal `{}` by its place, not by its look. Positions in the skeleton are turned back into offsets of the body.

use std::io::{self, BufRead, Read};

use super::mend::HalfPairs;
use super::skeleton::{Skeleton, Verdict};
use crate::formats::scan::ElementScan;
use crate::model::limits::{ELEMENT_BYTES_MAX, GROUP_BYTES, REJECT_RAW_BYTES_MAX, SKELETON_STRING_BYTES_MAX};

const PLACEHOLDER: &[u8] = b"{}";

/// An element in the arena.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifted {
    /// Where the placeholder begins in the skeleton.
    skeleton: u64,
    /// Where the element begins in the body.
    pub(crate) offset: u64,
    /// Where its text begins in the arena.
    start: usize,
    /// Its length; more than the arena holds of it if it is over the limit.
    pub(crate) bytes: u64,
}

impl Lifted {
    /// Whether the arena holds all of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.bytes <= ELEMENT_BYTES_MAX as u64
    }

    /// Bytes of it that the arena holds.
    pub(crate) fn kept_bytes(&self) -> usize {
        match usize::try_from(self.bytes) {
            Ok(bytes) if bytes <= ELEMENT_BYTES_MAX => bytes,
            _ => REJECT_RAW_BYTES_MAX,
        }
    }
}

/// From this place of the skeleton on, the body is at that place.
#[derive(Clone, Copy, Debug)]
struct Shift {
    skeleton: u64,
    body: u64,
}

/// The lifter. See the module's description.
#[derive(Debug)]
pub(crate) struct Lifter<R> {
    source: R,
    cutter: Cutter,
    failure: Option<io::Error>,
}

/// A few bytes that wait for room: an element's placeholder behind two escapes.
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
}

/// All of the lifter but its source: takes slices, gives slices.
#[derive(Debug)]
struct Cutter {
    skeleton: Skeleton,
    /// The element under way.
    element: Option<(ElementScan, Lifted)>,
    /// Half pairs of the skeleton are mended before struson sees them; those of an element when it is decoded.
    pairs: HalfPairs,
    /// What did not fit into the output: a placeholder, a mended escape.
    pending: Pending,
    skeleton_bytes: u64,
    body_bytes: u64,
    shifts: Vec<Shift>,
    arena: Vec<u8>,
    lifted: Vec<Lifted>,
    /// Elements that struson has come by, and those of them that were taken for decoding.
    claimed: usize,
    taken: usize,
    cut_at: Option<u64>,
    /// The input has ended inside an element.
    has_given_up: bool,
}

impl<R: BufRead> Lifter<R> {
    /// A lifter in front of `source`; with `enabled` false it lifts nothing.
    pub(crate) fn new(source: R, enabled: bool) -> Self {
        // Without lifting, the elements' own strings are part of the skeleton.
        let text_bytes_max = if enabled { SKELETON_STRING_BYTES_MAX } else { ELEMENT_BYTES_MAX };
        let cutter = Cutter {
            skeleton: Skeleton::new(enabled, text_bytes_max),
            element: None,
            pairs: HalfPairs::default(),
            pending: Pending::default(),
            skeleton_bytes: 0,
            body_bytes: 0,
            shifts: vec![Shift { skeleton: 0, body: 0 }],
            arena: Vec::with_capacity(2 * GROUP_BYTES),
            lifted: Vec::new(),
            claimed: 0,
            taken: 0,
            cut_at: None,
            has_given_up: false,
        };
        Self { source, cutter, failure: None }
    }

    /// Whether a lifted element stands at this place of the skeleton; if so it is claimed.
    pub(crate) fn claim(&mut self, skeleton: u64) -> bool {
        let cutter = &mut self.cutter;
        let found = cutter.lifted.get(cutter.claimed).is_some_and(|lifted| lifted.skeleton == skeleton);
        cutter.claimed += usize::from(found);
        found
    }

    /// Whether every element of the arena has been claimed: now is the time to take them.
    pub(crate) fn is_claimed(&self) -> bool {
        self.cutter.claimed == self.cutter.lifted.len()
    }

    /// The claimed elements that were not taken yet, and their texts, one behind the other.
    pub(crate) fn claimed(&self) -> (&[Lifted], &[u8]) {
        let cutter = &self.cutter;
        let lifted = &cutter.lifted[cutter.taken..cutter.claimed];
        let Some(first) = lifted.first() else {
            return (&[], &[]);
        };
        let end = cutter.lifted.get(cutter.claimed).map_or(cutter.lifted_end(), |next| next.start);
        (lifted, &cutter.arena[first.start..end])
    }

    /// Marks the claimed elements as taken; the arena is emptied once all are.
    pub(crate) fn take(&mut self) {
        let cutter = &mut self.cutter;
        cutter.taken = cutter.claimed;
        if cutter.taken == cutter.lifted.len() {
            let end = cutter.lifted_end();
            cutter.lifted.clear();
            cutter.arena.drain(..end);
            if let Some((_, under_way)) = &mut cutter.element {
                under_way.start = 0;
            }
            // One large element must not make the arena large for good.
            cutter.arena.shrink_to(2 * GROUP_BYTES);
            (cutter.claimed, cutter.taken) = (0, 0);
        }
    }

    /// Offset and text of the element under way, if all that has come of it is kept.
    pub(crate) fn under_way(&self) -> Option<(u64, &[u8])> {
        let (_, lifted) = self.cutter.element.as_ref()?;
        let text = self.cutter.arena.get(lifted.start..)?;
        (text.len() as u64 == lifted.bytes).then_some((lifted.offset, text))
    }

    /// The body's offset of a place in the skeleton.
    pub(crate) fn offset(&self, skeleton: u64) -> u64 {
        let shifts = &self.cutter.shifts;
        let index = shifts.partition_point(|shift| shift.skeleton <= skeleton).saturating_sub(1);
        shifts.get(index).map_or(skeleton, |shift| shift.body + skeleton.saturating_sub(shift.skeleton))
    }

    /// Bytes of the body that were read.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.cutter.body_bytes
    }

    /// Offset of a name or string that was cut since the last call.
    pub(crate) fn take_cut(&mut self) -> Option<u64> {
        self.cutter.cut_at.take()
    }

    /// Why the source could not be read on.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }
}

impl<R: BufRead> Read for Lifter<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.cutter.forget_passed_shifts();
        let mut written = 0;
        loop {
            written += self.cutter.place(&mut out[written..]);
            // An arena that is full enough goes to the decoder before more is read.
            if written == out.len() || (written > 0 && self.cutter.has_group()) {
                return Ok(written);
            }
            if self.failure.is_some() {
                // What was read before a failure is parsed first.
                return if written > 0 { Ok(written) } else { Err(io::Error::other("the source has failed")) };
            }
            match self.source.fill_buf() {
                Ok([]) if self.cutter.give_up() => {}
                Ok([]) => return Ok(written),
                Ok(chunk) => {
                    let (taken, more) = self.cutter.cut(chunk, &mut out[written..]);
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
    /// struson has parsed all that it was given, so only the last part of the map can still be asked for.
    fn forget_passed_shifts(&mut self) {
        let passed = self.shifts.len() - 1;
        self.shifts.drain(..passed);
    }

    /// Whether there is enough to decode.
    fn has_group(&self) -> bool {
        self.element.is_none() && self.arena.len() >= GROUP_BYTES
    }

    /// Where the texts of whole elements end in the arena; behind them is the one under way.
    fn lifted_end(&self) -> usize {
        self.element.as_ref().map_or(self.arena.len(), |(_, under_way)| under_way.start)
    }

    /// Puts what did not fit before into the output.
    fn place(&mut self, out: &mut [u8]) -> usize {
        let waiting = &self.pending.bytes[self.pending.from..self.pending.to];
        let bytes = waiting.len().min(out.len());
        out[..bytes].copy_from_slice(&waiting[..bytes]);
        self.pending.from += bytes;
        bytes
    }

    /// At the end of the input: of an element that has no end, struson sees that it has begun, and what was held back it
    /// sees as it is. False if there is nothing, or if struson has seen it.
    fn give_up(&mut self) -> bool {
        let held = self.pairs.flush();
        self.pending.add(held.as_slice());
        if self.element.is_some() && !self.has_given_up {
            self.has_given_up = true;
            self.pending.add(&PLACEHOLDER[..1]);
            self.skeleton_bytes += 1;
        }
        !self.pending.is_empty()
    }

    /// Takes some of the chunk and writes some of the output: returns how much of each.
    fn cut(&mut self, chunk: &[u8], out: &mut [u8]) -> (usize, usize) {
        if self.element.is_some() {
            return (self.lift(chunk), 0);
        }
        let (mut taken, mut written) = (0, 0);
        while taken < chunk.len() && written < out.len() && self.pending.is_empty() {
            let byte = chunk[taken];
            match self.skeleton.accept(byte) {
                Verdict::Element => {
                    let lifted = Lifted {
                        skeleton: self.skeleton_bytes,
                        offset: self.body_bytes,
                        start: self.arena.len(),
                        bytes: 0,
                    };
                    self.element = Some((ElementScan::default(), lifted));
                    // Only what is no JSON leaves anything held back before an element.
                    let held = self.pairs.flush();
                    self.pending.add(held.as_slice());
                    break;
                }
                Verdict::Drop => {
                    self.cut_at.get_or_insert(self.body_bytes);
                    self.body_bytes += 1;
                }
                kept @ (Verdict::Keep | Verdict::KeepAfterDropped) => {
                    if self.pairs.passes(byte) {
                        out[written] = byte;
                        written += 1;
                    } else {
                        let released = self.pairs.feed(byte);
                        self.pending.add(released.as_slice());
                    }
                    self.skeleton_bytes += 1;
                    self.body_bytes += 1;
                    if kept == Verdict::KeepAfterDropped {
                        self.shifts.push(Shift { skeleton: self.skeleton_bytes, body: self.body_bytes });
                    }
                }
            }
            taken += 1;
        }
        (taken, written)
    }

    /// Moves bytes of the element under way into the arena: returns how many.
    fn lift(&mut self, chunk: &[u8]) -> usize {
        let Some((scan, lifted)) = &mut self.element else {
            return 0;
        };
        let end = scan.feed(chunk);
        let part = &chunk[..end.unwrap_or(chunk.len())];
        lifted.bytes += part.len() as u64;
        self.body_bytes += part.len() as u64;
        if lifted.bytes <= ELEMENT_BYTES_MAX as u64 {
            if self.arena.len() + part.len() > self.arena.capacity() {
                // A long element. Room for the longest at once: by doubling, twice as much would be touched.
                self.arena.reserve_exact(ELEMENT_BYTES_MAX);
            }
            self.arena.extend_from_slice(part);
        } else {
            // Over the limit: only what a reject shows of it is kept.
            let kept = REJECT_RAW_BYTES_MAX.saturating_sub(self.arena.len() - lifted.start).min(part.len());
            self.arena.extend_from_slice(&part[..kept]);
            self.arena.truncate(lifted.start + REJECT_RAW_BYTES_MAX);
        }
        if end.is_some() {
            self.lifted.push(*lifted);
            self.element = None;
            self.pending.add(PLACEHOLDER);
            self.skeleton_bytes += PLACEHOLDER.len() as u64;
            self.shifts.push(Shift { skeleton: self.skeleton_bytes, body: self.body_bytes });
        }
        part.len()
    }
}
