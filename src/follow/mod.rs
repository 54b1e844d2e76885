//! Followers: what changed behind the writer goes to another place, later and as often as it takes, never in the way of an upload.
//!
//! A follower is a process by itself. It reads `changes` and the questions like any other client, a read transaction for each page.
//! `look` finds what has changed, `plan` makes whole ranges of it, `rows` makes points of their rows, and a [`Target`] takes these.
//! A cursor beside the database remembers what has been delivered. Everything may come twice, and is there once: targets overwrite.
//!
//! Each target is a file or a folder by itself: `influx`, `webhook`.

mod backoff;
mod claim;
mod cursor;
mod files;
mod http;
mod influx;
mod look;
mod names;
mod plan;
mod rows;
mod run;
mod source;
mod target;
mod waiter;
mod webhook;
mod written;

pub use files::secret;
pub use http::url::BaseUrl;
pub use influx::{Access, Influx, InfluxSettings};
pub use run::{End, Follow, follow, note_refusal};
pub use target::{ChangedRange, Delivered, Fault, FieldValue, Point, Stage, Step, Summary, Target};
pub use waiter::{Stop, Waiter};
pub use webhook::{Webhook, WebhookSettings};
