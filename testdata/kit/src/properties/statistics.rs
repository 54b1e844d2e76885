//! Any samples of a person make figures that fit each other, in bounded memory.
//!
//! An input is a list of records of 16 bytes: a first byte selects the method and the zone. Each record moves the clock, and may
//! repeat its sample up to 16,000 times, so that short inputs have many samples under way at once.

use healthsink::statistics::facts::{Condensed, Fact, shadowed};
use healthsink::statistics::{
    Class, Days, Group, INSTANTS_MS, Method, Night, NightOutput, Nights, Order, Output, Partition, Ranks, Sample,
    Scale, SleepSample, Timeline, Total, Zones,
};

use crate::memory;

/// What a pass may hold.
const PASS_BYTES_MAX: usize = 16 << 20;

/// Samples of all records together.
const SAMPLES_MAX: usize = 100_000;

const METHODS: [Method; 9] = [
    Method::Sum,
    Method::Mean,
    Method::TimeWeighted,
    Method::Level,
    Method::StandHours,
    Method::Sessions,
    Method::Values,
    Method::Sleep,
    Method::Unknown,
];

/// Asserts that figures fit each other, and that a pass holds little.
pub fn check(input: &[u8]) {
    let Some((first, records)) = input.split_first() else {
        return;
    };
    let method = METHODS[usize::from(first % 9)];
    let timeline = timeline(first / 9);
    let keys = ["watch", "phone", "app", "scale", "hand"];
    let classes = [Class::Watch, Class::Phone, Class::App, Class::Other, Class::Manual];
    let groups: Vec<Group<'_>> =
        keys.iter().zip(classes).map(|(key, class)| Group { key, class, first_ms: 0 }).collect();
    let ranks = Ranks::new(&groups, Order { listed: &[], ignored: &["scale"] });
    let samples = samples(records);
    let days = days(method, Scale::Day, &timeline, &ranks, &samples);
    check_totals(&days);
    // An hour costs as much as a day, and a long sample has thousands.
    let is_short = samples.iter().all(|sample| sample.end() - sample.start_ms < 1 << 33) && samples.len() < 1000;
    if method == Method::Sum && is_short {
        let hours = days_of(&days).len();
        let by_hour = self::days(method, Scale::Hour, &timeline, &ranks, &samples);
        check_totals(&by_hour);
        let is_positive = samples.iter().all(|sample| sample.value.is_none_or(|value| value >= 0.0));
        let by_hour = days_of(&by_hour);
        assert_eq!(hours, by_hour.len());
        for ((day, sum), (other, of_hours)) in days_of(&days).into_iter().zip(by_hour).filter(|_| is_positive) {
            assert_eq!(day, other);
            // The smallest numbers have few digits.
            let most = 1e-9 * sum + f64::MIN_POSITIVE;
            assert!(sum == of_hours || (sum - of_hours).abs() <= most, "{sum:e} {of_hours:e}");
        }
    }
    check_nights(&timeline, &ranks, &samples);
    check_facts(&samples);
}

/// Each sample by its record, in the order of their starts.
fn samples(records: &[u8]) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut now_ms = 1_743_100_000_000_i64;
    for record in records.chunks_exact(16) {
        let number = |at: usize| i64::from(u16::from_le_bytes([record[at], record[at + 1]]));
        let unit = [1, 1000, 60_000, 86_400_000][usize::from(record[0] % 4)];
        now_ms += number(2) * unit;
        if record[0] & 0x80 != 0 {
            now_ms = i64::from_le_bytes([record[8], record[9], record[10], record[11], record[12], record[13], 0, 0])
                - (1 << 47);
        }
        let step = i64::from(record[1] % 3);
        let length = (number(4) - i64::from(record[0] & 0x40 != 0) * 1000)
            * [1, 1000, 60_000, 600_000][usize::from(record[0] >> 2 & 3)];
        let value = match record[6] % 8 {
            0 => None,
            1 => Some(f64::from_bits(u64::from_le_bytes([
                record[8], record[9], record[10], record[11], record[12], record[13], record[14], record[7],
            ]))),
            2 => Some(f64::NAN),
            _ => Some(f64::from(record[7] % 8)),
        };
        let repeats = i64::from(record[15] % 128).pow(2).max(1);
        for repeat in 0..repeats {
            if samples.len() >= SAMPLES_MAX {
                break;
            }
            let start_ms = now_ms + repeat * step;
            samples.push(Sample {
                start_ms,
                end_ms: (record[1] & 0x80 == 0).then_some(start_ms + length),
                value,
                group: u32::from(record[6] >> 4 & 7) + u32::from(repeat & 1 == 1) * u32::from(record[1] >> 4 & 3),
                partition: [Partition::Whole, Partition::Basal, Partition::Bolus][usize::from(record[1] >> 2 & 3) % 3],
                created_ms: (record[7] & 0x80 != 0).then_some(number(8)),
            });
        }
    }
    samples.sort_by_key(|sample| sample.start_ms);
    samples
}

/// Zones that have everything: summer time, half hours, journeys over the date line.
fn timeline(selector: u8) -> Timeline {
    let mut zones = Zones::default();
    let names = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Mars/Olympus"];
    let home = zones.add(names[usize::from(selector) % names.len()]);
    let away = zones.add("Pacific/Kiritimati").expect("it exists");
    let changes =
        [(INSTANTS_MS.start, home.unwrap_or(Zones::UTC)), (1_743_200_000_000, away), (1_743_200_900_000, Zones::UTC)];
    Timeline::new(zones, home, if selector.is_multiple_of(2) { &changes } else { &[] })
}

fn days(method: Method, scale: Scale, timeline: &Timeline, ranks: &Ranks, samples: &[Sample]) -> Vec<Total> {
    let mut totals = Vec::new();
    let mut left_out = 0;
    let ((), peak) = memory::peak_of(|| {
        let mut output = |output: Output<'_>| match output {
            // Only what the pass holds is measured.
            Output::Total(total) if totals.len() < 5000 => totals.push(total.clone()),
            Output::Total(_) => {}
            Output::LeftOut(..) => left_out += 1,
        };
        let mut pass = Days::new(method, timeline, ranks, scale);
        for sample in samples {
            pass.push(sample, &mut output).expect("they are sorted");
        }
        pass.finish(&mut output);
    });
    let kept = totals.len() * (size_of::<Total>() + 1024) * 2;
    assert!(peak <= PASS_BYTES_MAX + kept, "a pass held {peak} bytes");
    assert!(totals.iter().map(|total| total.count).sum::<u64>() + left_out <= samples.len() as u64);
    totals
}

fn days_of(totals: &[Total]) -> Vec<(i32, f64)> {
    let mut days: Vec<(i32, f64)> = Vec::new();
    for total in totals {
        let (day, value) = (total.bucket.day.days(), total.value.unwrap_or(0.0));
        match days.last_mut() {
            Some((last, sum)) if *last == day => *sum += value,
            _ => days.push((day, value)),
        }
    }
    days
}

fn check_totals(totals: &[Total]) {
    for pair in totals.windows(2) {
        assert!(pair[0].bucket.end_ms <= pair[1].bucket.start_ms, "{pair:?}");
        assert!(pair[0].bucket.day <= pair[1].bucket.day);
    }
    for total in totals {
        let length_ms = total.bucket.end_ms - total.bucket.start_ms;
        assert!((0..=length_ms).contains(&total.covered_ms), "{total:?}");
        assert!(total.minimum.is_none_or(|minimum| Some(minimum) <= total.maximum), "{total:?}");
        if let (Some(value), Some(naive)) = (total.value, total.naive) {
            let is_positive = total.minimum.is_none_or(|minimum| minimum >= 0.0) && value >= 0.0 && naive >= 0.0;
            let has_whole_samples = total.count > 0 && !total.has_long;
            assert!(value <= naive || !is_positive || !has_whole_samples || naive.is_nan(), "{total:?}");
        }
        for part in &total.groups {
            assert!((0..=length_ms).contains(&part.covered_ms), "{total:?}");
        }
    }
}

fn check_nights(timeline: &Timeline, ranks: &Ranks, samples: &[Sample]) {
    let mut last: Option<Night> = None;
    let ((), peak) = memory::peak_of(|| {
        let mut output = |output: NightOutput<'_>| {
            let NightOutput::Night(night) = output else {
                return;
            };
            assert!(last.as_ref().is_none_or(|last| last.day < night.day), "{night:?}");
            let length_ms: i64 = night.periods.iter().map(|period| period.to_ms - period.from_ms).sum();
            let stages = night.core_ms + night.deep_ms + night.rem_ms + night.unspecified_ms;
            assert_eq!(stages, night.asleep_ms.unwrap_or(0));
            assert!(stages + night.awake_ms <= length_ms && night.in_bed_ms <= length_ms, "{night:?}");
            assert!(night.is_cut || night.segments.iter().all(|segment| segment.from_ms < segment.to_ms));
            last = Some(night.clone());
        };
        let mut pass = Nights::new(timeline, ranks);
        for sample in samples {
            #[expect(clippy::cast_possible_truncation, reason = "only small whole numbers are stages")]
            let value = sample.value.filter(|value| value.abs() < 9.0).map(|value| value as i64);
            let sleep = SleepSample {
                start_ms: sample.start_ms,
                end_ms: sample.end_ms,
                value,
                group: sample.group,
                zone: timeline.zones().find("Europe/Berlin").filter(|_| sample.created_ms.is_some()),
            };
            pass.push(&sleep, &mut output).expect("they are sorted");
        }
        pass.finish(&mut output);
    });
    assert!(peak <= PASS_BYTES_MAX, "nights held {peak} bytes");
}

fn check_facts(samples: &[Sample]) {
    let fact = |sample: &Sample| Fact {
        start_ms: sample.start_ms,
        end_ms: sample.end(),
        value: sample.value.unwrap_or(f64::NAN),
        group: sample.group,
        created_ms: sample.created_ms,
    };
    let facts: Vec<Fact> = samples.iter().map(fact).collect();
    for condensed in [Condensed::Sum, Condensed::Mean] {
        let (shadows, peak) = memory::peak_of(|| shadowed(condensed, &facts));
        assert!(peak <= PASS_BYTES_MAX, "a search held {peak} bytes");
        for (place, shadow) in shadows.iter().enumerate() {
            if let Some(kept) = shadow {
                assert!(*kept != place && shadows[*kept].is_none(), "{place} {kept}");
                assert_eq!(facts[*kept].group, facts[place].group);
            }
        }
    }
}
