//! One night from left to right: a lane for each stage, and hours below.

use super::calendar::time_of_day;
use super::nights::{NightBar, Nights, Part, Stage};
use super::picture::{EDGE_PX, Picture, end};
use super::scale::float;
use super::svg::{Anchor, Path, Svg};
use super::text::{LABEL_PX, width};
use super::words;
use crate::model::limits::CHART_PARTS_MAX;

/// Lanes from the top down. Sleep of an unknown stage has one only if there is some.
const LANES: [Stage; 5] = [Stage::Awake, Stage::Rem, Stage::Core, Stage::Deep, Stage::Asleep];

/// Space for hours below the lanes, and between a name and its lane.
const FOOT_PX: f64 = 24.0;
const NAME_GAP_PX: f64 = 8.0;

/// A part that is shorter can still be seen.
const PART_PX_MIN: f64 = 0.7;

impl Nights {
    /// Draws the last night.
    #[must_use]
    pub fn hypnogram(&self, picture: Picture) -> String {
        let mut svg = picture.begin(&self.title, "", &self.stage_words());
        match self.bars.last().filter(|bar| bar.bed_min < bar.wake_min && !bar.parts.is_empty()) {
            None => words::nothing(&mut svg, picture, words::NOTHING),
            Some(bar) => lanes(&mut svg, bar, picture),
        }
        end(svg)
    }

    /// The stages of the last night in words.
    fn stage_words(&self) -> String {
        let mut text = self.words();
        if let Some(bar) = self.bars.last() {
            for stage in LANES {
                let minutes: f64 = bar.of(stage).map(|part| part.to_min - part.from_min).sum();
                if minutes > 0.0 {
                    text.push_str(&format!(" {}: {} min.", stage.name(), super::number::grouped(minutes, 0)));
                }
            }
        }
        text
    }
}

impl NightBar {
    fn of(&self, stage: Stage) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.stage == stage)
    }

    /// Bedtime and waking as local clocks show them.
    #[must_use]
    pub fn times(&self) -> [String; 2] {
        [self.bed_min, self.wake_min].map(time_of_day)
    }
}

fn lanes(svg: &mut Svg, bar: &NightBar, picture: Picture) {
    let (picture_width, height) = picture.size();
    let is_shown = |stage: &Stage| *stage != Stage::Asleep || bar.of(Stage::Asleep).next().is_some();
    let shown: Vec<Stage> = LANES.into_iter().filter(is_shown).collect();
    let widest = shown.iter().map(|stage| width(stage.name(), LABEL_PX)).fold(0.0, f64::max);
    let (left, right) = (EDGE_PX + widest + NAME_GAP_PX, picture_width - EDGE_PX);
    let (top, bottom) = (picture.top(), height - FOOT_PX);
    let lane = (bottom - top) / float(shown.len());
    let place = |min: f64| {
        left + (min.clamp(bar.bed_min, bar.wake_min) - bar.bed_min) / (bar.wake_min - bar.bed_min) * (right - left)
    };
    for (at, stage) in shown.iter().enumerate() {
        let y = top + lane * float(at);
        svg.line("c-grid", (left, y + lane), (right, y + lane));
        svg.text("c-label", Anchor::End, (left - NAME_GAP_PX, y + lane / 2.0 + LABEL_PX * 0.36), stage.name());
        let mut path = Path::default();
        for part in bar.of(*stage).take(CHART_PARTS_MAX / LANES.len()) {
            let (from, to) = (place(part.from_min), place(part.to_min));
            path.rect((from, y + lane * 0.15), ((to - from).max(PART_PX_MIN), lane * 0.7));
        }
        svg.path(stage.class(), &path);
    }
    hours(svg, bar, ((left, right), bottom), &place);
}

/// Full hours below the lanes, as many as there is room for.
fn hours(svg: &mut Svg, bar: &NightBar, ((left, right), bottom): ((f64, f64), f64), place: &dyn Fn(f64) -> f64) {
    let room = width("00:00", LABEL_PX) + 12.0;
    let minute_px = (right - left) / (bar.wake_min - bar.bed_min);
    let step =
        [1.0, 2.0, 3.0, 4.0, 6.0, 12.0].iter().find(|hours| *hours * 60.0 * minute_px >= room).unwrap_or(&24.0) * 60.0;
    let mut at = (bar.bed_min / step).ceil() * step;
    while at <= bar.wake_min {
        let x = place(at);
        svg.line("c-base", (x, bottom), (x, bottom + 4.0));
        if x + room / 2.0 <= right + EDGE_PX {
            svg.text("c-label", Anchor::Middle, (x, bottom + 17.0), &time_of_day(at));
        }
        at += step;
    }
}
