//! The program, `healthsink follow --once`, into a server that only counts: points a second, the median of three.

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
    let mut rates = Vec::new();
    let mut points = 0;
    for _ in 0..3 {
        let (before, started) = (server.taken().0, Instant::now());
        let words = ["follow", "--once", "--resync", "--log-level", "warn", "--db", &db, "--influx-url", &url];
        let more = ["--influx-org", ORG, "--influx-bucket", BUCKET, "--influx-token-file", &token];
        run(&[&words[..], &more].concat());
        let taken = server.taken().0 - before;
        assert!(points == 0 || points == taken, "{taken}");
        points = taken;
        #[expect(clippy::cast_precision_loss, reason = "shown")]
        rates.push(points as f64 / started.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    println!("{points} points, {:.0} points/s; median of {}", rates[rates.len() / 2], rates.len());
}

fn run(words: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_healthsink")).args(words).output().expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
