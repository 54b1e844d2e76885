//! Counts as one line of JSON.

use std::fmt;

/// `{"bytes":1000234,"samples":1804}`
pub(crate) fn write_line(counts: &[(&str, u64)], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (position, (name, count)) in counts.iter().enumerate() {
        let before = if position == 0 { '{' } else { ',' };
        write!(formatter, "{before}\"{name}\":{count}")?;
    }
    write!(formatter, "}}")
}
