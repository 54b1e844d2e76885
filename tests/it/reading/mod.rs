//! Reading with SQL: the plans of the views, the recipes of `docs/data.md`, and the page itself.

pub(crate) mod fixture;
mod page;
mod plans;
mod recipes;
