//! Values of the API as people read them.

use serde_json::Value;

use crate::chart::{exact, grouped};
use crate::model::healthkit::words;
use crate::model::time::{DAY_MS, HOUR_MS, MINUTE_MS, parse_iso, to_iso};
use crate::serve::api::is_counted;
use crate::statistics::Zones;

/// What stands where there is nothing.
pub(super) const NOTHING: &str = "–";

/// A text; empty if it is missing.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The rows of a list.
pub(super) fn rows<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What a row says that is of a part of its time: of what was asked for, or because that is not over.
pub(super) fn part_note(is_partial: bool, is_cut: bool) -> &'static str {
    match (is_partial, is_cut) {
        (true, true) => " (a part)",
        (true, false) => " (not over)",
        _ => "",
    }
}

/// A unit as people write it.
pub(super) fn unit(unit: &str, identifier: &str) -> String {
    match unit {
        "count" => String::new(),
        "count/min" if identifier.contains("Heart") => "bpm".to_owned(),
        "count/min" => "a minute".to_owned(),
        "degC" => "°C".to_owned(),
        "degF" => "°F".to_owned(),
        "dBASPL" => "dB".to_owned(),
        other => other.to_owned(),
    }
}

/// A value in its unit. Shares are shown as percent; decimals beyond what a size of numbers needs are left out.
pub(super) fn amount(value: Option<f64>, unit_name: &str, identifier: &str) -> String {
    let Some(value) = value else {
        return NOTHING.to_owned();
    };
    let (value, unit_name) = match unit_name {
        "%" => (value * 100.0, unit_name),
        // Ways are long, and steps short.
        "m" if value.abs() >= 1000.0 => (value / 1000.0, "km"),
        _ => (value, unit_name),
    };
    let number = short(if is_counted(identifier) { value.floor() } else { value });
    let unit = unit(unit_name, identifier);
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// A number with as many decimals as its size needs.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => grouped(value, 0),
        10.0.. => trimmed(grouped(value, 1)),
        _ => exact(value),
    }
}

fn trimmed(text: String) -> String {
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A change such as −0.12 as `−12 %`.
pub(super) fn change(value: Option<f64>) -> String {
    value.map_or_else(
        || NOTHING.to_owned(),
        |value| {
            let percent = grouped(value * 100.0, 0);
            if value > 0.0 && percent != "0" { format!("+{percent} %") } else { format!("{percent} %") }
        },
    )
}

/// Minutes as hours and minutes.
#[expect(clippy::cast_possible_truncation, reason = "minutes of a night, which are bounded")]
pub(super) fn minutes(value: Option<f64>) -> String {
    let Some(value) = value else {
        return NOTHING.to_owned();
    };
    let all = value.clamp(0.0, 1e9).round() as i64;
    if all < 60 { format!("{all} min") } else { format!("{} h {:02} min", all / 60, all % 60) }
}

/// A local time such as `2026-01-05T22:00:00` as `22:00`.
pub(super) fn clock(local: &str) -> &str {
    local.get(11..16).unwrap_or(NOTHING)
}

/// An instant as the API shows it, such as `2026-01-05T08:00:00.000+01:00`, as `2026-01-05 08:00`.
pub(super) fn date_time(shown: &str) -> String {
    match (shown.get(..10), shown.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time}"),
        _ => NOTHING.to_owned(),
    }
}

/// When a workout began on the clocks of its zone, or of this one, such as `2026-01-05 08:00`.
pub(super) fn workout_start(workout: &Value, zone: &str) -> String {
    let start_ms = parse_iso(text(workout, "start")).map(|date| date.ms);
    start_ms.map_or_else(|| NOTHING.to_owned(), |ms| date_time(&to_iso(ms + workout_shift_ms(workout, zone))))
}

/// What the clocks of a workout's zone, or of this one, are ahead of UTC at its start.
pub(super) fn workout_shift_ms(workout: &Value, zone: &str) -> i64 {
    let mut zones = Zones::default();
    let known = workout["zone"].as_str().and_then(|name| zones.add(name));
    let zone = known.or_else(|| zones.add(zone)).unwrap_or(Zones::UTC);
    parse_iso(text(workout, "start")).map_or(0, |date| zones.local_ms(zone, date.ms) - date.ms)
}

/// How long ago an instant was.
pub(super) fn age(shown: &str, now_ms: i64) -> String {
    let Some(date) = parse_iso(shown) else {
        return NOTHING.to_owned();
    };
    let ago_ms = now_ms - date.ms;
    match ago_ms {
        i64::MIN..MINUTE_MS => "just now".to_owned(),
        MINUTE_MS..HOUR_MS => format!("{} min ago", ago_ms / MINUTE_MS),
        HOUR_MS..DAY_MS => format!("{} h ago", ago_ms / HOUR_MS),
        _ if ago_ms < 2 * DAY_MS => "1 day ago".to_owned(),
        _ => format!("{} days ago", grouped_whole(ago_ms / DAY_MS)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of days")]
fn grouped_whole(number: i64) -> String {
    grouped(number as f64, 0)
}

/// The name of an activity, such as `running`, as a title.
pub(super) fn activity(value: &Value) -> String {
    let words = words(text(value, "activity"));
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "Activity".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_as_people_read_them() {
        assert_eq!(amount(Some(12_345.678), "count", "HKQuantityTypeIdentifierPushCount"), "12,346");
        assert_eq!(
            amount(Some(8438.67), "count", "HKQuantityTypeIdentifierStepCount"),
            "8,438",
            "as a phone shows them"
        );
        assert_eq!(amount(Some(12.75), "count", "HKQuantityTypeIdentifierFlightsClimbed"), "12");
        assert_eq!(amount(Some(1.5), "count", "HKQuantityTypeIdentifierNumberOfAlcoholicBeverages"), "1.5");
        assert_eq!(amount(Some(61.23), "count/min", "HKQuantityTypeIdentifierHeartRate"), "61.2 bpm");
        assert_eq!(amount(Some(0.97), "%", "HKQuantityTypeIdentifierOxygenSaturation"), "97 %");
        assert_eq!(amount(Some(36.65), "degC", ""), "36.6 °C");
        assert_eq!([0.64, 999.0, 5432.1].map(|way| amount(Some(way), "m", "")), ["0.64 m", "999 m", "5.43 km"]);
        assert_eq!((amount(None, "kg", ""), amount(Some(0.0), "kg", "")), ("–".to_owned(), "0 kg".to_owned()));
        assert_eq!([Some(-0.123), Some(0.05), Some(0.001), None].map(change), ["−12 %", "+5 %", "0 %", "–"]);
        assert_eq!([Some(432.4), Some(59.0), None].map(minutes), ["7 h 12 min", "59 min", "–"]);
        assert_eq!((clock("2026-01-05T22:00:00"), clock("x")), ("22:00", "–"));
        assert_eq!(date_time("2026-01-05T08:00:00.000+01:00"), "2026-01-05 08:00");
        for (zone, expected) in [
            (json!("Asia/Tokyo"), "2026-01-06 04:30"),
            (json!("Atlantis"), "2026-01-05 20:30"),
            (Value::Null, "2026-01-05 20:30"),
        ] {
            let workout = json!({"start": "2026-01-05T19:30:00.000Z", "zone": zone});
            assert_eq!(workout_start(&workout, "Europe/Berlin"), expected, "{zone}");
        }
        assert_eq!(workout_start(&json!({"start": "2026-01-05T20:30:00.000+01:00"}), "Atlantis"), "2026-01-05 19:30");
        assert_eq!(workout_start(&json!({"start": null}), "UTC"), "–");
        let now = 1_769_900_400_000;
        for (ago_ms, expected) in [
            (-5, "just now"),
            (12 * MINUTE_MS, "12 min ago"),
            (3 * HOUR_MS, "3 h ago"),
            (DAY_MS, "1 day ago"),
            (1500 * DAY_MS, "1,500 days ago"),
        ] {
            assert_eq!(age(&crate::model::time::to_iso(now - ago_ms), now), expected);
        }
        assert_eq!(activity(&json!({"activity": "traditionalStrengthTraining"})), "Traditional strength training");
        assert_eq!(activity(&json!({"activity": null})), "Activity");
    }
}
