//! Realistic Apple Health data, as Health Export Pro posts it and as Apple and Health Auto Export export it, of any size,
//! from a seed.
//!
//! Made for tests, fuzzing and measurements. Text is written by hand and streamed in chunks, so memory does not depend on the
//! size. Each element is a pure function of the seed and its index. All data is invented.
//!
//! - [`Payload`]: the JSON body that the app posts.
//! - [`Export`]: the XML that Apple's Health app exports.
//! - [`AutoExport`]: the JSON of Health Auto Export.
//! - [`Twin`]: the same samples in both forms.
//! - [`Life`]: a payload of a life whose right figures are known.

#![forbid(unsafe_code)]

mod activity;
mod auto_export;
mod clock;
mod counts;
mod export;
mod identity;
mod json;
mod kind;
mod life;
mod medication;
mod metadata;
mod number;
mod order;
mod pace;
mod payload;
mod random;
mod route;
mod rules;
mod sample;
mod shares;
mod sleep;
mod source;
mod statistics;
mod text;
mod twin;
mod value;
mod workout;
mod world;

pub use auto_export::{AutoExport, AutoExported};
pub use clock::{START_MS_DEFAULT, day_ms};
pub use export::{Export, Exported, RouteFile};
pub use life::{Life, LifeNight, LifeTruth};
pub use order::{KeyOrder, Order};
pub use payload::{Payload, Shape, Written};
pub use twin::Twin;
