"""A server that may be killed at any moment, uploads that may fail, and payloads with known records."""

import http.client
import json
import socket
import sqlite3
import subprocess
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..payload import FIRST_DAY, day_after, write_payload
from ..server import UPLOAD_PATH, neutral_environment

PATIENCE_SECONDS = 120
BLOCK_BYTES = 64 * 1024
UUIDS = (
    "SELECT hex(uuid) FROM samples UNION ALL SELECT hex(uuid) FROM workouts"
    " UNION ALL SELECT hex(uuid) FROM medication_doses"
)
COUNTED = ("samples", "workouts", "medication_doses", "route_points")
ANSWERED = ("new", "updated", "unchanged", "rejected")

# Servers that were started and have not ended.
_running = set()


class DidNotStart(Exception):
    """The program ended before it listened; the text has its last lines."""


@dataclass(frozen=True)
class Payload:
    """A body, and what must be in the database once it got 200."""

    body: bytes
    uuids: frozenset
    counts: dict


def make_payload(generator, path, size, seed, first_day):
    """Returns a payload that shares no day with others that begin `day_after` one another."""
    counts = write_payload(generator, path, size, seed, first_day, PATIENCE_SECONDS)
    body = path.read_bytes()
    path.unlink()
    records = (record for section in json.loads(body)["data"].values() for record in section)
    uuids = frozenset(record["uuid"].replace("-", "").upper() for record in records if "uuid" in record)
    return Payload(body, uuids, counts)


def make_payloads(options, folder, size, count, seed, first_day):
    """Returns payloads of consecutive days, and the first day after them."""
    payloads = []
    for index in range(count):
        payloads.append(make_payload(options.generator, folder / "payload.json", size, seed + index, first_day))
        first_day = day_after(first_day, size)
    return payloads, first_day


class Supply:
    """New payloads, each of later days than all before it."""

    def __init__(self, options, seed):
        self._options, self._seed, self._first_day = options, seed, FIRST_DAY

    def take(self, size, count):
        payloads, self._first_day = make_payloads(
            self._options, self._options.folder, size, count, self._seed, self._first_day
        )
        self._seed += count
        return payloads


class Program:
    """`healthsink serve` on a free port; `command` may precede it, such as strace."""

    def __init__(self, binary, database, *flags, command=()):
        self._process = subprocess.Popen(
            [*command, binary, "serve", "--listen", "127.0.0.1:0", "--db", database, *flags],
            env=neutral_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        _running.add(self)
        self.lines = []
        self.port = None
        self._listens = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stderr:
            self.lines.append(line.rstrip())
            if " listens on http" in line:
                self.port = int(line.split("://")[1].split("/")[0].rpartition(":")[2])
                self._listens.set()
        self._listens.set()

    def wait_until_listening(self):
        self._listens.wait(PATIENCE_SECONDS)
        if self.port is None:
            self.kill()
            raise DidNotStart("did not listen: " + " | ".join(self.lines[-3:]))
        return self

    def post(self, body, path=UPLOAD_PATH, method="POST", token=None):
        """Returns the status and the JSON of the answer, or None if the connection broke."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, headers | ({"Content-Type": "application/json"} if body else {}))
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was read: the answer may be there
        except OSError:
            return None
        try:
            with closing(connection):
                response = connection.getresponse()
                return response.status, json.loads(response.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def begin(self, length, token=None):
        """Returns a connection for a body of this length, which may be sent in pieces."""
        stream = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        lines = ["Host: localhost", f"Content-Length: {length}", *([f"Authorization: Bearer {token}"] if token else [])]
        stream.sendall("\r\n".join([f"POST {UPLOAD_PATH} HTTP/1.1", *lines, "", ""]).encode())
        return stream

    def kill(self):
        self._process.kill()
        return self.wait()

    def stop(self):
        self._process.terminate()
        return self.wait()

    def wait(self):
        status = self._process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        _running.discard(self)
        return status


def end_all():
    """Ends the servers that still run, those of a scenario that failed."""
    for program in list(_running):
        program.kill()


def stored_uuids(database):
    """Returns the identities of stored records. A database may not have its tables yet."""
    with closing(sqlite3.connect(database, timeout=PATIENCE_SECONDS)) as connection:
        try:
            return {row[0] for row in connection.execute(UUIDS)}
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return set()
            raise


def integrity(database):
    """"ok", or the first of what SQLite finds wrong."""
    try:
        with closing(sqlite3.connect(database, timeout=PATIENCE_SECONDS)) as connection:
            return connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return str(error)


def unsound_ledger(database):
    """Compares what the ledger counts as new with the rows; None if both are equal."""
    rows = " + ".join(f"(SELECT count(*) FROM {table})" for table in (*COUNTED, "medications"))
    with closing(sqlite3.connect(database, timeout=PATIENCE_SECONDS)) as connection:
        counted, there = connection.execute(f"SELECT (SELECT coalesce(sum(new), 0) FROM uploads), {rows}").fetchone()
    return None if counted == there else f"the ledger counts {counted:,} new rows, and the tables have {there:,}"


def unsound(binary, database):
    """What `healthsink check` finds wrong, or None."""
    command = [binary, "check", "--db", database]
    ended = subprocess.run(command, env=neutral_environment(), capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    return None if ended.returncode == 0 else f"check: {ended.stdout[:500]} {ended.stderr[:200]}"


def wrong_in_ledger(database, answers):
    """Returns how the ledger differs from these answers of 200: each upload must be done, with the same counts."""
    with closing(sqlite3.connect(database, timeout=PATIENCE_SECONDS)) as connection:
        rows = connection.execute(f"SELECT id, state, {', '.join(ANSWERED)} FROM uploads").fetchall()
    entered = {row[0]: row[1:] for row in rows}
    wrong = []
    for answer in answers:
        answered = ("done", *(answer[name] for name in ANSWERED))
        if entered.get(answer["upload"]) != answered:
            wrong.append(f"upload {answer['upload']} was answered {answered}, the ledger has {entered.get(answer['upload'])}")
    return wrong


def difference(database, payloads):
    """Returns what is missing or too much if exactly these payloads were sent, or None."""
    expected = {table: sum(payload.counts[table] for payload in payloads) for table in COUNTED}
    with closing(sqlite3.connect(database, timeout=PATIENCE_SECONDS)) as connection:
        found = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}
    if found != expected:
        return f"{found} are there of {expected}"
    uuids = stored_uuids(database)
    sent = frozenset().union(*(payload.uuids for payload in payloads))
    return None if uuids == sent else f"{len(sent - uuids)} records are missing, {len(uuids - sent)} are too many"


def copy_files(database, target):
    """Copies the database with its WAL and journal, but without the index, which is lost at a restart."""
    for suffix in ("", "-wal", "-journal"):
        source, copy = (Path(f"{path}{suffix}") for path in (database, target))
        copy.unlink(missing_ok=True)
        if source.exists():
            copy.write_bytes(source.read_bytes())
    Path(f"{target}-shm").unlink(missing_ok=True)
