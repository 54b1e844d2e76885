//! Numbers as people read them.

/// A number with a comma between thousands, rounded to so many decimals.
#[must_use]
pub fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    if value.abs() >= 1e15 {
        return format!("{value:.2e}").replace('-', "−");
    }
    let plain = format!("{:.decimals$}", value.abs());
    let (whole, rest) = plain.split_at(plain.find('.').unwrap_or(plain.len()));
    let is_zero = plain.bytes().all(|byte| byte == b'0' || byte == b'.');
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    format!("{sign}{}{rest}", with_commas(whole))
}

/// Digits with a comma before each three.
#[must_use]
pub fn with_commas(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with as many decimals as say something, two at most unless it is small.
#[must_use]
pub fn exact(value: f64) -> String {
    let decimals = match value.abs() {
        0.1.. => 2,
        0.001.. => 4,
        _ => 6,
    };
    let text = grouped(value, decimals);
    if !text.contains('.') || text.contains('e') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number on an axis whose numbers are a step apart.
pub(super) fn on_axis(value: f64, step: f64) -> String {
    for (unit, name) in [(1e12, "T"), (1e9, "bn"), (1e6, "M")] {
        if step >= unit / 1000.0 && value.abs() >= unit {
            if value.abs() >= 1e15 {
                return format!("{value:.1e}").replace('-', "−");
            }
            return format!("{} {name}", exact(value / unit));
        }
    }
    grouped(value, decimals(step))
}

fn decimals(step: f64) -> usize {
    (0..8)
        .find(|decimals| step * 10_f64.powi(*decimals) >= 0.999)
        .and_then(|decimals| usize::try_from(decimals).ok())
        .unwrap_or(8)
}
