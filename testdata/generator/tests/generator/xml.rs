//! A small strict reader of XML as Apple's export has it, written apart from the generator.

#[derive(Debug)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn visit<'a>(&'a self, visitor: &mut impl FnMut(&'a Self)) {
        visitor(self);
        for child in &self.children {
            child.visit(visitor);
        }
    }

    /// Descendants of that name.
    pub(crate) fn all<'a>(&'a self, name: &str) -> Vec<&'a Self> {
        let mut found = Vec::new();
        self.visit(&mut |element| {
            if element.name == name {
                found.push(element);
            }
        });
        found
    }
}

/// The root; declaration and document type are skipped.
pub(crate) fn parse(text: &str) -> Element {
    let mut rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("declaration");
    if let Some(document_type) = rest.trim_start().strip_prefix("<!DOCTYPE") {
        let end = document_type.find("]>").expect("end of the document type");
        rest = &document_type[end + 2..];
    }
    let root = element(&mut rest);
    assert_eq!(rest.trim(), "", "more than one root");
    root
}

fn element(rest: &mut &str) -> Element {
    *rest = rest.trim_start().strip_prefix('<').expect("a tag");
    let mut element = Element { name: name(rest), attributes: Vec::new(), children: Vec::new(), text: String::new() };
    loop {
        *rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            *rest = after;
            return element;
        }
        if let Some(after) = rest.strip_prefix('>') {
            *rest = after;
            content(&mut element, rest);
            return element;
        }
        let key = name(rest);
        *rest = rest.strip_prefix("=\"").expect("a value");
        let (value, after) = rest.split_once('"').expect("the end of a value");
        *rest = after;
        assert!(element.get(&key).is_none(), "{key} twice");
        element.attributes.push((key, unescape(value)));
    }
}

fn content(element_: &mut Element, rest: &mut &str) {
    loop {
        let (text, after) = rest.split_once('<').expect("an end tag");
        element_.text.push_str(text.trim());
        if let Some(end) = after.strip_prefix('/') {
            let end = end.strip_prefix(element_.name.as_str()).expect("the right end tag");
            *rest = end.strip_prefix('>').expect("the end of an end tag");
            return;
        }
        *rest = &rest[text.len()..];
        element_.children.push(element(rest));
    }
}

fn name(rest: &mut &str) -> String {
    let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != ':').expect("the end of a name");
    assert!(end > 0, "a name before {rest:.40}");
    let (name, after) = rest.split_at(end);
    *rest = after;
    name.to_owned()
}

fn unescape(value: &str) -> String {
    assert!(!value.contains(['<', '>', '\n']), "not escaped: {value}");
    let known = ["&amp;", "&lt;", "&gt;", "&quot;"].map(|entity| value.matches(entity).count());
    assert_eq!(value.matches('&').count(), known.iter().sum::<usize>(), "{value}");
    value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
