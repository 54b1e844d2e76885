//! How an answer is written: what a client prefers of what a path has.

use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName};

use super::read::Shape;

/// How an answer is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Json,
    Lines,
    Csv,
    GeoJson,
    Gpx,
    Svg,
}

impl Form {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::GeoJson => "application/geo+json",
            Self::Gpx => "application/gpx+xml",
            Self::Svg => "image/svg+xml",
        }
    }

    fn is_asked_by(self, kind: &str) -> bool {
        match self {
            Self::Json => matches!(kind, "application/json" | "application/*"),
            Self::Lines => matches!(kind, "application/x-ndjson" | "application/jsonl"),
            Self::Csv => matches!(kind, "text/csv" | "text/*"),
            Self::GeoJson => matches!(kind, "application/geo+json" | "application/json" | "application/*"),
            Self::Gpx => matches!(kind, "application/gpx+xml" | "application/xml" | "text/xml" | "application/*"),
            Self::Svg => matches!(kind, "image/svg+xml" | "image/*"),
        }
    }
}

/// The forms that a path has, the usual one first.
pub(super) fn forms_of(shape: Shape) -> &'static [Form] {
    match shape {
        Shape::Table => &[Form::Json, Form::Lines, Form::Csv],
        Shape::Object => &[Form::Json],
        Shape::GeoJson => &[Form::GeoJson],
        Shape::Gpx => &[Form::Gpx],
        Shape::Svg => &[Form::Svg],
    }
}

fn default_of(shape: Shape) -> Form {
    forms_of(shape)[0]
}

/// The form that a client prefers; `None` if it takes none that the path has.
pub(super) fn form_of(headers: &HeaderMap, shape: Shape) -> Option<Form> {
    let mut best: Option<(u32, Form)> = None;
    let mut has_any = false;
    for (kind, quality) in parts_of(headers, ACCEPT) {
        has_any = true;
        let form = match kind.as_str() {
            "*/*" => Some(default_of(shape)),
            kind => forms_of(shape).iter().copied().find(|form| form.is_asked_by(kind)),
        };
        if let Some(form) = form
            && quality > 0
            && best.is_none_or(|(known, _)| quality > known)
        {
            best = Some((quality, form));
        }
    }
    if has_any { best.map(|(_, form)| form) } else { Some(default_of(shape)) }
}

/// Thousandths of a quality such as `0.8`.
fn quality(text: &str) -> u32 {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    if whole == "1" { 1000 } else { digits.parse().unwrap_or(0) }
}

/// Whether a client takes gzip. `*` stands for codings that are not named.
pub(in crate::serve) fn takes_gzip(headers: &HeaderMap) -> bool {
    let quality_of = |names: &[&str]| {
        parts_of(headers, ACCEPT_ENCODING)
            .find(|(coding, _)| names.contains(&coding.as_str()))
            .map(|(_, quality)| quality)
    };
    quality_of(&["gzip", "x-gzip"]).or_else(|| quality_of(&["*"])).is_some_and(|quality| quality > 0)
}

/// The parts of a header with their qualities.
fn parts_of(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (String, u32)> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|part| {
        let mut parts = part.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
        Some((name, parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, quality)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_by_preference() {
        let check = |accept: &[&str], shape: Shape, expected: Option<Form>| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, value.parse().unwrap());
            }
            assert_eq!(form_of(&headers, shape), expected, "{accept:?}");
        };
        check(&[], Shape::Table, Some(Form::Json));
        check(&["*/*"], Shape::Object, Some(Form::Json));
        check(&["text/csv"], Shape::Table, Some(Form::Csv));
        check(&["text/csv"], Shape::Object, None);
        check(&["application/x-ndjson, application/json;q=0.5"], Shape::Table, Some(Form::Lines));
        check(&["application/json;q=0.5", "text/csv;q=0.9"], Shape::Table, Some(Form::Csv));
        check(&["text/html,application/xhtml+xml,*/*;q=0.8"], Shape::Table, Some(Form::Json));
        check(&["text/csv;q=0, application/json;q=0.1"], Shape::Table, Some(Form::Json));
        check(&["image/png"], Shape::Table, None);
        check(&["application/json"], Shape::GeoJson, Some(Form::GeoJson));
        check(&["*/*"], Shape::Gpx, Some(Form::Gpx));
        check(&["text/csv"], Shape::Gpx, None);
        check(&["image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"], Shape::Svg, Some(Form::Svg));
        check(&["text/html"], Shape::Svg, None);
    }

    #[test]
    fn compression_is_asked_for() {
        let check = |accept: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.append(ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(takes_gzip(&headers), expected, "{accept}");
        };
        check("gzip, deflate, br", true);
        check("br;q=1.0, gzip;q=0.5", true);
        check("gzip;q=0", false);
        check("*", true);
        check("*, gzip;q=0", false);
        check("identity", false);
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
