//! Questions: typed and bounded, each a struct that hands out its answer a page at a time. Nothing else reads for clients.
//!
//! A page is one state of the database with a deadline, and continues behind the last key of the page before. So an answer of any
//! length holds neither memory nor the WAL.

mod chart;
mod convertible;
mod cursor;
mod days;
mod feed;
mod follow;
mod household;
mod identity;
mod ledger;
mod listing;
pub mod listings;
mod mean;
mod night_bars;
mod nights;
mod overview;
mod pauses;
mod period;
mod places;
mod points;
mod range;
mod reader;
mod samples;
mod several;
mod source;
mod splits;
mod texts;
mod types;
mod value;
mod workout;

pub use chart::Chart;
pub use cursor::RowKey;
pub use days::Days;
pub use feed::{Feed, FeedState, FeedUpload, Seen};
pub use follow::{Change, FigureRules, Followed, FollowedPerson};
pub use household::{Explain, People, PersonStatus};
pub use listing::{Listing, Rows};
pub use nights::{Nights, OneNight};
pub use overview::Overview;
pub use period::{Agg, BucketSize};
pub use places::{LINE_POINTS, Route};
pub use points::Points;
pub use range::{Moment, PersonState, Range, Today};
pub use reader::{Question, QuestionReader, Snapshot, Unanswered};
pub use samples::Samples;
pub use several::Several;
pub use types::{Kind, Types};
pub use value::{Field, Part, Progress, Sink, Value};
pub use workout::OneWorkout;

pub use crate::store::tables::{ChangeKind, RowKind};
