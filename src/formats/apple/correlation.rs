//! `Correlation`: records that belong together. Each of them is also at the top level, and is not counted twice.

use super::common::{Common, KNOWN};
use super::element::{Element, plain};
use super::kept::{METADATA, write_metadata, write_unknown};
use super::number::number;
use super::record::{count, intern_some};
use super::seen::Seen;
use crate::formats::flaw::Flaw;
use crate::formats::json::{JsonArray, JsonObject, write_f64, write_string};
use crate::formats::output::Output;
use crate::model::healthkit::category_value;
use crate::model::identity::{derive, digest};
use crate::model::locale::NumberStyle;
use crate::model::record::Correlation;
use crate::model::time::to_iso;

const RECORD: &str = "Record";

/// Reads a correlation.
pub(super) fn read(
    element: Element<'_>,
    style: NumberStyle,
    seen: &mut Seen,
    output: &mut Output<'_>,
) -> Result<(), Flaw> {
    let common = Common::read(element)?;
    let (kind, start_ms) = (common.kind()?, common.start_ms()?);
    let mut members = String::new();
    let mut list = JsonArray::begin(&mut members);
    for record in element.children().filter(|child| child.name() == RECORD) {
        write_member(record, style, list.object())?;
        for child in record.children() {
            seen.within.add(child);
        }
    }
    list.end();
    seen.within.early_ends += u64::from(common.ends_early());
    let source = seen.sources.find(common.source, output);
    let (mut metadata, mut other) = (String::new(), String::new());
    write_metadata(element, &mut metadata);
    let is_unknown = |name: &str| name != METADATA && name != RECORD;
    if common.has_more || source.text.is_none() || element.children().any(|child| is_unknown(child.name())) {
        let mut object = JsonObject::begin(&mut other);
        write_unknown(element, source.columns(&KNOWN), is_unknown, &mut object);
        object.end();
    }
    let content =
        [kind.as_bytes(), &source.digest, &common.times(), metadata.as_bytes(), members.as_bytes(), other.as_bytes()];
    let uuid = seen.equals.count(derive(&digest(&content))).identity;
    let texts = &mut output.batch.texts;
    let row = Correlation {
        uuid,
        kind: texts.intern(kind),
        start_ms,
        end_ms: common.end_ms,
        creation_ms: common.creation_ms,
        source: source.text,
        metadata: intern_some(&metadata, texts),
        members: texts.intern(&members),
        other: intern_some(&other, texts),
    };
    output.batch.rows.correlations.push(row);
    output.skip("Record within a Correlation: it is also at the top level", count(element, RECORD));
    seen.within.metadata += count(element, METADATA);
    Ok(())
}

fn write_member(record: Element<'_>, style: NumberStyle, mut object: JsonObject<'_>) -> Result<(), Flaw> {
    let common = Common::read(record)?;
    for (name, time) in [("endDate", common.end_ms), ("startDate", common.start_ms)] {
        if let Some(ms) = time {
            object.string(name, &to_iso(ms));
        }
    }
    object.string("type", &plain(common.kind().unwrap_or_default()));
    if let Some(unit) = common.unit {
        object.string("unit", &plain(unit));
    }
    if let Some(value) = common.value {
        // The value of a category is an integer or a name.
        let number = number(value, style);
        let out = object.member("value");
        match number.or_else(|| category_value(value).map(f64::from)) {
            Some(number) => write_f64(number, out),
            None => write_string(&plain(value), out),
        }
    }
    object.end();
    Ok(())
}
