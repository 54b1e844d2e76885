//! An element of a section without a table, as JSON. If it is too long for one record, its long lists are kept in pieces:
//! records beside it, to which it refers by their digests. So a recording is in memory only as far as one record may be.
//!
//! Where a piece ends depends on the list only, so equal lists have equal pieces, whatever the order of keys.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::kept::{Keep, Kept};
use super::rows::Rows;
use super::value::{any_seed, scalars};
use crate::formats::flaw::Flaw;
use crate::formats::json::{JsonObject, write_string};
use crate::model::identity::digest;
use crate::model::limits::{
    AUTO_EXPORT_MEMBER_BYTES, AUTO_EXPORT_NAME_BYTES_MAX, AUTO_EXPORT_OTHER_BYTES_MAX, AUTO_EXPORT_PIECE_BYTES,
    AUTO_EXPORT_WHOLE_BYTES_MAX,
};

/// Reads an element.
pub(super) struct ElementSeed<'s, 'a, 'b> {
    pub(super) rows: &'s mut Rows<'a, 'b>,
    pub(super) section: &'s str,
    pub(super) kept: &'s mut Kept,
}

any_seed!(ElementSeed<'_, '_, '_>, ());

impl<'de> Visitor<'de> for ElementSeed<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { rows, section, kept } = self;
        let mut element = Element {
            rows,
            section,
            members: Vec::new(),
            bytes: 0,
            has_list: false,
            is_split: false,
            is_too_long: false,
            flaw: None,
        };
        while let Some(name) = map.next_key::<String>()? {
            if element.is_too_long {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            element.bytes += name.len() + AUTO_EXPORT_MEMBER_BYTES;
            element.begin_member(name);
            map.next_value_seed(&mut element)?;
            element.end_member()?;
        }
        element.write(kept);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        Keep(self.kept).visit_seq(list)
    }

    scalars!((), |self, value| {
        self.kept.push_scalar(&value);
        Ok(())
    });

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        Keep(self.kept).visit_str(text)
    }
}

/// A member of the element. The last one is under way.
#[derive(Default)]
struct Member {
    name: String,
    /// Its value. Of a list, the items that are in no piece.
    kept: Kept,
    is_list: bool,
    /// Where the pieces of a list end in its text, while they are there.
    ends: Vec<usize>,
    /// Digests of the pieces that are records.
    pieces: Vec<[u8; 16]>,
}

struct Element<'s, 'a, 'b> {
    rows: &'s mut Rows<'a, 'b>,
    section: &'s str,
    members: Vec<Member>,
    /// Bytes of the members that are over.
    bytes: usize,
    /// Whether the last member is a list that is not over.
    has_list: bool,
    /// Whether long lists go to pieces.
    is_split: bool,
    is_too_long: bool,
    flaw: Option<Flaw>,
}

impl Element<'_, '_, '_> {
    /// Begins a member, which may be as long as what is left.
    fn begin_member(&mut self, name: String) {
        let room = AUTO_EXPORT_OTHER_BYTES_MAX.saturating_sub(self.bytes);
        self.members.push(Member { name, kept: Kept::of(&self.rows.passed, room), ..Member::default() });
    }

    fn last(&mut self) -> &mut Member {
        if self.members.is_empty() {
            self.members.push(Member::default());
        }
        let last = self.members.len() - 1;
        &mut self.members[last]
    }

    /// Ends a member.
    fn end_member<E: Error>(&mut self) -> Result<(), E> {
        let flaw = self.last().kept.take_flaw();
        self.flaw = self.flaw.take().or(flaw);
        let text = &mut self.last().kept.text;
        text.shrink_to_fit();
        self.bytes += self.last().kept.text.len();
        self.make_room()
    }

    /// Splits the lists if the element has become too long.
    fn make_room<E: Error>(&mut self) -> Result<(), E> {
        if self.length() > AUTO_EXPORT_WHOLE_BYTES_MAX && !std::mem::replace(&mut self.is_split, true) {
            (0..self.members.len()).try_for_each(|place| self.split(place))?;
        }
        self.is_too_long |= self.length() > AUTO_EXPORT_OTHER_BYTES_MAX || self.last().kept.is_too_long;
        Ok(())
    }

    fn length(&mut self) -> usize {
        self.bytes + if self.has_list { self.last().kept.text.len() } else { 0 }
    }

    /// Makes records of the pieces of a list.
    fn split<E: Error>(&mut self, place: usize) -> Result<(), E> {
        let is_under_way = self.has_list && place + 1 == self.members.len();
        let Some(member) = self.members.get_mut(place) else {
            return Ok(());
        };
        let (mut text, ends) = (std::mem::take(&mut member.kept.text), std::mem::take(&mut member.ends));
        let (mut start, section) = (0, [self.section, "/", &member.name].concat());
        // The last items of a list that is over are a piece also; of one under way, more follow.
        let has_last = !is_under_way && ends.last().is_some_and(|end| *end < text.len());
        let last = has_last.then_some(text.len());
        for end in ends.into_iter().chain(last) {
            // The end of the text is not copied: it may be long.
            let items = if end == text.len() {
                std::mem::take(&mut text).split_off(start)
            } else {
                text[start..end].to_owned()
            };
            member.pieces.push(self.rows.piece(&section, items)?);
            self.bytes -= if is_under_way { 0 } else { end - start };
            start = if text.is_empty() { 0 } else { end };
        }
        text.drain(..start);
        text.shrink_to(AUTO_EXPORT_PIECE_BYTES);
        member.kept.text = text;
        Ok(())
    }

    /// Ends an item of the list under way.
    fn end_item<E: Error>(&mut self) -> Result<(), E> {
        let is_split = self.is_split;
        let member = self.last();
        let (length, begin) = (member.kept.text.len(), member.ends.last().copied().unwrap_or_default());
        let is_whole = !member.kept.is_too_long;
        if is_whole && length - begin >= AUTO_EXPORT_PIECE_BYTES && member.name.len() <= AUTO_EXPORT_NAME_BYTES_MAX {
            member.ends.push(length);
            if is_split {
                self.split(self.members.len() - 1)?;
            }
        }
        self.make_room()
    }

    /// Ends the list under way: if a part of it is in pieces, all of it is.
    fn end_list<E: Error>(&mut self) -> Result<(), E> {
        let member = self.last();
        let length = member.kept.text.len();
        if !member.pieces.is_empty() && length > 0 {
            member.ends.push(length);
            self.split(self.members.len() - 1)?;
        }
        self.has_list = false;
        Ok(())
    }

    /// Writes the element, its members in order.
    fn write(self, kept: &mut Kept) {
        let Self { mut members, is_too_long, flaw, .. } = self;
        kept.note(flaw);
        kept.is_object = true;
        kept.is_too_long = is_too_long;
        if !is_too_long {
            members.sort_by(|one, other| one.name.cmp(&other.name));
        }
        let largest = (0..members.len()).max_by_key(|place| members[*place].kept.text.len());
        let bytes = members.iter().map(|member| member.name.len() + member.kept.text.len() + AUTO_EXPORT_MEMBER_BYTES);
        let bytes: usize = bytes.sum();
        let (mut text, mut separator) = (String::new(), '{');
        for (place, member) in members.into_iter().enumerate() {
            text.push(std::mem::replace(&mut separator, ','));
            write_string(&member.name, &mut text);
            text.push(':');
            let Member { kept: Kept { text: value, .. }, is_list, pieces, .. } = member;
            if !pieces.is_empty() {
                write_reference(&pieces, &mut text);
                continue;
            }
            text.push_str(if is_list { "[" } else { "" });
            if Some(place) == largest {
                // It is not copied: it may be as long as the element.
                let before = std::mem::replace(&mut text, value);
                text.reserve_exact(bytes.saturating_sub(text.len()));
                text.insert_str(0, &before);
            } else {
                text.push_str(&value);
            }
            text.push_str(if is_list { "]" } else { "" });
        }
        text.push_str(if separator == '{' { "{}" } else { "}" });
        kept.text = text;
        kept.bound();
    }
}

/// Refers to the pieces of a list by their digests.
fn write_reference(pieces: &[[u8; 16]], out: &mut String) {
    let mut reference = JsonObject::begin(out);
    let mut digests = reference.array("pieces");
    for piece in pieces {
        write_string(&format!("{:032x}", u128::from_be_bytes(*piece)), digests.element());
    }
    digests.end();
    reference.end();
}

// Reads the value of the last member.
any_seed!(&mut Element<'_, '_, '_>, ());

impl<'de> Visitor<'de> for &mut Element<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    scalars!((), |self, value| {
        self.last().kept.push_scalar(&value);
        Ok(())
    });

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        Keep(&mut self.last().kept).visit_str(text)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        Keep(&mut self.last().kept).visit_map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.last().is_list = true;
        self.has_list = true;
        loop {
            let member = self.last();
            let before = member.kept.text.len();
            if before > 0 || !member.pieces.is_empty() {
                member.kept.text.push(',');
            }
            if list.next_element_seed(Keep(&mut member.kept))?.is_none() {
                member.kept.text.truncate(before);
                return self.end_list();
            }
            self.end_item()?;
            if self.is_too_long {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(());
            }
        }
    }
}

impl Rows<'_, '_> {
    /// Makes a record of some items of a list. Returns its digest.
    fn piece<E: Error>(&mut self, section: &str, mut json: String) -> Result<[u8; 16], E> {
        let comma = usize::from(json.starts_with(','));
        json.replace_range(..comma, "[");
        json.push(']');
        self.passed.restore(&mut json);
        let piece = digest(&[json.as_bytes()]);
        self.output.keep_beside(&["Health Auto Export ", section].concat(), json);
        let handed = self.output.hand_over_if_full();
        handed.or_else(|error| self.fail(error)).map(|()| piece)
    }
}
