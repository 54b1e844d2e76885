//! simd-json's tape: a text becomes a list of nodes, and a value is the slice from its own node to the last one inside it.

use std::fmt;

use simd_json::{Buffers, ErrorType, INPUT_PADDING, Node, StaticNode, Tape, fill_tape_padded};

use crate::model::limits::{GROUP_NODES, NESTING_MAX};

/// Parses texts, one after the other, with the same buffers.
pub(crate) struct Parser {
    buffers: Buffers,
    /// The list of nodes while no text uses it.
    tape: Tape<'static>,
}

impl Parser {
    pub(crate) fn new() -> Self {
        // simd-json's copy of the input is not used, since ours is padded. The rest grows to what the texts need.
        Self { buffers: Buffers::with_max_depth(0, NESTING_MAX as usize), tape: Tape(Vec::new()) }
    }

    /// The same for groups of elements. Memory for a list of nodes that is not used is not touched; a list that grows is copied.
    pub(crate) fn for_groups() -> Self {
        Self { tape: Tape(Vec::with_capacity(GROUP_NODES)), ..Self::new() }
    }

    /// Copies a text to `padded`, with capacity for what [`Parser::parse`] adds: without it, a long text is copied again.
    pub(crate) fn pad(text: &[u8], padded: &mut Vec<u8>) {
        padded.clear();
        padded.reserve(text.len() + INPUT_PADDING);
        padded.extend_from_slice(text);
    }

    /// Parses a text and adds simd-json's padding to it. [`Parser::reuse`] takes the tape back.
    pub(crate) fn parse<'a>(&mut self, text: &'a mut Vec<u8>) -> Result<Tape<'a>, ParseError> {
        let len = text.len();
        text.resize(len + INPUT_PADDING, b' ');
        let mut nodes = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        fill_tape_padded(text, len, &mut self.buffers, &mut nodes).map_err(ParseError)?;
        Ok(nodes)
    }

    /// Takes back a tape, whose memory serves the next text.
    pub(crate) fn reuse(&mut self, tape: Tape<'_>) {
        self.tape = tape.reset();
    }
}

/// Why a text cannot be parsed.
#[derive(Debug)]
pub(crate) struct ParseError(simd_json::Error);

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.error() {
            ErrorType::DepthLimitExceeded => write!(f, "nested deeper than {NESTING_MAX} levels"),
            _ => f.write_str("its values cannot be decoded"),
        }
    }
}

/// A value on the tape.
pub(crate) type Value<'t, 'i> = &'t [Node<'i>];

/// Returns the number of nodes of the value that begins here.
fn span(node: &Node<'_>) -> usize {
    match node {
        Node::Object { count, .. } | Node::Array { count, .. } => count + 1,
        Node::String(_) | Node::Static(_) => 1,
    }
}

/// A member of an object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Member<'t, 'i> {
    /// Number of the name's node, counted from the object's.
    pub(crate) node: usize,
    pub(crate) name: &'i str,
    pub(crate) value: Value<'t, 'i>,
}

/// Returns the members of an object; nothing for other values.
pub(crate) fn members<'t, 'i>(object: Value<'t, 'i>) -> impl Iterator<Item = Member<'t, 'i>> {
    let mut at = if matches!(object.first(), Some(Node::Object { .. })) { 1 } else { object.len() };
    std::iter::from_fn(move || {
        let Some(Node::String(name)) = object.get(at) else {
            return None;
        };
        let node = at;
        at = node + 1 + span(object.get(node + 1)?);
        Some(Member { node, name, value: &object[node + 1..at] })
    })
}

/// Returns the elements of an array; nothing for other values.
pub(crate) fn elements<'t, 'i>(array: Value<'t, 'i>) -> impl Iterator<Item = Value<'t, 'i>> {
    let mut at = if matches!(array.first(), Some(Node::Array { .. })) { 1 } else { array.len() };
    std::iter::from_fn(move || {
        let start = at;
        at = start + span(array.get(start)?);
        Some(&array[start..at])
    })
}

/// Returns the member whose name is at a node number of [`members`].
pub(crate) fn member_at<'t, 'i>(object: Value<'t, 'i>, node: usize) -> Member<'t, 'i> {
    match object.get(node..) {
        Some([Node::String(name), value, ..]) => {
            Member { node, name, value: &object[node + 1..node + 1 + span(value)] }
        }
        _ => Member::default(),
    }
}

pub(crate) fn is_null(value: Value<'_, '_>) -> bool {
    matches!(value.first(), None | Some(Node::Static(StaticNode::Null)))
}

pub(crate) fn is_object(value: Value<'_, '_>) -> bool {
    matches!(value.first(), Some(Node::Object { .. }))
}

pub(crate) fn as_str<'i>(value: Value<'_, 'i>) -> Option<&'i str> {
    match value.first() {
        Some(Node::String(text)) => Some(*text),
        _ => None,
    }
}

/// Name of the only member of an object that stands for an integer beyond 64 bits, and holds its digits. Unicode reserves this
/// character for such use within a program.
pub(crate) const INTEGER: &str = "\u{fdd8}";

/// Returns the number that such an object stands for.
#[cold]
fn marked_integer(value: Value<'_, '_>) -> Option<f64> {
    match value {
        [_, Node::String(name), Node::String(digits)] if *name == INTEGER => digits.parse().ok(),
        _ => None,
    }
}

/// Whether two values are the same, digit by digit: simd-json compares doubles by their approximate values.
pub(crate) fn is_same(one: Value<'_, '_>, other: Value<'_, '_>) -> bool {
    let is_same_node = |(one, other): (&Node<'_>, &Node<'_>)| match (one, other) {
        (Node::String(one), Node::String(other)) => is_same_text(one.as_bytes(), other.as_bytes()),
        (Node::Static(StaticNode::F64(one)), Node::Static(StaticNode::F64(other))) => one.to_bits() == other.to_bits(),
        // An integer with a sign is 0 only if it is -0.
        (Node::Static(StaticNode::I64(one)), Node::Static(StaticNode::I64(other))) => one == other,
        (Node::Static(StaticNode::I64(_)), _) | (_, Node::Static(StaticNode::I64(_))) => false,
        (one, other) => one == other,
    };
    one.len() == other.len() && one.iter().zip(other).all(is_same_node)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the sender's numbers are doubles; an integer beyond their precision is not a measured value"
)]
pub(crate) fn as_f64(value: Value<'_, '_>) -> Option<f64> {
    match value.first() {
        Some(Node::Static(StaticNode::F64(number))) => Some(*number),
        Some(Node::Static(StaticNode::I64(number))) => Some(*number as f64),
        Some(Node::Static(StaticNode::U64(number))) => Some(*number as f64),
        Some(Node::Object { .. }) => marked_integer(value),
        _ => None,
    }
}

/// Whether two short texts are equal. A call of the system's comparison takes longer than these few words.
#[inline]
fn is_same_text(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        false
    } else if one.len() >= 8 {
        let mut words = one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0);
        words.all(|(one, other)| one == other) && one.last_chunk::<8>() == other.last_chunk::<8>()
    } else if one.len() >= 4 {
        one.first_chunk::<4>() == other.first_chunk::<4>() && one.last_chunk::<4>() == other.last_chunk::<4>()
    } else {
        one == other
    }
}

/// Returns a whole number, written as `37` or as `37.0`.
pub(crate) fn as_i64(value: Value<'_, '_>) -> Option<i64> {
    match value.first() {
        Some(Node::Static(StaticNode::I64(number))) => Some(*number),
        Some(Node::Static(StaticNode::U64(number))) => i64::try_from(*number).ok(),
        Some(Node::Static(StaticNode::F64(number))) => {
            const EXACT: f64 = 9_007_199_254_740_992.0;
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within the range where doubles are exact")]
            (number.fract() == 0.0 && number.abs() <= EXACT).then_some(*number as i64)
        }
        _ => None,
    }
}

pub(crate) fn as_bool(value: Value<'_, '_>) -> Option<bool> {
    match value.first() {
        Some(Node::Static(StaticNode::Bool(truth))) => Some(*truth),
        _ => None,
    }
}
