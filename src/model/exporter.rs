//! Programs that take records out of HealthKit. A record that several of them bring is stored once.

use crate::model::identity::is_derived;
use crate::model::record::Uuid;

/// The source name of rows that come from Health Auto Export.
pub const AUTO_EXPORT_NAME: &str = "Health Auto Export";

/// The program that brought a record. The order is the order of preference: the lesser one's row is kept.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Exporter {
    /// Health Export Pro, which sends HealthKit's identities.
    App,
    /// Apple's own export.
    AppleExport,
    /// Health Auto Export.
    AutoExport,
}

impl Exporter {
    /// The exporter of a row with this identity and this source name.
    #[must_use]
    pub fn of(identity: &Uuid, is_auto_export: bool) -> Self {
        match (is_derived(identity), is_auto_export) {
            (false, _) => Self::App,
            (true, false) => Self::AppleExport,
            (true, true) => Self::AutoExport,
        }
    }
}
