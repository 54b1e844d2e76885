//! Values on simd-json's tape: a value is the slice of nodes from its own to the last one inside it.

use simd_json::{Node, StaticNode};

/// A value on the tape.
pub(crate) type Value<'t, 'i> = &'t [Node<'i>];

/// Number of nodes of the value that begins here.
fn span(node: &Node<'_>) -> usize {
    match node {
        Node::Object { count, .. } | Node::Array { count, .. } => count + 1,
        Node::String(_) | Node::Static(_) => 1,
    }
}

/// The members of an object, or nothing: `(node number of the name, name, value)`.
pub(crate) fn members<'t, 'i>(object: Value<'t, 'i>) -> impl Iterator<Item = (usize, &'i str, Value<'t, 'i>)> {
    let mut at = if matches!(object.first(), Some(Node::Object { .. })) { 1 } else { object.len() };
    std::iter::from_fn(move || {
        let Some(Node::String(name)) = object.get(at) else {
            return None;
        };
        let start = at;
        let end = at + 1 + span(object.get(at + 1)?);
        at = end;
        Some((start, *name, &object[start + 1..end]))
    })
}

/// The elements of an array, or nothing.
pub(crate) fn elements<'t, 'i>(array: Value<'t, 'i>) -> impl Iterator<Item = Value<'t, 'i>> {
    let mut at = if matches!(array.first(), Some(Node::Array { .. })) { 1 } else { array.len() };
    std::iter::from_fn(move || {
        let start = at;
        at = start + span(array.get(start)?);
        Some(&array[start..at])
    })
}

/// The member whose name is at a node that [`members`] gave.
pub(crate) fn member_at<'t, 'i>(object: Value<'t, 'i>, at: usize) -> (&'i str, Value<'t, 'i>) {
    match object.get(at..) {
        Some([Node::String(name), value, ..]) => (*name, &object[at + 1..at + 1 + span(value)]),
        _ => ("", &[]),
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

#[expect(
    clippy::cast_precision_loss,
    reason = "the sender's numbers are doubles; an integer that is none is not a measured value"
)]
pub(crate) fn as_f64(value: Value<'_, '_>) -> Option<f64> {
    match value.first() {
        Some(Node::Static(StaticNode::F64(number))) => Some(*number),
        Some(Node::Static(StaticNode::I64(number))) => Some(*number as f64),
        Some(Node::Static(StaticNode::U64(number))) => Some(*number as f64),
        _ => None,
    }
}

/// A whole number, however it is written: `37`, `37.0`.
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
