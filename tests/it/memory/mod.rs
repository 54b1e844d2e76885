//! Flat memory, measured: the real program and its peak as the kernel counts it (VmHWM), in a fresh process for each body.
//!
//! The bodies are generated while they are sent, so the tests also hold none of them.

mod imports;
mod texts;

use std::fs;
use std::io::{self, Read, Write};
use std::process::Stdio;

use crate::program::{Program, command};
use healthsink::model::limits;
use healthsink::model::memory as equation;
use healthsink_testdata::{Payload, Written};
use healthsink_testkit::http::{Client, PATH, Response};
use healthsink_testkit::http2::{Http2, run};
use healthsink_testkit::tls::Authority;
use serde_json::json;

const MB: u64 = 1_000_000;

/// KiB by which the peak may exceed that of 5 MB, or what the equation says. Figures are computed beside it, and a busy machine's
/// allocator returns late what other threads have freed.
pub(crate) const MORE_KIB_MAX: u64 = 2560;

/// KiB that an import or a command may take: 24 MiB in total, of which 6 are pages of the released program.
const IMPORT_KIB_MAX: u64 = 18 << 10;

/// The body of an upload under way.
pub(crate) struct Body<'a>(pub(crate) &'a mut Client);

impl Write for Body<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.chunk(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Repeats a few bytes up to this length.
fn repeat(bytes_of_piece: &[u8], mut bytes: u64, body: &mut Body<'_>) -> io::Result<()> {
    let piece = bytes_of_piece.repeat((64 << 10) / bytes_of_piece.len());
    while bytes > 0 {
        let part = bytes.min(piece.len() as u64);
        body.write_all(&piece[..usize::try_from(part).unwrap()])?;
        bytes -= part;
    }
    Ok(())
}

/// Uploads what `write` writes, to a new process. Returns its answer and its peak in KiB.
fn peak_of<T>(write: impl FnOnce(&mut Body<'_>) -> io::Result<T>) -> (Response, u64, T) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::serve(&folder.path().join("health.db"));
    let mut client = Client::connect(program.address);
    let (answer, written) = upload(&mut client, write);
    (answer, peak_kib(program.id()), written)
}

fn upload<T>(client: &mut Client, write: impl FnOnce(&mut Body<'_>) -> io::Result<T>) -> (Response, T) {
    client.begin_chunked(&[]);
    let written = write(&mut Body(client)).expect("the server reads the body to its end");
    (client.end_chunked(), written)
}

/// Returns a running process's peak in KiB, without the pages of its program and libraries. A debug build has several times as
/// many as the released one. Which of them a run touches depends on the turns of its threads.
pub(crate) fn peak_kib(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let kib = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux reports memory");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    };
    kib("VmHWM:") - kib("RssFile:")
}

/// Runs a program that speaks HTTPS while `act` uses it. Returns its peak in KiB.
fn peak_of_https(authority: &Authority, act: impl FnOnce(&Program)) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let files = authority.issue().write(folder.path());
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(folder.path().join("health.db"));
    serve.arg("--tls-cert").arg(files.cert).arg("--tls-key").arg(files.key);
    let program = Program::start(&mut serve);
    act(&program);
    peak_kib(program.id())
}

fn generated(bytes: u64) -> Payload {
    Payload { seed: 11, target_bytes: bytes, ..Payload::default() }
}

fn check_whole(answer: &Response, written: &Written) {
    let all = written.samples + written.workouts + written.medication_doses + written.medications;
    assert_eq!((answer.status, answer.field("count")), (200, json!(all)), "{answer:?}");
    assert_eq!(answer.field("routePoints"), json!(written.route_points));
}

/// Uploads 5 MB behind a text of 50 MB. Returns the number of rejects.
fn peak_with(before: &str, repeated: &[u8], behind: &str) -> (u64, u64) {
    let (answer, peak, written) = peak_of(|body| {
        body.write_all(before.as_bytes())?;
        repeat(repeated, 50 * MB, body)?;
        body.write_all(behind.as_bytes())?;
        // The generated body continues where this object ends, so its opening bracket is omitted.
        let mut rest = SkipFirst { body, is_first: true };
        generated(5 * MB).write_to(&mut rest)
    });
    check_whole(&answer, &written);
    (answer.field("rejected").as_u64().unwrap(), peak)
}

/// Omits the first byte.
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

/// Returns the least of three peaks, or the first that is low enough: the scheduling of threads adds some hundred KiB.
fn least(low_enough: u64, measure: impl Fn() -> u64) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..3 {
        least = least.min(measure());
        if least <= low_enough {
            break;
        }
    }
    least
}

#[test]
fn the_peak_does_not_grow_with_the_body() {
    let peak_of_records = |bytes: u64| {
        let (answer, peak, written) = peak_of(|body| generated(bytes).write_to(body));
        check_whole(&answer, &written);
        peak
    };
    let base = least(0, || peak_of_records(5 * MB));
    let check = |what: &str, measure: &dyn Fn() -> u64| {
        let peak = least(base + MORE_KIB_MAX, measure);
        println!("{what}: {peak} KiB, 5 MB only: {base} KiB");
        assert!(peak <= base + MORE_KIB_MAX, "{what}: {peak} KiB, 5 MB only: {base} KiB");
    };
    check("50 MB of records", &|| peak_of_records(50 * MB));

    let check_long = |what: &str, before: &str, repeated: &[u8], behind: &str, expected: u64| {
        check(what, &|| {
            let (rejected, peak) = peak_with(before, repeated, behind);
            assert_eq!(rejected, expected, "{what}");
            peak
        });
    };
    let element =
        r#"{"data":{"HKQuantityTypeIdentifierHeartRate":[{"uuid":"F0000000-0000-4000-8000-000000000001","metadata":{"#;
    check_long("a text of 50 MB in an element", &format!(r#"{element}"k":""#), b"x", r#""}}]},"#, 1);
    check_long("a name of 50 MB in an element", &format!(r#"{element}""#), b"x", r#"":1}}]},"#, 1);
    check_long("a number of 50 MB in an element", &format!(r#"{element}"k":1"#), b"0", "}}]},", 1);
    check_long("50 MB of white space in an element", &format!(r#"{element}"k":["#), b" ", "]}}]},", 1);
    check_long("a text of 50 MB at the top", r#"{"note":""#, b"x", r#"","#, 1);
    check_long("a name of 50 MB at the top", r#"{""#, b"x", r#"":1,"#, 1);
    // The number is cut, and then it is not a double: two rejects.
    check_long("a number of 50 MB at the top", r#"{"number":1"#, b"0", ",", 2);
    check_long("50 MB of values in one record of an unknown section", r#"{"notes":[["#, b"0,", "0]],", 1);
    check_long("50 MB of white space at the top", "{", b" ", "", 0);
}

/// Several senders at once send elements near the limit, with many values and escapes. They wait on the disk; the memory for
/// one of them is taken once, and freed.
#[test]
fn uploads_of_the_largest_elements_stay_within_their_bound() {
    let values = "1,".repeat(900_000);
    let text = "a\\n".repeat(750_000);
    let event = r#"{"type":1,"startDate":"2026-01-01T10:00:00.000Z","endDate":"2026-01-01T10:00:00.000Z"},"#;
    let events = event.repeat(4_000_000 / event.len());
    let peak_of = |uploads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::serve(&folder.path().join("health.db"));
        let idle = peak_kib(program.id());
        std::thread::scope(|scope| {
            for number in 0..uploads {
                let (values, text, events, address) = (&values, &text, &events, program.address);
                scope.spawn(move || {
                    let mut client = Client::connect(address);
                    let (answer, ()) = upload(&mut client, |body| {
                        body.write_all(br#"{"data":{"notes":[0"#)?;
                        for element in 0..3 {
                            write!(body, r#",{{"x":[{values}"{text}"],"n":[{number},{element}]}}"#)?;
                        }
                        body.write_all(br#"],"workouts":["#)?;
                        for element in 0..3 {
                            let comma = if element == 0 { "" } else { "," };
                            let id = format!("00000000-0000-4000-8000-{:012}", 10 * number + element);
                            let date = "2026-01-01T10:00:00.000Z";
                            write!(body, r#"{comma}{{"events":[{events}1],"uuid":"{id}","startDate":"{date}"}}"#)?;
                        }
                        body.write_all(b"]}}")
                    });
                    let counts = [answer.field("count"), answer.field("rejected")];
                    assert_eq!((answer.status, counts), (200, [json!(7), json!(0)]), "{answer:?}");
                });
            }
        });
        peak_kib(program.id()) - idle
    };
    for uploads in [1, limits::INGESTS_MAX] {
        let most = uploads * equation::ingest_bytes() + equation::hostile_bytes(uploads) + limits::PAGE_CACHE_BYTES;
        let most = most as u64 / 1024 + MORE_KIB_MAX;
        let peak = least(most, || peak_of(uploads));
        println!("{uploads} uploads of the largest elements: {peak} KiB more than idle, allowed {most} KiB");
        assert!(peak <= most, "{uploads} uploads: {peak} KiB, allowed {most} KiB");
    }
}

/// Electrocardiograms of Health Auto Export, with the blanks that some versions write, from one sender and from all at once.
#[test]
fn recordings_of_all_senders_at_once_stay_within_their_bound() {
    let voltage =
        "\n  {\n    \"date\": 1788745353.9960487,\n    \"voltage\": -22.084741592407227,\n    \"units\": \"mcV\"\n  }";
    let voltages = vec![voltage; 45_000].join(",");
    let peak_of = |uploads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::serve(&folder.path().join("health.db"));
        let idle = peak_kib(program.id());
        std::thread::scope(|scope| {
            for number in 0..uploads {
                let (voltages, address) = (&voltages, program.address);
                scope.spawn(move || {
                    let mut client = Client::connect(address);
                    let (answer, ()) = upload(&mut client, |body| {
                        body.write_all(br#"{"data":{"ecg":["#)?;
                        for element in 0..3 {
                            let comma = if element == 0 { "" } else { "," };
                            write!(body, r#"{comma}{{"voltageMeasurements":[{voltages}],"n":[{number},{element}]}}"#)?;
                        }
                        body.write_all(b"]}}")
                    });
                    let counts = [answer.field("new"), answer.field("rejected")];
                    assert_eq!((answer.status, counts), (200, [json!(3), json!(0)]), "{answer:?}");
                });
            }
        });
        peak_kib(program.id()) - idle
    };
    for uploads in [1, limits::INGESTS_MAX] {
        let most =
            uploads * equation::ingest_bytes() + equation::auto_export_element_bytes() + limits::PAGE_CACHE_BYTES;
        // The days of what is stored are computed beside it.
        let most = most + limits::DERIVED_CACHE_BYTES;
        let most = most as u64 / 1024;
        let peak = least(most, || peak_of(uploads));
        println!("{uploads} uploads of recordings: {peak} KiB more than idle, allowed {most} KiB");
        assert!(peak <= most, "{uploads} uploads: {peak} KiB, allowed {most} KiB");
    }
}

/// The longest elements of Health Auto Export without a list that could go to pieces. They are texts with escapes and without,
/// many members, and objects that are put in order.
#[test]
fn elements_without_lists_stay_within_their_bound() {
    let escapes = format!("\"{}\"", "a\\n".repeat(1_250_000));
    let text = format!("\"{}\"", "x".repeat(4_000_000));
    let members: Vec<String> = (0..18_000).map(|member| format!("\"{}\":{member}", 99_999 - member)).collect();
    let members = members.join(",");
    let deep: Vec<String> = (0..70_000).map(|member| format!("\"{}\":[{member}]", 999_999 - member)).collect();
    let deep = format!("{{{}}}", deep.join(","));
    let peak_of = |uploads: usize| {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::serve(&folder.path().join("health.db"));
        let idle = peak_kib(program.id());
        std::thread::scope(|scope| {
            for number in 0..uploads {
                let (escapes, text, members, deep, address) = (&escapes, &text, &members, &deep, program.address);
                scope.spawn(move || {
                    let mut client = Client::connect(address);
                    let (answer, ()) = upload(&mut client, |body| {
                        write!(body, r#"{{"data":{{"symptoms":[{{"n":{number},{members}}}"#)?;
                        for value in [escapes, text, deep] {
                            write!(body, r#",{{"n":{number},"value":{value}}}"#)?;
                        }
                        let date = "2026-05-01 08:00:00 +0200";
                        let point = format!(r#""date":"{date}","source":"{number}""#);
                        write!(
                            body,
                            r#"],"metrics":[{{"name":"m","data":[{{"x":{text},{point}}},{{"x":{deep},{point}}}"#
                        )?;
                        let workout = format!(r#""name":"{number}","start":"{date}""#);
                        write!(body, r#"]}}],"workouts":[{{"x":{escapes},{workout}}},{{"x":[{deep}],{workout}}}]}}}}"#)
                    });
                    let counts = [answer.field("count"), answer.field("rejected")];
                    assert_eq!((answer.status, counts), (200, [json!(8), json!(0)]), "{answer:?}");
                });
            }
        });
        peak_kib(program.id()) - idle
    };
    for uploads in [1, limits::INGESTS_MAX] {
        let most =
            uploads * equation::ingest_bytes() + equation::auto_export_element_bytes() + limits::PAGE_CACHE_BYTES;
        // Two points have one time: SQLite compares their rows, and reads the stored one.
        let most = (most + limits::AUTO_EXPORT_OTHER_BYTES_MAX) as u64 / 1024 + MORE_KIB_MAX;
        let peak = least(most, || peak_of(uploads));
        println!("{uploads} uploads of long elements: {peak} KiB more than idle, allowed {most} KiB");
        assert!(peak <= most, "{uploads} uploads: {peak} KiB, allowed {most} KiB");
    }
}

#[test]
fn the_peak_does_not_grow_with_a_body_by_https() {
    let authority = Authority::new();
    let peak_of_records = |bytes: u64| {
        peak_of_https(&authority, |program| {
            let mut client = authority.connect(program.address).unwrap();
            let (answer, written) = upload(&mut client, |body| generated(bytes).write_to(body));
            check_whole(&answer, &written);
        })
    };
    let base = least(0, || peak_of_records(5 * MB));
    let peak = least(base + MORE_KIB_MAX, || peak_of_records(50 * MB));
    println!("50 MB by HTTPS: {peak} KiB, 5 MB: {base} KiB");
    assert!(peak <= base + MORE_KIB_MAX, "50 MB by HTTPS: {peak} KiB, 5 MB: {base} KiB");
}

/// A client that sends as far ahead as it may, on all streams of one connection. The windows bound what is not read yet.
#[test]
fn simultaneous_uploads_over_http2_take_what_they_take_over_http1() {
    const UPLOADS: usize = 4;
    let authority = Authority::new();
    let body: Vec<u8> = generated(8 * MB).to_vec().0;
    let by_http1 = || {
        peak_of_https(&authority, |program| {
            let address = program.address;
            std::thread::scope(|scope| {
                for _ in 0..UPLOADS {
                    scope.spawn(|| {
                        let mut client = authority.connect(address).unwrap();
                        assert_eq!(client.post(&[], &body).status, 200);
                    });
                }
            });
        })
    };
    let by_http2 = || {
        peak_of_https(&authority, |program| {
            run(async {
                let mut client = Http2::connect(program.address, &authority).await;
                let mut uploads = Vec::new();
                for _ in 0..UPLOADS {
                    uploads.push(client.begin("POST", PATH, None).await.unwrap());
                }
                let sent = uploads.into_iter().map(|mut upload| {
                    let body = body.clone();
                    tokio::spawn(async move {
                        upload.send(&body).await.unwrap();
                        upload.end().await.status()
                    })
                });
                for answer in sent.collect::<Vec<_>>() {
                    assert_eq!(answer.await.unwrap(), 200);
                }
            });
        })
    };
    let base = least(0, by_http1);
    let peak = least(base + MORE_KIB_MAX, by_http2);
    println!("{UPLOADS} uploads by HTTP/2: {peak} KiB, by HTTP/1.1: {base} KiB");
    assert!(peak <= base + MORE_KIB_MAX, "{UPLOADS} uploads by HTTP/2: {peak} KiB, by HTTP/1.1: {base} KiB");
}

/// `status --json` prints the types one by one, with names of any length.
#[test]
fn status_stays_small_whatever_the_names() {
    const TYPES: usize = 700;
    const NAME_BYTES: usize = 60_000;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("health.db");
    let mut import = command();
    let mut child = import.args(["import", "-", "--db"]).arg(&database).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(br#"{"data":{"#).unwrap();
    for number in 0..TYPES {
        let separator = if number == 0 { "" } else { "," };
        let name = format!("HKQuantityTypeIdentifier{number}{}", "T".repeat(NAME_BYTES));
        let dates = r#""startDate":"2026-01-01T00:00:00.000Z","endDate":"2026-01-01T00:00:00.000Z""#;
        write!(
            input,
            r#"{separator}"{name}":[{{"uuid":"00000000-0000-4000-8000-{number:012}","value":1,"unit":"m",{dates}}}]"#
        )
        .unwrap();
    }
    input.write_all(b"}}").unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());

    let mut status = command();
    let mut child = status.args(["status", "--json", "--db"]).arg(&database).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    // The rest is more than a pipe holds, so the program still runs.
    let read = io::copy(&mut output.by_ref().take(((TYPES - 10) * NAME_BYTES) as u64), &mut io::sink()).unwrap();
    let peak = peak_kib(child.id());
    io::copy(&mut output, &mut io::sink()).unwrap();
    assert!(child.wait().unwrap().success());
    println!("{read} bytes of status: {peak} KiB");
    // All names together are 42 MB.
    assert!(peak <= IMPORT_KIB_MAX, "{peak} KiB");
}
