//! The rows of a batch, kind by kind, and how the account of what was read lists them.

/// How the account of what was read lists a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Listing<'a> {
    /// As a record: under its type or section, and with its start if it has one.
    Record(&'a str, Option<i64>),
    /// As something within another row, under this name.
    Within(&'a str),
    /// As an element that was rejected.
    Rejected,
    /// Not at all: it belongs to another row, or is not a record.
    Nothing,
}

/// Returns the first start and the last end of rows with these times.
pub(super) fn span<R>(rows: &[R], times: impl Fn(&R) -> (i64, Option<i64>)) -> Option<(i64, i64)> {
    let spans = rows.iter().map(times).map(|(start_ms, end_ms)| (start_ms, end_ms.unwrap_or(start_ms).max(start_ms)));
    spans.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
}

/// Declares `Rows`: the row kinds of a batch, for how many rows an emptied batch keeps memory, and how the account lists them.
macro_rules! rows {
    ($($(#[doc = $doc:literal])* $kind:ident: $row:ty, keeps $kept:expr, listed |$one:pat_param, $texts:pat_param| $listed:expr;)*) => {
        /// Rows of all kinds.
        #[derive(Debug, Default)]
        pub struct Rows {
            $($(#[doc = $doc])* pub $kind: Vec<$row>,)*
        }

        impl Rows {
            /// Number of kinds.
            pub(crate) const KINDS: usize = [$(stringify!($kind)),*].len();

            /// Number of rows of all kinds.
            #[must_use]
            pub fn len(&self) -> usize {
                0 $(+ self.$kind.len())*
            }

            /// Calls `each` with the listing of each row.
            pub(crate) fn each_listing<'a>(&'a self, texts: &'a Texts, mut each: impl FnMut(Listing<'a>)) {
                $(
                    let list = |$one: &'a $row, $texts: &'a Texts| $listed;
                    self.$kind.iter().for_each(|row| each(list(row, texts)));
                )*
            }

            /// Forgets all rows. A kind's memory beyond what it keeps is freed: an input with many rows of a rare kind must
            /// not make the batch large for good.
            pub(super) fn clear(&mut self) {
                $(
                    self.$kind.clear();
                    self.$kind.shrink_to($kept);
                )*
            }
        }
    };
}

pub(super) use rows;
