//! Quotas of tokens: the flags that set one, and `healthsink token quota`, which changes those of tokens.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::{Bytes, DatabaseArgument};
use crate::cli::print::{Printable, ResultArgument};
use crate::cli::store::StoreArgument;
use crate::cli::table::grouped;
use crate::model::error::{Error, Result};
use crate::model::quota::Quota;
use crate::store::QuotaChange;

/// For a new token.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct QuotaArguments {
    /// Bytes that its uploads may have in a day (UTC), after decompression, such as 200M; beyond it they get 429 [default: any number]
    #[arg(long, env = "HEALTHSINK_BYTES_PER_DAY", value_name = "BYTES", value_parser = parse_bytes)]
    bytes_per_day: Option<Limit>,
    /// Records of its uploads that may be rejected in a day (UTC); beyond it they get 429 [default: any number]
    #[arg(long, env = "HEALTHSINK_REJECTS_PER_DAY", value_name = "NUMBER", value_parser = parse_number)]
    rejects_per_day: Option<Limit>,
}

impl QuotaArguments {
    pub(super) fn quota(self) -> Quota {
        self.change().of(Quota::default())
    }

    fn change(self) -> QuotaChange {
        let limit = |limit: Option<Limit>| limit.map(|Limit(most)| most);
        QuotaChange { bytes: limit(self.bytes_per_day), rejects: limit(self.rejects_per_day) }
    }
}

/// A number, or none for any number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Limit(pub(super) Option<u64>);

pub(super) fn parse_bytes(text: &str) -> Result<Limit, String> {
    let wrong = |_| "give a number of bytes such as 64M or 2G, or none".to_owned();
    if text == "none" { Ok(Limit(None)) } else { text.parse().map(|Bytes(bytes)| Limit(Some(bytes))).map_err(wrong) }
}

pub(super) fn parse_number(text: &str) -> Result<Limit, String> {
    let number = if text == "none" { Some(None) } else { text.parse().ok().filter(|number| *number > 0).map(Some) };
    number.map(Limit).ok_or_else(|| "give a number from 1 on, or none".to_owned())
}

/// The number of a token.
pub(super) fn parse_id(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "give the number of a token, as `healthsink token list` prints it".to_owned())
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeArguments {
    #[command(flatten)]
    database: DatabaseArgument,
    #[command(flatten)]
    store: StoreArgument,
    /// Numbers of tokens, as `healthsink token list` prints them
    #[arg(required = true, value_name = "ID", value_parser = parse_id)]
    ids: Vec<i64>,
    /// Bytes that uploads of each may have in a day (UTC), after decompression, such as 200M, or none for any number
    #[arg(long, env = "HEALTHSINK_BYTES_PER_DAY", value_name = "BYTES", value_parser = parse_bytes)]
    bytes_per_day: Option<Limit>,
    /// Records of each that may be rejected in a day (UTC), or none for any number
    #[arg(long, env = "HEALTHSINK_REJECTS_PER_DAY", value_name = "NUMBER", value_parser = parse_number)]
    rejects_per_day: Option<Limit>,
    #[command(flatten)]
    result: ResultArgument,
}

/// The quota of a token after the change.
#[derive(Serialize)]
struct Changed {
    id: i64,
    bytes_per_day: Option<u64>,
    rejects_per_day: Option<u64>,
}

#[derive(Serialize)]
struct ChangedTokens {
    tokens: Vec<Changed>,
}

impl Printable for ChangedTokens {
    fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let shown = |most: Option<u64>| most.map_or_else(|| "any number of".to_owned(), grouped);
        self.tokens.iter().try_for_each(|Changed { id, bytes_per_day, rejects_per_day }| {
            let [bytes, rejects] = [*bytes_per_day, *rejects_per_day].map(shown);
            writeln!(out, "token {id} may send {bytes} bytes a day, and have {rejects} rejects")
        })
    }
}

impl ChangeArguments {
    pub(super) fn run(&self) -> Result<()> {
        let Self { bytes_per_day, rejects_per_day, .. } = *self;
        if bytes_per_day.is_none() && rejects_per_day.is_none() {
            return Err(Error::usage("name what changes: --bytes-per-day, --rejects-per-day, or both"));
        }
        let change = QuotaArguments { bytes_per_day, rejects_per_day }.change();
        let (mut unknown, mut tokens) = (Vec::new(), Vec::new());
        let place = self.store.place(&self.database)?;
        for id in &self.ids {
            match place.change_quota(*id, change)? {
                Some(Quota { bytes, rejects }) => {
                    tokens.push(Changed { id: *id, bytes_per_day: bytes, rejects_per_day: rejects });
                }
                None => unknown.push(id.to_string()),
            }
        }
        let printed = self.result.print(&ChangedTokens { tokens });
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            return Err(Error::usage(format!("there is no token {unknown}; `healthsink token list` lists all")));
        }
        printed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_numbers_or_none() {
        let check = |text: &str, bytes: Option<Option<u64>>, number: Option<Option<u64>>| {
            assert_eq!(parse_bytes(text).ok().map(|limit| limit.0), bytes, "{text}");
            assert_eq!(parse_number(text).ok().map(|limit| limit.0), number, "{text}");
        };
        check("none", Some(None), Some(None));
        check("500", Some(Some(500)), Some(Some(500)));
        check("64M", Some(Some(64 << 20)), None);
        for wrong in ["0", "-1", "", "many"] {
            check(wrong, None, None);
        }
    }
}
