//! One element with everything in it, laid flat in buffers that are used again: no allocation per record.
//!
//! Texts are places in the frame. quick-xml is used in this module alone; it expands no entity but XML's own five.

use std::borrow::Cow;

use memchr::memchr;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::formats::json::write_string;

/// Elements within elements: Apple's export has four levels.
const NESTING_MAX: usize = 32;

/// Elements in one element.
const NODES_MAX: usize = 32 << 10;

/// Attributes in one element and those in it.
const ATTRIBUTES_MAX: usize = 64 << 10;

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    name: Span,
    /// Numbers of its attributes.
    first: u32,
    last: u32,
    /// Number of the node behind its last descendant.
    end: u32,
    text: Span,
    /// Whether the text is as it stands, without escapes.
    is_literal: bool,
}

/// The buffers of a tree.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    attributes: Vec<(Span, Span)>,
    open: Vec<u32>,
}

/// An element of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    frame: &'a str,
    tree: &'a Tree,
    number: u32,
}

impl Tree {
    /// Reads the one element that a frame holds.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(crate) fn read<'a>(&'a mut self, frame: &'a str) -> Result<Element<'a>, String> {
        self.nodes.clear();
        self.attributes.clear();
        self.open.clear();
        if frame.len() > u32::MAX as usize {
            return Err("it is longer than 4 GiB".to_owned());
        }
        let mut reader = Reader::from_str(frame);
        loop {
            match reader.read_event() {
                Ok(Event::Empty(tag)) => self.open(frame, &tag)?,
                Ok(Event::Start(tag)) => {
                    self.open.push(self.next());
                    self.open(frame, &tag)?;
                    if self.open.len() > NESTING_MAX {
                        return Err(format!("it is nested deeper than {NESTING_MAX} levels"));
                    }
                }
                Ok(Event::End(_)) => {
                    let end = self.next();
                    if let Some(number) = self.open.pop() {
                        self.nodes[number as usize].end = end;
                    }
                }
                Ok(Event::Text(text)) => self.text(frame, &text, false),
                Ok(Event::CData(text)) => self.text(frame, &text, true),
                Ok(Event::GeneralRef(entity)) => {
                    if unescape(&format!("&{};", &*entity)).is_err() {
                        return Err(format!("it refers to an entity: `{}`", &*entity));
                    }
                    self.text(frame, &entity, false);
                }
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => return Err(format!("not well-formed: {error}")),
            }
        }
        if !self.open.is_empty() || self.nodes.is_empty() {
            return Err("not well-formed: it is not closed".to_owned());
        }
        Ok(Element { frame, tree: self, number: 0 })
    }

    fn next(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn open(&mut self, frame: &str, tag: &BytesStart<'_>) -> Result<(), String> {
        if self.nodes.len() >= NODES_MAX {
            return Err(format!("it holds more than {NODES_MAX} elements"));
        }
        let first = u32::try_from(self.attributes.len()).unwrap_or(u32::MAX);
        if !self.plain_attributes(frame, tag.attributes_raw())? {
            self.attributes.truncate(first as usize);
            let mut attributes = tag.attributes();
            for attribute in attributes.with_checks(false) {
                let attribute = attribute.map_err(|error| format!("not well-formed: {error}"))?;
                self.attribute(span(frame, attribute.key.into_inner()), span(frame, &attribute.value))?;
            }
        }
        let last = u32::try_from(self.attributes.len()).unwrap_or(u32::MAX);
        let name = span(frame, tag.name().into_inner());
        let end = self.next() + 1;
        self.nodes.push(Node { name, first, last, end, text: Span::default(), is_literal: false });
        Ok(())
    }

    fn attribute(&mut self, key: Span, value: Span) -> Result<(), String> {
        if self.attributes.len() >= ATTRIBUTES_MAX {
            return Err(format!("it holds more than {ATTRIBUTES_MAX} attributes"));
        }
        self.attributes.push((key, value));
        Ok(())
    }

    /// Attributes as Apple writes them: a blank, a name, `="`, a value, `"`. False if anything is otherwise: then the library
    /// takes them apart. It goes from byte to byte, which would be a fifth of the time of an import.
    fn plain_attributes(&mut self, frame: &str, raw: &str) -> Result<bool, String> {
        let mut rest = raw;
        while let Some(attribute) = rest.strip_prefix(' ') {
            let Some(equals) = memchr(b'=', attribute.as_bytes()) else {
                return Ok(false);
            };
            let (key, value) = attribute.split_at(equals);
            let is_name = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let Some(value) = value.strip_prefix("=\"").filter(|_| is_name) else {
                return Ok(false);
            };
            let Some(end) = memchr(b'"', value.as_bytes()) else {
                return Ok(false);
            };
            self.attribute(span(frame, key), span(frame, &value[..end]))?;
            rest = &value[end + 1..];
        }
        Ok(rest.is_empty())
    }

    /// A part of an element's text. Blanks between children are no text; of several parts all is kept, with what is between.
    fn text(&mut self, frame: &str, part: &str, is_literal: bool) {
        let Some(number) = self.open.last() else {
            return;
        };
        let node = &mut self.nodes[*number as usize];
        let Span { start, end } = span(frame, part);
        // A reference stands between `&` and `;`.
        let is_reference = frame.as_bytes().get(end as usize) == Some(&b';') && frame[..start as usize].ends_with('&');
        let part = if is_reference { Span { start: start - 1, end: end + 1 } } else { Span { start, end } };
        if node.text.start == node.text.end {
            if !frame[start as usize..end as usize].trim_ascii().is_empty() {
                (node.text, node.is_literal) = (part, is_literal);
            }
        } else {
            node.text.end = part.end;
            node.is_literal = false;
        }
    }
}

/// The place of a part of the frame in it.
fn span(frame: &str, part: &str) -> Span {
    let start = (part.as_ptr() as usize).wrapping_sub(frame.as_ptr() as usize);
    let place = |at: usize| u32::try_from(at.min(frame.len())).unwrap_or(u32::MAX);
    Span { start: place(start), end: place(start.saturating_add(part.len())) }
}

impl<'a> Element<'a> {
    fn node(&self) -> &'a Node {
        &self.tree.nodes[self.number as usize]
    }

    fn slice(&self, span: Span) -> &'a str {
        self.frame.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub(crate) fn name(&self) -> &'a str {
        self.slice(self.node().name)
    }

    /// Names and values of the attributes, the values with their escapes.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (element, node) = (*self, self.node());
        let attributes = &self.tree.attributes[node.first as usize..node.last as usize];
        attributes.iter().map(move |(key, value)| (element.slice(*key), element.slice(*value)))
    }

    /// The value of an attribute, with its escapes.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.attributes().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = Element<'a>> {
        let Self { frame, tree, number } = *self;
        let end = self.node().end;
        let mut next = number + 1;
        std::iter::from_fn(move || {
            if next >= end {
                return None;
            }
            let child = Element { frame, tree, number: next };
            next = child.node().end.max(next + 1);
            Some(child)
        })
    }

    /// Whether there is anything in it.
    pub(crate) fn has_children(&self) -> bool {
        self.node().end > self.number + 1
    }

    /// Its text, without the blanks around it and without escapes.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        let text = self.slice(self.node().text).trim();
        if self.node().is_literal { Cow::Borrowed(text) } else { plain(text) }
    }

    /// The child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.name() == name)
    }

    /// Numbers of nodes in it, itself among them.
    pub(crate) fn size(&self) -> u64 {
        u64::from(self.node().end - self.number)
    }

    /// Writes it as JSON: attributes as members, text as `$`, children of a name as a list.
    pub(crate) fn write_json(&self, out: &mut String) {
        out.push('{');
        let mut is_first = true;
        for (key, value) in self.attributes() {
            member(key, out, &mut is_first);
            write_steady(key, value, out);
        }
        if !self.text().is_empty() {
            member("$", out, &mut is_first);
            write_string(&self.text(), out);
        }
        for child in self.children() {
            // Each name once, with all of its children.
            if self.children().take_while(|other| other.number < child.number).any(|other| other.name() == child.name())
            {
                continue;
            }
            member(child.name(), out, &mut is_first);
            out.push('[');
            for (index, same) in self.children().filter(|other| other.name() == child.name()).enumerate() {
                if index > 0 {
                    out.push(',');
                }
                same.write_json(out);
            }
            out.push(']');
        }
        out.push('}');
    }
}

/// Writes a value in the form that it has in every export: dates in UTC, devices without the address of an object.
fn write_steady(key: &str, value: &str, out: &mut String) {
    if let Some(ms) = crate::model::time::parse(value) {
        write_string(&crate::model::time::to_iso(ms), out);
    } else if key == "device" {
        write_string(&plain(super::source::without_pointer(value)), out);
    } else {
        write_string(&plain(value), out);
    }
}

/// A member's name, with what separates it from the one before.
pub(crate) fn member(name: &str, out: &mut String, is_first: &mut bool) {
    if !std::mem::take(is_first) {
        out.push(',');
    }
    write_string(name, out);
    out.push(':');
}

/// A value without its escapes; one that cannot be resolved stays as it is.
pub(crate) fn plain(value: &str) -> Cow<'_, str> {
    if memchr(b'&', value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    unescape(value).unwrap_or(Cow::Borrowed(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let mut tree = Tree::default();
            match tree.read(text) {
                Ok(element) => {
                    let mut json = String::new();
                    element.write_json(&mut json);
                    assert_eq!(Ok(json.as_str()), expected);
                }
                Err(error) => assert!(expected.is_err_and(|part| error.contains(part)), "{text}: {error}"),
            }
        };
        check("<a/>", Ok("{}"));
        check(
            "<a b=\"1\" c='&lt;&amp;&#39;'> <d e=\"2\"/><f>t</f>\n<d/></a>",
            Ok(r#"{"b":"1","c":"<&'","d":[{"e":"2"},{}],"f":[{"$":"t"}]}"#),
        );
        check("<a b=\"&bomb;\"/>", Ok(r#"{"b":"&bomb;"}"#));
        check("<a>&bomb;</a>", Err("entity"));
        check("<a>\n A &amp; B &#233;\n</a>", Ok(r#"{"$":"A & B é"}"#));
        check("<a> <b/><![CDATA[&amp;]]></a>", Ok(r#"{"$":"&amp;","b":[{}]}"#));
        check("<a>1<b/>&lt;</a>", Ok(r#"{"$":"1<b/><","b":[{}]}"#));
        check(&format!("<a{}/>", " b=''".repeat(ATTRIBUTES_MAX + 1)), Err("attributes"));
        check("<a><b></a>", Err("not well-formed"));
        check("<a b></a>", Err("not well-formed"));
        check("<a b=\"1\"  c=\"2\" />", Ok(r#"{"b":"1","c":"2"}"#));
        check("<a b=\"1\" c = '\"'\tx:d=\"'>\"/>", Ok(r#"{"b":"1","c":"\"","x:d":"'>"}"#));
        check("<a b=\"1\" c=\"2/>", Err("not well-formed"));
        check(&"<a>".repeat(40), Err("nested deeper"));
    }

    proptest::proptest! {
        /// What is taken apart here is what the library would make of it.
        #[test]
        fn plain_attributes_are_the_librarys(
            parts in proptest::collection::vec(proptest::sample::select(vec![" ", "a", "=", "\"", "=\"1\"", " b=\"", "'", "\t"]), 0..12)
        ) {
            let raw = parts.concat();
            let mut tree = Tree::default();
            if tree.plain_attributes(&raw, &raw) == Ok(true) {
                let content = format!("x{raw}");
                let expected: Result<Vec<_>, _> = BytesStart::from_content(&content, 1)
                    .attributes()
                    .with_checks(false)
                    .map(|attribute| attribute.map(|one| (one.key.into_inner().to_owned(), one.value.into_owned())))
                    .collect();
                let text = |span: Span| raw[span.start as usize..span.end as usize].to_owned();
                let found: Vec<_> = tree.attributes.iter().map(|(key, value)| (text(*key), text(*value))).collect();
                proptest::prop_assert_eq!(found, expected.expect("well-formed"));
            }
        }
    }
}
