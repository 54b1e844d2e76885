//! A clinic or a study: people from a file, quotas, silent phones. Each on a file and, in a build with it, on PostgreSQL.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use healthsink_testkit::http::{Client, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Program, command, run_with_input};

/// A store of one kind.
pub(crate) struct Place {
    /// The flags that name it.
    flags: [String; 2],
    folder: TempDir,
    #[cfg(feature = "postgres")]
    postgres: Option<crate::postgres::cluster::Store>,
}

/// A file, and a database in PostgreSQL if it is there.
pub(crate) fn places() -> Vec<Place> {
    let folder = || tempfile::tempdir().unwrap();
    let file = folder();
    let flags = ["--db".to_owned(), file.path().join("health.db").to_str().unwrap().to_owned()];
    #[cfg(feature = "postgres")]
    {
        let postgres = crate::postgres::cluster::store().map(|store| Place {
            flags: ["--store".to_owned(), store.address()],
            folder: folder(),
            postgres: Some(store),
        });
        [Place { flags, folder: file, postgres: None }].into_iter().chain(postgres).collect()
    }
    #[cfg(not(feature = "postgres"))]
    vec![Place { flags, folder: file }]
}

impl Place {
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        run_with_input(command().args(arguments).args(&self.flags), b"")
    }

    /// Runs a command that must succeed. Returns its JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {output:?}"))
    }

    pub(crate) fn serve(&self) -> Program {
        Program::start(command().args(["serve", "--listen", "127.0.0.1:0"]).args(&self.flags))
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes rows by SQL: of a file, or of PostgreSQL.
    pub(crate) fn change(&self, file: &str, postgres: &str) {
        #[cfg(feature = "postgres")]
        if let Some(store) = &self.postgres {
            store.sql(postgres);
            return;
        }
        let _ = postgres;
        rusqlite::Connection::open(&self.flags[1]).unwrap().execute_batch(file).unwrap();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn post(address: SocketAddr, token: &str, body: &[u8]) -> Response {
    Client::connect(address).post(&[("Authorization", &format!("Bearer {token}"))], body)
}

/// Samples, of which some have no identity.
pub(crate) fn body(first: u32, good: u32, bad: u32) -> Vec<u8> {
    let sample = |number: u32| {
        json!({"uuid": format!("{number:08X}-0000-4000-8000-000000000000"), "startDate": "2024-05-01T00:00:00Z",
            "endDate": "2024-05-01T00:00:01Z", "value": number, "unit": "count"})
    };
    let rejected = |number: u32| json!({"uuid": format!("none {number}"), "value": number});
    let samples: Vec<Value> = (first..first + good).map(sample).chain((first..first + bad).map(rejected)).collect();
    serde_json::to_vec(&json!({"data": {"HKQuantityTypeIdentifierStepCount": samples}})).unwrap()
}

pub(crate) fn new_token(place: &Place, arguments: &[&str]) -> String {
    place.json(&[&["token", "new"], arguments].concat())["token"].as_str().unwrap().to_owned()
}

#[test]
fn people_and_tokens_come_from_a_file_all_or_none() {
    for place in places() {
        let roster = place.file("roster.csv", "person;label;bytes_per_day\r\np-0001;phone;\r\n\"p-0002\";;64M\r\n");
        let (roster, out) = (roster.to_str().unwrap().to_owned(), place.path("tokens.csv"));
        let import = ["token", "import", &roster, "--expires", "90d", "--rejects-per-day", "500"];
        let planned = place.json(&[&import[..], &["--dry-run"]].concat());
        assert_eq!(planned["tokens"][1]["person"], json!("p-0002"), "{planned}");
        assert!(planned["tokens"][0].get("token").is_none() && planned["dry_run"] == json!(true), "{planned}");
        let made = place.run(&[&import[..], &["--out", out.to_str().unwrap()]].concat());
        assert!(made.status.success() && made.stdout.is_empty(), "{made:?}");
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
        let written = fs::read_to_string(&out).unwrap();
        let lines: Vec<Vec<&str>> = written.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(lines[0], ["person", "label", "id", "expires", "token"]);
        assert_eq!(
            [lines[1][0], lines[1][1], lines[1][2], lines[2][0], lines[2][1]],
            ["p-0001", "phone", "1", "p-0002", ""]
        );
        let listed = place.json(&["token", "list"]);
        let quotas = |row: &Value| [row["bytes_per_day"].clone(), row["rejects_per_day"].clone()];
        assert_eq!(quotas(&listed[0]), [Value::Null, json!(500)]);
        assert_eq!(quotas(&listed[1]), [json!(64 << 20), json!(500)]);
        assert!(listed[1]["expires"].is_string());

        // Whatever is wrong, nothing is made.
        let more = place.file("more.csv", "person,label\np-0003,\np-0001,phone\np-0003,\n,x\n");
        let refused = place.run(&["token", "import", more.to_str().unwrap()]);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains("line 5: the person is missing"), "{said}");
        let more = place.file("more.csv", "person,label\np-0003,\np-0001,phone\np-0003,\n");
        let said = text(&place.run(&["token", "import", more.to_str().unwrap()]).stderr);
        assert!(said.contains("line 3: p-0001 has a valid token with label phone already, number 1"), "{said}");
        assert!(said.contains("line 4: p-0003 without a label is also in line 2"), "{said}");
        assert_eq!(place.json(&["token", "list"]).as_array().unwrap().len(), 2);
        let failed = place.run(&["token", "import", &roster, "--label", "watch", "--out", out.to_str().unwrap()]);
        assert!(text(&failed.stderr).contains("line 2: p-0001 has a valid token"), "{failed:?}");
        let skipped = ["token", "import", &roster, "--label", "watch", "--skip-known"];
        let failed = place.run(&[&skipped[..], &["--out", out.to_str().unwrap()]].concat());
        assert!(failed.status.code() == Some(1) && text(&failed.stderr).contains("does not exist yet"), "{failed:?}");
        assert_eq!(place.json(&["token", "list"]).as_array().unwrap().len(), 2);
        let printed = text(&place.run(&skipped).stdout);
        assert!(printed.lines().count() == 2 && printed.contains("\np-0002,watch,"), "{printed}");
        assert_eq!(fs::read_to_string(&out).unwrap(), written);

        let server = place.serve();
        for (line, expected) in [(1, 1), (2, 1)] {
            let answer = post(server.address, lines[line][4], &body(1, 1, 0));
            assert_eq!((answer.status, answer.field("new")), (200, json!(expected)), "{answer:?}");
        }
        assert_eq!(post(server.address, "hs_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &body(1, 1, 0)).status, 401);
    }
}

#[test]
fn a_quota_ends_the_uploads_of_its_token_for_the_day() {
    for place in places() {
        let limited = new_token(&place, &["--person", "p-1", "--bytes-per-day", "40k", "--rejects-per-day", "3"]);
        let free = new_token(&place, &["--person", "p-2"]);
        let server = place.serve();
        let small = body(1, 100, 0);
        assert_eq!(post(server.address, &limited, &small).status, 200);
        let refused = post(server.address, &limited, &body(1, 400, 0));
        assert_eq!(refused.status, 413, "longer than a whole day has: {refused:?}");
        // A body of unknown length is read until the day's bytes are used up; what came before is stored.
        let mut client = Client::connect(server.address);
        client.begin_chunked(&[("Authorization", &format!("Bearer {limited}"))]);
        for chunk in body(1000, 2000, 0).chunks(4000) {
            if client.chunk(chunk).is_err() {
                break;
            }
        }
        let cut = client.receive();
        assert_eq!(cut.status, 429, "{cut:?}");
        let problem = cut.json();
        assert!(problem["detail"].as_str().unwrap().contains("40960 bytes a day"), "{problem}");
        assert!(problem["stored"].as_u64().unwrap() > 0, "{problem}");
        let over = post(server.address, &limited, &body(1, 1, 0));
        let after: u32 = over.header("retry-after").expect("a time").parse().unwrap();
        assert!(over.status == 429 && (1..=86_400).contains(&after), "{over:?}");
        assert_eq!(post(server.address, &free, &small).status, 200, "others notice nothing");
        let listed = place.json(&["token", "list"]);
        assert!(listed[0]["bytes_today"].as_u64().unwrap() > 40 << 10, "{listed}");
        let status = place.json(&["status"]);
        let phone = status["phones"].as_array().unwrap().iter().find(|phone| phone["person"] == json!("p-1")).unwrap();
        assert_eq!([&phone["bytesToday"], &phone["bytesPerDay"]], [&listed[0]["bytes_today"], &json!(40 << 10)]);
        assert!(text(&place.run(&["status"]).stdout).contains(" of 41.0 kB"), "the phone's line has it");

        let changed = place.json(&["token", "quota", "1", "--bytes-per-day", "none"]);
        assert_eq!(changed["tokens"][0], json!({"id": 1, "bytes_per_day": null, "rejects_per_day": 3}));
        assert_eq!(post(server.address, &limited, &body(1, 400, 3)).status, 200);
        let rejected = post(server.address, &limited, &body(1, 1, 0));
        assert!(
            rejected.status == 429 && rejected.json()["detail"].as_str().unwrap().contains("rejected"),
            "{rejected:?}"
        );
        // Yesterday's use is not today's.
        let yesterday = "UPDATE tokens SET used_day = used_day - 1";
        place.change(yesterday, yesterday);
        let within = post(server.address, &limited, &body(5000, 1, 4));
        assert_eq!((within.status, &within.json()["stored"]), (429, &json!(1)), "{within:?}");
        assert_eq!(place.json(&["token", "list"])[0]["rejects_today"], json!(4));
        assert_eq!(place.run(&["token", "quota", "9", "--bytes-per-day", "1M"]).status.code(), Some(2));
        assert_eq!(place.run(&["token", "quota", "1"]).status.code(), Some(2));
    }
}

#[test]
fn silent_phones_are_listed_with_an_exit_code() {
    for place in places() {
        let token = new_token(&place, &["--person", "p-1", "--label", "phone"]);
        new_token(&place, &["--person", "p-2"]);
        new_token(&place, &["--person", "p-3", "--scope", "read"]);
        new_token(&place, &["--person", "p-4"]);
        assert!(place.run(&["token", "revoke", "4"]).status.success());
        let server = place.serve();
        assert_eq!(post(server.address, &token, &body(1, 1, 0)).status, 200);
        let none = place.run(&["status", "--silent", "3d"]);
        assert!(none.status.success() && text(&none.stdout).contains("No phone is silent"), "{none:?}");
        assert_eq!(place.json(&["status", "--silent", "3d"]), json!([]));
        let earlier = "UPDATE tokens SET created_ms = created_ms - 9 * 86400000; UPDATE uploads SET finished_ms = finished_ms - 4 * 86400000";
        let earlier_at = "UPDATE tokens SET created_at = created_at - interval '9 days'; UPDATE uploads SET finished_at = finished_at - interval '4 days'";
        place.change(earlier, earlier_at);
        let silent = place.run(&["status", "--silent", "3d", "--json"]);
        assert_eq!(silent.status.code(), Some(1), "{silent:?}");
        let rows: Value = serde_json::from_slice(&silent.stdout).unwrap();
        let seen: Vec<_> =
            rows.as_array().unwrap().iter().map(|row| (row["person"].clone(), row["lastUpload"].is_string())).collect();
        assert_eq!(seen, [(json!("p-2"), false), (json!("p-1"), true)], "{rows}");
        assert_eq!(rows[1]["silentSeconds"].as_i64().unwrap() / 86_400, 4);
        let shown = text(&place.run(&["status", "--silent", "3d"]).stdout);
        assert!(shown.contains("p-1") && shown.contains("phone") && shown.contains("4 days ago"), "{shown}");
        assert!(shown.contains("none, made 9 days ago"), "{shown}");
        assert_eq!(place.json(&["status", "--silent", "5d", "--person", "p-1"]), json!([]));
        assert_eq!(place.run(&["status", "--silent", "soon"]).status.code(), Some(2));
    }
}

/// A sample with a source and metadata.
fn sourced(number: u32, watch: &str) -> Vec<u8> {
    let sample = |number: u32| {
        json!({"uuid": format!("{number:08X}-0000-4000-8000-000000000000"), "startDate": "2024-05-01T00:00:00Z",
            "endDate": "2024-05-01T00:00:01Z", "value": number, "unit": "count", "metadata": {"of": watch},
            "sourceRevision": {"source": {"name": watch, "bundleIdentifier": "com.apple.health"}}})
    };
    let data = json!({"HKQuantityTypeIdentifierStepCount": [sample(number), sample(number + 1), {"uuid": "none"}]});
    serde_json::to_vec(&json!({"data": data, "characteristics": {"bloodType": 1}, "more": {"a": 1}})).unwrap()
}

/// Whether a text is in the stored texts of sources and metadata.
fn texts(place: &Place) -> String {
    let sql = "SELECT group_concat(json, ' ') AS row FROM (SELECT json FROM sources UNION ALL SELECT json FROM shared_metadata)";
    #[cfg(feature = "postgres")]
    if let Some(store) = &place.postgres {
        return store.sql(
            "SELECT string_agg(json, ' ') FROM (SELECT json FROM sources UNION ALL SELECT json FROM shared_metadata) t",
        );
    }
    let connection = rusqlite::Connection::open(&place.flags[1]).unwrap();
    connection.query_row(sql, [], |row| row.get::<_, Option<String>>(0)).unwrap().unwrap_or_default()
}

#[test]
fn a_person_is_erased_with_a_proof() {
    for place in places() {
        let is_file = place.flags[0] == "--db";
        let [anna, ben] = ["anna", "ben"].map(|person| new_token(&place, &["--person", person, "--label", person]));
        let server = place.serve();
        for (token, watch) in [(&anna, "Anna's Watch"), (&anna, "A Watch"), (&ben, "A Watch")] {
            for number in [1, 11] {
                assert_eq!(post(server.address, token, &sourced(number, watch)).status, 200);
            }
        }
        assert!(texts(&place).contains("Anna's Watch"));
        let proof = place.path("proof.json");
        let forget = ["forget", "--person", "anna", "--proof", proof.to_str().unwrap(), "--yes"];
        let planned = place.json(&[&forget[..], &["--dry-run"]].concat());
        assert!(planned["rows"].as_u64().unwrap() > 4 && !proof.exists(), "{planned}");
        let done = place.json(&forget);
        assert_eq!(fs::metadata(&proof).unwrap().permissions().mode() & 0o777, 0o600);
        let written: Value = serde_json::from_slice(&fs::read(&proof).unwrap()).unwrap();
        assert_eq!([&written["digest"], &written["person"]], [&done["digest"], &json!("anna")]);
        let rows_of =
            |name: &str| written["tables"].as_array().unwrap().iter().find(|row| row["table"] == json!(name)).unwrap();
        assert_eq!([&rows_of("samples")["deleted"], &rows_of("samples")["left"]], [&json!(4), &json!(0)]);
        assert_eq!(rows_of("tokens")["emptied"], json!(1));
        assert_eq!(rows_of("sources")["deleted"], json!(1), "ben has the other one: {written}");
        assert!(texts(&place).contains("A Watch") && !texts(&place).contains("Anna's"), "{}", texts(&place));
        assert_eq!(post(server.address, &anna, &sourced(1, "Anna's Watch")).status, 401);
        let listed = place.json(&["token", "list"]).to_string();
        assert!(!listed.contains("anna") && listed.contains("ben"), "{listed}");
        assert!(!place.json(&["status"]).to_string().contains("anna"));
        if is_file {
            let checked = place.run(&["check"]);
            assert!(checked.status.success() && checked.stdout.starts_with(b"sound: "), "{checked:?}");
            let backups = written["backups"].as_array().unwrap();
            assert!(
                backups.len() == 1 && backups[0]["rows"].as_u64().unwrap() > 4,
                "the copy before has it: {written}"
            );
            assert_eq!(place.run(&["people", "proof", proof.to_str().unwrap()]).status.code(), Some(1));
            fs::remove_file(backups[0]["path"].as_str().unwrap()).unwrap();
        }
        let checked = place.json(&["people", "proof", proof.to_str().unwrap()]);
        assert_eq!(
            [&checked["ok"], &checked["isUnchanged"], &checked["found"]],
            [&json!(true), &json!(true), &json!([])]
        );
        check_proof_later(&place, &proof, server.address);
        let unknown =
            place.run(&["forget", "--person", "dora", "--proof", place.path("none").to_str().unwrap(), "--yes"]);
        assert!(unknown.status.code() == Some(2) && !place.path("none").exists(), "{unknown:?}");
    }
}

/// Later events: the same texts, the same name, another word in the file.
fn check_proof_later(place: &Place, proof: &Path, address: SocketAddr) {
    let is_file = place.flags[0] == "--db";
    // A server that knew the text enters it again.
    let cleo = new_token(place, &["--person", "cleo"]);
    assert_eq!(post(address, &cleo, &sourced(1, "Anna's Watch")).field("new"), json!(2));
    assert!(texts(place).contains("Anna's Watch"));
    if is_file {
        let checked = place.run(&["check"]);
        assert!(checked.stdout.starts_with(b"sound: "), "{checked:?}");
    }
    // The same name again is found, and so is another word in the file.
    let again = new_token(place, &["--person", "anna"]);
    assert_eq!(post(address, &again, &sourced(1, "Anna's Watch")).status, 200);
    let found = place.run(&["people", "proof", proof.to_str().unwrap(), "--json"]);
    let seen: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!((found.status.code(), seen["isUnchanged"] == json!(true)), (Some(1), true), "{seen}");
    assert!(seen["found"].as_array().unwrap().iter().any(|row| row["table"] == json!("samples")), "{seen}");
    fs::write(proof, fs::read_to_string(proof).unwrap().replacen("\"deleted\": 4", "\"deleted\": 5", 1)).unwrap();
    let changed = place.run(&["people", "proof", proof.to_str().unwrap()]);
    let said = text(&changed.stdout);
    assert!(changed.status.code() == Some(1) && said.contains("its digest is another"), "{changed:?}");
}

/// The first person has the number that uploads without a name have.
#[test]
fn the_first_person_is_erased_and_uploads_go_on() {
    for place in places() {
        let server = place.serve();
        let send = || Client::connect(server.address).post(&[], &sourced(1, "Watch"));
        assert_eq!(send().field("new"), json!(2));
        let proof = place.path("proof.json");
        place.json(&["forget", "--person", "me", "--proof", proof.to_str().unwrap(), "--yes"]);
        assert_eq!(send().field("new"), json!(2));
        if place.flags[0] == "--store" {
            let refused = place.run(&["forget", "--person", "me", "--yes"]);
            assert!(text(&refused.stderr).contains("give --person and --proof"), "{refused:?}");
        }
    }
}
