//! Every bound is in `src/model/limits.rs`: this test searches the sources for others.
//!
//! It finds constants by the ends of their names, and bare numbers as arguments of capacities, waits and lengths.

use super::layering::{Source, sources};

/// Ends of names that mark a constant as a bound.
const ENDS: [&str; 13] = [
    "_MAX",
    "_MIN",
    "_MOST",
    "_DIGITS",
    "CELLS",
    "_BYTES",
    "_WAIT",
    "_KEPT",
    "_LISTED",
    "_WINDOW",
    "_PAGES",
    "_INTERVAL",
    "_DELAY",
];

/// Calls whose number is a bound.
const CALLS: [&str; 10] = [
    "with_capacity(",
    "reserve(",
    "reserve_exact(",
    "shrink_to(",
    "bounded(",
    "channel(",
    "take(",
    "from_millis(",
    "from_secs(",
    "set_prepared_statement_cache_capacity(",
];

/// Smaller numbers are steps, not bounds: a second, a pair.
const SMALL: u64 = 16;

/// Constants with the name of a bound that are something else, with the reason.
const NO_BOUNDS: [(&str, &str); 18] = [
    // Formats: lengths that others have fixed.
    ("store/header.rs", "HEADER_BYTES"),
    ("store/failure.rs", "PAGE_BYTES"),
    ("import/container.rs", "CODING_BYTES"),
    ("formats/apple/frames.rs", "TOP_BYTES"),
    // Sizes of our own values, whose number is bounded.
    ("formats/auto_export/value.rs", "OBJECT_BYTES"),
    ("formats/auto_export/value.rs", "VALUE_BYTES"),
    ("serve/api/encoder.rs", "ROW_BYTES"),
    ("store/read/questions/texts.rs", "ENTRY_BYTES"),
    // Digits of numbers and dates, as floating point and formats have them.
    ("statistics/sum.rs", "SHORT_DIGITS"),
    ("store/write/merge/values.rs", "NUMBER_DIGITS"),
    ("formats/apple/names.rs", "DATE_DIGITS"),
    ("formats/auto_export/bounded.rs", "LARGE_DIGITS"),
    // Digits of texts that are one of many, and of digests.
    ("store/write/shared.rs", "UNIQUE_RUN_DIGITS"),
    ("store/read/questions/follow.rs", "GROUP_DIGITS"),
    ("store/read/questions/follow.rs", "BASE_DIGITS"),
    // The end of a name that is cut.
    ("formats/account.rs", "END_BYTES"),
    // The randomness of tokens, sessions and codes.
    ("store/secret.rs", "RANDOM_BYTES"),
    ("store/secret.rs", "CODE_RANDOM_BYTES"),
];

/// The constants of a source that are bounds by their name and type.
fn constants(source: &Source) -> Vec<String> {
    let is_number = |kind: &str| ["usize", "u8", "u16", "u32", "u64", "i32", "i64", "Duration"].contains(&kind);
    let constants = source.code.split("const ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(':')?;
        let kind = rest.split('=').next()?.trim();
        let is_bound = kind == "Duration" || ENDS.iter().any(|end| name.ends_with(end));
        (is_number(kind) && is_bound).then(|| name.trim().to_owned())
    });
    constants.collect()
}

/// The calls of a source that have a bare number as a bound.
fn numbers(source: &Source) -> Vec<String> {
    let calls = CALLS.iter().flat_map(|call| {
        source.code.match_indices(call).filter_map(|(at, call)| {
            let digits: String = source.code[at + call.len()..].chars().take_while(char::is_ascii_digit).collect();
            let is_bound = digits.parse::<u64>().is_ok_and(|number| number >= SMALL);
            is_bound.then(|| format!("{call}{digits}"))
        })
    });
    calls.collect()
}

#[test]
fn every_bound_is_in_limits() {
    let mut faults = Vec::new();
    let mut found = Vec::new();
    for source in
        sources().iter().filter(|source| !["model/limits.rs", "model/memory.rs"].contains(&source.path.as_str()))
    {
        for bound in constants(source).into_iter().chain(numbers(source)) {
            let known = |(path, name): &&(&str, &str)| *path == source.path && *name == bound;
            match NO_BOUNDS.iter().find(known) {
                Some(known) => found.push(*known),
                None => faults.push(format!("{}: {bound}", source.path)),
            }
        }
    }
    assert!(faults.is_empty(), "bounds outside limits: {faults:#?}");
    let gone: Vec<_> = NO_BOUNDS.iter().filter(|known| !found.contains(known)).collect();
    assert!(gone.is_empty(), "exceptions that are no longer needed: {gone:?}");
}

/// A comment that names a flag which is gone leads its reader astray.
#[test]
fn flags_in_comments_of_limits_exist() {
    let limits = include_str!("../../src/model/limits.rs");
    let of_cli: String =
        sources().into_iter().filter(|source| source.path.starts_with("cli/")).map(|source| source.code).collect();
    let mut flags = Vec::new();
    for comment in limits.lines().filter_map(|line| Some(line.split_once("//")?.1)) {
        for rest in comment.split("--").skip(1) {
            let end = rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '-').unwrap_or(rest.len());
            flags.push(&rest[..end]);
        }
    }
    assert!(flags.len() > 3, "{flags:?}");
    flags.retain(|flag| {
        let field = format!(" {}: ", flag.replace('-', "_"));
        !of_cli.contains(&field) && !of_cli.contains(&format!("long = \"{flag}\""))
    });
    assert!(flags.is_empty(), "comments in limits name flags that do not exist: {flags:?}");
}
