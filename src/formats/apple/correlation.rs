//! `Correlation`: records that belong together. Each of them is also at the top level, and is not counted twice.

use super::common::{Common, KNOWN};
use super::element::{Element, plain};
use super::kept::{has_unknown, is_entry, write_metadata, write_unknown};
use super::members::Presence;
use super::number::number;
use super::record::intern_some;
use super::seen::Seen;
use super::source::without_pointer;
use crate::formats::flaw::Flaw;
use crate::formats::json::{JsonArray, JsonObject, write_f64, write_string};
use crate::formats::output::Output;
use crate::model::healthkit::category_value;
use crate::model::identity::{derive, digest};
use crate::model::locale::NumberStyle;
use crate::model::record::Correlation;
use crate::model::time::to_iso;

const RECORD: &str = "Record";

/// Attributes of a member that its entry in the list has.
const LISTED: [&str; 5] = ["type", "unit", "value", "startDate", "endDate"];

/// How many records of a correlation are at the top level, and how many are not.
#[derive(Default)]
struct Members {
    there: u64,
    absent: u64,
    unknown: u64,
    /// Numbers of absent ones, rising, that have more than their entry in the list shows.
    kept: Vec<u32>,
}

impl Members {
    fn add(&mut self, record: Element<'_>, presence: Presence, correlation: Element<'_>) {
        match presence {
            Presence::There => self.there += 1,
            Presence::Unknown => self.unknown += 1,
            Presence::Absent => {
                self.absent += 1;
                if says_more(record, correlation) {
                    self.kept.push(record.number());
                }
            }
        }
    }

    fn account(&self, output: &mut Output<'_>) {
        for (why, count) in [
            ("Record within a Correlation: it is also at the top level", self.there),
            ("Record within a Correlation: not at the top level, kept in the Correlation", self.absent),
            ("Record within a Correlation: one of too many to know whether it is also at the top level", self.unknown),
        ] {
            if count > 0 {
                output.skip(why, count);
            }
        }
    }
}

/// Whether a member has more than the list has of it, and than its correlation has.
fn says_more(record: Element<'_>, correlation: Element<'_>) -> bool {
    let is_known = |key: &str, value: &str| {
        let own = correlation.get(key).unwrap_or_default();
        LISTED.contains(&key) || value == own || key == "device" && without_pointer(value) == without_pointer(own)
    };
    !record.is_plain() || record.attributes().any(|(key, value)| !is_known(key, value))
}

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
    let mut counted = Members::default();
    for record in element.children().filter(|child| child.name() == RECORD) {
        let member = Common::read(record)?;
        write_member(&member, style, list.object());
        counted.add(record, seen.top_level.presence(&member), element);
    }
    list.end();
    seen.within.early_ends += u64::from(common.ends_early());
    let source = seen.sources.find(common.source, output);
    let (mut metadata, mut other) = (String::new(), String::new());
    write_metadata(element, &mut metadata);
    let is_unknown = |child: Element<'_>| match child.name() {
        RECORD => counted.kept.binary_search(&child.number()).is_ok(),
        _ => !is_entry(child),
    };
    let columns = source.columns(&KNOWN);
    if has_unknown(element, columns, is_unknown) {
        let mut object = JsonObject::begin(&mut other);
        write_unknown(element, columns, is_unknown, &mut object);
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
    counted.account(output);
    for child in element.children() {
        if child.name() == RECORD {
            child.children().for_each(|inner| seen.within.add(inner));
        } else {
            seen.within.add(child);
        }
    }
    Ok(())
}

fn write_member(common: &Common<'_>, style: NumberStyle, mut object: JsonObject<'_>) {
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
}
