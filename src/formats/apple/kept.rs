//! Elements and attributes without a column, as JSON: the same text from every export.
//!
//! Apple prints all dates in the phone's current offset, and devices with an address of the exporting process. Both change
//! from export to export, so dates are written in UTC and devices without the address.

use std::collections::BTreeMap;

use super::element::{Element, plain};
use super::source::without_pointer;
use crate::formats::json::{JsonArray, JsonObject, write_string};
use crate::formats::output::Output;
use crate::model::locale::of_phone;
use crate::model::time;

/// The element that holds one entry of metadata.
pub(super) const METADATA: &str = "MetadataEntry";

/// The element that holds the beats behind a heart rate variability.
pub(super) const BEATS: &str = "HeartRateVariabilityMetadataList";

/// The element that holds one of them.
pub(super) const BEAT: &str = "InstantaneousBeatsPerMinute";

/// Attributes that the next export may print differently: where an element comes from, and when it was received.
const CHANGING: [&str; 7] =
    ["creationDate", "device", "fhirVersion", "receivedDate", "sourceName", "sourceURL", "sourceVersion"];

/// Writes an element: attributes as members, its text as `$`, its children as one list for each name.
pub(super) fn write_element(element: Element<'_>, out: &mut String) {
    write_element_without(&[], element, out);
}

/// Writes what does not change of an element.
pub(super) fn write_content(element: Element<'_>, out: &mut String) {
    write_element_without(&CHANGING, element, out);
}

/// Keeps an element that is not a record.
pub(super) fn keep_beside(element: Element<'_>, output: &mut Output<'_>) {
    let mut json = String::new();
    write_element(element, &mut json);
    output.keep_beside(element.name(), json);
}

fn write_element_without(left_out: &[&str], element: Element<'_>, out: &mut String) {
    let mut object = JsonObject::begin(out);
    for (key, values) in grouped(element.attributes().filter(|(key, _)| !left_out.contains(key))) {
        write_values(&values, object.member(key), |value, out| write_attribute(key, value, out));
    }
    if element.has_text() {
        object.string("$", &element.text());
    }
    each_name(element.children(), |same| {
        let mut list = object.array(same[0].name());
        for child in same {
            write_element_without(left_out, *child, list.element());
        }
        list.end();
    });
    object.end();
}

/// Passes on the elements of each name together, the names in the order of the file.
fn each_name<'a>(elements: impl Iterator<Item = Element<'a>>, take: impl FnMut(&[Element<'a>])) {
    let mut elements: Vec<Element<'_>> = elements.collect();
    elements.sort_by_key(Element::name);
    let mut names: Vec<&[Element<'_>]> = elements.chunk_by(|one, other| one.name() == other.name()).collect();
    names.sort_unstable_by_key(|same| same[0].number());
    names.into_iter().for_each(take);
}

/// Adds an element's text, and the children for which `is_unknown` returns true: one of a name as it is, several as a list.
pub(super) fn write_inner(element: Element<'_>, is_unknown: impl Fn(Element<'_>) -> bool, object: &mut JsonObject<'_>) {
    if element.has_text() {
        object.string("$", &element.text());
    }
    each_name(element.children().filter(|child| is_unknown(*child)), |same| {
        if let [child] = same {
            return write_element(*child, object.member(child.name()));
        }
        let mut list = object.array(same[0].name());
        same.iter().for_each(|child| write_element(*child, list.element()));
        list.end();
    });
}

fn write_attribute(key: &str, value: &str, out: &mut String) {
    match time::parse(value).and_then(|ms| of_phone(ms, value)) {
        Some(ms) => write_string(&time::to_iso(ms), out),
        None if key == "device" => write_string(&plain(without_pointer(value)), out),
        None => write_string(&plain(value), out),
    }
}

/// Attributes in their order, each name once: of one that is there twice, both values are kept.
pub(super) fn grouped<'a>(attributes: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut places = BTreeMap::new();
    for (key, value) in attributes {
        let place = *places.entry(key).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

/// Writes one value as it is, several as a list.
pub(super) fn write_values(values: &[&str], out: &mut String, write: impl Fn(&str, &mut String)) {
    if let [value] = values {
        return write(value, out);
    }
    let mut list = JsonArray::begin(out);
    for value in values {
        write(value, list.element());
    }
    list.end();
}

/// Whether an element is an entry of metadata that has a key, a value and nothing else.
pub(super) fn is_entry(element: Element<'_>) -> bool {
    let is_part = |name: &str| element.attributes().filter(|(key, _)| *key == name).count() == 1;
    element.name() == METADATA
        && element.is_plain()
        && element.attributes().count() == 2
        && is_part("key")
        && is_part("value")
}

/// Whether an element has attributes that are not among `known`, a text, or children for which `is_unknown` returns true.
pub(super) fn has_unknown(element: Element<'_>, known: &[&str], is_unknown: impl Fn(Element<'_>) -> bool) -> bool {
    element.has_text()
        || element.attributes().any(|(key, _)| !known.contains(&key))
        || element.children().any(is_unknown)
}

/// Adds what [`has_unknown`] looks for: attributes, the text, children.
pub(super) fn write_unknown(
    element: Element<'_>,
    known: &[&str],
    is_unknown: impl Fn(Element<'_>) -> bool,
    object: &mut JsonObject<'_>,
) {
    for (key, values) in grouped(element.attributes().filter(|(key, _)| !known.contains(key))) {
        write_values(&values, object.member(key), |value, out| {
            let value = if key == "device" { without_pointer(value) } else { value };
            write_string(&plain(value), out);
        });
    }
    if element.has_text() {
        object.string("$", &element.text());
    }
    let mut unknown = element.children().filter(|child| is_unknown(*child)).peekable();
    if unknown.peek().is_none() {
        return;
    }
    let mut children = object.array("children");
    for child in unknown {
        let mut named = children.object();
        write_element(child, named.member(child.name()));
        named.end();
    }
    children.end();
}

/// Writes the metadata entries of an element as one object, its names in order. Writes nothing if there are none.
pub(super) fn write_metadata(element: Element<'_>, out: &mut String) {
    let mut entries = element.children().filter(|child| child.name() == METADATA).map(pair);
    let Some(first) = entries.next() else {
        return;
    };
    let mut object = JsonObject::begin(out);
    match entries.next() {
        // The usual case needs no order.
        None => write_metadata_value(first.1, object.member(&plain(first.0))),
        Some(second) => write_entries([first, second].into_iter().chain(entries).collect(), &mut object),
    }
    object.end();
}

fn write_entries(mut entries: Vec<(&str, &str)>, object: &mut JsonObject<'_>) {
    entries.sort_unstable();
    // The same entry may be there twice; two values of one key are both kept.
    entries.dedup();
    for same in entries.chunk_by(|one, other| one.0 == other.0) {
        let out = object.member(&plain(same[0].0));
        if let [(_, value)] = same {
            write_metadata_value(value, out);
            continue;
        }
        let mut values = JsonArray::begin(out);
        for (_, value) in same {
            write_metadata_value(value, values.element());
        }
        values.end();
    }
}

fn pair(entry: Element<'_>) -> (&str, &str) {
    (entry.get("key").unwrap_or_default(), entry.get("value").unwrap_or_default())
}

/// Writes a date in the form that the app sends, any other text as it is.
fn write_metadata_value(value: &str, out: &mut String) {
    match time::parse_apple(value).and_then(|ms| of_phone(ms, value)) {
        Some(ms) => write_string(&time::to_iso(ms), out),
        None => write_string(&plain(value), out),
    }
}

#[cfg(test)]
mod tests {
    use super::super::element::Tree;
    use super::*;

    fn check(text: &str, write: impl Fn(Element<'_>, &mut String), expected: &str) {
        let (mut tree, mut json) = (Tree::default(), String::new());
        write(tree.parse(text).unwrap(), &mut json);
        assert_eq!(json, expected, "{text}");
    }

    #[test]
    fn elements() {
        let check = |text: &str, expected: &str| check(text, write_element, expected);
        check("<a/>", "{}");
        check(
            "<a b=\"1\" c='&lt;&amp;&#39;'> <d e=\"2\"/><f>t</f>\n<d/></a>",
            r#"{"b":"1","c":"<&'","d":[{"e":"2"},{}],"f":[{"$":"t"}]}"#,
        );
        check("<a b=\"1\" c=\"2\" b=\"3\"/>", r#"{"b":["1","3"],"c":"2"}"#);
        check("<a b=\"&bomb;\"/>", r#"{"b":"&bomb;"}"#);
        check("<a>\n A &amp; B &#233;\n</a>", r#"{"$":"A & B é"}"#);
        check("<a> <b/><![CDATA[&amp;]]></a>", r#"{"$":"&amp;","b":[{}]}"#);
        check("<a>1<b/>&lt;</a>", r#"{"$":"1<b/><","b":[{}]}"#);
        check("<a b=\"1\"  c=\"2\" />", r#"{"b":"1","c":"2"}"#);
        check("<a b=\"1\" c = '\"'\tx:d=\"'>\"/>", r#"{"b":"1","c":"\"","x:d":"'>"}"#);
        check(
            "<a d=\"2024-09-15 10:07:43 -0500\" device=\"<<HKDevice: 0x1>, name:W>\"/>",
            r#"{"d":"2024-09-15T15:07:43.000Z","device":", name:W>"}"#,
        );
    }

    #[test]
    fn metadata() {
        let entry = |key: &str, value: &str| format!("<MetadataEntry key=\"{key}\" value=\"{value}\"/>");
        let check = |entries: &[(&str, &str)], expected: &str| {
            let entries: String = entries.iter().map(|(key, value)| entry(key, value)).collect();
            check(&format!("<a><b/>{entries}</a>"), write_metadata, expected);
        };
        check(&[], "");
        check(&[("k", "1")], r#"{"k":"1"}"#);
        check(&[("k", "2"), ("b", "&amp;"), ("k", "1"), ("k", "2")], r#"{"b":"&","k":["1","2"]}"#);
        check(&[("k", "2024-09-15 10:07:43 -0500")], r#"{"k":"2024-09-15T15:07:43.000Z"}"#);
    }
}
