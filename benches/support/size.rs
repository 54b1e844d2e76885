//! How much a bench measures.

/// Whether this run measures; otherwise it is a small test.
pub(crate) fn is_measured() -> bool {
    let mut is_bench = false;
    for argument in std::env::args() {
        match argument.as_str() {
            "--test" => return false,
            "--bench" => is_bench = true,
            _ => {}
        }
    }
    is_bench
}

/// A size: `measured` unless the environment names another, or `tested` in a test.
pub(crate) fn size(variable: &str, measured: u64, tested: u64) -> u64 {
    let named = std::env::var(variable).ok().map(|text| text.parse().expect("a number"));
    if is_measured() { named.unwrap_or(measured) } else { tested }
}
