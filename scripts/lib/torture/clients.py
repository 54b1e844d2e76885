"""Hostile clients of every kind, one kind after another, with good uploads beside them.

The slowdown of good uploads is a figure, not a test: the hostile clients share the machine with the server. They run in
separate processes of low priority. Every good upload that got 200 is sent again at the end: if any record of it is new then,
that record was lost.
"""

import contextlib
import gzip
import io
import json
import multiprocessing
import os
import socket
import statistics
import threading
import time
import zlib

from lib.payload import FIRST_DAY, day_after, write_payload
from lib.server import UPLOAD_PATH, Server
from lib.torture.phones import Receiver, post

SUMMARY = "slow, silent, lying and endless clients, good uploads beside them"
GENERATE_SECONDS_MAX = 600
SOCKET_SECONDS_MAX = 60
PLACES = 8
NICENESS = 10
SWING_SECONDS = 4  # until all connections are open
BLOCK = 1 << 16


def add_arguments(group):
    group.add_argument("--connections", default=1000, type=int, help="idle ones (%(default)s)")
    group.add_argument("--huge", default=10**9, type=int, metavar="BYTES", help="of a text, a key, … (%(default)s)")
    good = "of a good upload (%(default)s)"
    group.add_argument("--good-bytes", default=10_000_000, type=int, metavar="BYTES", help=good)
    group.add_argument("--good", default=5, type=int, help="good uploads beside each kind (%(default)s)")


def head(*headers):
    return "\r\n".join([f"POST {UPLOAD_PATH} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def connect(port):
    stream = socket.create_connection(("127.0.0.1", port), timeout=SOCKET_SECONDS_MAX)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def status_of(answer):
    """The first status code, or "closed"."""
    return answer[9:12].decode() if answer.startswith(b"HTTP/1.1 ") else "closed"


def exchange(port, pieces, tally):
    """Sends as much as the server accepts, and counts the answer."""
    tally["connections"] += 1
    with contextlib.closing(connect(port)) as stream:
        with contextlib.suppress(OSError):
            for piece in pieces:
                stream.sendall(piece)
                tally["bytes"] += len(piece)
            stream.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(OSError):
            while block := stream.recv(BLOCK):
                answer += block
    status = status_of(answer)
    tally["answers"][status] = tally["answers"].get(status, 0) + 1


def chunked(pieces):
    yield head("Transfer-Encoding: chunked")
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def repeated(piece, count):
    block = piece * (BLOCK // len(piece))
    for _ in range(count // len(block)):
        yield block


def huge(before, piece, behind, size):
    yield before
    yield from repeated(piece, size)
    yield behind


def gzipped(pieces):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as packed:
        for piece in pieces:
            packed.write(piece)
    return out.getvalue()


# The kinds: each runs in a separate process until that is stopped, and counts what it does.


def keep_open(port, opening, count, tally):
    """Idle connections. Each is reopened as soon as the server has closed it."""
    streams = []
    while True:
        while len(streams) < count:
            with contextlib.suppress(OSError):
                stream = connect(port)
                stream.sendall(opening)
                stream.setblocking(False)
                streams.append(stream)
                tally["connections"] += 1
                tally["bytes"] += len(opening)
        alive = []
        for stream in streams:
            try:
                closed = not stream.recv(BLOCK)
            except BlockingIOError:
                closed = False
            except OSError:
                closed = True
            if closed:
                stream.close()
                tally["answers"]["closed"] = tally["answers"].get("closed", 0) + 1
            else:
                alive.append(stream)
        streams = alive
        time.sleep(0.05)


def trickle(port, opening, count, tally):
    """Connections that send a byte now and then. Each is reopened as soon as the server has closed it."""
    streams = []
    while True:
        while len(streams) < count:
            with contextlib.suppress(OSError):
                stream = connect(port)
                stream.sendall(opening)
                streams.append(stream)
                tally["connections"] += 1
        alive = []
        for stream in streams:
            answer = None
            try:
                stream.sendall(b"x")
                tally["bytes"] += 1
                stream.setblocking(False)
                answer = stream.recv(BLOCK)
            except BlockingIOError:
                pass
            except OSError:
                answer = b""
            if answer is None:
                stream.settimeout(SOCKET_SECONDS_MAX)
                alive.append(stream)
                continue
            stream.close()
            status = status_of(answer)
            tally["answers"][status] = tally["answers"].get(status, 0) + 1
        streams = alive
        time.sleep(0.2)


def again(port, shapes, tally):
    """Shapes one after another, again and again. The first round is counted."""
    while True:
        for shape in shapes:
            exchange(port, shape(), tally)
        tally["rounds"] = tally.get("rounds", 0) + 1


def deep(opening, closing, inner=b"1", depth=100_000):
    return opening * depth + inner + closing * depth


def in_section(element):
    return b'{"data":{"HKQuantityTypeIdentifierHeartRate":[' + element + b"]}}"


def body_shapes():
    """Bodies that are hostile to a parser, as requests. `tests/it/faults/parser.rs` says what becomes of each."""
    bodies = [deep(b"[", b"]"), in_section(deep(b'{"a":', b"}")), in_section(b"[" * 100_000)]
    for value in (b"NaN", b"Infinity", b"1e999", b'"\\ud800"', b'"\xff"', b'"\xed\xa0\x80"'):
        bodies.append(in_section(b'{"uuid":"x","value":' + value + b"}"))
    dates = b"0000-01-01T00:00:00Z", b"9999-12-31T23:59:59Z", b"10000-01-01T00:00:00Z", b"2026-01-01T00:60:00+99:99"
    for date in dates:
        bodies.append(in_section(b'{"uuid":"no uuid","startDate":"' + date + b'"}'))
    bodies.append(b'{"data":{},"data":{},"data":{"x":[],"x":[]}}')
    return [lambda body=body: chunked([body]) for body in bodies]


def request_shapes():
    """Requests of wrong shapes. `tests/it/faults/shapes.rs` says what becomes of each."""
    hidden = head("Content-Length: 11") + b'{"data":{}}'
    heads = [
        ("Content-Length: 0", "Content-Length: 50"),
        ("Content-Length: 500", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("X: y\r\n Transfer-Encoding: chunked",),
        ("Content-Length: -1",),
        ("Content-Length: 99999999999999999999",),
        ("X: a\0b",),
        *[("X: " + "x" * size,) for size in (20_000, 1_000_000)],
        ("X: y",) * 10_000,
    ]
    shapes = [lambda lines=lines: [head(*lines), b"0\r\n\r\n", hidden] for lines in heads]
    extension = b"5;" + b"x" * 1_000_000 + b"\r\nhello\r\n0\r\n\r\n"
    trailers = b"0\r\n" + b"X: y\r\n" * 10_000
    chunks = [b"-1\r\n", b"fffffffffffffffff\r\n", extension, trailers]
    shapes += [lambda chunk=chunk: [head("Transfer-Encoding: chunked"), chunk, hidden] for chunk in chunks]
    shapes.append(lambda: [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 1000])
    shapes.append(lambda: [b"\0" * 100_000])
    return shapes


def huge_shapes(size):
    element = b'{"uuid":"00000000-0000-4000-8000-000000000001","metadata":{'
    places = [
        (b'{"note":"', b"x", b'","data":{}}'),
        (b'{"', b"x", b'":1,"data":{}}'),
        (b'{"data":{"HKQuantityTypeIdentifierHeartRate":[' + element + b'"k":"', b"x", b'"}}]}}'),
        (b'{"data":{"HKQuantityTypeIdentifierHeartRate":[' + element + b'"', b"x", b'":1}}]}}'),
    ]
    return [lambda place=place: chunked(huge(*place, size)) for place in places]


def bomb_shapes(size):
    blank = list(huge(b'{"note":"', b" ", b'","data":{}}', size))
    packed = gzipped(blank)
    deflated = zlib.compressobj(9)
    deflated = b"".join(deflated.compress(piece) for piece in blank) + deflated.flush()
    twice = gzip.compress(packed)
    return [
        lambda coding=coding, body=body: [head(f"Content-Encoding: {coding}", f"Content-Length: {len(body)}"), body]
        for coding, body in (("gzip", packed), ("deflate", deflated), ("gzip", twice), ("gzip, gzip", twice))
    ]


def vanishing(port, tally):
    """Connections that are reset in the middle of a body."""
    linger = b"\x01\0\0\0\0\0\0\0"
    while True:
        with contextlib.suppress(OSError), contextlib.closing(connect(port)) as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            stream.sendall(head("Content-Length: 1000000") + b'{"data":{"x":[')
            tally["connections"] += 1
        time.sleep(0.01)


def kinds(options):
    """Functions and their arguments, by name. Bombs are packed once, before anything is measured."""
    half = head("X: y")[:-4]
    body = head("Content-Length: 1000000") + b'{"note":"'
    get = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    count = options.connections
    return {
        "idle connections": (keep_open, b"", count),
        "idle in headers": (keep_open, half, count),
        "idle after a request": (keep_open, get, count),
        "headers that trickle": (trickle, half + b"X: ", 200),
        "bodies that trickle": (trickle, body, PLACES),
        "clients that vanish": (vanishing,),
        "requests of wrong shapes": (again, request_shapes()),
        "bodies of wrong shapes": (again, body_shapes()),
        "texts and keys of 1 GB": (again, huge_shapes(options.huge)),
        "bombs of 1 GB": (again, bomb_shapes(options.huge)),
    }


def hostile(pipe, port, kind):
    """The process of one kind. It runs until it is asked for its tally, and never outlives its parent."""
    os.nice(NICENESS)
    act, *arguments = kind
    tally = {"connections": 0, "bytes": 0, "answers": {}}
    worker = threading.Thread(target=act, args=(port, *arguments, tally), daemon=True)
    worker.start()
    with contextlib.suppress(EOFError):
        wants_whole_round = pipe.recv()
        while wants_whole_round and "rounds" not in tally and worker.is_alive():
            time.sleep(0.05)
        pipe.send(tally | {"answers": dict(tally["answers"])})


def good_upload(port, body):
    """Seconds of the request that was served, and the number of 503 before it."""
    refusals = 0
    while True:
        begun = time.monotonic()
        status, _, answer = post(port, None, body)
        if status == 200:
            return time.monotonic() - begun, refusals, json.loads(answer)
        if status != 503:
            raise RuntimeError(f"a good upload was answered {status}: {answer[:200]!r}")
        refusals += 1
        time.sleep(0.25)


def beside(port, kind, bodies):
    """Runs one kind with good uploads beside it."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=hostile, args=(there, port, kind), daemon=True)
    process.start()
    there.close()
    time.sleep(SWING_SECONDS)
    uploads = [good_upload(port, body) for body in bodies]
    here.send(kind[0] is again)
    tally = here.recv()
    process.join()
    return tally, [seconds for seconds, _, _ in uploads], sum(refusals for _, refusals, _ in uploads)


def good_bodies(options, count):
    """Payloads of consecutive days, as a phone sends them."""
    path, first_day, bodies = options.folder / "payload.json", FIRST_DAY, []
    for number in range(count):
        seed = options.seed * 1000 + number
        write_payload(options.generator, path, options.good_bytes, seed, first_day, GENERATE_SECONDS_MAX)
        bodies.append(path.read_bytes())
        first_day = day_after(first_day, options.good_bytes)
    return bodies


def run(options, progress):
    attacks = kinds(options)
    series = good_bodies(options, 2 * len(attacks) * options.good)
    figures, failures, lost = {}, [], 0
    total = {"connections": 0, "bytes": 0, "answers": {}}
    receiver = Receiver(options.healthsink)
    with Server(receiver, options.folder / "health.db", options.folder / "server.log", 2 * options.huge) as server:
        port = server._port
        for number, (name, kind) in enumerate(attacks.items()):
            bodies = series[2 * number * options.good :][: 2 * options.good]
            # Alternately, since the database grows meanwhile.
            undisturbed = statistics.median(good_upload(port, body)[0] for body in bodies[: options.good])
            tally, seconds, refusals = beside(port, kind, bodies[options.good :])
            memory = server.memory()
            if memory is None:
                failures.append(f"{name}: the server has ended")
                break
            figures[name] = (
                f"{tally['connections']:,} connections, {tally['bytes']:,} bytes, answers {tally['answers']}; "
                f"good uploads {statistics.median(seconds) / undisturbed:.1f} times as long as {undisturbed:.3f} s, "
                f"{refusals} answers of 503; "
                f"peak {memory[1] / 10**6:.1f} MB"
            )
            progress(f"clients, {name}: {figures[name]}")
            total["connections"] += tally["connections"]
            total["bytes"] += tally["bytes"]
            for status, count in tally["answers"].items():
                total["answers"][status] = total["answers"].get(status, 0) + count
        peak = server.memory()[1]
        for body in series:
            _, _, answer = good_upload(port, body)
            lost += answer["new"] + answer["updated"]
    return {
        "kinds": len(attacks),
        "shapes": sum(len(kind[1]) if kind[0] is again else 1 for kind in attacks.values()),
        "connections": total["connections"],
        "bytes": total["bytes"],
        "answers": total["answers"],
        "good uploads": len(series),
        "good bytes": sum(map(len, series)),
        "peak MB": round(peak / 10**6, 1),
        **figures,
        "lost": lost,
        "failures": failures,
    }
