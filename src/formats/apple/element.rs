//! One element with everything in it, laid flat in buffers that are used again: no allocation per record.
//!
//! Texts are places in the frame. Only this file uses quick-xml, which expands no entity but XML's own five.

use std::borrow::Cow;

use memchr::memchr;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::formats::flaw::Flaw;
use crate::model::limits::{XML_ATTRIBUTES_MAX, XML_ELEMENTS_MAX, XML_NESTING_MAX, XML_PARTS_KEPT};

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
    text_form: TextForm,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum TextForm {
    /// With escapes.
    Escaped,
    /// Without escapes, as in CDATA.
    Literal,
}

/// The buffers of a tree.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    attributes: Vec<(Span, Span)>,
    open: Vec<u32>,
    /// Whether names are read without their prefixes.
    has_idle_prefixes: bool,
}

/// An element of a tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    frame: &'a str,
    tree: &'a Tree,
    number: u32,
}

impl Tree {
    /// Reads names with or without their prefixes from now on.
    pub(crate) fn set_idle_prefixes(&mut self, has_idle_prefixes: bool) {
        self.has_idle_prefixes = has_idle_prefixes;
    }

    /// Parses the one element that a frame holds.
    pub(crate) fn parse<'a>(&'a mut self, frame: &'a str) -> Result<Element<'a>, Flaw> {
        self.read(frame)?;
        if !self.open.is_empty() || self.nodes.is_empty() {
            return Err(Flaw::NotXml("it is not closed".to_owned()));
        }
        Ok(Element { frame, tree: self, number: 0 })
    }

    /// Parses an element as far as a frame holds it: what is not closed ends with the frame.
    pub(crate) fn parse_open<'a>(&'a mut self, frame: &'a str) -> Result<Element<'a>, Flaw> {
        self.read(frame)?;
        let end = self.next();
        for number in self.open.drain(..) {
            self.nodes[number as usize].end = end;
        }
        if self.nodes.is_empty() {
            return Err(Flaw::NotXml("it is not an element".to_owned()));
        }
        Ok(Element { frame, tree: self, number: 0 })
    }

    fn read(&mut self, frame: &str) -> Result<(), Flaw> {
        self.clear();
        let mut reader = Reader::from_str(frame);
        loop {
            match reader.read_event() {
                Ok(Event::Empty(tag)) => self.open(frame, &tag)?,
                Ok(Event::Start(tag)) => {
                    self.open.push(self.next());
                    self.open(frame, &tag)?;
                    if self.open.len() > XML_NESTING_MAX {
                        return Err(Flaw::TooDeep(XML_NESTING_MAX));
                    }
                }
                Ok(Event::End(_)) => {
                    let end = self.next();
                    if let Some(number) = self.open.pop() {
                        self.nodes[number as usize].end = end;
                    }
                }
                Ok(Event::Text(text)) => self.text(frame, &text, TextForm::Escaped),
                Ok(Event::CData(text)) => self.text(frame, &text, TextForm::Literal),
                Ok(Event::GeneralRef(entity)) => {
                    if unescape(&format!("&{};", &*entity)).is_err() {
                        return Err(Flaw::Entity((*entity).to_owned()));
                    }
                    self.text(frame, &entity, TextForm::Escaped);
                }
                Ok(Event::Eof) => break,
                Ok(_) => {}
                Err(error) => return Err(Flaw::NotXml(error.to_string())),
            }
        }
        Ok(())
    }

    /// Forgets the element before. A large one must not keep the buffers large for good.
    fn clear(&mut self) {
        self.nodes.clear();
        self.nodes.shrink_to(XML_PARTS_KEPT);
        self.attributes.clear();
        self.attributes.shrink_to(XML_PARTS_KEPT);
        self.open.clear();
    }

    fn next(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)
    }

    fn open(&mut self, frame: &str, tag: &BytesStart<'_>) -> Result<(), Flaw> {
        if self.nodes.len() >= XML_ELEMENTS_MAX {
            return Err(Flaw::TooMany("elements", XML_ELEMENTS_MAX));
        }
        let first = u32::try_from(self.attributes.len()).unwrap_or(u32::MAX);
        if !self.plain_attributes(frame, tag.attributes_raw())? {
            self.attributes.truncate(first as usize);
            let mut attributes = tag.attributes();
            for attribute in attributes.with_checks(false) {
                let attribute = attribute.map_err(|error| Flaw::NotXml(error.to_string()))?;
                self.attribute(span(frame, attribute.key.into_inner()), span(frame, &attribute.value))?;
            }
        }
        let last = u32::try_from(self.attributes.len()).unwrap_or(u32::MAX);
        let name = span(frame, tag.name().into_inner());
        let end = self.next() + 1;
        self.nodes.push(Node { name, first, last, end, text: Span::default(), text_form: TextForm::Escaped });
        Ok(())
    }

    fn attribute(&mut self, key: Span, value: Span) -> Result<(), Flaw> {
        if self.attributes.len() >= XML_ATTRIBUTES_MAX {
            return Err(Flaw::TooMany("attributes", XML_ATTRIBUTES_MAX));
        }
        self.attributes.push((key, value));
        Ok(())
    }

    /// Reads attributes as Apple writes them: a blank, a name, `="`, a value, `"`. Returns false if any differs: then the
    /// library reads them. It goes from byte to byte, which would be a fifth of an import's time.
    fn plain_attributes(&mut self, frame: &str, raw: &str) -> Result<bool, Flaw> {
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

    /// Adds a part of an element's text. Blanks between children are not text. Of several parts everything is kept, with what
    /// is between them.
    fn text(&mut self, frame: &str, part: &str, form: TextForm) {
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
                (node.text, node.text_form) = (part, form);
            }
        } else {
            node.text.end = part.end;
            node.text_form = TextForm::Escaped;
        }
    }
}

/// Where a part of the frame is in it.
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
        let name = self.slice(self.node().name);
        let prefix = if self.tree.has_idle_prefixes { name.rfind(':') } else { None };
        prefix.map_or(name, |colon| &name[colon + 1..])
    }

    /// Whether names in its document are read without their prefixes.
    pub(crate) fn has_idle_prefixes(&self) -> bool {
        self.tree.has_idle_prefixes
    }

    /// Names and values of the attributes, the values with their escapes.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let (element, node) = (*self, self.node());
        let attributes = &self.tree.attributes[node.first as usize..node.last as usize];
        attributes.iter().map(move |(key, value)| (element.slice(*key), element.slice(*value)))
    }

    /// The value of an attribute, with its escapes. An empty attribute counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let value = self.attributes().find(|(key, _)| *key == name).map(|(_, value)| value);
        value.filter(|value| !value.is_empty())
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
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

    /// Its place among all elements of the tree.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Whether it has child elements.
    pub(crate) fn has_children(&self) -> bool {
        self.node().end > self.number + 1
    }

    /// Whether it has a text that is not blank.
    pub(crate) fn has_text(&self) -> bool {
        let Span { start, end } = self.node().text;
        start < end
    }

    /// Whether its attributes are all of it.
    pub(crate) fn is_plain(&self) -> bool {
        !self.has_children() && !self.has_text()
    }

    /// Its text without the blanks around it, escapes resolved.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        let text = self.slice(self.node().text).trim();
        match self.node().text_form {
            TextForm::Literal => Cow::Borrowed(text),
            TextForm::Escaped => plain(text),
        }
    }

    /// The first of these attributes that is there twice.
    pub(crate) fn repeated<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        let is_repeated = |name: &&&str| self.attributes().filter(|(key, _)| *key == **name).nth(1).is_some();
        names.iter().find(is_repeated).copied()
    }

    /// The child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<Element<'a>> {
        self.children().find(|child| child.name() == name)
    }
}

/// A value with its escapes resolved; a value with an unknown escape stays as it is.
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
    fn what_cannot_be_parsed() {
        let check = |text: &str, expected: &str| {
            let error = Tree::default().parse(text).map(|_| ()).expect_err(text).to_string();
            assert!(error.contains(expected), "{text:.200}: {error}");
        };
        check("<a>&bomb;</a>", "unknown entity: `bomb`");
        check(&format!("<a{}/>", " b=''".repeat(XML_ATTRIBUTES_MAX + 1)), "attributes");
        check(&format!("<a>{}</a>", "<b/>".repeat(XML_ELEMENTS_MAX)), "elements");
        check("<a><b></a>", "not well-formed");
        check("<a b></a>", "not well-formed");
        check("<a b=\"1\" c=\"2/>", "not well-formed");
        check(&"<a>".repeat(40), "nested deeper");
    }

    #[test]
    fn buffers_of_a_large_element_are_freed_with_the_next() {
        let mut tree = Tree::default();
        tree.parse(&format!("<a>{}</a>", "<b c=''/>".repeat(XML_ELEMENTS_MAX - 1))).unwrap();
        tree.parse("<a/>").unwrap();
        assert!(tree.nodes.capacity() + tree.attributes.capacity() <= 2 * XML_PARTS_KEPT);
    }

    proptest::proptest! {
        #[test]
        fn plain_attributes_are_those_of_the_library(
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
