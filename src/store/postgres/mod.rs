//! The store in PostgreSQL: many receivers, one database. A receiver keeps no state.
//!
//! Each upload has a connection and a thread. Ids of texts are made of the texts and every key begins with the person, so receivers
//! need not ask each other. A write is idempotent as in SQLite: any receiver takes any retry. An answer follows COMMIT; without an
//! answer of the server to COMMIT, the upload fails and is sent again.

mod address;
mod batch_ids;
mod changed;
mod copy;
mod copying;
mod dictionary;
mod earlier;
mod erase;
mod fault;
mod figures;
mod followers;
mod groups;
mod known;
mod latest;
mod ledger;
mod link;
mod migrate;
mod new_tokens;
mod owner;
mod receiver;
mod sample_row;
mod samples;
mod savepoint;
mod sessions;
mod spans;
mod status;
mod tables;
mod tls;
mod tokens;
mod transfer;
mod upload;
mod used_texts;
mod values;
mod window;

pub use address::Address;
pub(super) use figures::{Figures, Scope};
pub(super) use followers::FollowerSession;
pub use migrate::Migrated;
pub(super) use receiver::Postgres;
pub use tokens::TokenAsker;
pub(super) use upload::Upload;
pub(super) use window::Glass;
