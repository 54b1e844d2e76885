//! Where a record comes from: Apple's attributes as the JSON that the app sends, rendered once for each source.

use memchr::memchr_iter;

use super::common::SourceAttributes;
use super::element::plain;
use crate::formats::json::JsonObject;
use crate::formats::output::Output;
use crate::model::identity::digest;
use crate::model::limits::{DICTIONARY_TEXT_BYTES_MAX, IMPORT_SOURCES_MAX, SHARED_TEXT_BYTES_MAX};
use crate::model::text::TextId;

/// A source and its JSON.
#[derive(Debug)]
struct Rendered {
    name: String,
    version: String,
    device: String,
    json: String,
    digest: [u8; 16],
    /// The JSON's id, and the batch in which it holds.
    text: Option<(u32, TextId)>,
}

/// The sources of the last records. Long ones are not remembered.
#[derive(Debug, Default)]
pub(super) struct Sources {
    rendered: Vec<Rendered>,
    /// Place of the source that was found last.
    last: usize,
}

/// A source in the batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    /// Absent if it is too long to be shared by rows: its attributes then go to `other`.
    pub(super) text: Option<TextId>,
    pub(super) digest: [u8; 16],
}

impl Source {
    /// The attributes that have a column, of a list that ends with the three of the source.
    pub(super) fn columns<'k>(&self, known: &'k [&'k str]) -> &'k [&'k str] {
        if self.text.is_some() { known } else { &known[..known.len() - 3] }
    }
}

impl Sources {
    /// The source with these attributes.
    pub(super) fn find(&mut self, attributes: SourceAttributes<'_>, output: &mut Output<'_>) -> Source {
        let [name, version, device] =
            [attributes.name, attributes.version, attributes.device].map(Option::unwrap_or_default);
        let device = without_pointer(device);
        let is_it = |known: &Rendered| known.name == name && known.version == version && known.device == device;
        if !self.rendered.get(self.last).is_some_and(is_it) {
            match self.rendered.iter().position(is_it) {
                Some(place) => self.last = place,
                None => {
                    let rendered = Rendered::new(name, version, device);
                    if rendered.bytes() > DICTIONARY_TEXT_BYTES_MAX {
                        let is_shared = rendered.json.len() <= SHARED_TEXT_BYTES_MAX;
                        let text = is_shared.then(|| output.batch.texts.intern(&rendered.json));
                        return Source { text, digest: rendered.digest };
                    }
                    self.remember(rendered);
                }
            }
        }
        let found = &mut self.rendered[self.last];
        let text = match found.text {
            Some((generation, text)) if generation == output.generation() => text,
            _ => output.batch.texts.intern(&found.json),
        };
        found.text = Some((output.generation(), text));
        Source { text: Some(text), digest: found.digest }
    }

    fn remember(&mut self, rendered: Rendered) {
        if self.rendered.len() >= IMPORT_SOURCES_MAX {
            self.rendered.clear();
        }
        self.last = self.rendered.len();
        self.rendered.push(rendered);
    }
}

impl Rendered {
    fn new(name: &str, version: &str, device: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            device: device.to_owned(),
            json: render(name, version, device),
            digest: digest(&[name.as_bytes(), version.as_bytes(), device.as_bytes()]),
            text: None,
        }
    }

    fn bytes(&self) -> usize {
        self.name.len() + self.version.len() + self.device.len() + self.json.len()
    }
}

/// A device without the address of the exporting process's object, which differs on every record.
pub(super) fn without_pointer(device: &str) -> &str {
    let is_pointer = device.starts_with("&lt;&lt;HKDevice: 0x") || device.starts_with("<<HKDevice: 0x");
    if !is_pointer {
        return device;
    }
    // To prepare a search for two letters takes longer than this one.
    let is_end = |comma: &usize| device.as_bytes().get(comma + 1) == Some(&b' ');
    memchr_iter(b',', device.as_bytes()).find(is_end).map_or("", |comma| &device[comma..])
}

fn render(name: &str, version: &str, device: &str) -> String {
    let mut json = String::new();
    let mut object = JsonObject::begin(&mut json);
    if !device.is_empty() {
        render_device(&plain(device), object.object("device"));
    }
    let mut revision = object.object("sourceRevision");
    let mut source = revision.object("source");
    // SQLite's functions for JSON end a text at NUL, which XML forbids.
    source.string("name", &plain(name).replace('\0', "\u{2400}"));
    source.end();
    if !version.is_empty() {
        revision.string("version", &plain(version));
    }
    revision.end();
    object.end();
    json
}

/// Writes `, name:Apple Watch, manufacturer:Apple Inc., hardware:Watch5,4>`. A comma may be part of a value, so the keys
/// separate the values.
fn render_device(device: &str, mut object: JsonObject<'_>) {
    const KEYS: [(&str, &str); 9] = [
        (", name:", "name"),
        (", manufacturer:", "manufacturer"),
        (", model:", "model"),
        (", hardware:", "hardwareVersion"),
        (", firmware:", "firmwareVersion"),
        (", software:", "softwareVersion"),
        (", localIdentifier:", "localIdentifier"),
        (", UDIDeviceIdentifier:", "udiDeviceIdentifier"),
        (", creation date:", "creationDate"),
    ];
    let mut found: Vec<(usize, usize, &str)> =
        KEYS.iter().filter_map(|(key, name)| device.find(key).map(|at| (at, at + key.len(), *name))).collect();
    found.sort_unstable();
    let mut members: Vec<(&str, &str)> = Vec::new();
    if found.first().is_none_or(|(at, ..)| *at > 0) {
        members.push(("description", &device[..found.first().map_or(device.len(), |(at, ..)| *at)]));
    }
    for (place, (_, start, name)) in found.iter().enumerate() {
        let value = match found.get(place + 1) {
            Some((end, ..)) => &device[*start..*end],
            None => device[*start..].strip_suffix('>').unwrap_or(&device[*start..]),
        };
        members.push((name, value.trim()));
    }
    members.sort_unstable();
    for (name, value) in members {
        object.string(name, value);
    }
    object.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        let check =
            |device: &str, expected: &str| assert_eq!(render("a&amp;b", "1", without_pointer(device)), expected);
        check("", r#"{"sourceRevision":{"source":{"name":"a&b"},"version":"1"}}"#);
        check(
            "&lt;&lt;HKDevice: 0x2813d5c20&gt;, name:Apple Watch, manufacturer:Apple Inc., model:Watch, hardware:Watch5,4, software:6.1.2&gt;",
            r#"{"device":{"hardwareVersion":"Watch5,4","manufacturer":"Apple Inc.","model":"Watch","name":"Apple Watch","softwareVersion":"6.1.2"},"sourceRevision":{"source":{"name":"a&b"},"version":"1"}}"#,
        );
        check(
            "Dummy",
            r#"{"device":{"description":"Dummy"},"sourceRevision":{"source":{"name":"a&b"},"version":"1"}}"#,
        );
        assert_eq!(without_pointer("<<HKDevice: 0x2>"), "");
        assert_eq!(without_pointer("<<HKDevice: 0x2,3, name:a,b>"), ", name:a,b>");
        assert_eq!(without_pointer("<<HKDevice: 0x2,"), "");
    }
}
