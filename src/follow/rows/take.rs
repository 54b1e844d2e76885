//! What the shapes of rows hand their points to.

use crate::follow::target::FieldValue;

/// Takes the tags and the fields of a point, and when it is: the millisecond, and how many of its series precede it there.
pub(super) type Take<'t> =
    dyn FnMut(&[(&'static str, &str)], &[(&'static str, FieldValue<'_>)], (i64, u32)) -> bool + 't;
