//! The envelope of a payload.

/// The payload's own description of itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Envelope {
    /// `exportDate`.
    pub export_ms: Option<i64>,
    /// `startDate` of the exported range.
    pub start_ms: Option<i64>,
    /// `endDate` of the exported range.
    pub end_ms: Option<i64>,
    /// `syncSource`, such as `manual-upload`.
    pub sync_source: Option<String>,
    /// Whether it is all that Apple's Health had, read to its end.
    pub is_whole: bool,
}
