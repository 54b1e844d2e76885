//! The program, `healthsink follow --once`, into a server that only counts: points a second of wall time and of the follower's processor
//! time, the median of three.

mod support {
    pub(crate) mod size;
}

use std::process::Command;
use std::time::Instant;

use healthsink_testdata::Payload;
use healthsink_testkit::influx::{BUCKET, InfluxServer, ORG, TOKEN};

use support::size::size;

fn main() {
    let target_bytes = size("HEALTHSINK_BENCH_BYTES", 300_000_000, 200_000);
    let folder = tempfile::tempdir().expect("a scratch folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (file, db, token) = (place("payload.json"), place("health.db"), place("token"));
    std::fs::write(&token, TOKEN).expect("a file");
    let payload = Payload { target_bytes, ..Payload::default() };
    payload.write_to(&mut std::fs::File::create(&file).expect("a file")).expect("room for the payload");
    run(&["import", "--quiet", "--db", &db, &file]);
    let server = InfluxServer::counting();
    let url = server.url();
    let (mut rates, mut processor_rates) = (Vec::new(), Vec::new());
    let mut points = 0;
    for _ in 0..3 {
        let (before, used, started) = (server.taken().0, children_seconds(), Instant::now());
        let words = ["follow", "--once", "--resync", "--log-level", "warn", "--db", &db, "--influx-url", &url];
        let more = ["--influx-org", ORG, "--influx-bucket", BUCKET, "--influx-token-file", &token];
        run(&[&words[..], &more].concat());
        let taken = server.taken().0 - before;
        assert!(points == 0 || points == taken, "{taken}");
        points = taken;
        #[expect(clippy::cast_precision_loss, reason = "shown")]
        let points = points as f64;
        rates.push(points / started.elapsed().as_secs_f64());
        processor_rates.extend(used.zip(children_seconds()).map(|(before, after)| points / (after - before)));
    }
    let median = |rates: &mut Vec<f64>| {
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    };
    let (wall, processor) = (median(&mut rates), median(&mut processor_rates));
    println!(
        "{points} points, {:.0} points/s, {:.0} in a second of the follower's processor time; median of {}",
        wall.unwrap_or_default(),
        processor.unwrap_or_default(),
        rates.len()
    );
}

/// Processor time of programs that this one has run and waited for, where `/proc` has it.
fn children_seconds() -> Option<f64> {
    /// Linux counts in hundredths, whatever the processor.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may have spaces: the state is the third field, and these are the 16th and 17th.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(13);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS)
}

fn run(words: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_healthsink")).args(words).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
