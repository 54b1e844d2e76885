//! Decoding only: from a body in memory to rows that are not stored.

mod support {
    pub(crate) mod size;
    pub(crate) mod written;
}

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use healthsink::formats::payload::{Options, decode};
use healthsink::model::batch::Batch;
use healthsink::model::batch::Sink;
use healthsink::model::error::Result;
use healthsink_testdata::{Payload, Shape};

use support::size::size;
use support::written::records_of;

/// Every shape with its name.
const SHAPES: [(&str, Shape); 7] = [
    ("mixed", Shape::Mixed),
    ("heart_rate", Shape::HeartRate),
    ("steps", Shape::Steps),
    ("sleep", Shape::Sleep),
    ("workouts", Shape::Workouts),
    ("routes", Shape::Routes),
    ("medications", Shape::Medications),
];

#[derive(Default)]
struct Count {
    rows: usize,
    rejects: usize,
}

impl Sink for Count {
    fn submit(&mut self, batch: &mut Box<Batch>) -> Result<()> {
        // The phone sends unknown characteristics as null; they do not become rows.
        self.rows += batch.rows.len() - batch.rows.characteristics.len();
        self.rejects += batch.rows.rejects.len();
        batch.clear();
        Ok(())
    }
}

fn shapes(criterion: &mut Criterion) {
    let mut batch = Box::<Batch>::default();
    for (name, shape) in SHAPES {
        let target_bytes = size("HEALTHSINK_BENCH_BYTES", 8_000_000, 100_000);
        let (body, written) = Payload { shape, target_bytes, ..Payload::default() }.to_vec();
        let rows = records_of(&written);
        let mut group = criterion.benchmark_group(format!("decode/{name}"));
        group.throughput(Throughput::ElementsAndBytes { elements: rows, bytes: written.bytes }).sample_size(20);
        for (name, options) in [("lift", Options::default()), ("plain", Options { lift: false, ..Options::default() })]
        {
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    let mut count = Count::default();
                    let decoded = decode(body.as_slice(), options, &mut batch, &mut count);
                    decoded.outcome.expect("the payload is valid");
                    count.submit(&mut batch).expect("counting does not fail");
                    assert_eq!((count.rows as u64, count.rejects), (rows, 0));
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, shapes);
criterion_main!(benches);
