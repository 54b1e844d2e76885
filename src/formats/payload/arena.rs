//! The texts of lifted elements, one behind the other, until they are decoded.

use std::io::Read;

use super::section::Section;
use crate::formats::output::{Location, Raw};
use crate::model::batch::Overflow;
use crate::model::error::Result;
use crate::model::limits::{ELEMENT_BYTES_MAX, GROUP_BYTES, GROUP_BYTES_MAX, REJECT_RAW_BYTES_MAX};

/// An element in the arena.
#[derive(Clone, Copy, Debug)]
struct Lifted {
    /// Where its placeholder begins in the skeleton.
    skeleton: u64,
    /// Where it begins in the body.
    offset: u64,
    /// Where its text begins in the arena.
    start: usize,
    /// Its length; the arena holds less if it is longer than a group.
    bytes: u64,
}

impl Lifted {
    /// Whether the arena holds all of it.
    fn is_whole(&self) -> bool {
        self.bytes <= GROUP_BYTES_MAX as u64
    }

    /// Returns the number of its bytes that the arena holds.
    fn kept_bytes(&self) -> usize {
        match usize::try_from(self.bytes) {
            Ok(bytes) if bytes <= GROUP_BYTES_MAX => bytes,
            _ => REJECT_RAW_BYTES_MAX,
        }
    }
}

/// An element's text, and where it stands in the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawElement<'a> {
    /// Index in its array.
    pub(crate) index: Option<u64>,
    pub(crate) offset: u64,
    /// All of it, or if it is longer than a group as much as a reject shows.
    pub(crate) text: &'a [u8],
    /// Its whole length.
    pub(crate) bytes: u64,
    /// Where all of it is if it is longer than a group, unless it is over the limit.
    pub(crate) overflow: &'a dyn Overflow,
}

impl<'a> RawElement<'a> {
    /// Returns where it is, for a reject.
    pub(crate) fn location<'s>(&self, section: &'s Section) -> Location<'s> {
        Location { section: section.path(), part: "", index: self.index, offset: self.offset }
    }

    /// Returns its text, for a reject.
    pub(crate) fn raw(&self) -> Raw<'a> {
        Raw { text: self.text, bytes: self.bytes }
    }
}

/// Elements of one array that are decoded together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group<'a> {
    lifted: &'a [Lifted],
    /// Their texts, one behind the other.
    text: &'a [u8],
    /// Index of the first one.
    first: u64,
    overflow: &'a dyn Overflow,
}

impl<'a> Group<'a> {
    /// Returns the length of all texts.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether the arena holds all of each element.
    pub(crate) fn is_whole(&self) -> bool {
        self.lifted.iter().all(Lifted::is_whole)
    }

    pub(crate) fn elements(&self) -> impl Iterator<Item = RawElement<'a>> {
        let mut rest = self.text;
        (self.first..).zip(self.lifted).map(move |(index, lifted)| {
            let (text, behind) = rest.split_at(lifted.kept_bytes());
            rest = behind;
            RawElement { index: Some(index), offset: lifted.offset, text, bytes: lifted.bytes, overflow: self.overflow }
        })
    }
}

/// See the module's description. The last text may be of an element that is still under way.
#[derive(Debug)]
pub(crate) struct Arena {
    texts: Vec<u8>,
    lifted: Vec<Lifted>,
    under_way: Option<Lifted>,
    /// Elements that struson has passed, and those of them that were taken for decoding.
    claimed: usize,
    taken: usize,
    /// Holds the element that is longer than a group. It is the last one: the lifter reads nothing more until it is taken.
    overflow: Box<dyn Overflow>,
}

impl Arena {
    pub(crate) fn new(overflow: Box<dyn Overflow>) -> Self {
        let texts = Vec::with_capacity(2 * GROUP_BYTES);
        Self { texts, lifted: Vec::new(), under_way: None, claimed: 0, taken: 0, overflow }
    }

    /// An element begins at these places.
    pub(crate) fn begin(&mut self, skeleton: u64, offset: u64) {
        self.under_way = Some(Lifted { skeleton, offset, start: self.texts.len(), bytes: 0 });
    }

    /// Adds a part of the element under way.
    pub(crate) fn add(&mut self, part: &[u8]) -> Result<()> {
        let Some(lifted) = &mut self.under_way else {
            return Ok(());
        };
        let was_whole = lifted.is_whole();
        lifted.bytes += part.len() as u64;
        if lifted.is_whole() {
            self.texts.extend_from_slice(part);
            return Ok(());
        }
        if lifted.bytes > ELEMENT_BYTES_MAX as u64 {
            self.overflow.clear();
        } else {
            if was_whole {
                debug_assert!(self.lifted.iter().all(Lifted::is_whole), "there is one overflow");
                self.overflow.append(&self.texts[lifted.start..])?;
            }
            self.overflow.append(part)?;
        }
        // The arena keeps only what a reject shows.
        let kept = REJECT_RAW_BYTES_MAX.saturating_sub(self.texts.len() - lifted.start).min(part.len());
        self.texts.extend_from_slice(&part[..kept]);
        self.texts.truncate(lifted.start + REJECT_RAW_BYTES_MAX);
        Ok(())
    }

    /// Ends the element under way.
    pub(crate) fn end(&mut self) {
        self.lifted.extend(self.under_way.take());
    }

    /// Whether it holds no element and no part of one.
    pub(crate) fn is_empty(&self) -> bool {
        self.under_way.is_none() && self.lifted.is_empty()
    }

    /// Whether there is enough to decode.
    pub(crate) fn has_group(&self) -> bool {
        self.under_way.is_none() && self.texts.len() >= GROUP_BYTES
    }

    /// Returns where the texts of whole elements end: the one under way is behind them.
    fn lifted_end(&self) -> usize {
        self.under_way.map_or(self.texts.len(), |under_way| under_way.start)
    }

    /// Claims the element whose placeholder stands at this place of the skeleton. Returns false if none does.
    pub(crate) fn claim(&mut self, skeleton: u64) -> bool {
        let found = self.lifted.get(self.claimed).is_some_and(|lifted| lifted.skeleton == skeleton);
        self.claimed += usize::from(found);
        found
    }

    /// Whether every element is claimed: it is time to take them.
    pub(crate) fn is_claimed(&self) -> bool {
        self.claimed == self.lifted.len()
    }

    /// Returns the claimed elements that were not taken yet; `first` is the index of the first one in its array.
    pub(crate) fn claimed(&self, first: u64) -> Group<'_> {
        let lifted = &self.lifted[self.taken..self.claimed];
        let start = lifted.first().map_or(0, |first| first.start);
        let end = self.lifted.get(self.claimed).map_or(self.lifted_end(), |next| next.start);
        let text = if lifted.is_empty() { &[] } else { &self.texts[start..end] };
        Group { lifted, text, first, overflow: &*self.overflow }
    }

    /// Marks the claimed elements as taken, and frees the texts after all are.
    pub(crate) fn take(&mut self) {
        self.taken = self.claimed;
        if self.taken == self.lifted.len() {
            let end = self.lifted_end();
            if !self.lifted.iter().all(Lifted::is_whole) {
                self.overflow.clear();
            }
            self.lifted.clear();
            self.texts.drain(..end);
            if let Some(under_way) = &mut self.under_way {
                under_way.start = 0;
            }
            // One large element must not make the arena large for good.
            self.texts.shrink_to(2 * GROUP_BYTES);
            (self.claimed, self.taken) = (0, 0);
        }
    }

    /// Returns offset and text of the element under way, unless it is over the limit.
    pub(crate) fn under_way(&self) -> Option<(u64, Box<dyn Read + '_>)> {
        let lifted = self.under_way.filter(|lifted| lifted.bytes <= ELEMENT_BYTES_MAX as u64)?;
        let text: Box<dyn Read + '_> =
            if lifted.is_whole() { Box::new(self.texts.get(lifted.start..)?) } else { self.overflow.reader() };
        Some((lifted.offset, text))
    }
}
