//! The share of the text that each section gets.

/// Where a section ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// With the first element that brings the text past `most`, but not before there are `least` elements.
    Bytes {
        most: u64,
        least: u64,
    },
    Elements(u64),
}

impl Limit {
    pub(crate) fn reached(self, bytes: u64, elements: u64) -> bool {
        match self {
            Self::Bytes { most, least } => bytes >= most && elements >= least,
            Self::Elements(most) => elements >= most,
        }
    }
}

/// What defines a section.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) element_bytes: u64,
    pub(crate) per_thousand_days: u64,
    /// The least number of elements.
    pub(crate) least: u64,
}

impl Share {
    fn least_bytes(self) -> u64 {
        self.least * self.element_bytes
    }

    fn bytes_per_thousand_days(self) -> u128 {
        u128::from(self.element_bytes) * u128::from(self.per_thousand_days)
    }
}

/// Whether there is room for the least elements of all sections, and as much again.
pub(crate) fn has_room(target_bytes: u64, shares: &[Share]) -> bool {
    let least: u64 = shares.iter().map(|share| share.least_bytes()).sum();
    target_bytes >= 2 * least
}

/// The days that sections of that size last.
pub(crate) fn days(target_bytes: u64, shares: &[Share]) -> u64 {
    let bytes = bytes_per_thousand_days(shares);
    u64::try_from(u128::from(target_bytes) * 1000 / bytes).unwrap_or(u64::MAX)
}

/// The size of the text after each section: the least elements first, then the rest by bytes a day, so that all
/// sections last about as long. `target_bytes` is what [`has_room`] was asked about, or no share has a least.
pub(crate) fn limits(target_bytes: u64, shares: &[Share]) -> Vec<Limit> {
    let total = bytes_per_thousand_days(shares);
    let floor: u64 = shares.iter().map(|share| share.least_bytes()).sum();
    let rest = u128::from(target_bytes.saturating_sub(floor));
    let (mut least_bytes, mut bytes) = (0, 0);
    let limit = |share: &Share| {
        least_bytes += share.least_bytes();
        bytes += share.bytes_per_thousand_days();
        let shared = u64::try_from(rest * bytes / total).unwrap_or(u64::MAX);
        Limit::Bytes { most: least_bytes + shared, least: share.least }
    };
    shares.iter().map(limit).collect()
}

fn bytes_per_thousand_days(shares: &[Share]) -> u128 {
    let bytes = shares.iter().map(|share| share.bytes_per_thousand_days());
    bytes.sum::<u128>().max(1)
}
