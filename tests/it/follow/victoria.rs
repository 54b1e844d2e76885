//! A real VictoriaMetrics by its endpoint of InfluxDB 2: written, counted, corrected. Debian has it as `victoria-metrics`.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use healthsink_testkit::http::{Client, Response};
use healthsink_testkit::missing::not_run;
use healthsink_testkit::wait::wait_until;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Followed, arguments, expected_samples};
use crate::program::run;

/// The server, in a scratch folder; killed when dropped.
struct Victoria {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Victoria {
    /// Starts it. `None` if it is not installed.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        // It does not say which free port it has taken.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let started = Command::new("victoria-metrics")
            .arg(format!("-httpListenAddr={address}"))
            .arg(format!("-storageDataPath={}", folder.path().join("data").display()))
            .args(["-retentionPeriod=100y", "-memory.allowedBytes=64MB"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let mut server = Self { child: started.ok()?, address, folder };
        wait_until("VictoriaMetrics", || {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {:?}", fs::read_to_string(server.folder.path().join("log")));
            TcpStream::connect(server.address).ok()
        });
        Some(server)
    }

    fn get(&self, path: &str) -> Response {
        let mut client = Client::connect(self.address);
        client.head("GET", path, &[]);
        let answer: Response = client.receive();
        assert!(answer.status < 300, "{path}: {answer:?}");
        answer
    }

    /// Numbers of a person in each series' name, in order.
    fn values(&self, person: &str) -> BTreeMap<String, Vec<f64>> {
        self.get("/internal/force_flush");
        let answer = self.get(&format!("/api/v1/export?start=0&match%5B%5D=%7Bperson%3D%22{person}%22%7D"));
        let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for line in String::from_utf8(answer.body).unwrap().lines() {
            let series: Value = serde_json::from_str(line).unwrap();
            let numbers = series["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
            values.entry(series["metric"]["__name__"].as_str().unwrap().to_owned()).or_default().extend(numbers);
        }
        values.values_mut().for_each(|numbers| numbers.sort_by(f64::total_cmp));
        values
    }
}

impl Drop for Victoria {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_victoria_metrics_has_the_numbers_of_the_database() {
    let Some(server) = Victoria::start() else {
        return not_run(
            "victoria-metrics is missing (Debian: victoria-metrics), so no real VictoriaMetrics was written to",
        );
    };
    let followed = Followed::generated(150_000);
    let url = format!("http://{}", server.address);
    let follow = || {
        let words = arguments(&followed.database, &url, &followed.folder.path().join("token"));
        let more = ["--once", "--influx-numbers-only"].map(str::to_owned);
        let output = run(&[&words[..], &more].concat());
        assert!(output.status.success(), "{output:?}");
    };
    follow();
    let values = server.values("me");
    let mut checked = 0;
    for (_, measurement, count, sum) in expected_samples(&followed.database) {
        let found = &values[&format!("{measurement}_value")];
        let found_sum: f64 = found.iter().sum();
        assert_eq!(found.len() as u64, count, "{measurement}");
        assert!((found_sum - sum).abs() <= 1e-9 * sum.abs().max(1.0), "{measurement}: {found_sum} {sum}");
        checked += count;
    }
    assert!(checked > 100, "{checked}");
    let nights = healthsink_testkit::database::rows(&followed.database, "SELECT night FROM nights").len();
    assert_eq!(values["nights_asleep_min"].len(), nights);
    // It keeps both of two values that were corrected, and deletes nothing.
    let import = |value: u32| {
        let at = "2026-05-05T08:00:00.000Z";
        followed.import(&json!({"HKQuantityTypeIdentifierUVExposure": [{
            "uuid": "10000000-0000-4000-8000-000000000001", "startDate": at, "endDate": at, "value": value, "unit": "count",
        }]}));
    };
    import(5);
    follow();
    import(6);
    follow();
    assert_eq!(server.values("me")["uv_exposure_value"], [5.0, 6.0]);
    assert!(followed.status()["followers"][0]["undeleted"].as_u64().unwrap() > 0);
}
