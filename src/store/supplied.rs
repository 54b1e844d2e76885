//! How many rows are wanted at most.

/// At most so many rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::store) enum Most {
    /// Those with the least values of the column.
    First(u32),
    /// Those with the greatest values.
    #[allow(dead_code, reason = "for questions")]
    Last(u32),
}
