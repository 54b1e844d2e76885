//! Nights as bars from bedtime to waking, with the stages of sleep in them. Time runs downwards.

use super::bars::slot;
use super::calendar::{Bucket, Clock, Span, time_of_day};
use super::frame::Plot;
use super::picture::{EDGE_PX, Picture, end};
use super::scale::float;
use super::svg::{Anchor, Path, Svg};
use super::text::{LABEL_PX, width};
use super::words;
use crate::model::limits::{CHART_PARTS_MAX, CHART_TIPS_MAX};
use crate::statistics::LocalDay;

/// A stage of sleep.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Deep sleep.
    Deep,
    /// Core sleep.
    Core,
    /// REM sleep.
    Rem,
    /// Sleep of an unknown stage.
    Asleep,
    /// Awake.
    Awake,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Deep, Self::Core, Self::Rem, Self::Asleep, Self::Awake];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deep => "Deep",
            Self::Core => "Core",
            Self::Rem => "REM",
            Self::Asleep => "Asleep",
            Self::Awake => "Awake",
        }
    }

    /// The class of its colour.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Deep => "c-deep",
            Self::Core => "c-core",
            Self::Rem => "c-rem",
            Self::Asleep => "c-asleep",
            Self::Awake => "c-awake",
        }
    }
}

/// A part of a bar, in minutes from local midnight on; before it they are negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Where it begins.
    pub from_min: f64,
    /// Where it ends.
    pub to_min: f64,
    /// The stage.
    pub stage: Stage,
}

/// A night, or the mean of several.
#[derive(Clone, Debug)]
pub struct NightBar {
    /// The local date of the morning, or the first one of several.
    pub day: LocalDay,
    /// The date behind it.
    pub end: LocalDay,
    /// Bedtime in minutes from midnight on.
    pub bed_min: f64,
    /// Waking, in the same.
    pub wake_min: f64,
    /// Minutes asleep.
    pub asleep_min: f64,
    /// Stages in time order.
    pub parts: Vec<Part>,
    /// Whether it is not over yet, or cut.
    pub is_partial: bool,
}

/// Nights in time order.
#[derive(Clone, Debug)]
pub struct Nights {
    /// What it is of.
    pub title: String,
    /// The time of each bar.
    pub bucket: Bucket,
    /// The first date that was asked for, and the one behind the last; those of the bars if none.
    pub span: (Option<LocalDay>, Option<LocalDay>),
    /// Whether that leaves out nights of the first bar, and of the last one.
    pub is_cut: (bool, bool),
    /// The bars.
    pub bars: Vec<NightBar>,
}

/// Space between two bars, and the part of a night that it may take.
const GAP_PX: f64 = 3.0;
const GAP_PART: f64 = 0.3;

/// Separator between two names of stages.
const LEGEND_GAP_PX: f64 = 14.0;
const LEGEND_BOX_PX: f64 = 10.0;

fn place_ms(day: LocalDay) -> i64 {
    i64::from(day.days()) * crate::model::time::DAY_MS
}

impl Nights {
    /// Draws the chart.
    #[must_use]
    pub fn draw(&self, picture: Picture) -> String {
        let clock = Clock::Local;
        let span = self.span(&clock);
        let below = self.asked(&clock).map(|asked| self.below(&asked)).unwrap_or_default();
        let mut svg = picture.begin(&self.title, &below, &self.words());
        let Some(span) = span.filter(|_| !self.bars.is_empty()) else {
            words::nothing(&mut svg, picture, words::NOTHING);
            return end(svg);
        };
        let (from_min, to_min, step_min) = self.hours(picture.steps());
        let marks: Vec<f64> =
            (0..=48).map(|at| from_min + float(at) * step_min).take_while(|at| *at <= to_min).collect();
        let labels: Vec<String> = marks.iter().map(|at| time_of_day(*at)).collect();
        let mut plot = picture.plot(labels.iter().map(String::as_str));
        let stages = self.stages();
        plot.down.0 += legend(&mut svg, &stages, (plot.down.0, picture.size().0));
        let place = |min: f64| {
            let part = (min.clamp(from_min, to_min) - from_min) / (to_min - from_min);
            plot.down.0 + part * (plot.down.1 - plot.down.0)
        };
        let numbers: Vec<(f64, String)> = marks.iter().map(|at| place(*at)).zip(labels).collect();
        plot.numbers(&mut svg, &numbers);
        self.bars(&mut svg, &span, plot, &place);
        plot.dates(&mut svg, &span, self.bucket);
        end(svg)
    }

    /// The dates that were asked for.
    fn asked<'a>(&self, clock: &'a Clock) -> Option<Span<'a>> {
        let from = self.span.0.or(self.bars.first().map(|bar| bar.day))?;
        let to = self.span.1.or(self.bars.last().map(|bar| bar.end))?;
        (from < to).then_some(Span { from_ms: place_ms(from), to_ms: place_ms(to), clock })
    }

    /// What the axis shows: the first and the last bar may reach beyond those dates.
    fn span<'a>(&self, clock: &'a Clock) -> Option<Span<'a>> {
        let mut span = self.asked(clock)?;
        span.from_ms = self.bars.first().map_or(span.from_ms, |bar| span.from_ms.min(place_ms(bar.day)));
        span.to_ms = self.bars.last().map_or(span.to_ms, |bar| span.to_ms.max(place_ms(bar.end)));
        Some(span)
    }

    fn below(&self, span: &Span<'_>) -> String {
        let what =
            if self.bucket == Bucket::Day { "by night".to_owned() } else { format!("mean by {}", self.bucket.name()) };
        format!("{}, {what}", words::dates(span))
    }

    /// The nights in words.
    #[must_use]
    pub fn words(&self) -> String {
        let clock = Clock::Local;
        let Some(asked) = self.asked(&clock) else {
            return format!("{}.", words::NOTHING);
        };
        let whole: Vec<&NightBar> = self.bars.iter().filter(|bar| !bar.is_partial).collect();
        let mut text = format!("{}.", self.below(&asked));
        if self.bars.is_empty() {
            return text + " " + words::NOTHING + ".";
        }
        if !whole.is_empty() {
            text.push_str(&self.means(&whole));
        }
        let last = self.bars.len() - 1;
        for (at, bar) in self.bars.iter().enumerate().filter(|(at, bar)| bar.is_partial && [0, last].contains(at)) {
            let is_end = (at == 0, at == last);
            let is_cut = (is_end.0 && self.is_cut.0) || (is_end.1 && self.is_cut.1);
            if self.bucket == Bucket::Day {
                text.push_str(&format!(" The last night is not over yet: {}.", bar.tip()));
            } else {
                text.push_str(&words::part_of(self.bucket, is_end, is_cut, &bar.tip()));
            }
        }
        text
    }

    fn means(&self, whole: &[&NightBar]) -> String {
        let mean = |of: fn(&NightBar) -> f64| whole.iter().map(|bar| of(bar)).sum::<f64>() / float(whole.len());
        let asleep = mean(|bar| bar.asleep_min);
        let name = if self.bucket == Bucket::Day { "night" } else { self.bucket.name() };
        format!(
            " {} whole {name}{} with data. On average asleep for {}, from bed at {} to waking at {}.",
            whole.len(),
            if whole.len() == 1 { "" } else { "s" },
            duration(asleep),
            time_of_day(mean(|bar| bar.bed_min)),
            time_of_day(mean(|bar| bar.wake_min)),
        )
    }

    /// The first and the last hour of the axis, and how far its marks are apart.
    fn hours(&self, steps: f64) -> (f64, f64, f64) {
        let low = self.bars.iter().map(|bar| bar.bed_min).fold(f64::INFINITY, f64::min).max(-1440.0);
        let high = self.bars.iter().map(|bar| bar.wake_min).fold(f64::NEG_INFINITY, f64::max).min(2880.0);
        let high = high.max(low + 60.0);
        let fits = |hours: &&f64| (high - low) / (**hours * 60.0) <= steps.max(1.0);
        let step = [1.0, 2.0, 3.0, 4.0, 6.0, 12.0].iter().find(fits).unwrap_or(&24.0) * 60.0;
        ((low / step).floor() * step, (high / step).ceil() * step, step)
    }

    /// The stages that are there.
    fn stages(&self) -> Vec<Stage> {
        let has = |stage: &Stage| self.bars.iter().any(|bar| bar.parts.iter().any(|part| part.stage == *stage));
        Stage::ALL.into_iter().filter(has).collect()
    }

    fn bars(&self, svg: &mut Svg, span: &Span<'_>, plot: Plot, place: &dyn Fn(f64) -> f64) {
        let mut beds = Path::default();
        let mut stages: [Path; 5] = Default::default();
        let mut open = Path::default();
        let parts_most = CHART_PARTS_MAX / self.bars.len().max(1);
        let shown = || self.bars.iter().filter(|bar| bar.bed_min < bar.wake_min);
        let across = |bar: &NightBar| {
            let [left, right] = [bar.day, bar.end].map(|day| span.place(place_ms(day), plot.across));
            slot((left, right), GAP_PX, GAP_PART)
        };
        for bar in shown() {
            let (left, width) = across(bar);
            let (top, bottom) = (place(bar.bed_min), place(bar.wake_min));
            beds.rect((left, top), (width, bottom - top));
            for (rows, stage) in bar.rows((top, bottom), place, parts_most) {
                if let Some(at) = Stage::ALL.iter().position(|known| *known == stage) {
                    stages[at].rect((left, rows.0), (width, rows.1 - rows.0));
                }
            }
            if bar.is_partial {
                open.rect((left, top), (width, bottom - top));
            }
        }
        svg.path("c-bed", &beds);
        for (stage, path) in Stage::ALL.iter().zip(&stages) {
            svg.path(stage.class(), path);
        }
        svg.path("c-base c-dash", &open);
        if self.bars.len() <= CHART_TIPS_MAX {
            for bar in shown() {
                let (left, width) = across(bar);
                let (top, bottom) = (place(bar.bed_min), place(bar.wake_min));
                svg.rect("c-tip", (left, top), (width, bottom - top), Some(&bar.tip()));
            }
        }
    }
}

impl NightBar {
    fn tip(&self) -> String {
        let date = super::calendar::date(place_ms(self.day));
        let (bed, wake) = (time_of_day(self.bed_min), time_of_day(self.wake_min));
        format!("{date}: asleep for {}, {bed} to {wake}", duration(self.asleep_min))
    }

    /// The stages as rows of pixels: so many parts at most, whatever a night has.
    fn rows(
        &self,
        (top, bottom): (f64, f64),
        place: &dyn Fn(f64) -> f64,
        parts_most: usize,
    ) -> Vec<((f64, f64), Stage)> {
        let row_px = ((bottom - top) / float(parts_most.max(1))).max(1.0);
        let mut rows: Vec<((f64, f64), Stage)> = Vec::new();
        for part in &self.parts {
            let (from, to) = (place(part.from_min).max(top), place(part.to_min).min(bottom));
            if from >= to {
                continue;
            }
            match rows.last_mut() {
                Some((last, stage)) if *stage == part.stage && from - last.1 < row_px => last.1 = to,
                // A part that is smaller than a row gives its place to the one before it.
                Some((last, _)) if to - from < row_px && from - last.1 < row_px => last.1 = last.1.max(to),
                _ if to - from < row_px / 2.0 => {}
                _ => rows.push(((from, to), part.stage)),
            }
        }
        rows.truncate(parts_most);
        rows
    }
}

/// Names the stages in a line, and returns its height; 0 if it has no room.
fn legend(svg: &mut Svg, stages: &[Stage], (top, picture_width): (f64, f64)) -> f64 {
    let widths: Vec<f64> = stages.iter().map(|stage| LEGEND_BOX_PX + 5.0 + width(stage.name(), LABEL_PX)).collect();
    let all: f64 = widths.iter().sum::<f64>() + LEGEND_GAP_PX * float(stages.len().saturating_sub(1));
    if stages.is_empty() || all > picture_width - 2.0 * EDGE_PX {
        return 0.0;
    }
    let mut left = EDGE_PX;
    for (stage, width) in stages.iter().zip(&widths) {
        svg.rect(stage.class(), (left, top), (LEGEND_BOX_PX, LEGEND_BOX_PX), None);
        svg.text("c-label", Anchor::Start, (left + LEGEND_BOX_PX + 5.0, top + 9.5), stage.name());
        left += width + LEGEND_GAP_PX;
    }
    26.0
}

/// A duration in hours and minutes.
#[expect(clippy::cast_possible_truncation, reason = "minutes of a night")]
fn duration(minutes: f64) -> String {
    let minutes = minutes.clamp(0.0, 1e6).round() as i64;
    format!("{} h {:02} min", minutes / 60, minutes % 60)
}
