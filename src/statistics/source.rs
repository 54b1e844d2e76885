//! Sources as HealthKit groups them, and the class that decides a group's default rank.

use std::borrow::Cow;

use crate::model::identity::whole_digest;
use crate::model::limits::SOURCE_KEY_BYTES_MAX;

/// Bundle of entries that the owner made in the Health app.
const HEALTH_BUNDLE: &str = "com.apple.Health";

/// What the bundle of a device begins with: `com.apple.health.` and an identity.
const DEVICE_BUNDLE: &str = "com.apple.health.";

/// How the Health app is called in languages that Apple's export comes in: the source name of entries by hand.
const HEALTH_NAMES: [&str; 24] = [
    "Egészség",
    "Gezondheid",
    "Hälsa",
    "Health",
    "Helse",
    "Salud",
    "Salut",
    "Salute",
    "Sănătate",
    "Santé",
    "Saúde",
    "Sağlık",
    "Sundhed",
    "Terveys",
    "Zdraví",
    "Zdravie",
    "Zdravlje",
    "Zdrowie",
    "Здоров’я",
    "Здоровье",
    "ヘルスケア",
    "健康",
    "건강",
    "Υγεία",
];

/// The kind of a source group. Their order is the default rank: [`Class::Manual`] counts before all others.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Class {
    /// The owner's entries in the Health app.
    Manual,
    /// Gym equipment that is connected to a watch.
    Gym,
    /// An Apple Watch.
    Watch,
    /// An iPhone, iPod or iPad.
    Phone,
    /// An app.
    App,
    /// Anything else, such as a scale by Bluetooth.
    Other,
}

impl Class {
    /// Returns the class as a word for people and for the database.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Gym => "gym",
            Self::Watch => "watch",
            Self::Phone => "phone",
            Self::App => "app",
            Self::Other => "other",
        }
    }
}

/// What a sample says about its source. Absent fields are empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// `sourceRevision.source.name`.
    pub name: &'a str,
    /// `sourceRevision.source.bundleIdentifier`; Apple's export has none.
    pub bundle: &'a str,
    /// `sourceRevision.productType`, such as `Watch6,2`.
    pub product_type: &'a str,
    /// `sourceRevision.version`: of a device's own samples the version of its system.
    pub version: &'a str,
    /// `device.softwareVersion`.
    pub software: &'a str,
    /// `device.hardwareVersion`, such as `Watch6,2`.
    pub hardware: &'a str,
    /// `device.model`, such as `Watch`.
    pub model: &'a str,
    /// `device.manufacturer`.
    pub manufacturer: &'a str,
    /// `HKWasUserEntered` in the metadata.
    pub is_user_entered: bool,
}

impl<'a> Source<'a> {
    /// Returns what HealthKit calls one source: the bundle, else the name. Versions are below it. Apple's export has only names,
    /// and a watch may have the phone's: then the class is part of the group.
    #[must_use]
    pub fn group(&self) -> Cow<'a, str> {
        match self.bundle.trim() {
            "" => {}
            bundle => return shortened(bundle),
        }
        let (name, class) = (shortened_name(self.name.trim()), self.class());
        let is_device = matches!(class, Class::Watch | Class::Phone);
        if is_device && device_of_name(&name) != Some(class) {
            return Cow::Owned(format!("{name} ({})", class.text()));
        }
        name
    }

    /// Returns the name with plain spaces, as figures keep it.
    #[must_use]
    pub fn shown_name(&self) -> String {
        shortened_name(self.name).into_owned()
    }

    /// Returns the class of this source's group.
    #[must_use]
    pub fn class(&self) -> Class {
        let is_named_health = || self.is_user_entered && HEALTH_NAMES.contains(&normalized(self.name).as_ref());
        if self.bundle == HEALTH_BUNDLE || self.bundle.is_empty() && is_named_health() {
            return Class::Manual;
        }
        if self.bundle.is_empty() {
            return self.class_without_bundle();
        }
        // An app's samples name the device that they were recorded with, but the app is the source.
        if !self.bundle.starts_with(DEVICE_BUNDLE) {
            return Class::App;
        }
        if !self.manufacturer.is_empty() && !self.manufacturer.starts_with("Apple") {
            // The phone that received the samples is the product, but the device is another maker's.
            return if is_gym(self.model) { Class::Gym } else { Class::Other };
        }
        self.device().unwrap_or(Class::Other)
    }

    /// An app's rows in Apple's export have the same device as the device's. But the device's have its system's version, or its name.
    fn class_without_bundle(&self) -> Class {
        let is_by_device = !self.version.is_empty() && self.version == self.software;
        match (device_of_name(self.name), self.device()) {
            (Some(named), device) => device.unwrap_or(named),
            (None, Some(device)) if is_by_device => device,
            (None, _) => Class::App,
        }
    }

    /// The kind of Apple's device that it names.
    fn device(&self) -> Option<Class> {
        let texts = [self.product_type, self.hardware, self.model];
        let begins = |names: &[&str]| texts.iter().any(|text| names.iter().any(|name| text.starts_with(name)));
        match () {
            () if begins(&["Watch"]) => Some(Class::Watch),
            () if begins(&PHONES) => Some(Class::Phone),
            () => None,
        }
    }
}

/// What the models of phones begin with, and the names of most.
const PHONES: [&str; 3] = ["iPhone", "iPod", "iPad"];

/// Models that GymKit reports.
fn is_gym(model: &str) -> bool {
    ["Treadmill", "Elliptical", "Indoor Bike", "IndoorBike", "Stair Stepper", "StairStepper", "Rower"].contains(&model)
}

/// The kind of device that a name has a word for.
fn device_of_name(name: &str) -> Option<Class> {
    if name.contains("Watch") {
        return Some(Class::Watch);
    }
    PHONES.iter().any(|phone| name.contains(phone)).then_some(Class::Phone)
}

/// Returns a text without what no key or name of a source has: the end of a long one is its digest instead.
#[must_use]
pub fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= SOURCE_KEY_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    let digest = whole_digest(text.as_bytes());
    let begin = &text[..text.floor_char_boundary(SOURCE_KEY_BYTES_MAX - 1 - digest.len())];
    Cow::Owned(format!("{begin} {digest}"))
}

fn shortened_name(name: &str) -> Cow<'_, str> {
    match plain(name) {
        Cow::Borrowed(name) => shortened(name),
        Cow::Owned(name) => Cow::Owned(shortened(&name).into_owned()),
    }
}

/// The name with plain spaces and nothing around it: Apple writes "Apple Watch" with U+00A0.
fn normalized(name: &str) -> Cow<'_, str> {
    plain(name.trim())
}

fn plain(name: &str) -> Cow<'_, str> {
    if name.contains('\u{a0}') { Cow::Owned(name.replace('\u{a0}', " ")) } else { Cow::Borrowed(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_are_shortened_and_stay_apart() {
        let text = "é".repeat(SOURCE_KEY_BYTES_MAX);
        let [first, second] = ["1", "2"].map(|end| format!("{text}{end}"));
        for source in
            [|text| Source { bundle: text, ..Source::default() }, |text| Source { name: text, ..Source::default() }]
        {
            let [a, b] = [&first, &second].map(|text| source(text).group().into_owned());
            assert!(a != b && a.len() <= SOURCE_KEY_BYTES_MAX && a.starts_with("éé"), "{a} {b}");
            assert_eq!(source(&text[..SOURCE_KEY_BYTES_MAX]).group(), text[..SOURCE_KEY_BYTES_MAX]);
        }
    }

    #[test]
    fn classes() {
        let check = |source: Source<'_>, class: Class, group: &str| {
            assert_eq!((source.class(), source.group().as_ref()), (class, group), "{source:?}");
        };
        let named = |name: &'static str| Source { name, ..Source::default() };
        check(named("Anna’s Apple\u{a0}Watch"), Class::Watch, "Anna’s Apple Watch");
        check(named(" iPhone von Anna "), Class::Phone, "iPhone von Anna");
        check(named("Health"), Class::App, "Health");
        check(Source { is_user_entered: true, ..named("Santé") }, Class::Manual, "Santé");
        check(Source { is_user_entered: true, ..named("Lifesum") }, Class::App, "Lifesum");
        check(Source { bundle: "com.apple.Health", ..named("Health") }, Class::Manual, "com.apple.Health");
        let bundle = "com.apple.health.0A1B";
        let watch = Source { bundle, product_type: "Watch6,2", ..named("Wrist") };
        check(watch, Class::Watch, bundle);
        check(Source { manufacturer: "Apple Inc.", ..watch }, Class::Watch, bundle);
        check(Source { product_type: "iPhone14,5", ..watch }, Class::Phone, bundle);
        let scale = Source { product_type: "iPhone14,5", manufacturer: "A&D", model: "UC-352BLE", ..watch };
        check(scale, Class::Other, bundle);
        check(Source { model: "Treadmill", ..scale }, Class::Gym, bundle);
        check(Source { product_type: "", ..watch }, Class::Other, bundle);
        check(Source { bundle: "com.strava", product_type: "Watch6,2", ..named("Strava") }, Class::App, "com.strava");
        check(Source { product_type: "iPhone14,5", ..named("Strava") }, Class::App, "Strava");
        check(Source { product_type: "Watch6,2", ..named("Annas Watch") }, Class::Watch, "Annas Watch");
        // Devices that have their owner's name.
        let anna = Source { version: "11.2", software: "11.2", model: "Watch", ..named("Anna") };
        check(anna, Class::Watch, "Anna (watch)");
        check(Source { model: "iPhone", ..anna }, Class::Phone, "Anna (phone)");
        check(Source { version: "5.1", ..anna }, Class::App, "Anna");
    }
}
