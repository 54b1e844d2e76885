//! JSON in one form: names in order, no blanks, numbers as the shortest text of their value, the last of equal names.
//!
//! The phone's dictionaries have no order, so the same metadata may come in another order next time. In this form it is
//! the same text, and a re-send is unchanged.

use simd_json::{Buffers, INPUT_PADDING, Node, StaticNode, Tape};

use super::element::{has_more_values, parse};
use super::value::{Value, elements, member_at, members};
use crate::model::limits::{KEPT_VALUES_MAX, NESTING_MAX};

/// The form of a JSON text.
///
/// # Errors
///
/// Why there is none: it is no JSON, or holds more than [`KEPT_VALUES_MAX`].
pub(crate) fn of_text(json: &str) -> Result<String, String> {
    if has_more_values(json.as_bytes(), KEPT_VALUES_MAX) {
        return Err(format!("more than {KEPT_VALUES_MAX} values"));
    }
    let mut text = Vec::with_capacity(json.len() + INPUT_PADDING);
    text.extend_from_slice(json.as_bytes());
    let mut buffers = Buffers::with_max_depth(0, NESTING_MAX as usize);
    let tape = parse(&mut text, &mut buffers, &mut Tape(Vec::new()))
        .map_err(|error| format!("its values cannot be decoded: {:?}", error.error()))?;
    let mut out = String::with_capacity(json.len());
    write(&tape.0, &mut out, &mut Vec::new());
    Ok(out)
}

/// Writes a value. `order` is scratch space: what is in it is left as it is.
pub(crate) fn write(value: Value<'_, '_>, out: &mut String, order: &mut Vec<u32>) {
    match value.first() {
        None | Some(Node::Static(StaticNode::Null)) => out.push_str("null"),
        Some(Node::Static(StaticNode::Bool(truth))) => out.push_str(if *truth { "true" } else { "false" }),
        Some(Node::Static(StaticNode::I64(number))) => out.push_str(itoa::Buffer::new().format(*number)),
        Some(Node::Static(StaticNode::U64(number))) => out.push_str(itoa::Buffer::new().format(*number)),
        Some(Node::Static(StaticNode::F64(number))) => write_f64(*number, out),
        Some(Node::String(text)) => write_string(text, out),
        Some(Node::Array { .. }) => {
            out.push('[');
            for (index, element) in elements(value).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(element, out, order);
            }
            out.push(']');
        }
        Some(Node::Object { .. }) => {
            let base = order.len();
            order.extend(members(value).map(|(at, ..)| number_of(at)));
            write_members(value, base, out, order);
        }
    }
}

/// Writes an object of those members of `object` whose node numbers lie in `order` from `base` on, and takes them from it.
pub(crate) fn write_members(object: Value<'_, '_>, base: usize, out: &mut String, order: &mut Vec<u32>) {
    let name = |at: u32| member_at(object, at as usize).0;
    order[base..].sort_unstable_by(|left, right| name(*left).cmp(name(*right)).then(left.cmp(right)));
    out.push('{');
    let mut is_first = true;
    for place in base..order.len() {
        let at = order[place];
        let (name, value) = member_at(object, at as usize);
        if order.get(place + 1).is_some_and(|next| member_at(object, *next as usize).0 == name) {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            out.push(',');
        }
        write_string(name, out);
        out.push(':');
        // Deeper objects put their own numbers behind ours, so ours must not move: the count is taken before.
        let end = order.len();
        write(value, out, order);
        debug_assert_eq!(order.len(), end);
    }
    out.push('}');
    order.truncate(base);
}

/// A node's number as it is kept in `order`: elements are far shorter than 4 GiB.
pub(crate) fn number_of(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Writes a finite number; the parser knows no other.
fn write_f64(number: f64, out: &mut String) {
    out.push_str(zmij::Buffer::new().format_finite(number));
}

/// Writes a string with its quotes.
pub(crate) fn write_string(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push('"');
    let mut rest = text;
    while let Some(place) = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        out.push_str(&rest[..place]);
        let byte = rest.as_bytes()[place];
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ => {
                out.push_str("\\u00");
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
        rest = &rest[place + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(json: &str) -> String {
        of_text(json).unwrap()
    }

    #[test]
    fn one_form() {
        let check = |json: &str, expected: &str| {
            assert_eq!(canonical(json), expected);
            assert_eq!(canonical(expected), expected);
        };
        check(" { } ", "{}");
        check("[ ]", "[]");
        check(r#"{"b":{"d":1,"c":[{"z":1,"y":2},[]]},"a":null}"#, r#"{"a":null,"b":{"c":[{"y":2,"z":1},[]],"d":1}}"#);
        check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
        check(r#"["A\/\n\u0001\"\\ü😀"]"#, r#"["A/\n\u0001\"\\ü😀"]"#);
        check(
            "[1e-7,0.10,72,72.0,-0.0,18446744073709551615,true]",
            "[1e-7,0.1,72,72.0,-0.0,18446744073709551615,true]",
        );
        assert!(of_text("[1").is_err());
        assert!(of_text(&format!("[{}1]", "1,".repeat(KEPT_VALUES_MAX))).is_err());
    }
}
