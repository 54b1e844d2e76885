//! The text of a payload: envelope, sections, elements.

use std::io::{self, Write};

use crate::identity::Stream;
use crate::json::Json;
use crate::kind::Values;
use crate::medication;
use crate::order::Order;
use crate::payload::Written;
use crate::payload::envelope;
use crate::payload::section::{Layout, Section, SectionLimit};
use crate::route::{self, Track};
use crate::sample::Sample;
use crate::shares::Limit;
use crate::source::Fragments;
use crate::workout::Workout;
use crate::world::World;

/// Depth of objects within an element of `data`.
const ELEMENT_DEPTH: usize = 4;

#[derive(Debug)]
pub(crate) struct Document<'a, W> {
    world: World,
    sources: Vec<Fragments>,
    json: Json,
    out: &'a mut W,
    written: Written,
}

impl<'a, W: Write> Document<'a, W> {
    pub(crate) fn new(world: World, pretty: bool, out: &'a mut W) -> Self {
        Self {
            world,
            sources: Fragments::of_all(world.seed, world.keys, pretty, ELEMENT_DEPTH),
            json: Json::new(pretty),
            out,
            written: Written::default(),
        }
    }

    /// The whole body; returns how many elements each section got.
    pub(crate) fn write(&mut self, sections: &[SectionLimit], layout: &Layout) -> io::Result<Vec<(Section, u64)>> {
        let mut shuffle = self.world.shuffle(Stream::Keys, u64::MAX >> 16);
        let fields = ["exportDate", "startDate", "endDate", "syncSource", "characteristics", "data", "workoutRoutes"];
        let mut counts = Vec::with_capacity(sections.len());
        self.json.open(b'{');
        for field in self.world.keys.arrange(fields, &mut shuffle) {
            match field {
                "characteristics" => {
                    if layout.with_characteristics {
                        self.written.characteristics = envelope::write_characteristics(&self.world, &mut self.json);
                    }
                }
                "data" => {
                    let mut inside: Vec<SectionLimit> = sections.to_vec();
                    inside.retain(|limit| limit.section != Section::Routes);
                    self.world.keys.arrange_slice(&mut inside, &mut shuffle);
                    self.json.key(field);
                    self.json.open(b'{');
                    for limit in inside {
                        counts.push((limit.section, self.write_section(limit, layout.order)?));
                    }
                    self.json.close(b'}');
                }
                "workoutRoutes" => {
                    let routes = sections.iter().find(|limit| limit.section == Section::Routes);
                    if let Some(routes) = routes {
                        let workouts = layout.workouts.unwrap_or(self.written.workouts);
                        counts.push((routes.section, self.write_routes(routes.limit, workouts)?));
                    }
                }
                _ => envelope::write_field(field, &self.world, layout, &mut self.json),
            }
        }
        self.json.close(b'}');
        Ok(counts)
    }

    /// Writes the rest of the buffer.
    pub(crate) fn finish(mut self) -> io::Result<Written> {
        self.json.text.flush(self.out)?;
        self.out.flush()?;
        self.written.bytes = self.json.text.total_bytes();
        self.written.samples = self.written.quantity_samples + self.written.category_samples;
        Ok(self.written)
    }

    /// The size of a section's first element.
    pub(crate) fn measure_element(&mut self, section: Section) -> io::Result<u64> {
        let before = self.json.text.total_bytes();
        if section == Section::Routes {
            let workout = Workout::at(&self.world, 0);
            Track::of(&workout, &self.world).write_next(&self.world, &mut self.json);
        } else {
            self.write_element(section, 0);
        }
        let bytes = self.json.text.total_bytes() - before;
        self.json.text.flush(self.out)?;
        Ok(bytes)
    }

    /// An array of elements, or nothing where its limit is reached before.
    fn write_section(&mut self, limit: SectionLimit, order: Order) -> io::Result<u64> {
        let SectionLimit { section, limit } = limit;
        if limit.reached(self.json.text.total_bytes(), 0) {
            return Ok(0);
        }
        self.json.key(section.key());
        self.json.open(b'[');
        let mut count = 0;
        while !limit.reached(self.json.text.total_bytes(), count) {
            let index = match limit {
                Limit::Bytes { .. } => count,
                Limit::Elements(all) => order.index(self.world.seed, count, all),
            };
            self.write_element(section, index);
            self.json.text.spill(self.out)?;
            count += 1;
        }
        self.json.close(b']');
        Ok(count)
    }

    fn write_element(&mut self, section: Section, index: u64) {
        let Self { world, json, written, .. } = self;
        match section {
            Section::Samples(number) => {
                let sample = Sample::at(world, number, index);
                sample.write_json(world, &self.sources, json);
                match sample.kind.values {
                    Values::Quantity { .. } => written.quantity_samples += 1,
                    Values::Category(_) => written.category_samples += 1,
                }
                written.corrected_samples += u64::from(sample.corrected);
            }
            Section::Workouts => {
                Workout::at(world, index).write_json(world, json);
                written.workouts += 1;
            }
            Section::Doses => {
                medication::write_dose(world, index, json);
                written.medication_doses += 1;
            }
            Section::Definitions => {
                medication::write_definition(world, index, json);
                written.medications += 1;
            }
            Section::Routes => {}
        }
    }

    /// Routes of the workouts in turn, until there are enough points.
    fn write_routes(&mut self, limit: Limit, workouts: u64) -> io::Result<u64> {
        let world = self.world;
        let mut with_route = (0..workouts)
            .map(|index| Workout::at(&world, index))
            .filter_map(|workout| route::parts(&workout).map(|parts| (workout, parts)))
            .peekable();
        if with_route.peek().is_none() || limit.reached(self.json.text.total_bytes(), 0) {
            return Ok(0);
        }
        self.json.key(Section::Routes.key());
        self.json.open(b'{');
        while let Some((workout, mut parts)) = with_route.next() {
            if limit.reached(self.json.text.total_bytes(), self.written.route_points) {
                break;
            }
            if with_route.peek().is_none() {
                parts = [Some(u64::MAX), None];
            }
            self.json.uuid_key(workout.uuid);
            self.json.open(b'[');
            let mut track = Track::of(&workout, &world);
            for points in parts.into_iter().flatten() {
                self.write_route(&mut track, points, limit)?;
            }
            self.json.close(b']');
        }
        self.json.close(b'}');
        Ok(self.written.route_points)
    }

    fn write_route(&mut self, track: &mut Track, points: u64, limit: Limit) -> io::Result<()> {
        self.json.element();
        self.json.open(b'{');
        self.json.key("locations");
        self.json.open(b'[');
        for _ in 0..points {
            if limit.reached(self.json.text.total_bytes(), self.written.route_points) {
                break;
            }
            track.write_next(&self.world, &mut self.json);
            self.json.text.spill(self.out)?;
            self.written.route_points += 1;
        }
        self.json.close(b']');
        self.json.close(b'}');
        self.written.routes += 1;
        Ok(())
    }
}
