//! Where a record comes from: attributes to the same JSON that the app's samples have, each rendered once.

use super::element::{member, plain};
use crate::formats::json::write_string;
use crate::formats::output::Output;
use crate::model::identity::digest;
use crate::model::limits::IMPORT_SOURCES_MAX;
use crate::model::text::TextId;

/// A source and its rendered form.
#[derive(Debug)]
struct Rendered {
    name: String,
    version: String,
    device: String,
    json: String,
    digest: [u8; 16],
    text: Option<(u32, TextId)>,
}

/// The sources of the last records.
#[derive(Debug, Default)]
pub(super) struct Sources {
    rendered: Vec<Rendered>,
    last: usize,
}

/// A source in the batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) text: TextId,
    pub(super) digest: [u8; 16],
}

impl Sources {
    /// The source with these attributes, as they stand in the file.
    pub(super) fn find(&mut self, name: &str, version: &str, device: &str, output: &mut Output<'_>) -> Source {
        let device = without_pointer(device);
        let is_it = |known: &Rendered| known.name == name && known.version == version && known.device == device;
        if !self.rendered.get(self.last).is_some_and(is_it) {
            match self.rendered.iter().position(is_it) {
                Some(place) => self.last = place,
                None => {
                    if self.rendered.len() >= IMPORT_SOURCES_MAX {
                        self.rendered.clear();
                    }
                    self.last = self.rendered.len();
                    self.rendered.push(Rendered {
                        name: name.to_owned(),
                        version: version.to_owned(),
                        device: device.to_owned(),
                        json: render(name, version, device),
                        digest: digest(&[name.as_bytes(), version.as_bytes(), device.as_bytes()]),
                        text: None,
                    });
                }
            }
        }
        let found = &mut self.rendered[self.last];
        let text = match found.text {
            Some((generation, text)) if generation == output.generation => text,
            _ => output.batch.texts.intern(&found.json),
        };
        found.text = Some((output.generation, text));
        Source { text, digest: found.digest }
    }
}

/// A device without the address of an object of the exporting process, which differs on every record.
pub(super) fn without_pointer(device: &str) -> &str {
    let is_pointer = device.starts_with("&lt;&lt;HKDevice: 0x") || device.starts_with("<<HKDevice: 0x");
    if is_pointer { device.find(", ").map_or("", |comma| &device[comma..]) } else { device }
}

fn render(name: &str, version: &str, device: &str) -> String {
    let mut json = String::from("{");
    let mut is_first = true;
    if !device.is_empty() {
        member("device", &mut json, &mut is_first);
        render_device(&plain(device), &mut json);
    }
    member("sourceRevision", &mut json, &mut is_first);
    json.push_str("{\"source\":{\"name\":");
    write_string(&plain(name), &mut json);
    json.push('}');
    if !version.is_empty() {
        json.push_str(",\"version\":");
        write_string(&plain(version), &mut json);
    }
    json.push_str("}}");
    json
}

/// `, name:Apple Watch, manufacturer:Apple Inc., hardware:Watch5,4>`: a comma may be part of a value, so keys are looked for.
fn render_device(device: &str, json: &mut String) {
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
    json.push('{');
    let mut is_first = true;
    for (name, value) in members {
        member(name, json, &mut is_first);
        write_string(value, json);
    }
    json.push('}');
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
    }
}
