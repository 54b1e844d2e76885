//! Flat memory, measured: the real program, its peak as the kernel counts it (VmHWM), a fresh process for each body.
//!
//! The bodies are written as they are sent, so this test holds none of them either.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "the other test binary uses the rest")]
#[path = "common/mod.rs"]
mod common;

use std::fs;
use std::io::{self, Write};

use common::http::{Client, Response};
use common::program::Program;
use healthsink_testdata::{Payload, Written};
use serde_json::json;

const MB: u64 = 1_000_000;

/// How much more the peak may be than that of 5 MB, in KiB.
const MORE_KIB_MAX: u64 = 2048;

/// The body of an upload under way.
struct Body<'a>(&'a mut Client);

impl Write for Body<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.chunk(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// So many bytes of one.
fn repeat(byte: u8, mut bytes: u64, body: &mut Body<'_>) -> io::Result<()> {
    let piece = [byte; 64 << 10];
    while bytes > 0 {
        let part = bytes.min(piece.len() as u64);
        body.write_all(&piece[..usize::try_from(part).unwrap()])?;
        bytes -= part;
    }
    Ok(())
}

/// Uploads what is written, to a program of its own: returns its answer and its peak in KiB.
fn peak_of<T>(write: impl FnOnce(&mut Body<'_>) -> io::Result<T>) -> (Response, u64, T) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(&folder.path().join("health.db"));
    let mut client = Client::connect(program.address);
    client.begin_chunked(&[]);
    let written = write(&mut Body(&mut client)).expect("the server reads the body to its end");
    let answer = client.end_chunked();
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells the peak");
    (answer, line.trim().trim_end_matches(" kB").parse().unwrap(), written)
}

fn generated(bytes: u64) -> Payload {
    Payload { seed: 11, target_bytes: bytes, ..Payload::default() }
}

fn check_whole(answer: &Response, written: &Written) {
    let all = written.samples + written.workouts + written.medication_doses + written.medications;
    assert_eq!((answer.status, answer.field("count")), (200, json!(all)), "{answer:?}");
    assert_eq!(answer.field("routePoints"), json!(written.route_points));
}

/// 5 MB with something before it that is 50 MB long: returns the number of rejects.
fn peak_with(before: &str, byte: u8, behind: &str) -> (u64, u64) {
    let (answer, peak, written) = peak_of(|body| {
        body.write_all(before.as_bytes())?;
        repeat(byte, 50 * MB, body)?;
        body.write_all(behind.as_bytes())?;
        // The generated body goes on where this object ends: its own bracket is left out.
        let mut rest = SkipFirst { body, is_first: true };
        generated(5 * MB).write_to(&mut rest)
    });
    check_whole(&answer, &written);
    (answer.field("rejected").as_u64().unwrap(), peak)
}

/// Leaves out the first byte.
struct SkipFirst<'a, 'b> {
    body: &'a mut Body<'b>,
    is_first: bool,
}

impl Write for SkipFirst<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = usize::from(std::mem::take(&mut self.is_first)).min(bytes.len());
        self.body.write_all(&bytes[skipped..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_peak_does_not_grow_with_the_body() {
    let (answer, base, written) = peak_of(|body| generated(5 * MB).write_to(body));
    check_whole(&answer, &written);
    let check = |what: &str, peak: u64| {
        eprintln!("{what}: {peak} KiB, {} more than 5 MB alone", i128::from(peak) - i128::from(base));
        assert!(peak <= base + MORE_KIB_MAX, "{what}: {peak} KiB, 5 MB alone: {base} KiB");
    };
    let (answer, peak, written) = peak_of(|body| generated(50 * MB).write_to(body));
    check_whole(&answer, &written);
    check("50 MB of records", peak);

    let element =
        r#"{"data":{"HKQuantityTypeIdentifierHeartRate":[{"uuid":"F0000000-0000-4000-8000-000000000001","metadata":{"#;
    let (rejected, peak) = peak_with(&format!(r#"{element}"k":""#), b'x', r#""}}]},"#);
    check("a text of 50 MB in an element", peak);
    assert_eq!(rejected, 1);
    let (rejected, peak) = peak_with(&format!(r#"{element}""#), b'x', r#"":1}}]},"#);
    check("a name of 50 MB in an element", peak);
    assert_eq!(rejected, 1);
    let (rejected, peak) = peak_with(&format!(r#"{element}"k":["#), b' ', r#"]}}]},"#);
    check("50 MB of white space in an element", peak);
    assert_eq!(rejected, 1);
    let (rejected, peak) = peak_with(r#"{"note":""#, b'x', r#"","#);
    check("a text of 50 MB at the top", peak);
    assert_eq!(rejected, 1);
    let (rejected, peak) = peak_with(r#"{""#, b'x', r#"":1,"#);
    check("a name of 50 MB at the top", peak);
    assert_eq!(rejected, 1);
    let (rejected, peak) = peak_with("{", b' ', "");
    check("50 MB of white space at the top", peak);
    assert_eq!(rejected, 0);
}
