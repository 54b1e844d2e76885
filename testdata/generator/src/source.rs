//! The apps and devices that samples come from.
//!
//! A source is 60 % of a sample's JSON and the same for thousands of samples, so it is rendered once for each
//! payload. Names are of devices and made-up apps; some contain traps for parsers.

use crate::identity::{Stream, Uuid};
use crate::json::Json;
use crate::order::KeyOrder;
use crate::random::Random;

#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: &'static str,
    bundle: Bundle,
    pub(crate) version: &'static str,
    system_version: &'static str,
    product: &'static str,
    pub(crate) device: Option<Device>,
}

#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) name: &'static str,
    pub(crate) model: &'static str,
    pub(crate) hardware: &'static str,
    pub(crate) software: &'static str,
}

#[derive(Debug)]
enum Bundle {
    /// `com.apple.health.` and a UUID: one for each device of the owner.
    Device(u64),
    App(&'static str),
}

/// Which of [`SOURCES`] a type comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    Watch,
    Phone,
    /// Both count the same steps.
    WatchOrPhone,
    Scale,
    Meter,
    Diary,
    Cuff,
}

const WATCH_BEFORE: usize = 0;
pub(crate) const WATCH: usize = 1;
pub(crate) const PHONE: usize = 2;
const SCALE: usize = 3;
const METER: usize = 4;
const DIARY: usize = 5;
const CUFF: usize = 6;

pub(crate) static SOURCES: [Source; 7] = [
    Source {
        // A no-break space, as iOS names the watch.
        name: "Apple\u{a0}Watch",
        bundle: Bundle::Device(0),
        version: "10.6.1",
        system_version: "10.6.1",
        product: "Watch7,3",
        device: Some(Device { name: "Apple Watch", model: "Watch", hardware: "Watch7,3", software: "10.6.1" }),
    },
    Source {
        name: "Apple\u{a0}Watch",
        bundle: Bundle::Device(0),
        version: "11.0",
        system_version: "11.0.0",
        product: "Watch7,3",
        device: Some(Device { name: "Apple Watch", model: "Watch", hardware: "Watch7,3", software: "11.0" }),
    },
    Source {
        name: "iPhone",
        bundle: Bundle::Device(1),
        version: "18.0.1",
        system_version: "18.0.1",
        product: "iPhone16,1",
        device: Some(Device { name: "iPhone", model: "iPhone", hardware: "iPhone16,1", software: "18.0.1" }),
    },
    app("Scale & Sync", "org.example.scale", "4.2.0 (1187)"),
    app("Glucose \"CGM\" Bridge", "org.example.glucose-bridge", "2.9"),
    app("Trink-Tagebuch – Wasser 💧", "org.example.trinken", "1"),
    app("Cuff <BP>", "org.example.cuff", "7.0.3"),
];

const fn app(name: &'static str, bundle: &'static str, version: &'static str) -> Source {
    Source { name, bundle: Bundle::App(bundle), version, system_version: "18.0.1", product: "iPhone16,1", device: None }
}

impl Origin {
    /// The same source for a run of samples, as when a watch is worn or is left at home.
    pub(crate) fn draw(self, random: &mut Random) -> usize {
        let watch = if random.chance(1, 4) { WATCH_BEFORE } else { WATCH };
        match self {
            Self::Watch => watch,
            Self::Phone => PHONE,
            Self::WatchOrPhone if random.chance(1, 3) => PHONE,
            Self::WatchOrPhone => watch,
            Self::Scale => SCALE,
            Self::Meter => METER,
            Self::Diary => DIARY,
            Self::Cuff => CUFF,
        }
    }
}

/// One source as the JSON values of a sample's `sourceRevision` and `device`.
#[derive(Debug)]
pub(crate) struct Fragments {
    pub(crate) revision: Vec<u8>,
    pub(crate) device: Option<Vec<u8>>,
}

impl Fragments {
    /// In the order of [`SOURCES`], for objects that stand at `depth`.
    pub(crate) fn of_all(seed: u64, keys: KeyOrder, pretty: bool, depth: usize) -> Vec<Self> {
        let render = |(position, source): (usize, &Source)| {
            let mut random = Random::at(seed, Stream::Keys, position as u64);
            let mut revision = Json::at_depth(pretty, depth);
            source.write_revision(&mut revision, seed, keys, &mut random);
            let device = source.device.as_ref().map(|device| {
                let mut json = Json::at_depth(pretty, depth);
                device.write(&mut json, keys, &mut random);
                json.into_text()
            });
            Self { revision: revision.into_text(), device }
        };
        SOURCES.iter().enumerate().map(render).collect()
    }
}

impl Source {
    fn write_revision(&self, json: &mut Json, seed: u64, keys: KeyOrder, random: &mut Random) {
        json.open(b'{');
        let fields = ["source", "version", "operatingSystemVersion", "productType"];
        for field in keys.arrange(fields, random) {
            json.key(field);
            match field {
                "source" => self.write_app(json, seed, keys, random),
                "version" => json.string(self.version),
                "operatingSystemVersion" => json.string(self.system_version),
                _ => json.string(self.product),
            }
        }
        json.close(b'}');
    }

    fn write_app(&self, json: &mut Json, seed: u64, keys: KeyOrder, random: &mut Random) {
        json.open(b'{');
        for field in keys.arrange(["name", "bundleIdentifier"], random) {
            json.key(field);
            match (field, &self.bundle) {
                ("name", _) => json.string(self.name),
                (_, Bundle::App(bundle)) => json.string(bundle),
                (_, Bundle::Device(number)) => {
                    json.raw(b"\"com.apple.health.");
                    json.raw(&Uuid::of(seed, Stream::Bundle, *number).text());
                    json.raw(b"\"");
                }
            }
        }
        json.close(b'}');
    }
}

impl Device {
    fn write(&self, json: &mut Json, keys: KeyOrder, random: &mut Random) {
        json.open(b'{');
        let fields = [
            ("name", self.name),
            ("manufacturer", "Apple Inc."),
            ("model", self.model),
            ("hardwareVersion", self.hardware),
            ("softwareVersion", self.software),
        ];
        for (key, value) in keys.arrange(fields, random) {
            json.key(key);
            json.string(value);
        }
        json.close(b'}');
    }
}
