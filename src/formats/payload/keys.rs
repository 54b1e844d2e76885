//! The grammar of the body, with the app's key names. `formats/shape.rs` has those by which the body is recognised.
//!
//! [`Role::member`] is the one table. The skeleton uses it to find elements in bytes, the walk to read the values around them.

use crate::model::healthkit::is_sample_type;

/// The part that a value plays in the body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Body,
    /// A list of bodies.
    Bodies,
    ExportDate,
    StartDate,
    EndDate,
    SyncSource,
    Characteristics,
    Characteristic,
    Data,
    /// An array of `data`, whose objects are elements.
    Records,
    WorkoutRoutes,
    /// The routes of one workout.
    Routes,
    Route,
    /// The array of a route, whose objects are elements.
    Locations,
    /// A member of the body that this version does not know: an array of elements, an object of such arrays, or one value.
    Unknown,
    /// A member of an unknown object: an array of elements, or one value.
    UnknownPart,
    /// A value that is read as a whole.
    Whole,
}

impl Role {
    /// Returns the role of the member with this name. A value that the walk reads as a whole has no roles inside.
    pub(crate) fn member(self, name: &[u8]) -> Self {
        match (self, name) {
            (Self::Body, b"exportDate") => Self::ExportDate,
            (Self::Body, b"startDate") => Self::StartDate,
            (Self::Body, b"endDate") => Self::EndDate,
            (Self::Body, b"syncSource") => Self::SyncSource,
            (Self::Body, b"characteristics") => Self::Characteristics,
            (Self::Body, b"data") => Self::Data,
            (Self::Body, b"workoutRoutes") => Self::WorkoutRoutes,
            (Self::Body, _) => Self::Unknown,
            (Self::Characteristics, _) => Self::Characteristic,
            (Self::Data, _) => Self::Records,
            (Self::WorkoutRoutes, _) => Self::Routes,
            (Self::Route, b"locations") => Self::Locations,
            (Self::Unknown, _) => Self::UnknownPart,
            _ => Self::Whole,
        }
    }

    /// Returns the role of a value in an array of this role.
    pub(crate) fn element(self) -> Self {
        match self {
            Self::Bodies => Self::Body,
            Self::Routes => Self::Route,
            _ => Self::Whole,
        }
    }

    /// Returns the role of a value of this role after its bracket is known.
    pub(crate) fn opened_by(self, bracket: u8) -> Self {
        match (self, bracket) {
            (Self::Body | Self::Data | Self::WorkoutRoutes | Self::Route | Self::Unknown, b'{')
            | (Self::Records | Self::Routes | Self::Locations | Self::UnknownPart, b'[') => self,
            (Self::Body, b'[') => Self::Bodies,
            (Self::Unknown, b'[') => Self::UnknownPart,
            _ => Self::Whole,
        }
    }

    /// Whether this is an array whose objects are elements.
    pub(crate) fn holds_elements(self) -> bool {
        matches!(self, Self::Records | Self::Locations | Self::UnknownPart)
    }
}

/// Says that none of the body's sections is there.
pub(crate) const NO_SECTION: &str =
    "not a payload of Health Export Pro: it has none of `data`, `workoutRoutes` and `characteristics`";

/// Why a document with an object around its sections too many is not read.
pub(crate) const DATA_TWICE: &str =
    "not a payload of Health Export Pro: `data` has an object `data`, not sections: send what is in it";

/// Says that nothing is in a list of documents.
pub(crate) const EMPTY_LIST: &str = "not a payload of Health Export Pro: the document is an empty array";

/// Kinds of elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ElementKind {
    Sample,
    Workout,
    Dose,
    Medication,
    /// A location of a route of the workout; its key may not be a uuid.
    Location {
        workout: Option<[u8; 16]>,
        route: u32,
    },
    /// The value of one characteristic.
    Characteristic,
    /// Kept as it is.
    Unknown {
        in_data: bool,
    },
}

impl ElementKind {
    /// Returns what the elements of an array of `data` are. A HealthKit identifier of a sample may be new: the lists grow.
    pub(crate) fn of_data_key(key: &str) -> Self {
        match key {
            "workouts" => Self::Workout,
            "medicationDoseEvents" => Self::Dose,
            "medications" => Self::Medication,
            _ if is_sample_type(key) => Self::Sample,
            _ => Self::Unknown { in_data: true },
        }
    }
}
