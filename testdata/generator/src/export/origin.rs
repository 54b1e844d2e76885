//! The attributes that name a record's source.

use crate::export::xml::{Xml, push_escaped};
use crate::identity::Stream;
use crate::random::Random;
use crate::source::{Device, SOURCES, Source};

/// Sources as attributes, rendered once, and the pointers of devices.
#[derive(Debug)]
pub(crate) struct Origins {
    sources: Vec<Rendered>,
    pointers: Random,
}

#[derive(Debug)]
struct Rendered {
    /// ` sourceName="…" sourceVersion="…"`
    source: Vec<u8>,
    /// `&gt;, name:Apple Watch, …&gt;"`: what follows the pointer.
    device: Option<Vec<u8>>,
}

impl Origins {
    pub(crate) fn new(seed: u64) -> Self {
        Self { sources: SOURCES.iter().map(Rendered::of).collect(), pointers: Random::at(seed, Stream::Device, 0) }
    }

    /// `position` is the source's in [`SOURCES`].
    pub(crate) fn write(&mut self, position: usize, xml: &mut Xml) {
        self.write_source(position, xml);
        if let Some(device) = &self.sources[position].device {
            // The address of an object of the exporting process: it differs for each record, and identifies nothing.
            xml.text.push(b" device=\"&lt;&lt;HKDevice: 0x28");
            let mut pointer = self.pointers.next();
            for _ in 0..6 {
                xml.text.push(&[b"0123456789abcdef"[(pointer & 15) as usize]]);
                pointer >>= 4;
            }
            xml.text.push(b"0");
            xml.text.push(device);
        }
    }

    pub(crate) fn write_source(&self, position: usize, xml: &mut Xml) {
        xml.text.push(&self.sources[position].source);
    }
}

impl Rendered {
    fn of(source: &Source) -> Self {
        let mut text = b" sourceName=\"".to_vec();
        push_escaped(source.name, &mut text);
        text.extend_from_slice(b"\" sourceVersion=\"");
        push_escaped(source.version, &mut text);
        text.push(b'"');
        Self { source: text, device: source.device.as_ref().map(description) }
    }
}

fn description(device: &Device) -> Vec<u8> {
    let mut text = b"&gt;".to_vec();
    for (key, value) in [
        ("name", device.name),
        ("manufacturer", "Apple Inc."),
        ("model", device.model),
        ("hardware", device.hardware),
        ("software", device.software),
    ] {
        text.extend_from_slice(b", ");
        text.extend_from_slice(key.as_bytes());
        text.push(b':');
        push_escaped(value, &mut text);
    }
    text.extend_from_slice(b"&gt;\"");
    text
}
