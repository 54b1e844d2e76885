//! A workbench: a SQLite without a name in which the work for one person is done, while another database keeps the rows.
//!
//! It has the schema of every database, so the code that writes, derives and answers is the same. Before each step it is given the
//! rows that the step may read or change, and the rows that the step has changed go back. It knows nothing of the other database
//! but [`remote::Remote`].

#![allow(dead_code, unused_imports, reason = "the transport to PostgreSQL calls it")]

mod benches;
pub(in crate::store) mod content;
mod covered;
mod decisions;
mod desk;
mod failure;
mod figures;
mod flush;
mod load;
mod open;
#[cfg(test)]
mod plain;
pub(in crate::store) mod remote;
#[cfg(test)]
mod shadow;
mod statements;
pub(in crate::store) mod tables;
mod wants;
mod work;
mod workouts;

pub(in crate::store) use benches::Benches;
pub(in crate::store) use work::Workbench;
