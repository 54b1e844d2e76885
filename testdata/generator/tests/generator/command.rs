//! The program itself.

use std::process::{Command, Output};

use healthsink_testdata::Payload;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_healthsink-testdata")).args(arguments).output().expect("the program starts")
}

#[test]
fn the_payload_goes_to_stdout_and_its_counts_to_stderr() {
    let output = run(&["payload", "--bytes", "300K", "--seed", "5"]);
    let payload = Payload { seed: 5, target_bytes: 300_000, ..Payload::default() };
    let (body, written) = payload.to_vec();
    assert!(output.status.success());
    assert!(output.stdout == body);
    assert_eq!(String::from_utf8_lossy(&output.stderr), format!("{written}\n"));
}

#[test]
fn mistakes_are_one_line_and_usage_is_not_failure() {
    for (arguments, code) in
        [(&["payload", "--bytes", "many"][..], 2), (&["payload", "--bytes", "1K", "-o", "/nowhere/at/all.json"], 1)]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(code));
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.starts_with("healthsink-testdata: "), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    assert!(run(&["--help"]).stdout.starts_with(b"Realistic"));
}
