//! The parameters of reads: one set of names for all paths, each declared beside the paths that have it.

use std::borrow::Cow;

use crate::chart::{Picture, Theme};
use crate::model::limits::{
    CHART_DAYS_MAX, CHART_HEIGHT_PX, CHART_HEIGHT_PX_MAX, CHART_HEIGHT_PX_MIN, CHART_WIDTH_PX, CHART_WIDTH_PX_MAX,
    CHART_WIDTH_PX_MIN, CURSOR_BYTES_MAX, NAME_BYTES_MAX, PARAMETER_BYTES_MAX, QUESTION_POINTS_MAX, QUESTION_ROWS_MAX,
    QUESTION_TYPES_MAX,
};
use crate::model::time::{DAY_MS, parse_day, parse_iso};
use crate::statistics::{INSTANTS_MS, LocalDay, Zones};
use crate::store::questions::{Agg, BucketSize, Moment, RowKey};

/// A parameter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::serve) enum Parameter {
    Type,
    From,
    To,
    Tz,
    Bucket,
    Agg,
    Source,
    Units,
    Limit,
    Cursor,
    MaxPoints,
    Person,
    Days,
    Width,
    Height,
    Theme,
}

impl Parameter {
    #[cfg(test)]
    pub(super) const ALL: [Self; 16] = [
        Self::Type,
        Self::From,
        Self::To,
        Self::Tz,
        Self::Bucket,
        Self::Agg,
        Self::Source,
        Self::Units,
        Self::Limit,
        Self::Cursor,
        Self::MaxPoints,
        Self::Person,
        Self::Days,
        Self::Width,
        Self::Height,
        Self::Theme,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::From => "from",
            Self::To => "to",
            Self::Tz => "tz",
            Self::Bucket => "bucket",
            Self::Agg => "agg",
            Self::Source => "source",
            Self::Units => "units",
            Self::Limit => "limit",
            Self::Cursor => "cursor",
            Self::MaxPoints => "max_points",
            Self::Person => "person",
            Self::Days => "days",
            Self::Width => "width",
            Self::Height => "height",
            Self::Theme => "theme",
        }
    }

    fn bytes_max(self) -> usize {
        if self == Self::Cursor { CURSOR_BYTES_MAX } else { PARAMETER_BYTES_MAX }
    }

    /// What its value may be.
    pub(super) fn accepts(self) -> String {
        match self {
            Self::Type => {
                "names of types such as steps or heart_rate, or HealthKit's identifiers, with commas between several"
                    .to_owned()
            }
            Self::From | Self::To => {
                "a local date such as 2026-01-31, or an instant such as 2026-01-31T12:00:00Z; `to` is not included"
                    .to_owned()
            }
            Self::Tz => "a time zone of the tz database, such as Europe/Berlin".to_owned(),
            Self::Bucket => "auto, hour, day, week, month or year".to_owned(),
            Self::Agg => "sum, mean, min, max or last".to_owned(),
            Self::Source => "the name or the key of a source, as /api/v1/sources lists them".to_owned(),
            Self::Units => "a unit such as km, mi or kcal".to_owned(),
            Self::Limit => format!("a number of rows from 1 to {QUESTION_ROWS_MAX}"),
            Self::Cursor => "the `next_cursor` of the answer before".to_owned(),
            Self::MaxPoints => format!("a number of points from 1 to {QUESTION_POINTS_MAX}"),
            Self::Person => "the name of a person that the token may read".to_owned(),
            Self::Days => format!("a number of days up to today, from 1 to {CHART_DAYS_MAX}, or all"),
            Self::Width => format!("a number of pixels from {CHART_WIDTH_PX_MIN} to {CHART_WIDTH_PX_MAX}"),
            Self::Height => format!("a number of pixels from {CHART_HEIGHT_PX_MIN} to {CHART_HEIGHT_PX_MAX}"),
            Self::Theme => "light, dark or auto".to_owned(),
        }
    }
}

/// What a request gives.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) types: Vec<String>,
    pub(super) from: Option<Moment>,
    pub(super) to: Option<Moment>,
    pub(super) tz: Option<String>,
    /// The outer one is missing if nothing is given, the inner one for `auto`.
    pub(super) bucket: Option<Option<BucketSize>>,
    pub(super) agg: Option<Agg>,
    pub(super) source: Option<String>,
    pub(super) units: Option<String>,
    pub(super) limit: Option<u64>,
    pub(super) cursor: Option<RowKey>,
    pub(super) max_points: Option<u32>,
    pub(super) person: Option<String>,
    /// The outer one is missing if nothing is given, the inner one for `all`.
    pub(super) days: Option<Option<i32>>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) theme: Option<Theme>,
}

/// A parameter that is wrong, and why.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Wrong {
    pub(super) parameter: String,
    pub(super) detail: String,
}

impl Wrong {
    /// A value that is not accepted.
    pub(super) fn value(parameter: Parameter) -> Self {
        Self::of(parameter.name(), &parameter.accepts())
    }

    /// The same with what is accepted here.
    pub(super) fn of(parameter: &str, accepts: &str) -> Self {
        Self { parameter: parameter.to_owned(), detail: format!("`{parameter}` must be {accepts}") }
    }
}

impl Given {
    /// Reads a query. Only declared parameters are accepted, each once.
    pub(super) fn parse(query: &str, declared: &[Parameter]) -> Result<Self, Wrong> {
        let mut given = Self::default();
        let mut seen: Vec<Parameter> = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decoded(name).unwrap_or_default();
            let known = declared.iter().copied().find(|parameter| parameter.name() == name);
            let Some(parameter) = known else {
                return Err(unknown(&name, declared));
            };
            if seen.contains(&parameter) {
                let detail = format!("`{name}` comes more than once");
                return Err(Wrong { parameter: name.into_owned(), detail });
            }
            seen.push(parameter);
            let value = decoded(value).filter(|value| !value.is_empty() && value.len() <= parameter.bytes_max());
            let taken = value.and_then(|value| given.take(parameter, &value));
            taken.ok_or_else(|| Wrong::value(parameter))?;
        }
        Ok(given)
    }

    /// The size and the colours of a chart.
    pub(super) fn picture(&self) -> Picture {
        Picture {
            width: self.width.unwrap_or(CHART_WIDTH_PX),
            height: self.height.unwrap_or(CHART_HEIGHT_PX),
            theme: self.theme.unwrap_or(Theme::Auto),
        }
    }

    fn take(&mut self, parameter: Parameter, value: &str) -> Option<()> {
        match parameter {
            Parameter::Type => self.types = words(value)?,
            Parameter::From => self.from = Some(moment(value)?),
            Parameter::To => self.to = Some(moment(value)?),
            Parameter::Tz => {
                let mut zones = Zones::default();
                let zone = zones.add(value)?;
                self.tz = Some(zones.name(zone).to_owned());
            }
            Parameter::Bucket if value == "auto" => self.bucket = Some(None),
            Parameter::Bucket => {
                self.bucket = Some(Some(BucketSize::ALL.into_iter().find(|size| size.name() == value)?));
            }
            Parameter::Agg => self.agg = Some(Agg::ALL.into_iter().find(|agg| agg.name() == value)?),
            Parameter::Source => self.source = Some(value.to_owned()),
            Parameter::Units => self.units = Some(value.to_owned()),
            Parameter::Limit => self.limit = Some(number(value, QUESTION_ROWS_MAX)?),
            Parameter::Cursor => self.cursor = Some(RowKey::parse(value)?),
            Parameter::MaxPoints => {
                self.max_points = u32::try_from(number(value, u64::from(QUESTION_POINTS_MAX))?).ok();
            }
            Parameter::Person => self.person = Some(value.to_owned()),
            Parameter::Days if value == "all" => self.days = Some(None),
            Parameter::Days => self.days = Some(Some(i32::try_from(number(value, CHART_DAYS_MAX)?).ok()?)),
            Parameter::Width => self.width = Some(pixels(value, (CHART_WIDTH_PX_MIN, CHART_WIDTH_PX_MAX))?),
            Parameter::Height => self.height = Some(pixels(value, (CHART_HEIGHT_PX_MIN, CHART_HEIGHT_PX_MAX))?),
            Parameter::Theme => self.theme = Some(Theme::ALONE.into_iter().find(|theme| theme.name() == value)?),
        }
        Some(())
    }
}

fn unknown(name: &str, declared: &[Parameter]) -> Wrong {
    let names: Vec<&str> = declared.iter().map(|parameter| parameter.name()).collect();
    let accepted = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let parameter: String = name.chars().take(NAME_BYTES_MAX).collect();
    Wrong { parameter, detail: format!("this path has no such parameter; it accepts {accepted}") }
}

/// Words between commas.
fn words(value: &str) -> Option<Vec<String>> {
    let words: Vec<String> = value.split(',').map(|word| word.trim().to_owned()).collect();
    let is_fine = words.len() <= QUESTION_TYPES_MAX && words.iter().all(|word| !word.is_empty());
    is_fine.then_some(words)
}

/// Reads a local date or an instant.
pub(super) fn moment(value: &str) -> Option<Moment> {
    if let Some(day_ms) = parse_day(value) {
        return i32::try_from(day_ms.div_euclid(DAY_MS)).ok().map(|days| Moment::Day(LocalDay::new(days)));
    }
    // In a query `+` is a blank, and few people write `%2B` for that of `+01:00`.
    let date = parse_iso(value).or_else(|| parse_iso(&value.replace(' ', "+")))?;
    INSTANTS_MS.contains(&date.ms).then_some(Moment::Instant(date.ms))
}

fn pixels(value: &str, (min, max): (u32, u32)) -> Option<u32> {
    u32::try_from(number(value, u64::from(max))?).ok().filter(|pixels| *pixels >= min)
}

fn number(value: &str, max: u64) -> Option<u64> {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|number| is_plain && (1..=max).contains(number))
}

/// A name or a value without `+` and `%`; `None` if it is not UTF-8.
pub(in crate::serve) fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'%' => {
                let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
                plain.push(u8::try_from(digit(at + 1)? << 4 | digit(at + 2)?).ok()?);
                at += 3;
                continue;
            }
            b'+' => plain.push(b' '),
            other => plain.push(*other),
        }
        at += 1;
    }
    String::from_utf8(plain).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let given = Given::parse(
            "type=steps,HeartRate%2Csteps&from=2026-01-01&to=2026-02-01T00:00:00%2B01:00&limit=5&source=A+B",
            &Parameter::ALL,
        );
        let given = given.unwrap();
        assert_eq!(given.types, ["steps", "HeartRate", "steps"]);
        assert_eq!(given.from, Some(Moment::Day(LocalDay::new(20_454))));
        assert_eq!(given.to, Some(Moment::Instant(1_769_900_400_000)));
        let typed = Given::parse("to=2026-02-01T00:00:00+01:00", &Parameter::ALL).unwrap();
        assert_eq!(typed.to, given.to, "as people type it");
        assert_eq!((given.limit, given.source.as_deref()), (Some(5), Some("A B")));
        assert!(Given::parse("", &[]).unwrap().types.is_empty());
        assert!(Given::parse("&&", &[]).is_ok());
    }

    #[test]
    fn wrong_queries_name_the_parameter() {
        let check = |query: &str, parameter: &str, part: &str| {
            let wrong = Given::parse(query, &Parameter::ALL).unwrap_err();
            assert_eq!(wrong.parameter, parameter, "{query}");
            assert!(wrong.detail.contains(part), "{query}: {}", wrong.detail);
        };
        check("typ=steps", "typ", "type, from, to, tz");
        check("type", "type", "must be");
        check("type=", "type", "must be");
        check("type=a,,b", "type", "must be");
        check("type=a&type=b", "type", "more than once");
        check(&format!("type={}", vec!["a"; 1000].join(",")), "type", "must be");
        for value in
            ["2026-02-30", "2026-1-1", "yesterday", "2026-01-01T00:00:00", "%FF", "%2", "-262000-01-01T00:00:00Z"]
        {
            check(&format!("from={value}"), "from", "2026-01-31");
        }
        check("tz=Europe/Atlantis", "tz", "Europe/Berlin");
        check("bucket=minute", "bucket", "week");
        check("agg=median", "agg", "mean");
        for value in ["0", "-1", "+1", "1e3", "1000001", "99999999999999999999"] {
            check(&format!("limit={value}"), "limit", "1000000");
        }
        check("max_points=10001", "max_points", "10000");
        check("days=0", "days", "1 to 36525");
        check("width=159", "width", "160 to 2560");
        check("height=1441", "height", "120 to 1440");
        check("theme=pink", "theme", "dark");
        check("cursor=x", "cursor", "next_cursor");
        check(&format!("source={}", "x".repeat(PARAMETER_BYTES_MAX + 1)), "source", "name");
        let wrong = Given::parse("from=2026-01-01", &[Parameter::Person]).unwrap_err();
        assert_eq!((wrong.parameter.as_str(), wrong.detail.ends_with("accepts person")), ("from", true));
    }
}
