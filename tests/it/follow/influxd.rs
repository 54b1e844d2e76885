//! A real InfluxDB 1: written, queried back, written twice, corrected, removed. Debian has it as `influxdb`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use healthsink_testdata::Payload;
use healthsink_testkit::http::{Client, Response};
use healthsink_testkit::influx::Stored;
use healthsink_testkit::missing::not_run;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Followed, check};
use crate::program::run;

/// The server, in a scratch folder; killed when dropped.
struct Influxd {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Influxd {
    /// Starts it on a free port. `None` if it is not installed.
    fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same with settings of HTTP.
    fn start_with(settings: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{}\"\n[data]\ndir = \"{}\"\nwal-dir = \"{}\"\n\
             index-version = \"tsi1\"\nquery-log-enabled = false\n[monitor]\nstore-enabled = false\n[retention]\nenabled = false\n\
             [shard-precreation]\nenabled = false\n[continuous_queries]\nenabled = false\n[http]\nbind-address = \"127.0.0.1:0\"\nlog-enabled = false\n{settings}\n",
            place("meta"),
            place("data"),
            place("wal"),
        );
        let file = folder.path().join("influxdb.conf");
        fs::write(&file, config).unwrap();
        let started = Command::new("influxd").arg("run").arg("-config").arg(file).stderr(Stdio::piped()).spawn();
        let mut child = started.ok()?;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line =
            lines.by_ref().map_while(Result::ok).find(|line| line.contains("Listening on HTTP")).expect("it listens");
        let address = line.split("addr=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().parse().unwrap();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Some(Self { child, address, _folder: folder })
    }

    fn query(&self, statement: &str) -> Value {
        let mut path = "/query?db=health&epoch=ns&q=".to_owned();
        for byte in statement.bytes() {
            path.push_str(&format!("%{byte:02X}"));
        }
        let mut client = Client::connect(self.address);
        client.head("POST", &path, &[("Content-Length", "0")]);
        let answer: Response = client.receive();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// All points, as the test's own server has them.
    fn all(&self) -> Vec<Stored> {
        let measurements = self.query("SHOW MEASUREMENTS");
        let names = measurements["results"][0]["series"][0]["values"].as_array().cloned().unwrap_or_default();
        let mut points = Vec::new();
        for name in names {
            let name = name[0].as_str().unwrap();
            let found = self.query(&format!("SELECT * FROM \"{name}\" GROUP BY *"));
            for series in found["results"][0]["series"].as_array().into_iter().flatten() {
                points.extend(stored(name, series));
            }
        }
        points
    }
}

fn stored(measurement: &str, series: &Value) -> Vec<Stored> {
    let tags = series["tags"].as_object().into_iter().flatten();
    let tags = tags.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
    let tags: std::collections::BTreeMap<String, String> = tags.filter(|(_, value)| !value.is_empty()).collect();
    let columns = series["columns"].as_array().unwrap();
    let rows = series["values"].as_array().unwrap().iter().map(|row| {
        let named = columns.iter().zip(row.as_array().unwrap()).skip(1).filter(|(_, value)| !value.is_null());
        let fields = named.map(|(name, value)| (name.as_str().unwrap().to_owned(), value.to_string()));
        Stored {
            measurement: measurement.to_owned(),
            tags: tags.clone(),
            fields: fields.collect(),
            at_ns: row[0].as_i64().unwrap(),
        }
    });
    rows.collect()
}

impl Drop for Influxd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_influxdb_has_what_the_database_has() {
    let Some(influxd) = Influxd::start() else {
        return not_run("influxd is missing (Debian: influxdb), so no real InfluxDB was written to");
    };
    influxd.query("CREATE DATABASE \"health\" WITH DURATION INF SHARD DURATION 52w");
    let followed = Followed::generated(150_000);
    let database = followed.database.to_str().unwrap();
    let url = format!("http://{}", influxd.address);
    let sync = |more: &[&str]| {
        let words = ["follow", "--once", "--db", database, "--influx-url", &url, "--influx-database", "health"];
        let output = run(&[&words, more].concat());
        assert!(output.status.success(), "{output:?}");
        check(&followed.database, &influxd.all());
    };
    sync(&[]);
    assert!(influxd.all().len() > 100);
    // Twice.
    sync(&["--resync"]);
    sync(&["--name", "another"]);
    // Corrected, two in one millisecond, removed.
    let sample = |number: u32, value: u32| {
        let at = "2026-01-05T08:00:00.000Z";
        json!({
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "startDate": at, "endDate": at, "value": value, "unit": "count",
        })
    };
    for values in [[1, 2], [1, 3]] {
        let samples = [sample(1, values[0]), sample(2, values[1])];
        followed.import(&json!({"HKQuantityTypeIdentifierStepCount": samples}));
        sync(&[]);
    }
    let forgotten = run(&["forget", "--yes", "--db", database, "--person", "me", "--type", "heart_rate"]);
    assert!(forgotten.status.success(), "{forgotten:?}");
    sync(&[]);
    assert!(
        influxd
            .all()
            .iter()
            .all(|point| !point.measurement.starts_with("heart_rate_d") && point.measurement != "heart_rate")
    );
    // Another name, and then everything of somebody else: an index in memory would hide the series that were written again.
    let mut body = Vec::new();
    Payload { seed: 6, target_bytes: 100_000, ..Payload::default() }.write_to(&mut body).unwrap();
    followed.import_as(&body, "ben");
    sync(&[]);
    for words in [&["people", "rename", "ben", "benjamin"][..], &["forget", "--yes", "--person", "me"]] {
        let done = run(&[words, &["--db", database]].concat());
        assert!(done.status.success(), "{done:?}");
        sync(&[]);
    }
    assert!(influxd.all().iter().all(|point| point.tag("person") == "benjamin"));
}

#[test]
fn a_real_influxdb_knows_its_users() {
    let Some(influxd) = Influxd::start_with("auth-enabled = true") else {
        return not_run("influxd is missing (Debian: influxdb), so no real InfluxDB was asked for its users");
    };
    // The first user may be made without one.
    influxd.query("CREATE USER \"owner\" WITH PASSWORD 'word:1' WITH ALL PRIVILEGES");
    let followed = Followed::generated(20_000);
    let database = followed.database.to_str().unwrap();
    let url = format!("http://{}", influxd.address);
    let follow = |user: &str, secret: &str| {
        let file = followed.folder.path().join("password");
        fs::write(&file, secret).unwrap();
        let words = ["follow", "--once", "--db", database, "--influx-url", &url, "--influx-database", "health"];
        let login = ["--influx-user", user, "--influx-password-file", file.to_str().unwrap()];
        let output = run(&[&words[..], &login].concat());
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let check = |found: (Option<i32>, String), code, part: &str| {
        assert!(found.0 == Some(code) && found.1.contains(part), "{found:?}");
    };
    check(follow("owner", "other"), 2, "does not know the token or the user");
    check(follow("nobody", "word:1"), 2, "does not know the token or the user");
    check(follow("owner", "w\u{f6}rd:1"), 2, "in plain letters");
    check(follow("owner", "word:1"), 2, "does not have this organization, bucket or database");
}
