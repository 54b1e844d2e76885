//! A made-up year whose right figures are known: a phone, a watch and an app that overlap, gaps, a journey, both changes of clocks,
//! condensed workouts, nights and naps.

use crate::model::time::MINUTE_MS;
use std::collections::BTreeMap;

use super::super::facts::{Condensed, Fact, shadowed};
use super::super::{
    LocalDay, Method, Night, NightOutput, Nights, Order, PeriodKind, Ranks, Sample, Scale, SleepSample, Timeline,
};
use super::{GROUPS, at, group, journey, pass};

/// The same numbers at every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 % bound.unsigned_abs()).unwrap()
    }
}

/// Home in New York, three weeks in Tokyo.
fn life() -> Timeline {
    let journey_times =
        [("2025-06-10T09:00:00-04:00", "Asia/Tokyo"), ("2025-07-01T18:00:00+09:00", "America/New_York")];
    journey("America/New_York", &journey_times)
}

/// The local date by the clocks that the person saw.
fn date(at_ms: i64) -> LocalDay {
    let (there, back) = (at("2025-06-10T09:00:00-04:00"), at("2025-07-01T18:00:00+09:00"));
    let hours = match at_ms {
        _ if (there..back).contains(&at_ms) => 9,
        _ if (at("2025-03-09T02:00:00-05:00")..at("2025-11-02T02:00:00-04:00")).contains(&at_ms) => -4,
        _ => -5,
    };
    LocalDay::of_local_ms(at_ms + hours * 60 * MINUTE_MS)
}

fn amount(group_name: &str, start_ms: i64, minutes: i64, value: i64) -> Sample {
    Sample {
        start_ms,
        end_ms: Some(start_ms + minutes * MINUTE_MS),
        value: Some(value as f64),
        group: group(group_name),
        ..Sample::default()
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one story")]
fn steps_of_a_year() {
    let mut dice = Dice(7);
    let (from, to) = (at("2025-01-01T05:00:00Z"), at("2026-01-01T05:00:00Z"));
    let (mut samples, mut truth) = (Vec::new(), BTreeMap::<LocalDay, f64>::new());
    let (mut now, mut is_worn) = (from, true);
    while now < to {
        // The watch is worn, or lies about; the phone counts less and always.
        let minutes = 30 + dice.below(600);
        let end = (now + minutes * MINUTE_MS).min(to);
        let mut at_ms = now;
        while at_ms < end {
            let value = dice.below(100);
            samples.push(amount("P", at_ms, 1, value / 2));
            let counts = if is_worn { value } else { value / 2 };
            *truth.entry(date(at_ms)).or_default() += counts as f64;
            if is_worn {
                samples.push(amount("W", at_ms, 1, value));
            }
            at_ms += MINUTE_MS;
        }
        if is_worn && end < to && minutes > 60 {
            // HealthKit has condensed an hour of it, and an app has counted the same time.
            let inside =
                |sample: &&Sample| sample.group == group("W") && (now..now + 60 * MINUTE_MS).contains(&sample.start_ms);
            let sum: f64 = samples
                .iter()
                .rev()
                .take_while(|sample| sample.start_ms >= now)
                .filter(inside)
                .filter_map(|sample| sample.value)
                .sum();
            samples.push(Sample { value: Some(sum), ..amount("W", now, 60, 0) });
            samples.push(amount("A", now, 60, 9000));
        }
        (now, is_worn) = (end, !is_worn);
    }
    samples.sort_by_key(|sample| sample.start_ms);
    let facts: Vec<Fact> = samples
        .iter()
        .map(|sample| Fact {
            start_ms: sample.start_ms,
            end_ms: sample.end(),
            value: sample.value.unwrap(),
            group: sample.group,
            created_ms: None,
        })
        .collect();
    // A window ends where no sample is under way.
    let mut kept = Vec::new();
    let mut first = 0;
    while first < samples.len() {
        let mut last = (first + 20_000).min(samples.len());
        let reaches = |last: usize| samples[first..last].iter().any(|sample| sample.end() > samples[last].start_ms);
        while last < samples.len() && reaches(last) {
            last += 1;
        }
        let shadows = shadowed(Condensed::Sum, &facts[first..last]);
        kept.extend(
            samples[first..last].iter().zip(shadows).filter(|(_, shadow)| shadow.is_none()).map(|(sample, _)| *sample),
        );
        first = last;
    }
    assert!(kept.len() + 100 < samples.len(), "{} {}", kept.len(), samples.len());
    let days = pass(Method::Sum, &life(), Order::default(), Scale::Day, &kept);
    assert!(truth.len() > 364);
    assert_eq!(days.by_day(), truth);
}

#[test]
fn nights_of_a_year() {
    let (timeline, mut dice) = (life(), Dice(5));
    let (mut samples, mut truth) = (Vec::new(), BTreeMap::<LocalDay, (i64, i64, usize)>::new());
    let sleep = |group_name: &str, value: i64, start_ms: i64, minutes: i64| SleepSample {
        start_ms,
        end_ms: Some(start_ms + minutes * MINUTE_MS),
        value: Some(value),
        group: group(group_name),
        zone: None,
    };
    let first = date(at("2025-01-02T12:00:00Z"));
    for number in 0..360 {
        let day = LocalDay::new(first.days() + number);
        // From 22:00 to 01:00.
        let start = Nights::start_ms(&timeline, timeline.zone_at(timeline.day_start_ms(day)), day);
        let mut now = start + (240 + dice.below(180)) * MINUTE_MS;
        let figures = truth.entry(day).or_default();
        // An app guesses a longer sleep, the phone time in bed: 20 minutes before and 10 after.
        let (bedtime, mut minutes) = (now, 0);
        while minutes < 380 {
            let (stage, length) = (2 + dice.below(4), 5 + dice.below(40));
            samples.push(sleep("W", stage, now, length));
            let figure = if stage == 2 { &mut figures.1 } else { &mut figures.0 };
            *figure += length;
            (now, minutes) = (now + length * MINUTE_MS, minutes + length);
        }
        samples.push(sleep("A", 1, bedtime - 15 * MINUTE_MS, minutes + 15));
        samples.push(sleep("P", 0, bedtime - 20 * MINUTE_MS, minutes + 30));
        figures.0 += 15;
        if dice.below(5) == 0 {
            // A nap from 13:00 on. It is over before the zone changes.
            samples.push(sleep("W", 3, start + 19 * 60 * MINUTE_MS, 30));
            figures.0 += 30;
            figures.2 += 1;
        }
    }
    samples.sort_by_key(|sample| sample.start_ms);
    let ranks = Ranks::new(&GROUPS, Order::default());
    let mut found: BTreeMap<LocalDay, (i64, i64, usize)> = BTreeMap::new();
    let mut output = |output: NightOutput<'_>| {
        let NightOutput::Night(night) = output else {
            panic!("{output:?}");
        };
        let night: &Night = night;
        found.insert(night.day, (night.asleep_ms.unwrap() / MINUTE_MS, night.awake_ms / MINUTE_MS, night.naps()));
        assert!(night.periods.iter().any(|period| period.kind == PeriodKind::Main) && !night.is_in_bed_estimated);
    };
    let mut pass = Nights::new(&timeline, &ranks);
    samples.iter().for_each(|sample| pass.push(sample, &mut output).unwrap());
    pass.finish(&mut output);
    assert_eq!(found, truth);
}
