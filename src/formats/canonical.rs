//! JSON in one form: names in order, no blanks, numbers as the shortest text of their value, equal names in their order.
//!
//! The phone's dictionaries have no order, so the same metadata may arrive in another order the next time. In this form it
//! is the same text, and a re-sent record is unchanged.

use simd_json::{Node, StaticNode};

use super::json::{JsonArray, JsonObject, write_f64, write_integer, write_string};
use super::tape::{Member, Value, elements, member_at, members};

/// Writes a value. `order` is scratch space: the call leaves what is in it as it is.
pub(crate) fn write(value: Value<'_, '_>, out: &mut String, order: &mut Vec<u32>) {
    match value.first() {
        None | Some(Node::Static(StaticNode::Null)) => out.push_str("null"),
        Some(Node::Static(StaticNode::Bool(truth))) => out.push_str(if *truth { "true" } else { "false" }),
        // simd-json gives a sign to negative integers only.
        Some(Node::Static(StaticNode::I64(0))) => out.push_str("-0"),
        Some(Node::Static(StaticNode::I64(number))) => write_integer(*number, out),
        Some(Node::Static(StaticNode::U64(number))) => write_integer(*number, out),
        Some(Node::Static(StaticNode::F64(number))) => write_f64(*number, out),
        Some(Node::String(text)) => write_string(text, out),
        Some(Node::Array { .. }) => {
            let mut array = JsonArray::begin(out);
            for element in elements(value) {
                write(element, array.element(), order);
            }
            array.end();
        }
        Some(Node::Object { .. }) => {
            let base = order.len();
            order.extend(members(value).map(number_of));
            write_members(value, base, out, order);
        }
    }
}

/// Writes an object of those members of `object` whose node numbers are in `order` from `base` on, and removes the numbers.
pub(crate) fn write_members(object: Value<'_, '_>, base: usize, out: &mut String, order: &mut Vec<u32>) {
    let name = |node: u32| member_at(object, node as usize).name;
    order[base..].sort_unstable_by(|left, right| name(*left).cmp(name(*right)).then(left.cmp(right)));
    // Objects inside add their numbers behind these and remove them, so these stay where they are.
    let end = order.len();
    let mut json = JsonObject::begin(out);
    for index in base..end {
        let member = member_at(object, order[index] as usize);
        write(member.value, json.member(member.name), order);
        debug_assert_eq!(order.len(), end);
    }
    json.end();
    order.truncate(base);
}

/// Returns a member's node number as `order` keeps it: elements are far shorter than 4 GiB.
pub(crate) fn number_of(member: Member<'_, '_>) -> u32 {
    u32::try_from(member.node).unwrap_or(u32::MAX)
}

/// Returns the form of a JSON text.
#[cfg(test)]
pub(crate) fn of_text(json: &str) -> String {
    let (mut text, mut parser) = (json.as_bytes().to_vec(), super::tape::Parser::new());
    let tape = parser.parse(&mut text).expect("it is JSON");
    let mut out = String::new();
    write(&tape.0, &mut out, &mut Vec::new());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(json: &str) -> String {
        of_text(json)
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
        check(r#"{"a":3,"b":2,"a":1}"#, r#"{"a":3,"a":1,"b":2}"#);
        check(r#"["A\/\n\u0001\"\\ü😀"]"#, r#"["A/\n\u0001\"\\ü😀"]"#);
        check(
            "[1e-7,0.10,72,72.0,-0.0,-0,0,18446744073709551615,true]",
            "[1e-7,0.1,72,72.0,-0.0,-0,0,18446744073709551615,true]",
        );
    }
}
