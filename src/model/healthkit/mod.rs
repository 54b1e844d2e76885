//! HealthKit's identifiers: their prefixes, how quantities add up, names of types, category values and workout activities.
//!
//! The tables are made from HealthKit's public headers. They grow with every iOS: an identifier that is missing here is data.

mod categories;
mod distances;
mod identifiers;
mod names;
mod quantities;
mod readings;
mod titles;
mod workouts;

pub use categories::{category_value, category_value_names, category_word, is_category_value, is_event};
pub use distances::{ActivityDistance, activity_distance, has_distance};
pub(crate) use identifiers::words;
pub use identifiers::{CATEGORY_TYPE, CORRELATION_TYPE, QUANTITY_TYPE, is_sample_type, short};
pub use names::{identifier_of, is_named, name_of};
pub use quantities::{Aggregation, aggregation, canonical_unit};
pub(crate) use readings::is_of_readings;
pub use workouts::{activity, activity_names, activity_of_title, workout_event};
