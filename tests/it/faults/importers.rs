//! Imports, commands and a server write to one database: each gets its turn, and no small upload waits for a whole import.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use healthsink_testdata::Payload;
use serde_json::json;

use crate::program::{Program, command};
use healthsink_testkit::database::one;
use healthsink_testkit::http::Client;

fn import(database: &str, file: &str) -> Child {
    let mut import: Command = command();
    import.args(["import", "--json", "--db", database, file]).stdout(Stdio::piped()).stderr(Stdio::piped());
    import.spawn().unwrap()
}

/// An import that takes the lock again at once would make most small uploads wait until it ends.
#[test]
fn small_uploads_beside_two_imports_get_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("health.db");
    let database = path.to_str().unwrap();
    let program = Program::serve(&path);
    let files: Vec<String> = (1..3_u64)
        .map(|seed| {
            let file = folder.path().join(format!("{seed}.json"));
            let (body, _) = Payload { seed, target_bytes: 90_000_000, ..Payload::default() }.to_vec();
            fs::write(&file, body).unwrap();
            file.to_str().unwrap().to_owned()
        })
        .collect();
    let is_over = AtomicBool::new(false);
    let beside = std::thread::scope(|scope| {
        let posts = scope.spawn(|| {
            let mut uploads = 0;
            while !is_over.load(Ordering::Relaxed) {
                let answer = Client::connect(program.address).post(&[], br#"{"data":{}}"#);
                assert_eq!(answer.status, 200, "after {uploads} uploads: {answer:?}");
                uploads += 1;
            }
            uploads
        });
        let imports: Vec<Child> = files.iter().map(|file| import(database, file)).collect();
        let ended: Vec<_> = imports.into_iter().map(|import| import.wait_with_output().unwrap()).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(|output| output.status.success()), "{ended:?}");
        posts.join().unwrap()
    });
    assert_eq!(one(&path, "SELECT count(*) FROM uploads WHERE state <> 'done'"), json!(0));
    // Most of them began after the first rows of an import, and ended before its last ones.
    let between = "SELECT count(*) FROM uploads u WHERE u.origin = 'http' AND EXISTS (SELECT 1 FROM uploads i
        WHERE i.origin <> 'http' AND u.started_ms > i.started_ms AND u.finished_ms < i.finished_ms)";
    let between = one(&path, between).as_u64().unwrap();
    println!("{beside} uploads, {between} of them between the rows of an import");
    assert!(between >= 2, "{between} of {beside}");
}
