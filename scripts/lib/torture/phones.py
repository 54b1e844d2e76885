"""200 phones at once and 4 permits: each phone obeys 503 with its Retry-After, and all succeed in the end.

Any other error is a failure, and so is a broken connection. The identities of sent and stored records are compared one by
one.
"""

import http.client
import json
import sqlite3
import ssl
import statistics
import subprocess
import threading
import time
from dataclasses import dataclass, field

from lib import receivers
from lib.payload import FIRST_DAY, write_payload
from lib.server import UPLOAD_PATH, Server
from lib.torture import Skipped

SUMMARY = "200 phones at once, 1 MB each, with 4 permits, by HTTP and by HTTPS"
GENERATE_SECONDS_MAX = 600
ANSWER_SECONDS_MAX = 300
RETRIES_MAX = 200
TABLES = ("samples", "workouts", "medication_doses")


def add_arguments(group):
    group.add_argument("--phones", default=200, type=int, help="how many at once (%(default)s)")
    group.add_argument("--phone-bytes", default=1_000_000, type=int, help="what each sends (%(default)s)")
    group.add_argument("--places", default=4, type=int, help="uploads that run at once (%(default)s)")
    sooner = "phones retry so many times sooner than Retry-After (%(default)s)"
    group.add_argument("--hurry", default=10, type=float, help=sooner)


class Receiver(receivers.Healthsink):
    """healthsink with further arguments."""

    def __init__(self, binary, *arguments):
        super().__init__(binary)
        self._arguments = arguments

    def launch(self, database, port, body_limit):
        command, environment = super().launch(database, port, body_limit)
        return [*command, *map(str, self._arguments)], environment


@dataclass
class Tally:
    """The answers to all phones."""

    seconds: list = field(default_factory=list)
    refusals: int = 0
    broken: list = field(default_factory=list)
    others: list = field(default_factory=list)
    asked: set = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


def connection_to(port, context):
    if context is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS_MAX)
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=ANSWER_SECONDS_MAX, context=context)


def post(port, context, body):
    """The status, Retry-After and the answer. A refusal may come before the whole body was read."""
    connection = connection_to(port, context)
    try:
        connection.connect()
        try:
            connection.request("POST", UPLOAD_PATH, body, {"Content-Type": "application/json"})
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass
        response = connection.getresponse()
        return response.status, response.getheader("Retry-After"), response.read()
    finally:
        connection.close()


def phone(body, port, context, hurry, start, tally):
    """Sends until it gets 200."""
    start.wait()
    begun = time.monotonic()
    for _ in range(RETRIES_MAX):
        try:
            status, wait, answer = post(port, context, body)
        except (OSError, http.client.HTTPException) as error:
            with tally.lock:
                tally.broken.append(repr(error))
            wait, status = "1", 0
        with tally.lock:
            if status == 200:
                tally.seconds.append(time.monotonic() - begun)
                return
            if status == 503:
                tally.refusals += 1
                tally.asked.add(int(wait))
            elif status:
                tally.others.append(f"{status}: {answer[:200]!r}")
                return
        time.sleep(float(wait) / hurry)
    with tally.lock:
        tally.others.append(f"not served in {RETRIES_MAX} attempts")


def identities(body):
    """Identities of the records in a payload."""
    sections = [section for section in json.loads(body)["data"].values() if isinstance(section, list)]
    return [bytes.fromhex(row["uuid"].replace("-", "")) for section in sections for row in section if "uuid" in row]


def stored_identities(database):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return [uuid for table in TABLES for (uuid,) in connection.execute(f"SELECT uuid FROM {table}")]
    finally:
        connection.close()


def certificate(folder):
    """A certificate for this machine, by openssl."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subject = ["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    try:
        subprocess.run(
            [*command, *subject, "-keyout", key, "-out", cert],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise Skipped(f"no certificate: {error}") from error
    return cert, key


def storm(options, folder, bodies, tls):
    """Runs all phones at once and returns the figures."""
    folder.mkdir()
    arguments, context = ["--ingests", options.places], None
    if tls:
        cert, key = certificate(folder)
        arguments += ["--tls-cert", cert, "--tls-key", key]
        context = ssl.create_default_context(cafile=cert)
    database = folder / "health.db"
    tally, start = Tally(), threading.Event()
    with Server(Receiver(options.healthsink, *arguments), database, folder / "server.log", 1 << 30) as server:
        port = server._port
        threads = [
            threading.Thread(target=phone, args=(body, port, context, options.hurry, start, tally)) for body in bodies
        ]
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        start.set()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - begun
        peak = server.memory()[1]
    sent = {uuid for body in bodies for uuid in identities(body)}
    stored = stored_identities(database)
    latencies = sorted(tally.seconds) or [0]
    return {
        "seconds": round(seconds, 1),
        "served": len(tally.seconds),
        "bytes": sum(map(len, bodies)),
        "refused 503": tally.refusals,
        "asked to wait": f"{min(tally.asked, default=0)} to {max(tally.asked, default=0)} s",
        "broken connections": len(tally.broken),
        "records": len(stored),
        "missing": len(sent - set(stored)),
        "doubled": len(stored) - len(set(stored)),
        "foreign": len(set(stored) - sent),
        "p50 s": round(statistics.median(latencies), 2),
        "p95 s": round(latencies[int(len(latencies) * 0.95) - 1], 2),
        "peak MB": round(peak / 10**6, 1),
    }, tally


def run(options, progress):
    bodies = []
    path = options.folder / "payload.json"
    for number in range(options.phones):
        seed = options.seed * 10_000 + number
        write_payload(options.generator, path, options.phone_bytes, seed, FIRST_DAY, GENERATE_SECONDS_MAX)
        bodies.append(path.read_bytes())
    figures, failures, lost = {"phones": options.phones, "places": options.places}, [], 0
    for name, tls in (("http", False), ("https", True)):
        try:
            found, tally = storm(options, options.folder / name, bodies, tls)
        except Skipped as reason:
            figures[name] = f"skipped: {reason}"
            continue
        progress(f"phones, {name}: {found}")
        figures[name] = found
        lost += found["missing"]
        if found["served"] != options.phones or found["doubled"] or found["foreign"]:
            failures.append(f"{name}: {found}")
        failures += [f"{name}: {text}" for text in (tally.broken + tally.others)[:10]]
    return figures | {"lost": lost, "failures": failures}
