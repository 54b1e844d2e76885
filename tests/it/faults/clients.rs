//! Slow, silent, vanished and too many clients: the server still serves good uploads beside them, in bounded memory.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flate2::Compression;
use healthsink::model::limits::{
    CONNECTIONS_MAX, H2_STREAM_WINDOW_BYTES, INGESTS_MAX, TLS_CONNECTIONS_MAX, ZSTD_BODIES_MAX,
};
use serde_json::json;

use super::frames::{bare_http2, frame};
use super::site::{Site, rest_of};
use healthsink_testkit::compression::{gzip, gzip_of, zlib_of};
use healthsink_testkit::database::{one, rows};
use healthsink_testkit::http::{Client, get};
use healthsink_testkit::http2::{Http2, run};
use healthsink_testkit::tls::Authority;
use healthsink_testkit::wait::{PATIENCE, wait_until};

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// A token that sends as much as it can at once leaves a permit to others, and the answer says so.
#[test]
fn one_token_does_not_take_all_permits() {
    let site = Site::start();
    let mut taken: Vec<Client> = (1..INGESTS_MAX).map(|_| site.begin()).collect();
    let under_way = || get(site.address(), "/healthz").field("uploadsUnderWay");
    wait_until("the uploads", || (under_way() == json!(INGESTS_MAX - 1)).then_some(()));
    let refused = site.post(&[], b"{\"data\":{}}");
    assert!(refused.status == 503 && refused.header("retry-after").is_some(), "{refused:?}");
    assert!(refused.field("detail").as_str().unwrap().contains("this token"), "{refused:?}");
    assert_eq!(site.try_good(1).status, 200);
    for client in &mut taken {
        client.chunk(b"{\"data\":{}}").unwrap();
        assert_eq!(client.end_chunked().status, 200);
    }
    assert_eq!(site.post(&[], b"{\"data\":{}}").status, 200);
}

/// The first bytes of a TLS handshake that never continues.
const HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

/// Reports each evicted connection. Without that, the test would wait for all of them until their time is up.
const DEBUG: [&str; 2] = ["--log-level", "debug"];
const EVICTED: &str = "another connection needed the slot";

/// Sends a byte now and then, until the server answers or closes, or the test ends.
fn trickle(stream: &mut TcpStream, is_over: &AtomicBool) {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let is_silent = |stream: &TcpStream| {
        let silence = stream.peek(&mut [0]).map_err(|error| error.kind());
        matches!(silence, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
    };
    while !is_over.load(Ordering::Relaxed) && stream.write_all(b"x").is_ok() && is_silent(stream) {}
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
}

#[test]
fn a_thousand_idle_connections_delay_no_upload() {
    let site = Site::with(&DEBUG, None);
    let half = site.head();
    let open = |bytes: &[u8], count: usize| (0..count).map(|_| site.socket(bytes)).collect::<Vec<TcpStream>>();
    let mut idle = open(b"", 400);
    site.upload(1);
    idle.extend(open(half.as_bytes(), 300));
    site.upload(2);
    for mut stream in open(HEALTH, 300) {
        // A connection that ends without an answer was evicted before.
        let _ = stream.read(&mut [0; 16]);
        idle.push(stream);
    }
    assert_eq!(idle.len(), 1000);
    site.upload(3);
    assert_eq!(get(site.address(), "/healthz").status, 200);
    site.check_stored(1..=3);
    site.wait_for_lines(EVICTED, 700 - CONNECTIONS_MAX);
    drop(idle);
    site.upload(4);
    site.check_memory(1, 0, CONNECTIONS_MAX);
}

#[test]
fn a_thousand_idle_tls_connections_delay_no_upload() {
    let site = Site::with(&DEBUG, Some(Authority::new()));
    let authority = site.authority.as_ref().unwrap();
    let mut idle: Vec<TcpStream> = (0..300).map(|_| site.socket(b"")).collect();
    site.upload(1);
    idle.extend((0..400).map(|_| site.socket(HELLO)));
    site.upload(2);
    // Each handshake completes, then the client is silent. An eviction during the handshake is also an end.
    let shaken: Vec<_> = (0..150).map(|_| authority.connect(site.address())).collect();
    site.upload(3);
    run(async {
        let mut clients = Vec::new();
        for _ in 0..150 {
            clients.push(Http2::connect(site.address(), authority).await);
        }
        let site = &site;
        // This thread runs nothing of these clients meanwhile, as on phones that sleep.
        site.upload(4);
        let mut last = clients.pop().unwrap();
        assert_eq!(last.begin("GET", "/healthz", None).await.unwrap().answer().await.status(), 200, "the last stays");
    });
    site.check_stored(1..=4);
    site.wait_for_lines(EVICTED, 700 - TLS_CONNECTIONS_MAX);
    drop((idle, shaken));
    site.upload(5);
    site.check_memory(1, 0, CONNECTIONS_MAX);
}

#[test]
fn headers_that_trickle_delay_no_upload_and_time_out() {
    let site = Site::start();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let mut stream = site.socket(site.head().as_bytes());
                let _ = stream.write_all(b"X: ");
                trickle(&mut stream, &is_over);
                assert!(!is_over.load(Ordering::Relaxed), "the server ends it");
            });
        }
        scope.spawn(|| {
            // The time for headers ends all of them.
            site.beside(|| {
                let mut stream = site.socket(b"POST / HTTP/1.1\r\n");
                trickle(&mut stream, &is_over);
            });
        });
    });
    is_over.store(true, Ordering::Relaxed);
    site.check_memory(1, 0, 50);
}

/// Clients that send a byte now and then hold all permits. A new upload gets the permit of one of them, and what that client
/// had sent is kept.
#[test]
fn bodies_that_trickle_lose_their_permits_to_others() {
    let site = Site::start();
    let is_over = AtomicBool::new(false);
    let ended = std::thread::scope(|scope| {
        let slow: Vec<_> = (0..INGESTS_MAX)
            .map(|number| {
                // One token cannot have all of them.
                let head = if number == 0 { site.good_head() } else { site.head() };
                let mut stream = site.socket(head.as_bytes());
                let sample = format!(r#"{{"uuid":"00000000-0000-4000-8000-{number:012}","value":1,"startDate":"2026-01-01T00:00:00.000Z"}}"#);
                let body = format!("Content-Length: 100000\r\n\r\n{{\"data\":{{\"X\":[{sample},{{\"a\":\"");
                stream.write_all(body.as_bytes()).unwrap();
                stream
            })
            .collect();
        wait_until("all places taken", || {
            (get(site.address(), "/healthz").field("uploadsUnderWay") == json!(INGESTS_MAX)).then_some(())
        });
        let slow: Vec<_> = slow
            .into_iter()
            .map(|mut stream| {
                let is_over = &is_over;
                scope.spawn(move || {
                    trickle(&mut stream, is_over);
                    (is_over.load(Ordering::Relaxed), stream)
                })
            })
            .collect();
        // The upload gets 503 first and is then served, although no client has disconnected.
        wait_until("a place", || {
            let answer = site.try_good(1);
            assert!([200, 503].contains(&answer.status), "{answer:?}");
            (answer.status == 200).then_some(())
        });
        is_over.store(true, Ordering::Relaxed);
        let ended = slow.into_iter().map(|slow| slow.join().unwrap());
        ended.filter_map(|(is_over, stream)| (!is_over).then(|| rest_of(stream))).collect::<Vec<_>>()
    });
    for answer in &ended {
        let answer = String::from_utf8_lossy(answer);
        assert!(answer.is_empty() || answer.contains("408 ") && answer.contains("too slowly"), "{answer}");
    }
    site.check_stored([1]);
    // The clients have disconnected by now. What each had sent before is stored.
    let aborted = "SELECT count(*) FROM uploads WHERE state = 'aborted' AND new = 1";
    wait_until("their ends", || (one(&site.database(), aborted) == json!(INGESTS_MAX)).then_some(()));
    let slowly = "SELECT count(*) FROM uploads WHERE error LIKE '%too slowly while another upload waited%'";
    assert!(
        one(&site.database(), slowly).as_u64() >= Some(1),
        "{:?}",
        rows(&site.database(), "SELECT error FROM uploads")
    );
    site.check_memory(INGESTS_MAX, 0, 0);
}

#[test]
fn half_closed_sockets_get_an_answer_or_an_end() {
    let site = Site::start();
    let body = r#"{"data":{"X":[{"uuid":"00000000-0000-4000-8000-000000000001","value":1,"startDate":"2026-01-01T00:00:00.000Z"}]}}"#;
    let whole = format!("{}Content-Length: {}\r\n\r\n{body}", site.head(), body.len());
    let check = |sent: usize, expected: &str| {
        let stream = site.socket(&whole.as_bytes()[..sent]);
        stream.shutdown(Shutdown::Write).unwrap();
        let answer = String::from_utf8(rest_of(stream)).unwrap();
        assert!(answer.starts_with(expected), "after {sent} bytes: {answer}");
        assert!(sent == whole.len() || !answer.contains("200 OK"), "after {sent} bytes: {answer}");
    };
    site.beside(|| {
        check(whole.len(), "HTTP/1.1 200 OK");
        check(whole.len() - 1, "");
        check(whole.len() - body.len(), "");
        check(whole.len() - body.len() - 2, "");
        check(20, "");
        check(0, "");
        // The client closes its reading side: nothing will ever take the answer.
        for _ in 0..20 {
            let stream = site.socket(b"");
            stream.shutdown(Shutdown::Read).unwrap();
            let _ = (&stream).write_all(whole.as_bytes());
        }
    });
    site.check_memory(2, 0, 0);
}

/// Writes again and again and reads nothing, until the server ends the connection; panics if it does not.
fn write_until_ended(mut stream: impl Write, again: &[u8]) {
    let mut sent = 0;
    let ended = loop {
        assert!(sent < 256 << 20, "it takes in whatever comes");
        match stream.write_all(again).and_then(|()| stream.flush()) {
            Ok(()) => sent += again.len(),
            Err(error) => break error,
        }
    };
    println!("{sent} bytes: {ended}");
    assert_ne!(ended.kind(), std::io::ErrorKind::WouldBlock, "it reads no further, and never ends it");
}

/// A request that a connection may repeat as often as it likes.
fn scrape(site: &Site) -> Vec<u8> {
    format!("GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n", site.bearer()).into_bytes()
}

/// Answers that the client does not read wait in the kernel's buffers. Then the server stops reading, and then it ends the
/// connection.
#[test]
fn a_client_that_reads_no_answers_is_disconnected() {
    let site = Site::start();
    let many = scrape(&site).repeat(1000);
    site.beside(|| {
        let stream = site.socket(b"");
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        write_until_ended(stream, &many);
    });
    // Thousands of scrapes take no more memory than ten uploads would: their answers are ten times as much. On a busy machine the
    // allocator returns late what the threads have freed.
    site.check_memory(10, 0, 1);
}

/// As many connections as possible send requests without a token again and again, and read nothing.
fn ask_and_read_nothing(site: &Site) {
    // The answers do not fit into the kernel's buffers.
    let many = HEALTH.repeat(30_000);
    site.beside(|| {
        let mut asking: Vec<_> = (0..CONNECTIONS_MAX).map(|_| site.connect()).collect();
        for client in &mut asking {
            let _ = client.send(&many);
        }
    });
    site.check_memory(1, 0, CONNECTIONS_MAX);
}

#[test]
fn many_clients_that_read_nothing_take_little_memory() {
    ask_and_read_nothing(&Site::start());
}

#[test]
fn many_https_clients_that_read_nothing_take_little_memory() {
    ask_and_read_nothing(&Site::with_https());
}

/// Neither half a request nor unread answers keep the program from ending.
#[test]
fn the_program_ends_without_waiting_for_idle_clients() {
    let site = Site::start();
    let _half = site.socket(b"POST / HTTP/1.1\r\nHost: ");
    let mut unread = site.socket(b"");
    unread.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    while unread.write_all(&scrape(&site).repeat(100)).is_ok() {}
    site.upload(1);
    let lines = site.stop();
    assert!(lines.iter().any(|line| line.contains("stopping; uploads under way may finish")), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("the deadline has passed")), "{lines:?}");
}

#[test]
fn bombs_unpack_up_to_the_limit_in_flat_memory() {
    const UNPACKED: usize = 64 << 20;
    let site = Site::with(&["--max-body", "32M"], None);
    let blank = vec![b' '; 1 << 20];
    let write = |out: &mut dyn Write| {
        out.write_all(br#"{"note":""#)?;
        (0..UNPACKED / blank.len()).try_for_each(|_| out.write_all(&blank))?;
        out.write_all(br#"","data":{}}"#)
    };
    let packed = gzip_of(Compression::best(), write);
    let zlib = zlib_of(Compression::best(), write);
    let mut zstd = zstd::Encoder::new(Vec::new(), 19).unwrap();
    write(&mut zstd).unwrap();
    // The widest window that can be declared, over 2 GB: a decoder that trusts it reserves as much.
    let window = [&b"\x28\xb5\x2f\xfd\x00\xf8"[..], &[0x55; 64]].concat();
    let twice = gzip(&packed);
    let members = packed.repeat(3);
    let check = |coding: &str, body: &[u8], expected: &[u16]| {
        let answer = site.post(&[("Content-Encoding", coding)], body);
        assert!(expected.contains(&answer.status), "{coding}, {} bytes: {answer:?}", body.len());
    };
    site.beside(|| {
        check("gzip", &packed, &[413]);
        check("deflate", &zlib, &[413]);
        check("zstd", &zstd.finish().unwrap(), &[413]);
        check("zstd", &window, &[400]);
        check("gzip", &twice, &[400]);
        check("gzip, gzip", &twice, &[415]);
        check("gzip", &members, &[413]);
        check("br", &packed, &[415]);
        check("", &packed, &[400, 415]);
    });
    site.check_memory_with(2, 1, 0, 1);
}

/// Each body may take 8 MiB for its window.
#[test]
fn only_one_zstd_body_runs_at_once() {
    let site = Site::start();
    let bearer = site.bearer();
    let begin = || {
        let mut client = site.connect();
        client.begin_chunked(&[("Authorization", &bearer), ("Content-Encoding", "zstd")]);
        client
    };
    let body = zstd::encode_all(&br#"{"data":{}}"#[..], 1).unwrap();
    let mut taken: Vec<_> = (0..ZSTD_BODIES_MAX).map(|_| begin()).collect();
    let under_way = || get(site.address(), "/healthz").field("uploadsUnderWay");
    wait_until("the uploads", || (under_way() == json!(ZSTD_BODIES_MAX)).then_some(()));
    let refused = site.post(&[("Content-Encoding", "zstd")], &body);
    assert!(refused.status == 503 && refused.header("retry-after").is_some(), "{refused:?}");
    site.upload(1);
    for client in &mut taken {
        client.chunk(&body).unwrap();
        assert_eq!(client.end_chunked().status, 200);
    }
    assert_eq!(site.post(&[("Content-Encoding", "zstd")], &body).status, 200);
}

/// Writes a frame again and again, until the server ends the connection; panics if it does not.
fn flood(site: &Site, first: &[u8], again: &[u8]) {
    let mut stream = bare_http2(site);
    stream.sock.set_write_timeout(Some(PATIENCE)).unwrap();
    if stream.write_all(first).is_ok() {
        write_until_ended(stream, again);
    }
}

#[test]
fn http2_floods_and_bombs_are_bounded() {
    let site = Site::with_https();
    // `x: ` and 4,000 bytes: once as text that enters the table, then as an index into it.
    let value = [&[0x40, 1, b'x', 0x7f, 0xa1, 0x1e][..], &[b'v'; 4000]].concat();
    let indexed = vec![0xbe; 16_000 - value.len()];
    let bomb = [&[0x83, 0x84, 0x87, 0x41, 1, b'h'][..], &value, &indexed].concat();
    let headers = |flags: u8, block: &[u8]| frame(1, flags, 1, block);
    site.beside(|| {
        // 16 kB that unpack to 48 MB of headers: too large, but only for this request.
        let mut stream = bare_http2(&site);
        stream.write_all(&headers(0x5, &bomb)).unwrap();
        let mut answer = [0; 1024];
        let _ = stream.read(&mut answer);
        let first = headers(0, &[0x83]);
        let floods: [(&[u8], Vec<u8>); 5] = [
            (&first, frame(9, 0, 1, &[0x40, 1, b'y', 1, b'z'].repeat(3000))),
            (&first, frame(9, 0, 1, &[]).repeat(1000)),
            (b"", frame(6, 0, 0, b"12345678").repeat(900)),
            (b"", frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]).repeat(900)),
            (b"", vec![0xff; 16_000]),
        ];
        std::thread::scope(|scope| {
            for (first, again) in &floods {
                scope.spawn(|| flood(&site, first, again));
            }
        });
    });
    site.check_memory(2, 0, 0);
}

/// The memory of connections without an upload: partial headers, and behind them a frame without its last byte.
#[test]
fn partial_headers_and_frames_stay_within_their_bound() {
    let site = Site::with_https();
    // A literal `x-a` of 16,000 bytes.
    let block =
        [&[0x83, 0x84, 0x87, 0x41, 1, b'h', 0x40, 3, b'x', b'-', b'a', 0x7f, 0x81, 0x7c][..], &[b'v'; 15_900]].concat();
    let partial_frame = frame(9, 0, 1, &[b'v'; 16 << 10]);
    site.beside(|| {
        let connections: Vec<_> = (0..TLS_CONNECTIONS_MAX)
            .map(|_| {
                let mut stream = bare_http2(&site);
                let _ = stream.write_all(&frame(1, 0, 1, &block));
                let _ = stream.write_all(&partial_frame[..partial_frame.len() - 1]);
                stream
            })
            .collect();
        site.upload(1);
        drop(connections);
    });
    site.check_memory(2, 0, TLS_CONNECTIONS_MAX);
}

/// All connections fill their windows at once, without a token. The server drops what arrives before it reads more.
#[test]
fn refused_bodies_on_all_connections_take_little_memory() {
    let site = Site::with_https();
    // POST, https, the path, and no token.
    let head = [&[0x83, 0x87, 0x04, 16][..], b"/api/health-data", &[0x41, 1, b'h']].concat();
    let data = |stream: u8| frame(0, 0, stream, &[b' '; 16 << 10]);
    let round = [data(1), data(3)].concat();
    let window = round.repeat(H2_STREAM_WINDOW_BYTES as usize / (16 << 10) - 1);
    let mut connections: Vec<_> = (0..TLS_CONNECTIONS_MAX)
        .map(|_| {
            let mut stream = bare_http2(&site);
            stream.write_all(&[frame(1, 4, 1, &head), frame(1, 4, 3, &head)].concat()).unwrap();
            stream
        })
        .collect();
    std::thread::scope(|scope| {
        for part in connections.chunks_mut(TLS_CONNECTIONS_MAX / 8) {
            let window = &window;
            scope.spawn(move || {
                for stream in part {
                    // The server may already have ended the connection.
                    let _ = stream.write_all(window);
                }
            });
        }
    });
    drop(connections);
    site.upload(1);
    site.check_memory(1, 0, TLS_CONNECTIONS_MAX);
}

/// A good upload follows each of many clients that vanish halfway.
#[test]
fn clients_that_vanish_leave_nothing_behind() {
    let site = Site::start();
    site.beside(|| {
        for number in 0..100 {
            let mut client: Client = site.begin();
            let _ = client.chunk(br#"{"data":{"X":["#);
            let _ = client.chunk(&vec![b' '; number * 1000]);
        }
    });
    wait_until("their ends", || (get(site.address(), "/healthz").field("uploadsUnderWay") == json!(0)).then_some(()));
    assert_eq!(one(&site.database(), "SELECT count(*) FROM uploads WHERE state NOT IN ('done', 'aborted')"), json!(0));
    site.check_memory(INGESTS_MAX, 0, 0);
}
